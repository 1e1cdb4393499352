"""The workbench: each view holds what its name says, search finds by every name of a thing, and both stay quick."""

import pytest
from django.test import Client

from backorders.actions import queueing
from backorders.allocation.models import Promise
from backorders.backoffice.paging import PER_PAGE
from backorders.orders.models import OrderLine
from tests.backoffice.desk import World, address, text
from tests.factories import AT, a_customer, a_product, an_order, day, later, receive, revise
from tests.notifications.desk import announce, send

STATEMENTS = 15


def orders(client: Client, **query: object) -> list[str]:
    return [row["order"] for row in client.get(address("waiting_lines"), query).context["rows"]]


def test_what_was_not_told_stands_first_and_leaves_once_it_was(desk: Client) -> None:
    world = World()
    assert orders(desk, view="not_told") == []
    said = text(desk.get(address("waiting_lines"), {"view": "not_told"}))
    assert "Every customer knows the date we expect. 3 lines wait in all." in said
    revise(world.line, (31, None))
    assert set(orders(desk, view="not_told")) == {
        world.first.number,
        world.second.number,
        world.unreachable.number,
    }
    announce(later(minutes=20))
    assert orders(desk, view="not_told") == []


def test_what_is_too_small_to_tell_is_not_told_nowhere(desk: Client) -> None:
    world = World()
    window = Promise.objects.get(line__order=world.first)
    Promise.objects.filter(pk=window.pk).update(gap_since=AT)  # as after a date that is one day earlier
    pages = (address("waiting_lines") + "?view=all", address("order", world.first.pk))
    assert orders(desk, view="not_told") == [world.first.number]
    assert all("Not told</span>" in desk.get(page).content.decode() for page in pages)
    Promise.objects.filter(pk=window.pk).update(weighed_version=window.version)
    assert orders(desk, view="not_told") == []
    assert not any("Not told</span>" in desk.get(page).content.decode() for page in pages)


def test_late_is_what_was_told_and_has_passed(desk: Client) -> None:
    world = World()
    assert orders(desk, view="late") == []
    OrderLine.objects.get(order=world.first).promise.__class__.objects.filter(line__order=world.first).update(
        told_from=day(-9), told_until=day(-2)
    )
    assert orders(desk, view="late") == [world.first.number]


def test_at_risk_is_what_we_expect_after_the_day_told(desk: Client) -> None:
    world = World()
    assert orders(desk, view="at_risk") == []
    revise(world.line, (31, None))
    assert set(orders(desk, view="at_risk")) == {world.first.number, world.second.number}


def test_no_date_is_what_no_dated_supply_reaches(desk: Client) -> None:
    world = World()
    lamp = an_order((a_product(), 1))
    assert orders(desk, view="no_date") == [lamp.number]
    revise(world.line, (None, None))
    assert len(orders(desk, view="no_date")) == 4


def test_all_holds_every_waiting_line_and_nothing_that_lies_ready(desk: Client) -> None:
    world = World()
    assert set(orders(desk, view="all")) == {world.first.number, world.second.number, world.unreachable.number}
    receive(world.line, 5)
    assert set(orders(desk, view="all")) == {world.second.number, world.unreachable.number}


@pytest.mark.parametrize("term", ["number", "elif", "Elif K", "AK-17", "ak-1", "Aria"])
def test_a_line_is_found_by_order_customer_and_product(desk: Client, term: str) -> None:
    world = World()
    an_order((a_product("ZZ-1", name="Lamp"), 1), customer=a_customer("Zoe Zimmer"))
    found = orders(desk, view="all", q=world.first.number if term == "number" else term)
    assert world.first.number in found
    assert len(found) < 4


def test_a_line_is_found_by_the_customers_address(desk: Client) -> None:
    world = World()
    assert orders(desk, view="all", q=world.first.customer.email) == [world.first.number]


def test_what_is_not_found_leads_to_the_search_of_everything(desk: Client) -> None:
    World()
    said = text(desk.get(address("waiting_lines"), {"view": "all", "q": "<nobody>"}))
    assert "No line matches 1 filter." in said
    assert "Search everything" in said


def test_a_long_list_is_paged_without_being_counted_to_its_end(desk: Client) -> None:
    lamp = a_product()
    for _ in range(PER_PAGE + 1):
        an_order((lamp, 1))
    assert len(orders(desk, view="all")) == PER_PAGE
    assert len(orders(desk, view="all", page=2)) == 1
    assert len(orders(desk, view="all", page="nonsense")) == PER_PAGE


def test_the_list_needs_few_statements_however_many_wait(desk: Client, django_assert_max_num_queries) -> None:  # type: ignore[no-untyped-def]
    world = World()
    revise(world.line, (31, None))
    for term in ("", "elif"):
        with django_assert_max_num_queries(STATEMENTS):
            desk.get(address("waiting_lines"), {"q": term})


def test_held_and_expedited_lines_are_marked(desk: Client) -> None:
    world = World()
    queueing.hold(world.first.lines.get(), reason="credit", by=None, at=AT)
    queueing.expedite(world.second.lines.get(), reason="asked", by=None, at=AT)
    said = text(desk.get(address("waiting_lines"), {"view": "all"}))
    assert "Held" in said
    assert "Expedited" in said


def test_names_in_any_script_are_shown_as_they_are(desk: Client) -> None:
    customer = a_customer("محمد <b>علي</b> İğdır")
    an_order((a_product(name="Ω" * 200), 1), customer=customer)
    page = desk.get(address("waiting_lines"), {"view": "all"}).content.decode()
    assert "محمد &lt;b&gt;علي&lt;/b&gt; İğdır" in page
    assert "Ω" * 200 in page


def test_sending_leaves_the_list_as_it_is(desk: Client) -> None:
    world = World()
    revise(world.line, (31, None))
    announce(later(minutes=20))
    send(later(minutes=21))
    assert orders(desk, view="at_risk") == []
