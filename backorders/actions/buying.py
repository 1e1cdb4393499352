"""Buying: ordering from suppliers, and recording what they say about when it comes."""

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from django.contrib.auth.models import AbstractBaseUser
from django.db.models import DateField, F, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from backorders import rows
from backorders.actions.asking import NotOpen, a_reason, a_text, fitting, fresh_purchase_lines, whole_units
from backorders.actions.done import Done
from backorders.allocation.impact import Impact
from backorders.allocation.locking import lock_products
from backorders.allocation.replanning import preview, replan
from backorders.allocation.situation import Lot, Situation
from backorders.allocation.windows import business_day
from backorders.catalog.models import Product
from backorders.changes.acting import act
from backorders.changes.models import ChangeSet, Source, Touch
from backorders.changes.recording import done_before, open_change, touch
from backorders.refusal import Refused
from backorders.supply.models import Confidence, EtaRevision, PurchaseLine, PurchaseOrder, Supplier, Warehouse

FARTHEST = datetime.timedelta(days=5 * 365)  # an ETA beyond it is a typing error, or "never" in disguise
NO_DATE = Value(datetime.date.min, output_field=DateField())  # stands for NULL, so that two absent dates are equal


class BadEta(Refused):
    """An ETA that cannot be: in the past, before the order date, years ahead, or ending before it starts."""


class BadSplit(Refused):
    """The parts of a split do not sum up to what is outstanding."""


class UnknownPurchaseLine(Refused):
    """No purchase line has this id."""


class PurchaseNumberTaken(Refused):
    """Another purchase order has this number."""


class EtaPart(NamedTuple):
    """`quantity` units (all that is outstanding unless given) on a date, in a window, or (None) without a date."""

    eta_on: datetime.date | None
    eta_until: datetime.date | None = None
    quantity: int | None = None

    @property
    def until(self) -> datetime.date | None:
        """The last day of the ETA."""
        return self.eta_until or self.eta_on


@dataclass(frozen=True)
class EtaChange:
    """What a supplier says of one purchase line: one part, or several whose quantities sum up to the outstanding."""

    purchase_line_id: int
    parts: Sequence[EtaPart]
    confidence: str = Confidence.CONFIRMED
    seen_version: int | None = None


@dataclass(frozen=True)
class OrderedGoods:
    """A product and quantity ordered from a supplier for a warehouse, with its ETA if there is one."""

    product: Product
    warehouse: Warehouse
    quantity: int
    eta_on: datetime.date | None = None
    eta_until: datetime.date | None = None
    confidence: str = Confidence.ESTIMATE


@act
def order_goods(
    number: str,
    *,
    supplier: Supplier,
    lines: Sequence[OrderedGoods],
    by: AbstractBaseUser | None,
    at: datetime.datetime,
) -> Done[PurchaseOrder]:
    """Order goods from a supplier; lines that wait for them are dated at once.

    Raises `NotWholeUnits`, `BadEta`, `PurchaseNumberTaken`, `BadText`, `NotOpen` without lines.
    """
    if not lines:
        raise NotOpen("A purchase order needs at least one line.")
    fitting(PurchaseOrder, number=number)
    if PurchaseOrder.objects.filter(number=number).exists():
        raise PurchaseNumberTaken(f"Purchase order {number} is there already.")
    today = business_day(at)
    for line in lines:
        whole_units(line.quantity)
        if line.confidence not in Confidence:
            raise BadEta(f"{line.confidence} does not say how sure an ETA is.")
        _check(EtaPart(line.eta_on, line.eta_until), ordered_on=today, today=today)
    change = open_change("order_goods", by=by, at=at)
    products = lock_products(line.product.pk for line in lines)
    order = PurchaseOrder.objects.create(number=number, supplier=supplier, ordered_on=today)
    touch(change, kind=Touch.Kind.PURCHASE_ORDER, ids=[order.pk])
    made = PurchaseLine.objects.bulk_create(
        PurchaseLine(
            purchase_order=order,
            product=line.product,
            warehouse=line.warehouse,
            quantity=line.quantity,
            eta_on=line.eta_on,
            eta_until=line.eta_until or line.eta_on,
            first_eta_on=line.eta_on,
            confidence=line.confidence,
        )
        for line in lines
    )
    _record(change, [(line, None, None, Confidence.UNCONFIRMED) for line in made], "confirmation", "", at)
    return Done(change, replan(products, change_set=change, at=at), order)


