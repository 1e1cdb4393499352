"""What suppliers deliver: goods are received, serve the queue, and what is short is asked for."""

import copy
import datetime
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from django.contrib.auth.models import AbstractBaseUser
from django.utils.translation import gettext_lazy as _

from backorders import rows
from backorders.access.table import CAPABILITIES
from backorders.actions.checking import NotOpen, a_reason, a_text, whole_units
from backorders.actions.done import Done
from backorders.actions.etas import EtaChange, as_plain, check_change, eta_change
from backorders.actions.freshness import check_unchanged
from backorders.actions.keys import known_act, same_content
from backorders.actions.moving import check_room, move
from backorders.actions.reallocating import (
    GoesBefore,
    Places,
    as_written,
    check_seen,
    new_places,
    parts_made,
    take_parts,
    take_places,
)
from backorders.actions.revising import as_before, date_lots, write_etas
from backorders.actions.seconding import Ask, before_others, for_impact
from backorders.allocation.comparing import Comparison, compare_rules
from backorders.allocation.impact import Impact
from backorders.allocation.locking import lock_products, lock_whole_orders
from backorders.allocation.outcome import outcome
from backorders.allocation.reading import read
from backorders.allocation.replanning import replan
from backorders.allocation.serving import ByHand, Finished, Turn, by_hand, finished, gaining, turns
from backorders.allocation.situation import Situation
from backorders.allocation.windows import business_day
from backorders.changes.acting import act
from backorders.changes.models import ChangeSet, Touch
from backorders.changes.recording import open_change, touch
from backorders.inbox.models import Notice
from backorders.inbox.posting import people_with, post
from backorders.orders.models import OrderLine
from backorders.refusal import Refused
from backorders.supply.models import DamagePhoto, EtaRevision, PurchaseLine, PurchaseOrder, Receipt, StockMovement


class MoreThanOutstanding(Refused):
    """More arrived than is outstanding; what is over must be said to be over."""


class Arrival(NamedTuple):
    """What arrived of a purchase line: good units, units over what was outstanding, damaged units."""

    purchase_line_id: int
    quantity: int
    over: int = 0
    damaged: int = 0
    note: str = ""
    seen_version: int | None = None


@act
def receive(
    arrivals: Sequence[Arrival],
    *,
    first: Sequence[GoesBefore] = (),
    reason: str = "",
    rest: Sequence[EtaChange] = (),
    key: str | None = None,
    approved_by: AbstractBaseUser | None = None,
    by: AbstractBaseUser | None,
    at: datetime.datetime,
) -> Done[list[Receipt]]:
    """Book what arrived and serve the queue in rank order. What is short stays outstanding; damaged units are no stock.

    Lines in `first`, or units of them, go before others first, for a `reason`: that needs a manager. `rest` is when
    what is short comes.

    Raises `MoreThanOutstanding`, `NotWholeUnits`, `NotOpen`, `TooMuchOnHand`, `KeyTaken`, `Stale` if a line changed
    since it was seen; with `first` `NothingToGive`, `NoReason`; with `rest` `BadEta`; `NeedsApproval`.
    """
    lines = _arrived_lines(arrivals)
    products = lock_products(line.product_id for line in lines.values())
    said = _said(arrivals, first, rest)
    if done := known_act("receive", key=key):
        same_content(is_same=said == {name: done.before.get(name, []) for name in said})
        return Done(done, Impact(), list(Receipt.objects.filter(change_set=done)))
    lines = _checked_arrivals(arrivals)
    left = _left(arrivals, lines, rest, at)
    ask = Ask("receiving.receive", _given(arrivals, first, reason, rest, key), str(next(iter(lines.values()))))
    places, parts = Places([], []), []
    if first:
        reason = a_reason(reason)
        before_others(ask, by=by, approved_by=approved_by)
        lock_whole_orders(products)
        check_seen(first)
        wanted, first = first, take_parts(first)
        parts = parts_made(wanted, first)
        places = new_places(read(products), first, at=at)
    before = {**said, **(places.before if first else {}), "purchase_lines": as_before(left)}
    before |= {"parts": parts} if parts else {}
    change = open_change("receive", reason=reason if first else "", key=key, before=before, by=by, at=at)
    touch(change, kind=Touch.Kind.PURCHASE_ORDER, ids=(line.purchase_order_id for line in lines.values()))
    _book(arrivals, lines, change, at)
    if key:
        DamagePhoto.objects.filter(key=key, purchase_line__in=lines, change_set=None).update(change_set=change)
    notes = {arrival.purchase_line_id: arrival.note for arrival in arrivals}
    for each in rest:
        late = {each.purchase_line_id: lines[each.purchase_line_id]}
        note = notes[each.purchase_line_id]
        write_etas([each], late, change_set=change, reason_code=EtaRevision.ReasonCode.OTHER, note=note, at=at)
    if first:
        take_places(places, first, change_set=change)
    made = list(Receipt.objects.filter(change_set=change).order_by("id"))
    _ask_for_the_rest(short_of(lines.values(), today=business_day(at)), by=by, at=at)
    impact = replan(products, change_set=change, at=at)
    if rest:
        for_impact(impact, ask, by=by, approved_by=approved_by)
    return Done(change, impact, made)


