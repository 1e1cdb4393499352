"""From what was typed to what is listed: every operator is one condition on a promise."""

import datetime
from collections.abc import Callable
from typing import NamedTuple

from django.db.models import DecimalField, F, Q
from django.db.models.expressions import CombinedExpression
from django.db.models.lookups import Exact, GreaterThan, GreaterThanOrEqual, LessThan, LessThanOrEqual
from django.utils.translation import gettext as _

from backorders.allocation.models import WAITS, Allocation
from backorders.backoffice.workbench import lists
from backorders.backoffice.workbench.among import Among, OneOf
from backorders.backoffice.workbench.lists import Seen
from backorders.backoffice.workbench.terms import Term, Typed, a_number, a_span
from backorders.catalog.models import Product
from backorders.orders.models import Customer, Order, OrderLine
from backorders.searching import matching
from backorders.supply.models import PurchaseOrder, Supplier

# A search that holds for more than these is too vague: it shows the first of them.
MATCHES, LINES = 200, 500
NOTHING = Q(pk__in=[])


class Filtered(NamedTuple):
    """The condition of what was typed, and a sentence for each operator that made no sense (it is left out)."""

    condition: Q | None
    problems: list[str]


def condition(typed: Typed, seen: Seen) -> Filtered:
    """Return the condition of everything that was typed; None if that was nothing."""
    conditions, problems = [], []
    for term in typed.terms:
        try:
            conditions.append(_CONDITIONS[term.name](term, seen))
        except ValueError as problem:
            problems.append(str(problem))
    if typed.words:
        conditions.append(_words(typed.words, seen))
    whole = None
    for each in conditions:
        whole = each if whole is None else whole & each
    return Filtered(whole, problems)


def _words(term: str, seen: Seen) -> Q:
    """Lines whose order, customer or product holds the term: found there first, so that each has its index."""
    orders = matching(Order.objects.order_by(), ["number", "external_id"], term).values_list("pk", flat=True)
    fields = customer_fields(term, sees_contacts=seen.sees_contacts)
    customers = matching(Customer.objects.order_by(), fields, term).values("pk")
    products = matching(Product.objects.order_by(), ["sku", "name"], term).values_list("pk", flat=True)
    theirs = Order.objects.filter(customer__in=customers[:MATCHES]).order_by().values_list("pk", flat=True)
    lines = OrderLine.objects.order_by().values_list("pk", flat=True)
    of_orders = lines.filter(order__in=orders[:MATCHES]).union(lines.filter(order__in=theirs[:MATCHES]))
    line_ids = list(of_orders[:LINES])
    product_ids = list(products[:MATCHES])
    if len(product_ids) == 1 and not line_ids:
        return Q(product=product_ids[0])  # answered in the order of its index, however many wait
    of_products = OrderLine.objects.open().filter(product__in=product_ids).order_by()
    return Q(OneOf([*line_ids, *of_products.values_list("pk", flat=True)[:LINES]]))


def customer_fields(term: str, *, sees_contacts: bool) -> list[str]:
    """Return where customers are looked for: by their addresses only for those who may see them.

    What has an @ in it is an address, and no telephone number is without a digit: each column less is time.
    """
    if not sees_contacts:
        return ["name"]
    if "@" in term:
        return ["email"]
    return ["name", "email", "phone"] if any(sign.isdecimal() for sign in term) else ["name", "email"]


def _status(term: Term, seen: Seen) -> Q:
    if (view := lists.BY_NAME.get(term.word)) and view in lists.HARMS:
        return view.holds(seen)
    states = {
        "waiting": WAITS,
        "ready": Q(is_open=True, line__waiting=0),
        "held": Q(line__is_held=True),
        "expedited": Q(line__is_expedited=True),
        "uncovered": Q(is_open=True, uncovered__gt=0),
        "snoozed": Q(lists.asleep(seen.today)),
    }
    if term.word not in states:
        known = ", ".join([*(view.name for view in lists.HARMS), *states])
        raise ValueError(_("There is no status “%(value)s”. Try: %(known)s.") % {"value": term.value, "known": known})
    return states[term.word]


def _sku(term: Term, _seen: Seen) -> Q:
    found = matching(Product.objects.order_by(), ["sku", "name"], term.value)
    return Q(product__in=list(found.values_list("pk", flat=True)[:MATCHES]))


