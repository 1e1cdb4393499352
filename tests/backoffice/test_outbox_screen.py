"""The outbox shows every mail as it leaves or left, and lets people stop it; a mail that is shown can do nothing."""

import pytest
from django.test import Client

from backorders.actions import caring
from backorders.changes.models import ChangeSet
from backorders.notifications.models import CallTask, MailSwitch, Message, Suppression
from tests.backoffice.desk import World, address, fill_in, text
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
