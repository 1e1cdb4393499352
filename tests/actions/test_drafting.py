"""Drafts: kept as they are typed, per person and order; nothing is overwritten, and what is written is forgotten."""

import pytest

from backorders.access.checking import NotAllowed
from backorders.access.table import MANAGER, PURCHASING
from backorders.actions import caring, drafting
from backorders.actions.checking import BadText
from backorders.desk.drafts import drafts_of
from backorders.desk.models import Draft
from backorders.orders.models import Order
from tests.factories import AT, a_product, a_user, an_order, later

pytestmark = pytest.mark.django_db


@pytest.fixture
def order() -> Order:
    return an_order((a_product(), 2))


def test_a_draft_is_kept_counted_and_thrown_away_when_empty(order: Order) -> None:
    me = a_user(MANAGER)
    first = drafting.keep_draft(order, kind="note", text="Call", by=me, at=AT)
    assert first
    assert first.version == 1
    again = drafting.keep_draft(order, kind="note", text="Call him", seen_version=1, by=me, at=later(minutes=1))
    assert again
    assert (again.pk, again.version, again.text) == (first.pk, 2, "Call him")
    assert drafting.keep_draft(order, kind="note", text="  ", seen_version=2, by=me, at=AT) is None
    assert not Draft.objects.exists()


def test_each_person_and_each_kind_has_its_own(order: Order) -> None:
    me, other = a_user(MANAGER), a_user(MANAGER)
    drafting.keep_draft(order, kind="note", text="mine", by=me, at=AT)
    drafting.keep_draft(order, kind="message", text="Hello", by=me, at=AT)
    drafting.keep_draft(order, kind="note", text="theirs", by=other, at=AT)
    assert {kind: draft.text for kind, draft in drafts_of(order, by=me).items()} == {
        "note": "mine",
        "message": "Hello",
    }


def test_another_window_is_not_overwritten(order: Order) -> None:
    me = a_user(MANAGER)
    drafting.keep_draft(order, kind="note", text="one", by=me, at=AT)
    with pytest.raises(drafting.DraftWentOn):
        drafting.keep_draft(order, kind="note", text="two", by=me, at=AT)
    assert Draft.objects.get().text == "one"
    joined = drafting.keep_draft(order, kind="note", text="two", joins=True, by=me, at=AT)
    assert joined
    assert joined.text == f"one{drafting.BETWEEN}two"
    with pytest.raises(drafting.DraftWentOn):
        drafting.keep_draft(order, kind="note", text="", seen_version=1, by=me, at=AT)
    same = drafting.keep_draft(order, kind="note", text=joined.text, by=me, at=AT)
    assert same
    assert same.version == joined.version


def test_what_is_written_is_a_draft_no_longer(order: Order) -> None:
    me, other = a_user(MANAGER), a_user(MANAGER)
    for person in (me, other):
        drafting.keep_draft(order, kind="note", text="begun", by=person, at=AT)
        drafting.keep_draft(order, kind="message", text="begun", by=person, at=AT)
    caring.write_note(order, text="done", by=me, at=AT)
    assert set(drafts_of(order, by=me)) == {"message"}
    caring.write_message(order, text="done", by=me, at=AT)
    assert not drafts_of(order, by=me)
    assert len(drafts_of(order, by=other)) == 2


def test_nobody_keeps_a_draft_of_what_they_may_not_write_or_what_cannot_be_kept(order: Order) -> None:
    with pytest.raises(NotAllowed):
        drafting.keep_draft(order, kind="message", text="x", by=a_user(PURCHASING), at=AT)
    for text in ("\x00", "x" * 20_001):
        with pytest.raises(BadText):
            drafting.keep_draft(order, kind="note", text=text, by=a_user(MANAGER), at=AT)
    assert not Draft.objects.exists()
