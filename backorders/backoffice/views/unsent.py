"""What was sent and not taken, because the session had ended or is another one by now, and how it is sent again."""

import re
from typing import Any, NamedTuple

from django.contrib import admin
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth import get_user_model, login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext as _
from django.views.csrf import csrf_failure

from backorders.backoffice import notices
from backorders.ids import typed_id

OWN = "unsent"  # begins the names of what the page itself asks for and brings along
LOGS_IN, PERSON = f"{OWN}-login", f"{OWN}-person"
KEPT = 1024 * 1024  # characters
SECRET = re.compile("password|token|secret")
SIGNED_OUT, NOT_TAKEN, SIGNED_IN = 401, 403, 200
ASKS = {"WWW-Authenticate": "Cookie", "Cache-Control": "no-store"}


class Typed(NamedTuple):
    """What was sent: its fields as a form brings them again (None: too much for that), and what cannot be kept."""

    fields: list[tuple[str, str]] | None
    files: list[str]
    has_passwords: bool


def turned_away() -> HttpResponse:
    """Answer who asks for a part of a page without a session that fits it: the page says what is so."""
    return HttpResponse(status=SIGNED_OUT, headers=ASKS)


def is_login(request: HttpRequest) -> bool:
    """Tell whether somebody logs in on the page of what was not taken."""
    return request.method == "POST" and LOGS_IN in request.POST


def is_of_our_page(request: HttpRequest) -> bool:
    """Tell whether a form of a page of the desk sent it; only the browser writes the Origin header.

    What another site made a browser send is never offered again.
    """
    match = request.resolver_match
    is_ours = request.headers.get("Origin") == f"{request.scheme}://{request.get_host()}"
    return bool(is_ours and request.method == "POST" and match and "admin" in match.app_names)


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Refuse a POST without the token of this session. What a page of ours sent can be sent again; else nothing can."""
    if not is_of_our_page(request):
        return csrf_failure(request, reason=reason)
    if request.headers.get("HX-Request"):
        return turned_away()
    if request.resolver_match and request.resolver_match.url_name == "login":
        return HttpResponseRedirect(request.get_full_path())
    return _shown(request, AdminAuthenticationForm(request, prefix=OWN), NOT_TAKEN)


def not_taken(request: HttpRequest) -> HttpResponse:
    """Answer a POST with a token that fits, of nobody who is let in: keep it, and let them log in beside it."""
    form = AdminAuthenticationForm(request, request.POST if is_login(request) else None, prefix=OWN)
    if form.is_valid():
        login(request, form.get_user())
        return _shown(request, AdminAuthenticationForm(request, prefix=OWN), SIGNED_IN)
    return _shown(request, form, SIGNED_OUT)


def _shown(request: HttpRequest, form: AdminAuthenticationForm, status: int) -> HttpResponse:
    """Make the page. Who typed it is named to people of the desk only; to others a number is nobody."""
    is_in = admin.site.has_permission(request)
    if is_in:  # one press is what is left to do
        form.fields["username"].widget.attrs.pop("autofocus", None)
    person = typed_id(request.POST.get(PERSON, ""))
    typed_by = get_user_model().objects.filter(pk=person).first() if is_in and person else None
    context: dict[str, Any] = {
        **admin.site.each_context(request),
        "title": _("Not saved yet"),
        "typed": typed_in(request),
        "typed_by": typed_by,
        "person": person or "",
        "is_another": typed_by not in (None, request.user),
        "what": _what(request),
        "form": form,
    }
    page = TemplateResponse(request, "backoffice/unsent.html", context, status=status if is_in else SIGNED_OUT)
    if page.status_code == SIGNED_OUT:
        page["WWW-Authenticate"] = ASKS["WWW-Authenticate"]
    add_never_cache_headers(page)
    return page


def _what(request: HttpRequest) -> str:
    """Return what was tried, in the reader's words: the verb of a screen, or the kind of record."""
    match = request.resolver_match
    screen = getattr(match and match.func, "view_class", None)
    permission = getattr(screen, "permission", "") or notices.permission_of_page((match and match.url_name) or "")
    return notices.label_of(permission) if permission else ""


def typed_in(request: HttpRequest) -> Typed:
    """Return what a form brought, without what is secret and without the page's own."""
    sent = [(name, str(text)) for name, texts in request.POST.lists() for text in texts if not name.startswith(OWN)]
    kept = [(name, text) for name, text in sent if not SECRET.search(name.lower())]
    is_short = sum(len(name) + len(text) for name, text in kept) <= KEPT
    files = [file.name or "" for files in request.FILES.lists() for file in files[1] if file]
    return Typed(kept if is_short else None, files, any("password" in name.lower() for name, text in sent))
