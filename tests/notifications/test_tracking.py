"""What the provider says later, through anymail's own webhook: heard once, worked on later, and never untrue."""

import datetime
import json
from base64 import b64encode
from typing import Any

import pytest
from django.db import connection
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import include, path

from backorders.notifications import gate, leasing, recovering, switch
from backorders.notifications.models import CallTask, Message, ProviderEvent, Suppression
from backorders.notifications.parking import MOST_ATTEMPTS
from backorders.notifications.tracking import process_events
from tests.factories import AT, a_customer, a_line, a_product, later
from tests.notifications.desk import announce, send

urlpatterns = [path("anymail/", include("backorders.notifications.webhooks"))]
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.urls("tests.notifications.test_tracking"),
]


@pytest.fixture(autouse=True)
def secret() -> Any:
    with override_settings(ANYMAIL={"WEBHOOK_SECRET": "provider:right"}):
        yield


@pytest.fixture
def message() -> Message:
    """A confirmation the provider accepted as number m-1."""
    a_line(a_product(stock=5), 1, customer=a_customer(email="Ada@Example.com"))
    announce(AT)
    send(AT)
    Message.objects.update(provider_id="m-1")
    return Message.objects.get()


def post(kind: str, *, word: str = "right", **fields: Any) -> int:
    """Report an event as Postmark does; return how it was answered."""
    event = {
        "RecordType": kind,
        "MessageID": "m-1",
        "Recipient": "Ada@example.com",
        "Email": "Ada@example.com",
        "DeliveredAt" if kind == "Delivery" else "BouncedAt": "2026-06-01T09:00:00Z",
        **fields,
    }
    authorization = "Basic " + b64encode(f"provider:{word}".encode()).decode()
    answer = Client(raise_request_exception=False).post(
        "/anymail/postmark/tracking/",
        json.dumps(event),
        content_type="application/json",
        headers={"authorization": authorization},
    )
    return answer.status_code


def bounce(number: int, kind: str = "HardBounce", code: int = 1, **fields: Any) -> int:
    return post("Bounce", ID=number, Type=kind, TypeCode=code, Description="no such user", **fields)


def delivery(message: Message) -> int:
    return Message.objects.get(pk=message.pk).delivery


def test_only_the_provider_is_heard(message: Message) -> None:
    assert post("Delivery", word="wrong") == 400
    assert not ProviderEvent.objects.exists()
    assert post("Delivery") == 200


def test_an_event_is_stored_first_and_worked_on_later(message: Message) -> None:
    post("Delivery")
    assert delivery(message) == Message.Delivery.NOTHING
    assert process_events(at=AT) == {"delivered": 1}
    assert delivery(message) == Message.Delivery.DELIVERED
    assert ProviderEvent.objects.get().message == message
    assert process_events(at=AT) == {}


def test_the_same_event_counts_once(message: Message) -> None:
    for _ in range(10):
        assert bounce(7) == 200
    assert ProviderEvent.objects.count() == 1


def test_an_event_without_an_id_counts_once_too(message: Message) -> None:
    for _ in range(3):
        post("Delivery")
    assert ProviderEvent.objects.count() == 1


def test_a_late_delivered_does_not_lift_a_bounce(message: Message) -> None:
    bounce(1)
    post("Delivery")
    process_events(at=AT)
    assert delivery(message) == Message.Delivery.BOUNCED


def test_a_hard_bounce_ends_mail_to_the_address_and_asks_for_a_call(message: Message) -> None:
    bounce(1)
    process_events(at=AT)
    assert Suppression.objects.get().address == "ada@example.com"
    task = CallTask.objects.get()
    assert task.message == message
    assert "bounced" in task.why


