"""Asking suppliers from the desk: from an order, from the list, from a product; whom to call; what is open."""

import re

import pytest
from django.test import Client

from backorders.access.table import AUDITOR, MANAGER, PURCHASING, SERVICE
from backorders.actions import asking, proposals
from backorders.actions.etas import EtaPart
from backorders.chasing.models import DateRequest, EtaProposal, RequestLine
from backorders.notifications.models import CallTask, Message
from backorders.supply.models import PurchaseLine
from tests.backoffice.desk import World, address, filled, somebody, text
from tests.backoffice.routes import asked_and_suppressed
from tests.factories import AT, a_purchase, a_supplier, a_user, day, revise

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frozen")]


@pytest.fixture
def buyer() -> Client:
    return somebody(PURCHASING)


@pytest.fixture
def world() -> World:
    made = World()
    supplier = made.line.purchase_order.supplier
    type(supplier).objects.filter(pk=supplier.pk).update(email="supplier@example.com")
    return made


@pytest.mark.parametrize("name", ["line", "order"])
def test_a_buyer_asks_with_one_click_and_sees_it_open(buyer: Client, world: World, name: str) -> None:
    named = world.line.pk if name == "line" else world.line.purchase_order_id
    answer = buyer.post(address("ask_supplier"), {name: str(named)}, follow=True)
    assert "Done." in text(answer)
    assert RequestLine.objects.filter(purchase_line=world.line, why="by_hand").exists()
    page = text(buyer.get(address("proposals")))
    assert world.line.purchase_order.supplier.name in page
    assert Message.objects.filter(kind="date_request", state="pending").count() == 1


def test_a_supplier_is_asked_about_everything_that_is_overdue_with_one_click(buyer: Client, world: World) -> None:
    supplier = world.line.purchase_order.supplier
    late, other = (a_purchase(world.kettle, 5, supplier=each, at=AT) for each in (supplier, a_supplier("Delta")))
    PurchaseLine.objects.filter(pk__in=[late.pk, other.pk]).update(eta_on=day(-3), eta_until=day(-3))
    again = a_purchase(world.kettle, 5, supplier=supplier, at=AT)
    PurchaseLine.objects.filter(pk=again.pk).update(eta_on=day(-2), eta_until=day(-2))
    page = buyer.get(address("expected") + "?view=overdue").content.decode()
    assert page.count(f'name="supplier" value="{supplier.pk}"') == 1
    assert 'name="supplier"' not in buyer.get(address("expected") + "?view=all").content.decode()
    buyer.post(address("ask_supplier"), {"supplier": str(supplier.pk), "order": str(other.purchase_order_id)})
    asked = set(RequestLine.objects.values_list("purchase_line", flat=True))
    assert asked == {late.pk, again.pk}  # not what comes later, not what is ticked beside it


def test_asking_for_nothing_says_so(buyer: Client, world: World) -> None:
    answer = buyer.post(address("ask_supplier"), {"line": "x"}, follow=True)
    assert "None of these purchase lines has anything outstanding." in text(answer)


def test_the_ways_to_ask_stand_where_dates_are_looked_at(buyer: Client, world: World) -> None:
    for page in (
        address("purchase_order", world.line.purchase_order_id),
        address("expected") + "?view=all",
        address("product_supply", world.kettle.pk),
    ):
        assert address("ask_supplier") in buyer.get(page).content.decode()


def test_customer_service_cannot_ask(world: World) -> None:
    assert somebody(SERVICE).post(address("ask_supplier"), {"line": str(world.line.pk)}).status_code == 403
    assert not DateRequest.objects.exists()


def test_a_supplier_whom_no_mail_reaches_is_called_and_that_is_noted(buyer: Client) -> None:
    asked_and_suppressed(World())
    page = text(buyer.get(address("proposals")))
    assert "Suppliers to call" in page
    task = CallTask.objects.get(supplier__isnull=False)
    buyer.post(address("note_supplier_call", task.pk), {"note": "says Friday"})
    task.refresh_from_db()
    assert task.done_at is not None
    assert "Suppliers to call" not in text(buyer.get(address("proposals")))


def test_a_question_is_withdrawn_with_a_reason(buyer: Client, world: World) -> None:
    buyer.post(address("ask_supplier"), {"line": str(world.line.pk)})
    request = DateRequest.objects.get()
    assert buyer.post(address("withdraw_request", request.pk), {"reason": ""}).status_code == 422
    buyer.post(address("withdraw_request", request.pk), {"reason": "heard by phone"})
    request.refresh_from_db()
    assert request.closed_at is not None
    assert Message.objects.get(kind="date_request").state == "superseded"


