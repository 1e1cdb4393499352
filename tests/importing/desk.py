"""What tests of imports do over and over: open purchase orders, lists about them, jobs run to their end."""

import datetime
from typing import Any

from django.contrib.auth import get_user_model
from django.utils import timezone

from backorders.actions import buying
from backorders.catalog.models import Product
from backorders.importing import opening
from backorders.importing.models import Import, ImportRow
from backorders.jobs import running
from backorders.supply.models import PurchaseLine
from tests.factories import AT, a_product, a_supplier, a_warehouse, day

LONG = datetime.timedelta(hours=1)


def a_purchase_order(
    number: str, *goods: tuple[Product | str, int], eta: int | None = 10, **fields: Any
) -> list[PurchaseLine]:
    """A purchase order for (product or SKU, quantity) pairs, all due on one day; its lines in order."""
    supplier = fields.pop("supplier", None) or a_supplier("Delta")
    ordered = [
        buying.OrderedGoods(
            product if isinstance(product, Product) else _product(product),
            a_warehouse(),
            quantity,
            eta_on=None if eta is None else day(eta),
            confidence="confirmed",
        )
        for product, quantity in goods
    ]
    done = buying.order_goods(number, supplier=supplier, lines=ordered, by=None, at=fields.pop("at", AT))
    return list(done.made.lines.order_by("id"))


def _product(sku: str) -> Product:
    return Product.objects.filter(sku=sku).first() or a_product(sku)


def buyer() -> Any:
    return get_user_model().objects.get_or_create(username="buyer", defaults={"is_superuser": True})[0]


def opened(text: str | bytes, **fields: Any) -> Import:
    """An import of this list, its columns matched as they were guessed, checked."""
    content = text.encode() if isinstance(text, str) else text
    mine = opening.open_import(content, name="weekly", supplier=fields.pop("supplier", None), by=buyer(), at=AT)
    if not mine.are_columns_matched:
        opening.match_columns(mine, roles=mine.columns, header=mine.header, confidence="confirmed", by=buyer(), at=AT)
    return finished(mine)


def finished(mine: Import) -> Import:
    """The import when its jobs have ended."""
    running.run_due(clock=timezone.now, until=timezone.now() + LONG)
    mine.refresh_from_db()
    return mine


def decided(mine: Import, problem: str, choice: str, about: str = "") -> Import:
    opening.decide(mine, problem=problem, about=about, choice=choice, by=buyer(), at=AT)
    return finished(mine)


def applied(mine: Import, note: str = "") -> Import:
    opening.start_applying(mine, reason_code="production", note=note, by=buyer(), at=AT)
    return finished(mine)


def undone(mine: Import) -> Import:
    opening.start_undoing(mine, by=buyer(), at=AT)
    return finished(mine)


def states(mine: Import) -> list[str]:
    """Of every row its problem, or its state where it has none."""
    return [row.problem or row.state for row in ImportRow.objects.filter(owner=mine).order_by("number")]


def etas(*lines: PurchaseLine) -> list[datetime.date | None]:
    known = dict(PurchaseLine.objects.filter(pk__in=[line.pk for line in lines]).values_list("pk", "eta_on"))
    return [known[line.pk] for line in lines]
