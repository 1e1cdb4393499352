"""Asking suppliers: one mail for each with all its lines, never too often, under the outbox's guarantees."""

import datetime
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext

from backorders.access.table import PURCHASING, WAREHOUSE
from backorders.actions import asking, buying, telling
from backorders.actions.checking import NotOpen
from backorders.chasing.models import ChasePolicy, DateRequest, RequestLine
from backorders.inbox.models import Notice
from backorders.notifications import delivering, links
from backorders.notifications.models import CallTask, Message, SupplierLink, Suppression
from backorders.notifications.recovering import recover
from backorders.supply.models import PurchaseLine, Supplier
from tests.factories import AT, a_product, a_purchase, a_supplier, a_user, a_warehouse, later, receive, revise

pytestmark = pytest.mark.django_db

Why = RequestLine.Why


def a_line_of(supplier: Supplier, **fields: Any) -> PurchaseLine:
    return a_purchase(a_product(), 5, supplier=supplier, **fields)


def mailable(name: str = "Contoso", **fields: Any) -> Supplier:
    return a_supplier(name, email=f"{name.lower()}@example.com", **fields)


def send(at: datetime.datetime) -> dict[str, int]:
    return dict(delivering.deliver(clock=lambda: at))


def token() -> str:
    """The token in the last mail."""
    return str(mail.outbox[-1].body).split("/s/")[1].split("/")[0]


def test_one_mail_asks_one_supplier_of_all_the_lines() -> None:
    supplier, buyer = mailable(), a_user()
    first, second = a_line_of(supplier), a_line_of(supplier, eta=None)
    other = a_line_of(mailable("Fabrikam"))
    done = asking.ask_supplier([first.pk, second.pk, other.pk], by=buyer, at=AT)
    assert len(done.made) == Message.objects.filter(kind="date_request").count() == 2
    assert send(later(minutes=10)) == {"accepted": 2}
    said = next(str(each.body) for each in mail.outbox if each.to == ["contoso@example.com"])
    for line in (first, second):
        assert line.product.name in said
        assert line.purchase_order.number in said
    assert other.product.name not in said
    assert "We have no date." in said
    asked = RequestLine.objects.get(purchase_line=first)
    assert (asked.why, asked.asked_by) == (Why.BY_HAND, buyer)


@pytest.mark.parametrize(
    ("language", "words"), [("en", "When do these goods arrive?"), ("tr", "Bu ürünler ne zaman gelir?")]
)
def test_the_mail_is_in_the_suppliers_language_in_text_and_html(language: str, words: str) -> None:
    line = a_line_of(mailable(language=language))
    asking.ask_supplier([line.pk], by=None, at=AT)
    message = Message.objects.get()
    assert words in message.text
    assert words in message.html
    link = next(word for word in message.text.split() if "/s/" in word)
    assert link in message.html
    assert len(message.subject) <= 60


def test_asking_again_takes_back_the_mail_that_has_not_left_and_keeps_the_request() -> None:
    supplier = mailable()
    first, second = a_line_of(supplier), a_line_of(supplier)
    asking.ask_supplier([first.pk], by=None, at=AT)
    asking.ask_supplier([second.pk], by=None, at=later(minutes=1))
    request = DateRequest.objects.get()
    assert request.lines.count() == 2
    assert sorted(Message.objects.values_list("state", flat=True)) == ["pending", "superseded"]
    assert send(later(minutes=10)) == {"accepted": 1}


def test_a_supplier_without_an_address_is_refused_and_a_finished_line_too() -> None:
    line = a_line_of(a_supplier("Northwind"))
    with pytest.raises(asking.NoAddress, match="Northwind"):
        asking.ask_supplier([line.pk], by=None, at=AT)
    receive(line, 5)
    with pytest.raises(NotOpen):
        asking.ask_supplier([line.pk], by=None, at=AT)
    assert not DateRequest.objects.exists()


def test_the_token_is_kept_as_its_hash_and_leads_to_the_request_until_it_ends() -> None:
    asking.ask_supplier([a_line_of(mailable()).pk], by=None, at=AT)
    send(later(minutes=10))
    request = DateRequest.objects.get()
    assert links.request_behind(token(), at=later(days=89)) == request
    assert links.request_behind(token(), at=later(days=91)) is None
    assert links.request_behind(token() + "x", at=AT) is None
    assert not SupplierLink.objects.filter(token_hash__contains=token()).exists()
    asking.withdraw(request, reason="asked by phone", by=None, at=later(days=1))
    assert links.request_behind(token(), at=later(days=1)) is None
    with pytest.raises(asking.NotAsked):
        asking.withdraw(request, reason="again", by=None, at=later(days=1))


