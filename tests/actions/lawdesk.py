"""A small desk for tests of the law: lines of consumers, and a clock that does everything the clock does."""

import datetime
from typing import Any

from backorders.actions import deadlines
from backorders.delays.models import LegalCase, LegalEvent
from backorders.notifications.announcing import announce_due
from backorders.notifications.models import Message, ProviderEvent
from backorders.notifications.tracking import process_events
from backorders.orders.models import OrderLine
from backorders.supply.models import PurchaseLine
from tests.factories import AT, a_customer, a_line, a_product, a_purchase
from tests.notifications.desk import send


def a_sale(
    country: str = "US", *, eta: int | None = 10, at: datetime.datetime = AT, **fields: Any
) -> tuple[PurchaseLine, OrderLine]:
    """A paid line of a consumer who was told at the order when it comes, and the goods it waits for."""
    product = a_product()
    purchase = a_purchase(product, 9, eta=eta, at=at)
    customer = a_customer(jurisdiction=country, time_zone="UTC", **fields.pop("customer", {}))
    line = a_line(product, 2, customer=customer, is_paid=True, at=at, **fields)
    tick(at)
    return purchase, line


def tick(at: datetime.datetime) -> list[Message]:
    """Do everything the clock does at a moment; return the mails it made."""
    before = set(Message.objects.values_list("pk", flat=True))
    deadlines.keep(at=at)
    announce_due(at=at)
    send(at)
    deadlines.keep(at=at)
    return list(Message.objects.exclude(pk__in=before).order_by("id"))


def case_of(line: OrderLine) -> LegalCase:
    return LegalCase.objects.get(pk=line.pk)


def happened(line: OrderLine) -> list[str]:
    """The kinds of what happened to a line's case, in order."""
    return list(LegalEvent.objects.filter(case=line.pk).order_by("at", "id").values_list("kind", flat=True))


def comes_back(message: Message, *, at: datetime.datetime, kind: str = "bounced", reason: str = "bounced") -> None:
    """Let the provider say that a message did not arrive (or something else); without a `reason` it may pass."""
    ProviderEvent.objects.create(
        event_key=f"{kind}:{message.pk}:{at}",
        event_type=kind,
        recipient=message.recipient,
        message=message,
        reason=reason if kind == "bounced" else "",
        occurred_at=at,
        received_at=at,
    )
    process_events(at=at)
