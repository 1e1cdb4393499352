"""Where goods belong that were scanned: which purchase order is meant, or brings the product."""

from typing import NamedTuple

from backorders.catalog.models import Product
from backorders.supply.models import PurchaseLine, PurchaseOrder

MOST = 5  # purchase orders named; who has more in hand looks at the product
LONGEST = Product._meta.get_field("sku").max_length


class Scanned(NamedTuple):
    """What was scanned, the product it names or None, and the purchase orders that bring it, the next first.

    Where it is the number of a purchase order itself, `orders` is that one alone.
    """

    code: str
    product: Product | None
    orders: list[PurchaseOrder]


def scanned(code: str, *, but: PurchaseOrder | None = None) -> Scanned:
    """Return which purchase order a scanned number is, or where a scanned SKU is outstanding, `but` one left out."""
    code = code.strip()[:LONGEST].replace("\0", "")
    named = PurchaseOrder.objects.filter(number__in=[code, code.upper()]).select_related("supplier").order_by("id")
    if order := named.first():
        return Scanned(code, None, [order])
    product = Product.objects.filter(sku__in=[code, code.upper()]).first()
    if product is None:
        return Scanned(code, None, [])
    lines = PurchaseLine.objects.outstanding().filter(product=product)
    lines = lines.exclude(purchase_order=but) if but else lines
    lines = lines.select_related("purchase_order__supplier").order_by("eta_on", "id")
    orders = {line.purchase_order_id: line.purchase_order for line in lines[: MOST * MOST]}
    return Scanned(code, product, list(orders.values())[:MOST])
