"""The digest of an inbox comes once a day to whoever wants it, with what is unread, and not where nothing is."""

import datetime
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from backorders.access.table import SERVICE
from backorders.backoffice.digests import FROM_HOUR, SHOWN, mail_digests
from backorders.desk.models import Preference
from backorders.inbox.models import Notice
from backorders.inbox.posting import post
from backorders.notifications import staff_mails
from backorders.notifications.emails import Rendered
from backorders.notifications.models import StaffMail, Suppression
from tests.backoffice.desk import address, text
from tests.backoffice.test_preferences import usual
from tests.factories import AT, a_user, later

pytestmark = pytest.mark.django_db

DAILY = Preference.Digest.DAILY
WORDS = Rendered("x", "x", "x")


def a_reader(*, language: str = "en", digest: str = DAILY, notices: int = 1, **fields: Any) -> Any:
    """Somebody with this many things unread who wants a digest."""
    person = a_user(SERVICE, **{"email": "ada@example.com", "is_staff": True, **fields})
    Preference.objects.create(person=person, digest=digest, language=language)
    for number in range(notices):
        words = {"job": "x", "about": f"list {number}", "state": "failed", "kind": "apply_import"}
        post(Notice.Kind.JOB, to=[person.pk], key=f"job:{number}", object_id=number, words=words, at=AT)
    return person


def test_what_is_unread_is_mailed_once_a_day_with_the_way_to_each(settings: Any) -> None:
    person = a_reader(notices=2)
    assert (mail_digests(at=AT), mail_digests(at=later(hours=3))) == (1, 0)
    staff_mails.deliver(clock=lambda: AT, until=later(minutes=1))
    sent = mail.outbox[0]
    assert (sent.to, sent.subject) == (["ada@example.com"], "2 things wait in your inbox")
    assert "Import of ETAs failed: list 0." in sent.body
    assert f"{settings.SITE_URL}{address('job', 1)}" in sent.body
    assert mail_digests(at=later(days=1)) == 1
    assert StaffMail.objects.filter(person=person).count() == 2


def test_in_the_readers_language() -> None:
    a_reader(language="tr")
    mail_digests(at=AT)
    made = StaffMail.objects.get()
    assert made.subject == "Gelen kutunuzda bekleyen: 1"
    assert 'lang="tr"' in made.html
    assert "Open the inbox" not in made.html


def test_nothing_comes_where_nothing_is_unread() -> None:
    person = a_reader(notices=0)
    assert mail_digests(at=AT) == 0
    post(Notice.Kind.CALL, to=[person.pk], key="read", at=AT)
    Notice.objects.update(read_at=AT)
    assert mail_digests(at=AT) == 0
    post(Notice.Kind.CALL, to=[person.pk], key="aside", at=AT)
    Notice.objects.filter(key="aside").update(aside_until=later(days=2))
    assert mail_digests(at=AT) == 0
    assert mail_digests(at=later(days=2)) == 1  # it came back


@pytest.mark.parametrize(
    "fields", [{"digest": "off"}, {"is_active": False}, {"is_staff": False}, {"email": ""}, {"email": "nowhere"}]
)
def test_only_who_wants_it_works_here_and_can_be_mailed_gets_one(fields: dict[str, Any]) -> None:
    a_reader(**fields)
    assert mail_digests(at=AT) == 0


def test_an_address_that_is_not_mailed_any_more_gets_none() -> None:
    a_reader()
    Suppression.objects.create(address="ada@example.com", reason="bounce", at=AT)
    assert mail_digests(at=AT) == 0


def test_nobody_is_mailed_in_the_night() -> None:
    a_reader()
    midnight = AT.replace(hour=0) - datetime.timedelta(hours=3)  # in the zone of the business
    assert mail_digests(at=midnight + datetime.timedelta(hours=FROM_HOUR, minutes=-1)) == 0
    assert mail_digests(at=midnight + datetime.timedelta(hours=FROM_HOUR)) == 1


def test_a_second_worker_that_looked_at_the_same_moment_adds_none() -> None:
    person = a_reader()
    draft = staff_mails.Draft(StaffMail.Kind.DIGEST, person.pk, "ada@example.com", "digest:x", WORDS)
    assert [staff_mails.queue([draft], at=AT), staff_mails.queue([draft], at=AT)] == [1, 0]
    assert StaffMail.objects.count() == 1


def test_a_long_inbox_is_cut_and_says_so() -> None:
    a_reader(notices=SHOWN + 3)
    mail_digests(at=AT)
    made = StaffMail.objects.get()
    assert made.subject == f"{SHOWN + 3} things wait in your inbox"
    assert "And 3 more." in made.text
    assert made.html.count("<li>") == SHOWN


def test_many_people_and_notices_take_the_statements_of_one() -> None:
    a_reader()
    with CaptureQueriesContext(connection) as one:
        mail_digests(at=AT)
    for number in range(4):
        a_reader(notices=5, email=f"reader{number}@example.com")
    with CaptureQueriesContext(connection) as many:
        assert mail_digests(at=later(days=1)) == 5
    assert len(many) == len(one)


def test_it_is_wished_for_among_the_preferences_which_say_what_became_of_it(desk: Client) -> None:
    desk.post(address("preferences"), usual(digest="daily"))
    assert Preference.objects.get().digest == DAILY
    person = Preference.objects.get().person
    post(Notice.Kind.CALL, to=[person.pk], key="calls", at=AT)
    mail_digests(at=AT)
    said = text(desk.get(address("preferences")))
    assert "goes to chief@example.com once a day" in said
    assert "1 thing waits in your inbox pending" in said
    assert desk.post(address("preferences"), usual(digest="hourly")).status_code == 422
