"""One box that takes anything: what is meant exactly is a jump, everything else a few hits of every kind.

Each hit has the facts an answer on the phone needs: how it stands, what we expect, what was told.
"""

import datetime
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from django.contrib.auth.models import User
from django.db.models import Min, QuerySet, Sum
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from backorders.allocation.models import Promise, is_late, is_untold
from backorders.backoffice.dates import short_window
from backorders.backoffice.masking import masked, sees_contacts
from backorders.backoffice.navigation import acts
from backorders.backoffice.workbench import asking, filtering, lists, rows
from backorders.backoffice.workbench.lists import Seen
from backorders.backoffice.workbench.terms import Typed, read
from backorders.catalog.models import Product
from backorders.desk.models import SavedView
from backorders.ids import typed_id
from backorders.orders.models import Customer, Order, Shipment
from backorders.searching import folded, matching
from backorders.supply.models import PurchaseLine, PurchaseOrder, StockLevel, Supplier

EACH = 6
CUSTOMERS, ORDERS = 20, 500
LONGEST = 200


class Hit(NamedTuple):
    """One thing that was found: where it is, what it is called, and facts, each with its tone."""

    url: str
    title: str
    detail: str = ""
    facts: Sequence[tuple[str, str]] = ()


class Group(NamedTuple):
    """Hits of one kind."""

    name: str
    label: str
    hits: Sequence[Hit]


def jump(term: str, *, person: User) -> str | None:
    """Return the address of the one thing whose number this is, or None."""
    if not term:
        return None
    if person.has_perm("orders.view_order") and (order := _exact_order(term)):
        return reverse("admin:order", args=[order])
    if person.has_perm("supply.view_purchaseorder"):
        purchase = PurchaseOrder.objects.filter(number__in=[term, term.upper()]).values_list("pk", flat=True).first()
        if purchase:
            return purchase_address(purchase)
    if person.has_perm("catalog.view_product"):
        product = Product.objects.filter(sku__in=[term, term.upper()]).values_list("pk", flat=True).first()
        if product:
            return reverse("admin:product_supply", args=[product])
    return None


def _exact_order(term: str) -> int | None:
    """The order with this number (ours, or the shop's), internal id (#17) or tracking number."""
    if term.startswith("#") and (number := typed_id(term[1:])) is not None:
        return Order.objects.filter(pk=number).values_list("pk", flat=True).first()
    for found in (
        Order.objects.filter(number__in=[term, term.upper()]).order_by("id").values_list("pk", flat=True),
        Order.objects.filter(external_id=term).exclude(external_id="").order_by().values_list("pk", flat=True),
        Shipment.objects.filter(tracking_number=term).order_by().values_list("order_id", flat=True),
    ):
        if len(ids := set(found[:2])) == 1:
            return ids.pop()
    return None


def purchase_address(pk: int) -> str:
    """Return where a purchase order is shown."""
    return reverse("admin:purchase_order", args=[pk])


def _lines_address(text: str, view: str = "all") -> str:
    return f"{reverse('admin:waiting_lines')}?{asking.query(view, text)}"


def lines_address(typed: Typed) -> str:
    """Return the list that answers what was typed: the one its status names, or all that waits."""
    for term in typed.terms:
        if term.name == "status" and term.word in lists.BY_NAME and not term.sign:
            return _lines_address(typed.without(term.text), term.word)
    return _lines_address(typed.text)


