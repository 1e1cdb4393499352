"""The clock's tasks, the nudge, the command without a broker, and the check that bounces are heard."""

from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
from django.core.checks import run_checks
from django.core.management import call_command
from django.db import transaction
from kombu.exceptions import OperationalError

from backorders.notifications import tasks
from backorders.notifications.models import Message
from tests.factories import a_line, a_product
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
    a_line(a_product(stock=5), 1)
    lost = tasks.NUDGES.lost
    assert tasks.announce() == 1
    assert tasks.NUDGES.wait(30)
    assert tasks.NUDGES.lost == lost + 1  # the broker is down; the clock finds it
    assert tasks.deliver() == 1
    assert len(inbox()) == 1
    assert (tasks.announce(), tasks.deliver(), tasks.process_events()) == (0, 0, 0)


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
    out = StringIO()
    call_command("run_outbox", once=True, stdout=out)
    assert "1 messages queued; 1 accepted" in out.getvalue()
    assert Message.objects.get().state == "accepted"
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
