"""R4: the broker stops, or forgets everything; saving goes on, and no message is lost as long as there is a clock."""

import datetime
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import redis
from django.db import transaction
from django.utils import timezone

from backorders.actions import etas, revising
from backorders.allocation.models import Promise
from backorders.notifications import tasks
from backorders.notifications.switch import mail_switch
from backorders.supply.models import PurchaseLine
from tests.factories import a_product, a_purchase, an_order
from tests.faults.crowd import lost, messages, unfinished
from tests.harness.smtp import Sink
from tests.harness.valkey import ValkeyServer, valkey
from tests.harness.workers import Workers, broker_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("processes"), pytest.mark.long]


@pytest.fixture
def own_broker() -> Iterator[ValkeyServer]:
    """A broker that this test may stop."""
    server = valkey()
    server.start()
    with broker_of(f"{server.connection_url}/0"):
        yield server
    server.stop()


@contextmanager
def crew(broker: ValkeyServer, sink: Sink, *, clock: bool) -> Iterator[Workers]:
    """A worker, with or without a clock."""
    with Workers(REDIS_URL=f"{broker.connection_url}/0", EMAIL_PORT=str(sink.port)) as workers:
        workers.start()
        if clock:
            workers.start_clock()
        yield workers


def told_lines(count: int) -> list[PurchaseLine]:
    """Purchase lines, each with an order behind it."""
    mail_switch(at=timezone.now())
    purchases = []
    for _ in range(count):
        product = a_product()
        purchases.append(a_purchase(product, 5, eta=400))
        an_order((product, 1))
    return purchases


def save(purchase: PurchaseLine, number: int) -> float:
    """Revise an ETA as a screen does, nudge the workers after the commit; return how long it took in seconds."""
    began = time.perf_counter()
    at = timezone.now()
    with transaction.atomic():
        part = etas.EtaPart(at.date() + datetime.timedelta(days=400 + number % 300))
        revising.revise_eta([etas.EtaChange(purchase.pk, [part])], reason_code="production", by=None, at=at)
        transaction.on_commit(tasks.nudge, robust=True)
    return time.perf_counter() - began


def edit(purchases: list[PurchaseLine], *, a_second: int, seconds: float) -> float:
    """Save so many edits a second; return the time in which 95 of 100 were saved. An error fails the test."""
    took = []
    began = time.monotonic()
    while (passed := time.monotonic() - began) < seconds:
        if len(took) < passed * a_second:
            took.append(save(purchases[len(took) % len(purchases)], len(took)))
        else:
            time.sleep(0.005)
    return sorted(took)[int(len(took) * 0.95)]


def everybody_knows(patience: float) -> bool:
    """Wait until every customer was told what is expected; return whether that came."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        promises = Promise.objects.values_list("expected_from", "expected_until", "told_from", "told_until")
        if all(row[:2] == row[2:] for row in promises) and not unfinished():
            return True
        time.sleep(0.3)
    return False


@pytest.mark.parametrize(
    ("lines", "a_second", "seconds"), [pytest.param(40, 20, 60, marks=pytest.mark.faults), (5, 5, 4)]
)
def test_saving_goes_on_without_the_broker_and_nobody_is_forgotten(
    own_broker: ValkeyServer, lines: int, a_second: int, seconds: float
) -> None:
    purchases = told_lines(lines)
    with Sink() as sink, crew(own_broker, sink, clock=True):
        assert everybody_knows(90)
        usual = edit(purchases, a_second=a_second, seconds=seconds / 4)
        lost_before = tasks.NUDGES.lost
        own_broker.stop()
        without = edit(purchases, a_second=a_second, seconds=seconds)
        assert tasks.NUDGES.wait(30)
        assert tasks.NUDGES.lost > lost_before
        own_broker.start()
        assert without <= usual + 0.3
        assert everybody_knows(120)
        assert lost(sink) == set()


@pytest.mark.parametrize("nudges", [pytest.param(5_000, marks=pytest.mark.faults), 100])
def test_a_broker_that_forgets_everything_loses_nothing(own_broker: ValkeyServer, nudges: int) -> None:
    with Sink() as sink:
        messages(nudges // 10, at=timezone.now())
        forget(own_broker, nudges)
        with crew(own_broker, sink, clock=True):
            wait_until_finished(120)
        assert unfinished() == 0
        assert lost(sink) == set()


def test_without_a_clock_what_the_broker_forgot_is_lost(own_broker: ValkeyServer) -> None:
    with Sink() as sink:
        messages(20, at=timezone.now())
        forget(own_broker, 50)
        with crew(own_broker, sink, clock=False) as workers:
            wait_until_finished(12)
            assert workers.members[0].poll() is None
        assert len(lost(sink)) == 20


def forget(broker: ValkeyServer, nudges: int) -> None:
    """Queue nudges, then let the broker forget them."""
    for _ in range(nudges):
        tasks.deliver.apply_async()
    client = redis.Redis.from_url(broker.connection_url)
    assert client.llen("backorders:celery") == nudges
    client.flushall()
    client.close()


def wait_until_finished(patience: float) -> None:
    """Wait until nothing is on its way any more, or patience ends."""
    deadline = time.monotonic() + patience
    while unfinished() and time.monotonic() < deadline:
        time.sleep(0.3)
