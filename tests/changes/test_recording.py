"""Who did what: the change set of an act, the key that acts once, the timeline of a thing."""

import pytest
from django.db import IntegrityError, connection
from django.test.utils import CaptureQueriesContext

from backorders.changes.models import ChangeSet, Source, Touch
from backorders.changes.recording import done_before, open_change, touch
from tests.factories import AT, a_user

pytestmark = pytest.mark.django_db


def test_a_person_makes_it_an_act_of_staff_and_nobody_one_of_the_system() -> None:
    who = a_user()
    assert open_change("x", by=who, at=AT).source == Source.STAFF
    assert open_change("x", by=None, at=AT).source == Source.SYSTEM
    assert open_change("x", source=Source.SUPPLIER, by=None, at=AT).source == Source.SUPPLIER


def test_what_an_undo_needs_is_kept_as_it_was() -> None:
    before = {"eta_on": "2028-02-29", "quantity": 2**53 + 1, "names": ["İ", "ש", None]}
    open_change("x", before=before, reason="because", by=None, at=AT)
    kept = ChangeSet.objects.get()
    assert (kept.before, kept.summary, kept.reason, kept.at) == (before, {}, "because", AT)


def test_a_key_is_found_again_and_is_taken_once() -> None:
    change = open_change("x", key="k", by=None, at=AT)
    assert done_before("k") == change
    assert done_before("other") is None
    assert done_before(None) is None
    assert done_before("") is None
    with pytest.raises(IntegrityError):
        open_change("x", key="k", by=None, at=AT)


def test_things_are_touched_once_each_in_one_statement() -> None:
    change = open_change("x", by=None, at=AT)
    with CaptureQueriesContext(connection) as captured:
        touch(change, kind=Touch.Kind.ORDER, ids=[3, 1, 3, 2**60])
    assert len(captured) == 1
    assert list(change.touches.values_list("kind", "object_id")) == [("order", 1), ("order", 3), ("order", 2**60)]
    touch(change, kind=Touch.Kind.ORDER, ids=[])
    assert change.touches.count() == 3


def test_the_newest_act_comes_first_and_reads_as_one() -> None:
    first = open_change("revise_eta", by=None, at=AT)
    second = open_change("receive", by=None, at=AT)
    assert list(ChangeSet.objects.all()) == [second, first]
    assert str(first) == "revise_eta 2026-06-01 09:00"
