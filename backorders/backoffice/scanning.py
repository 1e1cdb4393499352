"""Where a product belongs that was scanned while goods are received, and is of no line of the purchase order."""

from typing import NamedTuple

from backorders.catalog.models import Product
from backorders.supply.models import PurchaseLine, PurchaseOrder

MOST = 5  # purchase orders named; who has more in hand looks at the product
LONGEST = Product._meta.get_field("sku").max_length


class Scanned(NamedTuple):
    """What was scanned, the product it names or None, and the other purchase orders that bring it, the next first."""

    code: str
    product: Product | None
    orders: list[PurchaseOrder]


def scanned(code: str, *, but: PurchaseOrder) -> Scanned:
    """Return where a SKU is outstanding on other purchase orders than `but`."""
    code = code.strip()[:LONGEST].replace("\0", "")
    product = Product.objects.filter(sku__in=[code, code.upper()]).first()
    if product is None:
        return Scanned(code, None, [])
    lines = PurchaseLine.objects.outstanding().filter(product=product).exclude(purchase_order=but)
    lines = lines.select_related("purchase_order__supplier").order_by("eta_on", "id")
    orders = {line.purchase_order_id: line.purchase_order for line in lines[: MOST * MOST]}
    return Scanned(code, product, list(orders.values())[:MOST])
