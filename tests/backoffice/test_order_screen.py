"""The order's page answers the customer, and every act on it is a form that shows whom it touches."""

import datetime
import re
from decimal import Decimal

import pytest
from django.test import Client
from django.utils import timezone

from backorders.access.table import AUDITOR, PURCHASING, SERVICE, Role
from backorders.actions import hearing, queueing, selling, shipping
from backorders.catalog.models import Substitute
from backorders.changes.models import ChangeSet
from backorders.desk.models import Handling
from backorders.notifications.models import CustomerLink
from backorders.orders.models import Note, Order, Refund, Shipment
from tests.backoffice.desk import World, address, fill_in, filled, somebody, text
from tests.factories import AT, a_carrier, a_customer, a_product, an_order, expected, later, receive, revise, state
from tests.notifications.desk import announce, send


def line_address(name: str, order: Order) -> str:
    return address(name, order.pk, order.lines.get().pk)


def test_the_answer_stands_ready_in_both_languages(desk: Client) -> None:
    world = World()
    said = text(desk.get(address("order", world.first.pk)))
    assert "We expect your 5 × Aria Kettle to reach you" in said
    assert "5 × Aria Kettle: tahmini teslim tarihi" in said


def test_the_answer_names_the_date_told_before_and_the_reason(desk: Client) -> None:
    world = World()
    revise(world.line, (31, None), reason_code="part_shortage")
    said = text(desk.get(address("order", world.first.pk)))
    assert "Before, we told you" in said
    assert "The reason: part shortage." in said
    assert "Neden: parça eksikliği." in said
    assert "Not told" in said


def test_the_page_tells_the_place_in_the_queue_and_what_it_waits_for(desk: Client) -> None:
    world = World()
    said = text(desk.get(address("order", world.second.pk)))
    assert "Place 2 of 3 in the queue · ahead: 1 " in said
    assert str(world.line) in said


def test_the_timeline_holds_acts_moved_dates_mails_and_notes(desk: Client) -> None:
    world = World()
    revise(world.line, (31, None), reason_code="part_shortage", note="weekly list", at=later(hours=1))
    said = text(desk.get(address("order", world.first.pk)))
    for entry in ("Order placed", "Aria Kettle: expected", "ETA changed: part shortage. weekly list", "View as sent"):
        assert entry in said
    assert "Likes to be called" in said


@pytest.mark.parametrize(
    ("role", "commands"),
    [
        (SERVICE, {"back", "message", "note", "split", "assign", "snooze"}),
        (PURCHASING, {"back", "note", "set_eta", "assign", "snooze"}),
        (AUDITOR, {"back"}),
    ],
)
def test_keys_and_links_lead_only_where_the_reader_may_go(desk: Client, role: Role, commands: set[str]) -> None:
    world = World()
    page = somebody(role).get(address("order", world.first.pk)).content.decode()
    assert set(re.findall(r'data-command="(\w+)"', page)) == commands
    assert (address("purchase_line_eta", world.line.pk) in page) is ("set_eta" in commands)


def test_a_line_says_why_its_date_moved_last_and_leads_to_its_supply(desk: Client) -> None:
    world = World()
    page = desk.get(address("order", world.first.pk))
    assert address("product_supply", world.kettle.pk) in page.content.decode()
    revise(world.line, (31, None), reason_code="part_shortage", note="weekly list", at=later(hours=1))
    said = text(desk.get(address("order", world.first.pk)))
    supplier = world.line.purchase_order.supplier
    why = said.partition("Why: ")[2]
    assert re.match(rf"part shortage *, weekly list {supplier} · .{{,30}} · confirmed", why), why[:200]


def test_what_was_written_last_and_asked_last_stands_beside_the_customer(desk: Client) -> None:
    world = World()
    other = an_order((world.kettle, 1), customer=world.first.customer, at=later(hours=1))
    page = desk.get(address("order", other.pk))
    assert "We wrote last: " in text(page)
    assert address("message", world.message.pk) in page.content.decode()
    assert "They wrote last" not in text(page)
    hearing.ask_question(world.first, text="When?", channel="phone", by=None, at=later(hours=2))
    assert re.search("They wrote last: .*, asked by: phone", text(desk.get(address("order", other.pk))))


