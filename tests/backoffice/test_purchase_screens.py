"""What is expected when, who waits for it, and a calendar's feed behind a secret that can be revoked."""

import re
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from backorders import ics
from backorders.access.table import AUDITOR, MANAGER, PURCHASING, SERVICE, WAREHOUSE
from backorders.actions import asking
from backorders.backoffice.plots import step_chart
from backorders.backoffice.preferences import home_of
from backorders.backoffice.product_supply import view_of
from backorders.catalog.models import Product, Substitute
from backorders.chasing import silence
from backorders.chasing.models import ChasePolicy, DateRequest, RequestLine
from backorders.supply.models import CalendarLink, PurchaseLine
from tests.backoffice.desk import World, address, filled, somebody, text
from tests.factories import AT, TODAY, a_line, a_product, a_purchase, a_supplier, an_order, day, later, receive, revise
from tests.importing.desk import a_purchase_order


def overdue(line: PurchaseLine, days: int) -> None:
    PurchaseLine.objects.filter(pk=line.pk).update(eta_on=day(-days), eta_until=day(-days))


def view(desk: Client, name: str, **query: str) -> str:
    return text(desk.get(address("expected"), {"view": name, **query})).split("Purchase order or supplier")[-1]


def test_receipts_stand_in_the_view_they_belong_to(desk: Client) -> None:
    (late,) = a_purchase_order("PO-LATE", ("A-1", 5))
    overdue(late, 3)
    a_purchase_order("PO-WEEK", ("A-1", 5), eta=2)
    a_purchase_order("PO-LATER", ("A-1", 5), eta=20)
    a_purchase_order("PO-NONE", ("A-1", 5), eta=None)
    receive(a_purchase_order("PO-DONE", ("A-1", 5))[0], 5)
    guess = a_purchase_order("PO-GUESS", ("A-1", 5), eta=20)
    PurchaseLine.objects.filter(pk=guess[0].pk).update(confidence="estimate")
    found = {name: sorted(set(re.findall(r"PO-[A-Z]+", view(desk, name)))) for name in ("overdue", "week", "later")}
    assert found == {"overdue": ["PO-LATE"], "week": ["PO-WEEK"], "later": ["PO-GUESS", "PO-LATER"]}
    assert sorted(set(re.findall(r"PO-[A-Z]+", view(desk, "unconfirmed")))) == ["PO-GUESS"]
    assert sorted(set(re.findall(r"PO-[A-Z]+", view(desk, "no_date")))) == ["PO-NONE"]
    assert "PO-DONE" not in view(desk, "all")
    assert "3 days late" in view(desk, "overdue")
    assert "This week, 1–7 Jun" in view(desk, "week")


def test_needs_confirmation_lists_what_nobody_spoke_of_for_longer_than_its_supplier_is_left_alone(desk: Client) -> None:
    patient, kettle = a_supplier("Patient"), a_product("AK-17")
    ChasePolicy.objects.create(supplier=patient, ask_old_after_days=60)
    for number, days, offset, supplier in (
        ("PO-SILENT", 31, 20, None),
        ("PO-RECENT", 30, 20, None),
        ("PO-UNDATED", 31, None, None),
        ("PO-PAST", 31, 20, None),
        ("PO-PATIENT", 60, 20, patient),
        ("PO-ENDED", 61, 20, patient),
    ):
        fields = {"supplier": supplier} if supplier else {}
        (line,) = a_purchase_order(number, (kettle, 5), eta=offset, at=later(days=-days), **fields)
        if number == "PO-PAST":
            overdue(line, 1)
    a_line(kettle, 4)
    assert sorted(set(re.findall(r"PO-[A-Z]+", view(desk, "silent")))) == ["PO-ENDED", "PO-SILENT", "PO-UNDATED"]
    assert "Needs confirmation 3" in text(desk.get(address("expected")))
    listed = text(desk.get(address("supply_purchaseline_changelist"), {"when": "silent"}))
    assert sorted(set(re.findall(r"PO-[A-Z]+", listed))) == ["PO-ENDED", "PO-SILENT", "PO-UNDATED"]
    known = {each.id: each.known for each in asking.due_lines()}
    long_ago = {
        line.purchase_order.number
        for line in PurchaseLine.objects.select_related("purchase_order")
        if silence.why_ask(
            known[line.pk]._replace(confidence="confirmed", eta_on=day(300), eta_until=day(300)),
            calendar=asking.calendar_of_asking(),
            policy=asking.policy_of(asking.policies_of_suppliers(), line.purchase_order.supplier_id),
            today=TODAY,
        )
    }
    assert long_ago == {"PO-ENDED", "PO-SILENT", "PO-UNDATED", "PO-PAST"}, "by the rule of the chase"


