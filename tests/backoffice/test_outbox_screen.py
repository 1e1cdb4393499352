"""The outbox shows every mail as it leaves or left, and lets people stop it; a mail that is shown can do nothing."""

import datetime

import pytest
from django.test import Client

from backorders.access.table import AUDITOR
from backorders.actions import caring
from backorders.changes.models import ChangeSet
from backorders.notifications.models import CallTask, MailSwitch, Message, ProviderEvent, Suppression
from tests.backoffice.desk import World, address, fill_in, somebody, text
from tests.factories import AT, later, revise
from tests.notifications.desk import announce


def pending(world: World) -> Message:
    """A message that rests in the outbox."""
    revise(world.line, (31, None))
    announce(later(minutes=20))
    return Message.objects.filter(state="pending", lines__order=world.first).get()


def do(client: Client, verb: str, *messages: Message, reason: str = "") -> str:
    ids = [message.pk for message in messages]
    return text(client.post(address("stop_or_send", verb), {"message": ids, "reason": reason}, follow=True))


@pytest.mark.parametrize(("box", "state"), [("leaving", "pending"), ("sent", "accepted"), ("failed", "failed")])
def test_messages_stand_in_the_list_of_how_far_they_got(desk: Client, box: str, state: str) -> None:
    world = World()
    pending(world)
    shown = desk.get(address("outbox"), {"box": box}).context["page"].rows
    assert shown
    assert {message.state for message in shown} <= {state, "suppressed"}


@pytest.mark.parametrize("box", ["leaving", "held", "failed", "sent", "dropped", "nonsense"])
def test_an_empty_list_says_so(desk: Client, box: str) -> None:
    response = desk.get(address("outbox"), {"box": box})
    assert str(response.context["box"].empty) in text(response)


def test_a_mail_is_shown_as_sent_with_its_text_headers_and_attempts(desk: Client) -> None:
    world = World()
    message = world.message
    said = text(desk.get(address("message", message.pk)))
    assert message.subject in said
    assert "Auto-Submitted" in said
    assert "1 · " in said
    assert world.first.number in said
    html = desk.get(address("mail_as_sent", message.pk))
    assert html.content.decode() == message.html


