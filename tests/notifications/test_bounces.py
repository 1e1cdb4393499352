"""What a mail said that bounced was not told: the books agree, somebody calls, a corrected address hears it anew."""

import itertools
from typing import Any

import pytest
from django.test import override_settings

from backorders.actions import caring, telling
from backorders.allocation.books import differences as of_plans
from backorders.allocation.models import Promise
from backorders.notifications import gate, leasing, marking, switch
from backorders.notifications.books import differences
from backorders.notifications.models import CallTask, Message, Suppression
from backorders.notifications.tracking import process_events
from backorders.orders.models import OrderLine
from tests.factories import AT, a_customer, a_line, a_product, a_purchase, a_user, later, revise
from tests.notifications.desk import announce, promise, send, tell, windows
from tests.notifications.postbox import posted

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.notifications.postbox")]
_ids = itertools.count(1)


@pytest.fixture(autouse=True)
def secret() -> Any:
    with override_settings(ANYMAIL={"WEBHOOK_SECRET": "provider:right"}):
        yield


def report(message: Message, kind: str = "Bounce", how: str = "HardBounce", code: int = 1, **fields: Any) -> None:
    """Let the provider say what became of a message."""
    at = "DeliveredAt" if kind == "Delivery" else "BouncedAt"
    event = {"RecordType": kind, "MessageID": f"m-{message.pk}", "ID": next(_ids), "Type": how, "TypeCode": code}
    event |= {"Recipient": message.recipient, "Email": message.recipient, at: "2026-06-01T09:00:00Z"}
    event |= {"Metadata": {"message": str(message.pk)}, **fields}
    assert posted("/anymail/postmark/tracking/", event) == 200


def agree(at: Any = AT) -> None:
    assert [*differences(), *of_plans(at=at)] == []


@pytest.fixture
def line() -> OrderLine:
    """A line whose date was confirmed and then moved, both told by mail."""
    product = a_product()
    purchase = a_purchase(product, 9, eta=30)
    made = a_line(product, 1, customer=a_customer(email="old@example.com"))
    tell(AT)
    revise(purchase, (45, None), at=later(days=3))
    tell(later(days=3, hours=1))
    return made


def newest() -> Message:
    return Message.objects.latest("id")


def test_what_bounced_was_not_told(line: OrderLine) -> None:
    before, after = (message.lines.get().window_until for message in Message.objects.order_by("id"))
    assert windows(line)["told"] == after
    report(newest())
    process_events(at=later(days=4))
    assert (windows(line)["told"], promise(line).told_at) == (before, AT)
    assert CallTask.objects.get(done_at=None).message == newest()
    agree()


def test_what_never_reached_anybody_was_never_told(line: OrderLine) -> None:
    for message in Message.objects.order_by("-id"):
        report(message)
    process_events(at=later(days=4))
    assert (windows(line)["told"], promise(line).told_at) == (None, None)
    assert CallTask.objects.filter(done_at=None).count() == 2
    agree()


@pytest.mark.parametrize("order", list(itertools.permutations(["delivered", "bounced", "bounced again"])))
def test_reports_in_any_order_and_twice_come_to_the_same(line: OrderLine, order: tuple[str, ...]) -> None:
    for said in (*order, *order):
        if said == "delivered":
            report(newest(), "Delivery")
        else:
            report(newest(), ID=7 if said == "bounced" else 8)
        process_events(at=later(days=4))
    assert newest().delivery == Message.Delivery.BOUNCED
    assert promise(line).told_at == AT
    assert CallTask.objects.count() == 1
    agree()


def test_what_was_heard_since_stands(line: OrderLine) -> None:
    first = Message.objects.earliest("id")
    report(first)
    process_events(at=later(days=4))
    assert promise(line).told_at == later(days=3, hours=1)
    agree()


def test_a_bounce_that_is_known_before_the_answer_is_told_to_nobody() -> None:
    switch.mail_switch(at=AT)
    line = a_line(a_product(stock=5), 1)
    announce(AT)
    lease, [message] = leasing.claim(owner="one", at=AT)
    assert gate.open_attempt(message, lease, at=AT)
    report(message)
    process_events(at=AT)
    marking.mark_accepted(message, lease, provider_id=f"m-{message.pk}", at=AT)
    assert promise(line).told_at is None
    agree()


def test_who_is_called_knows(line: OrderLine) -> None:
    report(newest())
    process_events(at=later(days=4))
    telling.mark_called(CallTask.objects.get(done_at=None), by=a_user(), at=later(days=5))
    assert windows(line)["told"] == windows(line)["expected"]
    report(newest(), ID=99)
    process_events(at=later(days=6))
    assert promise(line).told_at == later(days=5)
    agree()