def test_soft_bounces_are_forgiven_twice_within_a_week(message: Message) -> None:
    for number in (1, 2):
        bounce(number, "SoftBounce", 4096, BouncedAt=f"2026-06-0{number}T09:00:00Z")
    process_events(at=AT)
    assert not Suppression.objects.exists()
    bounce(3, "SoftBounce", 4096, BouncedAt="2026-06-20T09:00:00Z")
    process_events(at=AT)
    assert not Suppression.objects.exists()  # the first two are too long ago
    bounce(4, "SoftBounce", 4096, BouncedAt="2026-06-21T09:00:00Z")
    bounce(5, "SoftBounce", 4096, BouncedAt="2026-06-22T09:00:00Z")
    process_events(at=AT)
    assert Suppression.objects.get().reason == "soft_bounces"


@pytest.mark.parametrize("said", ["0001-01-01T00:00:00Z", "0001-01-01T00:00:00+05:00", "9999-12-31T23:59:59-05:00"])
def test_a_provider_that_knows_no_date_holds_nothing_up(message: Message, said: str) -> None:
    assert bounce(1, "SoftBounce", 4096, BouncedAt=said) == 200
    assert bounce(2) == 200
    assert process_events(at=AT) == {"bounced": 2}
    assert Suppression.objects.get().reason == "bounce"


def test_a_complaint_ends_all_but_required_mail_and_a_bounce_ends_that_too(message: Message) -> None:
    post("SpamComplaint", ID=1, Type="SpamComplaint", TypeCode=512)
    process_events(at=AT)
    assert Suppression.objects.get().reason == "complaint"
    assert delivery(message) == Message.Delivery.COMPLAINED
    bounce(2)
    process_events(at=AT)
    assert Suppression.objects.get().reason == "bounce"


def test_a_lifted_suppression_comes_back_with_the_next_bounce(message: Message) -> None:
    Suppression.objects.create(address="ada@example.com", reason="bounce", at=AT, lifted_at=AT)
    bounce(1)
    process_events(at=later(hours=1))
    assert Suppression.objects.get(lifted_at=None).at == later(hours=1)


def test_the_provider_s_word_settles_what_was_not_known() -> None:
    switch.mail_switch(at=AT)
    a_line(a_product(stock=5), 1)
    [message] = announce(AT)
    lease, _ = leasing.claim(owner="one", at=AT)
    gate.open_attempt(message, lease, at=AT)
    recovering.recover(at=later(minutes=3))
    assert Message.objects.get().state == "unknown"

    post("Delivery", Metadata={"message": str(message.pk)}, MessageID="m-2")
    process_events(at=later(minutes=4))

    assert Message.objects.get().state == "accepted"
    assert send(later(hours=1)) == {}


def test_an_event_about_a_stranger_does_no_harm() -> None:
    assert post("Delivery", MessageID="not ours", Metadata={"message": "999999999999"}) == 200
    assert post("Delivery", MessageID="", Metadata={"message": "x' OR 1=1"}, DeliveredAt="2026-06-02T09:00:00Z") == 200
    assert process_events(at=AT) == {"delivered": 2}


def test_events_wait_in_order(message: Message) -> None:
    moment = datetime.datetime(2026, 6, 1, tzinfo=datetime.UTC)
    for number in range(1200):
        ProviderEvent.objects.create(
            event_key=f"k{number}", event_type="deferred", provider_id="m-1", occurred_at=moment, received_at=moment
        )
    assert process_events(at=AT) == {"deferred": 1200}
    assert delivery(message) == Message.Delivery.DEFERRED


def test_word_of_a_mail_counts_though_its_worker_never_came_back() -> None:
    switch.mail_switch(at=AT)
    a_line(a_product(stock=5), 1, customer=a_customer(email="Ada@Example.com"))
    announce(AT)
    lease, [message] = leasing.claim(owner="one", at=AT)
    assert gate.open_attempt(message, lease, at=AT)
    post("Delivery", Metadata={"message": str(message.pk)})
    process_events(at=AT)
    recovering.recover(at=later(minutes=5))
    recovering.settle_unknown(at=later(minutes=15))
    assert Message.objects.get().state == "accepted"
    assert send(later(minutes=15)).total() == 0


