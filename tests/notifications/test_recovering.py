"""What a worker left behind, and what is not known."""

import pytest

from backorders.allocation.models import Promise
from backorders.notifications import marking
from backorders.notifications.gate import open_attempt
from backorders.notifications.leasing import claim
from backorders.notifications.models import Attempt, CallTask, Message
from backorders.notifications.recovering import recover, settle_unknown
from tests.factories import AT, later
from tests.notifications.desk import reread, send

pytestmark = pytest.mark.django_db


def test_a_worker_that_died_before_the_call_leaves_nothing_unknown(message: Message) -> None:
    claim(owner="one", at=AT)
    assert recover(at=later(minutes=1)) == 0
    assert recover(at=later(minutes=3)) == 1
    assert reread(message).state == "pending"


def test_a_worker_that_died_in_the_call_leaves_it_unknown_until_nobody_spoke_up(message: Message) -> None:
    lease, _ = claim(owner="one", at=AT)
    open_attempt(message, lease, at=AT)
    recover(at=later(minutes=3))
    assert (reread(message).state, Attempt.objects.get().outcome) == ("unknown", "ambiguous")
    assert settle_unknown(at=later(minutes=7)) == 0
    assert send(later(minutes=8)) == {"accepted": 1}
    assert reread(message).attempts == 2


def test_a_provider_that_honours_keys_is_asked_again_at_once(message: Message) -> None:
    lease, _ = claim(owner="one", at=AT)
    open_attempt(message, lease, at=AT)
    recover(honours_keys=True, at=later(minutes=3))
    assert reread(message).state == "retry"


def test_the_answer_of_a_worker_that_lost_its_lease_counts(message: Message) -> None:
    lease, _ = claim(owner="one", at=AT)
    open_attempt(message, lease, at=AT)
    recover(at=later(minutes=3))
    assert not marking.mark_accepted(message, lease, provider_id="x", at=later(minutes=3))
    assert settle_unknown(at=later(minutes=8)) == 1
    assert reread(message).state == "accepted"
    assert Promise.objects.get().told_at == later(minutes=8)


def test_a_worker_that_lost_its_lease_changes_nothing(message: Message) -> None:
    lease, _ = claim(owner="one", at=AT)
    open_attempt(message, lease, at=AT)
    recover(at=later(minutes=3))
    before = reread(message).state
    for mark in (marking.mark_refused, marking.try_later):
        more = {"wait": None} if mark is marking.try_later else {}
        assert not mark(message, lease, error="late", at=later(minutes=3), **more)  # type: ignore[operator]
    assert reread(message).state == before == "unknown"
    assert not CallTask.objects.exists()
