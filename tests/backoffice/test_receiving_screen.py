"""The receive screen: who gets the goods is changed by plain forms, the rest is dated in words, and nothing is lost."""

import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from backorders.access.table import ADMINISTRATOR, MANAGER, WAREHOUSE
from backorders.changes.models import Approval
from backorders.orders.models import Order, OrderLine
from backorders.supply.models import DamagePhoto, PurchaseLine, Receipt
from tests.actions.desk import told
from tests.backoffice.desk import World, address, fill_in, filled, somebody, text
from tests.factories import a_product, a_purchase, day, state
from tests.supply.pictures import a_file, telling_exif

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


@pytest.mark.parametrize(
    ("typed", "numbers", "widths"),
    [
        ({"quantity": 20}, "20 9 11 0", ["72.0", "88.0"]),
        ({"quantity": 15, "damaged": 5}, "20 9 6 5", ["72.0", "48.0", "40.0"]),
        ({"quantity": 4}, "4 4 0 0", ["160.0"]),
        ({"quantity": 0, "damaged": 2}, "2 0 0 2", ["160.0"]),
        ({"quantity": 20, "over": 4}, "24 9 15 0", ["60.0", "100.0"]),
    ],
    ids=["all", "damaged", "short", "only damaged", "over"],
)
def test_where_it_goes_is_counted_and_drawn(
    desk: Client, typed: dict[str, int], numbers: str, widths: list[str]
) -> None:
    world = World()
    form = filled(desk.get(receiving(world)), **{f"line_{world.line.pk}-{name}": n for name, n in typed.items()})
    seen = desk.post(receiving(world), {**form, "preview": "1"})
    assert f"To orders, free, damaged AK-17 {numbers}" in text(seen)
    [drawn] = re.findall(r'<svg class="stack-plot".*?</svg>', seen.content.decode(), flags=re.S)
    assert re.findall(r'width="([\d.]+)" height="12"', drawn) == widths


def test_what_the_goods_finish_is_counted(desk: Client) -> None:
    world = World()
    form = filled(desk.get(receiving(world)), **short(world))
    seen = text(desk.post(receiving(world), {**form, "preview": "1"}))
    assert re.search(
        r"What these goods finish 1 order can leave 0 orders complete 0 lines complete 0 promises kept 5 units", seen
    )
    assert "By rank: expedited lines first, then first promised, first served" in seen
    turkish = desk.post(receiving(world), {**form, "preview": "1"}, headers={"Accept-Language": "tr"})
    assert "1 sipariş gönderilebilir" in text(turkish)


def test_who_is_passed_over_is_named_with_the_reason(desk: Client) -> None:
    world = World()
    Order.objects.filter(pk=world.first.pk).update(is_ship_complete=True)
    line = lines(world)[0]
    told(line, first=1, last=60)
    a_purchase(world.kettle, 9, eta=20)
    form = filled(desk.get(receiving(world)), **short(world, 1))
    seen = text(desk.post(receiving(world), {**form, "preview": "1"}))
    assert re.search(r"Elif Kaya \S+ 5 0 .{5,30}passed over the order wants everything at once;", seen)


def test_where_it_goes_needs_no_more_statements_for_more_products(desk: Client) -> None:
    world = World()

    def statements(more: int) -> int:
        for _number in range(more):
            other = a_purchase(a_product(), 5)
            PurchaseLine.objects.filter(pk=other.pk).update(purchase_order=world.line.purchase_order)
        form = filled(desk.get(receiving(world)))
        with CaptureQueriesContext(connection) as caught:
            assert "Where it goes" in text(desk.post(receiving(world), {**form, "preview": "1"}))
        return len(caught)

    statements(1)
    assert statements(1) == statements(9)


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


def test_some_units_are_given_to_another_and_the_form_keeps_them_through_a_refusal(desk: Client) -> None:
    world = World()
    form = filled(desk.get(receiving(world)), **short(world))
    product, (first, second) = world.kettle.pk, lines(world)
    menus = {f"give_{product}": f"{second.pk}:{second.order.version}", f"take_{product}": str(first.pk)}
    moved = desk.post(receiving(world), {**form, **menus, f"units_{product}": "1", "move": f"menu:{product}"})
    assert carried(moved)["moves"] == f"{second.pk}:{first.pk}:{second.order.version}:1"
    said = text(moved)
    assert re.search(r"Elif Kaya loses AK-17 4 3 ", said)
    assert re.search(r"Sami Aydın gains AK-17 0 1 ", said)
    assert "units given by hand" in said
    more = {**form, "moves": f"{second.pk}:{first.pk}::99", "preview": "1"}
    assert "cannot be given to it" in text(desk.post(receiving(world), more))
    moved_form = {**form, **carried(moved), "reason": "she is moving"}
    Order.objects.filter(pk=second.order_id).update(version=7)
    stale = desk.post(receiving(world), moved_form)
    assert "changed since" in text(stale)
    assert carried(stale)["moves"] == f"{second.pk}:{first.pk}::1"
    assert desk.post(receiving(world), {**moved_form, **carried(stale)}).status_code == 302
    assert sorted(second.order.lines.values_list("allocated", "waiting")) == [(0, second.quantity - 1), (1, 0)]


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


def upload(name: str = "dent.jpg", data: bytes | None = None) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, a_file(exif=telling_exif()) if data is None else data, "image/jpeg")


def damaged(client: Client, world: World) -> dict[str, Any]:
    return filled(client.get(receiving(world)), **short(world), **{f"line_{world.line.pk}-damaged": 1})


