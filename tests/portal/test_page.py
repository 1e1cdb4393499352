"""The page behind the link in a mail: it shows one order, changes nothing, and gives nothing away."""

import re
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from backorders.actions import caring, selling, shipping
from backorders.notifications.links import hashed, new_link
from backorders.notifications.models import CustomerLink
from backorders.orders.models import Order
from tests.factories import AT, a_customer, a_line, a_product, a_purchase, an_order, later
from tests.notifications.desk import announce

pytestmark = pytest.mark.django_db


def link_in(text: str) -> str:
    found = re.search(r"https?://[^/\s]+(/o/\S+/)", text)
    assert found
    return found[1]


@pytest.fixture
def path() -> str:
    """The path of the link in a confirmation."""
    product = a_product(stock=1, name="Aria Kettle")
    a_purchase(product, 10, eta=30)
    a_line(product, 3, customer=a_customer("Elif Kaya", email="elif@example.com"), number="10482")
    [message] = announce(AT)
    CustomerLink.objects.update(expires_at=timezone.now() + timezone.timedelta(days=1))
    return link_in(message.text)


def test_the_link_shows_the_order(path: str, client: Client) -> None:
    page = client.get(path)
    text = page.content.decode()
    assert page.status_code == 200
    assert "Order 10482" in text
    assert "Aria Kettle" in text
    assert "Waits for new stock: 2" in text
    assert "Ready to be sent: 1" in text
    assert re.search(r"Arrives:</span> <strong>\d+ to \d+ July 2026", text)


def test_it_names_nobody(path: str, client: Client) -> None:
    text = client.get(path).content.decode()
    assert "Elif" not in text
    assert "elif@" not in text


def test_it_speaks_the_customer_s_language_or_the_one_asked_for(path: str, client: Client) -> None:
    assert "10482 numaralı sipariş" in client.get(path, {"lang": "tr"}).content.decode()
    assert client.get(path, {"lang": "xx"}).status_code == 200
    CustomerLink.objects.get().order.customer.__class__.objects.update(language="tr")
    assert 'lang="tr"' in client.get(path).content.decode()


def test_it_is_kept_by_nobody(path: str, client: Client) -> None:
    for answer in (client.get(path), client.get("/o/wrong/")):
        assert answer["Cache-Control"] == "no-store"
        assert answer["Referrer-Policy"] == "no-referrer"
        assert "noindex" in answer["X-Robots-Tag"]
        assert "script-src" in answer["Content-Security-Policy"]
        assert not answer.cookies


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_it_takes_nothing(path: str, client: Client, method: str) -> None:
    assert getattr(client, method)(path).status_code == 405


@pytest.mark.parametrize("method", ["get", "head"])
def test_looking_changes_no_row(path: str, client: Client, method: str) -> None:
    with CaptureQueriesContext(connection) as queries:
        for _ in range(2):
            assert getattr(client, method)(path).status_code == 200
            assert getattr(client, method)("/o/wrong/").status_code == 404
    assert {query["sql"].split()[0] for query in queries} == {"SELECT"}


def test_wrong_expired_and_revoked_links_look_the_same(path: str, client: Client) -> None:
    wrong = client.get("/o/" + "x" * 27 + "/")
    CustomerLink.objects.update(expires_at=AT)
    expired = client.get(path)
    CustomerLink.objects.update(expires_at=later(days=9999), revoked_at=AT)
    revoked = client.get(path)
    assert wrong.status_code == expired.status_code == revoked.status_code == 404
    assert wrong.content == expired.content == revoked.content


def test_a_link_leads_to_its_own_order_only(path: str, client: Client) -> None:
    an_order((a_product(stock=1, name="Somebody else's"), 1), number="99999")
    text = client.get(path).content.decode()
    assert "99999" not in text
    assert "Somebody" not in text


def test_only_the_hash_of_a_token_is_kept() -> None:
    link = new_link()
    token = link.url.rstrip("/").rpartition("/")[2]
    assert len(token) >= 27
    assert link.token_hash == hashed(token) != token


def test_what_is_given_for_the_wait_is_shown_once_a_mail_says_so(path: str, client: Client) -> None:
    order = Order.objects.get(number="10482")
    for amount in (3, 4):
        caring.compensate(order, kind="discount", amount=Decimal(amount), reason="x", by=None, at=AT)
    assert "we take this off your order: €7.00" in text_of(client.get(path))
    order.compensations.update(is_announced=False)
    assert "For the longer wait" not in text_of(client.get(path))


def text_of(page: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", page.content.decode()))


def test_parcels_and_a_closed_order_are_shown(path: str, client: Client) -> None:
    order = CustomerLink.objects.get().order
    line = order.lines.get()
    shipping.ship(order, units=[(line.pk, 1)], tracking_number="TR 42", by=None, at=AT)
    selling.cancel_line(line, reason="enough", by=None, at=AT)
    text = client.get(path).content.decode()
    assert "TR 42" in text
    assert "Everything is on its way to you." in text
    assert "Cancelled: 2" in text


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_the_page_can_be_used_by_everybody(live_server: Any, visit: Any, path: str) -> None:
    for width in (320, 1366):
        visit.page.set_viewport_size({"width": width, "height": 700})
        for address in (path, f"{path}?lang=tr", "/o/wrong/"):
            visit.page.goto(live_server.url + address)
            assert visit.violations() == []
            assert not visit.scrolls_sideways()
    assert [words for words in visit.complaints if "404" not in words] == []