def test_lines_are_assigned_and_set_aside_from_their_order(desk: Client) -> None:
    world = World()
    url = address("order", world.first.pk)
    form = desk.get(url).content.decode().partition('id="own"')[2].partition("</form>")[0]
    typed = dict(re.findall(r'name="(line|next)" value="(.*?)"', form))
    assert typed == {"line": str(world.first.lines.get().pk), "next": url}
    answer = desk.post(address("act_on_lines"), {**typed, "do": "assign_me"})
    assert answer["Location"] == url
    assert "Looked after by chief" in text(desk.get(url))
    desk.post(address("act_on_lines"), {**typed, "do": "snooze_until_moved"})
    assert Handling.objects.get().snoozed_version is not None


def test_a_supplier_is_asked_from_the_page_of_an_order_that_waits_for_it(desk: Client) -> None:
    world = World()
    url = address("order", world.first.pk)
    assert "Ask the supplier" in text(desk.get(url))
    answer = desk.post(address("ask_supplier"), {"line": world.line.pk, "next": url})
    assert answer["Location"] == url
    assert "Ask the supplier" not in text(somebody(SERVICE).get(url))


def test_what_comes_sooner_instead_is_said_and_offered(desk: Client) -> None:
    world = World()
    url = address("order", world.first.pk)
    assert "Instead we can send" not in text(desk.get(url))
    Substitute.objects.create(product=world.kettle, substitute=a_product("NK-1", name="Nova Kettle", stock=9))
    page = desk.get(url)
    assert "Instead we can send Nova Kettle, which reaches you" in text(page)
    assert "Onun yerine Nova Kettle gönderebiliriz" in text(page)
    assert "Offer something else" in text(page)


@pytest.mark.parametrize("kind", ["note", "message"])
def test_the_page_knows_what_its_reader_wrote_last(desk: Client, kind: str) -> None:
    world = World()
    url = address("order", world.first.pk)
    written = f'data-kind="{kind}" data-written="(.*?)"'
    assert re.findall(written, desk.get(url).content.decode()) == [""]
    field = {"note": "text", "message": "message-text"}[kind]
    desk.post(address(f"write_{kind}", world.first.pk), {field: "Calls back", "message-key": "k1"})
    assert re.findall(written, desk.get(url).content.decode()) == ["Calls back"]


def test_the_timeline_stands_under_headings_of_when(desk: Client) -> None:
    world = World(at=timezone.now() - datetime.timedelta(days=20))
    revise(world.line, (40, None), reason_code="part_shortage", at=timezone.now())
    url = address("order", world.first.pk)
    page = desk.get(url).content.decode()
    assert re.findall(r'<h3 class="day">(.*?)</h3>', page) == ["Today", "Last 30 days"]
    assert page.index(">Today<") < page.index("Aria Kettle: expected") < page.index(">Last 30 days<")
    assert page.index(">Last 30 days<") < page.index("Likes to be called")
    assert 'class="when"><time datetime=' in page[page.index(">Last 30 days<") :]
    assert "Son 30 gün" in text(desk.get(url, headers={"Accept-Language": "tr"}))


def test_words_are_found_in_the_timeline_with_or_without_turkish_letters(desk: Client) -> None:
    world = World()
    by = world.first.notes.get().by
    Note.objects.create(order=world.first, text="Işıl arıyor", by=by, at=later(hours=1))
    url = address("order", world.first.pk)
    found = [event.title for period in desk.get(url, {"find": " isil "}).context["periods"] for event in period.events]
    assert found == ["Işıl arıyor"]
    assert desk.get(url, {"find": "isil", "show": "customer"}).context["periods"] == []
    page = desk.get(url, {"find": 'a&"b'}).content.decode()
    assert "?show=notes&amp;find=a%26%22b#timeline-section" in page
    assert "Nothing of this kind happened." in page


