"""Writing by hand: a message that an act writes itself, resting in the outbox like every other until it leaves.

Its words are a person's or the act's; its dates are never typed but stated from the promise, and count as announced.
"""

import datetime
from collections.abc import Collection, Sequence

from backorders.allocation.models import Promise
from backorders.allocation.windows import Window, business_day
from backorders.notifications import outbox, superseding
from backorders.notifications.announcing import mark_announced
from backorders.notifications.emails import Rendered, render
from backorders.notifications.letters import (
    ABOUT_DATES,
    Addressee,
    Claim,
    Gift,
    Item,
    Kind,
    Letter,
    Money,
    OrderPart,
    Owed,
    Part,
)
from backorders.notifications.links import new_link
from backorders.notifications.models import UNSENT, Message
from backorders.notifications.outbox import Draft
from backorders.notifications.policy import telling
from backorders.notifications.weighing import next_update_on
from backorders.notifications.wordings import in_force
from backorders.orders.models import Customer, Order, OrderLine

SHOWN_LINK = "https://…/"


def message(
    order: Order, *, text: str, states_dates: bool, question: str = "", occasion: str = "", at: datetime.datetime
) -> Letter:
    """Return the letter of a person's own words about an order, or of their answer to a question of the customer.

    If it states dates, those of everything open.
    """
    promises = _open_promises(order) if states_dates else []
    items = [
        Item(promise.line.open_quantity, promise.product.name, promise.expected, _was(promise)) for promise in promises
    ]
    about = OrderPart(order.pk, order.number, business_day(order.placed_at), items=items)
    undated = any(item.window is None for item in items)
    part = Part(
        Kind.QUESTION_ANSWER if question else Kind.MESSAGE,
        [about],
        business_day(at),
        text=text,
        question=question,
        next_update_on=next_update_on(None, at=at, policy=telling()) if undated else None,
    )
    return Letter(_to(order), [part], _claims(order, promises, at), occasion=occasion)


def substituted(
    order: Order,
    *,
    line: OrderLine,
    instead_of: str,
    owed: Owed | None,
    on_top: Money | None,
    occasion: str = "",
    at: datetime.datetime,
) -> Letter:
    """Return the letter that says which product comes instead of which, when, and what goes back or is paid on top."""
    promise = Promise.objects.select_related("line", "product").get(line=line)
    item = Item(line.quantity, promise.product.name, promise.expected, instead_of=instead_of)
    about = OrderPart(
        order.pk,
        order.number,
        business_day(order.placed_at),
        items=[item],
        owed=owed,
        on_top=on_top,
        is_paid=order.is_paid,
    )
    due = next_update_on(None, at=at, policy=telling()) if item.window is None else None
    part = Part(Kind.SUBSTITUTED, [about], business_day(at), next_update_on=due)
    return Letter(_to(order), [part], _claims(order, [promise], at), occasion=occasion)


def compensated(
    order: Order, *, gift: Gift, line: OrderLine | None, occasion: str = "", at: datetime.datetime
) -> Letter:
    """Return the letter that says what a customer is given for the wait."""
    items = [Item(line.quantity, line.product.name)] if line else []
    about = OrderPart(order.pk, order.number, business_day(order.placed_at), items=items, gift=gift)
    return Letter(
        _to(order), [Part(Kind.COMPENSATED, [about], business_day(at))], _claims(order, [], at), occasion=occasion
    )


def code(order: Order, *, code: str, email: str, language: str = "", occasion: str, at: datetime.datetime) -> Letter:
    """Return the letter that brings a code to an address, which need not be the customer's yet."""
    known = _to(order)
    to = known._replace(email=email, language=language or known.language)
    about = OrderPart(order.pk, order.number, business_day(order.placed_at))
    part = Part(Kind.CONTACT_CODE, [about], business_day(at), code=code)
    return Letter(to, [part], _claims(order, [], at), occasion=occasion)


def address_changed(order: Order, *, email: str, occasion: str, at: datetime.datetime) -> Letter:
    """Return the letter that tells the address we had that we write to another from now on. It leads nowhere."""
    to = _to(order)._replace(email=email)
    about = OrderPart(order.pk, order.number, business_day(order.placed_at))
    return Letter(
        to, [Part(Kind.ADDRESS_CHANGED, [about], business_day(at))], _claims(order, [], at), occasion=occasion
    )


def shown(letter: Letter) -> Rendered:
    """Return the letter as it will be written, with links that lead nowhere. Writes nothing. Raises `Unrenderable`."""
    return render(letter, links=dict.fromkeys(letter.order_ids, SHOWN_LINK), wordings=in_force())


def post(letter: Letter, *, at: datetime.datetime, rest: datetime.timedelta | None = None) -> Message:
    """Put the letter into the outbox, inside the caller's act, whose locks hold the promises it states; return it.

    It leaves after the quiet time, or after `rest`. Mails that wait with the same dates are taken back:
    one message says it. Raises `Unrenderable`.
    """
    _take_back_the_same(letter, at=at)
    links = {order_id: new_link() for order_id in letter.order_ids}
    addresses = {order_id: link.url for order_id, link in links.items()}
    rendered = render(letter, links=addresses, wordings=in_force())
    policy = telling()
    ids = outbox.queue(
        [Draft(letter, links, rendered)], rest=policy.quiet if rest is None else rest, at=at, policy=policy
    )
    mark_announced([letter], at=at)
    return Message.objects.get(pk=ids[letter.dedupe_key])


def _take_back_the_same(letter: Letter, *, at: datetime.datetime) -> None:
    dated = [claim.line_id for claim in letter.claims if claim.version is not None]
    waiting = Message.objects.filter(customer=letter.to.customer_id, state__in=UNSENT, kind__in=ABOUT_DATES)
    same = waiting.filter(lines__line__in=dated, lines__promise_version__isnull=False).distinct()
    superseding.take_back(list(same.values_list("id", flat=True)), at=at)


def _to(order: Order) -> Addressee:
    fields = Customer.objects.values_list("id", "name", "email", "language", "address_version")
    return Addressee(*fields.get(pk=order.customer_id))


def _open_promises(order: Order) -> list[Promise]:
    promises = Promise.objects.filter(line__order=order).select_related("line", "product").order_by("line")
    return [promise for promise in promises if promise.line.open_quantity]


def _claims(order: Order, promises: Sequence[Promise], at: datetime.datetime) -> list[Claim]:
    """What it states of each line; where it states no date, only which order it is about."""
    if not promises:
        lines: Collection[tuple[int, int]] = order.lines.order_by("id").values_list("id", "product_id")[:1]
        return [Claim(pk, order.pk, product) for pk, product in lines]
    policy = telling()
    return [
        Claim(
            line_id=promise.line_id,
            order_id=order.pk,
            product_id=promise.product_id,
            version=promise.version,
            window=promise.expected,
            announced_at=promise.announced_at,
            next_update_on=next_update_on(promise.expected, at=at, policy=policy),
        )
        for promise in promises
    ]


def _was(promise: Promise) -> Window | None:
    return promise.told if promise.told != promise.expected else None
