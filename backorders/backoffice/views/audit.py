"""The audit: who changed what, when and why, found by person, act, day and thing."""

import datetime
from collections.abc import Iterator
from itertools import islice
from typing import Any

from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import Http404, HttpRequest
from django.utils import timezone
from django.utils.translation import get_language, override
from django.utils.translation import gettext_lazy as _

from backorders.backoffice.forms.audit import AuditForm
from backorders.backoffice.masking import masked_words, sees_contacts
from backorders.backoffice.paging import page_of
from backorders.backoffice.spreadsheets import csv_of, workbook_of
from backorders.backoffice.views.screen import Screen
from backorders.backoffice.zones import reader_zone
from backorders.catalog.models import Product
from backorders.changes.acts import act_name, why
from backorders.changes.models import ChangeSet, Touch
from backorders.orders.models import Order
from backorders.supply.models import PurchaseOrder

CHUNK, WORKBOOK_HOLDS, MOST_THINGS = 1000, 50_000, 50

# What a thing is looked up by, and how change sets name what they touched.
THINGS: tuple[tuple[Any, str, Touch.Kind], ...] = (
    (Order, "number", Touch.Kind.ORDER),
    (PurchaseOrder, "number", Touch.Kind.PURCHASE_ORDER),
    (Product, "sku", Touch.Kind.PRODUCT),
)


class Audit(Screen):
    """Change sets that fit what was asked for, newest first."""

    template_name = "backoffice/audit.html"
    permission = "changes.view_changeset"
    title = _("Audit")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the form and one page of what it finds."""
        form = AuditForm(self.request.GET or None)
        asked = form.cleaned_data if form.is_bound and form.is_valid() else {}
        page = page_of(found(asked), self.request)
        is_open = sees_contacts(self.by)
        rows = [
            {
                "change": change,
                "act": act_name(change.act),
                "reason": why(change) if is_open else masked_words(why(change)),
                "approved_by": getattr(getattr(change, "approval", None), "decided_by", None),
            }
            for change in page.rows
        ]
        return super().get_context_data(form=form, page=page, rows=rows, is_asked=bool(asked), **kwargs)


class ExportAudit(Screen):
    """What the audit found as a file: read and written piece by piece, masked as on the page."""

    permission = "changes.view_changeset"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Answer with the file; of very many changes a workbook holds the newest."""
        form = AuditForm(request.GET or None)
        asked = form.cleaned_data if form.is_bound and form.is_valid() else {}
        if kwargs["form"] not in ("csv", "xlsx"):
            raise Http404
        name = f"audit-{timezone.localdate(self.at).isoformat()}.{kwargs['form']}"
        is_workbook = kwargs["form"] == "xlsx"
        changes = found(asked)[:WORKBOOK_HOLDS] if is_workbook else found(asked)
        rows = audit_rows(changes, sees_all=sees_contacts(self.by), is_typed=is_workbook)
        return workbook_of(rows, name=name) if is_workbook else csv_of(rows, name=name)


def audit_rows(changes: "QuerySet[ChangeSet]", *, sees_all: bool, is_typed: bool) -> Iterator[list[Any]]:
    """Yield the heading and one row for each change, in the language of the call, a thousand read at a time.

    Moments are typed as spreadsheets know them (in the reader's zone, without it) or written with their zone.
    """
    language, zone = get_language() or "en", reader_zone()

    def shown(chunk: list[ChangeSet]) -> list[list[Any]]:
        with override(language), timezone.override(zone):
            things = _things_of([change.pk for change in chunk])
            return [_row(change, things.get(change.pk, []), sees_all=sees_all, is_typed=is_typed) for change in chunk]

    def rows() -> Iterator[list[Any]]:
        yield headings
        waiting = changes.iterator(chunk_size=CHUNK)
        while chunk := list(islice(waiting, CHUNK)):
            yield from shown(chunk)

    headings = [
        str(word) for word in (_("Change"), _("When"), _("Act"), _("Who"), _("Approved by"), _("Things"), _("Reason"))
    ]
    return rows()


def _row(change: ChangeSet, things: list[str], *, sees_all: bool, is_typed: bool) -> list[Any]:
    at = timezone.localtime(change.at)
    approved_by = getattr(getattr(change, "approval", None), "decided_by", None)
    reason = why(change) if sees_all else masked_words(why(change))
    return [
        change.pk,
        at.replace(tzinfo=None, microsecond=0) if is_typed else at.isoformat(timespec="seconds"),
        str(act_name(change.act)),
        change.by.get_username() if change.by else str(change.get_source_display()),
        approved_by.get_username() if approved_by else "",
        ", ".join(things),
        reason,
    ]


def _things_of(changes: list[int]) -> dict[int, list[str]]:
    """Return what each of these changes touched, by number or SKU: the statements do not grow with them."""
    touches = list(
        Touch.objects.filter(change_set__in=changes).order_by("id").values_list("change_set", "kind", "object_id")
    )
    names = {
        (kind.value, pk): name
        for model, field, kind in THINGS
        for pk, name in model.objects.filter(pk__in={pk for _c, k, pk in touches if k == kind}).values_list("pk", field)
    }
    things: dict[int, list[str]] = {}
    for change, kind, pk in touches:
        mine = things.setdefault(change, [])
        if len(mine) < MOST_THINGS and (kind, pk) in names:
            mine.append(names[kind, pk])
    return things


def found(asked: dict[str, Any]) -> "QuerySet[ChangeSet]":
    """Return the change sets by `who`, `act`, `since` and `until` (days, included), `thing` and `words`."""
    changes = ChangeSet.objects.select_related("by", "undoes", "approval__decided_by").order_by("-at", "-id")
    if who := asked.get("who"):
        people = User.objects.filter(username__iexact=who)
        changes = changes.filter(by__in=people) if people.exists() else changes.filter(source__iexact=who)
    if act := asked.get("act"):
        changes = changes.filter(act=act)
    if since := asked.get("since"):
        changes = changes.filter(at__gte=_midnight(since))
    if until := asked.get("until"):
        changes = changes.filter(at__lt=_midnight(until + datetime.timedelta(days=1)))
    if words := asked.get("words"):
        changes = changes.filter(reason__icontains=words)
    if thing := asked.get("thing"):
        changes = changes.filter(pk__in=_touching(thing))
    return changes


def _midnight(day: datetime.date) -> datetime.datetime:
    return timezone.make_aware(datetime.datetime.combine(day, datetime.time()))


def _touching(thing: str) -> "QuerySet[Touch, int]":
    touches = Touch.objects.none()
    for model, name, kind in THINGS:
        row = model.objects.filter(**{name: thing}).values_list("pk", flat=True).first()
        if row is not None:
            touches = touches | Touch.objects.filter(kind=kind, object_id=row)
    return touches.order_by().values_list("change_set_id", flat=True)
