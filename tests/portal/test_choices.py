"""What a customer chooses happens once, is confirmed with a reference, and is on record with what was shown."""

import datetime
from decimal import Decimal
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from backorders.actions import caring, selling
from backorders.allocation.books import differences
from backorders.catalog.models import Product, Substitute
from backorders.changes.models import ChangeSet
from backorders.notifications.models import ContactCode, Message
from backorders.orders.models import Cancellation, Decision, Feedback, Question, Refund
from tests.factories import a_user, count
from tests.notifications.desk import announce, send
from tests.portal.desk import Waiter, code_of, hidden, press, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def waiter() -> Waiter:
    return Waiter()


def decided(client: Client, response: Any) -> str:
    """Follow to the page that says what was decided; return what it says."""
    assert response.status_code == 303, text_of(response)
    page = client.get(response["Location"])
    assert page.status_code == 200
    return text_of(page)


def test_keeping_on_waiting_is_kept(waiter: Waiter, client: Client) -> None:
    said = decided(client, press(client, waiter.path, "keep/"))
    assert "You keep waiting" in said
    assert "10482-C1" in said
    decision = Decision.objects.get()
    assert (decision.kind, decision.channel, decision.change_set.source) == ("keep", "page", "customer")
    assert decision.shown["windows"][str(waiter.line.pk)][0].startswith("20")
    page = text_of(client.get(waiter.path))
    assert "Your answer: keep waiting" in page
    assert "You can change it until we send the goods." in page


def test_what_an_exchange_brings_back_is_what_is_paid_back(waiter: Waiter, client: Client) -> None:
    Product.objects.filter(pk=waiter.other.pk).update(price=30)
    Substitute.objects.update(price_treatment="its_own")
    half = {"kind": "discount", "amount": Decimal(40), "line": waiter.line, "reason": "late"}
    caring.compensate(waiter.order, **half, tells=False, by=None, at=timezone.now())
    assert "you get back: €10.00" in text_of(client.get(f"{waiter.path}alternatives/"))
    press(client, f"{waiter.path}alternatives/", "alternatives/", line=waiter.line.pk, product=waiter.other.pk)
    assert Refund.objects.get().amount == 10


def test_a_difference_that_was_given_off_before_is_named_and_not_called_the_same_price(
    waiter: Waiter, client: Client
) -> None:
    Product.objects.filter(pk=waiter.other.pk).update(price=30)
    Substitute.objects.update(price_treatment="its_own")
    whole = {"kind": "discount", "amount": Decimal(80), "line": waiter.line, "reason": "late"}
    caring.compensate(waiter.order, **whole, tells=False, by=None, at=timezone.now())
    page = text_of(client.get(f"{waiter.path}alternatives/"))
    assert "it costs €20.00 less, which you were given off before" in page
    assert "same price" not in page
    press(client, f"{waiter.path}alternatives/", "alternatives/", line=waiter.line.pk, product=waiter.other.pk)
    assert not Refund.objects.exists()


def test_a_line_is_cancelled_with_the_money_stated(waiter: Waiter, client: Client) -> None:
    asked = text_of(client.get(f"{waiter.path}cancel/"))
    assert "2 × Aria Kettle" in asked
    assert "You get back: €80.00" in asked
    said = decided(client, press(client, f"{waiter.path}cancel/", "cancel/", line=waiter.line.pk))
    assert "Cancellation requested" in said
    assert "€80.00" in said
    assert waiter.line.cancelled == 2
    assert Refund.objects.get().amount == 80
    assert waiter.order.lines.get(product=waiter.descaler).cancelled == 0
    assert "Cancellation requested" in text_of(client.get(waiter.path))
    announce(timezone.now() + datetime.timedelta(hours=1))
    page = text_of(client.get(waiter.path))
    assert "Cancellation requested" not in page
    assert "You get back: €80.00" in page
    assert list(differences(at=timezone.now())) == []


