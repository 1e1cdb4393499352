"""Why a product waits and when it comes: its supply, who gets which part of it, and its stock as it is projected."""

import datetime
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from django.db.models import Count, F, Q, Sum

from backorders.actions.wanting import uncovered_of
from backorders.allocation.models import Allocation, Promise
from backorders.allocation.reading import calendars, lot_of
from backorders.allocation.situation import dated_arrival, lateness_of
from backorders.allocation.windows import Calendar, Lateness, put_off, shifted, widened
from backorders.catalog.models import Product
from backorders.orders.models import OrderLine
from backorders.supply.models import PurchaseLine, StockLevel

DAY = datetime.timedelta(days=1)
USED_SHOWN = 200
LOTS_SHOWN = 100
WEEKDAYS = Calendar()  # the picture keeps no holidays


class Use(NamedTuple):
    """Units of a supply that a line gets."""

    allocation: Allocation
    is_late: bool


class Supply(NamedTuple):
    """A supply of the product: stock in a warehouse or a purchase line, who gets it, and what is free of it."""

    stock: StockLevel | None
    lot: PurchaseLine | None
    units: int
    free: int
    uses: list[Use]
    more: int


class Step(NamedTuple):
    """A change of the projected free stock on a day: goods come in, or promised goods have to leave."""

    day: datetime.date
    comes: int
    leaves: int
    level: int


class View(NamedTuple):
    """Everything the page shows of a product."""

    waiting_units: int
    waiting_orders: int
    supplies: list[Supply]
    uncovered_units: int
    uncovered: list[Promise]
    undated_units: int
    start: int
    steps: list[Step]
    next_lot: PurchaseLine | None
    free_after: int

    @property
    def short_units(self) -> int:
        """Units that are missing on the first day on which some are."""
        return -self.short.level if self.short else 0

    @property
    def short(self) -> Step | None:
        """The first day on which more was promised than is there."""
        return next((step for step in self.steps if step.level < 0), None)


def view_of(product: Product, *, today: datetime.date) -> View:
    """Return what the page shows; the number of statements does not depend on how many wait."""
    stocks = list(
        StockLevel.objects.filter(product=product).select_related("warehouse").order_by("warehouse__rank", "id")
    )
    lots = list(
        PurchaseLine.objects.outstanding()
        .filter(product=product)
        .select_related("purchase_order__supplier", "warehouse", "product__category")
        .order_by(F("eta_on").asc(nulls_last=True), "id")[:LOTS_SHOWN]
    )
    waiting = OrderLine.objects.waiting().filter(product=product).order_by()
    sums = waiting.aggregate(units=Sum("waiting"), orders=Count("order", distinct=True))
    uncovered = uncovered_of([product.pk])
    dated = {lot: day for lot in lots if (day := _arrives(lot, today))}
    steps, start, undated = _projected(product, stocks, dated, today)
    free_now = sum(stock.available for stock in stocks)
    next_lot = next((lot for lot in dated if lot.eta_until and lot.eta_until >= today), None)
    return View(
        waiting_units=sums["units"] or 0,
        waiting_orders=sums["orders"],
        supplies=list(_supplies(stocks, lots, today)),
        uncovered_units=uncovered.aggregate(units=Sum("uncovered"))["units"] or 0,
        uncovered=list(uncovered.select_related("line__order__customer").order_by("line")[:USED_SHOWN]),
        undated_units=undated,
        start=start,
        steps=steps,
        next_lot=next_lot,
        free_after=free_now + (next_lot.outstanding - next_lot.pegged if next_lot else 0),
    )


# -- who gets which ---------------------------------------------------------------------------------------------------


