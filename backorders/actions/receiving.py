"""What suppliers deliver: goods are received, serve the queue, and what is short is asked for."""

import datetime
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from django.contrib.auth.models import AbstractBaseUser
from django.utils.translation import gettext_lazy as _

from backorders import rows
from backorders.access.table import CAPABILITIES
from backorders.actions.checking import NotOpen, a_text, whole_units
from backorders.actions.done import Done
from backorders.actions.freshness import check_unchanged
from backorders.actions.keys import known_act, same_content
from backorders.actions.moving import move
from backorders.allocation.comparing import Comparison, compare_rules
from backorders.allocation.impact import Impact
from backorders.allocation.locking import lock_products
from backorders.allocation.replanning import preview, replan
from backorders.allocation.situation import Situation, read
from backorders.allocation.windows import business_day
from backorders.changes.acting import act
from backorders.changes.models import ChangeSet, Touch
from backorders.changes.recording import open_change, touch
from backorders.inbox.models import Notice
from backorders.inbox.posting import people_with, post
from backorders.refusal import Refused
from backorders.supply.models import PurchaseLine, PurchaseOrder, Receipt, StockMovement


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
    arrivals: Sequence[Arrival], *, key: str | None = None, by: AbstractBaseUser | None, at: datetime.datetime
) -> Done[list[Receipt]]:
    """Book what arrived and serve the queue in rank order. What is short stays outstanding; damaged units are no stock.

    Raises `MoreThanOutstanding`, `NotWholeUnits`, `NotOpen`, `KeyTaken`, `Stale` if a line changed since it was seen.
    """
    lines = _arrived_lines(arrivals)
    products = lock_products(line.product_id for line in lines.values())
    before = {"arrivals": [[*arrival[:4]] for arrival in arrivals]}
    if done := known_act("receive", key=key):
        same_content(is_same=done.before == before)
        return Done(done, Impact(), list(Receipt.objects.filter(change_set=done)))
    lines = _checked_arrivals(arrivals)
    check_unchanged(lines.values(), seen={arrival.purchase_line_id: arrival.seen_version for arrival in arrivals})
    change = open_change("receive", key=key, before=before, by=by, at=at)
    touch(change, kind=Touch.Kind.PURCHASE_ORDER, ids=(line.purchase_order_id for line in lines.values()))
    _book(arrivals, lines, change, at)
    made = list(Receipt.objects.filter(change_set=change).order_by("id"))
    _ask_for_the_rest(short_of(lines.values(), today=business_day(at)), by=by, at=at)
    return Done(change, replan(products, change_set=change, at=at), made)


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


def preview_receive(arrivals: Sequence[Arrival], *, at: datetime.datetime) -> Impact:
    """Return who would be served and moved; raises the same refusals as `receive`."""
    lines = _checked_arrivals(arrivals)
    return preview((line.product_id for line in lines.values()), _arrived(arrivals, lines), at=at)


def compare_receive(arrivals: Sequence[Arrival], *, at: datetime.datetime) -> list[Comparison]:
    """Return what serving by other rules than ours would come to; raises the same refusals. Writes nothing."""
    lines = _checked_arrivals(arrivals)
    situation = read(line.product_id for line in lines.values())
    _arrived(arrivals, lines)(situation)
    return compare_rules(situation, today=business_day(at))


def _arrived(arrivals: Sequence[Arrival], lines: Mapping[int, PurchaseLine]) -> Callable[[Situation], None]:
    def arrived(situation: Situation) -> None:
        for arrival in arrivals:
            lot = situation.lots.get(arrival.purchase_line_id)
            if lot is not None:
                left = lot.outstanding - arrival.quantity - arrival.damaged
                situation.lots[lot.id] = lot._replace(outstanding=left)
            line = lines[arrival.purchase_line_id]
            situation.add_stock(line.product_id, line.warehouse, arrival.quantity + arrival.over)

    return arrived


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
    return lines


def _book(
    arrivals: Sequence[Arrival], lines: dict[int, PurchaseLine], change: ChangeSet, at: datetime.datetime
) -> None:
    today = business_day(at)
    good: Counter[tuple[int, int]] = Counter()
    receipts = []
    for arrival in arrivals:
        line = lines[arrival.purchase_line_id]
        late_days = line.eta_until and (today - line.eta_until).days
        receipts.append((*arrival[:4], arrival.note, change.pk, at, today, late_days))
        line.received += arrival.quantity + arrival.damaged
        line.pegged = min(line.pegged, line.outstanding)
        line.version += 1
        good[line.product_id, line.warehouse_id] += arrival.quantity + arrival.over
    fields = "id received pegged version".split()
    rows.update(PurchaseLine, fields, [tuple(getattr(line, name) for name in fields) for line in lines.values()])
    rows.insert(Receipt, "purchase_line quantity over damaged note change_set at on late_days".split(), receipts)
    move(good, kind=StockMovement.Kind.RECEIPT, change_set=change, at=at)
