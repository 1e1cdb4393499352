"""Failing: what people behind links read when we broke something: nothing is lost, and here is our phone."""

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import get_language_from_request, override
from django.views.defaults import server_error

from backorders.notifications.dates import BABEL
from backorders.notifications.emails import company
from backorders.portal.visiting import quiet

OURS = ("/o/", "/s/", "/u/")
FAILED = 500


def failed(request: HttpRequest) -> HttpResponseBase:
    """Answer a failure: behind a link with the page for customers and suppliers, else with that of the desk.

    It reads no table: the database may be what failed.
    """
    if not request.path_info.startswith(OURS):
        return server_error(request)
    asked = request.GET.get("lang", "")
    language = asked if asked in BABEL else get_language_from_request(request)
    with override(language):
        around = {"company": company(), "language": language}
        return quiet(render(request, "portal/failed.html", around, status=FAILED))
