"""One click in a mail program stops what is optional, and nothing else does; what matters still comes."""

import datetime

import pytest
from django.test import Client, override_settings

from backorders.actions import shipping
from backorders.notifications.models import Message
from backorders.orders.models import Customer, Decision, OrderLine
from tests.factories import AT, a_line, a_product, a_purchase, later, revise
from tests.notifications.desk import announce, tell

pytestmark = pytest.mark.django_db
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
def line() -> OrderLine:
    """A line whose customer was told an earlier date."""
    product = a_product()
    purchase = a_purchase(product, 5, eta=40)
    made = a_line(product, 1)
    tell(AT)
    revise(purchase, (30, None), at=later(days=3))
    tell(later(days=3, hours=1))
    return made


def path() -> str:
    """Where the newest mail's header leads."""
    header = Message.objects.latest("id").headers["List-Unsubscribe"]
    assert header.startswith("<http")
    return "/" + header.strip("<>").split("/", 3)[3]


def wants_all() -> bool:
    return Customer.objects.get().wants_all_updates


def test_only_what_is_optional_has_a_way_out(line: OrderLine) -> None:
    first, second = Message.objects.order_by("id")
    assert (first.kind, "List-Unsubscribe" in first.headers) == ("confirmation", False)
    assert (second.kind, second.headers["List-Unsubscribe-Post"]) == ("earlier", "List-Unsubscribe=One-Click")


def test_that_there_is_still_no_date_is_not_optional() -> None:
    a_line(a_product(), 1)
    tell(AT)
    [message] = tell(later(days=14))
    assert (message.kind, "List-Unsubscribe" in message.headers) == ("heartbeat", False)


def test_a_mail_program_stops_it_without_a_cookie(line: OrderLine) -> None:
    answer = Client(enforce_csrf_checks=True).post(path(), ONE_CLICK)
    assert answer.status_code == 200
    assert not wants_all()
    decision = Decision.objects.get()
    assert (decision.kind, decision.channel) == ("fewer_updates", "mail")


def test_clicking_ten_times_decides_once(line: OrderLine) -> None:
    for _ in range(10):
        assert Client().post(path(), ONE_CLICK).status_code == 200
    assert Decision.objects.count() == 1


@pytest.mark.parametrize("method", ["get", "head"])
def test_looking_changes_nothing(line: OrderLine, method: str) -> None:
    answer = getattr(Client(), method)(path())
    assert answer.status_code == 200
    assert wants_all()
    assert answer["Cache-Control"] == "no-store"


@pytest.mark.parametrize("token", ["x", "a" * 20, "\u00b2", "%00", "a" * 5000])
def test_an_address_that_leads_nowhere_says_so(line: OrderLine, token: str) -> None:
    with override_settings(ALLOWED_HOSTS=["*"]):
        for method in ("get", "post"):
            assert getattr(Client(), method)(f"/u/{token}/").status_code == 404
    assert wants_all()


def test_what_is_optional_stops_and_what_matters_comes(line: OrderLine) -> None:
    Client().post(path(), ONE_CLICK)
    purchase = line.product.purchase_lines.get()
    revise(purchase, (20, None), at=later(days=6))
    assert announce(later(days=6, hours=1)) == []
    revise(purchase, (60, None), at=later(days=7))
    assert [message.kind for message in tell(later(days=7, hours=1))] == ["later"]
    sent = a_line(a_product(stock=1), 1, customer=line.order.customer, at=later(days=7))
    tell(later(days=8))
    parcel = shipping.ship(sent.order, units=[(sent.pk, 1)], by=None, at=later(days=8)).made
    assert [message.kind for message in tell(later(days=8))] == ["shipped"]
    shipping.confirm_delivery(parcel, by=None, at=later(days=9))
    assert announce(later(days=9)) == []
    parcel.refresh_from_db()
    assert parcel.is_arrival_announced
    assert announce(later(days=9) + datetime.timedelta(hours=1)) == []