def test_a_word_or_an_answer_ends_the_silence_and_our_own_note_of_it_does_not(desk: Client) -> None:
    names = ("WORD", "ANSWER", "NOTE")
    lines = [a_purchase_order(f"PO-{name}", ("A-1", 5), eta=20, at=later(days=-90))[0] for name in names]
    revise(lines[0], (25, None))
    asked = DateRequest.objects.create(supplier=lines[1].purchase_order.supplier, opened_at=AT)
    RequestLine.objects.create(request=asked, purchase_line=lines[1], why="by_hand", asked_at=AT, answered_at=AT)
    revise(lines[2], (20, None), confidence="unconfirmed", reason_code="silence")
    assert set(re.findall(r"PO-[A-Z]+", view(desk, "silent"))) == {"PO-NOTE"}


def test_it_begins_with_what_needs_somebody(desk: Client) -> None:
    assert 'aria-current="page">This week' in desk.get(address("expected")).content.decode()
    assert "Nothing is expected for the rest of this week." in text(desk.get(address("expected")))
    overdue(a_purchase(a_product(), 5), 1)
    assert 'aria-current="page">Overdue' in desk.get(address("expected")).content.decode()


def test_a_scan_leads_to_where_the_goods_are_received(desk: Client) -> None:
    kettle, lamp = a_product("AK-17"), a_product("NL-02")
    (line,), (other,) = a_purchase_order("PO-1", (kettle, 60)), a_purchase_order("PO-2", (kettle, 5))
    (last,) = a_purchase_order("PO-3", (lamp, 5))

    def scan(code: str, client: Client = desk) -> Any:
        return client.get(address("expected"), {"scan": code})

    assert scan(" po-2 ").headers["Location"] == address("receive", other.purchase_order_id)
    assert scan("nl-02").headers["Location"] == address("receive", last.purchase_order_id)
    several = scan("AK-17")
    assert "Several purchase orders bring AK-17: PO-1 Delta , PO-2 Delta" in text(several)
    assert f'href="{address("receive", line.purchase_order_id)}"' in several.content.decode()
    receive(last, 5)
    assert "NL-02 is not expected on any purchase order." in text(scan("NL-02"))
    assert "No purchase order and no product is &lt;b&gt;." in scan("<b>").content.decode()
    assert scan("x" * 5_000 + "\0").status_code == 200
    assert "Scan a purchase order" not in text(scan("PO-2", somebody(PURCHASING)))


@pytest.mark.django_db
def test_the_warehouse_begins_with_the_scanner_and_what_comes_this_week() -> None:
    overdue(a_purchase(a_product(), 5), 1)
    clerk = somebody(WAREHOUSE)
    page = clerk.get(address("expected")).content.decode()
    assert 'aria-current="page">This week' in page
    assert re.search(r'id="scan"[^>]* autofocus', page)
    assert home_of(get_user_model().objects.get(pk=clerk.session["_auth_user_id"]), None) == address("expected")
    chief = somebody(MANAGER).get(address("expected")).content.decode()
    assert re.search(r'id="scan"', chief)
    assert not re.search(r'id="scan"[^>]* autofocus', chief)


