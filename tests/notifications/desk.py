"""What tests of telling do over and over: announce and send at a given moment, and read what came of it."""

import datetime
from collections import Counter
from typing import Any

from django.core import mail

from backorders.allocation.books import differences
from backorders.allocation.models import Promise
from backorders.notifications import books, switch
from backorders.notifications.announcing import announce_due
from backorders.notifications.delivering import deliver
from backorders.notifications.models import Message
from backorders.orders.models import OrderLine
from tests.factories import AT, a_line, a_product, later


def books_are_clean() -> bool:
    """Whether neither the plan's books nor those of what was announced have a difference, three days later."""
    return [*differences(at=later(days=3)), *books.differences()] == []


def announce(at: datetime.datetime, **how: Any) -> list[Message]:
    """Announce what is due; return the new messages, oldest first."""
    before = set(Message.objects.values_list("pk", flat=True))
    announce_due(at=at, **how)
    return list(Message.objects.exclude(pk__in=before).order_by("id"))


def send(at: datetime.datetime, **how: Any) -> Counter[str]:
    """Send what is due at a moment that stands still."""
    return deliver(clock=lambda: at, **how)


def tell(at: datetime.datetime) -> list[Message]:
    """Announce and send; return the new messages as they are then."""
    made = announce(at)
    send(at)
    return list(Message.objects.filter(pk__in=[message.pk for message in made]).order_by("id"))


def promise(line: OrderLine) -> Promise:
    return Promise.objects.get(line=line)


def windows(line: OrderLine) -> dict[str, Any]:
    """A line's three windows by their last days."""
    known = promise(line)
    return {
        "expected": known.expected_until,
        "announced": known.announced_until,
        "told": known.told_until,
        "gap": known.gap_since is not None,
    }


def inbox() -> list[tuple[str, str]]:
    """(recipient, subject) of every mail that left, in order."""
    return [(sent.to[0], sent.subject) for sent in mail.outbox]


def messages(count: int) -> list[Message]:
    """As many messages of as many customers, that wait to be sent."""
    switch.mail_switch(at=AT)
    product = a_product(stock=100)
    for _ in range(count):
        a_line(product, 1)
    return announce(AT)


def reread(message: Message) -> Message:
    return Message.objects.get(pk=message.pk)


class Provider:
    """A mail backend's send that fails as often as it is told to, then takes mails."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.sent: list[Any] = []

    def __call__(self, backend: Any, mails: list[Any]) -> int:
        if self.errors:
            raise self.errors.pop(0)
        self.sent += mails
        return len(mails)
