"""The receive screen: who gets the goods is changed by plain forms, the rest is dated in words, and nothing is lost."""

import re
from typing import Any

import pytest
from django.test import Client

from backorders.access.table import MANAGER, WAREHOUSE
from backorders.changes.models import Approval
from backorders.orders.models import OrderLine
from backorders.supply.models import PurchaseLine, Receipt
from tests.backoffice.desk import World, address, fill_in, filled, somebody, text
from tests.factories import day, state

pytestmark = pytest.mark.django_db


def receiving(world: World) -> str:
    return address("receive", world.line.purchase_order_id)


def button(response: Any, name: str) -> str:
    """What a button of the queue sends, found by its id."""
    found = re.search(rf'name="move" value="([^"]+)" id="{name}"', response.content.decode())
    assert found, name
    return found[1]


def carried(response: Any) -> dict[str, str]:
    """What the preview lets the form carry."""
    found = re.findall(r'<input type="hidden" name="(moves|understood)" value="([^"]*)"', response.content.decode())
    return dict(found)


def short(world: World, units: int = 4) -> dict[str, Any]:
    return {f"line_{world.line.pk}-quantity": units}


def lines(world: World) -> tuple[OrderLine, OrderLine]:
    return world.first.lines.get(), world.second.lines.get()


def up(client: Client, world: World, **more: Any) -> tuple[dict[str, Any], Any]:
    """The second order is moved up before the first: the form as it stands then, and the page."""
    form = filled(client.get(receiving(world)), **short(world), **more)
    seen = client.post(receiving(world), {**form, "preview": "1"})
    moved = client.post(receiving(world), {**form, "move": button(seen, f"up-{lines(world)[1].pk}")})
    return {**form, **carried(moved)}, moved


def test_a_line_is_moved_up_by_a_button_that_names_who_loses_what(desk: Client) -> None:
    world = World()
    form, page = up(desk, world)
    said = text(page)
    assert "Changed by hand" in said
    assert re.search(r"Elif Kaya loses AK-17 4 1 ", said)
    assert re.search(r"Sami Aydın gains AK-17 0 3 ", said)
    assert not Receipt.objects.exists()
    assert "Say why" in text(desk.post(receiving(world), form))
    assert desk.post(receiving(world), {**form, "reason": "she is moving"}).status_code == 302
    first, second = lines(world)
    assert (state(first)[0], state(second)[0]) == (1, 3)
    change = Receipt.objects.get().change_set
    assert (change.act, change.reason) == ("receive", "she is moving")


def test_down_is_up_for_the_next_and_back_takes_everything_back(desk: Client) -> None:
    world = World()
    form = filled(desk.get(receiving(world)), **short(world))
    seen = desk.post(receiving(world), {**form, "preview": "1"})
    first, second = lines(world)
    down = button(seen, f"down-{first.pk}")
    assert down == button(seen, f"up-{second.pk}")
    moved = desk.post(receiving(world), {**form, "move": down})
    back = desk.post(receiving(world), {**form, **carried(moved), "move": button(moved, "move-back")})
    assert "Changed by hand" not in text(back)
    assert carried(back) == {}


def test_the_menus_take_from_one_and_give_to_another(desk: Client) -> None:
    world = World()
    form = filled(desk.get(receiving(world)), **short(world))
    product, (first, second) = world.kettle.pk, lines(world)
    menus = {f"give_{product}": f"{second.pk}:{second.order.version}", f"take_{product}": str(first.pk)}
    moved = desk.post(receiving(world), {**form, **menus, "move": f"menu:{product}"})
    assert carried(moved)["moves"] == f"{second.pk}:{first.pk}:{second.order.version}"
    nobody = desk.post(receiving(world), {**form, "move": "menu:999"})
    assert nobody.status_code == 200
    assert "altered on its way" in text(nobody)


def test_the_warehouse_sends_a_changed_queue_for_approval_and_a_manager_sees_whom_it_moves() -> None:
    world, clerk, manager = World(), somebody(WAREHOUSE), somebody(MANAGER)
    form, page = up(clerk, world, reason="she is moving")
    assert "Putting a line before others needs a manager." in text(page)
    refused = clerk.post(receiving(world), form)
    assert refused.status_code == 422
    assert carried(refused) == {"moves": form["moves"]}  # nothing of what was done is lost
    assert "Send for approval" in text(refused)
    assert "Sent for approval." in text(clerk.post(receiving(world), {**form, "ask": "1"}, follow=True))
    approval = Approval.objects.get()
    assert "she is moving" in text(manager.get(address("approval", approval.pk)))
    manager.post(address("decide_approval", approval.pk, "approve"), {"answer": "fine"})
    assert state(lines(world)[1])[0] == 3


def test_the_eta_of_the_rest_is_shown_as_it_is_understood_before_it_is_saved(desk: Client) -> None:
    world = World()
    rest = {f"line_{world.line.pk}-rest": "in 20 days"}
    form = filled(desk.get(receiving(world)), **short(world), **rest)
    seen = desk.post(receiving(world), {**form, "preview": "1"})
    assert "AK-17: 16 short. The rest is understood to come: Sun 21 Jun." in text(seen)
    blind = desk.post(receiving(world), form)
    assert blind.status_code == 422
    assert "“in 20 days” is understood as Sun 21 Jun. Save again" in text(blind)
    assert not Receipt.objects.exists()
    assert desk.post(receiving(world), {**form, **carried(blind)}).status_code == 302
    line = PurchaseLine.objects.get(pk=world.line.pk)
    assert (line.outstanding, line.eta_on) == (16, day(20))


def test_words_on_the_rest_that_nobody_understands_are_refused_beside_them(desk: Client) -> None:
    world = World()
    for words, sentence in (("soonish maybe", "That is not understood"), ("07/08/2026", "That can be")):
        answer = fill_in(desk, receiving(world), **short(world), **{f"line_{world.line.pk}-rest": words})
        assert answer.status_code == 422
        assert sentence in text(answer)
        assert words in answer.content.decode()


def test_the_rest_of_what_came_whole_is_refused_in_the_preview_with_the_sentence_of_the_act(desk: Client) -> None:
    world = World()
    form = filled(desk.get(receiving(world)), **{f"line_{world.line.pk}-rest": "in 20 days"})
    seen = desk.post(receiving(world), {**form, "preview": "1"})
    assert "has nothing outstanding" in text(seen)
    assert "has nothing outstanding" in text(desk.post(receiving(world), {**form, **carried(seen)}))
