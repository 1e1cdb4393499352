"""Failing: what people behind links read when we broke something: nothing is lost, and here is our phone."""

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import get_language_from_request, override

from backorders.notifications.dates import BABEL
from backorders.notifications.emails import company
from backorders.portal.visiting import quiet

OURS = ("/o/", "/s/", "/u/")
FAILED = 500


def failed(request: HttpRequest) -> HttpResponseBase:
    """Answer a failure behind a link, with the page for customers and suppliers.

    It reads no table: the database may be what failed.
    """
    asked = request.GET.get("lang", "")
    language = asked if asked in BABEL else get_language_from_request(request)
    with override(language):
        around = {"company": company(), "language": language}
        return quiet(render(request, "portal/failed.html", around, status=FAILED))
