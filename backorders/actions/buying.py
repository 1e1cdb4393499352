"""Buying: ordering from suppliers, and recording what they say about when it comes."""

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from django.contrib.auth.models import AbstractBaseUser
from django.db.models import DateField, F, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from backorders import rows
from backorders.actions.checking import NotOpen, a_reason, a_text, fitting, whole_units
from backorders.actions.done import Done
from backorders.actions.freshness import fresh_purchase_lines
from backorders.actions.keys import known_act, same_content
from backorders.actions.seconding import Ask, for_recipients, recipients_of
from backorders.allocation.impact import Impact
from backorders.allocation.locking import lock_products
from backorders.allocation.replanning import preview, replan
from backorders.allocation.situation import Lot, Situation, youngest
from backorders.allocation.windows import business_day
from backorders.catalog.models import Product
from backorders.changes.acting import act
from backorders.changes.models import ChangeSet, Source, Touch
from backorders.changes.recording import open_change, touch
from backorders.notifications.models import LaterWord
from backorders.refusal import Refused
from backorders.supply.models import Confidence, EtaRevision, PurchaseLine, PurchaseOrder, Supplier, Warehouse

FARTHEST = datetime.timedelta(days=5 * 365)  # an ETA beyond it is a typing error, or "never" in disguise
TOLD_BY_STAFF_FOR = datetime.timedelta(days=1)
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
    fitting(PurchaseOrder, number=number)
    if PurchaseOrder.objects.filter(number=number).exists():
        raise PurchaseNumberTaken(_("Purchase order %(number)s is there already."), number=number)
    today = business_day(at)
    _check_goods(lines, today=today)
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
    made_known = [(line, None, None, Confidence.UNCONFIRMED) for line in made]
    record_revisions(change, made_known, reason_code=EtaRevision.ReasonCode.CONFIRMATION, note="", at=at)
    return Done(change, replan(products, change_set=change, at=at), order)


def preview_goods(supplier: Supplier, *, lines: Sequence[OrderedGoods], at: datetime.datetime) -> Impact:
    """Return whom these goods would date; raises the refusals of `order_goods` but those of its number."""
    _check_goods(lines, today=business_day(at))

    def ordered(situation: Situation) -> None:
        for number, line in enumerate(lines):
            until = line.eta_until or line.eta_on
            situation.lots[youngest(number)] = Lot(
                youngest(number),
                line.product.pk,
                line.warehouse.pk,
                line.warehouse.rank,
                line.quantity,
                line.eta_on,
                until,
                line.confidence,
                supplier.early_days,
                supplier.late_days,
                supplier.confirms_after_days,
            )

    return preview({line.product.pk for line in lines}, ordered, at=at)


def _check_goods(lines: Sequence[OrderedGoods], *, today: datetime.date) -> None:
    if not lines:
        raise NotOpen(_("A purchase order needs at least one line."))
    for line in lines:
        whole_units(line.quantity)
        if line.confidence not in Confidence:
            raise BadEta(_("%(line_confidence)s does not say how sure an ETA is."), line_confidence=line.confidence)
        _check(EtaPart(line.eta_on, line.eta_until), ordered_on=today, today=today)


@act
def revise_eta(
    changes: Sequence[EtaChange],
    *,
    reason_code: str,
    note: str = "",
    source: Source | None = None,
    key: str | None = None,
    tells_later: bool = False,
    approved_by: AbstractBaseUser | None = None,
    by: AbstractBaseUser | None,
    at: datetime.datetime,
) -> Done[list[PurchaseLine]]:
    """Record what a supplier says about the ETA of one or many purchase lines, and date everyone behind them again.

    With `tells_later` (the note says why) staff tell those it moves, for a day; then the clock does.

    A part beyond the first becomes a purchase line of its own. Raises `BadEta`, `BadSplit`, `NotOpen`, `Stale`,
    `UnknownPurchaseLine`, `KeyTaken`, `NeedsApproval` if very many customers would hear of it; then nothing of it is
    saved.
    """
    if reason_code not in EtaRevision.ReasonCode:
        raise BadEta(_("%(reason_code)s is not one of the reasons for a changed ETA."), reason_code=reason_code)
    note = a_reason(note) if tells_later else a_text(note)
    products = lock_products(_products(changes))
    if done := known_act("revise_eta", key=key):
        same_content(is_same=_said(changes) <= _recorded(done))
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
    record_revisions(change, revised, reason_code=reason_code, note=note, at=at)
    impact = replan(products, change_set=change, at=at)
    if by is not None and change.source != Source.IMPORT:  # of an import, all of it is counted before it is applied
        ask = _ask(changes, lines, reason_code=reason_code, note=note, source=source, tells_later=tells_later)
        for_recipients(recipients_of(impact), ask, by=by, approved_by=approved_by)
    if tells_later:
        _tell_later({move.customer_id for move in impact.moves}, change, at)
    return Done(change, impact, [line for line, *_ in revised])


