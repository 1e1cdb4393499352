"""A form that comes again with another choice is refused aloud; a code never rests on an address just put in place."""

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from backorders.actions import splitting
from backorders.notifications.models import Message
from tests.portal.desk import Waiter, code_of, hidden, press
from tests.portal.test_law import overdue, somewhere

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nobody_tried_before() -> None:
    cache.clear()


def test_the_same_form_for_another_line_is_not_taken_for_the_first(client: Client) -> None:
    waiter = Waiter()
    form = hidden(client.get(waiter.path + "cancel/"), action="")
    first, second = waiter.order.lines.order_by("pk")
    client.post(waiter.path + "cancel/", {**form, "line": str(first.pk)})
    answer = client.post(waiter.path + "cancel/", {**form, "line": str(second.pk)})
    second.refresh_from_db()
    assert answer.status_code != 303
    assert not second.cancelled


def test_a_last_day_that_is_in_no_calendar_is_refused(client: Client) -> None:
    waiter = somewhere("DE")
    overdue(waiter)
    assert press(client, waiter.path, "last-day/", until="2026-02-30").status_code == 422
    assert press(client, waiter.path, "last-day/", until="9999-12-31").status_code == 422


def test_whoever_put_an_address_in_place_cancels_nothing_dear_with_it(client: Client) -> None:
    waiter = Waiter(price=900)
    page = press(client, waiter.path + "contact/", "contact/", email="other@example.com")["location"]
    code = code_of(Message.objects.filter(kind="contact_code").latest("id"))
    client.post(page, {**hidden(client.get(page), action=""), "digits": code})
    assert waiter.fresh().customer.email == "other@example.com"
    answer = press(client, waiter.path + "cancel/", "cancel/", line="all")
    if answer.status_code == 303:
        page = answer["location"]
        code = code_of(Message.objects.filter(kind="contact_code").latest("id"))
        answer = client.post(page, {**hidden(client.get(page), action=""), "digits": code})
    assert answer.status_code != 303
    assert not waiter.order.lines.filter(cancelled__gt=0).exists()


def test_a_code_for_one_line_that_left_the_order_cancels_no_other(client: Client) -> None:
    waiter = Waiter(price=900)
    form = hidden(client.get(waiter.path + "cancel/"), action="")
    form.pop("seen")
    page = client.post(waiter.path + "cancel/", {**form, "line": str(waiter.line.pk)})["location"]
    code = code_of(Message.objects.filter(kind="contact_code").latest("id"))
    splitting.split(waiter.fresh(), units=[(waiter.line.pk, 2)], reason="x", by=None, at=timezone.now())
    answer = client.post(page, {**hidden(client.get(page), action=""), "digits": code})
    assert answer.status_code == 422
    assert not waiter.order.lines.filter(cancelled__gt=0).exists()
