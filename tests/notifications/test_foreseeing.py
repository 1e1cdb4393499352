"""What telling many would come to: the letters of the act, those whom no mail reaches, those who heard lately."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from backorders.actions import telling
from backorders.allocation.windows import Window
from backorders.notifications import foreseeing
from backorders.notifications.letters import Addressee, Item, Letter, OrderPart, Part
from backorders.notifications.models import Message, Suppression
from backorders.orders.models import Customer
from tests.backoffice.desk import World
from tests.factories import AT, TODAY, day, later, revise

pytestmark = pytest.mark.django_db

NOW = later(minutes=2)


@pytest.fixture
def world() -> World:
    """Three customers whose date moved, one of them without an address, and one whose goods are there."""
    world = World(at=AT)
    revise(world.line, (31, None), at=later(minutes=1.5))
    return world


def everybody() -> list[int]:
    return list(Customer.objects.order_by("id").values_list("id", flat=True))


def names(letters: list[Letter]) -> list[str]:
    return sorted(letter.to.name for letter in letters)


def test_everybody_is_in_one_place_with_one_reason(world: World) -> None:
    seen = foreseeing.foresee(everybody(), at=NOW)
    assert names(seen.letters) == ["Elif Kaya", "Sami Aydın"]
    assert names(seen.without_address) == ["Nil Nomail"]
    assert seen.nothing_new == [world.ready.customer_id]
    assert seen.kinds == {("later", "tr"): 1, ("later", "en"): 1}
    parts = (seen.letters, seen.held, seen.without_address, seen.suppressed, seen.heard_lately, seen.nothing_new)
    assert sum(map(len, parts)) == len(everybody())


def test_an_address_that_is_not_mailed_any_more_becomes_a_call(world: World) -> None:
    Suppression.objects.create(address=world.first.customer.email, reason="bounce", at=AT)
    assert names(foreseeing.foresee(everybody(), at=NOW).suppressed) == ["Elif Kaya"]


def test_who_heard_of_a_date_lately_stands_apart(world: World) -> None:
    telling.tell_now([world.first.customer_id], by=None, at=NOW)
    Message.objects.filter(created_at=NOW).update(state="accepted", accepted_at=NOW)
    revise(world.line, (60, None), at=later(hours=2))
    seen = foreseeing.foresee(everybody(), at=later(hours=3))
    assert names(seen.heard_lately) == ["Elif Kaya"]
    assert names(seen.letters) == ["Sami Aydın"]
    assert world.first.customer_id not in seen.customers
    assert world.first.customer_id in seen.everybody
    assert foreseeing.foresee(everybody(), at=later(days=3)).heard_lately == []


def test_who_would_be_held_is_held(world: World) -> None:
    telling.tell_now([world.first.customer_id], by=None, at=NOW)
    message = Message.objects.get(created_at=NOW)
    telling.hold([message], reason="wait", by=None, at=NOW)
    revise(world.line, (60, None), at=later(hours=2))
    assert names(foreseeing.foresee(everybody(), at=later(hours=3)).held) == ["Elif Kaya"]
    telling.tell_now([world.first.customer_id], by=None, at=later(hours=3))
    assert Message.objects.get(created_at=later(hours=3)).state == "held"


def test_the_token_changes_with_what_is_said(world: World) -> None:
    before = foreseeing.foresee(everybody(), at=NOW).token
    assert foreseeing.foresee(everybody(), at=later(minutes=3)).token == before
    revise(world.line, (60, None), at=later(minutes=3))
    assert foreseeing.foresee(everybody(), at=later(minutes=4)).token != before


def test_the_statements_do_not_grow_with_the_customers(world: World) -> None:
    def statements(ids: list[int]) -> int:
        with CaptureQueriesContext(connection) as made:
            foreseeing.foresee(ids, at=NOW)
        return len(made)

    assert statements(everybody()) == statements(everybody()[1:2])


def test_the_samples_are_the_first_the_longest_and_the_hard_ones() -> None:
    soon = Window(day(10), day(12))
    over = Window(TODAY.replace(month=12, day=28), TODAY.replace(year=TODAY.year + 1, month=1, day=3))
    kettle = Item(1, "Kettle", soon)
    letters = [
        letter(1, [kettle]),
        letter(2, [kettle] * 9),
        letter(3, [Item(1, "Kettle", None)]),
        letter(4, [Item(1, "Kettle", over)]),
        letter(5, [Item(1, "K" * 90, soon)]),
        letter(6, [kettle], language="tr"),
        letter(7, [kettle]),
    ]
    chosen = foreseeing.samples(letters)
    found = {why: each.to.customer_id for why, each in chosen}
    assert found == {"first": 1, "longest": 2, "no_date": 3, "over_new_year": 4, "long_name": 5, "sort": 6}
    assert foreseeing.samples([]) == []


def letter(pk: int, items: list[Item], *, language: str = "en") -> Letter:
    part = Part(Message.Kind.LATER, [OrderPart(pk, f"A-{pk}", TODAY, items=items)], TODAY)
    return Letter(Addressee(pk, f"Customer {pk}", "a@example.com", language, 1), [part])
