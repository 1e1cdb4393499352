"""Revising ETAs: what suppliers say is recorded, and everyone behind the goods is dated again."""

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.utils.translation import gettext_lazy as _

from backorders import rows
from backorders.access.checking import check
from backorders.actions import compensating
from backorders.actions.checking import NotOpen, a_reason, a_text, whole_units
from backorders.actions.done import Done
from backorders.actions.etas import BadEta, BadSplit, EtaChange, EtaPart, as_plain, check_change, eta_change
from backorders.actions.freshness import fresh_purchase_lines
from backorders.actions.keys import known_act, same_content
from backorders.actions.revisions import Revised, record_revisions
from backorders.actions.seconding import Ask, for_impact
from backorders.allocation.impact import Impact
from backorders.allocation.locking import lock_products
from backorders.allocation.replanning import preview, replan
from backorders.allocation.situation import Lot, Situation, youngest
from backorders.allocation.windows import business_day
from backorders.changes.acting import act
from backorders.changes.models import ChangeSet, Source, Touch
from backorders.changes.recording import open_change, touch
from backorders.notifications.models import LaterWord
from backorders.refusal import Refused
from backorders.sentences import Sentence
from backorders.supply.models import EtaRevision, PurchaseLine

TOLD_BY_STAFF_FOR = datetime.timedelta(days=1)


class UnknownPurchaseLine(Refused):
    """No purchase line has this id."""


@act
def revise_eta(
    changes: Sequence[EtaChange],
    *,
    reason_code: str,
    note: Sentence = "",
    source: Source | None = None,
    key: str | None = None,
    tells_later: bool = False,
    compensates: bool = True,
    approved_by: AbstractBaseUser | None = None,
    by: AbstractBaseUser | None,
    at: datetime.datetime,
) -> Done[list[PurchaseLine]]:
    """Record what a supplier says about the ETA of one or many purchase lines, and date everyone behind them again.

    With `tells_later` (the note says why) staff tell those it moves, for a day; then the clock does. Without
    `compensates` (the note says why) policies give nothing for the promises that it breaks.

    A part beyond the first becomes a purchase line of its own. Raises `BadEta`, `BadSplit`, `NotOpen`, `Stale`,
    `UnknownPurchaseLine`, `KeyTaken`, `NotAllowed`, `NeedsApproval` if very many customers would hear of it; then
    nothing of it is saved.
    """
    if reason_code not in EtaRevision.ReasonCode:
        raise BadEta(_("%(reason_code)s is not one of the reasons for a changed ETA."), reason_code=reason_code)
    if not compensates:
        check("compensating.decline", by=by)
    note = why(note, tells_later=tells_later, compensates=compensates)
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
        before={"purchase_lines": as_before(lines.values())},
        by=by,
        at=at,
    )
    touch(change, kind=Touch.Kind.PURCHASE_ORDER, ids=(line.purchase_order_id for line in lines.values()))
    revised = write_etas(changes, lines, change_set=change, reason_code=reason_code, note=note, at=at)
    impact = replan(products, change_set=change, at=at)
    if change.source != Source.IMPORT:  # of an import, all of it is counted before it is applied
        how = {"tells_later": tells_later, "compensates": compensates}
        given = asked(_as_seen(changes, lines), reason_code=reason_code, note=note, source=source, **how)
        for_impact(impact, Ask("revising.revise_eta", given, about(lines.values())), by=by, approved_by=approved_by)
    if tells_later:
        tell_later({move.customer_id for move in impact.moves}, change, at=at)
    if not compensates:
        compensating.withhold(impact.moves, change=change)
    return Done(change, impact, [line for line, *_ in revised])


def why(note: Sentence, *, tells_later: bool, compensates: bool) -> Any:
    """Return the note as it is kept; staff who tell later, or compensate nobody, have to say why. Raises `NoReason`."""
    is_free = compensates and not tells_later
    return a_text(note) if is_free and isinstance(note, str) else a_reason(note)


