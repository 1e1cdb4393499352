"""R6: several dispatchers, two clocks, the same task delivered again and again; nothing is sent twice."""

import time

import pytest
from django.utils import timezone

from backorders.notifications.models import Message
from backorders.notifications.switch import mail_switch
from config.celery import app
from tests.faults.crowd import customers, lost, messages, repeated, unconfirmed_orders, unfinished
from tests.harness.smtp import Sink
from tests.harness.workers import Workers

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("processes"), pytest.mark.long]


def dispatch(count: int, *, workers: int, clocks: int, broker: str, sink: Sink, patience: float) -> None:
    """Let everything run at once until so many messages have left."""
    mail_switch(at=timezone.now())
    unconfirmed_orders(customers(count), at=timezone.now())
    with Workers(REDIS_URL=broker, EMAIL_PORT=str(sink.port)) as crew:
        crew.start(workers)
        for _ in range(clocks):
            crew.start_clock()
        deadline = time.monotonic() + patience
        while (Message.objects.count() < count or unfinished()) and time.monotonic() < deadline:
            for _ in range(5):
                app.send_task("faults.deliver", task_id="the same", expires=5)
                app.send_task("faults.announce", task_id="the same one", expires=5)
            time.sleep(0.5)


@pytest.mark.faults
def test_ten_thousand_rows_three_dispatchers_two_clocks(empty_broker: str) -> None:
    with Sink() as sink:
        dispatch(10_000, workers=3, clocks=2, broker=empty_broker, sink=sink, patience=420)
        assert Message.objects.count() == 10_000
        assert (unfinished(), lost(sink), repeated(sink)) == (0, set(), 0)


def test_a_hundred_rows_two_dispatchers_and_a_clock(empty_broker: str) -> None:
    with Sink() as sink:
        dispatch(100, workers=2, clocks=1, broker=empty_broker, sink=sink, patience=90)
        assert Message.objects.count() == 100
        assert (unfinished(), lost(sink), repeated(sink)) == (0, set(), 0)


def test_dispatchers_that_claim_nothing_send_twice(empty_broker: str) -> None:
    with Sink() as sink:
        messages(150, at=timezone.now())
        environment = {"REDIS_URL": empty_broker, "EMAIL_PORT": str(sink.port), "SABOTAGE": "nothing_is_claimed"}
        with Workers(**environment) as crew:
            crew.start(2)
            deadline = time.monotonic() + 90
            while not repeated(sink) and unfinished() and time.monotonic() < deadline:
                for _ in range(2):
                    app.send_task("faults.deliver", expires=5)
                time.sleep(0.1)
        assert repeated(sink) > 0
