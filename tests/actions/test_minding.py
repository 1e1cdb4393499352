"""Asking for access and reading one's inbox: one's own, and nobody else's."""

import pytest

from backorders.access.table import ADMINISTRATOR, SERVICE
from backorders.actions import minding
from backorders.actions.minding import NothingToAsk
from backorders.desk.models import Follow
from backorders.inbox.models import Notice
from backorders.inbox.posting import post, unread
from tests.factories import AT, a_user, day, later

pytestmark = pytest.mark.django_db


def a_notice(person: object, key: str = "calls") -> Notice:
    post(Notice.Kind.CALL, to=[person.pk], key=key, at=AT)  # type: ignore[attr-defined]
    return Notice.objects.latest("id")


def test_administrators_hear_what_somebody_needs() -> None:
    clerk, chief = a_user(SERVICE), a_user(ADMINISTRATOR)
    assert minding.ask_for_access("revising.revise_eta", by=clerk, at=AT) == 1
    assert minding.ask_for_access("revising.revise_eta", by=clerk, at=later(minutes=1)) == 1
    notice = Notice.objects.get()
    assert (notice.person, notice.count, notice.object_id) == (chief, 2, clerk.pk)
    assert notice.words == {"person": clerk.get_username(), "permission": "revising.revise_eta"}


@pytest.mark.parametrize(("permission", "why"), [("made.up", "No role"), ("queueing.hold", "already"), ("", "No role")])
def test_nonsense_is_not_asked_for(permission: str, why: str) -> None:
    with pytest.raises(NothingToAsk, match=why):
        minding.ask_for_access(permission, by=a_user(SERVICE), at=AT)
    assert not Notice.objects.exists()


def test_reading_and_unreading_touches_only_ones_own() -> None:
    reader, other = a_user(), a_user()
    mine, theirs = a_notice(reader), a_notice(other)
    assert minding.mark_read([mine.pk, theirs.pk], by=reader, at=later(hours=1)) == 1
    mine.refresh_from_db()
    theirs.refresh_from_db()
    assert (mine.read_at, theirs.read_at) == (later(hours=1), None)
    assert minding.mark_unread([mine.pk, theirs.pk], by=reader) == 1


def test_one_whose_like_waits_already_stays_read() -> None:
    reader = a_user()
    old = a_notice(reader)
    minding.mark_read([old.pk], by=reader, at=later(hours=1))
    older = a_notice(reader)
    assert minding.mark_unread([old.pk], by=reader) == 0
    minding.mark_read([older.pk], by=reader, at=later(hours=2))
    assert minding.mark_unread([old.pk, older.pk], by=reader) == 1
    assert Notice.objects.get(read_at=None) == older


def test_what_is_set_aside_comes_back_in_the_morning() -> None:
    reader, other = a_user(), a_user()
    mine, theirs = a_notice(reader), a_notice(other)
    assert minding.set_aside([mine.pk, theirs.pk], until=day(2), by=reader, at=AT) == 1
    assert not Notice.objects.waiting(later(hours=3)).filter(person=reader).exists()
    assert Notice.objects.aside(AT).get() == mine
    assert Notice.objects.waiting(later(days=2)).filter(person=reader).exists()
    assert unread(reader, cap=9, at=AT) == 0
    assert unread(reader, cap=9, at=later(days=2)) == 1
    assert minding.take_up_again([mine.pk, theirs.pk], by=reader) == 1
    assert unread(reader, cap=9, at=AT) == 1


@pytest.mark.parametrize("offset", [0, -1, 400])
def test_nothing_is_set_aside_until_a_day_that_is_not_ahead_or_too_far(offset: int) -> None:
    reader = a_user()
    notice = a_notice(reader)
    with pytest.raises(minding.NotAhead):
        minding.set_aside([notice.pk], until=day(offset), by=reader, at=AT)
    assert Notice.objects.waiting(AT).exists()


def test_a_thing_is_followed_once_and_left() -> None:
    reader, other = a_user(), a_user()
    first = minding.follow(Follow.Thing.ORDER, 7, name="Order 7", by=reader, at=AT)
    assert minding.follow(Follow.Thing.ORDER, 7, name="Order 7", by=reader, at=later(hours=1)) == first
    minding.follow(Follow.Thing.ORDER, 7, name="Order 7", by=other, at=AT)
    assert minding.unfollow(Follow.Thing.ORDER, 7, by=reader)
    assert not minding.unfollow(Follow.Thing.ORDER, 7, by=reader)
    assert Follow.objects.get().person == other


def test_nobody_follows_more_than_they_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(minding, "MOST_FOLLOWED", 1)
    reader = a_user()
    minding.follow(Follow.Thing.ORDER, 7, name="Order 7", by=reader, at=AT)
    with pytest.raises(minding.FollowsTooMuch, match="You follow 1"):
        minding.follow(Follow.Thing.ORDER, 8, name="Order 8", by=reader, at=AT)


def test_kinds_are_muted_exactly_as_said_and_never_where_somebody_waits() -> None:
    reader = a_user()
    assert minding.mute(["call", "job", "approval_asked"], by=reader) == ["call", "job"]
    assert minding.mute(["job", "short"], by=reader) == ["job", "short"]
    assert list(reader.mutes.order_by("kind").values_list("kind", flat=True)) == ["job", "short"]
    a_notice(reader, "calls")
    assert unread(reader, cap=9, at=AT) == 1
