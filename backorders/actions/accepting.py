"""Whether a product may be sold before it arrived: its backorder policy, its longest wait, its supplier's risk."""

import datetime
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from django.db.models import F, Sum

from backorders.allocation.joining import Joined
from backorders.allocation.windows import Window
from backorders.catalog.models import Product, Substitute
from backorders.orders.models import OrderLine
from backorders.refusal import Refused
from backorders.supply.models import PurchaseLine, SupplierProduct


class UnknownProduct(Refused):
    """No product has this SKU, or it is not sold any more."""


class NotAccepted(Refused):
    """The product's policy does not allow it to be sold now; `details["substitutes"]` names what arrives sooner."""


class Offer(NamedTuple):
    """A substitute that can be shipped now."""

    sku: str
    name: str
    available: int


def products_of(wanted: Sequence[Product | str]) -> list[Product]:
    """Return the products that these products or SKUs name, in the same order; refuse unknown or inactive ones."""
    skus = [product if isinstance(product, str) else product.sku for product in wanted]
    known = Product.objects.in_bulk(set(skus), field_name="sku")
    for sku in skus:
        if sku not in known:
            raise UnknownProduct(f"No product has the SKU {sku}.", sku=sku)
        if not known[sku].is_active:
            raise UnknownProduct(f"{sku} is not sold any more.", sku=sku)
    return [known[sku] for sku in skus]


def accept(wanted: Iterable[tuple[Product, int, Joined]], *, today: datetime.date) -> None:
    """Refuse to sell (product, units, how they would be supplied) if the policy of a product does not allow it.

    What is wanted together counts together: two lines of one order cannot each use up the same limit.
    """
    waiting: Counter[int] = Counter()
    for product, quantity, joined in wanted:
        waits = quantity - joined.allocated
        waiting[product.pk] += waits
        why = waits and _objection(product, waiting[product.pk], joined, today)
        if why:
            offers = substitutes(product, quantity=quantity)
            instead = f" In stock instead: {', '.join(f'{o.sku} {o.name}' for o in offers)}." if offers else ""
            raise NotAccepted(f"{product.sku}: {why}{instead}", sku=product.sku, substitutes=offers)


def substitutes(product: Product, *, quantity: int) -> list[Offer]:
    """Return the product's substitutes of which `quantity` units lie available now, best rank first.

    They arrive sooner than anything that waits.
    """
    free = Sum(F("substitute__stock_levels__on_hand") - F("substitute__stock_levels__allocated"))
    rows = Substitute.objects.filter(product=product, substitute__is_active=True).annotate(free=free)
    rows = rows.filter(free__gte=quantity).order_by("rank", "id")
    return [Offer(*row) for row in rows.values_list("substitute__sku", "substitute__name", "free")]


def _objection(product: Product, waits: int, joined: Joined, today: datetime.date) -> str:
    policy = product.backorder_policy
    if policy == Product.BackorderPolicy.NEVER:
        return f"only {joined.allocated} available, and it is not sold before it arrives."
    if policy == Product.BackorderPolicy.LIMITED:
        waiting = OrderLine.objects.waiting().filter(product=product).aggregate(n=Sum("waiting"))["n"] or 0
        if waiting + waits > (product.backorder_limit or 0):
            return f"{waiting} units wait already, and at most {product.backorder_limit} may."
    if policy == Product.BackorderPolicy.INBOUND and joined.uncovered:
        return f"{joined.uncovered} more than what is on its way."
    return _wait_objection(product, joined.own, today) or _risk_objection(product, joined)


def _wait_objection(product: Product, window: Window | None, today: datetime.date) -> str:
    if product.longest_wait_days is None:
        return ""
    if window is None:
        return f"no date can be given, and nobody is to wait longer than {product.longest_wait_days} days."
    waits = (window.last - today).days
    return (
        f"it would take {waits} days, and at most {product.longest_wait_days} are allowed."
        if waits > product.longest_wait_days
        else ""
    )


def _risk_objection(product: Product, joined: Joined) -> str:
    lots = [supply for is_stock, supply, _ in joined.pieces if not is_stock]
    leans = PurchaseLine.objects.filter(id__in=lots, purchase_order__supplier__is_at_risk=True).exists()
    if not leans and joined.uncovered:
        first = SupplierProduct.objects.filter(product=product).order_by("rank", "id").first()
        leans = first is not None and first.supplier.is_at_risk
    return "its supplier is at risk, so no new backorders lean on it." if leans else ""