def test_everything_is_cancelled_and_the_page_says_so(waiter: Waiter, client: Client) -> None:
    decided(client, press(client, f"{waiter.path}cancel/", "cancel/", line="all"))
    assert Cancellation.objects.count() == 2
    page = text_of(client.get(waiter.path))
    assert "This order is cancelled." in page
    assert "How did we handle it?" in page
    assert "Keep waiting" not in page
    assert "Nothing can be cancelled any more" in text_of(client.get(f"{waiter.path}cancel/"))


def test_a_double_tap_decides_once(waiter: Waiter, client: Client) -> None:
    form = {**hidden(client.get(f"{waiter.path}cancel/"), action="cancel/"), "line": str(waiter.line.pk)}
    first, second = (client.post(f"{waiter.path}cancel/", form) for _ in range(2))
    assert first["Location"] == second["Location"]
    assert Cancellation.objects.count() == Decision.objects.count() == 1


def test_a_form_of_yesterday_or_of_another_order_does_nothing(waiter: Waiter, client: Client) -> None:
    other = Waiter(number="10483")
    foreign = hidden(client.get(f"{other.path}cancel/"), action="cancel/")
    for key in ("", "made-up", foreign["key"]):
        answer = client.post(f"{waiter.path}cancel/", {"key": key, "seen": "1", "line": "all"})
        assert answer.status_code == 409
    assert not Decision.objects.exists()


def test_whoever_opened_the_page_before_a_change_is_told(waiter: Waiter, client: Client) -> None:
    form = {**hidden(client.get(f"{waiter.path}cancel/"), action="cancel/"), "line": "all"}
    selling.cancel_line(waiter.line, quantity=1, reason="x", by=None, at=timezone.now())
    answer = client.post(f"{waiter.path}cancel/", form)
    assert answer.status_code == 409
    assert "Something changed since you opened the page" in text_of(answer)
    assert not Decision.objects.exists()


def test_another_product_is_chosen_at_the_price_that_was_shown(waiter: Waiter, client: Client) -> None:
    assert "See 1 alternative that arrives sooner" in text_of(client.get(waiter.path))
    offers = text_of(client.get(f"{waiter.path}alternatives/"))
    assert "2 × Nova Kettle" in offers
    assert "same price, we pay the difference: €20.00" in offers
    form = hidden(client.get(f"{waiter.path}alternatives/"), action="alternatives/")
    answers = [client.post(f"{waiter.path}alternatives/", form) for _ in range(2)]
    assert "Your new choice is noted" in decided(client, answers[0])
    assert answers[0]["Location"] == answers[1]["Location"]
    assert waiter.line.replaced_by is not None
    assert waiter.line.replaced_by.product == waiter.other
    assert Decision.objects.get().shown["product"] == waiter.other.sku
    assert list(differences(at=timezone.now())) == []


def test_an_offer_that_somebody_else_took_is_refused(waiter: Waiter, client: Client) -> None:
    form = hidden(client.get(f"{waiter.path}alternatives/"), action="alternatives/")
    count(waiter.other, 0, at=timezone.now())
    answer = client.post(f"{waiter.path}alternatives/", form)
    assert answer.status_code == 422
    assert "not offered any more" in text_of(answer)
    assert waiter.line.waiting == 2


def test_what_is_ready_leaves_before_the_rest(client: Client) -> None:
    waiter = Waiter(is_ship_complete=True)
    assert "Send what is ready now" in text_of(client.get(waiter.path))
    assert "1 × Descaler" in text_of(client.get(f"{waiter.path}ready/"))
    assert "What is ready leaves now" in decided(client, press(client, f"{waiter.path}ready/", "ready/"))
    assert not waiter.fresh().is_ship_complete
    assert "Nothing is held back" in text_of(client.get(f"{waiter.path}ready/"))
    assert list(differences(at=timezone.now())) == []