def test_a_mail_that_is_shown_can_do_nothing(desk: Client) -> None:
    response = desk.get(address("mail_as_sent", World().message.pk))
    policy = response["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "sandbox" in policy.split("; ")[-1]
    assert "script-src" not in policy


def test_a_message_is_held_released_and_sent_at_once(desk: Client) -> None:
    message = pending(World())
    assert "Say why" in do(desk, "hold", message)
    do(desk, "hold", message, reason="wrong date")
    message.refresh_from_db()
    assert message.state == "held"
    do(desk, "release", message)
    message.refresh_from_db()
    assert message.state == "pending"
    do(desk, "send", message)
    message.refresh_from_db()
    assert message.priority == 1
    assert "release_messages" in ChangeSet.objects.values_list("act", flat=True)


def test_a_cancelled_message_becomes_a_call_which_is_done_once(desk: Client) -> None:
    world = World()
    message = pending(world)
    do(desk, "cancel", message, reason="I call her")
    task = CallTask.objects.get(message=message)
    assert "Elif Kaya" in text(desk.get(address("calls")))
    url = address("mark_called", task.pk)
    assert "Done." in text(desk.post(url, {"note": "she knows"}, follow=True))
    assert "was called before" in text(desk.post(url, follow=True))
    assert "Elif Kaya" in text(desk.get(address("calls"), {"show": "done"}))


def test_nothing_ticked_or_a_message_that_has_left_is_refused(desk: Client) -> None:
    world = World()
    assert "None of these messages waits" in do(desk, "send")
    assert "None of these messages waits" in do(desk, "hold", world.message, reason="too late")
    assert desk.post(address("stop_or_send", "shred"), {}).status_code == 404


def test_a_message_that_rests_says_how_long_it_can_still_be_stopped(desk: Client) -> None:
    message = pending(World())
    Message.objects.filter(pk=message.pk).update(not_before=later(minutes=4))
    assert "4 minutes left" in text(desk.get(address("outbox"))).replace("\xa0", " ")
    Message.objects.filter(state="pending").update(not_before=AT)
    assert "can leave any moment" in text(desk.get(address("outbox")))


def a_report_set_aside(world: World, number: int = 0) -> ProviderEvent:
    said = {"event_type": "delivered", "recipient": "elif@example.com", "message": world.message, "occurred_at": AT}
    trouble = {"processed_at": AT, "attempts": 5, "problem": "KeyError: of elif@example.com"}
    return ProviderEvent.objects.create(event_key=f"x{number}", received_at=AT, **said, **trouble)


def test_reports_that_were_set_aside_stand_in_the_outbox_with_their_reasons(desk: Client) -> None:
    assert "Everything that the provider said was worked on." in text(desk.get(address("reports")))
    world = World()
    a_report_set_aside(world)
    assert "Reports of the provider 1" in text(desk.get(address("outbox")))
    page = desk.get(address("reports"))
    said = text(page)
    assert "Delivered elif@example.com" in said
    assert "KeyError: of elif@example.com" in said
    assert world.message.subject in said
    assert address("message", world.message.pk) in page.content.decode()
    assert "Try 1 set aside again" in said


def test_a_report_is_tried_again_from_the_list_or_all_are(desk: Client) -> None:
    world = World()
    events = [a_report_set_aside(world, number) for number in range(3)]
    said = text(desk.post(address("reports"), {"report": [events[0].pk]}, follow=True))
    assert "1 of 1 reports were worked on." in said
    assert "Try all 2 set aside again" in said
    assert "2 of 2 reports were worked on." in text(desk.post(address("reports"), {"all": "1"}, follow=True))
    world.message.refresh_from_db()
    assert Message.objects.get(pk=world.message.pk).delivery == Message.Delivery.DELIVERED
    assert "None of these reports waits" in text(desk.post(address("reports"), {"all": "1"}, follow=True))


def test_what_fails_again_is_said_with_what_becomes_of_it(desk: Client) -> None:
    event = a_report_set_aside(World())
    long_ago = datetime.datetime(1, 1, 2, tzinfo=datetime.UTC)
    ProviderEvent.objects.filter(pk=event.pk).update(event_type="bounced", reason="soft", occurred_at=long_ago)
    said = text(desk.post(address("reports"), {"report": [event.pk]}, follow=True))
    assert "0 of 1 reports were worked on. The others are tried again by themselves" in said
    assert "Is tried again 1 attempt" in said


@pytest.mark.django_db
def test_the_auditor_reads_the_reports_masked_and_tries_nothing_again() -> None:
    event = a_report_set_aside(World())
    auditor = somebody(AUDITOR)
    said = text(auditor.get(address("reports")))
    assert "KeyError" in said
    assert "elif@example.com" not in said
    assert "Try 1" not in said
    assert auditor.post(address("reports"), {"report": [event.pk]}).status_code == 403


def test_all_mail_is_held_and_released(desk: Client) -> None:
    assert "Say why" in text(desk.post(address("turn_mail", "off"), {}, follow=True))
    said = text(desk.post(address("turn_mail", "off"), {"reason": "provider is down"}, follow=True))
    assert "Mail is held" in said
    assert not MailSwitch.objects.get().is_on
    desk.post(address("turn_mail", "on"), {"reason": "it is up again"})
    assert MailSwitch.objects.get().is_on


def test_another_address_outdates_what_is_pending_to_the_old_one(desk: Client) -> None:
    world = World()
    customer = world.first.customer
    url = address("orders_customer_change", customer.pk)
    form = desk.get(url).context["adminform"].form
    values = {name: form[name].value() for name in form.fields}
    typed = {name: value for name, value in values.items() if value is not None and value is not False}
    assert desk.post(url, {**typed, "email": "elif@new.example", "phone": "1"}).status_code == 302
    customer.refresh_from_db()
    assert (customer.email, customer.phone, customer.address_version) == ("elif@new.example", "1", 2)


def test_the_address_we_have_is_refused(desk: Client) -> None:
    customer = World().first.customer
    with pytest.raises(caring.NothingToSay):
        caring.change_address(customer, email=f" {customer.email} ", by=None, at=AT)


def test_an_address_is_mailed_again_from_the_list_of_suppressions(desk: Client) -> None:
    suppression = Suppression.objects.create(address="gone@example.com", reason="bounce", at=AT)
    listed = desk.get(address("notifications_suppression_changelist")).content.decode()
    assert address("lift_suppression", suppression.pk) in listed
    assert fill_in(desk, address("lift_suppression", suppression.pk), reason="repaired").status_code == 302
    assert Suppression.objects.get().lifted_at == AT