def test_a_row_says_who_waits_and_for_how_much(desk: Client) -> None:
    kettle = a_product("AK-17")
    (line,) = a_purchase_order("PO-1", (kettle, 60))
    for units in (2, 3):
        a_line(kettle, units)
    assert "PO-1 Delta 1 60 Thu 11 Jun Thu 11 Jun 2 50" in view(desk, "all")
    assert line.pegged == 0


def test_a_row_says_how_much_of_it_is_unconfirmed_also_when_it_is_overdue(desk: Client) -> None:
    first, second = a_purchase_order("PO-1", ("A-1", 5), ("A-2", 5))
    PurchaseLine.objects.filter(pk=first.pk).update(confidence="estimate")
    overdue(first, 2)
    overdue(second, 2)
    assert "2 days late 1 of 2 unconfirmed" in view(desk, "overdue")
    PurchaseLine.objects.filter(pk=second.pk).update(confidence="unconfirmed")
    assert "2 days late unconfirmed" in view(desk, "overdue")


def test_a_filter_finds_by_number_or_supplier_or_says_that_nothing_matches(desk: Client) -> None:
    a_purchase_order("PO-1", ("A-1", 5))
    a_purchase_order("PO-2", ("A-1", 5), supplier=a_supplier("Gamma"))
    assert "PO-2" not in view(desk, "all", q="po-1")
    assert "PO-1" not in view(desk, "all", q="gam")
    assert "matches “nothing”" in view(desk, "all", q="nothing")


def test_the_dates_of_ticked_orders_are_changed_together(desk: Client) -> None:
    lines = a_purchase_order("PO-1", ("A-1", 5), ("A-2", 5))
    response = desk.post(address("expected"), {"order": [lines[0].purchase_order_id]})
    assert "ETA of 2 purchase lines" in text(desk.get(response["Location"]))
    for nothing in ([], ["x"], ["9" * 30]):
        response = desk.post(address("expected"), {"order": nothing}, follow=True)
        assert "Tick at least one purchase order" in text(response)


def test_the_calendar_shows_each_receipt_on_its_day(desk: Client) -> None:
    a_purchase_order("PO-1", ("A-1", 5), ("A-2", 6))
    said = text(desk.get(address("expected"), {"as": "calendar"}))
    assert "11 Jun PO-1 Delta × 11" in said


def test_every_purchase_order_is_listed_and_shows_what_its_supplier_said(desk: Client) -> None:
    world = World()
    order = world.line.purchase_order
    assert f"{order} Contoso Mon 1 Jun 1 20" in text(desk.get(address("purchase_orders")))
    assert str(order) in text(desk.get(address("purchase_orders"), {"q": "conto"}))
    assert "matches “x”" in text(desk.get(address("purchase_orders"), {"q": "x"}))
    said = text(desk.get(address("purchase_order", order.pk)))
    assert "20 units outstanding · Thu 11 Jun · 3 customers wait for it" in said
    assert "the supplier confirmed" in said


@pytest.mark.parametrize("name", ["expected", "purchase_orders"])
def test_lists_need_no_more_statements_for_more_rows(desk: Client, name: str) -> None:
    def statements() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert desk.get(address(name), {"view": "all"}).status_code == 200
        return len(queries)

    a_purchase_order("PO-0", ("A-1", 5))
    statements()
    before = statements()
    for number in range(1, 6):
        a_purchase_order(f"PO-{number}", ("A-1", 5), ("A-2", 5))
    assert statements() == before


# -- the feed ---------------------------------------------------------------------------------------------------------


def a_link(desk: Client) -> str:
    desk.post(address("link_calendar"))
    page = desk.get(address("expected"))
    (link,) = re.findall(r'<code id="new-link">(.*?)</code>', page.content.decode())
    assert link not in desk.get(address("expected")).content.decode(), "it shows once"
    return str(link).removeprefix(settings.SITE_URL)


