"""Reports of the provider that were set aside are taken up again, once, and by those who may."""

import datetime

import pytest

from backorders.actions import reporting, telling
from backorders.changes.models import ChangeSet
from backorders.inbox.models import Notice
from backorders.notifications.models import CallTask, Message, ProviderEvent, Suppression
from backorders.notifications.parking import MOST_ATTEMPTS
from backorders.notifications.tracking import process_events
from tests.factories import AT, a_customer, a_line, a_product, a_user, later
from tests.notifications.desk import reread, tell

pytestmark = pytest.mark.django_db

LONG_AGO = datetime.datetime(1, 1, 2, tzinfo=datetime.UTC)  # before the days that can be reckoned with


def a_mail(email: str = "ada@example.com") -> Message:
    """A confirmation that the provider accepted."""
    a_line(a_product(stock=5), 1, customer=a_customer(email=email))
    [message] = tell(AT)
    Message.objects.filter(pk=message.pk).update(provider_id=f"m-{message.pk}")
    return message


def set_aside(message: Message, *, kind: str = "bounced", number: int = 0) -> ProviderEvent:
    """A soft bounce that could not be worked on, as often as it was tried."""
    event = ProviderEvent.objects.create(
        event_key=f"poison {message.pk} {number}",
        event_type=kind,
        reason="soft",
        recipient=message.recipient,
        provider_id=f"m-{message.pk}",
        occurred_at=LONG_AGO,
        received_at=AT,
    )
    for minutes in range(MOST_ATTEMPTS):
        process_events(at=later(minutes=minutes))
    event.refresh_from_db()
    return event


def mend(event: ProviderEvent) -> None:
    ProviderEvent.objects.filter(pk=event.pk).update(occurred_at=AT)


def test_whoever_did_not_get_a_mail_by_a_report_that_is_set_aside_is_called() -> None:
    caller, message = a_user(), a_mail()
    event = set_aside(message)
    assert (event.attempts, event.message) == (MOST_ATTEMPTS, message)
    task = CallTask.objects.get()
    assert (task.message, str(task.why)) == (
        message,
        "The provider reported trouble with this mail, and that could not be worked on.",
    )
    assert Notice.objects.filter(person=caller, kind=Notice.Kind.CALL).exists()


def test_nobody_is_called_about_a_mail_that_was_delivered() -> None:
    message = a_mail()
    event = set_aside(message)
    ProviderEvent.objects.filter(pk=event.pk).update(processed_at=None, attempts=MOST_ATTEMPTS - 1, event_type="sent")
    CallTask.objects.all().delete()
    process_events(at=later(hours=1))
    assert not CallTask.objects.exists()


def test_a_report_is_worked_on_when_it_is_tried_again_and_has_its_effect_once() -> None:
    message = a_mail()
    event = set_aside(message)
    mend(event)
    done = reporting.try_again([event.pk], by=a_user(), at=later(hours=1))
    assert done.made == reporting.Tried(reports=1, worked_on=1, waiting=0)
    event.refresh_from_db()
    assert (event.problem, event.processed_at) == ("", later(hours=1))
    assert reread(message).delivery == Message.Delivery.BOUNCED
    assert Message.objects.count() == 2  # it bounced softly: the same words once more
    with pytest.raises(reporting.NothingSetAside):
        reporting.try_again([event.pk], by=a_user(), at=later(hours=2))
    assert process_events(at=later(hours=2)).total() == 0
    assert Message.objects.count() == 2


def test_it_is_one_change_that_the_orders_know_of() -> None:
    first, second = a_mail(), a_mail("sami@example.com")
    events = [set_aside(first), set_aside(second)]
    for event in events:
        mend(event)
    by = a_user()
    done = reporting.try_again([event.pk for event in events], by=by, at=later(hours=1))
    change = ChangeSet.objects.get(act="try_reports_again")
    assert (done.change_set, change.by, change.summary) == (change, by, {"reports": 2})
    orders = {*first.lines.values_list("order", flat=True), *second.lines.values_list("order", flat=True)}
    assert set(change.touches.values_list("object_id", flat=True)) == orders


def test_what_fails_again_keeps_its_reason_and_is_tried_by_itself_until_it_is_set_aside_again() -> None:
    message = a_mail()
    event = set_aside(message)
    done = reporting.try_again([event.pk], by=a_user(), at=later(hours=1))
    assert done.made == reporting.Tried(reports=1, worked_on=0, waiting=0)
    event.refresh_from_db()
    assert (event.attempts, event.processed_at) == (1, None)
    assert event.problem.startswith("OverflowError: ")
    for minutes in range(MOST_ATTEMPTS):
        process_events(at=later(hours=2, minutes=minutes))
    event.refresh_from_db()
    assert event.attempts == MOST_ATTEMPTS
    assert event.processed_at is not None
    assert CallTask.objects.count() == 1


def test_many_are_left_to_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reporting, "AT_ONCE", 1)
    message = a_mail()
    events = [set_aside(message, kind="complained", number=number) for number in range(2)]
    ProviderEvent.objects.update(processed_at=AT, problem="OverflowError: x", attempts=MOST_ATTEMPTS)
    Suppression.objects.all().delete()
    done = reporting.try_again([event.pk for event in events], by=a_user(), at=later(hours=1))
    assert done.made == reporting.Tried(reports=2, worked_on=0, waiting=2)
    assert not Suppression.objects.exists()
    assert process_events(at=later(hours=1)) == {"complained": 2}
    assert Suppression.objects.get().reason == "complaint"


def test_a_call_that_was_made_stays_made() -> None:
    message = a_mail()
    event = set_aside(message)
    telling.mark_called(CallTask.objects.get(), by=a_user(), at=later(minutes=30))
    mend(event)
    reporting.try_again([event.pk], by=a_user(), at=later(hours=1))
    assert CallTask.objects.get().done_at == later(minutes=30)
