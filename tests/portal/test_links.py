"""Whatever opens a link changes nothing, one that leads nowhere tells nothing, and a form is of one page only (R32)."""

import datetime
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from backorders.actions import selling, shipping
from backorders.notifications.links import DAYS_AFTER_THE_END
from backorders.notifications.models import ContactCode, CustomerLink, Message
from backorders.orders.models import Decision, Question, Shipment
from backorders.portal.urls import urlpatterns
from tests.actions.desk import stored
from tests.portal.desk import Waiter, hidden, press

pytestmark = pytest.mark.django_db
NOW = timezone.now()
LONG_AGO = NOW - datetime.timedelta(days=900)
NAMES = [pattern.name or "" for pattern in urlpatterns]


@pytest.fixture
def waiter(client: Client) -> Waiter:
    """Somebody who has decided, asked, and wanted a code, so that every address behind the link names something."""
    waiter = Waiter()
    press(client, waiter.path, "keep/")
    press(client, waiter.path, "ask/", text="When?")
    press(client, f"{waiter.path}contact/", "contact/", phone="+90 532 000")
    shipping.ship(waiter.order, units=[(waiter.order.lines.get(product=waiter.descaler).pk, 1)], by=None, at=NOW)
    return waiter


def address(name: str, token: str) -> str:
    """An address of this route behind a token."""
    named: dict[str, Callable[[], Any]] = {
        "asked": lambda: Question.objects.earliest("id").pk,
        "code": lambda: ContactCode.objects.earliest("id").pk,
        "received": lambda: Shipment.objects.earliest("id").pk,
        "done": lambda: Decision.objects.earliest("id").pk,
    }
    return reverse(f"portal:{name}", args=[token, *([named[name]()] if name in named else [])])


def states(waiter: Waiter) -> Iterator[tuple[str, str]]:
    """Every state a token can be in, one after the other, with the token."""
    token = waiter.path.split("/")[2]
    yield "good", token
    yield "wrong", "x" * len(token)
    yield "cut", token[:-1]
    link = CustomerLink.objects.filter(pk=waiter.link.pk)
    link.update(expires_at=LONG_AGO)
    yield "expired", token
    link.update(expires_at=NOW + datetime.timedelta(days=9), revoked_at=NOW)
    yield "revoked", token
    link.update(revoked_at=None)


@pytest.mark.parametrize("method", ["get", "head"])
@pytest.mark.parametrize("name", NAMES)
def test_looking_changes_nothing_whatever_the_link(waiter: Waiter, client: Client, name: str, method: str) -> None:
    for state, token in states(waiter):
        url = address(name, token)
        before = stored()
        with CaptureQueriesContext(connection) as queries:
            answer = getattr(client, method)(url)
        assert {query["sql"].split()[0] for query in queries} <= {"SELECT"}, (state, url)
        assert stored() == before, (state, url)
        assert answer.status_code == (200 if state == "good" else 404), (state, url)
        assert answer["Cache-Control"] == "no-store"
        assert answer["Referrer-Policy"] == "no-referrer"
        assert "noindex" in answer["X-Robots-Tag"]
        assert "'unsafe" not in answer["Content-Security-Policy"]
        assert not answer.cookies


def test_every_link_that_leads_nowhere_gets_the_same_page(waiter: Waiter, client: Client) -> None:
    bodies = set()
    for name in NAMES:
        cache.clear()  # so many tries are a flood
        bodies |= {client.get(address(name, token)).content for state, token in states(waiter) if state != "good"}
    assert len(bodies) == 1


def test_a_thing_of_another_order_is_nowhere(waiter: Waiter, client: Client) -> None:
    other = Waiter(number="10483")
    nowhere = client.get("/o/made-up/")
    token = other.path.split("/")[2]
    for name in ("asked", "code", "done", "received"):
        url = address(name, token)
        if name != "received":
            answer = client.get(url)
            assert (answer.status_code, answer.content) == (nowhere.status_code, nowhere.content)
        sent = client.post(url, hidden(client.get(other.path), action="ask/"))
        assert sent.status_code in (404, 405)
    assert Shipment.objects.get().delivered_at is None


@pytest.mark.parametrize("name", NAMES)
def test_a_form_sent_to_a_link_that_leads_nowhere_does_nothing(waiter: Waiter, client: Client, name: str) -> None:
    form = {**hidden(client.get(waiter.path), action="keep/"), "line": "all", "text": "x", "wants_all": "no"}
    for state, token in states(waiter):
        if state != "good":
            url = address(name, token)
            before = stored()
            assert client.post(url, form).status_code == 404
            assert stored() == before, (state, url)


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_done_without_the_key_of_the_page(waiter: Waiter, client: Client, name: str) -> None:
    token = waiter.path.split("/")[2]
    other = hidden(client.get(Waiter(number="10483").path), action="keep/")
    before = stored()
    for form in ({}, {"key": "made-up"}, other):
        answer = client.post(address(name, token), {**form, "line": "all", "text": "x", "digits": "1"})
        assert answer.status_code in (405, 409)
    assert stored() == before


def test_a_page_of_yesterday_asks_to_look_again(
    waiter: Waiter, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    form = hidden(client.get(waiter.path), action="keep/")
    monkeypatch.setattr("backorders.portal.keys.LASTS_SECONDS", -1)
    assert client.post(f"{waiter.path}keep/", form).status_code == 409


def test_a_link_ends_ninety_days_after_the_last_of_the_order(client: Client) -> None:
    waiter = Waiter(pieces=1)
    selling.cancel_order(waiter.order, reason="x", by=None, at=NOW)
    assert client.get(waiter.path).status_code == 200
    ended = NOW - datetime.timedelta(days=DAYS_AFTER_THE_END + 1)
    waiter.line.cancellations.update(at=ended)
    assert client.get(waiter.path).status_code == 404


def test_a_new_link_is_mailed_and_the_answer_says_not_whether(waiter: Waiter, client: Client) -> None:
    before = Message.objects.count()
    answers = set()
    for state, token in states(waiter):
        if state != "good":
            answers.add(client.post(f"/o/{token}/", {"new": "1"}).content)
            made = Message.objects.count() - before
            assert made == {"wrong": 0, "cut": 0, "expired": 1, "revoked": 1}[state], "once an hour"
    assert len(answers) == 1
    mail = Message.objects.latest("id")
    assert mail.recipient == "elif@example.com"
    assert "new link" in mail.text


def test_whoever_tries_very_many_links_waits_and_customers_do_not(waiter: Waiter, client: Client) -> None:
    answers = [client.get(f"/o/made-up-{number}/") for number in range(61)]
    assert [answer.status_code for answer in answers] == [404] * 60 + [429]
    assert int(answers[-1]["Retry-After"]) > 0
    assert client.get(waiter.path).status_code == 200


def test_a_flood_of_forms_waits(waiter: Waiter, client: Client) -> None:
    form = hidden(client.get(waiter.path), action="keep/")
    codes = [client.post(f"{waiter.path}keep/", form).status_code for _ in range(41)]
    assert codes[-1] == 429
    assert set(codes[:30]) == {303}
    assert Decision.objects.filter(kind="keep").count() == 2, "the fixture's and this one"
