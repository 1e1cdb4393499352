"""Offering: who waits is offered another product that comes sooner; they choose, nothing changes until then."""

import datetime
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from django.contrib.auth.models import AbstractBaseUser
from django.utils.translation import gettext_lazy as _

from backorders import rows
from backorders.actions.checking import a_text
from backorders.actions.done import Done
from backorders.actions.refunding import differences_of, netted
from backorders.actions.seconding import Ask, for_recipients
from backorders.allocation.alternatives import Alternative, offered_for
from backorders.allocation.impact import Impact
from backorders.allocation.locking import lock_products
from backorders.allocation.windows import business_day
from backorders.catalog.pricing import goes_back
from backorders.changes.acting import act
from backorders.changes.models import Touch
from backorders.changes.recording import done_before, open_change, touch
from backorders.notifications.foreseeing import Foreseen, foresee
from backorders.notifications.models import UNSENT, Message
from backorders.notifications.superseding import supersede
from backorders.orders.models import Offer, OrderLine
from backorders.refusal import Refused

OFFERS_A_LINE = 2  # more choices make no choice easier


class NothingSooner(Refused):
    """No product that is named as a substitute comes sooner, or what does was offered before."""


class Offered(NamedTuple):
    """What an act of offering came to: the offers, and the lines (ids) for which there is nothing new to offer."""

    offers: list[Offer]
    without: list[int]


@act
def offer_alternative(
    lines: Iterable[int],
    *,
    products: Collection[int] | None = None,
    reason: str = "",
    key: str | None = None,
    approved_by: AbstractBaseUser | None = None,
    by: AbstractBaseUser | None,
    at: datetime.datetime,
) -> Done[Offered]:
    """Offer the customers of these waiting lines (ids) what comes sooner in place of them, at most two for a line.

    Only of `products` (ids), if they are given. Announcing writes the mails after the quiet time, together with what
    else is to be told. A product is offered once for a line. The number of statements does not depend on how many
    lines there are. The same key offers once.
    Raises `NothingSooner`, `BadText`, `NeedsApproval` if very many customers would be written to.
    """
    ids = sorted(set(lines))
    lock_products(OrderLine.objects.filter(pk__in=ids).values_list("product", flat=True))
    if known := done_before(key):
        return Done(known, Impact(), Offered(list(Offer.objects.filter(change_set=known).order_by("id")), []))
    waiting = _waiting(ids)
    choices = _chosen(waiting, products, at)
    if not choices:
        raise NothingSooner(_("There is nothing new to offer that comes sooner than what these customers wait for."))
    orders = {line.pk: line.order for line in waiting}
    customers = {orders[choice.line_id].customer_id for choice in choices}
    ask = Ask("offering.offer_alternative", {"lines": ids, "reason": reason}, f"{len(customers)}")
    for_recipients(len(customers), ask, by=by, approved_by=approved_by)
    summary = {"offers": len(choices), "customers": len(customers)}
    change = open_change("offer_alternative", reason=a_text(reason.strip()), key=key, summary=summary, by=by, at=at)
    rows.insert(Offer, _OFFER, [(*_row(choice), change.pk, at, False) for choice in choices])
    touch(change, kind=Touch.Kind.ORDER, ids={orders[choice.line_id].pk for choice in choices})
    offered = {choice.line_id for choice in choices}
    made = list(Offer.objects.filter(change_set=change).order_by("id"))
    return Done(change, Impact(), Offered(made, [pk for pk in ids if pk not in offered]))


def preview_offers(lines: Iterable[int], *, at: datetime.datetime) -> list[Alternative]:
    """Return what `offer_alternative` would offer, those who rank first first. Writes nothing."""
    return _chosen(_waiting(sorted(set(lines))), None, at)


def foresee_offers(choices: Sequence[Alternative], *, at: datetime.datetime) -> Foreseen:
    """Return the mails that would leave if these alternatives (of `preview_offers`) were offered. Writes nothing."""
    lines = OrderLine.objects.filter(pk__in={choice.line_id for choice in choices}).order_by()
    return foresee(sorted(set(lines.values_list("order__customer", flat=True))), offers=choices, at=at)


def reckon_again(orders: Collection[int], *, at: datetime.datetime) -> None:
    """Let what is offered in these orders (ids) state what goes back now that money off was given or taken back.

    A mail that states another sum and has not left yet is written anew.
    """
    offers = list(Offer.objects.filter(line__order__in=orders, line__waiting__gt=0).select_related("line__order"))
    cheaper = []
    for each in offers:
        units = each.quantity - each.line.unpaid_of(each.quantity)
        cheaper.append((each.line, each.quantity, goes_back(paid=each.line.paid, unit=each.price, units=units)))
    reckoned = zip(offers, differences_of(cheaper), strict=True)
    changed = [(each.pk, back) for each, back in reckoned if back != each.back]
    rows.update(Offer, ["id", "back"], changed)
    stating = Message.objects.filter(lines__offer__in=[pk for pk, _back in changed], state__in=UNSENT)
    if changed and (ids := list(stating.order_by("id").values_list("id", flat=True).distinct())):
        supersede(ids, at=at)


def _waiting(ids: Collection[int]) -> list[OrderLine]:
    """The lines that wait, those who rank first first."""
    found = OrderLine.objects.waiting().filter(pk__in=ids).select_related("order")
    return list(found.order_by("-is_expedited", "-score", "placed_at", "id"))


def _chosen(
    waiting: Collection[OrderLine], products: Collection[int] | None, at: datetime.datetime
) -> list[Alternative]:
    """What each line is offered: nothing twice, and no more of what lies in stock than lies there."""
    found = offered_for(waiting, today=business_day(at))
    before = set(Offer.objects.filter(line__in=waiting).values_list("line_id", "product_id"))
    taken: Counter[int] = Counter()
    chosen: list[Alternative] = []
    for line in waiting:
        mine = [each for each in found.get(line.pk, []) if products is None or each.product.pk in products]
        new = [each for each in mine if (line.pk, each.product.pk) not in before]
        left = [each for each in new if not each.is_in_stock or each.free - taken[each.product.pk] >= each.units]
        chosen.extend(left[:OFFERS_A_LINE])
        taken.update({each.product.pk: each.units for each in left[:OFFERS_A_LINE]})
    return netted(chosen, {line.pk: line for line in waiting})


_OFFER = [
    *("line", "product", "quantity", "price", "back", "arrives_from", "arrives_until"),
    *("change_set", "at", "is_announced"),
]


def _row(choice: Alternative) -> tuple[object, ...]:
    window = choice.arrives or (None, None)
    price, back = (choice.price.unit, choice.price.back) if choice.price else (None, None)
    return (choice.line_id, choice.product.pk, choice.units, price, back, *window)
