"""A mail on the wire is read by others as the same mail that Django would build."""

from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest

from backorders.notifications.emails import render
from backorders.notifications.mime import Mail
from backorders.notifications.models import TO_CUSTOMERS
from tests.notifications.letters import LINKS, ordinary

KINDS = list(TO_CUSTOMERS)


def mail(kind: str = "later", language: str = "tr", **fields: str) -> Mail:
    words = render(ordinary(kind, language), links=LINKS)
    given = {"subject": words.subject, "text": words.text, "html": words.html, "recipient": "elif@example.com"}
    headers = {"Message-ID": "<1@shop.example>", "Auto-Submitted": "auto-generated"}
    sender = "Şirket Siparişleri <orders@shop.example>"
    return Mail(
        identity="a1b2c3", from_email=sender, reply_to=["o@shop.example"], headers=headers, **{**given, **fields}
    )


def read(content: bytes) -> EmailMessage:
    return message_from_bytes(content, policy=policy.default)  # type: ignore[return-value]


@pytest.mark.parametrize("language", ["en", "tr"])
@pytest.mark.parametrize("kind", KINDS)
def test_it_is_what_django_would_have_built(kind: str, language: str) -> None:
    made = mail(kind, language)
    ours, theirs = read(made.wire()), read(made.message().as_bytes())
    for name in ("Subject", "From", "To", "Reply-To", "Message-ID", "Auto-Submitted", "MIME-Version"):
        assert str(ours[name]) == str(theirs[name]).strip(), name
    assert ours.get_content_type() == theirs.get_content_type() == "multipart/alternative"
    for our_part, their_part in zip(ours.iter_parts(), theirs.iter_parts(), strict=True):
        assert our_part.get_content_type() == their_part.get_content_type()
        assert our_part.get_content().split() == their_part.get_content().split()
        assert not our_part.defects
    assert not ours.defects


def test_it_is_text_that_smtp_carries() -> None:
    content = mail().wire()
    head, _, _ = content.partition(b"\r\n\r\n")
    assert head.isascii()
    lines = content.split(b"\r\n")
    assert max(map(len, lines)) <= 998
    assert not [line for line in lines if b"\n" in line or b"\r" in line]


def test_a_long_subject_of_many_letters_is_split_between_letters() -> None:
    subject = "ığüşöç€" * 20
    made = read(mail(subject=subject).wire())
    assert made["Subject"] == subject


def test_a_line_too_long_for_smtp_goes_the_long_way() -> None:
    text = "ş" * 2000
    made = mail(text=text).wire()
    assert max(map(len, made.split(b"\r\n"))) <= 998
    [plain, _] = read(made).iter_parts()
    assert plain.get_content().strip() == text


def test_a_domain_beyond_ascii_travels_in_its_own_form() -> None:
    assert mail(recipient="elif@çiçek.example").route == "elif@xn--iek-1lab.example"


def test_a_header_cannot_begin_another_one() -> None:
    assert "Bcc" not in read(mail(subject="ş\nBcc: x@example.com").wire())
    with pytest.raises(ValueError, match="newline"):
        mail(subject="s\nBcc: x@example.com").wire()
