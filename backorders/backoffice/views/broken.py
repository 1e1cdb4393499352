"""What the staff read when we broke something: a number to name it by, and what they typed, to be sent again."""

import logging
import uuid
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.template.loader import render_to_string

from backorders.backoffice.views.unsent import is_of_our_page, typed_in

FAILED = 500

logger = logging.getLogger(__name__)


def broken(request: HttpRequest) -> HttpResponse:
    """Answer a failure at the desk. It reads no table: the database may be what failed.

    The number stands in the log beside the address, after the traceback.
    """
    number = uuid.uuid4().hex[:8]
    logger.error("Shown as error %s: %s %s", number, request.method, request.path)
    context: dict[str, Any] = {"number": number, "address": request.get_full_path()}
    if is_of_our_page(request):
        context |= {"typed": typed_in(request), "csrf_token": get_token(request)}
    page = render_to_string("500.html", context)
    return HttpResponse(page, status=FAILED, headers={"Cache-Control": "no-store"})
