"""The books of telling: nobody forgotten, nothing rewritten, nothing sent twice."""

from typing import Any

import pytest
from django.db import connection

from backorders.actions.caring import change_address
from backorders.actions.telling import cancel
from backorders.notifications.books import differences
from backorders.notifications.models import Attempt, CallTask, Message
from tests.factories import a_customer, a_line, a_product, a_purchase, an_order, later, revise
from tests.notifications.desk import announce, send, tell

pytestmark = pytest.mark.django_db


def sql(statement: str, *params: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)


def found() -> list[tuple[int, str]]:
    return [(difference.invariant, difference.sentence) for difference in differences()]


@pytest.fixture
def told() -> Message:
    """Two customers told of a later date, one who cannot be mailed, and a message on its way."""
    product = a_product(stock=1)
    coming = a_purchase(product, 50)
    a_line(product, 3)
    an_order((product, 4), customer=a_customer(email="nowhere"))
    tell(later(minutes=6))
    revise(coming, (40, None), at=later(days=4))
    tell(later(days=4, minutes=6))
    a_line(product, 2, at=later(days=5))
    announce(later(days=5, minutes=6))
    return Message.objects.filter(state="accepted", kind="later").get()


def test_the_books_of_telling_agree(told: Message) -> None:
    assert found() == []
    assert CallTask.objects.exists()
    assert Message.objects.filter(state="pending").exists()


def test_a_message_that_got_lost_on_its_way_leaves_somebody_untold(told: Message) -> None:
    sql("UPDATE notifications_message SET state = 'superseded' WHERE state = 'pending'")
    assert [invariant for invariant, _ in found()] == [8]
    assert "was not told what was announced" in found()[0][1]


def test_a_date_marked_as_announced_without_a_message_is_named(told: Message) -> None:
    sql("UPDATE allocation_promise SET announced_until = '2026-09-01', gap_since = NULL")
    assert {invariant for invariant, _ in found()} == {8}


def test_a_message_that_failed_in_silence_is_named(told: Message) -> None:
    CallTask.objects.all().delete()
    assert any("nobody was asked to call" in sentence for _, sentence in found())


def test_nobody_need_call_about_a_notice_to_the_address_that_was_left(told: Message) -> None:
    assert told.customer is not None
    change_address(told.customer, email="new@example.com", by=None, at=later(days=5, minutes=7))
    notices = Message.objects.filter(kind=Message.Kind.ADDRESS_CHANGED)
    cancel(notices, reason="x", by=None, at=later(days=5, minutes=8))
    assert notices.get().state == "cancelled"
    assert found() == []


def test_what_was_accepted_twice_is_named(told: Message) -> None:
    Attempt.objects.create(message=told, number=9, started_at=later(), ended_at=later(), outcome="accepted")
    assert found() == [(7, f"message {told.pk} was accepted by the provider 2 times")]


def test_a_rewritten_message_is_named(told: Message) -> None:
    on_table = " ON notifications_message" if connection.vendor == "postgresql" else ""
    sql(f"DROP TRIGGER notifications_message_no_rewriting{on_table}")
    sql("UPDATE notifications_message SET text = 'something else' WHERE id = %s", told.pk)
    assert [invariant for invariant, _ in found()] == [6, 6]
    assert f"message {told.pk} is not what was written" in found()[1][1]


def test_a_purged_message_is_no_difference(told: Message) -> None:
    sql("UPDATE notifications_message SET text = '', html = '' WHERE id = %s", told.pk)
    assert found() == []


def test_the_next_word_settles_everything(told: Message) -> None:
    send(later(days=5, minutes=7))
    assert found() == []
    assert not Message.objects.filter(state="pending").exists()
