"""What customers reply is a question about their order, once; what machines write is none; nothing is lost."""

from typing import Any

import pytest
from django.test import override_settings

from backorders.actions import replying, undoing
from backorders.actions.replying import DealtWith
from backorders.notifications.models import Message, Reply, Thread
from backorders.orders.models import Order, Question
from tests.factories import AT, a_customer, a_line, a_product, a_user, an_order, later
from tests.notifications.desk import tell
from tests.notifications.postbox import INBOUND, a_mail, came, posted

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.notifications.postbox")]


@pytest.fixture(autouse=True)
def inbound() -> Any:
    with override_settings(ANYMAIL={"WEBHOOK_SECRET": "provider:right"}, INBOUND_ADDRESS=INBOUND):
        yield


@pytest.fixture
def order() -> Order:
    """An order whose confirmation was mailed to ada@example.com."""
    line = a_line(a_product(stock=5), 1, customer=a_customer(email="Ada@Example.com"))
    tell(AT)
    return line.order


def address(order: Order) -> str:
    return f"orders+{Thread.objects.get(order=order).token}@in.shop.example"


def test_a_mail_is_replied_to_at_the_address_of_its_order(order: Order) -> None:
    message = Message.objects.get()
    assert message.headers["Reply-To"] == f"Kaya <{address(order)}>"
    assert str(order.pk) not in Thread.objects.get().token
    assert order.links.get().token_hash not in message.headers["Reply-To"]


def test_without_an_inbound_address_replies_go_to_the_mailbox() -> None:
    with override_settings(INBOUND_ADDRESS="", REPLY_TO="read@shop.example"):
        a_line(a_product(stock=5), 1)
        tell(AT)
    assert Message.objects.get().headers["Reply-To"] == "read@shop.example"
    assert not Thread.objects.exists()


def test_mails_of_one_order_have_one_thread(order: Order) -> None:
    an_order((a_product(stock=1), 1), customer=order.customer)
    tell(later(hours=1))
    assert Thread.objects.count() == 2
    assert Message.objects.latest("id").headers["Reply-To"] != Message.objects.earliest("id").headers["Reply-To"]


def test_a_reply_becomes_a_question_with_a_time_to_answer(order: Order) -> None:
    text = (
        "Will it come before Friday?\n\nOn Mon, 1 Jun 2026 at 09:00, Kaya <orders@shop.example> wrote:\n> Your order\n"
    )
    assert came(a_mail(text, to=address(order).upper())) == 200
    assert not Question.objects.exists()
    assert replying.take_in(at=later(hours=1)) == 1
    asked = Question.objects.get()
    assert (asked.order, asked.channel, asked.text) == (order, "mail", "Will it come before Friday?")
    assert asked.answer_due_at > later(hours=1)
    reply = Reply.objects.get()
    assert "> Your order" in reply.folded
    assert (reply.question, reply.is_from_customer) == (asked, True)
    assert replying.take_in(at=later(hours=2)) == 0


def test_the_same_mail_ten_times_is_one_question(order: Order) -> None:
    for _ in range(10):
        assert came(a_mail(to=address(order))) == 200
        replying.take_in(at=AT)
    assert (Reply.objects.count(), Question.objects.count()) == (1, 1)


def test_two_mails_with_the_same_words_are_two(order: Order) -> None:
    came(a_mail(to=address(order)))
    came(a_mail(to=address(order), **{"Message-ID": "<2@example.com>"}))
    replying.take_in(at=AT)
    assert Question.objects.count() == 2


def test_another_address_is_marked(order: Order) -> None:
    came(a_mail(to=address(order), sender="Eve <eve@example.net>"))
    replying.take_in(at=AT)
    assert Question.objects.get().text == "[eve@example.net]\nWhen?"
    assert not Reply.objects.get().is_from_customer


@pytest.mark.parametrize(
    ("headers", "envelope_sender", "nature"),
    [
        ({"Auto_Submitted": "auto-replied"}, "ada@example.com", "automatic"),
        ({"X_Auto_Response_Suppress": "All"}, "ada@example.com", "automatic"),
        ({"Precedence": "bulk"}, "ada@example.com", "automatic"),
        ({"Subject": "Automatic reply: away"}, "ada@example.com", "automatic"),
        ({}, "", "bounce"),
        ({"From": "MAILER-DAEMON@example.com"}, "x@example.com", "bounce"),
        ({"From": "Shop <orders@in.shop.example>"}, "x@example.com", "ours"),
    ],
)
def test_machines_ask_nothing(order: Order, headers: dict[str, str], envelope_sender: str, nature: str) -> None:
    assert came(a_mail(to=address(order), **headers), envelope_sender=envelope_sender) == 200
    before = Message.objects.count()
    replying.take_in(at=AT)
    reply = Reply.objects.get()
    assert (reply.nature, reply.order, reply.question) == (nature, order, None)
    assert not Question.objects.exists()
    assert tell(later(days=1)) == []
    assert Message.objects.count() == before