def test_a_suppressed_supplier_becomes_a_call_for_the_buyers() -> None:
    Suppression.objects.create(address="contoso@example.com", reason="bounce", at=AT)
    asking.ask_supplier([a_line_of(mailable()).pk], by=None, at=AT)
    task = CallTask.objects.get()
    assert (task.supplier, task.customer) == (Supplier.objects.get(), None)
    assert Message.objects.get().state == "suppressed"
    asking.note_call(task, note="confirmed by phone", by=a_user(), at=later(hours=1))
    with pytest.raises(asking.CalledBefore):
        asking.note_call(task, by=a_user(), at=later(hours=1))


def test_an_address_that_is_mailed_again_is_asked_at_once_what_never_reached_it() -> None:
    Suppression.objects.create(address="contoso@example.com", reason="bounce", at=AT)
    supplier, other = mailable(), mailable("Other")
    asking.ask_supplier([a_line_of(supplier).pk, a_line_of(other).pk], by=None, at=AT)
    assert send(later(minutes=10)) == {"accepted": 1}
    telling.lift_suppression(Suppression.objects.get(), reason="mended", by=None, at=later(hours=1))
    assert send(later(hours=1, minutes=10)) == {"accepted": 1}
    assert mail.outbox[-1].to == ["contoso@example.com"]
    assert not CallTask.objects.filter(done_at=None).exists()
    assert list(DateRequest.objects.order_by("id").values_list("supplier", "mails")) == [
        (supplier.pk, 2),
        (other.pk, 1),
    ]


def test_what_reached_an_address_or_was_called_about_is_not_asked_again_as_it_is_mailed_again() -> None:
    supplier = mailable()
    asking.ask_supplier([a_line_of(supplier).pk], by=None, at=AT)
    assert send(later(minutes=10)) == {"accepted": 1}
    Suppression.objects.create(address="contoso@example.com", reason="complaint", at=later(hours=1))
    telling.lift_suppression(Suppression.objects.get(), reason="mended", by=None, at=later(hours=2))
    assert send(later(hours=2, minutes=30)) == {}
    Suppression.objects.update(lifted_at=None)
    asking.ask_supplier([a_line_of(supplier).pk], by=None, at=later(hours=3))
    asking.note_call(CallTask.objects.get(), by=a_user(), at=later(hours=4))
    telling.lift_suppression(Suppression.objects.get(), reason="mended", by=None, at=later(hours=5))
    assert send(later(hours=5, minutes=30)) == {}


def test_a_mail_to_an_old_address_does_not_leave_and_the_request_is_mailed_anew() -> None:
    supplier = mailable()
    asking.ask_supplier([a_line_of(supplier).pk], by=None, at=AT)
    Supplier.objects.filter(pk=supplier.pk).update(email="new@example.com")
    assert send(later(minutes=10)) == {"superseded": 1}
    assert DateRequest.objects.get().mailed_at is None
    assert asking.ask_due(at=later(minutes=20)) == 1
    assert send(later(minutes=40)) == {"accepted": 1}
    assert mail.outbox[-1].to == ["new@example.com"]


def test_what_was_learnt_another_way_is_not_asked_any_more_and_its_mail_does_not_leave() -> None:
    line = a_line_of(mailable())
    asking.ask_supplier([line.pk], by=None, at=AT)
    revise(line, (20, None), at=later(minutes=1))
    asking.end_settled(at=later(minutes=2))
    assert RequestLine.objects.get().ended_at is not None
    assert DateRequest.objects.get().closed_at is not None
    assert send(later(minutes=10)) == {"superseded": 1}


def test_a_lost_lease_gives_the_mail_back() -> None:
    asking.ask_supplier([a_line_of(mailable()).pk], by=None, at=AT)
    Message.objects.update(state="sending", lease_token="0" * 32, lease_until=later(minutes=1))
    assert recover(at=later(minutes=2)) == 1
    assert send(later(minutes=10)) == {"accepted": 1}


# -- the chase --------------------------------------------------------------------------------------------------------


