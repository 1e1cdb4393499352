"""What concerns several people waits for each of them once, and is counted up while nobody has read it."""

import datetime
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractBaseUser
from django.db import connection
from django.test.utils import CaptureQueriesContext

from backorders.access.table import ADMINISTRATOR, MANAGER, SERVICE, WAREHOUSE
from backorders.inbox.models import Mute, Notice
from backorders.inbox.posting import Posted, administrators, people_with, post, post_all, post_once, settle, unread
from tests.factories import AT, a_user, later

pytestmark = pytest.mark.django_db

CALL = Notice.Kind.CALL


def waiting(person: AbstractBaseUser) -> list[tuple[str, int, datetime.datetime]]:
    return list(Notice.objects.filter(person=person.pk, read_at=None).values_list("key", "count", "at"))


def test_everybody_it_concerns_finds_it() -> None:
    first, second = a_user(SERVICE), a_user(MANAGER)
    post(CALL, to=[first.pk, second.pk, first.pk], key="calls", count=3, at=AT)
    assert waiting(first) == waiting(second) == [("calls", 3, AT)]


def test_the_same_thing_is_counted_up_until_it_is_read() -> None:
    reader, other = a_user(), a_user()
    post(CALL, to=[reader.pk, other.pk], key="calls", at=AT)
    Notice.objects.filter(person=reader).update(read_at=AT)
    post(CALL, to=[reader.pk, other.pk], key="calls", count=2, at=later(minutes=5))
    assert waiting(reader) == [("calls", 2, later(minutes=5))]
    assert waiting(other) == [("calls", 3, later(minutes=5))]


def test_of_things_that_are_told_once_nobody_hears_again_read_or_not() -> None:
    reader, other = a_user(), a_user()
    to = [reader.pk, other.pk]
    post_once(CALL, {"first": (1, {}), "second": (2, {})}, to=to, at=AT)
    Notice.objects.filter(person=reader).update(read_at=AT)
    with CaptureQueriesContext(connection) as queries:
        post_once(CALL, {"first": (1, {}), "second": (2, {}), "third": (3, {"x": 1})}, to=to, at=later(hours=1))
    assert len(queries) == 2
    assert waiting(reader) == [("third", 1, later(hours=1))]
    assert sorted(key for key, *_ in waiting(other)) == ["first", "second", "third"]


def test_a_thing_that_is_done_waits_for_nobody() -> None:
    reader = a_user()
    post(CALL, to=[reader.pk], key="calls", at=AT)
    post(CALL, to=[reader.pk], key="other", at=AT)
    settle("calls", at=later(hours=1))
    assert [key for key, *_ in waiting(reader)] == ["other"]


def test_people_are_found_by_their_roles_while_they_work_here() -> None:
    both, gone = a_user(SERVICE, WAREHOUSE), a_user(SERVICE, is_active=False)
    found = people_with(SERVICE | WAREHOUSE)
    assert found.count(both.pk) == 1
    assert gone.pk not in found


def test_without_an_administrator_those_who_may_break_the_glass_hear_of_it() -> None:
    chief: Any = get_user_model().objects.create_superuser("chief")
    assert administrators(ADMINISTRATOR) == [chief.pk]
    clerk = a_user(ADMINISTRATOR)
    assert administrators(ADMINISTRATOR) == [clerk.pk]


def test_the_unread_are_counted_up_to_a_cap() -> None:
    reader = a_user()
    for number in range(5):
        post(CALL, to=[reader.pk], key=f"thing {number}", at=AT)
    assert (unread(reader, cap=3, at=AT), unread(reader, cap=100, at=AT)) == (3, 5)


def test_many_people_need_no_more_statements() -> None:
    def statements(people: int) -> int:
        to = [a_user().pk for _ in range(people)]
        with CaptureQueriesContext(connection) as queries:
            post(CALL, to=to, key="calls", at=AT)
        return len(queries)

    assert statements(20) == statements(1)


def test_many_things_for_many_people_are_counted_up_or_new_with_as_many_statements_as_one() -> None:
    def statements(number: int) -> int:
        people = [a_user().pk for _ in range(number)]
        things = [Posted(pk, f"thing {each}", each, {"n": each}, 2) for pk in people for each in range(number)]
        post_all(CALL, things[::2], at=AT)
        with CaptureQueriesContext(connection) as queries:
            post_all(CALL, things, at=later(minutes=1))
        for pk in people:
            counts = dict(Notice.objects.filter(person=pk).values_list("key", "count"))
            assert len(counts) == number
            assert set(counts.values()) <= {2, 4}
        return len(queries)

    assert statements(9) == statements(2) == 3


def test_a_muted_kind_waits_unseen_until_it_is_muted_no_longer() -> None:
    reader, other = a_user(), a_user()
    post(CALL, to=[reader.pk, other.pk], key="calls", at=AT)
    Mute.objects.create(person=reader, kind=CALL)
    Mute.objects.create(person=other, kind=Notice.Kind.JOB)
    assert (unread(reader, cap=9, at=AT), unread(other, cap=9, at=AT)) == (0, 1)
    Mute.objects.all().delete()
    assert unread(reader, cap=9, at=AT) == 1
