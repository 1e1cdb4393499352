"""Giving another product in place of units that wait; the difference in price goes back, or on top."""

import datetime
from decimal import Decimal
from typing import NamedTuple

from django.contrib.auth.models import AbstractBaseUser
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from backorders.actions.accepting import accept, products_of
from backorders.actions.checking import a_reason
from backorders.actions.done import Done
from backorders.actions.freshness import fresh_order, order_changed
from backorders.actions.order_lines import UNWRITTEN, end_unheard, of_written, take_units
from backorders.actions.refunding import differences_of, due_by_house
from backorders.actions.selling import cancel_units, cancellable
from backorders.allocation.gaps import reopen_promises
from backorders.allocation.impact import Impact
from backorders.allocation.joining import Joined, Newcomer, join
from backorders.allocation.locking import lock_products
from backorders.allocation.models import Promise
from backorders.allocation.ranking import score
from backorders.allocation.reading import makings_of, read_free
from backorders.allocation.replanning import preview, replan
from backorders.allocation.situation import OpenLine, Situation
from backorders.allocation.windows import business_day
from backorders.catalog.models import Product, Substitute
from backorders.catalog.pricing import price_instead
from backorders.changes.acting import act
from backorders.changes.models import ChangeSet, Touch
from backorders.changes.recording import open_change, touch
from backorders.compensation.carrying import carry_over
from backorders.compensation.models import Trigger
from backorders.notifications import writing
from backorders.notifications.letters import Money, Owed
from backorders.orders.models import Cancellation, Order, OrderLine, Refund
from backorders.refusal import Refused
from backorders.sentences import Sentence


class NoSubstitute(Refused):
    """The product is not named as a substitute of the other, or is not sold."""


class Exchange(NamedTuple):
    """What a substitution comes to: a unit's price, what goes back, what is paid on top, what we bear, how the new
    units are supplied."""

    units: int
    price: Decimal
    back: Decimal
    extra: Decimal
    ours: Decimal
    joined: Joined


@act
def substitute(
    line: OrderLine,
    *,
    product: Product,
    quantity: int | None = None,
    reason: Sentence,
    seen_version: int | None = None,
    by: AbstractBaseUser | None,
    at: datetime.datetime,
) -> Done[OrderLine]:
    """Give another product in place of open units of a line (all of them unless given), as agreed with the customer.

    It joins its own queue as a new order would, at the price that the substitute's treatment says; a paid order gets
    the difference back. The customer is told.
    Raises `NoSubstitute`, `NotAccepted`, `NotCancellable`, `NoReason`, `Stale`.
    """
    order = line.order
    products = lock_products({product.pk, *order.lines.values_list("product", flat=True)})
    fresh_order(order, seen_version=seen_version)
    line.refresh_from_db()
    exchange = _exchange(line, product, quantity, at)
    change = open_change("substitute", reason=a_reason(reason), by=by, at=at)
    touch(change, kind=Touch.Kind.ORDER, ids=[order.pk])
    order_changed(order.pk)
    gone = cancel_units(line, exchange.units, change_set=change, is_announced=True, at=at)
    new = _new_line(line, product, exchange, gone.unpaid, at)
    owed = _owe(order, gone, exchange.back, at)
    impact = replan(products, change_set=change, at=at)
    Promise.objects.filter(line=new).update(gap_since=None)
    _state_first_promise(new)
    letter = writing.substituted(
        order,
        line=new,
        instead_of=f"{exchange.units} × {line.product.name}",
        owed=owed,
        on_top=Money(exchange.extra, order.currency) if exchange.extra else None,
        occasion=f"change {change.pk}",
        at=at,
    )
    made = writing.post(letter, at=at)
    was = {"is_confirmed": order.is_confirmed, "units": exchange.units, "unpaid": gone.unpaid}
    change.before = {"line": line.pk, "new_line": new.pk, "message": made.pk, **was}
    change.save(update_fields=["before"])
    return Done(change, impact, new)


def preview_substitute(
    line: OrderLine, *, product: Product, quantity: int | None = None, at: datetime.datetime
) -> tuple[Exchange, Impact]:
    """Return what the exchange comes to and whom it moves; raises the same refusals. Writes nothing."""
    exchange = _exchange(line, product, quantity, at)

    def exchanged(situation: Situation) -> None:
        known = take_units(situation, line.pk, exchange.units)
        situation.lines[UNWRITTEN] = _newest(known, product, exchange)

    return exchange, of_written(
        preview({product.pk, *line.order.lines.values_list("product", flat=True)}, exchanged, at=at)
    )


