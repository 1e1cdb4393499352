"""The words of mails are written with their letters shown, and approved by somebody else."""

import pytest
from django.test import Client

from backorders.notifications.models import TO_CUSTOMERS, StaffMail, Wording
from tests.backoffice.desk import address, fill_in, text
from tests.factories import AT, a_user


def test_words_are_previewed_at_the_edges_and_kept_for_approval(desk: Client) -> None:
    url = address("write_words", "later", "en")
    said = text(fill_in(desk, url, subject="Later: {when}", preview="1"))
    assert "Later: " in said
    assert "Over the end of a year" in said
    assert fill_in(desk, url, subject="Later: {when}").status_code == 302
    assert Wording.objects.get().approved_at is None
    assert "Somebody else has to approve" in text(
        desk.post(address("decide_words", Wording.objects.get().pk, "approve"), follow=True)
    )


def test_somebody_else_approves_and_withdraws(desk: Client) -> None:
    known = Wording.objects.create(
        kind="later", language="en", version=1, headline="x", written_by=a_user(), written_at=AT
    )
    desk.post(address("decide_words", known.pk, "approve"))
    assert "version 1" in text(desk.get(address("wordings")))
    desk.post(address("decide_words", known.pk, "withdraw"))
    known.refresh_from_db()
    assert known.withdrawn_at is not None


def test_a_place_that_is_not_there_is_refused_with_what_was_typed(desk: Client) -> None:
    response = fill_in(desk, address("write_words", "later", "en"), opening="Hello {firstname}")
    assert response.status_code == 422
    assert "no place {firstname}" in text(response)


@pytest.mark.parametrize("kind", TO_CUSTOMERS)
def test_every_kind_has_its_letters(desk: Client, kind: str) -> None:
    for language in ("en", "tr"):
        assert "refusal" not in fill_in(
            desk, address("write_words", kind, language), opening="{number}", preview="1"
        ).content.decode().replace("form-refusal", "")


def test_a_kind_that_is_not_there_is_not_found(desk: Client) -> None:
    assert desk.get(address("write_words", "nothing", "en")).status_code == 404


def test_a_letter_that_is_shown_is_sent_to_whoever_asks_and_nothing_is_kept(desk: Client) -> None:
    url = address("write_words", "later", "tr")
    sent = fill_in(desk, url, opening="Bize yazın", test="1")
    assert "A test is on its way to chief@example.com." in text(sent)
    assert "Bize yazın" in text(sent)
    mail = StaffMail.objects.get()
    assert mail.subject.startswith("Deneme: ")
    assert "Bize yazın" in mail.text
    assert not Wording.objects.exists()


@pytest.mark.parametrize("test", ["99", "0", "x"])
def test_a_letter_that_is_not_shown_is_not_sent(desk: Client, test: str) -> None:
    assert fill_in(desk, address("write_words", "later", "en"), test=test).status_code == 422
    assert not StaffMail.objects.exists()