def test_a_mail_that_was_to_be_repeated_is_not_once_the_provider_speaks_of_it() -> None:
    switch.mail_switch(at=AT)
    a_line(a_product(stock=5), 1, customer=a_customer(email="Ada@Example.com"))
    announce(AT)
    lease, [message] = leasing.claim(owner="one", at=AT)
    assert gate.open_attempt(message, lease, at=AT)
    recovering.recover(at=later(minutes=5))
    recovering.settle_unknown(at=later(minutes=15))
    assert Message.objects.get().state == "retry"
    post("Delivery", Metadata={"message": str(message.pk)})
    process_events(at=later(minutes=15))
    assert send(later(minutes=15)).total() == 0


def test_many_reports_need_no_more_statements() -> None:
    def statements(mails: int) -> int:
        product = a_product(stock=mails)
        for _ in range(mails):
            a_line(product, 1, customer=a_customer())
        announce(AT)
        send(AT)
        for number, message in enumerate(Message.objects.filter(provider_id__startswith="<")):
            Message.objects.filter(pk=message.pk).update(provider_id=f"m-{mails}-{number}")
            for kind in ("Delivery", "Open"):
                assert post(kind, MessageID=f"m-{mails}-{number}", Recipient=message.recipient) == 200
        with CaptureQueriesContext(connection) as queries:
            heard = process_events(at=later(minutes=5))
        assert heard.total() == 2 * mails
        return len(queries)

    assert statements(12) == statements(2)


def a_poisoned_event() -> ProviderEvent:
    """A soft bounce from before the days that can be reckoned with."""
    moment = datetime.datetime(1, 1, 2, tzinfo=datetime.UTC)
    said = {"event_type": "bounced", "reason": "soft", "recipient": "poison@example.com"}
    return ProviderEvent.objects.create(event_key="poison", occurred_at=moment, received_at=AT, **said)


def among_twenty(message: Message) -> ProviderEvent:
    """Hard bounces of twenty addresses, with a poisoned event in their midst."""
    poisoned = None
    for number in range(20):
        if number == 10:
            poisoned = a_poisoned_event()
        assert bounce(number, Recipient=f"a{number}@example.com", Email=f"a{number}@example.com") == 200
    assert poisoned is not None
    return poisoned


def test_a_poisoned_event_holds_no_other_up(message: Message) -> None:
    poisoned = among_twenty(message)
    assert process_events(at=AT) == {"bounced": 20}
    assert Suppression.objects.count() == 20
    assert delivery(message) == Message.Delivery.BOUNCED
    poisoned.refresh_from_db()
    assert (poisoned.processed_at, poisoned.attempts) == (None, 1)
    assert poisoned.problem.startswith("OverflowError: ")


def test_after_some_attempts_a_poisoned_event_is_left_to_staff(message: Message) -> None:
    poisoned = a_poisoned_event()
    for minutes in range(MOST_ATTEMPTS + 2):
        process_events(at=later(minutes=minutes))
    poisoned.refresh_from_db()
    assert (poisoned.processed_at, poisoned.attempts) == (later(minutes=MOST_ATTEMPTS - 1), MOST_ATTEMPTS)
    assert poisoned.problem.startswith("OverflowError: ")


def test_what_failed_before_goes_by_itself_and_can_still_succeed(message: Message) -> None:
    poisoned = a_poisoned_event()
    process_events(at=AT)
    assert bounce(1) == 200
    assert process_events(at=later(minutes=1)) == {"bounced": 1}
    ProviderEvent.objects.filter(pk=poisoned.pk).update(occurred_at=AT)
    assert process_events(at=later(minutes=2)) == {"bounced": 1}
    poisoned.refresh_from_db()
    assert (poisoned.processed_at, poisoned.problem) == (later(minutes=2), "")
