"""Staff see an order's page as its customer does: word for word, with nothing to send, and it leaves no trace."""

import re
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from backorders.access.table import ADMINISTRATOR, AUDITOR, SERVICE
from backorders.actions import shipping
from backorders.changes.models import ChangeSet
from backorders.notifications.models import CustomerLink
from tests.backoffice.desk import somebody
from tests.portal.desk import Waiter
from tests.portal.test_law import overdue, somewhere

pytestmark = pytest.mark.django_db

SENDS = re.compile(r'<form|name="key"|/o/')
WRITES = re.compile(r"^\s*(INSERT|UPDATE|DELETE)", re.IGNORECASE)


@pytest.fixture(autouse=True)
def unlimited() -> None:
    cache.clear()


def main(response: Any) -> str:
    """What stands on the page, without what only staff read above it."""
    [found] = re.findall(r"<main>(.*)</main>", response.content.decode(), flags=re.S)
    found = re.sub(r'<div class="alert" role="note".*?</div>', "", found, flags=re.S)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", found)).strip()


def seen(waiter: Waiter, *, client: Client | None = None, **query: str) -> Any:
    return (client or somebody(SERVICE)).get(reverse("as_customer", args=[waiter.order.pk]), query)


def looked_at(waiter: Waiter, part: str, *, client: Client | None = None, **query: str) -> Any:
    return (client or somebody(SERVICE)).get(reverse("looked_at", args=[waiter.order.pk, part]), query)


def a_parcel(waiter: Waiter) -> None:
    """The descaler is on its way."""
    line = waiter.order.lines.get(product=waiter.descaler)
    shipping.ship(waiter.order, units=[(line.pk, 1)], by=None, at=waiter.at)


@pytest.mark.parametrize("language", ["en", "tr"])
def test_every_word_of_the_customer_s_page_is_there(client: Client, language: str) -> None:
    waiter = Waiter()
    a_parcel(waiter)
    theirs = main(client.get(waiter.path, {"lang": language}))
    assert "Nova" not in theirs
    assert len(theirs) > 500
    assert main(seen(waiter, lang=language)) == theirs


def test_what_the_law_asks_is_there(client: Client) -> None:
    waiter = somewhere("DE")
    overdue(waiter)
    theirs = main(client.get(waiter.path))
    assert "Set the last day" in theirs
    assert main(seen(waiter)) == theirs
    assert SENDS.findall(seen(waiter).content.decode()) == []


def test_nothing_on_it_can_be_sent() -> None:
    waiter = Waiter()
    a_parcel(waiter)
    page = seen(waiter).content.decode()
    assert "Keep waiting" in page
    assert SENDS.findall(page) == []
    assert page.count("<fieldset disabled") == page.count("<fieldset") > 3
    buttons = re.findall(r"<button.*?</button>", page, flags=re.S)
    inside = re.findall(r"<fieldset[^>]* disabled>.*?</fieldset>", page, flags=re.S)
    assert all(any(button in part for part in inside) for button in buttons)
    assert somebody(SERVICE).post(reverse("as_customer", args=[waiter.order.pk])).status_code == 405


@pytest.mark.parametrize("language", ["en", "tr"])
@pytest.mark.parametrize("part", ["cancel", "alternatives", "ready", "contact"])
def test_the_pages_its_links_lead_to_are_there_word_for_word(client: Client, part: str, language: str) -> None:
    waiter = Waiter()
    theirs = main(client.get(f"{waiter.path}{part}/", {"lang": language}))
    page = looked_at(waiter, part, lang=language)
    assert main(page) == theirs
    assert len(theirs) > 80
    assert SENDS.findall(page.content.decode()) == []
    outside = re.sub(r"<fieldset[^>]* disabled>.*</fieldset>", "", page.content.decode(), flags=re.S)
    assert not re.search("<button|<input", outside)


def test_staff_go_from_page_to_page_as_the_customer_does() -> None:
    waiter = Waiter()
    cancel = reverse("looked_at", args=[waiter.order.pk, "cancel"])
    assert f'href="{cancel}?lang=tr"' in seen(waiter, lang="tr").content.decode()
    page = looked_at(waiter, "cancel", lang="tr").content.decode()
    assert f'href="{reverse("as_customer", args=[waiter.order.pk])}?lang=tr"' in page
    assert f'href="{reverse("looked_at", args=[waiter.order.pk, "contact"])}"' in seen(waiter).content.decode()
    assert looked_at(waiter, "code").status_code == 404
    assert looked_at(waiter, "cancel", client=somebody(ADMINISTRATOR)).status_code == 403


def test_the_calendar_is_the_customer_s_own(client: Client) -> None:
    waiter = Waiter()
    assert f'href="{reverse("looked_at", args=[waiter.order.pk, "calendar"])}"' in seen(waiter).content.decode()
    theirs = client.get(f"{waiter.path}order.ics", {"lang": "tr"}).content.decode()
    shown = looked_at(waiter, "calendar", lang="tr")
    without_stamp = re.compile(r"DTSTAMP:\S+")
    assert without_stamp.sub("", shown.content.decode()) == without_stamp.sub("", theirs)
    assert shown["Content-Type"].startswith("text/calendar")
    assert "no-store" in shown["Cache-Control"]
    assert "/o/" not in theirs


def test_it_leaves_no_trace(client: Client) -> None:
    waiter = Waiter()
    staff = somebody(SERVICE)
    before = (list(CustomerLink.objects.values()), ChangeSet.objects.count())
    with CaptureQueriesContext(
        connection,
    ) as statements:
        assert seen(waiter, client=staff).status_code == 200
        for part in ("cancel", "alternatives", "ready", "contact", "calendar"):
            assert looked_at(waiter, part, client=staff).status_code == 200
    assert [each["sql"] for each in statements if WRITES.match(each["sql"])] == []
    assert (list(CustomerLink.objects.values()), ChangeSet.objects.count()) == before


def test_it_is_marked_in_the_reader_s_language_and_leads_back() -> None:
    waiter = Waiter()
    page = seen(waiter, lang="tr").content.decode()
    assert '<html lang="tr"' in page
    assert '<div class="alert" role="note" lang="en"><p><strong>You see what the customer sees.' in page
    assert f'href="{reverse("admin:order", args=[waiter.order.pk])}"' in page
    turkish = somebody(SERVICE)
    page = turkish.get(
        reverse("as_customer", args=[waiter.order.pk]), headers={"Accept-Language": "tr"}
    ).content.decode()
    assert '<html lang="en"' in page
    assert 'lang="tr"><p><strong>Müşterinin gördüğünü görüyorsunuz.' in page


def test_nobody_keeps_it_and_only_staff_who_see_orders_get_it(client: Client) -> None:
    waiter = Waiter()
    page = seen(waiter, client=somebody(AUDITOR))
    assert "no-store" in page["Cache-Control"]
    assert "default-src" in page["Content-Security-Policy"]
    assert seen(waiter, client=somebody(ADMINISTRATOR)).status_code == 403
    assert seen(waiter, client=client)["Location"].startswith(reverse("admin:login"))
    assert somebody(SERVICE).get(reverse("as_customer", args=[10**6])).status_code == 404
