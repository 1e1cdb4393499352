"""Leasing: a due message is one worker's at a time, the urgent first."""

import uuid

import pytest

from backorders.notifications import leasing
from backorders.notifications.leasing import claim
from backorders.notifications.models import Message
from backorders.notifications.policy import SendingPolicy
from tests.factories import AT, a_customer, a_line, a_product, later
from tests.notifications.desk import announce, messages

pytestmark = pytest.mark.django_db


def test_a_message_is_claimed_once(message: Message) -> None:
    _, mine = claim(owner="one", at=AT)
    _, theirs = claim(owner="two", at=AT)
    assert (mine, theirs) == ([message], [])


def test_a_batch_is_claimed_by_priority_then_age() -> None:
    made = messages(5)
    Message.objects.filter(pk=made[3].pk).update(priority=1)
    _, batch = claim(owner="one", at=AT, policy=SendingPolicy(batch=3))
    assert batch == [made[3], made[0], made[1]]


def test_what_is_not_due_yet_is_not_claimed(message: Message) -> None:
    Message.objects.update(not_before=later(minutes=1))
    assert claim(owner="one", at=AT)[1] == []
    assert claim(owner="one", at=later(minutes=1))[1] == [message]


@pytest.mark.parametrize("state", ["pending", "retry", "sending", "unknown"])
def test_an_unfinished_older_message_of_the_customer_goes_first(state: str) -> None:
    customer, product = a_customer(), a_product(stock=5)
    a_line(product, 1, customer=customer)
    [older] = announce(AT)
    a_line(product, 1, customer=customer, at=later(minutes=1))
    [younger] = announce(later(minutes=1))
    lease = {"lease_token": uuid.uuid4(), "lease_until": later(hours=1)} if state == "sending" else {}
    not_before = {} if state == "pending" else {"not_before": later(hours=1)}
    Message.objects.filter(pk=older.pk).update(state=state, **lease, **not_before)
    assert claim(owner="one", at=later(minutes=2))[1] == ([older] if state == "pending" else [])
    Message.objects.filter(pk=older.pk).update(state="accepted", accepted_at=AT, lease_token=None, lease_until=None)
    assert claim(owner="one", at=later(minutes=2))[1] == [younger]


def test_a_held_or_failed_older_message_holds_up_nobody() -> None:
    customer, product = a_customer(), a_product(stock=5)
    a_line(product, 1, customer=customer)
    announce(AT)
    Message.objects.update(state="held")
    a_line(product, 1, customer=customer)
    [younger] = announce(AT)
    assert claim(owner="one", at=AT)[1] == [younger]


def test_a_lease_that_runs_out_is_prolonged_for_the_rest_of_the_batch() -> None:
    messages(2)
    lease, _ = claim(owner="one", at=AT)
    assert leasing.renew(lease, at=later(seconds=10)) == lease
    longer = leasing.renew(lease, at=later(seconds=90))
    assert set(Message.objects.values_list("lease_until", flat=True)) == {longer.until} == {later(seconds=210)}


@pytest.mark.parametrize(("attempts", "state"), [(0, "pending"), (1, "retry")])
def test_what_is_given_back_is_what_it_was_before_it_was_claimed(message: Message, attempts: int, state: str) -> None:
    Message.objects.update(state=state, attempts=attempts)
    lease, [mine] = claim(owner="one", at=AT)
    assert leasing.give_back(lease, [mine.pk]) == 1
    assert Message.objects.values_list("state", "lease_token").get() == (state, None)
