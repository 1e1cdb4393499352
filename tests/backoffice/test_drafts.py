"""The composer keeps drafts, with a script or with a button; the order page walks the list one came from."""

from typing import Any

import pytest
from django.test import Client

from backorders.access.table import MANAGER, PURCHASING
from backorders.desk.models import Draft
from backorders.orders.models import Note, Order
from tests.backoffice.desk import World, address, somebody, text

pytestmark = pytest.mark.django_db
BY_SCRIPT = {"HX-Request": "true"}


def keep(client: Client, order: Order, what: str, *, kind: str = "note", seen: int = 0, **how: Any) -> Any:
    field = "text" if kind == "note" else "message-text"
    data = {"kind": kind, field: what, "draft_seen": seen, **how.pop("data", {})}
    return client.post(address("keep_draft", order.pk), data, **how)


def test_a_draft_is_there_when_the_page_is_opened_again(desk: Client) -> None:
    order = World().first
    kept = keep(desk, order, "Merhaba, ığdır", kind="message", headers=BY_SCRIPT).json()
    assert kept == {"version": 1, "said": "Draft kept 1 Jun 12:00"}
    page = desk.get(address("order", order.pk))
    assert page.context["message_form"].initial["text"] == "Merhaba, ığdır"
    assert 'name="draft_seen" value="1"' in page.content.decode()
    assert desk.get(address("write_message", order.pk)).context["form"].initial["text"] == "Merhaba, ığdır"
    assert somebody(MANAGER).get(address("order", order.pk)).context["drafts"] == {}


def test_without_a_script_a_button_keeps_it_and_another_throws_it_away(desk: Client) -> None:
    order = World().first
    said = keep(desk, order, "later", follow=True)
    assert "Draft kept" in text(said)
    assert "Throw the draft away" in text(said)
    said = keep(desk, order, "later", seen=1, data={"discard": "1"}, follow=True)
    assert "No draft is kept." in text(said)
    assert not Draft.objects.exists()


def test_two_windows_do_not_overwrite_each_other(desk: Client) -> None:
    order = World().first
    keep(desk, order, "one")
    stale = keep(desk, order, "two", headers=BY_SCRIPT)
    assert stale.status_code == 409
    assert "another window" in stale.json()["said"]
    keep(desk, order, "two")  # without a script both are kept
    assert Draft.objects.get().text == "one\n\n· · ·\n\ntwo"


def test_a_written_note_ends_its_draft(desk: Client) -> None:
    order = World().second
    keep(desk, order, "begun")
    desk.post(address("write_note", order.pk), {"text": "done", "kind": "note", "draft_seen": "1"})
    assert Note.objects.filter(order=order).get().text == "done"
    assert not Draft.objects.exists()


def test_what_is_no_kind_or_not_allowed_is_not_kept(desk: Client) -> None:
    order = World().first
    assert keep(desk, order, "x", data={"kind": "poem"}).status_code == 404
    assert keep(somebody(PURCHASING), order, "x", kind="message", headers=BY_SCRIPT).status_code in (403, 422)
    assert not Draft.objects.exists()


def test_the_order_page_walks_the_list_one_came_from(desk: Client) -> None:
    world = World()
    listing = desk.get(address("waiting_lines"), {"view": "all", "q": "kettle"})
    orders = [row["order_id"] for row in listing.context["rows"]]
    assert orders[0] == world.first.pk
    assert "?view=all&amp;q=kettle" in listing.context["rows"][0]["html"]
    page = desk.get(address("order", orders[0]), {"view": "all", "q": "kettle"})
    near = page.context["near"]
    assert (near.position, near.length, near.previous) == (1, 3, "")
    assert near.next == f"{address('order', orders[1])}?view=all&q=kettle&at=1"
    assert "1 of 3" in text(page)
    second = desk.get(near.next).context["near"]
    assert second.previous.startswith(address("order", orders[0]))
    last = desk.get(second.next).context["near"]
    assert (last.position, last.next) == (3, "")


def test_an_order_that_left_the_list_leads_on_to_who_took_its_place(desk: Client) -> None:
    world = World()
    url = address("order", world.second.pk)
    desk.get(url, {"view": "all", "at": "1"})
    type(world.second).objects.filter(pk=world.second.pk)
    desk.post(address("act_on_lines"), {"do": "snooze_until_moved", "line": [world.second.lines.get().pk]})
    page = desk.get(url)  # after an act the address names no list: the page remembers it
    near = page.context["near"]
    assert near.name == "All"
    gone = desk.get(url, {"view": "mine", "at": "1"}).context["near"]
    assert (gone.position, gone.length, gone.next) == (0, 0, "")


def test_without_a_list_there_are_no_neighbours(desk: Client) -> None:
    world = World()
    page = desk.get(address("order", world.first.pk))
    assert page.context["near"] is None
    assert "Previous order" not in text(page)