def _supplies(stocks: Sequence[StockLevel], lots: Sequence[PurchaseLine], today: datetime.date) -> Iterator[Supply]:
    held = Q(stock_level__in=[stock.pk for stock in stocks]) | Q(purchase_line__in=[lot.pk for lot in lots])
    counted = Allocation.objects.filter(held).order_by().values_list("stock_level", "purchase_line")
    counts = {(stock, lot): count for stock, lot, count in counted.annotate(Count("pk"))}
    related = ("line__order__customer", "line__promise")
    found = Allocation.objects.filter(held).select_related(*related).order_by("line__promise_number", "line_id", "id")
    uses: dict[tuple[int | None, int | None], list[Use]] = {}
    for each in found[:USED_SHOWN]:
        uses.setdefault((each.stock_level_id, each.purchase_line_id), []).append(Use(each, _is_late(each, today)))
    for stock in stocks:
        mine = uses.get((stock.pk, None), [])
        if stock.on_hand:
            more = counts.get((stock.pk, None), 0) - len(mine)
            yield Supply(stock, None, stock.on_hand, stock.available, mine, more)
    for lot in lots:
        mine = uses.get((None, lot.pk), [])
        more = counts.get((None, lot.pk), 0) - len(mine)
        yield Supply(None, lot, lot.outstanding, lot.outstanding - lot.pegged, mine, more)


def _is_late(allocation: Allocation, today: datetime.date) -> bool:
    promise = allocation.line.promise
    told, expected = promise.told_until, promise.expected_until
    return told is not None and (expected is None or expected > told or told < today)


# -- projected stock --------------------------------------------------------------------------------------------------


def _projected(
    product: Product, stocks: Sequence[StockLevel], dated: Mapping[PurchaseLine, datetime.date], today: datetime.date
) -> tuple[list[Step], int, int]:
    """Return the steps of stock if everybody gets what was promised when it was promised, where it starts, and the
    units that were promised for no date.

    Goods come in when the plan counts on them at the latest: the ETA moved by the supplier's own record. Promised
    goods leave us in time for the last day that the customer was told.
    """
    comes: Counter[datetime.date] = Counter()
    for lot, day in dated.items():
        comes[day] += lot.outstanding
    leaves, undated = _leaving(product, today)
    start = level = sum(stock.on_hand for stock in stocks)
    steps = []
    for day in sorted({*comes, *leaves}):
        level += comes[day] - leaves[day]
        steps.append(Step(day, comes[day], leaves[day], level))
    return steps, start, undated


def _arrives(line: PurchaseLine, today: datetime.date) -> datetime.date | None:
    """Return by when the plan counts on a purchase line; None if it does not."""
    lot, category = lot_of(line), line.product.category
    usual = Lateness(category.usual_early_days, category.usual_late_days)
    arrives = dated_arrival(lot, lateness_of(lot, usual=usual), today=today)
    if arrives is None:
        return None
    planned = widened(shifted(arrives, WEEKDAYS, working_days=0), WEEKDAYS)
    return put_off(planned, WEEKDAYS, earliest=WEEKDAYS.add(today, 0), is_overdue=lot.is_overdue(today)).last


def _leaving(product: Product, today: datetime.date) -> tuple[Counter[datetime.date], int]:
    rows = (
        OrderLine.objects.open()
        .filter(product=product)
        .order_by()
        .values_list(
            "promise__told_until", "promise__announced_until", "promise__expected_until", "order__carrier__transit_days"
        )
        .annotate(units=Sum(F("allocated") + F("waiting")))
    )
    calendar = calendars()[0]
    leaves: Counter[datetime.date] = Counter()
    undated = 0
    for told, announced, expected, transit, units in rows:
        promised = told or announced or expected
        if promised is None:
            undated += units
        else:
            leaves[max(_left_by(promised, transit + product.handling_days, calendar), today)] += units
    return leaves, undated


def _left_by(day: datetime.date, working_days: int, calendar: Calendar) -> datetime.date:
    """Return the last day on which goods can be there to be with the customer on `day`."""
    while working_days > 0:
        day -= DAY
        working_days -= calendar.is_working(day)
    return day
