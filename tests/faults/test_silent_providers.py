"""R3: a provider that keeps a mail without saying so; exactly those are recorded as unknown, and none is lost."""

import time
from typing import Any

import pytest
from django.utils import timezone

from backorders.notifications import backends
from backorders.notifications.delivering import deliver
from backorders.notifications.models import Attempt, Message
from config.celery import app
from tests.faults.crowd import lost, messages, unfinished
from tests.faults.policies import QUICK
from tests.harness.smtp import Behaviour, Sink
from tests.harness.workers import Workers

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("processes"), pytest.mark.long]


def recorded() -> list[str]:
    """The Message-ID of every call that is recorded as one without an answer."""
    unknown = Attempt.objects.filter(outcome=Attempt.Outcome.AMBIGUOUS).select_related("message")
    return sorted(attempt.message.headers["Message-ID"] for attempt in unknown)


def until_finished(seconds: float) -> None:
    """Deliver in this process until nothing is on its way any more."""
    deadline = time.monotonic() + seconds
    while unfinished() and time.monotonic() < deadline:
        deliver(clock=timezone.now, policy=QUICK)
        time.sleep(0.1)


@pytest.mark.faults
def test_two_thousand_mails_and_every_tenth_without_an_answer(empty_broker: str) -> None:
    with (
        Sink(Behaviour(drops=0.05, hangs=0.05, hang_s=9)) as sink,
        Workers(REDIS_URL=empty_broker, EMAIL_PORT=str(sink.port), EMAIL_TIMEOUT="3") as crew,
    ):
        messages(2_000, at=timezone.now())
        crew.start(4)
        deadline = time.monotonic() + 300
        while unfinished() and time.monotonic() < deadline:
            app.send_task("faults.deliver", expires=5)
            time.sleep(0.3)
        assert unfinished() == 0
        assert recorded() == sorted(sink.unanswered)
        assert len(sink.unanswered) > 100
        assert lost(sink) == set()


@pytest.fixture
def impatient(settings: Any) -> Any:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_TIMEOUT = 1.5
    return settings


def test_exactly_what_was_not_answered_is_unknown_and_repeated(impatient: Any) -> None:
    with Sink(Behaviour(drops=0.15, hangs=0.1, hang_s=4)) as sink:
        impatient.EMAIL_PORT = sink.port
        messages(40, at=timezone.now())
        until_finished(60)
        assert sink.unanswered
        assert recorded() == sorted(sink.unanswered)
        assert lost(sink) == set()
        assert Message.objects.filter(state="accepted").count() == 40


def test_whoever_takes_silence_for_a_refusal_does_not_know_what_was_sent(
    impatient: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    never = property(lambda _: False, lambda *_: None)
    monkeypatch.setattr(backends.Conversation, "is_handed_over", never)
    with Sink(Behaviour(drops=0.3)) as sink:
        impatient.EMAIL_PORT = sink.port
        messages(20, at=timezone.now())
        until_finished(60)
        assert recorded() != sorted(sink.unanswered)
