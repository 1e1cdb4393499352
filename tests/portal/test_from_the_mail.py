"""The mail about a delay leads straight to the page on which the customer decides, and offers only what is possible."""

import datetime
import re
from typing import Any

import pytest
from django.test import Client
from django.urls import resolve
from django.utils import timezone

from backorders.actions import lawful, queueing
from backorders.allocation.windows import business_day
from backorders.delays.caseload import open_missing
from backorders.delays.law import State
from backorders.notifications.announcing import announce_due
from backorders.notifications.links import links_to_choices
from backorders.notifications.models import Message
from backorders.orders.models import Decision
from tests.actions.lawdesk import tick
from tests.factories import TODAY, a_customer, revise
from tests.portal.desk import Waiter, press, text_of, where_of

pytestmark = pytest.mark.django_db
PATH = re.compile(r"^ *https?://[^/\s]+(/o/\S+)$", re.MULTILINE)


def told_later(waiter: Waiter, *, eta: int | None = 60) -> Message:
    """The mail that says a new date (in days from now), or that there is none any more."""
    ahead = (business_day(timezone.now()) - TODAY).days
    at = timezone.now() - datetime.timedelta(hours=6)
    revise(waiter.purchase, (ahead + eta if eta else None, None), at=at)
    announce_due(at=timezone.now())
    return Message.objects.latest("id")


def linked(mail: Message) -> dict[str, str]:
    """Where the links of a mail lead, by the name of the page; in the text each stands on a line of its own."""
    paths = PATH.findall(mail.text)
    assert set(paths) == {re.sub(r"^https?://[^/]+", "", href) for href in re.findall(r'href="([^"]+)"', mail.html)}
    return {resolve(path).url_name or "": path for path in paths}


@pytest.mark.parametrize(("eta", "kind"), [(60, "later"), (None, "no_date")])
def test_a_delay_leads_to_every_choice_and_looking_decides_nothing(client: Client, eta: int | None, kind: str) -> None:
    mail = told_later(Waiter(), eta=eta)
    assert mail.kind == kind
    pages = linked(mail)
    assert pages.keys() == {"order", "alternatives", "cancel"}
    assert "Cancel for a full refund (order 10482)" in mail.text
    assert "See 1 alternative (order 10482)" in mail.html
    assert [client.get(path).status_code for path in pages.values()] == [200, 200, 200]
    assert not Decision.objects.exists()


@pytest.mark.parametrize("page", ["cancel", "alternatives"])
def test_the_second_tap_decides(client: Client, page: str) -> None:
    where = linked(told_later(Waiter(pieces=1)))[page]
    assert press(client, where, f"{page}/").status_code == 303
    assert Decision.objects.get().kind == {"cancel": "cancel", "alternatives": "substitute"}[page]


def test_of_several_items_the_third_tap_cancels_one(client: Client) -> None:
    waiter = Waiter()
    where = linked(told_later(waiter))["cancel"]
    assert press(client, where, "cancel/", line=waiter.line.pk).status_code == 303
    assert waiter.line.cancelled == 2


@pytest.mark.parametrize(
    ("fields", "pages", "words"),
    [
        ({"alternative": False}, {"order", "cancel"}, "Cancel for a full refund"),
        ({"is_paid": False}, {"order", "cancel", "alternatives"}, "Cancel free of charge (order"),
    ],
)
def test_only_what_is_possible_is_offered(fields: dict[str, Any], pages: set[str], words: str) -> None:
    mail = told_later(Waiter(**fields))
    assert linked(mail).keys() == pages
    assert words in mail.text


def test_an_item_on_hold_is_offered_nothing_instead() -> None:
    waiter = Waiter(pieces=1)
    queueing.hold(waiter.line, reason="x", by=None, at=waiter.at)
    assert "alternatives" not in linked(told_later(waiter))


def test_the_choices_are_said_in_turkish() -> None:
    customer = a_customer("Elif Kaya", email="elif@example.com", language="tr")
    mail = told_later(Waiter(customer=customer))
    assert linked(mail).keys() == {"order", "alternatives", "cancel"}
    assert "İptal edip paranızın tamamını geri alın (sipariş 10482)" in mail.html


def test_every_choice_that_a_mail_can_name_has_its_page(client: Client) -> None:
    waiter = Waiter()
    home = where_of(waiter.path)
    for url in links_to_choices(home).values():
        page = client.get(url)
        assert (page.status_code, "10482" in text_of(page)) == (200, True)
    assert press(client, links_to_choices(home)["keep_url"], "keep/").status_code == 303
    assert Decision.objects.get().kind == "keep"


def test_where_an_answer_is_needed_the_second_tap_agrees(client: Client) -> None:
    waiter = Waiter(pieces=1, customer=a_customer("Elif Kaya", email="elif@example.com", jurisdiction="US"))
    open_missing(at=waiter.at)
    told_later(waiter, eta=None)
    tick(timezone.now())
    mail = Message.objects.latest("id")
    pages = linked(mail)
    assert (mail.kind, pages.keys()) == ("answer_needed", {"order", "keep", "alternatives", "cancel"})
    assert "Agree to wait (order 10482)" in mail.html
    assert press(client, pages["keep"], "keep/").status_code == 303
    assert lawful.choices_of(waiter.line, at=timezone.now()).state == State.AGREED_OPEN
