"""How soon a wish to stop is heard: in mails that leave after it was said."""

from typing import Any

import pytest

from backorders.actions import telling
from backorders.jobs import running
from backorders.jobs.models import Job
from backorders.notifications.models import Message
from backorders.notifications.policy import SENDING
from tests.factories import AT, a_customer, a_line, a_product, a_purchase, later, revise
from tests.notifications.desk import Provider, announce, messages, send

pytestmark = pytest.mark.django_db
MANY = 50
WITHIN = 20  # mails


def stop_after(provider: Provider, monkeypatch: pytest.MonkeyPatch, *, sent: int, how: Any) -> None:
    """Say stop while the mail of this number is handed over."""

    def take(_backend: Any, mails: list[Any]) -> int:
        provider.sent += mails
        if len(provider.sent) == sent:
            how()
        return len(mails)

    monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", take)


@pytest.mark.parametrize("sent", [1, 20, 21])
def test_after_mail_is_turned_off_none_leaves(provider: Provider, monkeypatch: pytest.MonkeyPatch, sent: int) -> None:
    messages(MANY)
    off = {"is_on": False, "reason": "wrong dates", "by": None, "at": AT}
    stop_after(provider, monkeypatch, sent=sent, how=lambda: telling.turn_mail(**off))  # type: ignore[arg-type]
    send(AT)
    assert len(provider.sent) == sent
    assert Message.objects.filter(state="pending").count() == MANY - sent


@pytest.mark.parametrize("sent", [1, 20, 21])
def test_after_messages_are_held_those_of_one_batch_leave(
    provider: Provider, monkeypatch: pytest.MonkeyPatch, sent: int
) -> None:
    made = messages(MANY)
    stop_after(provider, monkeypatch, sent=sent, how=lambda: telling.hold(made, reason="wrong dates", by=None, at=AT))
    send(AT)
    assert len(provider.sent) - sent < SENDING.batch <= WITHIN
    assert Message.objects.filter(state="held").count() == MANY - len(provider.sent)
    assert Message.objects.filter(state="held").exists()


def test_after_a_bulk_send_is_stopped_no_further_batch_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telling, "AT_ONCE", 1)
    product = a_product()
    purchase = a_purchase(product, MANY, eta=30)
    lines = [a_line(product, 1, customer=a_customer()) for _ in range(MANY)]
    announce(AT)
    send(AT)
    revise(purchase, (60, None), at=later(minutes=1))
    before = Message.objects.count()
    job = telling.job_of(
        telling.tell_now([each.order.customer_id for each in lines], by=None, at=later(hours=1)).change_set
    )
    assert job
    Job.objects.filter(pk=job.pk).update(wish="stop")
    running.run_due(clock=lambda: later(hours=1), until=later(hours=2))
    job.refresh_from_db()
    assert job.state == "stopped"
    assert 0 < Message.objects.count() - before <= WITHIN
