"""Where the law asks the customer, the page says until when and what silence means, and an answer there counts."""

import datetime
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from backorders.actions import lawful
from backorders.delays import casework
from backorders.delays.caseload import open_missing
from backorders.delays.law import Kind, State
from backorders.delays.models import LegalCase, LegalEvent
from backorders.notifications.dates import day_in_words
from backorders.orders.models import Cancellation, Decision
from tests.factories import a_customer
from tests.portal.desk import Waiter, press, text_of

pytestmark = pytest.mark.django_db
NOW = timezone.now()


def somewhere(country: str, **fields: Any) -> Waiter:
    """A customer there, with a case for what waits."""
    zone = fields.pop("zone", "Europe/Istanbul")
    customer = a_customer("Elif Kaya", email="elif@example.com", jurisdiction=country, time_zone=zone)
    waiter = Waiter(pieces=1, customer=customer, **fields)
    open_missing(at=waiter.at)
    return waiter


def happens(waiter: Waiter, kind: Kind, *, until: datetime.date | None = None, at: datetime.datetime = NOW) -> None:
    row = LegalCase.objects.get(line=waiter.line)
    casework.write([casework.heard(row, kind, key=f"test:{kind}:{at}", until=until, at=at)])
    casework.settle([row], at=at)


def asked(waiter: Waiter, *, days: int | None) -> None:
    happens(waiter, Kind.LATE)
    happens(waiter, Kind.NOTICE, until=None if days is None else NOW.date() + datetime.timedelta(days=days))


def overdue(waiter: Waiter) -> None:
    LegalCase.objects.update(
        limit_on=NOW.date() - datetime.timedelta(days=1),
        clock_on=NOW.date(),
        ordered_on=NOW.date() - datetime.timedelta(9),
    )
    casework.settle(list(LegalCase.objects.all()), at=NOW)


def state(waiter: Waiter) -> str:
    return lawful.choices_of(waiter.line, at=timezone.now()).state


def test_silence_that_cancels_is_said_above_the_choices(client: Client) -> None:
    waiter = somewhere("US")
    asked(waiter, days=200)
    page = text_of(client.get(waiter.path))
    assert "We need your answer" in page
    assert "we cancel what has not been sent by then and pay it back in full" in page
    assert "You don't need to do anything" not in page
    assert page.index("Answer by:") < page.index("I agree to wait") < page.index("Progress")


def test_silence_that_agrees_is_said_too(client: Client) -> None:
    waiter = somewhere("US")
    asked(waiter, days=50)
    page = text_of(client.get(waiter.path))
    assert "We need your answer" not in page
    assert "we take it that you agree" in page


@pytest.mark.parametrize("days", [200, None])
def test_agreeing_on_the_page_is_the_customer_s_word(client: Client, days: int | None) -> None:
    waiter = somewhere("US")
    asked(waiter, days=days)
    press(client, waiter.path, "keep/")
    assert state(waiter) == (State.AGREED if days else State.AGREED_OPEN)
    decision = Decision.objects.get()
    assert decision.shown["agreed"][0][0] == waiter.line.pk
    page = text_of(client.get(waiter.path))
    assert "Your answer: keep waiting" in page
    assert "We need your answer" not in page


def test_cancelling_on_the_page_owes_the_money(client: Client) -> None:
    waiter = somewhere("US")
    asked(waiter, days=200)
    press(client, f"{waiter.path}cancel/", "cancel/")
    assert state(waiter) == State.CANCELLED_REFUND_DUE
    assert "Cancellation requested" in text_of(client.get(waiter.path))


def test_an_answer_that_came_too_late_is_told_what_happened(client: Client) -> None:
    waiter = somewhere("US")
    asked(waiter, days=200)
    press(client, f"{waiter.path}cancel/", "cancel/")
    happens(waiter, Kind.LAPSE)
    assert "No answer came in time" in text_of(client.get(waiter.path))


def test_overdue_goods_get_a_last_day_from_the_customer(client: Client) -> None:
    waiter = somewhere("DE")
    overdue(waiter)
    assert "You may set a last day" in text_of(client.get(waiter.path))
    until = (NOW + datetime.timedelta(days=9)).date()
    wrong = press(client, waiter.path, "last-day/", until="soon")
    assert wrong.status_code == 422
    assert press(client, waiter.path, "last-day/", until=until.isoformat()).status_code == 303
    assert state(waiter) == State.EXTRA_PERIOD
    assert Decision.objects.get().shown["until"] == until.isoformat()


def test_a_contract_that_may_be_ended_is_ended_by_cancelling(client: Client) -> None:
    waiter = somewhere("DE")
    LegalCase.objects.update(is_essential=True)
    overdue(waiter)
    assert "You may end the contract" in text_of(client.get(waiter.path))
    press(client, f"{waiter.path}cancel/", "cancel/", line=str(waiter.line.pk))
    assert Cancellation.objects.exists()
    assert state(waiter) in (State.TERMINATED, State.CANCELLED_REFUND_DUE)


def test_a_tick_on_the_page_reaches_the_case_and_does_not_make_the_past_essential(client: Client) -> None:
    waiter = somewhere("DE")
    overdue(waiter)
    press(client, waiter.path, "essential/", is_essential="yes")
    assert LegalEvent.objects.get().kind == "essential"
    assert state(waiter) == State.OVERDUE
    assert "You may end the contract" not in text_of(client.get(waiter.path))


def test_keeping_on_waiting_gives_no_right_away_in_europe(client: Client) -> None:
    waiter = somewhere("DE")
    overdue(waiter)
    press(client, waiter.path, "keep/")
    assert state(waiter) == State.OVERDUE


@pytest.mark.parametrize("zone", ["America/New_York", "Europe/Istanbul", "Pacific/Auckland"])
def test_the_money_is_promised_for_the_last_day_of_the_law(client: Client, zone: str) -> None:
    waiter = somewhere("US", zone=zone)
    done = client.get(press(client, waiter.path + "cancel/", "cancel/", line="all")["Location"])
    last = LegalCase.objects.get(line=waiter.line).refund_due_on
    assert last
    assert day_in_words(last, "en") in text_of(done)
    assert day_in_words(last, "en") in text_of(client.get(waiter.path))
