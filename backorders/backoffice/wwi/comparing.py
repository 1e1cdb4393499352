"""Comparing what was brought in with what the files themselves say (a JSON of figures computed from them)."""

import datetime
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Count, F, Min, Q, Sum

from backorders.orders.models import Order, OrderLine, Shipment
from backorders.supply.models import PurchaseLine, Receipt

SHOP = "wwi"


class Compared(NamedTuple):
    """One figure: ours and theirs."""

    name: str
    ours: Any
    theirs: Any

    @property
    def is_equal(self) -> bool:
        """Whether they agree, money to the cent."""
        return round(float(self.ours), 2) == round(float(self.theirs), 2)


def compare(truth: Mapping[str, Any], *, as_of: datetime.date) -> Iterator[Compared]:
    """Yield the figures whose definitions meet."""
    orders = Order.objects.filter(shop=SHOP)
    lines = OrderLine.objects.filter(order__shop=SHOP)
    late = lines.exclude(cause="")
    waiting = lines.filter(waiting__gt=0)
    value = Sum(F("quantity") * F("price"))
    yield Compared("order lines", lines.count(), truth["rows"]["order_lines"])
    yield Compared("customer orders", orders.count(), truth["customer_orders_excluding_backorder_orders"])
    split = late.values("order").distinct().count()
    yield Compared("orders with a backordered line", split, truth["customer_orders_split"])
    yield Compared("backordered lines", late.count(), truth["backordered_lines"])
    yield Compared("backordered units", late.aggregate(n=Sum("quantity"))["n"], truth["backordered_units"])
    yield Compared("backordered value", late.aggregate(n=value)["n"], truth["backordered_value"])
    yield Compared("units", lines.aggregate(n=Sum("quantity"))["n"], truth["total_units"])
    yield Compared("value", lines.aggregate(n=value)["n"], truth["total_value"])
    if as_of.isoformat() == truth["as_of"]:
        counts = waiting.aggregate(
            lines=Count("id"),
            units=Sum("waiting"),
            customers=Count("order__customer", distinct=True),
            items=Count("product", distinct=True),
            value=value,
        )
        for name in ("lines", "units", "customers", "items", "value"):
            yield Compared(f"open {name}", counts[name], truth[f"open_{name}_as_of"])
        open_orders = waiting.values("order").distinct().count()
        yield Compared("open orders (ours are customer orders)", open_orders, truth["open_orders_as_of"])
    same_day = _picked_on_the_order_date()
    yield Compared("lines picked on the order date", same_day, truth["lines_picked_on_order_date"])
    yield Compared("purchase lines", PurchaseLine.objects.count(), truth["rows"]["purchase_order_lines"])
    yield Compared("receipts", Receipt.objects.count(), truth["stock_transactions"]["11"]["n"])
    first = Shipment.objects.filter(order__shop=SHOP).aggregate(n=Min("shipped_at"))["n"]
    yield Compared("first year", first.year if first else 0, int(truth["period"][0][:4]))
    yearly = late.filter(placed_at__year=as_of.year).aggregate(n=Count("id", filter=Q(quantity__gt=0)))["n"]
    yield Compared(f"backordered lines of {as_of.year}", yearly, truth["backordered_lines_by_year"][str(as_of.year)])


def _picked_on_the_order_date() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM orders_shipmentline s JOIN orders_shipment h ON h.id = s.shipment_id "
            "JOIN orders_order o ON o.id = h.order_id WHERE o.shop = %s AND date(h.shipped_at) = date(o.placed_at)",
            [SHOP],
        )
        return int(cursor.fetchone()[0])
