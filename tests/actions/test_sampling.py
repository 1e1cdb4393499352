"""A test of a mail reaches whoever asks for it, says that it is one, and tells no customer anything."""

import pytest
from django.utils.translation import override

from backorders.access.checking import NotAllowed
from backorders.access.table import SERVICE, WAREHOUSE
from backorders.actions import sampling
from backorders.allocation.models import Promise
from backorders.notifications.emails import Rendered
from backorders.notifications.models import CallTask, Message, NextUpdate, StaffMail
from tests.actions.desk import a_world, last_change
from tests.factories import AT, a_user

pytestmark = pytest.mark.django_db

MAIL = Rendered("New date: 6 to 9 January", "text", "<p>html</p>")


@pytest.mark.parametrize(("language", "marked"), [("en", "Test: New date"), ("tr", "Deneme: New date")])
def test_a_test_says_in_its_own_language_that_it_is_one(language: str, marked: str) -> None:
    person = a_user(SERVICE, email=" ada@example.com ")
    with override("en"):
        done = sampling.send_test(MAIL, language=language, by=person, at=AT)
    assert done.made.subject.startswith(marked)
    assert (done.made.recipient, done.made.person, done.made.html) == ("ada@example.com", person, MAIL.html)
    assert (last_change().act, last_change().by) == ("send_test", person)


def test_a_test_changes_nothing_that_customers_were_told() -> None:
    a_world()
    kept = [list(model.objects.order_by("pk").values()) for model in (Promise, Message, NextUpdate, CallTask)]
    sampling.send_test(MAIL, language="en", by=a_user(SERVICE, email="ada@example.com"), at=AT)
    assert [list(model.objects.order_by("pk").values()) for model in (Promise, Message, NextUpdate, CallTask)] == kept
    assert StaffMail.objects.count() == 1


@pytest.mark.parametrize("email", ["", "nowhere"])
def test_without_an_address_of_ones_own_there_is_no_test(email: str) -> None:
    with pytest.raises(sampling.NoAddressOfOurs, match="your own account"):
        sampling.send_test(MAIL, language="en", by=a_user(SERVICE, email=email), at=AT)
    assert not StaffMail.objects.exists()


def test_who_writes_to_no_customer_tests_no_mail() -> None:
    with pytest.raises(NotAllowed):
        sampling.send_test(MAIL, language="en", by=a_user(WAREHOUSE, email="ada@example.com"), at=AT)
