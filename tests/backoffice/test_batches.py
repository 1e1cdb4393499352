"""The batches of the outbox: what telling many wrote, how fast it leaves, what came back, and stopping it."""

import datetime

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from backorders.access.table import AUDITOR
from backorders.actions import telling
from backorders.backoffice.batches import Batch, batches_of, ends, pace, tellings
from backorders.changes.models import ChangeSet
from backorders.jobs import running
from backorders.notifications.models import Message, ProviderEvent
from tests.backoffice.desk import World, address, somebody, text
from tests.factories import AT, later, revise
from tests.notifications.desk import send

MINUTE = datetime.timedelta(minutes=1)


@pytest.fixture
def world(desk: Client) -> World:
    return World(at=AT - 60 * MINUTE)


@pytest.fixture
def told(world: World) -> ChangeSet:
    """Three customers were told at once; two of them by mail."""
    revise(world.line, (31, None))
    customers = [order.customer_id for order in (world.first, world.second, world.unreachable)]
    return telling.tell_now(customers, by=None, at=AT).change_set


def batch(at: datetime.datetime = AT) -> Batch:
    return batches_of(tellings(), at=at)[0]


def written(change: ChangeSet) -> list[Message]:
    return list(Message.objects.filter(created_at=change.at, kind="later").order_by("id"))


def bounced(message: Message, key: str, reason: str) -> None:
    event = {"event_type": "bounced", "reason": reason, "message": message, "occurred_at": AT, "received_at": AT}
    ProviderEvent.objects.create(event_key=key, **event)


def test_a_batch_counts_what_was_written_sent_and_could_not_be(told: ChangeSet) -> None:
    before = batch()
    assert (before.written, before.unsent, before.failed, before.sent) == (3, 2, 1, 0)
    send(later(minutes=5))
    after = batch()
    assert (after.unsent, after.failed, after.sent, after.can_stop) == (0, 1, 2, False)


def test_soft_and_hard_bounces_are_counted_apart_and_each_mail_once(desk: Client, told: ChangeSet) -> None:
    first, second = written(told)[:2]
    for key, reason in [("a", "soft"), ("b", "other")]:
        bounced(first, key, reason)
    for key, reason in [("c", "soft"), ("d", "invalid")]:
        bounced(second, key, reason)
    assert (batch().soft, batch().hard) == (1, 1)
    assert "1 soft bounce, 1 hard bounce" in text(desk.get(address("batches")))


def test_pace_and_time_left_are_said(desk: Client, told: ChangeSet) -> None:
    first, second, third = written(told)
    Message.objects.filter(pk=first.pk).update(state="accepted", accepted_at=AT - 3 * MINUTE)
    Message.objects.filter(pk=second.pk).update(state="accepted", accepted_at=AT - 2.5 * MINUTE)
    Message.objects.filter(pk=third.pk).update(state="pending", not_before=AT + 4 * MINUTE)
    said = text(desk.get(address("batches"))).replace("\xa0", " ")
    assert "2 mails a minute" in said
    assert "about 4 minutes left" in said


@given(st.integers(0, 10_000), st.none() | st.floats(0.01, 10_000), st.none() | st.integers(-600, 600))
def test_a_batch_ends_when_its_last_mail_may_leave_and_its_turn_has_come(
    unsent: int, per_minute: float | None, minutes: int | None
) -> None:
    leaves_at = None if minutes is None else AT + minutes * MINUTE
    over = ends(unsent, per_minute=per_minute, leaves_at=leaves_at, at=AT)
    if not unsent or (per_minute is None and (leaves_at is None or leaves_at <= AT)):
        assert over is None
    else:
        assert over is not None
        assert over >= AT
        assert leaves_at is None or over >= leaves_at
        assert per_minute is None or over >= AT + datetime.timedelta(minutes=unsent / per_minute)


def test_a_pace_needs_two_moments() -> None:
    assert pace(1, AT, AT) is None
    assert pace(5, AT, AT) is None
    assert pace(3, None, None) is None
    assert pace(3, AT, AT + MINUTE) == 2


def test_the_rest_of_a_batch_is_held_released_and_cancelled_as_a_whole(desk: Client, told: ChangeSet) -> None:
    Message.objects.filter(pk=written(told)[0].pk).update(state="accepted", accepted_at=AT)
    left, url = batch().unsent, address("batch", told.pk)
    assert left == 1
    held = desk.post(address("stop_or_send", "hold"), {"batch": told.pk, "reason": "wrong"}, follow=True)
    assert held.redirect_chain[-1][0] == url
    assert batch().held == left
    assert "Release" in text(held)
    desk.post(address("stop_or_send", "release"), {"batch": told.pk})
    assert (batch().unsent, batch().held) == (left, 0)
    desk.post(address("stop_or_send", "cancel"), {"batch": told.pk, "reason": "I call them"})
    assert (batch().dropped, batch().sent) == (left, 1)
    assert desk.post(address("stop_or_send", "hold"), {"batch": "99999", "reason": "x"}).status_code == 404


def test_what_a_job_wrote_is_its_batch_and_nothing_from_before_or_after(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telling, "AT_ONCE", 1)
    revise(world.line, (31, None))
    telling.tell_now([world.first.customer_id, world.second.customer_id], by=None, at=AT)
    running.run_due(clock=lambda: later(minutes=3), until=later(minutes=4))
    assert batch(later(minutes=5)).written == 2
    message = Message.objects.filter(kind="later").earliest("id")
    Message.objects.filter(pk=message.pk).update(created_at=later(minutes=4))
    assert batch(later(minutes=5)).written == 1


def test_batches_take_the_same_statements_however_many_they_are(desk: Client, world: World, told: ChangeSet) -> None:
    with CaptureQueriesContext(connection) as one:
        desk.get(address("batches"))
    for day in (40, 50, 60):
        revise(world.line, (day, None))
        telling.tell_now([world.first.customer_id], by=None, at=AT + day * MINUTE)
    with CaptureQueriesContext(connection) as several:
        page = desk.get(address("batches"))
    assert len(page.context["batches"]) == 4
    assert len(several) == len(one)


@pytest.mark.django_db
def test_nobody_told_many_yet_and_the_auditor_reads_a_batch_but_stops_nothing() -> None:
    auditor = somebody(AUDITOR)
    assert "Nobody has told many customers at once yet." in text(auditor.get(address("batches")))
    world = World(at=AT - 60 * MINUTE)
    revise(world.line, (31, None))
    change = telling.tell_now([world.first.customer_id], by=None, at=AT).change_set
    said = text(auditor.get(address("batch", change.pk)))
    assert "Elif Kaya" in said
    assert "Cancel for good" not in said
    assert auditor.post(address("stop_or_send", "hold"), {"batch": change.pk, "reason": "x"}).status_code == 403
