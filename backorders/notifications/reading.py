"""Everything there is to tell some customers, read from state: one statement for each kind of thing."""

import datetime
from collections.abc import Iterable, Sequence

from django.db.models import F, Max, Q, QuerySet

from backorders.allocation.alternatives import Alternative, how_many_for
from backorders.allocation.models import Promise, PromiseChange
from backorders.allocation.reasons import given_reasons
from backorders.allocation.windows import Window, business_day
from backorders.notifications import noticing
from backorders.notifications.due import ARRIVED, rested_offers, words_within
from backorders.notifications.found import (
    CALLED_OFF,
    GIFTED,
    LINE,
    OFFERED,
    SHIPPED,
    CalledOff,
    Found,
    Gifted,
    Line,
    Offered,
    Shipped,
)
from backorders.notifications.letters import Addressee
from backorders.notifications.models import SAID, Message, MessageLine
from backorders.notifications.policy import TellingPolicy
from backorders.orders.models import (
    Cancellation,
    Compensation,
    Customer,
    Order,
    OrderLine,
    Refund,
    Shipment,
    ShipmentLine,
)

# Lines whose newest date was announced, or differs so little that it need not be.
SETTLED = Q(gap_since=None) | Q(weighed_version=F("version"))


def read(customers: Sequence[int], *, at: datetime.datetime, policy: TellingPolicy) -> Found:
    """Read everything there is to tell these customers. The number of statements does not depend on how many."""
    gaps = _lines(Promise.objects.untold().filter(customer__in=customers))
    unconfirmed_orders = dict(
        Order.objects.filter(is_confirmed=False, customer__in=customers).values_list("id", "customer_id")
    )
    unconfirmed = _lines(Promise.objects.filter(line__order__in=unconfirmed_orders)) if unconfirmed_orders else []
    with_lines = {line.order_id for line in unconfirmed}
    shipped = _parcels(Shipment.objects.filter(is_announced=False), customers)
    arrived = _parcels(ARRIVED, customers)
    offered = _offered(customers, at, policy)
    sent = {row.order_id for row in (*shipped, *arrived)}
    # Whoever is written to anyway need not be written to again within the days of the cap.
    again_on = business_day(at + policy.cap)
    updates_due = Promise.objects.filter(customer__in=customers, line__next_update__on__lte=again_on).filter(SETTLED)
    cancelled = _cancelled(customers)
    again = [line.line_id for line in gaps if line.weighed_version is not None]
    owed = noticing.owed(customers, at=at, today=business_day(at))
    noticed = _lines(Promise.objects.filter(line__in=owed)) if owed else []
    orders = {line.order_id for line in (*gaps, *noticed)}
    still = _lines(updates_due)
    dated = orders | {line.order_id for line in still}
    return Found(
        addressees=addressees(customers),
        gaps=gaps,
        unconfirmed=unconfirmed,
        empty_orders=[(order, customer) for order, customer in unconfirmed_orders.items() if order not in with_lines],
        updates_due=still,
        due_again=set(
            updates_due.filter(line__next_update__on__lte=business_day(at)).order_by().values_list("line_id", flat=True)
        ),
        shipped=shipped,
        arrived=arrived,
        beside=_lines(Promise.objects.filter(line__order__in=sent)) if sent else [],
        offered=offered,
        offered_for=_lines(Promise.objects.filter(line__in={row.line_id for row in offered})) if offered else [],
        cancelled=cancelled,
        gifts=_gifts(customers),
        refunds=_refunds([row.cancellation_id for row in cancelled]),
        last_word=last_words(customers, at, policy),
        reasons=given_reasons([line.line_id for line in (*gaps, *noticed)]),
        moves=_moves(again),
        sorry_before=_orders_of(Message.objects.filter(has_apology=True), orders),
        later_before=_orders_of(Message.objects.filter(kind=Message.Kind.LATER), orders),
        owed=owed,
        noticed=noticed,
        alternatives=how_many_for([line.line_id for line in (*gaps, *noticed, *still)], today=business_day(at)),
        dates=_dates(dated) if dated else {},
    )


def addressees(customers: Iterable[int]) -> dict[int, Addressee]:
    """Return these customers as a letter addresses them, without those who are not written to."""
    found = Customer.objects.filter(id__in=customers, is_written_to=True).values_list(
        "id", "name", "email", "language", "address_version", "wants_all_updates"
    )
    return {row[0]: Addressee(*row) for row in found}