def test_a_mail_to_a_supplier_is_shown_to_the_desk_and_edited_by_those_who_buy(world: World) -> None:
    desk, buyer, manager = somebody(SERVICE), somebody(PURCHASING), somebody(MANAGER)
    buyer.post(address("ask_supplier"), {"line": str(world.line.pk)})
    message = Message.objects.get(kind="date_request")
    page = text(desk.get(address("message", message.pk)))
    assert message.subject in page
    assert world.line.purchase_order.supplier.name in page
    assert "Edit before it leaves" not in page
    assert "Edit before it leaves" in text(manager.get(address("message", message.pk)))
    editing = address("edit_message", message.pk)
    assert desk.get(editing).status_code == desk.post(editing, {"text": "Hello"}).status_code == 403
    assert f'href="{editing}"' in buyer.get(address("proposals")).content.decode()
    assert f'href="{editing}"' not in somebody(AUDITOR).get(address("proposals")).content.decode()
    answer = buyer.post(editing, {"text": "Please answer by phone."}, follow=True)
    message.refresh_from_db()
    assert message.state == "superseded"
    assert "Please answer by phone." in Message.objects.get(kind="date_request", state="pending").text
    assert answer.status_code == 200
    assert "In the outbox" in text(answer)


def test_those_who_buy_edit_no_message_to_a_customer(world: World) -> None:
    buyer, mail = somebody(PURCHASING), address("edit_message", world.message.pk)
    assert buyer.get(mail).status_code == buyer.post(mail, {"text": "Hello"}).status_code == 403


# -- deciding ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def answered(world: World) -> EtaProposal:
    """An answer that moves the world's purchase line by two months."""
    request = asking.ask_supplier([world.line.pk], by=None, at=AT).made[0]
    line = RequestLine.objects.get(purchase_line=world.line)
    said = proposals.LineAnswer(line.pk, "move", [EtaPart(day(60))], "production", "the mould broke")
    return proposals.propose(request, answers=[said], key="k", at=AT).made[0]


def test_the_buyer_sees_whom_an_answer_moves_and_accepts_it(buyer: Client, answered: EtaProposal) -> None:
    assert "Look and decide" in text(buyer.get(address("proposals")))
    url = address("decide_answers", answered.line.request_id)
    opened = buyer.get(url)
    assert "the mould broke" in text(opened)
    looked = buyer.post(url, filled(opened, preview="1"))
    assert "open line" in text(looked)
    assert "lines later" in text(looked)
    assert re.search(r"Accept what is ticked( and tell \d+ customers?)?", text(looked))
    done = buyer.post(url, filled(opened, note="as agreed"), follow=True)
    assert "Done." in text(done)
    answered.refresh_from_db()
    assert answered.state == "accepted"
    assert "Nothing waits for a decision there any more." in text(buyer.get(url, follow=True))


def test_the_buyer_rejects_with_a_reason(buyer: Client, answered: EtaProposal) -> None:
    url = address("reject_answers", answered.line.request_id)
    refused = buyer.post(url, {"proposal": str(answered.pk), "why_not": " "}, follow=True)
    assert "Say why" in text(refused)
    said = text(buyer.post(url, {"proposal": str(answered.pk), "why_not": "too late"}, follow=True))
    assert "Done." in said
    assert "Nothing waits for a decision there any more." not in said, "nothing went wrong"
    answered.refresh_from_db()
    assert (answered.state, answered.decision) == ("rejected", "too late")


def test_what_changed_since_the_answer_is_said_before_anything_is_saved(buyer: Client, answered: EtaProposal) -> None:
    url = address("decide_answers", answered.line.request_id)
    opened = buyer.get(url)
    revise(answered.line.purchase_line, (33, None), by=a_user())
    stale = buyer.post(url, filled(opened))
    assert stale.status_code == 409
    assert "Since the answer:" in text(stale)
    assert buyer.post(url, filled(stale)).status_code == 302


def test_nothing_ticked_and_an_altered_form_are_refused(buyer: Client, answered: EtaProposal) -> None:
    url = address("decide_answers", answered.line.request_id)
    sent = filled(buyer.get(url))
    assert buyer.post(url, {**sent, "proposal": []}).status_code == 422
    assert buyer.post(url, {**sent, "seen": "x"}).status_code == 422
    assert buyer.post(url, {**sent, "proposal": "999999"}).status_code == 422
    answered.refresh_from_db()
    assert answered.state == "waiting"
