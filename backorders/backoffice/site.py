"""The site of the staff: Django's admin with our screens in front of its own."""

import functools
from collections.abc import Callable
from typing import Any, TypeVar, cast

from django.conf import settings
from django.contrib.admin import AdminSite
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, reverse
from django.utils import timezone
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext_lazy as _

from backorders.backoffice.demo import loading
from backorders.backoffice.home import home
from backorders.backoffice.jobs import tray
from backorders.backoffice.keyboard import as_json
from backorders.backoffice.navigation import sections
from backorders.backoffice.onboarding import first_run
from backorders.backoffice.preferences import preference_of
from backorders.backoffice.urls import screens
from backorders.backoffice.views import unsent
from backorders.backoffice.zones import reader_zone
from backorders.inbox.posting import unread

UNREAD_COUNTED = 100
V = TypeVar("V", bound=Callable[..., HttpResponseBase])


class BackordersSite(AdminSite):
    """One site for staff: the screens for the day's work, and the plain records under them."""

    site_header = site_title = "Backorders"
    index_title = _("Home")
    enable_nav_sidebar = False
    site_url = None

    def get_urls(self) -> list[URLResolver | URLPattern]:
        """Return our screens first, then the admin's own pages."""
        return [*screens(self.admin_view), *super().get_urls()]

    def admin_view(self, view: V, cacheable: bool = False) -> V:
        """Let only staff in. A page leads to the login, what was sent is kept; a part of one must not hold either."""
        inner = super().admin_view(view, cacheable)

        @functools.wraps(inner)
        def outer(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            is_away = not self.has_permission(request)
            if is_away and request.headers.get("HX-Request"):
                return unsent.turned_away()
            if unsent.is_login(request) or (is_away and request.method == "POST" and view != self.logout):
                return unsent.not_taken(request)
            return inner(request, *args, **kwargs)

        return cast(V, outer)

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """Return what every page needs; the list of all records is made only where it is shown."""
        return {
            "site_title": self.site_title,
            "site_header": self.site_header,
            "site_url": None,
            "has_permission": self.has_permission(request),
            "available_apps": SimpleLazyObject(lambda: self.get_app_list(request)),
            "is_popup": False,
            "is_nav_sidebar_enabled": self.enable_nav_sidebar,
            "log_entries": self.get_log_entries(request),
            "sections": sections(request),
            "inbox_count": SimpleLazyObject(lambda: self._inbox_count(request)),
            "preference": preference_of(request),
            "version": settings.VERSION,
            "zone": reader_zone(),
            "keys": as_json(preference_of(request)) if request.user.is_authenticated else "",
            "jobs": SimpleLazyObject(lambda: tray(request.user, at=timezone.now())),
        }

    def _inbox_count(self, request: HttpRequest) -> int:
        return unread(request.user, cap=UNREAD_COUNTED, at=timezone.now()) if isinstance(request.user, User) else 0

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Let somebody in, to where they begin."""
        begins = {} if REDIRECT_FIELD_NAME in request.GET else {REDIRECT_FIELD_NAME: reverse("admin:start")}
        return super().login(request, {**begins, **(extra_context or {})})

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """Show what needs somebody today, in front of the list of all records."""
        cards = home(request)
        is_empty = all(card.number == "0" for card in cards)
        begun = {"home": cards, "first_run": first_run(request) if is_empty else None, "is_demo": loading.is_loaded()}
        return super().index(request, {**begun, **(extra_context or {})})
