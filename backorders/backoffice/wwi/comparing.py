"""Comparing what was brought in with what the files themselves say (a JSON of figures computed from them)."""

import datetime
from collections import Counter
from collections.abc import Iterator, Mapping
from statistics import mean, median
from typing import Any, NamedTuple

from django.db.models import Count, F, Q, QuerySet, Sum
from django.db.models.functions import TruncDate

from backorders.backoffice.wwi.bringing import SHOP
from backorders.orders.models import Order, OrderLine, ShipmentLine
from backorders.refusal import Refused
from backorders.supply.models import PurchaseLine, Receipt


class OtherDay(Refused):
    """The figures are of another day than the import."""


class Compared(NamedTuple):
    """One figure, or one for each of several keys: ours and theirs."""

    name: str
    ours: Any
    theirs: Any

    @property
    def is_equal(self) -> bool:
        """Whether they agree, money to the cent and shares to four digits."""
        if isinstance(self.ours, dict):
            return bool(self.ours == self.theirs)
        return abs(float(self.ours) - float(self.theirs)) < 0.005

    @property
    def shown(self) -> tuple[str, str]:
        """Both sides as they are printed; of several, how many agree."""
        if not isinstance(self.ours, dict):
            return str(self.ours), str(self.theirs)
        same = sum(self.ours.get(key) == value for key, value in self.theirs.items())
        return f"{same} equal", f"of {len(self.theirs)}"


def compare(truth: Mapping[str, Any], *, as_of: datetime.date) -> Iterator[Compared]:
    """Yield every figure whose definitions meet. Raises `OtherDay` if the figures are not of the day `as_of`."""
    if truth.get("as_of") != as_of.isoformat():
        raise OtherDay(f"The figures are as of {truth.get('as_of')}, the import as of {as_of}.")
    lines = OrderLine.objects.filter(order__shop=SHOP).order_by()
    yield from _sales(truth, lines)
    yield from _open(truth, lines.filter(waiting__gt=0), as_of)
    yield from _months(truth, lines)
    yield from _purchasing(truth)


_VALUE = Sum(F("quantity") * F("price"))


def _sales(truth: Mapping[str, Any], lines: QuerySet[OrderLine]) -> Iterator[Compared]:
    orders = Order.objects.filter(shop=SHOP).count()
    late = lines.exclude(cause="")
    sold = lines.aggregate(lines=Count("id"), units=Sum("quantity"), value=_VALUE)
    short = late.aggregate(lines=Count("id"), units=Sum("quantity"), value=_VALUE, orders=Count("order", distinct=True))
    yield Compared("customer orders", orders, truth["customer_orders_excluding_backorder_orders"])
    yield Compared("order lines", sold["lines"], truth["rows"]["order_lines"])
    yield Compared("units", sold["units"], truth["total_units"])
    yield Compared("value", sold["value"], truth["total_value"])
    yield Compared("orders with a backordered line", short["orders"], truth["customer_orders_split"])
    yield Compared("backordered lines", short["lines"], truth["backordered_lines"])
    yield Compared("backordered units", short["units"], truth["backordered_units"])
    yield Compared("backordered value", short["value"], truth["backordered_value"])
    items = Counter(dict(late.values_list("product__sku").annotate(n=Count("id"))))
    top = {str(int(sku[4:])): n for sku, n in items.most_common(10)}
    yield Compared("most backordered items", top, truth["top_backordered_items"])
    parcels = ShipmentLine.objects.filter(line__order__shop=SHOP)
    same_day = parcels.filter(shipment__shipped_at__date=F("line__placed_at__date")).count()
    yield Compared("lines picked on the order date", same_day, truth["lines_picked_on_order_date"])


def _open(truth: Mapping[str, Any], waiting: QuerySet[OrderLine], as_of: datetime.date) -> Iterator[Compared]:
    counts = waiting.aggregate(
        lines=Count("id"),
        units=Sum("waiting"),
        customers=Count("order__customer", distinct=True),
        items=Count("product", distinct=True),
        value=_VALUE,
        orders=Count("order", distinct=True),
    )
    for name in ("lines", "units", "customers", "items", "value"):
        yield Compared(f"open {name}", counts[name] or 0, truth[f"open_{name}_as_of"])
    yield Compared("open orders (ours are customers' orders)", counts["orders"], truth["open_orders_as_of"])
    ages = [(as_of - at.date()).days for at in waiting.values_list("placed_at", flat=True)] or [0]
    theirs = truth["open_age_days_as_of"]
    yield Compared("open lines, mean age in days", round(mean(ages), 4), theirs["mean"])
    yield Compared("open lines, median age in days", median(ages), theirs["median"])
    yield Compared("open lines, greatest age in days", max(ages), theirs["max"])
    for days in (30, 90):
        yield Compared(f"open lines older than {days} days", sum(a > days for a in ages), theirs[f"over_{days}"])


def _months(truth: Mapping[str, Any], lines: QuerySet[OrderLine]) -> Iterator[Compared]:
    """Month by month, from dates alone: what came in, what was backordered, what was open at the end."""
    placed, late, closed = Counter[str](), Counter[str](), Counter[str]()
    on = lines.annotate(on=TruncDate("placed_at")).values("on")
    for day, count, short in on.annotate(n=Count("id"), late=Count("id", filter=~Q(cause=""))).values_list(
        "on", "n", "late"
    ):
        placed[f"{day:%Y-%m}"] += count
        late[f"{day:%Y-%m}"] += short
    left = ShipmentLine.objects.filter(line__order__shop=SHOP).order_by().annotate(on=TruncDate("shipment__shipped_at"))
    for day, count in left.values("on").annotate(n=Count("id")).values_list("on", "n"):
        closed[f"{day:%Y-%m}"] += count
    yield Compared("order lines by month", dict(placed), truth["lines_by_month"])
    yield Compared("backordered lines by month", dict(late), truth["backordered_lines_by_month"])
    yearly = Counter[str]()
    for month, count in late.items():
        yearly[month[:4]] += count
    yield Compared("backordered lines by year", dict(yearly), truth["backordered_lines_by_year"])
    ends = {
        end: sum(placed[month] - closed[month] for month in placed.keys() | closed.keys() if month <= end[:7])
        for end in truth["open_lines_month_end"]
    }
    yield Compared("open lines at the end of the month", ends, truth["open_lines_month_end"])


def _purchasing(truth: Mapping[str, Any]) -> Iterator[Compared]:
    theirs = truth["purchasing"]
    receipts = Receipt.objects.filter(purchase_line__purchase_order__number__startswith="WWI-")
    yield Compared("purchase lines", PurchaseLine.objects.count(), truth["rows"]["purchase_order_lines"])
    yield Compared("receipts", receipts.count(), truth["stock_transactions"]["11"]["n"])
    units = receipts.aggregate(n=Sum("quantity"))["n"]
    yield Compared("units received", units, truth["stock_transactions"]["11"]["qty"])
    late = receipts.filter(late_days__gt=0).count()
    yield Compared("receipts later than expected", late, theirs["receipts_later_than_expected"])