def test_a_long_timeline_shows_its_latest_entries_first(desk: Client) -> None:
    world = World()
    author = world.first.notes.get().by
    for number in range(30):
        Note.objects.create(order=world.first, text=f"note {number}", by=author, at=later(hours=number))
    url = address("order", world.first.pk)
    assert "note 29" in text(desk.get(url))
    assert "note 1 " not in text(desk.get(url))
    assert "note 1 " in text(desk.get(url, {"all": ""}))


def test_the_page_needs_no_more_statements_for_more_history(desk: Client, django_assert_max_num_queries) -> None:  # type: ignore[no-untyped-def]
    world = World()
    for days in range(12, 20):
        revise(world.line, (days, None), at=later(hours=days))
    with django_assert_max_num_queries(30):
        desk.get(address("order", world.first.pk))


def test_units_are_cancelled_with_a_preview_of_who_moves_up(desk: Client) -> None:
    world = World()
    receive(world.line, 1)
    url = line_address("cancel_line", world.ready)
    assert "1 line gets stock" in text(fill_in(desk, url, quantity=2, preview="1"))
    response = fill_in(desk, url, quantity=2, reason="changed her mind")
    assert response.status_code == 302
    assert state(world.ready.lines.get()) == (0, 0, 0, 2)


def test_a_reason_that_is_missing_stops_the_save_but_not_the_preview(desk: Client) -> None:
    world = World()
    url = line_address("cancel_line", world.first)
    assert "open line" in text(fill_in(desk, url, quantity=1, preview="1"))
    response = fill_in(desk, url, quantity=1)
    assert response.status_code == 422
    assert "Nothing was saved" in text(response)
    assert state(world.first.lines.get()) == (0, 5, 0, 0)


def test_cancelling_more_than_is_open_is_refused_with_the_verbs_own_sentence(desk: Client) -> None:
    world = World()
    response = fill_in(desk, line_address("cancel_line", world.first), quantity=9, reason="all of it")
    assert response.status_code == 422
    assert "are still open, not 9" in text(response)


def test_a_stale_order_form_is_refused_and_says_who_changed_it(desk: Client) -> None:
    world = World()
    url = line_address("cancel_line", world.first)
    opened = filled(desk.get(url), quantity=1, reason="late")
    queueing.hold(world.first.lines.get(), reason="credit", by=None, at=AT)
    response = desk.post(url, opened)
    assert response.status_code == 409
    assert "was changed since you opened it (Put on hold by" in text(response)
    assert state(world.first.lines.get()) == (0, 5, 0, 0)


def test_quantity_expedite_hold_and_release_each_do_their_verb(desk: Client) -> None:
    world = World()
    line = world.second.lines.get()
    url = line_address("change_quantity", world.second)
    assert fill_in(desk, url, quantity=4, reason="one more").status_code == 302
    assert state(line) == (0, 4, 0, 0)
    acts = (("expedite", "is_expedited", True), ("hold", "is_held", True), ("release", "is_held", False))
    for name, field, value in acts:
        assert fill_in(desk, line_address(name, world.second), reason="asked for").status_code == 302
        line.refresh_from_db()
        assert getattr(line, field) is value


@pytest.mark.parametrize(
    ("is_paid", "units", "words"),
    [(True, 5, "are to be collected"), (True, 2, "go back to the customer"), (False, 2, "the order is not paid")],
)
def test_a_changed_quantity_says_what_is_to_be_collected_or_goes_back(
    desk: Client, is_paid: bool, units: int, words: str
) -> None:
    world = World()
    Order.objects.filter(pk=world.second.pk).update(is_paid=is_paid)
    url = line_address("change_quantity", world.second)
    seen = fill_in(desk, url, quantity=units, reason="x", preview="1")
    assert words in text(seen)


def test_a_whole_order_is_cancelled(desk: Client) -> None:
    world = World()
    assert fill_in(desk, address("cancel_order", world.first.pk), reason="never mind").status_code == 302
    assert state(world.first.lines.get()) == (0, 0, 0, 5)