def test_pictures_of_damage_are_kept_with_the_receipt_and_shown_on_it_and_on_its_change() -> None:
    world, clerk, outsider = World(), somebody(WAREHOUSE), somebody(ADMINISTRATOR)
    files = {f"line_{world.line.pk}-photos": [upload(), upload(data=a_file(colour="blue"))]}
    assert clerk.post(receiving(world), {**damaged(clerk, world), **files}).status_code == 302
    receipt = Receipt.objects.get()
    first, second = DamagePhoto.objects.order_by("id")
    assert first.change_set == second.change_set == receipt.change_set
    address_of = address("damage_photo", first.pk)
    for page in (address("change_set", receipt.change_set_id), address("supply_receipt_change", receipt.pk)):
        assert f'src="{address_of}"' in clerk.get(page).content.decode()
    seen = clerk.get(address_of)
    assert seen.headers["Content-Type"] == "image/jpeg"
    assert seen.headers["X-Content-Type-Options"] == "nosniff"
    assert seen.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert {"private", "no-store"} <= set(seen.headers["Cache-Control"].split(", "))
    assert b"Telltale" not in seen.content
    assert outsider.get(address_of).status_code == 403
    assert Client().get(address_of).status_code == 302


def test_a_bad_file_is_refused_by_name_and_loses_neither_what_was_typed_nor_the_good_ones() -> None:
    world, clerk, other = World(), somebody(WAREHOUSE), somebody(WAREHOUSE)
    form = damaged(clerk, world)
    files = {f"line_{world.line.pk}-photos": [upload(), upload("invoice.pdf", b"%PDF-1.7")]}
    refused = clerk.post(receiving(world), {**form, **files})
    assert refused.status_code == 422
    assert "invoice.pdf is no picture that can be read" in text(refused)
    assert not Receipt.objects.exists()
    assert 'value="4"' in refused.content.decode()
    photo = DamagePhoto.objects.get()
    assert address("damage_photo", photo.pk) in refused.content.decode()
    assert clerk.get(address("damage_photo", photo.pk)).status_code == 200
    assert other.get(address("damage_photo", photo.pk)).status_code == 404
    assert clerk.post(receiving(world), form).status_code == 302
    assert DamagePhoto.objects.get().change_set == Receipt.objects.get().change_set


def test_pictures_need_a_count_and_can_be_taken_away() -> None:
    world, clerk = World(), somebody(WAREHOUSE)
    form = {**damaged(clerk, world), f"line_{world.line.pk}-damaged": 0}
    refused = clerk.post(receiving(world), {**form, f"line_{world.line.pk}-photos": upload()})
    assert "say how many are damaged" in text(refused)
    dropped = clerk.post(receiving(world), {**form, "drop": DamagePhoto.objects.get().pk})
    assert dropped.status_code == 200
    assert not DamagePhoto.objects.exists()
    assert clerk.post(receiving(world), form).status_code == 302


def scan(client: Client, world: World, code: str, **headers: str) -> str:
    answer = client.get(receiving(world), {"scan": code}, headers=headers)
    assert answer.status_code == 200
    return answer.content.decode() if headers else text(answer)


def test_a_scan_of_another_purchase_order_leads_there(desk: Client) -> None:
    world, kettle = World(), a_product("AK-99")
    later, sooner, closed = (a_purchase(kettle, 5, eta=days) for days in (12, 3, 1))
    PurchaseLine.objects.filter(pk=closed.pk).update(received=5)
    part = scan(desk, world, " ak-99 ", **{"HX-Request": "true"})
    assert "<html" not in part
    links = re.findall(r'<a href="([^"]+)">([^<]+)</a>', part)
    orders = [each.purchase_order for each in (sooner, later)]
    assert links == [(address("receive", order.pk), order.number) for order in orders]
    other = scan(desk, world, orders[1].number.lower())
    assert f"Receive this purchase order: {orders[1].number}" in other
    whole = scan(desk, world, "AK-99")
    assert f"AK-99 is not on this purchase order. It belongs to: {orders[0].number}" in whole
    assert "Outstanding" in whole


def test_a_scan_of_what_nobody_expects_says_so(desk: Client) -> None:
    world = World()
    a_product("AK-98")
    assert "AK-98 is not expected, on this purchase order or any other." in scan(desk, world, "AK-98")
    assert "No product has the SKU <b>." in scan(desk, world, "<b>").replace("&lt;", "<").replace("&gt;", ">")
    assert "<b>" not in desk.get(receiving(world), {"scan": "<b>"}).content.decode()
    assert "No product has the SKU" in scan(desk, world, "x" * 5_000 + "\0")


def test_the_page_names_what_its_reader_booked_so_that_it_is_not_counted_again() -> None:
    world, clerk, other = World(), somebody(WAREHOUSE), somebody(WAREHOUSE)
    form = filled(clerk.get(receiving(world)), **short(world))
    assert clerk.get(receiving(world)).context["booked"] == ""
    clerk.post(receiving(world), form)
    assert clerk.get(receiving(world)).context["booked"] == form["key"]
    assert other.get(receiving(world)).context["booked"] == ""


def test_who_has_the_same_purchase_order_open_is_named_and_locks_nobody_out() -> None:
    world = World()
    ayse, sami = somebody(WAREHOUSE, first_name="Ayşe"), somebody(WAREHOUSE, first_name="Sami")
    assert "receiving this too" not in text(ayse.get(receiving(world)))
    form = filled(sami.get(receiving(world)), **short(world))
    assert "Ayşe is receiving this too." in text(sami.get(receiving(world)))
    part = ayse.get(receiving(world), {"here": "1"}).content.decode()
    assert "<html" not in part
    assert "Sami is receiving this too." in part
    assert sami.post(receiving(world), form).status_code == 302
    assert "too." not in ayse.get(receiving(world), {"here": "1"}).content.decode()
