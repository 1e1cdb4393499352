"""What the workers of the fault tests run: the product's own announcing and delivering, with short waits.

SABOTAGE in the environment takes one safeguard away, for the twin of a test that must go wrong.
"""

import os
from typing import Any

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.faults.settings"

import django

django.setup()

from django.db import connection  # noqa: E402
from django.db.models import Q  # noqa: E402
from django.utils import timezone  # noqa: E402

from backorders.notifications import announcing, delivering, gate, leasing, recovering  # noqa: E402
from backorders.notifications.backends import Conversation, SmtpBackend  # noqa: E402
from config.celery import app  # noqa: E402
from tests.faults.policies import AT_ONCE, QUICK  # noqa: E402


@app.task(name="faults.deliver", ignore_result=True)
def deliver() -> None:
    """Send what is due for a few seconds."""
    delivering.deliver(clock=timezone.now, policy=QUICK, until=timezone.now() + QUICK.lease / 2)


@app.task(name="faults.announce", ignore_result=True)
def announce() -> None:
    """Announce what is due."""
    announcing.announce_due(at=timezone.now(), policy=AT_ONCE)


class KeyedBackend(SmtpBackend):
    """A provider that is known to recognise a repeated mail."""

    honours_keys = True


def nobody_comes_back() -> None:
    """Nobody looks for messages that a dead worker left behind."""
    recovering.recover = lambda **_: 0  # type: ignore[assignment]


def marks_at_the_end() -> None:
    """Messages are marked when the whole batch is through."""

    class Late(delivering._Delivery):
        def of(self, batch: list[Any]) -> Any:
            answers = []
            for message in batch:
                if gate.open_attempt(message, self.lease, at=self.clock(), policy=self.policy):
                    answers.append(self.mailer.hand_over(message, clock=self.clock))
            for answer in answers:
                self._mark_and_open(answer, None)
            return self.ended

    delivering._Delivery = Late  # type: ignore[misc]


def silence_is_a_refusal() -> None:
    """A call without an answer counts as refused, however far it got."""
    Conversation.is_handed_over = property(lambda _: False, lambda *_: None)  # type: ignore[assignment]


def customers_have_no_order() -> None:
    """Younger messages of a customer do not wait for older ones."""
    leasing.UNFINISHED = ("of no message",)


def nothing_is_claimed() -> None:
    """Whoever sees a message sends it."""

    def naive(**_: Any) -> None:
        for message in leasing.Message.objects.filter(~Q(state="accepted")).order_by("id")[:50]:
            with delivering.Mailer() as mailer:
                mailer.hand_over(message, clock=timezone.now)
            leasing.Message.objects.filter(pk=message.pk).update(state="accepted", accepted_at=timezone.now())
        connection.close()

    delivering.deliver = naive  # type: ignore[assignment]


if sabotage := os.environ.get("SABOTAGE"):
    globals()[sabotage]()
