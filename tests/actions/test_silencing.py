"""A supplier who says nothing is believed no longer, and the customers who counted on it hear so."""

import pytest

from backorders.access.table import PURCHASING
from backorders.actions import asking, proposals, silencing, undoing
from backorders.changes.models import ChangeSet
from backorders.chasing.models import ChasePolicy
from backorders.inbox.models import Notice
from backorders.notifications import announcing, delivering
from backorders.notifications.models import Message
from backorders.supply.models import EtaRevision
from tests.chasing.desk import Asked
from tests.factories import a_user, day, expected, later, revise

pytestmark = pytest.mark.django_db


def test_an_unanswered_question_ends_the_date_and_the_customer_hears() -> None:
    asked, buyer = Asked(eta=40), a_user(PURCHASING)
    announcing.announce_due(at=later(minutes=10))
    delivering.deliver(clock=lambda: later(minutes=20))
    assert silencing.stop_believing(at=later(days=7)) == 0, "the last day on which an answer is in time"
    assert silencing.stop_believing(at=later(days=14)) == 0, "repeated within the days of silence"
    assert silencing.stop_believing(at=later(days=15)) == 1
    assert expected(asked.waiting) is None
    asked.purchase.refresh_from_db()
    assert (asked.purchase.eta_on, asked.purchase.confidence) == (day(40), "unconfirmed"), "the date stays on record"
    change = ChangeSet.objects.latest("id")
    assert (change.act, change.source) == ("revise_eta", "system")
    assert EtaRevision.objects.latest("id").reason_code == "silence"
    assert Notice.objects.filter(person=buyer, kind="supplier_call").exists()
    announcing.announce_due(at=later(days=15, hours=1))
    kinds = set(Message.objects.filter(customer=asked.waiting.order.customer).values_list("kind", flat=True))
    assert "no_date" in kinds, kinds
    assert silencing.stop_believing(at=later(days=16)) == 0, "once"


def test_a_date_that_passed_since_it_was_asked_for_ends_with_the_time_to_answer() -> None:
    Asked(eta=2)
    assert asking.ask_due(at=later(days=3)) == 1
    assert silencing.stop_believing(at=later(days=7)) == 0
    assert silencing.stop_believing(at=later(days=8)) == 1


def test_an_answer_keeps_the_date_while_the_buyer_decides_and_afterwards() -> None:
    asked = Asked(eta=40)
    proposal = asked.answer("confirm", (40, None), at=later(days=6))
    assert silencing.stop_believing(at=later(days=15)) == 0
    proposals.accept({proposal.pk: asked.purchase.version}, by=None, at=later(days=15))
    assert silencing.stop_believing(at=later(days=20)) == 0


def test_too_old_a_date_is_believed_no_longer_even_if_nobody_asked() -> None:
    asked = Asked(eta=60)
    ChasePolicy.objects.create(supplier=asked.supplier, is_chased=False, believed_for_days=30)
    asking.withdraw(asked.request, reason="x", by=None, at=later(days=1))
    assert silencing.stop_believing(at=later(days=30)) == 0
    assert silencing.stop_believing(at=later(days=31)) == 1


def test_what_the_supplier_says_later_brings_the_date_back_and_silence_can_be_undone() -> None:
    asked = Asked(eta=40)
    silencing.stop_believing(at=later(days=15))
    change = ChangeSet.objects.filter(act="revise_eta").latest("id")
    assert undoing.undo(change, by=a_user(), at=later(days=15, minutes=1))
    assert expected(asked.waiting) is not None
    revise(asked.purchase, (45, None), at=later(days=16))
    assert silencing.stop_believing(at=later(days=17)) == 0
