"""One box: exact numbers jump, the rest is found by kind with what the phone needs, and roles see only their own."""

import pytest
from django.test import Client

from backorders.actions import shipping
from backorders.orders.models import Order
from tests.backoffice.desk import World, a_clerk, address, text
from tests.factories import AT, a_customer, a_product, an_order, receive, revise


def jump(client: Client, term: str) -> str:
    return str(client.get(address("search"), {"q": term}).get("Location", ""))


def part(client: Client, term: str) -> str:
    return text(client.get(address("search"), {"q": term}, headers={"HX-Request": "true"}))


def test_an_exact_number_leads_straight_to_its_page(desk: Client) -> None:
    world = World()
    receive(world.line, 5)
    Order.objects.filter(pk=world.second.pk).update(external_id="SHOP-77", shop="s")
    units = [(world.first.lines.get().pk, 5)]
    shipping.ship(world.first, units=units, tracking_number="TR123456", by=None, at=AT)
    assert jump(desk, world.first.number) == address("order", world.first.pk)
    assert jump(desk, world.first.number.lower()) == address("order", world.first.pk)
    assert jump(desk, f"#{world.second.pk}") == address("order", world.second.pk)
    assert jump(desk, "SHOP-77") == address("order", world.second.pk)
    assert jump(desk, "TR123456") == address("order", world.first.pk)
    assert jump(desk, "ak-17") == address("product_supply", world.kettle.pk)
    assert jump(desk, world.line.purchase_order.number) == address("purchase_order", world.line.purchase_order_id)
    for vague in ("Elif", "#x", "#99999999999999999999", "#0", "'"):
        assert jump(desk, vague) == ""


def test_operators_lead_to_the_list(desk: Client) -> None:
    World()
    assert jump(desk, "status:late sku:ak").endswith("?view=late&q=sku%3Aak")
    assert jump(desk, "durum:gecikmiş").endswith("?view=late")
    assert jump(desk, "elif value:>5").endswith("?view=all&q=elif+value%3A%3E5")


def test_everything_is_found_by_its_name_with_what_the_phone_needs(desk: Client) -> None:
    world = World()
    revise(world.line, (31, None))
    said = part(desk, "Kaya")
    assert f"{world.first.number} Elif Kaya Not told · expected" in said
    assert "told" in said
    assert "Aria Kettle" in part(desk, "AK-")
    assert world.line.purchase_order.number in part(desk, "PO-")
    assert world.line.purchase_order.number in part(desk, "contoso")
    assert world.first.customer.email in part(desk, world.first.customer.email[:9])
    assert "Nothing holds “xyzzy”." in part(desk, "xyzzy")


def test_operators_show_the_first_lines(desk: Client) -> None:
    world = World()
    said = part(desk, "sku:ak value:>1")
    assert "Open as a list" in said
    assert world.first.number in said


@pytest.mark.parametrize("term", ["isil sahin", "IŞIL ŞAHİN", "ışıl şahin", "+90 555"])
def test_turkish_letters_match_both_ways_and_phones_are_found(desk: Client, term: str) -> None:
    order = an_order((a_product(), 1), customer=a_customer("Işıl Şahin", phone="+90 555 000 00 00"))
    assert order.number in part(desk, term)


def test_without_a_term_the_box_offers_where_to_go(desk: Client) -> None:
    desk.post(address("save_view"), {"name": "Late VIPs", "view": "late", "q": "tier:vip"})
    said = part(desk, "")
    assert "Late VIPs tier:vip" in said
    assert "Place an order" in said
    assert "Preferences" in part(desk, "prefer")


def test_whoever_may_not_see_addresses_finds_nobody_by_them(desk: Client) -> None:
    world = World()
    clerk = a_clerk("orders.view_order", "orders.view_customer")
    email = world.first.customer.email
    assert world.first.number not in part(clerk, email)
    said = part(clerk, "Kaya")
    assert world.first.number in said
    assert email not in said


def test_a_role_finds_only_what_it_sees(desk: Client) -> None:
    world = World()
    clerk = a_clerk("orders.view_order")
    assert "Aria Kettle" not in part(clerk, "AK-17")
    assert jump(clerk, "AK-17") == ""
    assert jump(clerk, world.line.purchase_order.number) == ""


def test_the_page_says_what_the_box_understands(desk: Client) -> None:
    said = text(desk.get(address("search")))
    assert "Type an order number" in said
    assert "value:&gt;500" in said or "value:>500" in said


def test_a_search_takes_few_statements(desk: Client, django_assert_max_num_queries) -> None:  # type: ignore[no-untyped-def]
    world = World()
    for n in range(10):
        an_order((world.kettle, 1), customer=a_customer(f"Kaya {n}"))
    with django_assert_max_num_queries(20):
        part(desk, "kaya")