def test_a_calendar_reads_what_is_expected_behind_a_secret(desk: Client) -> None:
    a_purchase_order("PO-1", ("A-1", 5))
    a_purchase_order("PO-2", ("A-1", 5), eta=None)
    answer = Client().get(a_link(desk))
    assert answer["Content-Type"].startswith("text/calendar")
    body = answer.content.decode()
    assert "DTSTART;VALUE=DATE:20260611\r\nDTEND;VALUE=DATE:20260612\r\nSUMMARY:PO-1 Delta: 5 units\r\n" in body
    assert "PO-2" not in body
    assert CalendarLink.objects.get().digest not in body


def test_a_revoked_replaced_or_made_up_address_finds_nothing(desk: Client) -> None:
    first = a_link(desk)
    second = a_link(desk)
    assert Client().get(first).status_code == 404
    assert Client().get(second).status_code == 200
    desk.post(address("link_calendar"), {"revoke": "1"})
    assert Client().get(second).status_code == 404
    assert Client().get("/calendar/made-up.ics").status_code == 404


def test_whoever_loses_the_right_loses_the_feed(desk: Client) -> None:
    link = a_link(desk)
    get_user_model().objects.filter(username="chief").update(is_active=False)
    assert Client().get(link).status_code == 404


def test_long_lines_are_folded_between_signs() -> None:
    event = ics.Event("1", day(0), day(1), "Çelik, " * 30, "a;b\\c\nd", "https://shop.example/x", True)
    text_of = ics.calendar([event], name="x", at=AT)
    assert all(len(line.encode()) <= 75 for line in text_of.split("\r\n"))
    unfolded = text_of.replace("\r\n ", "")
    title = "Çelik\\, " * 30
    assert f"SUMMARY:{title}" in unfolded
    assert "DESCRIPTION:a\\;b\\\\c\\nd" in unfolded


# -- the supply of a product ------------------------------------------------------------------------------------------


def test_a_products_supply_says_why_it_waits_and_who_gets_what(desk: Client) -> None:
    world = World()
    said = text(desk.get(address("product_supply", world.kettle.pk)))
    assert "3 orders wait for 9 units. 20 units come Thu 11 Jun; free after that: 11." in said
    assert "In stock, MAIN 2 units · free: 0" in said
    assert "Elif Kaya 5" in said
    assert "Everything that was promised can be kept." in said


def test_all_who_wait_are_offered_something_else_from_the_product(desk: Client) -> None:
    world = World()
    page, button = address("product_supply", world.kettle.pk), "Offer something else to all who wait"
    assert button not in text(desk.get(page))  # nothing is named that could come instead
    other = a_product("AK-18", name="Nova Kettle", stock=50, price=8)
    Substitute.objects.create(product=world.kettle, substitute=other)
    assert button in text(desk.get(page))
    assert button not in text(somebody(WAREHOUSE).get(page))
    answer = desk.post(address("act_on_lines"), {"do": "offer_instead", "product": world.kettle.pk})
    seen = text(desk.get(answer.headers["Location"]))
    assert "3 customers are offered something" in seen
    for nothing in ("", "x", other.pk):
        answer = desk.post(address("act_on_lines"), {"do": "offer_instead", "product": nothing}, follow=True)
        assert "Nobody waits for it." in text(answer)


def test_the_product_says_whether_it_is_sold_before_it_came_and_leads_to_where_that_is_changed(desk: Client) -> None:
    kettle = a_product("AK-17")
    Product.objects.filter(pk=kettle.pk).update(backorder_policy="limited", backorder_limit=40)
    page = desk.get(address("product_supply", kettle.pk))
    assert "Backorders: allow up to a number of waiting units (40) · Stop or limit them" in text(page)
    assert f"{address('catalog_product_change', kettle.pk)}#id_backorder_policy" in page.content.decode()
    assert "Stop or limit them" not in text(somebody(WAREHOUSE).get(address("product_supply", kettle.pk)))


def test_what_nobody_brings_is_said_first(desk: Client) -> None:
    kettle = a_product("AK-17", stock=1)
    an_order((kettle, 5))
    said = text(desk.get(address("product_supply", kettle.pk)))
    assert "No purchase order covers 4 units: they have to be bought." in said
    assert "No supplier has given a date." in said