def _lines(promises: "QuerySet[Promise]") -> list[Line]:
    return [Line(*row) for row in promises.order_by("line__order_id", "line_id").values_list(*LINE)]


def _dates(orders: Iterable[int]) -> dict[int, set[Window | None]]:
    promises = Promise.objects.filter(line__order__in=orders).exclude(line__waiting=0, line__allocated=0)
    dates: dict[int, set[Window | None]] = {}
    for order, first, last in promises.order_by().values_list("line__order_id", "expected_from", "expected_until"):
        dates.setdefault(order, set()).add(Window.between(first, last))
    return dates


def _offered(customers: Sequence[int], at: datetime.datetime, policy: TellingPolicy) -> list[Offered]:
    found = rested_offers(at, policy).filter(line__order__customer__in=customers)
    return [Offered(*row) for row in found.order_by("line__order_id", "line_id", "id").values_list(*OFFERED)]


def with_offers(found: Found, choices: Sequence[Alternative]) -> Found:
    """Return what was found as if these alternatives had been offered, too, and had rested. Two statements."""
    if not choices:
        return found
    lines = {line.line_id: line for line in _lines(Promise.objects.filter(line__in={row.line_id for row in choices}))}
    money = ("id", "price", "owed_on_top", "unpaid", "order__currency", "order__is_paid")
    prices = {pk: known for pk, *known in OrderLine.objects.filter(pk__in=lines).order_by().values_list(*money)}
    offered = [
        Offered(
            *(0, line.line_id, line.order_id, line.customer_id, line.product_id, row.units, row.product.name),
            *(row.arrives.first, row.arrives.last, row.price.unit, row.price.back, *prices[line.line_id]),
        )
        for row in choices
        if row.arrives and row.price and (line := lines.get(row.line_id))
    ]
    known = {line.line_id for line in found.offered_for}
    more = [lines[pk] for pk in sorted({row.line_id for row in offered} - known)]
    return found._replace(offered=[*found.offered, *offered], offered_for=[*found.offered_for, *more])


def _parcels(shipments: "QuerySet[Shipment]", customers: Sequence[int]) -> list[Shipped]:
    lines = ShipmentLine.objects.filter(shipment__in=shipments.filter(order__customer__in=customers))
    return [Shipped(*row) for row in lines.order_by("shipment__order_id", "shipment_id", "id").values_list(*SHIPPED)]


def _cancelled(customers: Sequence[int]) -> list[CalledOff]:
    found = Cancellation.objects.filter(is_announced=False, line__order__customer__in=customers)
    return [CalledOff(*row) for row in found.order_by("line__order_id", "line_id", "id").values_list(*CALLED_OFF)]


def _gifts(customers: Sequence[int]) -> list[Gifted]:
    """Compensations always belong to a line where they are announced by the clock."""
    found = Compensation.objects.filter(is_announced=False, line__isnull=False, order__customer__in=customers)
    return [Gifted(*row) for row in found.order_by("order_id", "line_id", "id").values_list(*GIFTED)]


def _refunds(cancellations: Sequence[int]) -> dict[int, Refund]:
    if not cancellations:
        return {}
    owed = Refund.objects.filter(cancellation__in=cancellations).select_related("cancellation__line__order__customer")
    return {refund.cancellation_id: refund for refund in owed}


def last_words(customers: Sequence[int], at: datetime.datetime, policy: TellingPolicy) -> dict[int, datetime.datetime]:
    """When each customer last was written to about a date, within the time of the cap."""
    words = words_within(at, policy).filter(customer__in=customers)
    return dict(words.order_by().values("customer").annotate(last=Max("created_at")).values_list("customer", "last"))


def _moves(lines: Sequence[int]) -> dict[int, list[datetime.datetime]]:
    """When these lines' dates moved, newest first."""
    moves: dict[int, list[datetime.datetime]] = {}
    if lines:
        changes = PromiseChange.objects.filter(line__in=lines).order_by("line", "-id")
        for line, at in changes.values_list("line_id", "at"):
            moves.setdefault(line, []).append(at)
    return moves


def _orders_of(messages: "QuerySet[Message]", orders: set[int]) -> set[int]:
    """Which of the orders these messages (that were not taken back) speak of."""
    if not orders:
        return set()
    spoken = messages.filter(state__in=SAID)
    return set(
        MessageLine.objects.filter(order__in=orders, message__in=spoken)
        .filter(promise_version__isnull=False)
        .order_by()
        .values_list("order_id", flat=True)
        .distinct()
    )
