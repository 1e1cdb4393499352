"""Drafts of the composer: kept as they are typed, or with a button; none is overwritten by another window."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from backorders.actions import drafting
from backorders.backoffice.views.screen import CONFLICT, REFUSED, Screen
from backorders.backoffice.zones import local
from backorders.desk.models import Draft
from backorders.orders.models import Order
from backorders.refusal import Refused, Stale


class KeepDraft(Screen):
    """Keep what was begun; a script is answered in JSON, a form with its page again."""

    permission = "drafting.keep_draft"
    http_method_names = ["post", "options"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Keep it, or throw it away if nothing is left of it."""
        order = get_object_or_404(Order, pk=self.kwargs["pk"])
        kind, seen = request.POST.get("kind", ""), request.POST.get("draft_seen", "")
        if kind not in Draft.Kind.values:
            raise Http404
        text = "" if "discard" in request.POST else request.POST.get(FIELDS[kind], "")
        by_script = bool(request.headers.get("HX-Request"))
        try:
            draft = drafting.keep_draft(
                order,
                kind=kind,
                text=text,
                seen_version=int(seen) if seen.isdecimal() and len(seen) < 10 else 0,
                joins=not by_script and "discard" not in request.POST,
                by=self.by,
                at=self.at,
            )
        except Refused as refusal:
            return self._refused(refusal, order, kind, by_script=by_script)
        if by_script:
            return JsonResponse({"version": draft.version if draft else 0, "said": said(draft)})
        messages.success(request, said(draft))
        return HttpResponseRedirect(_page(order, kind))

    def _refused(self, refusal: Refused, order: Order, kind: str, *, by_script: bool) -> HttpResponse:
        if by_script:
            status = CONFLICT if isinstance(refusal, Stale) else REFUSED
            return JsonResponse({"said": str(refusal)}, status=status)
        messages.error(self.request, str(refusal))
        return HttpResponseRedirect(_page(order, kind))


# The field of the composer that holds the text.
FIELDS = {Draft.Kind.NOTE.value: "text", Draft.Kind.MESSAGE.value: "message-text"}


def said(draft: Draft | None) -> str:
    """Say that it is kept, and when that was."""
    if draft is None:
        return _("No draft is kept.")
    return _("Draft kept %(time)s") % {"time": date_format(local(draft.kept_at), "j M H:i")}


def _page(order: Order, kind: str) -> str:
    return f"{reverse('admin:order', args=[order.pk])}?tab={kind}#compose"
