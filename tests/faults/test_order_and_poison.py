"""R7, R8: a message that cannot be sent holds nobody up, and no customer hears the newer thing first."""

import time
from collections import defaultdict
from itertools import pairwise
from typing import Any

import pytest
from django.utils import timezone

from backorders.notifications.announcing import announce_due
from backorders.notifications.delivering import Mailer, deliver
from backorders.notifications.models import CallTask, Message
from backorders.notifications.switch import mail_switch
from backorders.orders.models import Customer
from config.celery import app
from tests.faults.crowd import customers, unconfirmed_orders, unfinished
from tests.harness.smtp import Behaviour, Sink
from tests.harness.workers import Workers

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("processes"), pytest.mark.long]


# -- R7 ---------------------------------------------------------------------------------------------------------------


def poisoned(count: int) -> str:
    """Queue messages for customers of whom one speaks a language without words; return the address of another."""
    mail_switch(at=timezone.now())
    made = customers(count)
    unconfirmed_orders(made, at=timezone.now())
    Customer.objects.filter(id=made[count // 2]).update(language="zz")
    announce_due(at=timezone.now())
    return Customer.objects.get(id=made[count // 3]).email


def test_two_of_a_thousand_park_with_their_reason_and_the_rest_leaves(settings: Any) -> None:
    with Sink() as sink:
        sink.behaviour.refuses = frozenset({poisoned(1_000)})
        settings.EMAIL_BACKEND, settings.EMAIL_PORT = "django.core.mail.backends.smtp.EmailBackend", sink.port
        deliver(clock=timezone.now)
        assert len(sink.mails) == Message.objects.filter(state="accepted").count() == 998
        reasons = sorted(Message.objects.filter(state="failed").values_list("last_error", flat=True))
        assert len(reasons) == CallTask.objects.count() == 2
        assert "No mail is written in the language “zz”." in reasons[0]
        assert "550" in reasons[1]


def test_a_sender_that_stops_at_a_failure_holds_up_the_rest(settings: Any) -> None:
    with Sink() as sink:
        sink.behaviour.refuses = frozenset({poisoned(50)})
        settings.EMAIL_BACKEND, settings.EMAIL_PORT = "django.core.mail.backends.smtp.EmailBackend", sink.port
        with Mailer() as mailer:
            for message in Message.objects.filter(state="pending").order_by("id"):
                if mailer.hand_over(message, clock=timezone.now).failure:
                    break
        assert len(sink.mails) < 48


# -- R8 ---------------------------------------------------------------------------------------------------------------


def inversions(sink: Sink) -> int:
    """How often a customer's newer message was accepted before an older one."""
    ids = {headers["Message-ID"]: pk for pk, headers in Message.objects.values_list("id", "headers")}
    order = defaultdict(list)
    for mail in sink.mails:
        order[str(mail["To"])].append(ids[str(mail["Message-ID"])])
    return sum(later < earlier for heard in order.values() for earlier, later in pairwise(heard))


def converse(
    people: int, each: int, *, workers: int, defers: float, broker: str, patience: float, sabotage: str = ""
) -> tuple[int, int]:
    """Let customers be sent several messages each over a moody provider; return (mails, inversions)."""
    now = timezone.now()
    mail_switch(at=now)
    made = customers(people)
    for _ in range(each):
        unconfirmed_orders(made, at=now)
        announce_due(at=now)
    with Sink(Behaviour(defers=defers)) as sink:
        environment = {"REDIS_URL": broker, "EMAIL_PORT": str(sink.port), "SABOTAGE": sabotage}
        with Workers(**environment) as crew:
            crew.start(workers)
            deadline = time.monotonic() + patience
            while unfinished() and time.monotonic() < deadline:
                for _ in range(workers):
                    app.send_task("faults.deliver", expires=2)
                time.sleep(0.3)
        return len(sink.mails), inversions(sink)


@pytest.mark.faults
def test_five_hundred_customers_hear_everything_in_order(empty_broker: str) -> None:
    heard = converse(500, 5, workers=8, defers=0.1, broker=empty_broker, patience=300)
    assert heard == (2_500, 0)


def test_ten_customers_hear_everything_in_order(empty_broker: str) -> None:
    assert converse(10, 4, workers=2, defers=0.2, broker=empty_broker, patience=90) == (40, 0)


def test_without_an_order_some_hear_the_newer_thing_first(empty_broker: str) -> None:
    mails, inverted = converse(
        15, 4, workers=2, defers=0.4, broker=empty_broker, patience=90, sabotage="customers_have_no_order"
    )
    assert mails == 60
    assert inverted > 0