def test_an_order_is_shipped_delivered_and_partly_comes_back(desk: Client) -> None:
    world = World()
    line = world.ready.lines.get()
    url = address("ship", world.ready.pk)
    assert fill_in(desk, url, tracking_number="TR1").status_code == 302
    shipment = Shipment.objects.get()
    assert (state(line), shipment.tracking_number) == ((0, 0, 2, 0), "TR1")
    assert fill_in(desk, address("confirm_delivery", shipment.pk), confirmed_by="customer").status_code == 302
    shipment.refresh_from_db()
    assert shipment.delivery_confirmed_by == "customer"
    back = fill_in(desk, address("return_to_stock", shipment.lines.get().pk), quantity=1, reason="too many")
    assert back.status_code == 302
    assert shipment.lines.get().returned == 1
    said = text(desk.get(address("order", world.ready.pk)))
    assert "1 came back" in said
    assert "A parcel was sent with" in said


def test_more_than_lies_ready_cannot_be_shipped(desk: Client) -> None:
    world = World()
    line = world.ready.lines.get()
    response = fill_in(desk, address("ship", world.ready.pk), **{f"line_{line.pk}": 3})
    assert response.status_code == 422
    assert "Only 2 units" in text(response)


def test_a_delivery_is_confirmed_once(desk: Client) -> None:
    world = World()
    line = world.ready.lines.get()
    shipment = shipping.ship(world.ready, units=[(line.pk, 2)], by=None, at=AT).made
    url = address("confirm_delivery", shipment.pk)
    assert fill_in(desk, url).status_code == 302
    assert "was delivered before" in text(fill_in(desk, url))


def test_an_order_is_placed_after_seeing_what_each_line_gets(desk: Client) -> None:
    lamp = a_product(stock=3)
    who = {"number": "B-1", "customer": a_customer().pk, "carrier": a_carrier().pk, "currency": "EUR"}
    line = {"lines-0-product": lamp.pk, "lines-0-quantity": 5}
    url = address("place_order")
    seen = text(fill_in(desk, url, **who, **line, preview="1"))
    assert "3 2 No date" in seen
    response = fill_in(desk, url, **who, **line)
    placed = Order.objects.get(number="B-1")
    assert response["Location"] == address("order", placed.pk)
    assert state(placed.lines.get()) == (3, 2, 0, 0)


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [({}, "Correct the lines below."), ({"lines-0-quantity": -1}, "Correct the lines below.")],
    ids=["no line", "negative"],
)
def test_an_order_that_cannot_be_is_refused(desk: Client, typed: dict[str, object], sentence: str) -> None:
    lamp = a_product()
    who = {"number": "B-1", "customer": a_customer().pk, "carrier": a_carrier().pk, "currency": "EUR"}
    lines = {"lines-0-product": lamp.pk, **typed} if typed else {"lines-0-product": "no"}
    response = fill_in(desk, address("place_order"), **who, **lines)
    assert response.status_code == 422
    assert sentence in text(response)
    assert not Order.objects.exists()


def test_an_order_number_that_is_taken_is_refused_and_everything_stays_typed(desk: Client) -> None:
    world = World()
    who = {"number": world.first.number, "customer": a_customer().pk, "carrier": a_carrier().pk, "currency": "EUR"}
    line = {"lines-0-product": world.kettle.pk, "lines-0-quantity": 1}
    response = fill_in(desk, address("place_order"), **who, **line)
    assert response.status_code == 422
    assert "is there already, with other content" in text(response)
    assert f'value="{world.first.number}"' in response.content.decode()


def test_a_note_is_kept_and_an_empty_one_is_not(desk: Client) -> None:
    world = World()
    url = address("write_note", world.first.pk)
    assert "Call after six" in text(desk.post(url, {"text": "Call after six"}, follow=True))
    assert "an empty note helps nobody" in text(desk.post(url, {"text": "  "}, follow=True))
    assert world.first.notes.count() == 2


