"""Our own words are written by one, approved by another, and used only where every place has something to say."""

import pytest
from django.db import IntegrityError, transaction

from backorders.actions import wording
from backorders.notifications import wordings
from backorders.notifications.models import Message, Wording
from backorders.notifications.wordings import BadWording, Words
from backorders.refusal import Refused
from tests.factories import AT, a_line, a_product, a_purchase, a_user, later, revise
from tests.notifications.desk import announce, tell

pytestmark = pytest.mark.django_db

SUBJECT = "Order {number} comes later: {when}"


def written(**texts: str) -> Wording:
    words = Words(**(texts or {"subject": SUBJECT, "opening": "We looked for you."}))
    return wording.write_words("later", language="en", words=words, by=a_user(), at=AT).made


def a_later_mail(*days: int | None) -> Message:
    product = a_product()
    purchase = a_purchase(product, 5)
    a_line(product, 1)
    tell(AT)
    for eta in days or (30,):
        revise(purchase, (eta, None), at=later(hours=1))
    return announce(later(hours=2))[0]


def test_words_are_used_once_somebody_else_approved_them() -> None:
    made = written()
    assert a_later_mail().subject.startswith("New date for order")
    wording.approve_words(made, by=a_user(), at=AT)
    message = a_later_mail()
    assert "comes later:" in message.subject
    assert "We looked for you." in message.text
    assert '<p dir="auto">We looked for you.</p>' in message.html
    assert "New date:" in message.text


def test_nobody_approves_their_personal_text() -> None:
    made = written()
    with pytest.raises(wording.NotApproved):
        wording.approve_words(made, by=made.written_by, at=AT)
    with pytest.raises(IntegrityError), transaction.atomic():
        Wording.objects.filter(pk=made.pk).update(approved_by=made.written_by, approved_at=AT)


def test_the_newest_approved_version_is_used_and_the_shipped_words_stand_behind() -> None:
    first, second, third = written(), written(headline="Second {number}"), written(headline="Third")
    for each in (first, second):
        wording.approve_words(each, by=a_user(), at=AT)
    assert [first.version, second.version, third.version] == [1, 2, 3]
    assert wordings.in_force()["later", "en"].headline == "Second {number}"
    wording.withdraw_words(second, by=a_user(), at=AT)
    assert wordings.in_force()["later", "en"].subject == SUBJECT
    wording.withdraw_words(first, by=a_user(), at=AT)
    assert wordings.in_force() == {}
    assert a_later_mail().subject.startswith("New date for order")


def test_a_version_is_approved_and_withdrawn_once() -> None:
    made = written()
    wording.approve_words(made, by=a_user(), at=AT)
    with pytest.raises(wording.NotApproved):
        wording.approve_words(made, by=a_user(), at=AT)
    wording.withdraw_words(made, by=a_user(), at=AT)
    with pytest.raises(wording.NotApproved):
        wording.withdraw_words(made, by=a_user(), at=AT)


@pytest.mark.parametrize(
    ("texts", "sentence"),
    [
        ({}, "at least one"),
        ({"subject": "Order {number} is late"}, "say a date"),
        ({"opening": "Hello {firstname}"}, "no place {firstname}"),
        ({"opening": "Hello {{ name }}"}, "no place { name }|brace"),
        ({"closing": "a } b"}, "brace"),
        ({"lede": "We are sorry."}, "apology"),
        ({"headline": "x" * 201}, "longer"),
        ({"opening": "a\x00b"}, "cannot be kept"),
    ],
)
def test_texts_that_cannot_work_are_refused(texts: dict[str, str], sentence: str) -> None:
    with pytest.raises(Refused, match=sentence):
        wording.write_words("later", language="en", words=Words(**texts), by=a_user(), at=AT)
    assert not Wording.objects.exists()


def test_a_kind_or_language_that_is_not_there_is_refused() -> None:
    for kind, language in (("nothing", "en"), ("later", "de")):
        with pytest.raises(BadWording):
            wording.write_words(kind, language=language, words=Words(opening="x"), by=a_user(), at=AT)


def test_tags_in_the_words_stay_text() -> None:
    wording.approve_words(written(opening="<b>{number}</b> % now %"), by=a_user(), at=AT)
    message = a_later_mail()
    assert "<b>A-" in message.text
    assert "&lt;b&gt;A-" in message.html
