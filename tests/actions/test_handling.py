"""Who looks after a line and until when it is set aside: written for many lines at once, refused in plain words."""

import pytest

from backorders.actions import handling, selling, undoing
from backorders.allocation.models import Promise
from backorders.desk.models import Handling
from backorders.orders.models import OrderLine
from tests.factories import AT, a_line, a_product, a_user, day, later

pytestmark = pytest.mark.django_db


def lines(count: int = 3) -> list[int]:
    product = a_product()
    return [a_line(product, 1).pk for _ in range(count)]


def test_lines_get_an_owner_and_lose_him_again() -> None:
    ids, elif_ = lines(), a_user()
    assert handling.assign(ids[:2], to=elif_, by=None, at=AT) == 2
    assert set(Handling.objects.filter(owner=elif_).values_list("pk", flat=True)) == set(ids[:2])
    handling.assign(ids, to=None, by=None, at=AT)
    assert not Handling.objects.filter(owner=elif_).exists()


def test_a_line_is_set_aside_until_a_day() -> None:
    (line,) = lines(1)
    handling.snooze([line], until=day(3), by=None, at=AT)
    kept = Handling.objects.get(pk=line)
    assert (kept.snoozed_until, kept.snoozed_version) == (day(3), None)


def test_a_line_is_set_aside_until_its_window_moves() -> None:
    (line,) = lines(1)
    handling.snooze([line], until=None, by=None, at=AT)
    assert Handling.objects.get(pk=line).snoozed_version == Promise.objects.get(pk=line).version


def test_setting_aside_in_another_way_replaces_the_first_and_keeps_the_owner() -> None:
    (line,) = lines(1)
    user = a_user()
    handling.assign([line], to=user, by=None, at=AT)
    handling.snooze([line], until=day(3), by=None, at=AT)
    handling.snooze([line], until=None, by=None, at=later(minutes=1))
    kept = Handling.objects.get(pk=line)
    assert (kept.owner_id, kept.snoozed_until) == (user.pk, None)
    handling.wake([line], by=None, at=later(minutes=2))
    kept.refresh_from_db()
    assert (kept.snoozed_until, kept.snoozed_version, kept.owner_id) == (None, None, user.pk)


@pytest.mark.parametrize("ahead", [0, -1, 181])
def test_a_day_that_is_not_ahead_is_refused(ahead: int) -> None:
    with pytest.raises(handling.NotAhead, match="a day after today"):
        handling.snooze(lines(1), until=day(ahead), by=None, at=AT)


def test_closed_and_unknown_lines_are_refused() -> None:
    line = a_line(a_product(), 1)
    selling.cancel_line(line, reason="x", by=None, at=AT)
    for ids in ([], [line.pk], [2**60]):
        with pytest.raises(handling.NothingChosen):
            handling.assign(ids, to=None, by=None, at=AT)


def test_a_cause_is_set_recorded_and_undone() -> None:
    first, second = lines(2)
    handling.set_cause([second], cause="launch", by=None, at=AT)
    done = handling.set_cause([first, second], cause="supply", reason="their word", by=None, at=AT)
    assert set(OrderLine.objects.values_list("cause", flat=True)) == {"supply"}
    assert done.change_set.touches.count() == 2
    undoing.undo(done.change_set, by=None, at=later(minutes=1))
    assert OrderLine.objects.get(pk=first).cause == ""
    assert OrderLine.objects.get(pk=second).cause == "launch"


def test_undoing_a_cause_leaves_what_somebody_set_since() -> None:
    (line,) = lines(1)
    done = handling.set_cause([line], cause="supply", by=None, at=AT)
    handling.set_cause([line], cause="demand", by=None, at=later(minutes=1))
    undoing.undo(done.change_set, by=None, at=later(minutes=2))
    assert OrderLine.objects.get(pk=line).cause == "demand"


def test_a_cause_that_is_none_is_refused() -> None:
    with pytest.raises(handling.NoSuchCause):
        handling.set_cause(lines(1), cause="weather", by=None, at=AT)


@pytest.mark.parametrize("verb", ["assign", "snooze", "set_cause"])
def test_many_lines_need_no_more_statements_than_one(verb: str, django_assert_max_num_queries) -> None:  # type: ignore[no-untyped-def]
    ids = lines(30)
    how = {"assign": {"to": None}, "snooze": {"until": None}, "set_cause": {"cause": "demand"}}[verb]
    with django_assert_max_num_queries(8):
        getattr(handling, verb)(ids, by=None, at=AT, **how)