@pytest.mark.parametrize("to", ["orders@in.shop.example", "orders+aaaaaaaaaaaaaaaaaaaa@in.shop.example", ""])
def test_a_mail_without_a_known_thread_waits_for_staff(order: Order, to: str) -> None:
    came(a_mail(to=to))
    assert replying.take_in(at=AT) == 1
    reply = Reply.objects.get()
    assert (reply.text, reply.order, reply.question, reply.settled_at) == ("When?", None, None, None)


def test_staff_say_which_order_it_is_about(order: Order) -> None:
    came(a_mail(to=""))
    replying.take_in(at=AT)
    reply, who = Reply.objects.get(), a_user()
    asked = replying.place(reply, order=order, by=who, at=later(hours=1)).made
    assert (asked.order, asked.text, asked.channel) == (order, "When?", "mail")
    with pytest.raises(DealtWith):
        replying.place(reply, order=order, by=who, at=later(hours=2))
    with pytest.raises(DealtWith):
        replying.settle(reply, reason="spam", by=who, at=later(hours=2))


def test_staff_close_what_asks_nothing(order: Order) -> None:
    came(a_mail(to=""))
    done = replying.settle(Reply.objects.get(), reason="advertising", by=a_user(), at=AT)
    assert (done.made.settled_at, done.change_set.reason) == (AT, "advertising")
    assert not Question.objects.exists()


def test_a_mail_that_says_nothing_asks_by_its_subject(order: Order) -> None:
    came(a_mail("", to=address(order), Subject="Please cancel"))
    replying.take_in(at=AT)
    assert Question.objects.get().text == "Please cancel"


def test_a_very_long_mail_is_kept_and_asks_with_its_beginning(order: Order) -> None:
    came(a_mail("x" * 500_000, to=address(order)))
    replying.take_in(at=AT)
    assert len(Question.objects.get().text) == 4000
    assert len(Reply.objects.get().text) == 100_000


@pytest.mark.parametrize(
    "raw",
    [
        b"From: a\0b@example.com\r\nSubject: \0\r\nTo: {to}\r\n\r\nNUL\0 here",
        b"Subject: =?no-such?q?=FF?=\r\nTo: {to}\r\nContent-Type: text/plain; charset=no-such\r\n\r\n\xff\xfe?",
        b"From: ada@example.com\r\nTo: {to}\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n\xc3\x28\xf0",
        b"From: \r\nTo: {to}\r\nX-Long: " + b"y" * 1_000_000 + b"\r\n\r\nhuge",
        b"From: ada@example.com\r\nTo: {to}\r\n" + b"X-Many: 1\r\n" * 5000 + b"\r\nmany",
        b"From: <<>>@@,;:\r\nTo: {to}\r\nDate: never\r\nContent-Type: ;;;\r\n\r\nodd",
        b"To: {to}\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\nno part at all",
        b"",
        b"\0\0\0",
    ],
    ids=["nul", "charset", "bytes", "long", "many", "odd", "no part", "nothing", "only nul"],
)
def test_whatever_comes_is_kept_cleanly(order: Order, raw: bytes) -> None:
    assert came(raw.replace(b"{to}", address(order).encode())) == 200
    assert replying.take_in(at=AT) == 1
    reply = Reply.objects.get()
    assert "\0" not in f"{reply.sender}{reply.subject}{reply.text}{reply.folded}"


@pytest.mark.parametrize(
    "body", ["", "{", "[]", "null", '"x"', '{"Headers": 7}', "\0", '{"RawEmail": 7, "Headers": []}']
)
def test_what_no_reader_can_read_is_kept_for_staff(body: str) -> None:
    for _ in range(3):
        assert posted("/anymail/postmark/inbound/", body) == 200
    reply = Reply.objects.get()
    assert reply.nature in ("unreadable", "person")
    replying.take_in(at=AT)
    assert not Question.objects.exists()


def test_only_the_provider_brings_mail(order: Order) -> None:
    assert came(a_mail(to=address(order)), word="wrong") == 400
    assert not Reply.objects.exists()


def test_a_mail_that_was_closed_by_mistake_waits_for_staff_again() -> None:
    came(a_mail(to=""))
    replying.take_in(at=AT)
    reply = Reply.objects.get()
    change = replying.settle(reply, reason="not ours", by=a_user(), at=AT).change_set
    reply.refresh_from_db()
    assert not reply.waits_for_staff
    undoing.undo(change, by=a_user(), at=AT)
    reply.refresh_from_db()
    assert reply.waits_for_staff
