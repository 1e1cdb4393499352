"""Editing, repeating and putting back in part, as the desk does it: what is seen, what is written, what is refused."""

import pytest
from django.test import Client

from backorders.access.table import MANAGER, PURCHASING, WAREHOUSE
from backorders.actions import caring, etas, revising
from backorders.changes.models import ChangeSet
from backorders.notifications.models import Message
from backorders.supply.models import PurchaseLine
from tests.backoffice.desk import World, address, fill_in, somebody, text
from tests.chasing.desk import Asked
from tests.factories import AT, a_purchase, a_user, day, later, revise

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(frozen: None) -> World:
    return World()


@pytest.fixture
def resting(world: World) -> Message:
    """A message in somebody's own words that has not left."""
    return caring.write_message(world.first, text="Helo", by=a_user(), at=AT).made


def test_a_message_is_edited_on_a_page_that_shows_how_it_stands(desk: Client, resting: Message) -> None:
    url = address("edit_message", resting.pk)
    page = desk.get(url)
    assert "Your words are replaced" in text(page)
    assert page.context["form"]["text"].value() == "Helo"
    assert resting.text.splitlines()[0] in page.content.decode()
    answer = fill_in(desk, url, text="Hello")
    made = Message.objects.latest("id")
    resting.refresh_from_db()
    assert (resting.state, made.state, made.personal_text.text) == ("superseded", "pending", "Hello")
    assert "Hello" in made.text
    assert "Helo" not in made.text.replace("Hello", "")
    assert answer["Location"] == address("message", made.pk)
    assert ChangeSet.objects.latest("id").act == "edit_message"
    assert "In the outbox" in text(desk.get(answer["Location"]))


def test_a_mail_to_a_supplier_is_edited_on_the_same_page(frozen: None) -> None:
    asked, desk = Asked(), somebody(MANAGER)
    mail = Message.objects.get(kind="date_request")
    assert "Edit before it leaves" in text(desk.get(address("message", mail.pk)))
    assert "Your paragraph is put above" in text(desk.get(address("edit_message", mail.pk)))
    answer = fill_in(desk, address("edit_message", mail.pk), text="Call me")
    made = Message.objects.latest("id")
    assert (made.supplier, made.personal_text.text) == (asked.supplier, "Call me")
    assert "Call me" in made.text
    assert answer["Location"] == address("message", made.pk)
    assert "In the outbox" in text(desk.get(answer["Location"]))


@pytest.mark.parametrize("words", ["", "   ", "a\x00b"])
def test_words_that_say_nothing_change_nothing(desk: Client, resting: Message, words: str) -> None:
    answer = fill_in(desk, address("edit_message", resting.pk), text=words)
    resting.refresh_from_db()
    assert (answer.status_code, resting.state) == (422, "pending")


def test_what_left_is_not_edited_and_the_typed_words_stay(desk: Client, world: World) -> None:
    answer = fill_in(desk, address("edit_message", world.message.pk), text="Too late")
    assert answer.status_code == 422
    assert "The message has left, or was dropped" in text(answer)
    assert "Too late" in answer.content.decode()
    assert not Message.objects.filter(text__contains="Too late").exists()


def test_a_mail_goes_once_more_word_for_word(desk: Client, world: World) -> None:
    first = world.message
    answer = desk.post(address("resend", first.pk), {"order": world.first.pk})
    again = Message.objects.latest("id")
    assert again.pk != first.pk
    assert (again.state, again.kind, again.subject) == ("pending", first.kind, first.subject)
    assert (again.text, again.html) == (first.text, first.html)
    assert answer["Location"] == address("order", world.first.pk)
    assert ChangeSet.objects.latest("id").act == "resend_message"


def test_what_has_not_left_is_not_repeated(desk: Client, resting: Message) -> None:
    before = Message.objects.count()
    said = text(desk.post(address("resend", resting.pk), follow=True))
    assert "It has not left yet: let it leave." in said
    assert Message.objects.count() == before


def test_a_date_that_has_changed_since_is_not_repeated(desk: Client, world: World) -> None:
    revise(world.line, (40, None), at=later(hours=1))
    before = Message.objects.count()
    said = text(desk.post(address("resend", world.message.pk), follow=True))
    assert "It states a date that has changed since" in said
    assert Message.objects.count() == before


@pytest.fixture
def in_part(world: World) -> tuple[ChangeSet, PurchaseLine, PurchaseLine]:
    """A change of two ETAs, of which the second was changed again."""
    other = a_purchase(world.kettle, 5, eta=12)
    said = [etas.EtaChange(line.pk, [etas.EtaPart(day(30))]) for line in (world.line, other)]
    change = revising.revise_eta(said, reason_code="production", by=a_user(), at=later(hours=1)).change_set
    revise(other, (50, None), at=later(hours=2))
    return change, world.line, other


def dated(*lines: PurchaseLine) -> list[object]:
    for line in lines:
        line.refresh_from_db()
    return [line.eta_on for line in lines]


def test_the_rest_of_a_change_is_put_back_once(in_part: tuple[ChangeSet, PurchaseLine, PurchaseLine]) -> None:
    change, mine, theirs = in_part
    buyer, page = somebody(PURCHASING), address("change_set", change.pk)
    assert "Revert the rest" in text(buyer.get(page))
    ahead = text(buyer.post(address("revert", change.pk), {"preview": "1"}))
    assert f"Changed by somebody since, and stays: {theirs}." in ahead
    assert dated(mine, theirs) == [day(30), day(50)]
    answer = buyer.post(address("revert", change.pk))
    assert answer["Location"] == page
    assert dated(mine, theirs) == [day(10), day(50)]
    assert ChangeSet.objects.latest("id").undoes == change
    assert "Revert the rest" not in text(buyer.get(page))
    changes = ChangeSet.objects.count()
    assert "This was undone before." in text(buyer.post(address("revert", change.pk), follow=True))
    assert (dated(mine, theirs), ChangeSet.objects.count()) == ([day(10), day(50)], changes)


def test_nothing_is_put_back_where_every_line_was_changed_again(
    in_part: tuple[ChangeSet, PurchaseLine, PurchaseLine],
) -> None:
    change, mine, theirs = in_part
    revise(mine, (60, None), at=later(hours=3))
    said = text(somebody(PURCHASING).post(address("revert", change.pk), follow=True))
    assert "Every one of these lines was changed again since." in said
    assert dated(mine, theirs) == [day(60), day(50)]


def test_whoever_may_not_change_dates_puts_none_back(in_part: tuple[ChangeSet, PurchaseLine, PurchaseLine]) -> None:
    change, mine, _theirs = in_part
    assert somebody(WAREHOUSE).post(address("revert", change.pk)).status_code == 403
    assert dated(mine) == [day(30)]