def find(text: str, *, request: HttpRequest, today: datetime.date) -> list[Group]:
    """Return what holds the text, by kind; without a text what this person keeps."""
    person: User = request.user  # type: ignore[assignment]  # the site lets nobody else in
    typed = read(text[:LONGEST])
    if not typed.text:
        return _groups([("views", _("My views"), _views(person)), ("acts", _("Go to"), _acts(request, ""))])
    seen = Seen(today, person.pk, sees_contacts(person))
    if typed.terms:
        return _groups([("lines", _("Waiting lines"), _lines(typed, seen))] if _may(person, "orders.orderline") else [])
    term = typed.words
    found: list[tuple[str, str, Iterable[Hit]]] = []
    if _may(person, "orders.order"):
        fields = filtering.customer_fields(term, sees_contacts=seen.sees_contacts)
        customers = list(matching(Customer.objects.order_by(), fields, term)[:CUSTOMERS])
        found.append(("orders", _("Orders"), _orders(term, customers, seen)))
        if _may(person, "orders.customer"):
            found.append(("customers", _("Customers"), _customers(customers, seen)))
    if _may(person, "catalog.product"):
        found.append(("products", _("Products"), _products(term, today)))
    if _may(person, "supply.purchaseorder"):
        found.append(("purchases", _("Purchase orders"), _purchases(term)))
        found.append(("suppliers", _("Suppliers"), _suppliers(term)))
    found.append(("acts", _("Go to"), _acts(request, term)))
    return _groups(found)


def _may(person: User, record: str) -> bool:
    app, _dot, model = record.partition(".")
    return person.has_perm(f"{app}.view_{model}")


def _groups(found: Iterable[tuple[str, str, Iterable[Hit]]]) -> list[Group]:
    made = [Group(name, label, list(hits)) for name, label, hits in found]
    return [group for group in made if group.hits]


# -- one kind each ----------------------------------------------------------------------------------------------------


def _orders(term: str, customers: Sequence[Customer], seen: Seen) -> list[Hit]:
    by_number = matching(Order.objects.order_by(), ["number", "external_id"], term)
    parcels = matching(Shipment.objects.order_by(), ["tracking_number"], term).values_list("order_id", flat=True)[:EACH]
    ids = [*by_number.values_list("pk", flat=True)[:EACH], *parcels, *_latest(customers)]
    orders = Order.objects.filter(pk__in=ids).select_related("customer").in_bulk()
    shown = [orders[pk] for pk in dict.fromkeys(ids)][:EACH]
    facts = _order_facts(shown, seen.today)
    return [
        Hit(reverse("admin:order", args=[order.pk]), order.number, order.customer.name, facts[order.pk])
        for order in shown
    ]


def _latest(customers: Sequence[Customer]) -> list[int]:
    """The latest orders of these customers; asked for in that order, the database would walk all orders there are."""
    theirs = Order.objects.filter(customer__in=[customer.pk for customer in customers]).order_by()
    newest = sorted(theirs.values_list("placed_at", "pk")[:ORDERS], reverse=True)
    return [pk for _placed_at, pk in newest[:EACH]]


def _order_facts(orders: Sequence[Order], today: datetime.date) -> dict[int, list[tuple[str, str]]]:
    """How each order stands, what we expect and what was told: of its last open line."""
    facts: dict[int, list[tuple[str, str]]] = {order.pk: [(_("closed"), "")] for order in orders}
    promises = Promise.objects.filter(line__order__in=orders, is_open=True).select_related("line")
    for promise in promises.order_by("expected_until", "line"):
        is_waiting = promise.line.waiting > 0
        late = is_late(is_open=promise.is_open, told_until=promise.told_until, today=today)
        untold = is_untold(
            gap_since=promise.gap_since, weighed_version=promise.weighed_version, version=promise.version
        )
        state = (_("Late"), "bad") if late else (_("Waiting"), "") if is_waiting else (_("Ready"), "good")
        told = short_window(promise.told_from, promise.told_until) if promise.told_at else _("nothing yet")
        facts[promise.line.order_id] = [
            (_("Not told"), "bad") if untold else state,
            (_("expected %(when)s") % {"when": short_window(promise.expected_from, promise.expected_until)}, ""),
            (_("told %(when)s") % {"when": told}, ""),
        ]
    return facts


def _customers(customers: Sequence[Customer], seen: Seen) -> list[Hit]:
    url = reverse("admin:orders_order_changelist")
    return [
        Hit(
            f"{url}?customer__id__exact={customer.pk}",
            customer.name,
            customer.email if seen.sees_contacts else masked(customer.email),
            [(_(str(Customer.Tier(customer.tier).label)), "vip" if customer.tier == Customer.Tier.VIP else "")],
        )
        for customer in customers[:EACH]
    ]


