"""Telling many at once: the numbers before, who gets no mail and why, the mails as they will look, the job after."""

from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from backorders.access.table import SERVICE
from backorders.actions import telling
from backorders.backoffice import fanouts
from backorders.changes.models import Approval, ApprovalLimit
from backorders.jobs.models import Job
from backorders.notifications.models import Message, StaffMail, Suppression
from backorders.orders.models import Order
from tests.backoffice.desk import World, address, somebody, text
from tests.factories import AT, a_customer, an_order, revise
from tests.notifications.desk import announce

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(desk: Client) -> World:
    world = World()
    revise(world.line, (31, None))
    return world


def chosen(client: Client, *orders: Order) -> Any:
    ids = [order.lines.get().pk for order in orders]
    return client.post(address("act_on_lines"), {"do": "tell", "line": ids, "view": "all"}, follow=True)


def url_of(preview: Any) -> str:
    return str(preview.redirect_chain[-1][0])


def test_customers_are_told_at_once_after_a_preview_with_numbers(desk: Client, world: World) -> None:
    before = Message.objects.count()
    preview = chosen(desk, world.first, world.second, world.ready)
    said = text(preview)
    assert "2 mails leave, one for each customer, about 2 lines." in said
    assert "1 Nothing new to hear: know what we expect, or a message is on its way." in said
    assert "English Turkish Mails" in said
    assert "Later date 1 1 2" in said.replace("Date later", "Later date")
    assert "Tell 2 customers" in said
    assert Message.objects.count() == before
    done = desk.post(url_of(preview), {"seen": preview.context["token"]}, follow=True)
    assert "2 messages are in the outbox. See or stop" in text(done)
    assert Message.objects.count() == before + 2


def test_the_mails_are_shown_as_they_will_look(desk: Client, world: World) -> None:
    preview = chosen(desk, world.first, world.second, world.unreachable)
    assert "Merhaba Elif Kaya" in text(preview)
    assert "1 No e-mail address: becomes a call. Nil Nomail" in text(preview)
    frame = address("sample_of_mail", url_of(preview).split("/")[-2], world.first.customer_id)
    mail = desk.get(frame)
    assert "Merhaba Elif Kaya" in text(mail)
    assert "script-src" not in mail["Content-Security-Policy"].replace("script-src 'none'", "")
    assert desk.get(address("sample_of_mail", url_of(preview).split("/")[-2], 999)).status_code == 404


def test_a_mail_that_is_shown_is_sent_to_whoever_asks_as_a_test(desk: Client, world: World) -> None:
    preview = chosen(desk, world.first, world.second)
    before = list(Message.objects.order_by("pk").values_list("pk", "state"))
    url = address("sample_of_mail", url_of(preview).split("/")[-2], world.first.customer_id)
    assert url in preview.content.decode()
    said = text(desk.post(url, follow=True))
    assert "A test is on its way to chief@example.com." in said
    assert "Tell 2 customers" in said  # still to be told
    mail = StaffMail.objects.get()
    assert mail.subject.startswith("Deneme: ")
    assert "Merhaba Elif Kaya" in mail.text
    assert list(Message.objects.order_by("pk").values_list("pk", "state")) == before


def test_whoever_has_no_address_is_told_so_and_gets_no_test(desk: Client, world: World) -> None:
    agent = somebody(SERVICE)
    selection = url_of(chosen(agent, world.first)).split("/")[-2]
    said = text(agent.post(address("sample_of_mail", selection, world.first.customer_id), follow=True))
    assert "A test goes to the address of your own account. No valid e-mail address." in said
    assert not StaffMail.objects.exists()


def test_what_changed_since_it_was_shown_is_shown_again(desk: Client, world: World) -> None:
    preview = chosen(desk, world.first, world.second)
    revise(world.line, (50, None))
    before = Message.objects.count()
    stale = desk.post(url_of(preview), {"seen": preview.context["token"]})
    assert stale.status_code == 409
    assert "Since you looked, something changed." in text(stale)
    assert Message.objects.count() == before


def test_who_heard_lately_is_left_out_and_can_be_told_all_the_same(desk: Client, world: World) -> None:
    telling.tell_now([world.first.customer_id], by=None, at=AT)
    Message.objects.filter(kind="later").update(state="accepted", accepted_at=AT)
    revise(world.line, (70, None))
    preview = chosen(desk, world.first, world.second)
    assert "1 Heard from us about a date less than 48 hours ago: hear in the usual time. Elif Kaya" in text(preview)
    assert "Tell 1 customer" in text(preview)
    assert "Tell all 2, also those who heard from us lately" in text(preview)
    done = desk.post(url_of(preview), {"seen": preview.context["token"], "all": "1"}, follow=True)
    assert "2 messages are in the outbox." in text(done)


def test_telling_twice_says_that_they_know(desk: Client, world: World) -> None:
    url = url_of(chosen(desk, world.first, world.second))
    desk.post(url)
    again = desk.post(url)
    assert again.status_code == 422
    assert "None of these customers has anything new to hear." in text(again)


