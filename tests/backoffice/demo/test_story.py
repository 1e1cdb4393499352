"""The demo leaves a shop in which there is something to do, and books that agree."""

import datetime

import pytest
from django.core import mail
from django.core.management import call_command

from backorders.actions.bookkeeping import check_books
from backorders.allocation.models import Promise
from backorders.backoffice.demo.story import Story
from backorders.backoffice.waiting import tabs
from backorders.catalog.models import Product
from backorders.changes.models import ChangeSet
from backorders.notifications.models import CallTask, Message
from backorders.orders.models import Customer, Order, OrderLine
from backorders.supply.models import PurchaseLine
from tests.factories import a_product

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime.datetime(2026, 11, 24, 9, 30, tzinfo=datetime.UTC)


def test_the_last_weeks_of_the_demo_leave_living_work() -> None:
    assert list(Story(NOW, length=50).days())[-1] == 0
    assert list(check_books(at=NOW)) == []
    assert not ChangeSet.objects.filter(at__gt=NOW).exists()
    assert [tab.name for tab in tabs(today=NOW.date()) if not tab.count] == []
    assert OrderLine.objects.waiting().count() > 10
    assert Promise.objects.untold().exists()
    assert PurchaseLine.objects.overdue(NOW.date()).exists()
    assert mail.outbox == []  # what happened long ago is handed to nobody
    states = set(Message.objects.values_list("state", flat=True))
    assert {"accepted", "pending", "held"} <= states
    assert {"en", "tr"} == set(Message.objects.values_list("language", flat=True))
    assert CallTask.objects.exists()
    assert Order.objects.filter(is_ship_complete=True).exists()
    assert Customer.objects.exclude(email__endswith="@example.com").count() == 1


def test_a_database_with_products_is_left_alone(capsys: pytest.CaptureFixture[str]) -> None:
    a_product()
    call_command("load_demo")
    assert "only for an empty database" in capsys.readouterr().out
    assert Product.objects.count() == 1