def test_a_corrected_address_hears_what_bounced_if_it_is_still_so(line: OrderLine) -> None:
    report(newest())
    process_events(at=later(days=4))
    caring.change_address(line.order.customer, email="new@example.com", by=None, at=later(days=5))
    [message] = tell(later(days=5, hours=1))
    assert (message.kind, message.recipient, message.state) == ("later", "new@example.com", "accepted")
    assert windows(line)["told"] == windows(line)["expected"]
    assert not CallTask.objects.filter(done_at=None).exists()
    agree()


def test_a_corrected_address_hears_the_newest_and_not_what_was_replaced(line: OrderLine) -> None:
    report(newest())
    process_events(at=later(days=4))
    revise(line.product.purchase_lines.get(), (60, None), at=later(days=4))
    caring.change_address(line.order.customer, email="new@example.com", by=None, at=later(days=5))
    [message] = tell(later(days=5, hours=1))
    assert message.lines.get().window_until == windows(line)["expected"]
    agree()


def test_a_corrected_address_hears_the_confirmation_that_bounced() -> None:
    line = a_line(a_product(stock=5), 1, customer=a_customer(email="old@example.com"))
    [message] = tell(AT)
    report(message)
    process_events(at=AT)
    caring.change_address(line.order.customer, email="new@example.com", by=None, at=later(hours=1))
    [again] = tell(later(hours=1))
    assert (again.kind, again.recipient) == ("confirmation", "new@example.com")
    agree()


def test_a_person_s_words_that_bounced_are_sent_once_more(line: OrderLine) -> None:
    written = caring.write_message(line.order, text="We found one.", by=a_user(), at=later(days=4)).made
    send(later(days=5))
    report(written)
    process_events(at=later(days=5))
    caring.change_address(line.order.customer, email="new@example.com", by=None, at=later(days=6))
    send(later(days=6))
    again = newest()
    assert (again.recipient, again.state, again.text) == ("new@example.com", "accepted", written.text)
    assert not CallTask.objects.filter(done_at=None).exists()
    agree()


def test_a_person_is_asked_to_write_again_where_a_date_changed(line: OrderLine) -> None:
    written = caring.write_message(line.order, text="We found one.", by=a_user(), at=later(days=4)).made
    send(later(days=5))
    report(written)
    process_events(at=later(days=5))
    revise(line.product.purchase_lines.get(), (60, None), at=later(days=5))
    caring.change_address(line.order.customer, email="new@example.com", by=None, at=later(days=6))
    task = CallTask.objects.get(done_at=None)
    assert (task.message, "write it again" in task.why) == (written, True)
    agree()


def test_a_soft_bounce_goes_once_more_until_it_bounced_too_often(line: OrderLine) -> None:
    tries = []
    for number in range(3):
        message = newest()
        report(message, how="SoftBounce", code=4096, BouncedAt=f"2026-06-04T0{number}:00:00Z")
        process_events(at=later(days=4, hours=5 * number))
        process_events(at=later(days=4, hours=5 * number))
        assert send(later(days=4, hours=5 * number + 1)) == {}
        assert promise(line).told_at != message.accepted_at
        agree()
        tries.append(send(later(days=4, hours=5 * number + 4)).total())
    assert tries == [1, 1, 0]
    assert Suppression.objects.get().reason == "soft_bounces"
    assert CallTask.objects.filter(done_at=None).count() == 1
    assert promise(line).told_at == AT


@pytest.mark.parametrize("is_new", [True, False], ids=["confirmation", "later"])
def test_of_a_soft_bounce_in_which_one_date_moved_since_the_others_are_told_too(is_new: bool) -> None:
    customer = a_customer(email="both@example.com")
    coming = [a_purchase(a_product(), 9, eta=30) for _ in range(2)]
    lines = [a_line(each.product, 1, customer=customer) for each in coming]
    tell(AT)
    if not is_new:
        for each in coming:
            revise(each, (45, None), at=later(days=3))
        tell(later(days=3, hours=1))
    assert newest().lines.filter(promise_version__isnull=False).count() == 2
    revise(coming[0], (60, None), at=later(days=4))
    for number in (1, 2):  # the provider says it twice
        report(newest(), how="SoftBounce", code=4096, BouncedAt=f"2026-06-05T0{number}:00:00Z")
    process_events(at=later(days=4))
    agree()
    said = [message for days in (5, 6, 7, 8) for message in tell(later(days=days))]
    assert [windows(line)["told"] == windows(line)["expected"] for line in lines] == [True, True]
    assert len(said) == 1
    agree()