def _tell_later(customers: set[int], change: ChangeSet, at: datetime.datetime) -> None:
    until = at + TOLD_BY_STAFF_FOR
    words = [LaterWord(customer_id=pk, change_set=change, until=until) for pk in sorted(customers)]
    LaterWord.objects.bulk_create(
        words, update_conflicts=True, unique_fields=["customer"], update_fields=["change_set", "until"]
    )


def _ask(
    changes: Sequence[EtaChange],
    lines: dict[int, PurchaseLine],
    *,
    reason_code: str,
    note: str,
    source: Source | None,
    tells_later: bool,
) -> Ask:
    before = {line.pk: line.version - 1 for line in lines.values()}
    plain = [as_plain(replace(change, seen_version=before[change.purchase_line_id])) for change in changes]
    given: dict[str, Any] = {
        "changes": plain,
        "reason_code": reason_code,
        "note": note,
        "source": source and source.value,
    }
    given |= {"tells_later": True} if tells_later else {}
    first = next(iter(lines.values()))
    return Ask("buying.revise_eta", given, f"{first}" if len(lines) == 1 else f"{first} + {len(lines) - 1}")


def as_plain(change: EtaChange) -> dict[str, Any]:
    """Return what a supplier says as JSON can carry it; `eta_change` reads it back."""
    days = [[*(day and day.isoformat() for day in part[:2]), part.quantity] for part in change.parts]
    return {"line": change.purchase_line_id, "parts": days, "how": change.confidence, "seen": change.seen_version}


def eta_change(plain: dict[str, Any]) -> EtaChange:
    """Return what a supplier says from its plain form."""
    day = datetime.date.fromisoformat
    parts = [EtaPart(first and day(first), last and day(last), units) for first, last, units in plain["parts"]]
    return EtaChange(plain["line"], parts, plain["how"], plain["seen"])


def preview_eta(changes: Sequence[EtaChange], *, closed: Sequence[PurchaseLine] = (), at: datetime.datetime) -> Impact:
    """Return whom these ETAs would move, by the same computation as `revise_eta`; raises the same refusals.

    `closed` are purchase lines that would be given up together with it.
    """
    products = _products(changes) + [line.product_id for line in closed]
    if changes or not closed:
        _checked(changes, at=at)

    def revised(situation: Situation) -> None:
        for change in changes:
            lot = situation.lots[change.purchase_line_id]
            for number, part in enumerate(change.parts):
                pk = lot.id if not number else youngest(lot.id * 100 + number)
                situation.lots[pk] = _as_lot(lot, pk, part, change.confidence)
        for line in closed:
            situation.lots.pop(line.pk, None)

    return preview(products, revised, at=at)


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
        (line, _known(line.last_on), _known(line.last_until), line.last_confidence or Confidence.UNCONFIRMED)  # type: ignore[attr-defined]
        for line in _unrecorded().filter(product__in=locked)
    ]
    change = open_change("notice_unrecorded_etas", source=Source.SYSTEM, by=None, at=at)
    touch(change, kind=Touch.Kind.PURCHASE_ORDER, ids=(line.purchase_order_id for line, *_ in found))
    PurchaseLine.objects.filter(pk__in=[line.pk for line, *_ in found]).update(version=F("version") + 1)
    note = "found changed outside the product"
    record_revisions(change, found, reason_code=EtaRevision.ReasonCode.OTHER, note=note, at=at)
    return Done(change, replan(locked, change_set=change, at=at), [line for line, *_ in found])


