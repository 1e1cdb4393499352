"""The ledger of revisions: every ETA that changed is in it, also one that was changed past the verbs."""

import datetime
from collections.abc import Sequence

from django.db.models import DateField, F, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from backorders import rows
from backorders.actions.done import Done
from backorders.allocation.locking import lock_products
from backorders.allocation.replanning import replan
from backorders.changes.acting import act
from backorders.changes.models import ChangeSet, Source, Touch
from backorders.changes.recording import open_change, touch
from backorders.sentences import Sentence
from backorders.supply.models import Confidence, EtaRevision, PurchaseLine

NO_DATE = Value(datetime.date.min, output_field=DateField())  # stands for NULL, so that two absent dates are equal


@act
def notice_unrecorded_etas(*, at: datetime.datetime) -> Done[list[PurchaseLine]] | None:
    """Find ETAs that were changed past this module (by SQL, say), record them and tell those behind them; or None.

    The ledger of revisions is what tells: an outstanding line must stand where its last revision left it.
    """
    products = _unrecorded().order_by().values_list("product", flat=True).distinct()
    if not products:
        return None
    locked = lock_products(products)
    found = [
        (line, _known(line.last_on), _known(line.last_until), line.last_confidence or Confidence.UNCONFIRMED)  # type: ignore[attr-defined]
        for line in _unrecorded().filter(product__in=locked)
    ]
    change = open_change("notice_unrecorded_etas", source=Source.SYSTEM, by=None, at=at)
    touch(change, kind=Touch.Kind.PURCHASE_ORDER, ids=(line.purchase_order_id for line, *_ in found))
    PurchaseLine.objects.filter(pk__in=[line.pk for line, *_ in found]).update(version=F("version") + 1)
    note = _("found changed outside the product")
    record_revisions(change, found, reason_code=EtaRevision.ReasonCode.OTHER, note=note, at=at)
    return Done(change, replan(locked, change_set=change, at=at), [line for line, *_ in found])


Revised = tuple[PurchaseLine, datetime.date | None, datetime.date | None, str]  # a line and its ETA before


def record_revisions(
    change: ChangeSet, revised: Sequence[Revised], *, reason_code: str, note: Sentence, at: datetime.datetime
) -> None:
    """Write into the ledger that these lines have the ETAs they carry now, and which they had before."""
    fields = (
        "purchase_line change_set at old_on old_until old_confidence new_on new_until new_confidence "
        "reason_code note source"
    )
    rows.insert(
        EtaRevision,
        fields.split(),
        [
            (
                line.pk,
                change.pk,
                at,
                *old,
                line.eta_on,
                line.eta_until,
                line.confidence,
                str(reason_code),
                note,
                change.source,
            )
            for line, *old in revised
        ],
    )


def _unrecorded() -> "QuerySet[PurchaseLine]":
    # By id, which rises under the product's lock; an act that waited for the lock is older than it looks.
    last = EtaRevision.objects.filter(purchase_line=OuterRef("pk")).order_by("-id")
    lines = PurchaseLine.objects.outstanding().annotate(
        on=Coalesce("eta_on", NO_DATE),
        until=Coalesce("eta_until", NO_DATE),
        last_on=Coalesce(Subquery(last.values("new_on")[:1]), NO_DATE),
        last_until=Coalesce(Subquery(last.values("new_until")[:1]), NO_DATE),
        last_confidence=Coalesce(Subquery(last.values("new_confidence")[:1]), Value("")),
    )
    return lines.exclude(on=F("last_on"), until=F("last_until"), confidence=F("last_confidence")).order_by("id")


def _known(value: datetime.date) -> datetime.date | None:
    return None if value == datetime.date.min else value
