"""What the provider posts to us: only with the secret, only so much, and answered whatever it is.

An answer other than 200 makes a provider post again for hours. So what cannot be read is refused or kept, and only
trouble of our own (a database that is away, a right that Amazon does not give us) asks for another try.
"""

import logging
import re
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

from anymail.exceptions import AnymailWebhookValidationFailure
from anymail.urls import urlpatterns as of_providers
from anymail.utils import get_request_basic_auth
from django.conf import settings
from django.core.exceptions import DisallowedHost, ImproperlyConfigured
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import URLPattern
from django.utils.crypto import constant_time_compare
from django.views.decorators.csrf import csrf_exempt

from backorders.notifications.replies import keep_unreadable
from backorders.notifications.sns import Unfetched, check_signature

try:
    from botocore.exceptions import BotoCoreError, ClientError
except ImportError:  # the library of Amazon SES: installed where it is used
    AMAZON_FAILED: tuple[type[Exception], ...] = ()
else:
    AMAZON_FAILED = (BotoCoreError, ClientError)

LARGEST = 25 * 1024 * 1024  # bytes: a mail with its attachments
LOG = logging.getLogger(__name__)

View = Callable[..., HttpResponseBase]


def guarded(view: View, *, name: str) -> View:
    """Return a provider's view that is called with the secret only and never fails for what was posted."""

    @csrf_exempt
    @wraps(view)
    def answer(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        if request.method != "POST":
            return view(request, *args, **kwargs)
        if not _has_secret(request):
            if name.startswith("amazon_ses") and "authorization" not in request.headers:
                return HttpResponse(status=401, headers={"WWW-Authenticate": "Basic"})  # Amazon gives it when asked
            return HttpResponse(status=400)
        if int(re.sub(r"\D", "", request.headers.get("content-length", "")[:20]) or 0) > LARGEST:
            return HttpResponse(status=413)
        body = request._body = request.read(LARGEST)  # Django's own limit is for forms of people
        try:
            if name.startswith("amazon_ses") and settings.SNS_IS_SIGNED:
                check_signature(request)
            return view(request, *args, **kwargs)
        except (AnymailWebhookValidationFailure, DisallowedHost):
            return HttpResponse(status=400)
        except Exception as error:  # whatever a provider's reader stumbles over
            if _may_pass(error):
                LOG.exception("what the provider posted cannot be worked on now; it will post again")
                return HttpResponse(status=503)
            LOG.warning("the provider posted what cannot be read: %s", type(error).__name__)
            if "inbound" not in name:
                return HttpResponse(status=400)
            keep_unreadable(body, provider=name)
            return HttpResponse()

    return answer


def _may_pass(error: Exception) -> bool:
    """Whether the trouble is ours: the database is away, a setting is wrong, Amazon lets us not confirm or fetch."""
    if isinstance(error, AMAZON_FAILED):
        return bool(
            getattr(error, "response", {}).get("Error", {}).get("Code") != "NoSuchKey"
        )  # what is gone stays gone
    return isinstance(error, DatabaseError | ImproperlyConfigured | Unfetched)


def _has_secret(request: HttpRequest) -> bool:
    known: Any = settings.ANYMAIL.get("WEBHOOK_SECRET") or ()
    secrets: Sequence[str] = [known] if isinstance(known, str) else known
    given = get_request_basic_auth(request) or ""
    return any(constant_time_compare(given, secret) for secret in secrets)


app_name = "anymail"
urlpatterns = [
    URLPattern(each.pattern, guarded(each.callback, name=each.name or ""), each.default_args, each.name)
    for each in of_providers
]
