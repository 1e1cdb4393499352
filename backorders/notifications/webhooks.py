"""What the provider posts to us: only with the secret, only so much, and answered whatever it is.

An answer other than 200 makes a provider post again for hours. So what cannot be read is refused or kept, and only
trouble of our own (a database that is away) asks for another try.
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
            return view(request, *args, **kwargs)
        except DatabaseError:
            LOG.exception("what the provider posted could not be stored; it will post again")
            return HttpResponse(status=503)
        except ImproperlyConfigured:
            LOG.exception("what the provider posted cannot be read with these settings; it will post again")
            return HttpResponse(status=503)
        except (AnymailWebhookValidationFailure, DisallowedHost):
            return HttpResponse(status=400)
        except Exception as error:  # whatever a provider's reader stumbles over
            LOG.warning("the provider posted what cannot be read: %s", type(error).__name__)
            if "inbound" not in name:
                return HttpResponse(status=400)
            keep_unreadable(body, provider=name)
            return HttpResponse()

    return answer


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