def test_a_question_is_asked_in_two_taps_and_its_answer_stands_on_the_page(waiter: Waiter, client: Client) -> None:
    said = decided(client, press(client, waiter.path, "ask/", text="Does it fit <my> kitchen?"))
    assert "Your question is on its way" in said
    asked = Question.objects.get()
    assert (asked.channel, asked.text) == ("page", "Does it fit <my> kitchen?")
    assert "We answer by:" in text_of(client.get(waiter.path))
    caring.answer_question(asked, text="It does.", by=a_user(), at=timezone.now())
    assert "It does." in text_of(client.get(waiter.path))


def test_an_empty_question_loses_nothing(waiter: Waiter, client: Client) -> None:
    refused = press(client, waiter.path, "ask/", text="x" * 5000)
    assert refused.status_code == 422
    assert "x" * 4000 in refused.content.decode()
    assert not Question.objects.exists()


def test_the_date_is_essential_or_not(waiter: Waiter, client: Client) -> None:
    assert "The date is essential" in decided(client, press(client, waiter.path, "essential/", is_essential="yes"))
    assert waiter.fresh().is_date_essential
    press(client, waiter.path, "essential/", is_essential="no")
    assert not waiter.fresh().is_date_essential
    assert [each.kind for each in Decision.objects.order_by("id")] == ["essential", "not_essential"]


def test_optional_updates_stop_and_start_again(waiter: Waiter, client: Client) -> None:
    press(client, waiter.path, "updates/", wants_all="no")
    assert not waiter.fresh().customer.wants_all_updates
    assert "Write all updates again" in text_of(client.get(waiter.path))
    press(client, waiter.path, "updates/", wants_all="yes")
    assert waiter.fresh().customer.wants_all_updates


def test_a_new_address_is_proved_by_the_code_that_went_there(waiter: Waiter, client: Client) -> None:
    to_code = press(client, f"{waiter.path}contact/", "contact/", email="new@example.com", language="tr")
    assert to_code.status_code == 303
    message = Message.objects.get(kind="contact_code")
    assert (message.recipient, message.language) == ("new@example.com", "tr")
    assert "/o/" not in message.text
    where = to_code["Location"]
    page = client.get(where)
    wrong = client.post(where, {**hidden(page), "digits": "000000" if code_of(message) != "000 000" else "1"})
    assert wrong.status_code == 422
    assert waiter.fresh().customer.email == "elif@example.com"
    right = client.post(where, {**hidden(page), "digits": f" {code_of(message)}\n"})
    assert "10482-C1" in decided(client, right)
    customer = waiter.fresh().customer
    assert (customer.email, customer.language, customer.address_version) == ("new@example.com", "tr", 2)


def test_a_phone_number_is_proved_by_the_address_we_have(waiter: Waiter, client: Client) -> None:
    where = press(client, f"{waiter.path}contact/", "contact/", phone="+90 532 000")["Location"]
    message = Message.objects.get(kind="contact_code")
    assert message.recipient == "elif@example.com"
    send(timezone.now())
    assert "code" in mail.outbox[-1].subject
    client.post(where, {**hidden(client.get(where)), "digits": code_of(message).replace(" ", "-")})
    customer = waiter.fresh().customer
    assert (customer.phone, customer.email, customer.address_version) == ("+90 532 000", "elif@example.com", 1)


def test_five_wrong_codes_are_enough(waiter: Waiter, client: Client) -> None:
    where = press(client, f"{waiter.path}contact/", "contact/", phone="+90 532 000")["Location"]
    right = code_of(Message.objects.get(kind="contact_code"))
    form = hidden(client.get(where))
    for _ in range(5):
        assert client.post(where, {**form, "digits": "nothing"}).status_code == 422
    assert "opens nothing any more" in text_of(client.post(where, {**form, "digits": right}))
    assert waiter.fresh().customer.phone == "+90 212 1111"


