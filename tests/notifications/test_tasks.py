"""The clock's tasks, the nudge, the command without a broker, and the check that bounces are heard."""

from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.core.checks import run_checks
from django.core.management import call_command
from django.db import transaction
from django.utils import timezone
from kombu.exceptions import OperationalError

from backorders.notifications import tasks
from backorders.notifications.models import Message
from backorders.supply.models import PurchaseLine
from tests.factories import a_line, a_product, a_purchase, day, expected, later
from tests.harness.smtp import free_port
from tests.harness.workers import broker_of
from tests.notifications.desk import inbox

pytestmark = pytest.mark.django_db


@pytest.fixture
def no_broker() -> Iterator[None]:
    """A port where no broker listens."""
    with broker_of(f"redis://127.0.0.1:{free_port()}/0"):
        yield


def test_announcing_then_delivering_reaches_the_customer(no_broker: None) -> None:
    a_line(a_product(stock=5), 1, at=timezone.now())
    lost = tasks.NUDGES.lost
    assert tasks.announce() == 1
    assert tasks.NUDGES.wait(30)
    assert tasks.NUDGES.lost == lost + 1  # the broker is down; the clock finds it
    assert tasks.deliver() == 1
    assert len(inbox()) == 1
    assert (tasks.announce(), tasks.deliver(), tasks.process_events()) == (0, 0, 0)


@pytest.mark.long
@pytest.mark.django_db(transaction=True)
def test_a_nudge_after_the_commit_never_reaches_the_person_who_saves(no_broker: None) -> None:
    lost = tasks.NUDGES.lost
    with transaction.atomic():
        a_line(a_product(stock=5), 1)
        transaction.on_commit(tasks.nudge, robust=True)
    assert tasks.NUDGES.wait(30)
    assert tasks.NUDGES.lost == lost + 1
    with pytest.raises(OperationalError):
        tasks.deliver.apply_async(retry=False)


def test_the_command_does_the_same_without_a_broker() -> None:
    a_line(a_product(stock=5), 1)
    nudges = (tasks.NUDGES.published, tasks.NUDGES.lost)
    out = StringIO()
    call_command("run_outbox", once=True, stdout=out)
    assert out.getvalue().splitlines() == ["start the day: 1", "say what changed: 1", "send what is due: 1"]
    assert Message.objects.get().state == "accepted"
    assert len(inbox()) == 1
    assert (tasks.NUDGES.published, tasks.NUDGES.lost) == nudges  # it needs no broker and asks for none


def test_without_a_broker_dates_age_and_changes_made_outside_are_found() -> None:
    product = a_product()
    purchase = a_purchase(product, 5, eta=3)
    line = a_line(product, 2)
    with time_machine.travel(later(days=60), tick=False):
        call_command("run_outbox", once=True, stdout=StringIO())
        assert expected(line) is None  # a date so long past is believed no longer
        PurchaseLine.objects.filter(pk=purchase.pk).update(eta_on=day(70), eta_until=day(70))
        call_command("run_outbox", once=True, stdout=StringIO())
    dated = expected(line)
    assert dated is not None
    assert dated[1] > day(70)


def test_what_fails_does_not_keep_the_rest_from_being_done(settings: Any, caplog: pytest.LogCaptureFixture) -> None:
    broken = {"task": "operator.itemgetter", "schedule": 1}
    settings.CELERY_BEAT_SCHEDULE = {"break": broken, **settings.CELERY_BEAT_SCHEDULE}
    a_line(a_product(stock=5), 1)
    call_command("run_outbox", once=True, stdout=StringIO())
    assert "the task to break failed" in caplog.text
    assert len(inbox()) == 1


@pytest.mark.parametrize(
    ("production", "backend", "secret", "errors"),
    [
        (False, "django.core.mail.backends.filebased.EmailBackend", "", []),
        (False, "anymail.backends.postmark.EmailBackend", "", ["notifications.E001"]),
        (False, "backorders.notifications.backends.ResendBackend", "", ["notifications.E001"]),
        (True, "django.core.mail.backends.smtp.EmailBackend", "", ["notifications.E001"]),
        (True, "anymail.backends.postmark.EmailBackend", "a:b", []),
    ],
)
def test_without_a_secret_for_the_provider_we_do_not_start(
    settings: Any, production: bool, backend: str, secret: str, errors: list[str]
) -> None:
    settings.PRODUCTION, settings.EMAIL_BACKEND, settings.ANYMAIL = production, backend, {"WEBHOOK_SECRET": secret}
    assert [error.id for error in run_checks() if error.id and error.id.startswith("notifications")] == errors
