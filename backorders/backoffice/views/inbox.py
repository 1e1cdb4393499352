"""The inbox: what waits for one person, read or not, and what they may ask for."""

import datetime
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseForbidden, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from backorders.access.table import NOBODY, roles_with
from backorders.actions import minding
from backorders.allocation.windows import business_day
from backorders.backoffice import notices
from backorders.backoffice.paging import page_of
from backorders.backoffice.views.screen import Screen
from backorders.desk.models import Follow
from backorders.ids import typed_ids
from backorders.inbox.models import Notice
from backorders.refusal import Refused


class Inbox(Screen):
    """One's own notices, unread or all."""

    template_name = "backoffice/inbox.html"
    title = gettext_lazy("Inbox")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add one page of them."""
        show = self.request.GET.get("show", "")
        mine = Notice.objects.filter(person=self.by).order_by("-at", "-id")
        listed = {"all": mine, "aside": mine.aside(self.at).order_by("aside_until", "id")}.get(
            show, mine.waiting(self.at)
        )
        kinds = Notice._meta.get_field("kind").flatchoices
        kind = self.request.GET.get("kind", "")
        if kind in dict(kinds):
            listed = listed.filter(kind=kind)
        page = page_of(listed, self.request)
        tomorrow = business_day(self.at) + datetime.timedelta(days=1)
        return super().get_context_data(
            page=page,
            groups=notices.grouped(page.rows),
            follows=[
                (reverse(f"admin:{notices.PLACES[each.thing]}", args=[each.object_id]), each)  # type: ignore[index]
                for each in Follow.objects.filter(person=self.by).order_by("thing", "name")
            ],
            show=show,
            kind=kind if kind in dict(kinds) else "",
            kinds=kinds,
            is_all=show == "all",
            tomorrow=tomorrow,
            next_week=tomorrow + datetime.timedelta(days=(7 - tomorrow.weekday()) % 7),
            **kwargs,
        )


class Mark(Screen):
    """Mark notices as read or unread, set them aside, bring them back: `way` in the address says which."""

    http_method_names = ["post", "options"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Mark them and go back to the inbox."""
        ids = typed_ids(request.POST.getlist("notice"))
        match kwargs["way"]:
            case "read":
                minding.mark_read(ids, by=self.by, at=self.at)
            case "unread":
                minding.mark_unread(ids, by=self.by)
            case "aside":
                self._set_aside(ids)
            case "back":
                minding.take_up_again(ids, by=self.by)
            case _:
                raise Http404
        return HttpResponseRedirect(reverse("admin:inbox"))

    def _set_aside(self, ids: list[int]) -> None:
        given = self.request.POST.get("day") or self.request.POST.get("until", "")
        try:
            count = minding.set_aside(ids, until=datetime.date.fromisoformat(given), by=self.by, at=self.at)
        except ValueError:
            messages.error(self.request, _("“%(text)s” is not a date.") % {"text": given[:40]})
        except Refused as refusal:
            messages.error(self.request, str(refusal))
        else:
            said = ngettext("%(count)s notice set aside.", "%(count)s notices set aside.", count)
            messages.success(self.request, said % {"count": count})


class AskForAccess(Screen):
    """Ask the administrators for what one's role does not have."""

    http_method_names = ["post", "options"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Ask, and say who hears of it."""
        try:
            minding.ask_for_access(request.POST.get("permission", ""), by=self.by, at=self.at)
        except Refused as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, _("Asked. The administrators find it in their inbox."))
        return HttpResponseRedirect(reverse("admin:index"))


def denied(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer 403: what was tried, which role has it, and a way to ask for it."""
    match = request.resolver_match
    permission = str(exception or "") or notices.permission_of_page((match and match.url_name) or "")
    context = {"permission": "" if roles_with(permission) == NOBODY else permission}
    if context["permission"]:
        context |= {"what": notices.label_of(permission), "who": notices.who_has(permission)}
    page = TemplateResponse(request, "403.html", context, status=HttpResponseForbidden.status_code)
    return page.render()