def _products(term: str, today: datetime.date) -> list[Hit]:
    found = list(matching(Product.objects.order_by(), ["sku", "name"], term)[:EACH])
    coming = PurchaseLine.objects.outstanding().filter(product__in=found, eta_on__gte=today).order_by()
    etas = dict(coming.values("product").annotate(first=Min("eta_on")).values_list("product", "first"))
    levels = StockLevel.objects.filter(product__in=found).order_by().values("product")
    stock = {
        row["product"]: row["units"] - row["held"]
        for row in levels.annotate(units=Sum("on_hand"), held=Sum("allocated"))
    }
    return [
        Hit(
            reverse("admin:product_supply", args=[product.pk]),
            product.sku,
            product.name,
            [
                (_("%(units)s available") % {"units": stock.get(product.pk, 0)}, ""),
                (_("next receipt %(when)s") % {"when": short_window(*[etas.get(product.pk)] * 2)}, ""),
            ],
        )
        for product in found
    ]


def _purchases(term: str) -> list[Hit]:
    found = matching(PurchaseOrder.objects.order_by(), ["number"], term).select_related("supplier")
    suppliers = matching(Supplier.objects.order_by(), ["name"], term).values_list("pk", flat=True)[:EACH]
    theirs = PurchaseOrder.objects.filter(supplier__in=list(suppliers)).select_related("supplier")
    orders = {order.pk: order for order in [*found[:EACH], *theirs.order_by("-ordered_on", "-id")[:EACH]]}
    shown = list(orders.values())[:EACH]
    outstanding = PurchaseLine.objects.outstanding().filter(purchase_order__in=shown).order_by()
    etas = dict(
        outstanding.values("purchase_order").annotate(first=Min("eta_on")).values_list("purchase_order", "first")
    )
    return [
        Hit(
            purchase_address(order.pk),
            order.number,
            order.supplier.name,
            [
                (_("ETA %(when)s") % {"when": short_window(*[etas[order.pk]] * 2)}, "")
                if order.pk in etas
                else (_("nothing outstanding"), "")
            ],
        )
        for order in shown
    ]


def _suppliers(term: str) -> list[Hit]:
    found: QuerySet[Supplier] = matching(Supplier.objects.order_by(), ["name"], term)
    return [
        Hit(_lines_address(f'supplier:"{supplier.name}"'), supplier.name, _("lines that wait for them"))
        for supplier in found[:EACH]
    ]


def _lines(typed: Typed, seen: Seen) -> list[Hit]:
    filtered = filtering.condition(typed, seen)
    held = lists.lines(lists.ALL, seen, filters=filtered.condition) if filtered.condition else None
    ids = list(held.values_list("pk", flat=True)[:EACH]) if held is not None else []
    writer = rows.Writer(due={})
    hits = [_line_hit(writer.shown(row)) for row in rows.rows(ids, today=seen.today)]
    return [Hit(lines_address(typed), _("Open as a list"), typed.text), *hits] if hits else []


def _line_hit(shown: dict[str, Any]) -> Hit:
    return Hit(
        reverse("admin:order", args=[shown["order_id"]]),
        shown["order"],
        f"{shown['customer']} · {shown['sku']} × {shown['units']}",
        [
            *((mark.label, mark.tone) for mark in shown["marks"][:1]),
            (_("expected %(when)s") % {"when": shown["expected"]}, ""),
            (_("told %(when)s") % {"when": shown["told"]}, ""),
        ],
    )


def _views(person: User) -> list[Hit]:
    mine = SavedView.objects.filter(owner=person).order_by("name", "id")
    return [Hit(reverse("admin:saved_lines", args=[view.pk]), view.name, view.filters) for view in mine[:EACH]]


def _acts(request: HttpRequest, term: str) -> list[Hit]:
    wanted = folded(term)
    return [Hit(url, label) for label, url in acts(request) if wanted in folded(label)][: EACH if term else 12]