@pytest.mark.django_db
def test_the_buyers_are_asked_once_for_what_nobody_brings() -> None:
    kettle = a_product("AK-17", stock=1)
    an_order((kettle, 5))
    buyer, clerk, auditor = somebody(PURCHASING), somebody(SERVICE), somebody(AUDITOR)
    page, button = address("product_supply", kettle.pk), "Create a task for the buyers"
    assert button in text(clerk.get(page))
    assert button not in text(auditor.get(page))
    assert "Asked. The buyers find it in their inbox." in text(
        clerk.post(address("ask_to_buy", kettle.pk), follow=True)
    )
    said = text(clerk.get(page))
    assert "The buyers were asked for 4 units, " in said
    assert button not in said
    inbox = buyer.get(address("inbox"))
    assert f"No purchase order covers 4 units of {kettle}: they have to be bought" in text(inbox)
    assert page in inbox.content.decode()
    assert "The buyers were asked already" in text(clerk.post(address("ask_to_buy", kettle.pk), follow=True))
    an_order((kettle, 2))
    assert button in text(clerk.get(page))  # more is missing than they were asked for


def test_a_line_is_put_before_another_from_the_product_and_the_way_leads_back(desk: Client) -> None:
    world = World()
    page = address("product_supply", world.kettle.pk)
    later = world.second.lines.get()
    way = f"{address('reallocate', later.order_id, later.pk)}?next={page}"
    assert way in desk.get(page).content.decode()
    assert "Reallocate" not in text(somebody(WAREHOUSE).get(page))
    said = filled(desk.get(way), chosen=world.first.lines.get().pk, reason="fair")
    assert desk.post(way, said)["Location"] == page
    elsewhere = f"{address('reallocate', later.order_id, later.pk)}?next=//example.com/"
    assert desk.get(elsewhere).context["back"] == address("order", later.order_id)


def test_a_product_nobody_wants_has_nothing_to_draw(desk: Client) -> None:
    said = text(desk.get(address("product_supply", a_product().pk)))
    assert "Nobody waits for it." in said
    assert "Nothing comes and nothing was promised." in said


def test_stock_falls_below_zero_where_more_was_promised_than_comes(desk: Client) -> None:
    world = World()
    PurchaseLine.objects.filter(pk=world.line.pk).update(eta_on=day(40), eta_until=day(40))
    view = view_of(world.kettle, today=TODAY)
    assert view.short is not None
    assert view.short.level < 0
    assert sum(step.comes for step in view.steps) == 20
    assert view.start + sum(step.comes - step.leaves for step in view.steps) == view.steps[-1].level
    chart = step_chart(view.start, [(step.day, step.comes, step.level) for step in view.steps], today=TODAY)
    assert chart is not None
    assert len(chart.shortages) == sum(step.level < 0 for step in view.steps)
    assert "9 units short from Mon 15 Jun." in text(desk.get(address("product_supply", world.kettle.pk)))


@pytest.mark.django_db
@pytest.mark.parametrize(
    "unsure",
    [{"confidence": "unconfirmed"}, {"eta_on": day(-90), "eta_until": day(-90)}],
    ids=["unconfirmed", "long past"],
)
def test_the_stock_curve_counts_on_nothing_that_the_plan_does_not_count_on(unsure: dict[str, object]) -> None:
    world = World()
    PurchaseLine.objects.filter(pk=world.line.pk).update(**unsure)
    view = view_of(world.kettle, today=TODAY)
    assert sum(step.comes for step in view.steps) == 0
    assert view.next_lot is None


def test_the_supply_page_needs_no_more_statements_for_more_who_wait(desk: Client) -> None:
    world = World()

    def statements() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert desk.get(address("product_supply", world.kettle.pk)).status_code == 200
        return len(queries)

    statements()
    before = statements()
    for _ in range(5):
        an_order((world.kettle, 1))
    assert statements() == before