def test_what_was_done_can_be_undone_from_the_message_on_the_page(desk: Client) -> None:
    world = World()
    line = world.first.lines.get()
    before = expected(line)
    response = fill_in(desk, line_address("hold", world.first), reason="credit")
    assert "See or undo" in text(desk.get(response["Location"]))
    change = ChangeSet.objects.filter(act="hold").get()
    page = desk.get(address("change_set", change.pk))
    assert "Undo" in text(page)
    undone = desk.post(address("undo", change.pk), follow=True)
    assert "undone by change" in text(undone)
    line.refresh_from_db()
    assert (line.is_held, expected(line)) == (False, before)
    assert "This was undone before." in text(desk.post(address("undo", change.pk), follow=True))


def test_a_refund_is_recorded_as_paid_and_links_are_revoked(desk: Client) -> None:
    world = World()
    Order.objects.filter(pk=world.second.pk).update(is_paid=True)
    selling.cancel_order(Order.objects.get(pk=world.second.pk), reason="asked", by=None, at=AT)
    refund = Refund.objects.get()
    assert address("pay_refund", refund.pk) in desk.get(address("orders_refund_changelist")).content.decode()
    assert fill_in(desk, address("pay_refund", refund.pk)).status_code == 302
    assert Refund.objects.get().paid_at == AT
    assert fill_in(desk, address("revoke_links", world.first.pk), reason="forwarded").status_code == 302
    assert not CustomerLink.objects.filter(order=world.first, revoked_at=None).exists()


@pytest.mark.parametrize(
    ("choice", "said", "becomes"),
    [("", "wait where they waited before", (2, 0)), ("1", "The customer gets a mail that says so", (1, 1))],
)
def test_a_lost_parcel_is_given_up_after_a_preview(
    desk: Client, choice: str, said: str, becomes: tuple[int, int]
) -> None:
    world = World()
    line = world.ready.lines.get()
    parcel = shipping.ship(world.ready, units=[(line.pk, 1)], by=None, at=AT).made
    assert "It is lost" in text(desk.get(address("order", world.ready.pk)))
    url = address("lose_parcel", parcel.pk)
    typed = filled(desk.get(url), pays_back=choice, reason="searched for a week")
    assert said in text(desk.post(url, {**typed, "preview": "1"}))
    line.refresh_from_db()
    assert line.shipped == 1
    assert desk.post(url, typed).status_code == 302
    line.refresh_from_db()
    assert (line.open_quantity, line.cancelled, line.shipped) == (*becomes, 0)
    page = text(desk.get(address("order", world.ready.pk)))
    assert "lost" in page
    assert "Confirm delivery" not in page


def test_a_date_that_has_not_left_yet_is_on_its_way(desk: Client) -> None:
    world = World()
    page = address("order", world.first.pk)
    assert "Nothing: the customer knows the date" in text(desk.get(page))
    revise(world.line, (31, None), at=later(minutes=2))
    announce(later(hours=2))
    assert "Nothing: the mail with the new date is on its way" in text(desk.get(page))
    send(later(hours=3))
    assert "Nothing: the customer knows the date" in text(desk.get(page))


def test_what_nobody_collected_of_a_paid_order_is_said_with_its_line(desk: Client) -> None:
    world = World()
    there = address("order", world.second.pk)
    selling.change_quantity(world.second.lines.get(), quantity=4, reason="before", by=None, at=AT)
    assert "to be collected" not in text(desk.get(there))
    Order.objects.filter(pk=world.second.pk).update(is_paid=True)
    assert "to be collected" not in text(desk.get(there))
    selling.change_quantity(world.second.lines.get(), quantity=6, reason="two more", by=None, at=AT)
    said = text(desk.get(there))
    assert "2 not paid: 20.00 EUR to be collected" in said
    assert "paid · 20.00 EUR to be collected" in said
    selling.change_quantity(world.second.lines.get(), quantity=5, reason="one less", by=None, at=AT)
    assert "1 not paid: 10.00 EUR to be collected" in text(desk.get(there))


def test_what_an_exchange_put_on_top_is_to_be_collected_for_every_unit_that_was_paid(desk: Client) -> None:
    world = World()
    line = world.second.lines.get()
    line.price, line.owed_on_top, line.unpaid, line.quantity, line.cancelled = Decimal(12), Decimal(2), 1, 6, 2
    assert line.to_collect == Decimal(12) * 1 + Decimal(2) * 3
