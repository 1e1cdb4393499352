"""Receiving, counting and closing show who gains and loses before they are saved."""

import re

from django.test import Client

from backorders.access.table import PURCHASING, WAREHOUSE
from backorders.inbox.models import Notice
from backorders.supply.models import PurchaseLine, Receipt, StockLevel
from tests.backoffice.desk import World, a_clerk, address, fill_in, filled, somebody, text
from tests.factories import a_line, a_product, a_supplier, a_warehouse, day, expected, revise, state


def arrival(line: PurchaseLine, **units: object) -> dict[str, object]:
    return {f"line_{line.pk}-{name}": number for name, number in units.items()}


def test_receiving_starts_with_everything_outstanding_and_shows_who_gets_it(desk: Client) -> None:
    world = World()
    url = address("receive", world.line.purchase_order_id)
    form = filled(desk.get(url))
    assert form[f"line_{world.line.pk}-quantity"] == 20
    assert "3 lines get stock" in text(desk.post(url, {**form, "preview": "1"}))
    assert desk.post(url, form).status_code == 302
    assert state(world.first.lines.get()) == (5, 0, 0, 0)
    assert desk.post(url, form).status_code == 302
    assert Receipt.objects.count() == 1


def test_a_short_and_damaged_receipt_leaves_the_rest_outstanding(desk: Client) -> None:
    world = World()
    url = address("receive", world.line.purchase_order_id)
    assert fill_in(desk, url, **arrival(world.line, quantity=6, damaged=2)).status_code == 302
    world.line.refresh_from_db()
    assert (world.line.outstanding, state(world.first.lines.get())) == (12, (5, 0, 0, 0))


def test_what_came_short_asks_for_the_eta_of_its_rest(desk: Client) -> None:
    world = World()
    buyer, clerk = somebody(PURCHASING), somebody(WAREHOUSE)
    revise(world.line, (0, None))
    url = address("receive", world.line.purchase_order_id)
    form = filled(clerk.get(url), **arrival(world.line, quantity=6))
    assert "AK-17: 14 short. What is short keeps no date" in text(clerk.post(url, {**form, "preview": "1"}))
    said = text(clerk.post(url, form, follow=True))
    assert "1 line came short. Purchasing was asked when the rest comes." in said
    notice = f"{world.line.purchase_order} came short by 14 units: when does the rest come?"
    assert notice in text(buyer.get(address("inbox")))
    done = fill_in(desk, url, **arrival(world.line, quantity=1))
    page = desk.get(done["Location"])
    eta = re.search(r'href="(/admin/eta/[^"]+)"', page.content.decode())
    assert eta
    assert desk.get(eta[1]).context["lines"] == [world.line]


def test_what_damage_leaves_uncovered_is_said_and_leads_to_where_the_buyers_are_asked(desk: Client) -> None:
    world = World()
    fill_in(desk, address("receive", world.line.purchase_order_id), **arrival(world.line, quantity=3, damaged=1))
    page = desk.get(address("product_supply", world.kettle.pk))
    assert "no purchase order covers" not in text(page)
    done = fill_in(
        desk, address("receive", world.line.purchase_order_id), **arrival(world.line, quantity=1, damaged=15)
    )
    page = desk.get(done["Location"])
    assert "AK-17: no purchase order covers 5. Create a task for the buyers" in text(page)
    assert address("product_supply", world.kettle.pk) in page.content.decode()


def test_what_is_to_come_later_is_not_short(desk: Client) -> None:
    world = World()
    done = fill_in(desk, address("receive", world.line.purchase_order_id), **arrival(world.line, quantity=6))
    assert "came short" not in text(desk.get(done["Location"]))
    assert not Notice.objects.filter(kind="short").exists()


def test_more_than_outstanding_must_be_said_to_be_over(desk: Client) -> None:
    world = World()
    url = address("receive", world.line.purchase_order_id)
    response = fill_in(desk, url, **arrival(world.line, quantity=22))
    assert response.status_code == 422
    assert "only 20 are outstanding" in text(response)
    assert fill_in(desk, url, **arrival(world.line, quantity=20, over=2)).status_code == 302


def test_what_came_beyond_the_outstanding_units_is_accepted_or_sent_back_at_a_press(desk: Client) -> None:
    world = World()
    url = address("receive", world.line.purchase_order_id)
    form = filled(desk.get(url), **arrival(world.line, quantity=22, damaged=1), **{f"line_{world.line.pk}-note": "wet"})
    seen = desk.post(url, {**form, "preview": "1"})
    assert "AK-17: 3 more than the 20 outstanding. Accept as over Send back" in text(seen)
    kept = desk.post(url, {**form, "beyond": f"keep:{world.line.pk}"})
    assert "AK-17: 3 units over are accepted. Send back" in text(kept)
    assert filled(kept).items() >= arrival(world.line, quantity="19", over="3", damaged="1").items()
    back = filled(desk.post(url, {**filled(kept), "beyond": f"back:{world.line.pk}"}))
    assert back.items() >= arrival(world.line, quantity="19", over="0", damaged="1").items()
    assert back[f"line_{world.line.pk}-note"] == "wet; 3 beyond what was ordered, sent back"
    for nonsense in ("keep:", "back:9999999", "", "x"):
        same = filled(desk.post(url, {**form, "beyond": nonsense}))
        assert same.items() >= arrival(world.line, quantity="22", over="0", damaged="1").items()
    assert not Receipt.objects.exists()
    assert desk.post(url, back).status_code == 302
    receipt = Receipt.objects.get()
    assert (receipt.quantity, receipt.over, receipt.damaged) == (19, 0, 1)


