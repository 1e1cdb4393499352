"""Many customers at once, written set-based, and what reached them."""

import datetime
from collections import Counter
from decimal import Decimal

from backorders import rows
from backorders.allocation.models import Promise
from backorders.notifications.announcing import announce_due
from backorders.notifications.models import Message
from backorders.notifications.switch import mail_switch
from backorders.orders.models import Customer, Order, OrderLine
from tests.factories import a_carrier, a_product
from tests.harness.smtp import Sink


def customers(count: int, *, language: str = "en") -> list[int]:
    """Make customers who can be mailed; return their ids."""
    first = Customer.objects.count()
    rows.insert(
        Customer,
        [
            "name",
            "email",
            "phone",
            "language",
            "time_zone",
            "tier",
            "jurisdiction",
            "is_business",
            "address_version",
            "external_id",
        ],
        [
            (f"Customer {n}", f"c{n}@example.com", "", language, "Europe/Istanbul", 0, "", False, 1, "")
            for n in range(first, first + count)
        ],
    )
    return list(Customer.objects.order_by("-id").values_list("id", flat=True)[:count])


def unconfirmed_orders(of: list[int], *, at: datetime.datetime) -> None:
    """Give each customer an order that waits, dated and to be confirmed."""
    product, carrier, first = a_product(), a_carrier(), Order.objects.count()
    Order.objects.bulk_create(
        Order(number=f"F-{first + n}", customer_id=customer, carrier=carrier, placed_at=at)
        for n, customer in enumerate(of)
    )
    orders = Order.objects.order_by("-id")[: len(of)]
    OrderLine.objects.bulk_create(
        OrderLine(order=order, product=product, quantity=1, waiting=1, price=Decimal(10), placed_at=at)
        for order in orders
    )
    window = (at.date() + datetime.timedelta(days=30), at.date() + datetime.timedelta(days=34))
    lines = OrderLine.objects.select_related("order").order_by("-id")[: len(of)]
    Promise.objects.bulk_create(
        Promise(
            line=line,
            product=product,
            customer_id=line.order.customer_id,
            own_from=window[0],
            own_until=window[1],
            expected_from=window[0],
            expected_until=window[1],
            changed_at=at,
        )
        for line in lines
    )
    rows.count_anew(Customer, Order, OrderLine, Promise)


def messages(count: int, *, at: datetime.datetime) -> list[int]:
    """Queue one message for each of so many new customers; return the messages' ids."""
    mail_switch(at=at)
    unconfirmed_orders(customers(count), at=at)
    before = set(Message.objects.values_list("id", flat=True))
    announce_due(at=at)
    return sorted(set(Message.objects.values_list("id", flat=True)) - before)


def arrived(sink: Sink) -> Counter[str]:
    """How often each message (by its own id in the headers) was accepted by the provider."""
    with sink._lock:
        return Counter(str(mail["Message-ID"]) for mail in sink.mails)


def lost(sink: Sink) -> set[str]:
    """Messages that never reached the provider, though nothing newer was said instead of them."""
    meant = Message.objects.exclude(state="superseded").values_list("headers", flat=True)
    return {headers["Message-ID"] for headers in meant} - arrived(sink).keys()


def repeated(sink: Sink) -> int:
    """How many mails too many the provider accepted."""
    return sum(count - 1 for count in arrived(sink).values())


def unfinished() -> int:
    """How many messages are still on their way."""
    return Message.objects.filter(state__in=("pending", "sending", "retry", "unknown")).count()
