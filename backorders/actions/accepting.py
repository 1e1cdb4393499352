"""Whether a product may be sold before it arrived: its backorder policy, its longest wait, its supplier's risk."""

import datetime
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from django.db import connection
from django.db.models import QuerySet, Sum
from django.utils.translation import gettext_lazy as _

from backorders import rows
from backorders.actions.checking import a_text
from backorders.allocation.alternatives import lying_free
from backorders.allocation.joining import Joined
from backorders.allocation.salability import objection
from backorders.catalog.models import Category, Product
from backorders.orders.models import OrderLine
from backorders.refusal import Refused
from backorders.supply.models import PurchaseLine, SupplierProduct


class UnknownProduct(Refused):
    """No product has this SKU, or it is not sold any more."""


class NotAccepted(Refused):
    """The product's policy does not allow it to be sold now; `details["substitutes"]` names what arrives sooner."""


def products_of(wanted: Sequence[Product | str]) -> list[Product]:
    """Return the products that these products or SKUs name, in the same order; refuse unknown or inactive ones."""
    return ask_for_products(wanted)()


def ask_for_products(wanted: Sequence[Product | str]) -> Callable[[], list[Product]]:
    """Ask for what `products_of` returns; call what comes back for it, or for its refusal."""
    skus = [a_text(product) if isinstance(product, str) else product.sku for product in wanted]
    answer = rows.ask(_with_category, sorted(set(skus)))
    return lambda: _sold(skus, {product.sku: product for product in map(_whole, answer())})


def _sold(skus: Sequence[str], known: Mapping[str, Product]) -> list[Product]:
    for sku in skus:
        if sku not in known:
            raise UnknownProduct(_("No product has the SKU %(sku)s."), sku=sku)
        if not known[sku].is_active:
            raise UnknownProduct(_("%(sku)s is not sold any more."), sku=sku)
    return [known[sku] for sku in skus]


_PRODUCT = [field.attname for field in Product._meta.concrete_fields]
_CATEGORY = [field.attname for field in Category._meta.concrete_fields]


def _with_category(skus: Sequence[str]) -> QuerySet[Product, Any]:
    category = [f"category__{name}" for name in _CATEGORY]
    return Product.objects.filter(sku__in=skus).order_by("id").values_list(*_PRODUCT, *category)


def _whole(row: Sequence[Any]) -> Product:
    product = Product.from_db(connection.alias, _PRODUCT, row[: len(_PRODUCT)])
    product.category = Category.from_db(connection.alias, _CATEGORY, row[len(_PRODUCT) :])
    return product


def accept(wanted: Iterable[tuple[Product, int, Joined]], *, today: datetime.date) -> None:
    """Refuse to sell (product, units, how they would be supplied) if the policy of a product does not allow it.

    What is wanted together counts together: two lines of one order cannot each use up the same limit.
    """
    waiting: Counter[int] = Counter()
    for product, quantity, joined in wanted:
        if not product.is_active:
            raise UnknownProduct(_("%(sku)s is not sold any more."), sku=product.sku)
        waits = quantity - joined.allocated
        waiting[product.pk] += waits
        why = waits and _objection(product, waiting[product.pk], joined, today)
        if why:
            offers = lying_free(product, quantity=quantity)
            raise NotAccepted(
                _("%(sku)s: %(why)s In stock instead: %(offers)s.") if offers else _("%(sku)s: %(why)s"),
                sku=product.sku,
                why=why,
                offers=", ".join(f"{offer.sku} {offer.name}" for offer in offers),
                substitutes=offers,
            )


def _objection(product: Product, waits: int, joined: Joined, today: datetime.date) -> Any:
    waiting = 0
    if product.backorder_policy == Product.BackorderPolicy.LIMITED:
        waiting = OrderLine.objects.waiting().filter(product=product).aggregate(n=Sum("waiting"))["n"] or 0
    leans = _leans_on_risk(product, joined)
    return objection(product, waits, joined, waiting=waiting, leans_on_risk=leans, today=today)


def _leans_on_risk(product: Product, joined: Joined) -> bool:
    lots = [supply for is_stock, supply, _units in joined.pieces if not is_stock]
    if rows.select(_at_risk, sorted(lots)):
        return True
    first = SupplierProduct.objects.filter(product=product).order_by("rank", "id").first() if joined.uncovered else None
    return first is not None and first.supplier.is_at_risk


def _at_risk(purchase_line_ids: Sequence[int]) -> QuerySet[PurchaseLine, Any]:
    lines = PurchaseLine.objects.filter(id__in=purchase_line_ids, purchase_order__supplier__is_at_risk=True)
    return lines.order_by("id").values_list("id")[:1]