def test_the_chase_asks_what_is_due_and_reminds_until_somebody_has_to_call() -> None:
    supplier = mailable()
    line = a_line_of(supplier, eta=40, confidence="estimate")
    assert asking.ask_due(at=later(days=1)) == 0, "three working days have not passed"
    assert asking.ask_due(at=later(days=3)) == 1
    assert RequestLine.objects.get().why == Why.UNCONFIRMED
    assert asking.ask_due(at=later(days=3, hours=1)) == 0
    mails = [day for day in range(4, 30) if asking.ask_due(at=later(days=day))]
    assert mails == [8, 11], "three working days apart, three mails in all"
    revise(line, (60, None), at=later(days=30))
    assert asking.ask_due(at=later(days=31)) == 0
    assert DateRequest.objects.get().closed_at is not None


def test_buyers_hear_once_a_week_of_a_supplier_who_had_all_the_mails() -> None:
    supplier, buyer, clerk = mailable(), a_user(PURCHASING), a_user(WAREHOUSE)
    line = a_line_of(supplier, eta=40, confidence="estimate")
    mailable("Fabrikam")

    def notices() -> list[tuple[str, Any]]:
        return list(Notice.objects.filter(person=buyer).order_by("id").values_list("kind", "words"))

    asked = [day for day in range(3, 14) if asking.ask_due(at=later(days=day))]
    assert asked == [3, 8, 11]
    assert notices() == [], "the last mail may still be answered"
    for day in (15, 16, 17, 18):
        for hours in (0, 1, 2):
            asking.ask_due(at=later(days=day, hours=hours))
            Notice.objects.filter(read_at=None).update(read_at=later(days=day, hours=hours))
    told = ("supplier_silent", {"supplier": "Contoso", "mails": 3})
    assert notices() == [told]
    asking.ask_due(at=later(days=22))
    assert notices() == [told, told], "the next week again"
    assert not Notice.objects.filter(person=clerk).exists()
    revise(line, (60, None), at=later(days=23))
    asking.ask_due(at=later(days=29))
    assert notices() == [told, told], "an answer ends it"


def test_many_suppliers_who_had_all_the_mails_are_named_in_as_few_statements_as_few() -> None:
    a_user(PURCHASING)
    counts = []
    for many in (3, 12):
        for number in range(many):
            a_line_of(mailable(f"S{many}-{number}"), eta=40, confidence="estimate")
        for day in (3, 8, 11):
            asking.ask_due(at=later(days=day))
        with CaptureQueriesContext(connection) as seen:
            asking.ask_due(at=later(days=16))
        counts.append(len(seen))
        assert Notice.objects.count() == many
        Notice.objects.all().delete()
        DateRequest.objects.update(closed_at=AT)
        PurchaseLine.objects.update(cancelled=F("quantity"))
    assert counts[0] == counts[1]


def test_nothing_is_asked_on_a_day_off_nor_of_whom_the_policy_leaves_alone() -> None:
    supplier = mailable()
    a_line_of(supplier, confidence="estimate")
    assert asking.ask_due(at=later(days=5)) == 0, "a Saturday"
    ChasePolicy.objects.create(supplier=supplier, is_chased=False)
    assert asking.ask_due(at=later(days=7)) == 0
    ChasePolicy.objects.update(is_chased=True)
    assert asking.ask_due(at=later(days=7)) == 1


def test_the_chase_takes_as_many_statements_for_many_lines_as_for_few(django_assert_max_num_queries: Any) -> None:
    for number in range(3):
        supplier = mailable(f"Supplier{number}")
        goods = [buying.OrderedGoods(a_product(), a_warehouse(), 5) for _ in range(6)]
        buying.order_goods(f"B-{number}", supplier=supplier, lines=goods, by=None, at=AT)
    with django_assert_max_num_queries(32):
        assert asking.ask_due(at=later(days=3)) == 3
    assert RequestLine.objects.count() == 18


def test_many_suppliers_are_asked_in_as_few_statements_as_few() -> None:
    def statements(many: int) -> int:
        for number in range(many):
            supplier = a_supplier(f"S{many}-{number}", email=f"s{many}.{number}@example.com")
            a_purchase(a_product(), 3, supplier=supplier, eta=2)
        with CaptureQueriesContext(connection) as queries:
            assert asking.ask_due(at=later(days=3)) == many
        return len(queries)

    assert statements(4) == statements(40)