def test_of_more_damaged_than_is_outstanding_the_rest_goes_back(desk: Client) -> None:
    world = World()
    url = address("receive", world.line.purchase_order_id)
    form = filled(desk.get(url), **arrival(world.line, quantity=1, damaged=22))
    back = filled(desk.post(url, {**form, "beyond": f"back:{world.line.pk}"}))
    assert back.items() >= arrival(world.line, quantity="0", over="0", damaged="20").items()


def test_damage_without_a_reason_is_said_before_it_is_saved(desk: Client) -> None:
    world = World()
    url = address("receive", world.line.purchase_order_id)
    page = desk.get(url)
    assert '<option value="Damaged on the way">' in page.content.decode()
    form = {**filled(page, **arrival(world.line, quantity=18, damaged=2)), "preview": "1"}
    assert "AK-17: 2 damaged. Say why in the note" in text(desk.post(url, form))
    assert "Say why in the note" not in text(desk.post(url, {**form, f"line_{world.line.pk}-note": "dented"}))


def test_the_button_says_how_many_units_orders_get_and_a_line_whether_it_is_as_filled_in(desk: Client) -> None:
    world = World()
    url = address("receive", world.line.purchase_order_id)
    page = desk.get(url)
    assert 'class="is-edited"' not in page.content.decode()
    part = desk.post(url, {**filled(page), "preview": "1"}, headers={"HX-Request": "true"})
    assert "Receive and allocate 9 units" in text(part)
    few = desk.post(url, {**filled(page, **arrival(world.line, quantity=1)), "preview": "1"})
    assert "Receive and allocate 1 unit " in text(few)
    assert 'class="is-edited"' in few.content.decode()


def test_nothing_and_nonsense_are_refused(desk: Client) -> None:
    world = World()
    url = address("receive", world.line.purchase_order_id)
    assert "Nothing arrived" in text(fill_in(desk, url, **arrival(world.line, quantity=0)))
    assert "Correct what is marked" in text(fill_in(desk, url, **arrival(world.line, quantity=-1)))
    assert not Receipt.objects.exists()


def test_a_count_below_what_is_held_shows_who_loses(desk: Client) -> None:
    world = World()
    level = StockLevel.objects.get(product=world.kettle)
    typed = {"product": world.kettle.pk, "warehouse": level.warehouse_id, "counted": 1}
    url = address("adjust_stock")
    assert "1 line loses stock" in text(fill_in(desk, url, **typed, preview="1"))
    assert fill_in(desk, url, **typed, reason="recount").status_code == 302
    level.refresh_from_db()
    assert level.on_hand == 1
    again = fill_in(desk, url, **typed, reason="recount")
    assert again.status_code == 422
    assert "is 1 already" in text(again)


def test_a_purchase_line_is_closed_with_those_behind_it_named(desk: Client) -> None:
    world = World()
    url = address("close_purchase_line", world.line.pk)
    assert "3 lines lose their date" in text(fill_in(desk, url, preview="1"))
    opened = filled(desk.get(url), reason="supplier is bankrupt")
    revise(world.line, (12, None))
    assert desk.post(url, opened).status_code == 409
    assert fill_in(desk, url, reason="supplier is bankrupt").status_code == 302
    world.line.refresh_from_db()
    assert world.line.outstanding == 0


def test_goods_are_ordered_and_whoever_waits_for_them_gets_a_date(desk: Client) -> None:
    lamp = a_product()
    waiting = a_line(lamp, 3)
    who = {"number": "PO-77", "supplier": a_supplier().pk}
    line = {"lines-0-product": lamp.pk, "lines-0-quantity": 5, "lines-0-warehouse": a_warehouse().pk}
    url = address("order_goods")
    assert "A purchase order needs at least one line." in text(fill_in(desk, url, **who))
    assert "is before the order date" in text(fill_in(desk, url, **who, **line, **{"lines-0-eta_on": day(-1)}))
    assert fill_in(desk, url, **who, **line, **{"lines-0-eta_on": day(9)}).status_code == 302
    assert expected(waiting) is not None
    assert "is there already" in text(fill_in(desk, url, **who, **line))


def test_lists_lead_to_the_screens_that_do_what_they_are_about(desk: Client) -> None:
    assert address("order_goods") in desk.get(address("supply_purchaseorder_changelist")).content.decode()
    seen = a_clerk("supply.view_purchaseorder").get(address("supply_purchaseorder_changelist"))
    assert seen.status_code == 200
    assert address("order_goods") not in seen.content.decode()