def _supplier(term: Term, _seen: Seen) -> Q:
    found = matching(Supplier.objects.order_by(), ["name"], term.value)
    suppliers = list(found.values_list("pk", flat=True)[:MATCHES])
    pegs = Allocation.objects.filter(purchase_line__purchase_order__supplier__in=suppliers)
    return Q(Among(pegs.order_by().values("line"))) if suppliers else NOTHING


def _po(term: Term, _seen: Seen) -> Q:
    found = matching(PurchaseOrder.objects.order_by(), ["number"], term.value)
    orders = list(found.values_list("pk", flat=True)[:MATCHES])
    pegs = Allocation.objects.filter(purchase_line__purchase_order__in=orders)
    return Q(Among(pegs.order_by().values("line"))) if orders else NOTHING


def _dated(field: str) -> Callable[[Term, Seen], Q]:
    def dated(term: Term, seen: Seen) -> Q:
        if term.word in ("none", "no"):
            return Q(**{field: None})
        if term.word == "yes":
            return Q(**{f"{field}__isnull": False})
        first, last = a_span(term.value, today=seen.today)
        return {
            "<": Q(**{f"{field}__lt": first}),
            "<=": Q(**{f"{field}__lte": last}),
            ">": Q(**{f"{field}__gt": last}),
            ">=": Q(**{f"{field}__gte": first}),
        }.get(term.sign, Q(**{f"{field}__gte": first, f"{field}__lte": last}))

    return dated


def _told(term: Term, seen: Seen) -> Q:
    """told:no is what the customer does not know; told:none what was never told at all."""
    return lists.BY_NAME["not_told"].holds(seen) if term.word == "no" else _dated("told_until")(term, seen)


_COMPARED = {"<": LessThan, "<=": LessThanOrEqual, ">": GreaterThan, ">=": GreaterThanOrEqual}


def _value(term: Term, _seen: Seen) -> Q:
    worth: CombinedExpression = F("line__waiting") * F("line__price")
    worth.output_field = DecimalField(max_digits=20, decimal_places=2)
    return Q(_COMPARED.get(term.sign, Exact)(worth, a_number(term.value)))


def _wait(term: Term, seen: Seen) -> Q:
    """Days since the order: wait:>30 is older than thirty days."""
    days = int(a_number(term.value))
    if not 0 <= days < 10_000:
        raise ValueError(_("“%(value)s” is not a number of days.") % {"value": term.value})
    placed_on = seen.today - datetime.timedelta(days=days)
    turned = {"<": "gt", "<=": "gte", ">": "lt", ">=": "lte"}.get(term.sign)
    return Q(**{f"line__placed_at__date__{turned}" if turned else "line__placed_at__date": placed_on})


def _owner(term: Term, seen: Seen) -> Q:
    if term.word == "me":
        return Q(line__handling__owner=seen.person)
    if term.word in ("nobody", "none", "no"):
        return Q(line__handling=None) | Q(line__handling__owner=None)
    return Q(line__handling__owner__username__iexact=term.value)


def _tier(term: Term, _seen: Seen) -> Q:
    tiers = {tier.name.lower(): tier.value for tier in Customer.Tier}
    if term.word not in tiers:
        raise ValueError(_("There is no tier “%(value)s”. Try: %(known)s.") % _known(term, tiers))
    return Q(customer__tier=tiers[term.word])


def _cause(term: Term, _seen: Seen) -> Q:
    if term.word in ("none", "no"):
        return Q(line__cause="")
    if term.word not in OrderLine.Cause.values:
        raise ValueError(
            _("There is no reason “%(value)s”. Try: %(known)s.") % _known(term, dict.fromkeys(OrderLine.Cause.values))
        )
    return Q(line__cause=term.word)


def _known(term: Term, known: dict[str, object] | dict[str, int]) -> dict[str, str]:
    return {"value": term.value, "known": ", ".join(known)}


_CONDITIONS: dict[str, Callable[[Term, Seen], Q]] = {
    "status": _status,
    "sku": _sku,
    "supplier": _supplier,
    "po": _po,
    "eta": _dated("expected_until"),
    "told": _told,
    "value": _value,
    "wait": _wait,
    "owner": _owner,
    "tier": _tier,
    "cause": _cause,
}