@act
def revise_eta(
    changes: Sequence[EtaChange],
    *,
    reason_code: str,
    note: str = "",
    source: Source | None = None,
    key: str | None = None,
    by: AbstractBaseUser | None,
    at: datetime.datetime,
) -> Done[list[PurchaseLine]]:
    """Record what a supplier says about the ETA of one or many purchase lines, and date everyone behind them again.

    A part beyond the first becomes a purchase line of its own. Raises `BadEta`, `BadSplit`, `NotOpen`, `Stale`,
    `UnknownPurchaseLine`; then nothing of it is saved.
    """
    if reason_code not in EtaRevision.ReasonCode:
        raise BadEta(f"{reason_code} is not one of the reasons for a changed ETA.")
    a_text(note)
    products = lock_products(_products(changes))
    if done := done_before(key):
        return Done(done, Impact(), list(PurchaseLine.objects.filter(revisions__change_set=done).distinct()))
    lines = _checked(changes, at=at)
    change = open_change(
        "revise_eta",
        reason=note,
        key=key,
        source=source,
        before={"purchase_lines": _as_before(lines.values())},
        by=by,
        at=at,
    )
    touch(change, kind=Touch.Kind.PURCHASE_ORDER, ids=(line.purchase_order_id for line in lines.values()))
    revised = _revise(changes, lines)
    _record(change, revised, reason_code, note, at)
    return Done(change, replan(products, change_set=change, at=at), [line for line, *_ in revised])


def preview_eta(changes: Sequence[EtaChange], *, at: datetime.datetime) -> Impact:
    """Return whom these ETAs would move, by the same computation as `revise_eta`; raises the same refusals."""
    _checked(changes, at=at)

    def revised(situation: Situation) -> None:
        for change in changes:
            lot = situation.lots[change.purchase_line_id]
            for number, part in enumerate(change.parts):
                # A new part has no id yet; as the youngest purchase line it would come after every other.
                pk = lot.id if not number else 2**62 + lot.id * 100 + number
                situation.lots[pk] = _as_lot(lot, pk, part, change.confidence)

    return preview(_products(changes), revised, at=at)


@act
def close_purchase_line(
    purchase_line: PurchaseLine,
    *,
    reason: str,
    seen_version: int | None = None,
    by: AbstractBaseUser | None,
    at: datetime.datetime,
) -> Done[PurchaseLine]:
    """Give up what is outstanding on a purchase line; those who counted on it fall to the next supply or to none."""
    reason = a_reason(reason)
    products = lock_products([purchase_line.product_id])
    line = fresh_purchase_lines([purchase_line.pk], seen={purchase_line.pk: seen_version})[purchase_line.pk]
    _check_outstanding(line)
    before = {"purchase_line": line.pk, "closed": line.outstanding, "version": line.version + 1}
    change = open_change("close_purchase_line", reason=reason, before=before, by=by, at=at)
    touch(change, kind=Touch.Kind.PURCHASE_ORDER, ids=[line.purchase_order_id])
    PurchaseLine.objects.filter(pk=line.pk).update(
        cancelled=F("cancelled") + line.outstanding, pegged=0, version=F("version") + 1
    )
    return Done(change, replan(products, change_set=change, at=at), line)


def preview_close(purchase_line: PurchaseLine, *, at: datetime.datetime) -> Impact:
    """Return whom it moves if the purchase line is closed. Raises `NotOpen`."""
    _check_outstanding(purchase_line)

    def closed(situation: Situation) -> None:
        situation.lots.pop(purchase_line.pk, None)

    return preview([purchase_line.product_id], closed, at=at)


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
        (line, _date(line.last_on), _date(line.last_until), line.last_confidence or Confidence.UNCONFIRMED)  # type: ignore[attr-defined]
        for line in _unrecorded().filter(product__in=locked)
    ]
    change = open_change("notice_unrecorded_etas", source=Source.SYSTEM, by=None, at=at)
    touch(change, kind=Touch.Kind.PURCHASE_ORDER, ids=(line.purchase_order_id for line, *_ in found))
    note = "found changed outside the product"
    _record(change, found, EtaRevision.ReasonCode.OTHER, note, at)
    return Done(change, replan(locked, change_set=change, at=at), [line for line, *_ in found])


Revised = tuple[PurchaseLine, datetime.date | None, datetime.date | None, str]  # a line and its ETA before


def _products(changes: Sequence[EtaChange]) -> list[int]:
    wanted = [change.purchase_line_id for change in changes]
    products = dict(PurchaseLine.objects.filter(pk__in=wanted).values_list("id", "product"))
    for pk in wanted:
        if pk not in products:
            raise UnknownPurchaseLine(f"There is no purchase line {pk}.", purchase_line=pk)
    return sorted(set(products.values()))


def _checked(changes: Sequence[EtaChange], *, at: datetime.datetime) -> dict[int, PurchaseLine]:
    """Read the lines again and refuse what cannot be."""
    if not changes:
        raise NotOpen("Name at least one purchase line.")
    seen = {change.purchase_line_id: change.seen_version for change in changes}
    if len(seen) < len(changes):
        raise BadSplit("The same purchase line is named twice; give its dates as parts of one split.")
    lines = fresh_purchase_lines(list(seen), seen=seen)
    for change in changes:
        _check_change(change, lines[change.purchase_line_id], today=business_day(at))
    return lines