def test_of_a_soft_bounce_in_which_a_date_moved_since_what_a_person_wrote_is_written_again(line: OrderLine) -> None:
    written = caring.write_message(line.order, text="Soon.", by=None, at=later(days=4)).made
    send(later(days=4, hours=1))
    revise(line.promise.line.product.purchase_lines.get(), (70, None), at=later(days=5))
    report(written, how="SoftBounce", code=4096, BouncedAt="2026-06-06T00:00:00Z")
    process_events(at=later(days=5))
    assert CallTask.objects.get(done_at=None).message == written
    tell(later(days=8))
    assert windows(line)["told"] == windows(line)["expected"]
    agree()


def test_a_lifted_suppression_lets_what_bounced_be_said_anew(line: OrderLine) -> None:
    report(newest())
    process_events(at=later(days=4))
    telling.lift_suppression(Suppression.objects.get(), reason="mended", by=None, at=later(days=5))
    [message] = tell(later(days=5, hours=1))
    assert (message.kind, message.state) == ("later", "accepted")
    assert windows(line)["told"] == windows(line)["expected"]
    agree()


def test_the_books_find_what_counts_as_told_by_a_mail_that_bounced(line: OrderLine) -> None:
    message = newest()
    Message.objects.filter(pk=message.pk).update(delivery=Message.Delivery.BOUNCED)
    found = [each.sentence for each in differences()]
    assert f"order line {line.pk} counts as told by message {message.pk}, which bounced" in found
    Promise.objects.filter(line=line).update(told_at=AT)
    assert not [text for text in (each.sentence for each in differences()) if "counts as told" in text]


@pytest.mark.parametrize(
    ("kind", "how", "code"),
    [("Bounce", "HardBounce", 1), ("Bounce", "Blocked", 100006), ("SpamComplaint", "SpamComplaint", 512)],
)
def test_nobody_is_called_because_the_address_that_was_left_leads_nowhere(
    line: OrderLine, kind: str, how: str, code: int
) -> None:
    caring.change_address(line.order.customer, email="new@example.com", by=None, at=later(days=4))
    send(later(days=4))
    notice = Message.objects.get(kind="address_changed")
    assert (notice.recipient, notice.state) == ("old@example.com", "accepted")
    report(notice, kind, how, code)
    process_events(at=later(days=4))
    send(later(days=5))
    assert set(Message.objects.filter(kind="address_changed").values_list("recipient", flat=True)) == {
        "old@example.com"
    }
    assert not CallTask.objects.exists()
    assert set(Suppression.objects.values_list("address", flat=True)) <= {"old@example.com"}
    caring.write_message(line.order, text="We found one.", by=a_user(), at=later(days=6))
    send(later(days=7))
    assert (newest().recipient, newest().state) == ("new@example.com", "accepted")
    report(newest())
    process_events(at=later(days=7))
    assert CallTask.objects.get().message == newest()
    agree()


def test_nobody_is_called_because_a_server_refuses_the_notice_to_the_address_that_was_left(line: OrderLine) -> None:
    caring.change_address(line.order.customer, email="new@example.com", by=None, at=later(days=4))
    Suppression.objects.create(address="old@example.com", reason="bounce", at=later(days=4))
    send(later(days=5))
    assert Message.objects.get(kind="address_changed").state == "suppressed"
    assert not CallTask.objects.exists()


@pytest.mark.parametrize("is_confirmation", [True, False])
def test_who_gives_another_address_while_a_soft_bounce_waits_hears_it_there(is_confirmation: bool) -> None:
    purchase = a_purchase(a_product(), 9, eta=30)
    line = a_line(purchase.product, 1, customer=a_customer(email="old@example.com"))
    tell(AT)
    if not is_confirmation:
        revise(purchase, (45, None), at=later(days=3))
        tell(later(days=3, hours=1))
    report(newest(), how="SoftBounce", code=4096, BouncedAt="2026-06-04T00:00:00Z")
    process_events(at=later(days=4))
    caring.change_address(line.order.customer, email="new@example.com", by=None, at=later(days=4, hours=1))
    said = []
    for hours in (5, 6, 7):  # once it has rested, the gate sees that it leads to the old address
        said += [(message.kind, message.recipient) for message in tell(later(days=4, hours=hours))]
    assert ("confirmation" if is_confirmation else "later", "new@example.com") in said
    assert windows(line)["told"] == windows(line)["expected"]
    agree(later(days=5))
