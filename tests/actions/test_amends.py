"""Refunds that are paid, addresses that are mailed again, links that lead nowhere any more, notes that can be kept."""

import pytest

from backorders.actions import caring, checking, refunding, selling, telling, undoing
from backorders.changes.models import ChangeSet
from backorders.notifications.links import hashed, order_behind
from backorders.notifications.models import CallTask, CustomerLink, Suppression
from backorders.orders.models import Note, Refund
from tests.actions.desk import last_change, stored
from tests.factories import AT, a_customer, a_line, a_product, a_user, an_order, later
from tests.notifications.desk import inbox, tell

pytestmark = pytest.mark.django_db


def a_refund() -> Refund:
    order = an_order((a_product(stock=5), 2), is_paid=True)
    selling.cancel_order(order, reason="changed their mind", by=None, at=AT)
    return Refund.objects.get()


def test_a_refund_is_paid_once_by_somebody_and_its_order_has_changed() -> None:
    refund, who = a_refund(), a_user()
    order = refund.cancellation.line.order
    version = type(order).objects.get(pk=order.pk).version
    assert refunding.pay_refund(refund, by=who, at=later(hours=1)).made.paid_at == later(hours=1)
    assert (last_change().act, last_change().by) == ("pay_refund", who)
    assert type(order).objects.get(pk=order.pk).version == version + 1
    with pytest.raises(refunding.NothingOwed, match="not owed any more"):
        refunding.pay_refund(refund, by=who, at=later(hours=2))


def test_a_cancellation_whose_refund_was_paid_stays() -> None:
    refund = a_refund()
    refunding.pay_refund(refund, by=None, at=later(hours=1))
    with pytest.raises(undoing.NotUndoable, match="refund was already paid"):
        undoing.undo(refund.cancellation.change_set, by=None, at=later(hours=2))


def test_a_refund_whose_cancellation_was_undone_is_not_paid() -> None:
    refund = a_refund()
    undoing.undo(refund.cancellation.change_set, by=None, at=later(hours=1))
    before = stored()
    with pytest.raises(refunding.NothingOwed):
        refunding.pay_refund(refund, by=None, at=later(hours=2))
    assert stored() == before


def test_an_address_that_is_mailed_again_hears_what_did_not_reach_it() -> None:
    Suppression.objects.create(address="ada@example.com", reason="bounce", at=AT)
    a_line(a_product(stock=5), 1, customer=a_customer(email="Ada@Example.com"))
    tell(AT)
    assert inbox() == []
    telling.lift_suppression(Suppression.objects.get(), reason="mailbox repaired", by=None, at=later(hours=1))
    assert last_change().reason == "mailbox repaired"
    tell(later(hours=1, minutes=1))
    assert [to for to, _ in inbox()] == ["Ada@Example.com"]
    assert not CallTask.objects.filter(done_at=None).exists()
    with pytest.raises(telling.MailedAlready):
        telling.lift_suppression(Suppression.objects.get(), reason="again", by=None, at=later(hours=2))
    with pytest.raises(checking.NoReason):
        telling.lift_suppression(Suppression.objects.get(), reason=" ", by=None, at=later(hours=2))


def test_revoked_links_lead_nowhere_and_the_next_mail_has_a_new_one() -> None:
    order = an_order((a_product(stock=5), 2))
    link = CustomerLink.objects.create(order=order, token_hash=hashed("t"), created_at=AT, expires_at=later(days=9))
    assert order_behind("t", at=later(hours=1)) == order
    assert caring.revoke_links(order, reason="forwarded", by=None, at=later(hours=1)).made == 1
    assert order_behind("t", at=later(hours=2)) is None
    assert list(last_change().touches.values_list("kind", "object_id")) == [("order", order.pk)]
    tell(later(hours=2))
    assert CustomerLink.objects.exclude(pk=link.pk).get().revoked_at is None


def test_an_order_without_links_has_none_to_revoke() -> None:
    order = an_order((a_product(stock=5), 2))
    before = ChangeSet.objects.count()
    with pytest.raises(caring.NoLinks):
        caring.revoke_links(order, reason="forwarded", by=None, at=AT)
    assert ChangeSet.objects.count() == before


@pytest.mark.parametrize("text", ["NUL \x00", "half a character \ud83d"])
def test_a_note_that_no_database_keeps_is_refused(text: str) -> None:
    order = an_order((a_product(stock=5), 2))
    with pytest.raises(checking.BadText):
        caring.write_note(order, text=text, by=a_user(), at=AT)
    assert not Note.objects.exists()