def as_asked(given: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments of a receipt from their plain form, as an approval keeps them."""
    return {
        **given,
        "arrivals": [Arrival(*each) for each in given["arrivals"]],
        "first": [GoesBefore(*each) for each in given["first"]],
        "rest": [eta_change(each) for each in given["rest"]],
    }


def _said(arrivals: Sequence[Arrival], first: Sequence[GoesBefore], rest: Sequence[EtaChange]) -> dict[str, Any]:
    """What the key of a receipt stands for, as JSON gives it back."""
    return {
        "arrivals": [[*arrival[:4]] for arrival in arrivals],
        "first": [[*move[:2], *([move.units] if move.units else [])] for move in first],
        "rest": [as_plain(replace(each, seen_version=None)) for each in rest],
    }


def _given(
    arrivals: Sequence[Arrival], first: Sequence[GoesBefore], reason: str, rest: Sequence[EtaChange], key: str | None
) -> dict[str, Any]:
    plain = {"arrivals": [[*each] for each in arrivals], "first": [[*each] for each in first]}
    return {**plain, "reason": reason, "rest": [as_plain(each) for each in rest], "key": key}


def short_of(lines: Iterable[PurchaseLine], *, today: datetime.date) -> list[PurchaseLine]:
    """Return the lines of which less came than was to come by today: their rest needs a date of its own."""
    return [line for line in lines if line.outstanding and (line.eta_until is None or line.eta_until <= today)]


def _ask_for_the_rest(short: Sequence[PurchaseLine], *, by: AbstractBaseUser | None, at: datetime.datetime) -> None:
    """Let those who buy find in their inbox whose rest has no date that can be believed; who books it may be one."""
    units = Counter[int]()
    for line in short:
        units[line.purchase_order_id] += line.outstanding
    buyers = people_with(CAPABILITIES["revising.revise_eta"].roles) if units else []
    orders = PurchaseOrder.objects.select_related("supplier").in_bulk(units)
    for pk, count in units.items():
        words = {"number": orders[pk].number, "supplier": orders[pk].supplier.name, "units": count}
        to = [buyer for buyer in buyers if by is None or buyer != by.pk]
        post(Notice.Kind.SHORT, to=to, key=f"short:{pk}", object_id=pk, words=words, at=at)


class Ahead(NamedTuple):
    """What a receipt would do: to whom, the queue behind each product, what changing it by hand does, other rules.

    `to_orders` are the units by product that orders get of it, `finished` the lines and orders that need no more.
    """

    impact: Impact
    queues: list[list[Turn]]
    by_hand: list[ByHand]
    rules: list[Comparison]
    to_orders: Mapping[int, int]
    finished: Finished


def foresee_receive(
    arrivals: Sequence[Arrival],
    *,
    first: Sequence[GoesBefore] = (),
    rest: Sequence[EtaChange] = (),
    most: int,
    at: datetime.datetime,
) -> Ahead:
    """Return what a receipt would do, with at most so many lines of each queue; raises the refusals of `receive`.

    The rules are compared by rank alone, before anybody is put before others.
    """
    products, situation = _arrived(arrivals, rest=rest, at=at)
    today = business_day(at)
    result = ranked = outcome(situation, today=today)
    rules = compare_rules(situation, today=today)
    if first:
        new_places(situation, first, at=at)
        result = outcome(situation, today=today)
    changed = by_hand(ranked, result) if first else []
    others = OrderLine.objects.waiting().filter(order__in=gaining(result)).exclude(product__in=products)
    done = finished(result, elsewhere=set(others.order_by().values_list("order", flat=True)))
    given: Counter[int] = Counter()
    for after in result.after:
        given[after.line.product_id] += after.allocated - after.line.allocated
    return Ahead(as_written(result.impact()), turns(result, products, most=most), changed, rules, given, done)


def preview_receive(
    arrivals: Sequence[Arrival],
    *,
    first: Sequence[GoesBefore] = (),
    rest: Sequence[EtaChange] = (),
    at: datetime.datetime,
) -> Impact:
    """Return who would be served and moved; raises the same refusals as `receive`. Writes nothing."""
    _products, situation = _arrived(arrivals, rest=rest, at=at)
    if first:
        new_places(situation, first, at=at)
    return as_written(outcome(situation, today=business_day(at)).impact())


def _arrived(
    arrivals: Sequence[Arrival], *, rest: Sequence[EtaChange], at: datetime.datetime
) -> tuple[set[int], Situation]:
    """Return the products concerned and their situation once this arrived; raises the refusals of `receive`."""
    lines = _checked_arrivals(arrivals)
    _left(arrivals, lines, rest, at)
    check_room(_good_units(arrivals, lines))
    products = {line.product_id for line in lines.values()}
    situation = read(products)
    for arrival in arrivals:
        lot = situation.lots.get(arrival.purchase_line_id)
        if lot is not None:
            left = lot.outstanding - arrival.quantity - arrival.damaged
            situation.lots[lot.id] = lot._replace(outstanding=max(left, 0))
        line = lines[arrival.purchase_line_id]
        situation.add_stock(line.product_id, line.warehouse, arrival.quantity + arrival.over)
    date_lots(situation, rest)
    return products, situation


def _left(
    arrivals: Sequence[Arrival], lines: Mapping[int, PurchaseLine], rest: Sequence[EtaChange], at: datetime.datetime
) -> list[PurchaseLine]:
    """Return the lines in `rest` as the receipt leaves them; refuse dates that cannot be said of their rest."""
    arrived = {arrival.purchase_line_id: arrival.quantity + arrival.damaged for arrival in arrivals}
    left = []
    for each in rest:
        if each.purchase_line_id not in arrived:
            raise NotOpen(_("The rest of a line can only be dated when some of it arrives."))
        line = copy.copy(lines[each.purchase_line_id])
        line.received += arrived[line.pk]
        line.version += 1
        check_change(each, line, today=business_day(at))
        left.append(line)
    return left


def _arrived_lines(arrivals: Sequence[Arrival]) -> dict[int, PurchaseLine]:
    wanted = {arrival.purchase_line_id for arrival in arrivals}
    lines = PurchaseLine.objects.select_related("purchase_order", "warehouse").in_bulk(wanted)
    if not wanted or len(wanted) < len(arrivals) or wanted - lines.keys():
        raise NotOpen(_("Name each purchase line once, and at least one that exists."))
    return lines


def _checked_arrivals(arrivals: Sequence[Arrival]) -> dict[int, PurchaseLine]:
    lines = _arrived_lines(arrivals)
    for arrival in arrivals:
        line = lines[arrival.purchase_line_id]
        a_text(arrival.note)
        units = [whole_units(n, least=0) for n in (arrival.quantity, arrival.over, arrival.damaged)]
        if not sum(units):
            raise NotOpen(_("%(line)s: nothing arrived; leave the line out."), line=line)
        if arrival.quantity + arrival.damaged > line.outstanding:
            over = arrival.quantity + arrival.damaged - line.outstanding
            raise MoreThanOutstanding(
                _(
                    "%(line)s: only %(line_outstanding)s are outstanding. Book the other %(over)s as "
                    "over-delivery or send them back."
                ),
                line=line,
                line_outstanding=line.outstanding,
                purchase_line=line.pk,
                over=over,
            )
    check_unchanged(lines.values(), seen={arrival.purchase_line_id: arrival.seen_version for arrival in arrivals})
    return lines


def _good_units(arrivals: Sequence[Arrival], lines: Mapping[int, PurchaseLine]) -> Counter[tuple[int, int]]:
    """Units that become stock, by (product, warehouse)."""
    good = Counter[tuple[int, int]]()
    for arrival in arrivals:
        line = lines[arrival.purchase_line_id]
        good[line.product_id, line.warehouse_id] += arrival.quantity + arrival.over
    return good


def _book(
    arrivals: Sequence[Arrival], lines: dict[int, PurchaseLine], change: ChangeSet, at: datetime.datetime
) -> None:
    today = business_day(at)
    receipts = []
    for arrival in arrivals:
        line = lines[arrival.purchase_line_id]
        late_days = line.eta_until and (today - line.eta_until).days
        receipts.append((*arrival[:4], arrival.note, change.pk, at, today, late_days))
        line.received += arrival.quantity + arrival.damaged
        line.pegged = min(line.pegged, line.outstanding)
        line.version += 1
    fields = "id received pegged version".split()
    rows.update(PurchaseLine, fields, [tuple(getattr(line, name) for name in fields) for line in lines.values()])
    rows.insert(Receipt, "purchase_line quantity over damaged note change_set at on late_days".split(), receipts)
    move(_good_units(arrivals, lines), kind=StockMovement.Kind.RECEIPT, change_set=change, at=at)