def _check_change(change: EtaChange, line: PurchaseLine, *, today: datetime.date) -> None:
    _check_outstanding(line)
    if not change.parts or change.confidence not in Confidence:
        raise BadEta(f"{line}: give a date, or say that there is none.", purchase_line=line.pk)
    for part in change.parts:
        _check(part, ordered_on=line.purchase_order.ordered_on, today=today)
    if len(change.parts) > 1 or change.parts[0].quantity is not None:
        total = sum(whole_units(part.quantity) for part in change.parts)
        if total != line.outstanding:
            raise BadSplit(
                f"{line}: the parts are {total} units, but {line.outstanding} are outstanding.", purchase_line=line.pk
            )


def _check_outstanding(line: PurchaseLine) -> None:
    if not line.outstanding:
        raise NotOpen(f"{line} has nothing outstanding.", purchase_line=line.pk)


def _check(part: EtaPart, *, ordered_on: datetime.date, today: datetime.date) -> None:
    if part.eta_on is None:
        if part.eta_until is not None:
            raise BadEta("An ETA that ends on a date must also start on one.")
        return
    if part.eta_on < ordered_on:
        raise BadEta(f"The ETA {part.eta_on} is before the order date {ordered_on}.")
    if part.eta_on < today:
        raise BadEta(f"The ETA {part.eta_on} is in the past.")
    until = part.eta_until or part.eta_on
    if until < part.eta_on:
        raise BadEta(f"The ETA ends on {until}, before it starts on {part.eta_on}.")
    if until - today > FARTHEST:
        raise BadEta(f"The ETA {until} is more than five years away; if nobody knows a date, say that there is none.")


def _as_lot(lot: Lot, pk: int, part: EtaPart, confidence: str) -> Lot:
    quantity = lot.outstanding if part.quantity is None else part.quantity
    return lot._replace(id=pk, outstanding=quantity, eta_on=part.eta_on, eta_until=part.until, confidence=confidence)


def _revise(changes: Sequence[EtaChange], lines: dict[int, PurchaseLine]) -> list[Revised]:
    """Write the new ETAs; return every line they concern with its ETA before, new parts included."""
    revised: list[Revised] = []
    new: list[PurchaseLine] = []
    for change in sorted(changes, key=lambda change: change.purchase_line_id):
        line = lines[change.purchase_line_id]
        old = (line.eta_on, line.eta_until, line.confidence)
        for part in change.parts[1:]:
            new.append(_part_of(line, part, change.confidence))
            revised.append((new[-1], *old))
        first = change.parts[0]
        line.quantity -= sum(part.quantity or 0 for part in change.parts[1:])
        line.eta_on, line.eta_until, line.confidence = first.eta_on, first.until, change.confidence
        line.first_eta_on = line.first_eta_on or line.eta_on
        line.version += 1
        line.pegged = min(line.pegged, line.outstanding)
        revised.append((line, *old))
    fields = "id quantity eta_on eta_until first_eta_on confidence version pegged".split()
    rows.update(PurchaseLine, fields, [tuple(getattr(line, name) for name in fields) for line in lines.values()])
    PurchaseLine.objects.bulk_create(new)
    return revised


def _part_of(line: PurchaseLine, part: EtaPart, confidence: str) -> PurchaseLine:
    return PurchaseLine(
        purchase_order_id=line.purchase_order_id,
        product_id=line.product_id,
        warehouse_id=line.warehouse_id,
        split_from=line,
        quantity=whole_units(part.quantity),
        eta_on=part.eta_on,
        eta_until=part.until,
        first_eta_on=line.first_eta_on or part.eta_on,
        confidence=confidence,
    )


def _record(change: ChangeSet, revised: Sequence[Revised], reason_code: str, note: str, at: datetime.datetime) -> None:
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
                reason_code,
                note,
                change.source,
            )
            for line, *old in revised
        ],
    )


def _as_before(lines: Iterable[PurchaseLine]) -> list[dict[str, object]]:
    """What an undo needs of each line: how it was, and the version it will have if nobody changes it after this."""
    return [
        {
            "id": line.pk,
            "quantity": line.quantity,
            "eta_on": line.eta_on and line.eta_on.isoformat(),
            "eta_until": line.eta_until and line.eta_until.isoformat(),
            "confidence": line.confidence,
            "version": line.version + 1,
        }
        for line in lines
    ]


def _unrecorded() -> "QuerySet[PurchaseLine]":
    last = EtaRevision.objects.filter(purchase_line=OuterRef("pk")).order_by("-at", "-id")
    lines = PurchaseLine.objects.outstanding().annotate(
        on=Coalesce("eta_on", NO_DATE),
        until=Coalesce("eta_until", NO_DATE),
        last_on=Coalesce(Subquery(last.values("new_on")[:1]), NO_DATE),
        last_until=Coalesce(Subquery(last.values("new_until")[:1]), NO_DATE),
        last_confidence=Coalesce(Subquery(last.values("new_confidence")[:1]), Value("")),
    )
    return lines.exclude(on=F("last_on"), until=F("last_until"), confidence=F("last_confidence")).order_by("id")


def _date(value: datetime.date) -> datetime.date | None:
    return None if value == datetime.date.min else value