def test_a_code_is_used_once_and_ends_by_itself(waiter: Waiter, client: Client) -> None:
    where = press(client, f"{waiter.path}contact/", "contact/", phone="+90 532 000")["Location"]
    right = code_of(Message.objects.get(kind="contact_code"))
    form = {**hidden(client.get(where)), "digits": right}
    first = client.post(where, form)
    assert client.post(where, form)["Location"] == first["Location"]
    other = {**form, "key": hidden(client.get(waiter.path), action="keep/")["key"]}
    assert client.post(where, other).status_code == 422
    assert Decision.objects.count() == 1
    again = press(client, f"{waiter.path}contact/", "contact/", phone="+90 533 000")["Location"]
    right = code_of(Message.objects.filter(kind="contact_code").latest("id"))
    late = {**hidden(client.get(again)), "digits": right}
    ContactCode.objects.update(asked_at=timezone.now() - datetime.timedelta(hours=2), expires_at=timezone.now())
    assert client.post(again, late).status_code == 422
    assert waiter.fresh().customer.phone == "+90 532 000"


def test_codes_are_not_mailed_without_end(waiter: Waiter, client: Client) -> None:
    answers = [press(client, f"{waiter.path}contact/", "contact/", phone=f"+90 532 00{n}") for n in range(6)]
    assert [each.status_code for each in answers] == [303] * 5 + [422]
    assert Message.objects.filter(kind="contact_code").count() == 5


@pytest.mark.parametrize("typed", [{}, {"email": "nonsense"}, {"phone": "call me"}, {"language": "xx"}])
def test_a_contact_that_is_none_is_refused(waiter: Waiter, client: Client, typed: dict[str, str]) -> None:
    answer = press(client, f"{waiter.path}contact/", "contact/", **typed)
    assert answer.status_code == 422
    assert not ContactCode.objects.exists()


def test_a_dear_cancellation_asks_for_a_code(client: Client) -> None:
    waiter = Waiter(price=600)
    assert "Because of the value we mail you a code first." in text_of(client.get(f"{waiter.path}cancel/"))
    where = press(client, f"{waiter.path}cancel/", "cancel/", line="all")["Location"]
    assert not Cancellation.objects.exists()
    form = {**hidden(client.get(where)), "digits": code_of(Message.objects.get(kind="contact_code"))}
    assert "Cancellation requested" in decided(client, client.post(where, form))
    assert Refund.objects.count() == 2


def test_feedback_after_cancellation_and_about_an_update(waiter: Waiter, client: Client) -> None:
    decided(client, press(client, f"{waiter.path}cancel/", "cancel/", line="all"))
    press(client, waiter.path, "feedback/", csat="4", nps="9", text="Clear.")
    said = Feedback.objects.get()
    assert (said.occasion, said.csat, said.nps, said.text) == ("cancelled", 4, 9, "Clear.")
    page = text_of(client.get(waiter.path))
    assert "Your mark: 4 / 5" in page
    assert "How did we handle it?" not in page


def test_feedback_about_what_did_not_happen_is_refused(waiter: Waiter, client: Client) -> None:
    key = hidden(client.get(waiter.path), action="keep/")
    for typed in ({"occasion": "delivered", "csat": "5"}, {"occasion": "update", "was_helpful": "yes"}, {"csat": "9"}):
        assert client.post(f"{waiter.path}feedback/", {**key, **typed}).status_code == 422
    assert not Feedback.objects.exists()


def test_every_act_of_the_page_is_the_customer_s(waiter: Waiter, client: Client) -> None:
    known = set(ChangeSet.objects.values_list("id", flat=True))
    press(client, waiter.path, "keep/")
    press(client, waiter.path, "essential/", is_essential="yes")
    press(client, f"{waiter.path}alternatives/", "alternatives/")
    press(client, f"{waiter.path}cancel/", "cancel/", line="all")
    made = ChangeSet.objects.exclude(id__in=known)
    assert {change.source for change in made} == {"customer"}
    assert {touch.object_id for change in made for touch in change.touches.filter(kind="order")} == {waiter.order.pk}