def tell_later(customers: set[int], change: ChangeSet, *, at: datetime.datetime) -> None:
    """Let these customers (ids) hear of moved dates from staff alone for a day. Inside the caller's act."""
    until = at + TOLD_BY_STAFF_FOR
    words = [LaterWord(customer_id=pk, change_set=change, until=until) for pk in sorted(customers)]
    LaterWord.objects.bulk_create(
        words, update_conflicts=True, unique_fields=["customer"], update_fields=["change_set", "until"]
    )


def asked(
    changes: Sequence[EtaChange],
    *,
    reason_code: str,
    note: Sentence,
    source: Source | None,
    tells_later: bool,
    compensates: bool,
) -> dict[str, Any]:
    """Return what `revise_eta` is asked for as JSON can carry it; `revise_asked` does it."""
    given: dict[str, Any] = {
        "changes": [as_plain(change) for change in changes],
        "reason_code": reason_code,
        "note": str(note),
        "source": source and source.value,
    }
    given |= {"tells_later": True} if tells_later else {}
    return given if compensates else {**given, "compensates": False}


def revise_asked(given: dict[str, Any], **who: Any) -> Done[list[PurchaseLine]]:
    """Do what was asked for in its plain form, as it was seen then; refused as `revise_eta` refuses."""
    changes = [eta_change(plain) for plain in given["changes"]]
    rest = {name: value for name, value in given.items() if name not in ("changes", "source")}
    return revise_eta(changes, source=Source(given["source"]) if given["source"] else None, **rest, **who)


def about(lines: Iterable[PurchaseLine]) -> str:
    """Name the first purchase line, and how many more there are."""
    first, *more = lines
    return f"{first} + {len(more)}" if more else f"{first}"


def _as_seen(changes: Sequence[EtaChange], lines: dict[int, PurchaseLine]) -> list[EtaChange]:
    """The changes with the versions that their lines, written by now, had before."""
    return [replace(change, seen_version=lines[change.purchase_line_id].version - 1) for change in changes]


def preview_eta(changes: Sequence[EtaChange], *, closed: Sequence[PurchaseLine] = (), at: datetime.datetime) -> Impact:
    """Return whom these ETAs would move, by the same computation as `revise_eta`; raises the same refusals.

    `closed` are purchase lines that would be given up together with it.
    """
    products = _products(changes) + [line.product_id for line in closed]
    if changes or not closed:
        _checked(changes, at=at)

    def revised(situation: Situation) -> None:
        date_lots(situation, changes)
        for line in closed:
            situation.lots.pop(line.pk, None)

    return preview(products, revised, at=at)


def date_lots(situation: Situation, changes: Sequence[EtaChange]) -> None:
    """Let the lots of the situation come when their supplier says; parts beyond the first are lots of their own."""
    for change in changes:
        lot = situation.lots[change.purchase_line_id]
        for number, part in enumerate(change.parts):
            pk = lot.id if not number else youngest(lot.id * 100 + number)
            situation.lots[pk] = _as_lot(lot, pk, part, change.confidence)


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


def _as_lot(lot: Lot, pk: int, part: EtaPart, confidence: str) -> Lot:
    quantity = lot.outstanding if part.quantity is None else part.quantity
    return lot._replace(id=pk, outstanding=quantity, eta_on=part.eta_on, eta_until=part.until, confidence=confidence)


def write_etas(
    changes: Sequence[EtaChange],
    lines: dict[int, PurchaseLine],
    *,
    change_set: ChangeSet,
    reason_code: str,
    note: Sentence,
    at: datetime.datetime,
) -> list[Revised]:
    """Write new ETAs of `lines`, checked and locked; return every one with its ETA before, parts included."""
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
    record_revisions(change_set, revised, reason_code=reason_code, note=note, at=at)
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


def _said(changes: Sequence[EtaChange]) -> set[tuple[object, ...]]:
    """What these changes say of the purchase lines that they name."""
    return {(c.purchase_line_id, part.eta_on, part.until, c.confidence) for c in changes for part in c.parts[:1]}


def _recorded(change: ChangeSet) -> set[tuple[object, ...]]:
    """What a change said, by its revisions."""
    return set(change.eta_revisions.values_list("purchase_line", "new_on", "new_until", "new_confidence"))


def as_before(lines: Iterable[PurchaseLine]) -> list[dict[str, object]]:
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