def _newest(known: OpenLine, product: Product, exchange: Exchange) -> OpenLine:
    """The open line that the substitute's units would be, beside the line that they replace."""
    return known._replace(
        line_id=UNWRITTEN,
        product_id=product.pk,
        allocated=0,
        waiting=exchange.units,
        is_expedited=False,
        promise_number=None,
        is_held=False,
        overtaken=0,
        own_from=None,
        own_until=None,
        expected_from=None,
        expected_until=None,
        told_from=None,
        told_until=None,
    )


def _exchange(line: OrderLine, product: Product, quantity: int | None, at: datetime.datetime) -> Exchange:
    products_of([product])
    named = Substitute.objects.filter(product=line.product_id, substitute=product).first()
    if named is None:
        raise NoSubstitute(
            _("%(product_sku)s is not named as a substitute of %(line_product_sku)s."),
            product_sku=product.sku,
            line_product_sku=line.product.sku,
        )
    units = cancellable(line, quantity)
    price = price_instead(
        named,
        units=units,
        unpaid=line.unpaid_of(units),
        original=line.price,
        paid=line.paid,
        currency=line.order.currency,
    )
    if price is None:
        raise NoSubstitute(
            _(
                "%(product_sku)s is priced in %(product_currency)s, "
                "and order %(order_number)s is in %(order_currency)s."
            ),
            product_sku=product.sku,
            product_currency=product.currency,
            order_number=line.order.number,
            order_currency=line.order.currency,
        )
    today = business_day(at)
    own_score = score(tier=line.order.customer.tier, value=units * price.unit, placed_on=today)
    newcomer = Newcomer(product.pk, units, own_score, line.order.carrier.transit_days)
    free = read_free({product.pk: units}, makings=makings_of([product]))
    joined = join(free, [newcomer], today=today)[0]
    accept([(product, units, joined)], today=today)
    [back] = differences_of([(line, units, price.back)])
    return Exchange(units, price.unit, back, price.extra, price.ours, joined)


def _new_line(line: OrderLine, product: Product, exchange: Exchange, unpaid: int, at: datetime.datetime) -> OrderLine:
    """The line of the substitute, waiting in full: the plan gives it what is there."""
    own_score = score(
        tier=line.order.customer.tier, value=exchange.units * exchange.price, placed_on=business_day(line.placed_at)
    )
    new = OrderLine.objects.create(
        order=line.order,
        product=product,
        quantity=exchange.units,
        waiting=exchange.units,
        unpaid=unpaid,
        price=exchange.price,
        owed_on_top=exchange.extra / exchange.units if line.order.is_paid else Decimal(0),
        placed_at=line.placed_at,
        score=own_score,
    )
    OrderLine.objects.filter(pk=line.pk).update(replaced_by=new)
    carry_over(line.pk, to=new.pk, triggers=(Trigger.WAIT,))  # its promise is another, its wait the same
    Promise.objects.create(
        line=new, product=product, customer_id=line.order.customer_id, score=own_score, changed_at=at
    )
    return new


def _owe(order: Order, gone: Cancellation, back: Decimal, at: datetime.datetime) -> Owed | None:
    if not order.is_paid or not back:
        return None
    due = due_by_house(at)
    Refund.objects.create(cancellation=gone, amount=back, currency=order.currency, due_at=due)
    return Owed(back, order.currency, business_day(due))


def _state_first_promise(line: OrderLine) -> None:
    promise = Promise.objects.get(line=line)
    OrderLine.objects.filter(pk=line.pk).update(first_from=promise.expected_from, first_until=promise.expected_until)


def take_substitute_back(change: ChangeSet, *, undoing: ChangeSet) -> None:
    """Let the original units wait again; the line of the substitute stays, with nothing open."""
    old, new, units = (change.before[name] for name in ("line", "new_line", "units"))
    end_unheard(new, undoing)
    Order.objects.filter(lines=old).update(is_confirmed=change.before["is_confirmed"])
    gone = Cancellation.objects.filter(change_set=change)
    Refund.objects.filter(cancellation__in=gone).delete()
    gone.delete()
    OrderLine.objects.filter(pk=old).update(
        cancelled=F("cancelled") - units,
        waiting=F("waiting") + units,
        unpaid=F("unpaid") + change.before.get("unpaid", 0),
        replaced_by=None,
    )
    reopen_promises([old])
