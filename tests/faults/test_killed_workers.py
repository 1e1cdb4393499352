"""R1: workers are killed in the middle of their work; no message is lost, and at most one is repeated per kill."""

import random
import time

import pytest
from django.utils import timezone

from config.celery import app
from tests.faults.crowd import lost, messages, repeated, unfinished
from tests.harness.smtp import Behaviour, Sink
from tests.harness.workers import Workers

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("processes"), pytest.mark.long]

PROVIDER = {"delay_ms": (4.0, 16.0)}
KEYED = "tests.faults.app.KeyedBackend"
STOCK = "django.core.mail.backends.smtp.EmailBackend"


def kill_while_delivering(
    sink: Sink,
    broker: str,
    *,
    workers: int,
    kills: int,
    every: float,
    backend: str = STOCK,
    sabotage: str = "",
    patience: float = 40,
) -> None:
    """Let workers deliver, kill a random one at work again and again, until all is through or nothing moves."""
    rng = random.Random(1)
    environment = {"REDIS_URL": broker, "EMAIL_PORT": str(sink.port), "EMAIL_BACKEND": backend, "SABOTAGE": sabotage}
    with Workers(**environment) as crew:
        crew.start(workers)
        next_kill, left, still = 0.0, kills, time.monotonic()
        before = unfinished()
        while before:
            app.send_task("faults.deliver", expires=5)
            time.sleep(0.2)
            now = time.monotonic()
            if left and now >= next_kill and (at_work := crew.at_work()):
                crew.kill(rng.choice(at_work))
                crew.start()
                left, next_kill = left - 1, now + every
            if (after := unfinished()) != before:
                before, still = after, now
            if now - still > patience:
                break
        assert not left, "the workers were through before they were killed often enough"


@pytest.mark.faults
def test_ten_thousand_mails_survive_fifty_kills(empty_broker: str) -> None:
    with Sink(Behaviour(**PROVIDER)) as sink:
        messages(10_000, at=timezone.now())
        kill_while_delivering(sink, empty_broker, workers=4, kills=50, every=0.5)
        assert lost(sink) == set()
        assert repeated(sink) <= 50
        assert unfinished() == 0


@pytest.mark.faults
def test_a_provider_that_honours_keys_keeps_no_mail_twice(empty_broker: str) -> None:
    with Sink(Behaviour(**PROVIDER, honours_keys=True)) as sink:
        messages(3_000, at=timezone.now())
        kill_while_delivering(sink, empty_broker, workers=4, kills=15, every=0.5, backend=KEYED)
        assert lost(sink) == set()
        assert repeated(sink) == 0
        assert unfinished() == 0


def test_a_few_mails_survive_a_few_kills(empty_broker: str) -> None:
    with Sink(Behaviour(delay_ms=(20, 40))) as sink:
        messages(300, at=timezone.now())
        kill_while_delivering(sink, empty_broker, workers=2, kills=2, every=0.5)
        assert lost(sink) == set()
        assert repeated(sink) <= 2
        assert unfinished() == 0


def test_without_anybody_who_looks_back_mails_are_lost(empty_broker: str) -> None:
    with Sink(Behaviour(delay_ms=(150, 200))) as sink:
        messages(30, at=timezone.now())
        kill_while_delivering(
            sink, empty_broker, workers=1, kills=1, every=0.5, sabotage="nobody_comes_back", patience=8
        )
        assert lost(sink)


@pytest.mark.faults
def test_marking_at_the_end_of_a_batch_repeats_more_than_one_a_kill(empty_broker: str) -> None:
    with Sink(Behaviour(delay_ms=(20, 40))) as sink:
        messages(600, at=timezone.now())
        kill_while_delivering(sink, empty_broker, workers=2, kills=5, every=1.0, sabotage="marks_at_the_end")
        assert repeated(sink) > 5