def test_very_many_customers_are_told_with_a_second_person_who_sees_the_numbers(desk: Client, world: World) -> None:
    ApprovalLimit.objects.update_or_create(pk=1, defaults={"recipients": 1})
    agent = somebody(SERVICE)
    preview = chosen(agent, world.first, world.second)
    assert "Send 2 mails for approval" in text(preview)
    assert agent.post(url_of(preview)).status_code == 422
    before = Message.objects.count()
    assert "Sent for approval." in text(agent.post(url_of(preview), {"ask": "1"}, follow=True))
    assert Message.objects.count() == before
    approval = Approval.objects.get()
    assert approval.capability == "telling.tell_now"
    page = text(desk.get(address("approval", approval.pk)))
    assert "What leaves" in page
    assert "Merhaba Elif Kaya" in page


def test_many_are_written_to_by_a_job_that_can_be_followed(
    desk: Client, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telling, "AT_ONCE", 1)
    preview = chosen(desk, world.first, world.second)
    assert "Writing them takes about 1 second; it can be paused and stopped." in text(preview)
    followed = desk.post(url_of(preview), follow=True)
    job = Job.objects.get()
    assert followed.redirect_chain[-1][0] == address("job", job.pk)
    assert "Telling customers" in text(followed)
    desk.post(address("steer_job", job.pk, "pause"))
    assert "Paused: 0 rows" in text(desk.get(address("job", job.pk)))
    desk.post(address("steer_job", job.pk, "stop"))
    part = desk.get(address("job", job.pk), headers={"HX-Request": "true"})
    assert part.status_code == 286
    assert "Stopped" in text(part)
    assert somebody(SERVICE).get(address("job", job.pk)).status_code == 404


def test_everybody_in_the_view_is_told_with_one_click_and_one_confirmation(desk: Client, world: World) -> None:
    assert "Tell them all" in text(desk.get(address("waiting_lines"), {"view": "not_told"}))
    preview = desk.post(address("act_on_lines"), {"do": "tell_all", "view": "not_told"}, follow=True)
    assert "2 mails leave" in text(preview)
    assert "Tell 3 customers" in text(preview)  # one of them is to be called


def test_the_recipients_are_listed_in_the_reader_s_language(desk: Client, world: World) -> None:
    preview = chosen(desk, world.first)
    desk.cookies[settings.LANGUAGE_COOKIE_NAME] = "tr"
    said = text(desk.get(url_of(preview)))
    assert "Tarih gecikti" in said
    assert "Date later" not in said


def states(preview: Any) -> dict[str, str]:
    return {letter.customer: letter.state for letter in preview.context["letters"]}


def test_each_recipient_says_what_becomes_of_their_mail(desk: Client, world: World) -> None:
    telling.tell_now([world.first.customer_id], by=None, at=AT)
    Message.objects.filter(kind="later").update(state="accepted", accepted_at=AT)
    an_order((world.kettle, 1), customer=world.second.customer, at=AT)
    gone = an_order((world.kettle, 1), customer=a_customer("Gone Away", email="gone@example.com"), at=AT)
    announce(AT)
    Suppression.objects.create(address="gone@example.com", reason="bounce", at=AT)
    revise(world.line, (90, None))
    assert states(chosen(desk, world.first, world.second, world.unreachable, gone)) == {
        "Elif Kaya": "Held: told 0 h ago",
        "Sami Aydın": "Merged: 2 orders",
        "Nil Nomail": "No e-mail → calls",
        "Gone Away": "Suppressed → calls",
    }


def test_one_walks_through_the_mails_as_wide_as_a_telephone_too(desk: Client, world: World) -> None:
    url = url_of(chosen(desk, world.first, world.second))
    first = desk.get(url, {"mail": "1"})
    assert "Mail 1 of 2" in text(first)
    assert "Next mail" in text(first)
    assert "Previous mail" not in text(first)
    assert "As they will look" not in text(first)
    second = desk.get(url, {"mail": "2", "phone": "1"})
    assert "Mail 2 of 2" in text(second)
    assert 'class="mail narrow"' in second.content.decode()
    assert first.context["one"].customer_id != second.context["one"].customer_id
    for nonsense in ("0", "3", "x", "-1", "99999999"):
        assert "As they will look" in text(desk.get(url, {"mail": nonsense}))


def test_the_state_of_a_page_of_recipients_is_a_fixed_number_of_statements(desk: Client, world: World) -> None:
    def statements(number: int) -> int:
        orders = [an_order((world.kettle, 1), customer=a_customer(f"C {n}"), at=AT) for n in range(number)]
        foreseen = telling.foresee([order.customer_id for order in orders], at=AT)
        with CaptureQueriesContext(connection) as queries:
            fanouts.page(foreseen, 1, at=AT)
        return len(queries)

    assert statements(8) == statements(2)
