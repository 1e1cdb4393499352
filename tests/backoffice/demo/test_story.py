"""The demo leaves a shop in which there is something to do, and books that agree."""

import datetime
import io

import pytest
from django.contrib.auth import get_user_model
from django.core import mail
from django.core.management import CommandError, call_command
from django.test import Client

from backorders.actions.bookkeeping import check_books
from backorders.allocation.models import Promise
from backorders.backoffice.demo.story import Story
from backorders.backoffice.workbench.counting import tabs
from backorders.backoffice.workbench.lists import Seen
from backorders.catalog.models import Product
from backorders.changes.models import ChangeSet
from backorders.chasing.models import EtaProposal
from backorders.compensation.models import Award
from backorders.delays.models import LegalCase
from backorders.notifications.models import CallTask, Message
from backorders.orders.models import Customer, Feedback, Order, OrderLine, Question
from backorders.supply.models import PurchaseLine
from tests.factories import a_product

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.long]

NOW = datetime.datetime(2026, 11, 24, 9, 30, tzinfo=datetime.UTC)


def test_the_last_weeks_of_the_demo_leave_living_work() -> None:
    assert list(Story(NOW, length=50).days())[-1] == 0
    assert list(check_books(at=NOW)) == []
    assert not ChangeSet.objects.filter(at__gt=NOW).exists()
    assert [tab.name for tab in tabs(Seen(NOW.date(), 0)) if not tab.number] == ["mine"]
    assert OrderLine.objects.waiting().count() > 10
    assert Promise.objects.untold().exists()
    assert PurchaseLine.objects.overdue(NOW.date()).exists()
    assert mail.outbox == []  # what happened long ago is handed to nobody
    states = set(Message.objects.values_list("state", flat=True))
    assert {"accepted", "pending", "held"} <= states
    assert {"en", "tr"} == set(Message.objects.values_list("language", flat=True))
    assert CallTask.objects.exists()
    assert {"us-ftc", "eu", "uk"} == set(LegalCase.objects.values_list("pack", flat=True))
    assert {"notice_due", "opt_long", "overdue", "due"} <= set(LegalCase.objects.values_list("state", flat=True))
    assert Message.objects.filter(kind="answer_needed", state="accepted").exists()
    assert Message.objects.filter(kind="answer_needed", state="pending").exists()
    assert Customer.objects.filter(jurisdiction="US", is_business=True).exists()
    assert Question.objects.filter(answered_at=None).count() == 3
    assert Feedback.objects.count() == 5
    assert Award.objects.filter(state="proposed").count() > 2
    assert Order.objects.filter(is_ship_complete=True).exists()
    assert EtaProposal.objects.filter(state="waiting").exists(), "a supplier answered"
    assert Message.objects.filter(kind="date_request", state="pending").count() == 1, "another is being asked"
    assert Customer.objects.exclude(email__endswith="@example.com").count() == 1


def test_the_same_day_tells_the_same_story() -> None:
    def played() -> list[object]:
        list(Story(NOW, length=10).days())
        lines = OrderLine.objects.order_by("id").values_list("order__number", "product__sku", "allocated", "waiting")
        eta = PurchaseLine.objects.order_by("id").values_list("purchase_order__number", "quantity", "eta_on")
        return [*lines, *eta, *Message.objects.order_by("id").values_list("kind", "recipient", "subject")]

    first = played()
    call_command("flush", interactive=False, verbosity=0)
    assert played() == first


class ClosedPipe(io.StringIO):
    """Where nobody listens any more."""

    def write(self, text: str) -> int:
        raise BrokenPipeError


def test_a_demo_that_is_cut_short_leaves_nothing() -> None:
    with pytest.raises(BrokenPipeError):
        call_command("load_demo", days=1, stdout=ClosedPipe())
    assert not Product.objects.exists()
    assert not get_user_model().objects.exists()


def test_loading_creates_somebody_who_may_log_in(client: Client, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("load_demo", days=1, admin="desk")
    assert client.login(username="desk", password=capsys.readouterr().out.split()[-1])
    assert Order.objects.exists()


@pytest.mark.parametrize("days", [0, 121])
def test_more_days_than_there_are_cannot_be_played(days: int) -> None:
    with pytest.raises(CommandError, match="knows 120 days"):
        call_command("load_demo", days=days)


def test_a_database_with_products_is_left_alone(capsys: pytest.CaptureFixture[str]) -> None:
    a_product()
    call_command("load_demo")
    assert "only for an empty database" in capsys.readouterr().out
    assert Product.objects.count() == 1
