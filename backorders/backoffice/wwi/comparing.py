"""Comparing what was brought in with what the files themselves say (a JSON of figures computed from them)."""

import datetime
from collections import Counter
from collections.abc import Iterator, Mapping
from statistics import mean, median, quantiles
from typing import Any, NamedTuple

from django.db.models import Count, F, Min, Q, QuerySet, Sum
from django.db.models.functions import TruncDate

from backorders.backoffice.wwi.bringing import SHOP
from backorders.backoffice.wwi.reading import ZONE
from backorders.orders.models import Order, OrderLine, ShipmentLine
from backorders.supply.models import PurchaseLine, Receipt

LAST_PICK = datetime.date(2016, 5, 31)
LATER_PICKS = f"theirs counts picks up to {LAST_PICK}, after the day that was brought in"
ORDERS_OF_THEIR_OWN = "theirs counts a backorder order as one of its own; here its lines stay on the customer's"


class Compared(NamedTuple):
    """One figure, or one for each of several keys: ours, theirs, and why they may differ by definition."""

    name: str
    ours: Any
    theirs: Any
    why: str = ""

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
    """Yield every figure whose definition meets ours when everything up to the evening of `as_of` was brought in."""
    lines = OrderLine.objects.filter(order__shop=SHOP).order_by()
    if as_of.isoformat() >= truth["period"][1]:
        yield from _sales(truth, lines)
        yield from _waits(truth, why=LATER_PICKS if as_of < LAST_PICK else "")
        yield from _purchasing(truth, as_of)
    if as_of.isoformat() == truth["as_of"]:
        yield from _open(truth, lines.filter(waiting__gt=0), as_of)
    yield from _months(truth, lines, as_of)


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
    items = {str(int(sku[4:])): n for sku, n in late.values_list("product__sku").annotate(n=Count("id"))}
    theirs = truth["top_backordered_items"]
    yield Compared("most backordered items", {item: items.get(item, 0) for item in theirs}, theirs)
    parcels = ShipmentLine.objects.filter(line__order__shop=SHOP)
    same_day = parcels.filter(shipment__shipped_at__date=F("line__placed_at__date")).count()
    yield Compared("lines picked on the order date", same_day, truth["lines_picked_on_order_date"])


def _waits(truth: Mapping[str, Any], *, why: str) -> Iterator[Compared]:
    """How long backordered lines waited until they were picked, in calendar days."""
    picked = ShipmentLine.objects.filter(line__order__shop=SHOP).exclude(line__cause="").order_by("id")
    moments = picked.values_list("shipment__shipped_at", "line__placed_at")
    days = [(_date(shipped) - _date(placed)).days for shipped, placed in moments]
    hundredths = quantiles(days, n=100, method="inclusive") if len(days) > 1 else [*days, 0][:1] * 99
    yield Compared("backordered lines later picked", len(days), truth["backordered_lines_later_picked"], why)
    theirs = truth["wait_days_picked_backordered"]
    yield Compared("days they waited, mean", round(mean(days or [0]), 4), theirs["mean"], why)
    yield Compared("days they waited, at most", max(days, default=0), theirs["max"], why)
    for name, place in (("p25", 25), ("median", 50), ("p75", 75), ("p90", 90)):
        yield Compared(f"days they waited, {name}", hundredths[place - 1], theirs[name], why)


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
    yield Compared("open orders", counts["orders"], truth["open_orders_as_of"], ORDERS_OF_THEIR_OWN)
    ages = [(as_of - _date(at)).days for at in waiting.values_list("placed_at", flat=True)] or [0]
    theirs = truth["open_age_days_as_of"]
    yield Compared("open lines, mean age in days", round(mean(ages), 4), theirs["mean"])
    yield Compared("open lines, median age in days", median(ages), theirs["median"])
    yield Compared("open lines, greatest age in days", max(ages), theirs["max"])
    for days in (30, 90):
        yield Compared(f"open lines older than {days} days", sum(a > days for a in ages), theirs[f"over_{days}"])


def _months(truth: Mapping[str, Any], lines: QuerySet[OrderLine], as_of: datetime.date) -> Iterator[Compared]:
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
    if as_of.isoformat() >= truth["period"][1]:
        yield Compared("order lines by month", dict(placed), truth["lines_by_month"])
        yield Compared("backordered lines by month", dict(late), truth["backordered_lines_by_month"])
        yearly = Counter[str]()
        for month, count in late.items():
            yearly[month[:4]] += count
        yield Compared("backordered lines by year", dict(yearly), truth["backordered_lines_by_year"])
    theirs = {end: count for end, count in truth["open_lines_month_end"].items() if end <= as_of.isoformat()}
    ours = {
        end: sum(placed[month] - closed[month] for month in placed.keys() | closed.keys() if month <= end[:7])
        for end in theirs
    }
    yield Compared("open lines at the end of the month", ours, theirs)


def _purchasing(truth: Mapping[str, Any], as_of: datetime.date) -> Iterator[Compared]:
    theirs = truth["purchasing"]
    promised = (
        PurchaseLine.objects.order_by()
        .values("purchase_order")
        .annotate(days=Min(F("first_eta_on") - F("purchase_order__ordered_on")))
    )
    promises = [days.days for days in promised.values_list("days", flat=True) if days is not None]
    yield Compared("days promised by suppliers, mean", round(mean(promises or [0]), 4), theirs["promised_days"]["mean"])
    late = Receipt.objects.filter(late_days__gt=0).count()
    yield Compared("receipts later than expected", late, theirs["receipts_later_than_expected"])
    if as_of.isoformat() == truth["as_of"]:
        booked = Receipt.objects.aggregate(n=Count("id"), units=Sum("quantity"))
        yield Compared("receipts", booked["n"], truth["stock_transactions"]["11"]["n"])
        yield Compared("units received", booked["units"] or 0, truth["stock_transactions"]["11"]["qty"])


def _date(moment: datetime.datetime) -> datetime.date:
    return moment.astimezone(ZONE).date()
