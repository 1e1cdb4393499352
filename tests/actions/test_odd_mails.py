"""A mail that cannot be worked on holds no other up, is left to staff with its reason, and is never lost."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import Client, override_settings

from backorders.access.table import SERVICE
from backorders.actions import hearing, replying
from backorders.notifications.models import WAITS_FOR_STAFF, Reply, Thread
from backorders.notifications.parking import MOST_ATTEMPTS
from backorders.orders.models import Order, Question
from tests.factories import AT, a_customer, a_line, a_product, a_user, an_order, later
from tests.notifications.desk import tell
from tests.notifications.postbox import INBOUND, a_mail, came, posted

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.notifications.postbox")]

SENDERS = json.loads((Path(__file__).parent.parent / "notifications" / "odd_addresses.json").read_text())["addresses"]


@pytest.fixture(autouse=True)
def inbound() -> Iterator[None]:
    with override_settings(ANYMAIL={"WEBHOOK_SECRET": "provider:right"}, INBOUND_ADDRESS=INBOUND):
        yield


@pytest.fixture
def order() -> Order:
    line = a_line(a_product(stock=5), 1, customer=a_customer(email="Ada@Example.com"))
    tell(AT)
    return line.order


def address(order: Order) -> str:
    return f"orders+{Thread.objects.get(order=order).token}@in.shop.example"


@pytest.fixture
def poisoned(order: Order) -> Reply:
    """A mail whose question can never be asked (its key is another's), and one behind it."""
    came(a_mail("Poison", to=address(order)))
    reply = Reply.objects.get()
    other = an_order((a_product(stock=1), 1))
    hearing.ask_question(other, text="other", key=f"reply {reply.pk}", by=None, at=AT)
    came(a_mail("Where is it?", to=address(order)))
    return reply


def test_one_that_cannot_be_worked_on_holds_no_other_up(poisoned: Reply) -> None:
    assert replying.take_in(at=AT) == 1
    assert set(Question.objects.values_list("text", flat=True)) == {"other", "Where is it?"}
    poisoned.refresh_from_db()
    assert (poisoned.attempts, poisoned.processed_at, poisoned.order) == (1, None, None)
    assert poisoned.problem.startswith("KeyTaken")


def test_after_some_attempts_it_is_left_to_staff_with_its_reason(poisoned: Reply) -> None:
    for minutes in range(MOST_ATTEMPTS + 3):
        replying.take_in(at=later(minutes=minutes))
    poisoned.refresh_from_db()
    parked_at = later(minutes=MOST_ATTEMPTS - 1)
    assert (poisoned.attempts, poisoned.processed_at, poisoned.text) == (
        MOST_ATTEMPTS,
        parked_at,
        "Poison",
    )
    assert list(Reply.objects.filter(WAITS_FOR_STAFF)) == [poisoned]
    assert poisoned.waits_for_staff
    replying.settle(poisoned, reason="answered by telephone", by=a_user(), at=later(hours=1))
    assert not Reply.objects.filter(WAITS_FOR_STAFF).exists()


def test_staff_see_it_with_its_reason(client: Client, poisoned: Reply) -> None:
    for _ in range(MOST_ATTEMPTS):
        replying.take_in(at=AT)
    client.force_login(a_user(SERVICE, is_staff=True))
    with override_settings(ROOT_URLCONF="config.urls"):
        page = client.get("/admin/notifications/reply/?waiting=1").content.decode()
    assert "KeyTaken" in page
    assert f"/replies/{poisoned.pk}/settle/" in page


def test_what_can_be_worked_on_again_is_taken_in_at_the_next_run(poisoned: Reply) -> None:
    replying.take_in(at=AT)
    Reply.objects.filter(pk=poisoned.pk).update(nature="automatic")
    assert replying.take_in(at=later(minutes=1)) == 1
    poisoned.refresh_from_db()
    assert (poisoned.attempts, poisoned.problem, poisoned.waits_for_staff) == (1, "", False)


@pytest.mark.parametrize("text", ["\0 \0", " \0", "\0\0", "\u3000\0\u3000"])
def test_a_mail_of_nothing_but_space_asks_all_the_same(order: Order, text: str) -> None:
    came(a_mail(text, to=address(order), Subject="\0 \0"))
    assert replying.take_in(at=AT) == 1
    assert Question.objects.get().text == replying.NOTHING_WRITTEN


def test_whatever_the_address_of_its_sender_a_mail_becomes_a_question(order: Order) -> None:
    for number, sender in enumerate(SENDERS):
        raw = a_mail(f"When? {number}", to=address(order), sender="sender")
        assert came(raw.replace("From: sender", f"From: {sender}")) == 200, sender
    assert replying.take_in(at=AT) == len(SENDERS)
    assert not Reply.objects.exclude(problem="").exists()
    for_staff = Reply.objects.filter(WAITS_FOR_STAFF)
    assert Question.objects.count() + for_staff.count() == len(SENDERS)
    assert not for_staff.exclude(token="").exists(), "only those whose sender broke the head of the mail"


@pytest.mark.parametrize("date", ["never", "Mon, 99 Foo 99999 99:99:99 +9999", "Fri, 31 Dec 9999 23:59:59 -1200", "0"])
def test_no_date_of_a_mail_stops_it(order: Order, date: str) -> None:
    came(a_mail(to=address(order), Date=date))
    assert replying.take_in(at=AT) == 1
    assert Question.objects.get().asked_at == AT


def test_a_subject_of_a_megabyte_and_half_signs_are_kept_as_far_as_they_go(order: Order) -> None:
    came(a_mail("", to=address(order), Subject="S" * 1_000_000))
    came(a_mail("half \ud83d sign", to=address(order)))
    assert replying.take_in(at=AT) == 2
    assert Question.objects.get().text == "S" * 300
    assert "half" in Reply.objects.get(WAITS_FOR_STAFF).text


# -- forms: SendGrid and Mailgun post a mail as one --------------------------------------------------------------------


def form(**fields: str) -> str:
    parts = [f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{fields[name]}\r\n' for name in fields]
    return "".join([*parts, "--b--\r\n"])


def in_a_form(body: str) -> int:
    return posted("/anymail/sendgrid/inbound/", body, content_type="multipart/form-data; boundary=b")


def test_two_forms_that_nobody_can_read_are_both_kept() -> None:
    for words in ("first", "first", "second"):
        assert in_a_form(form(envelope="{", text=words)) == 200
    kept = Reply.objects.filter(WAITS_FOR_STAFF).values_list("text", flat=True)
    assert len(kept) == 2
    assert any("first" in text for text in kept)
    assert any("second" in text for text in kept)


@pytest.mark.parametrize("many", [1, 20_000], ids=["one field of 12 MB", "20,000 fields"])
def test_a_form_larger_than_those_of_people_is_kept(many: int) -> None:
    size = 12_000_000 // many
    body = form(**{f"f{number}": "x" * (size if many == 1 else 1) for number in range(many)})
    assert in_a_form(body) == 200
    kept = Reply.objects.get(WAITS_FOR_STAFF)
    files = [bytes(file.content) for file in kept.files.order_by("number")]
    assert b"".join(files) == body.encode()
    assert kept.not_kept(len(files)) == 0


def test_a_broken_form_is_kept() -> None:
    assert in_a_form("--b\r\nno head") == 200
    assert Reply.objects.filter(WAITS_FOR_STAFF).count() == 1
