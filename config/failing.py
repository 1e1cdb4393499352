"""Which face answers when we broke something."""

from django.http import HttpRequest, HttpResponseBase

from backorders.backoffice.views.broken import broken
from backorders.portal.views.failing import OURS, failed


def answered(request: HttpRequest) -> HttpResponseBase:
    """Answer a failure: behind a link as customers and suppliers read it, else as the desk does."""
    return failed(request) if request.path_info.startswith(OURS) else broken(request)