Revised = tuple[PurchaseLine, datetime.date | None, datetime.date | None, str]  # a line and its ETA before


def _products(changes: Sequence[EtaChange]) -> list[int]:
    wanted = [change.purchase_line_id for change in changes]
    products = dict(PurchaseLine.objects.filter(pk__in=wanted).values_list("id", "product"))
    for pk in wanted:
        if pk not in products:
            raise UnknownPurchaseLine(_("There is no purchase line %(pk)s."), pk=pk, purchase_line=pk)
    return sorted(set(products.values()))


def _checked(changes: Sequence[EtaChange], *, at: datetime.datetime) -> dict[int, PurchaseLine]:
    """Read the lines again and refuse what cannot be."""
    if not changes:
        raise NotOpen(_("Name at least one purchase line."))
    seen = {change.purchase_line_id: change.seen_version for change in changes}
    if len(seen) < len(changes):
        raise BadSplit(_("The same purchase line is named twice; give its dates as parts of one split."))
    lines = fresh_purchase_lines(list(seen), seen=seen)
    for change in changes:
        check_change(change, lines[change.purchase_line_id], today=business_day(at))
    return lines


def check_change(change: EtaChange, line: PurchaseLine, *, today: datetime.date) -> None:
    """Refuse what cannot be said of this purchase line: `BadEta`, `BadSplit`, `NotOpen`.

    That a date is believed no longer can be said of one that has passed, too: it stays what it is.
    """
    _check_outstanding(line)
    if not change.parts or change.confidence not in Confidence:
        raise BadEta(_("%(line)s: give a date, or say that there is none."), line=line, purchase_line=line.pk)
    if change.confidence == Confidence.UNCONFIRMED and list(change.parts) == [EtaPart(line.eta_on, line.eta_until)]:
        return
    for part in change.parts:
        _check(part, ordered_on=line.purchase_order.ordered_on, today=today)
    if len(change.parts) > 1 or change.parts[0].quantity is not None:
        total = sum(whole_units(part.quantity) for part in change.parts)
        if total != line.outstanding:
            raise BadSplit(
                _("%(line)s: the parts are %(total)s units, but %(line_outstanding)s are outstanding."),
                line=line,
                total=total,
                line_outstanding=line.outstanding,
                purchase_line=line.pk,
            )


def _check_outstanding(line: PurchaseLine) -> None:
    if not line.outstanding:
        raise NotOpen(_("%(line)s has nothing outstanding."), line=line, purchase_line=line.pk)


def _check(part: EtaPart, *, ordered_on: datetime.date, today: datetime.date) -> None:
    if part.eta_on is None:
        if part.eta_until is not None:
            raise BadEta(_("An ETA that ends on a date must also start on one."))
        return
    if part.eta_on < ordered_on:
        raise BadEta(
            _("The ETA %(part_eta_on)s is before the order date %(ordered_on)s."),
            part_eta_on=part.eta_on,
            ordered_on=ordered_on,
        )
    if part.eta_on < today:
        raise BadEta(_("The ETA %(part_eta_on)s is in the past."), part_eta_on=part.eta_on)
    until = part.eta_until or part.eta_on
    if until < part.eta_on:
        raise BadEta(
            _("The ETA ends on %(until)s, before it starts on %(part_eta_on)s."), until=until, part_eta_on=part.eta_on
        )
    if until - today > FARTHEST:
        raise BadEta(
            _("The ETA %(until)s is more than five years away; if nobody knows a date, say that there is none."),
            until=until,
        )


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


def record_revisions(
    change: ChangeSet, revised: Sequence[Revised], *, reason_code: str, note: str, at: datetime.datetime
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


def _said(changes: Sequence[EtaChange]) -> set[tuple[object, ...]]:
    """What these changes say of the purchase lines that they name."""
    return {(c.purchase_line_id, part.eta_on, part.until, c.confidence) for c in changes for part in c.parts[:1]}


def _recorded(change: ChangeSet) -> set[tuple[object, ...]]:
    """What a change said, by its revisions."""
    return set(change.eta_revisions.values_list("purchase_line", "new_on", "new_until", "new_confidence"))


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
