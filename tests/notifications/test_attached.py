"""Files that come with a mail: kept privately with it, within limits, under harmless names, and forgotten with it."""

import datetime
from base64 import b64encode
from collections.abc import Iterator

import pytest
from django.test import override_settings

from backorders.notifications.attached import LARGEST, LARGEST_TOGETHER, MOST, cleaned_name
from backorders.notifications.models import Reply, ReplyFile
from backorders.notifications.policy import TELLING
from backorders.notifications.purging import purge_replies
from tests.notifications.postbox import INBOUND, a_file, a_mail, a_mail_with, came

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.notifications.postbox")]


@pytest.fixture(autouse=True)
def inbound() -> Iterator[None]:
    with override_settings(ANYMAIL={"WEBHOOK_SECRET": "provider:right"}, INBOUND_ADDRESS=INBOUND):
        yield


def kept() -> list[tuple[str, str, int]]:
    return list(ReplyFile.objects.values_list("name", "kind", "size"))


def left_out() -> list[str]:
    return [each["name"] for each in Reply.objects.get().left_out]


def test_a_file_is_kept_as_it_is() -> None:
    picture = bytes(range(256)) * 100
    for _ in range(3):
        assert came(a_mail_with(a_file("dent.jpg", picture, kind="image/jpeg"))) == 200
    assert kept() == [("dent.jpg", "image/jpeg", len(picture))]
    assert bytes(ReplyFile.objects.get().content) == picture
    reply = Reply.objects.get()
    assert (reply.text, reply.attached, reply.left_out) == ("It is broken.", 1, [])


def test_a_name_that_no_parser_reads_costs_neither_the_mail_nor_the_file() -> None:
    assert came(a_mail_with(a_file("=?utf-8?b?A?=", b"x"))) == 200
    assert [(name, size) for name, _kind, size in kept()] == [("=?utf-8?b?A?=", 1)]
    assert Reply.objects.get().nature == "person"


def test_two_mails_that_differ_in_their_files_are_two() -> None:
    for content in (b"one", b"two", b"two"):
        came(a_mail_with(a_file("a.txt", content)))
    assert Reply.objects.count() == ReplyFile.objects.count() == 2


def test_a_picture_among_the_words_and_a_mail_within_the_mail_are_files() -> None:
    forwarded = (
        "Content-Type: message/rfc822\r\nContent-Disposition: attachment; filename=old.eml\r\n\r\n"
        + a_mail_with(a_file("inner.pdf", b"inner"), text="Not my words")
        .replace("--b", "--inner")
        .replace("boundary=b", "boundary=inner")
    )
    inline = a_file("IMG_1.HEIC", b"x", kind="image/heic", disposition="inline")
    unnamed = "Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\nAAAA"
    assert came(a_mail_with(forwarded, inline, unnamed)) == 200
    assert [name for name, _kind, _size in kept()] == ["old.eml", "IMG_1.HEIC", "attachment-3"]
    assert b"inner.pdf" in bytes(ReplyFile.objects.get(name="old.eml").content)
    assert Reply.objects.get().text == "It is broken."


def test_what_is_over_a_limit_is_named_and_not_kept() -> None:
    full, over = b"x" * LARGEST, b"x" * (LARGEST + 1)
    assert came(a_mail_with(a_file("over", over), a_file("full", full), a_file("small", b"x"))) == 200
    assert [(name, size) for name, _kind, size in kept()] == [("full", LARGEST), ("small", 1)]
    assert left_out() == ["over"]


def test_a_mail_keeps_so_much_together() -> None:
    half = LARGEST_TOGETHER // 2
    assert came(a_mail_with(*(a_file(f"{n}", b"x" * size) for n, size in enumerate([half, half, 1])))) == 200
    assert [name for name, _kind, _size in kept()] == ["0", "1"]
    assert left_out() == ["2"]


def test_of_ten_thousand_files_some_are_kept_some_named_and_all_counted() -> None:
    assert came(a_mail_with(*(a_file(f"{number}.png", b"x") for number in range(10_000)))) == 200
    assert [name for name, _kind, _size in kept()] == [f"{number}.png" for number in range(MOST)]
    assert left_out() == [f"{number}.png" for number in range(MOST, 2 * MOST)]
    reply = Reply.objects.get()
    assert (reply.attached, reply.not_kept(MOST), reply.text) == (10_000, 9_980, "It is broken.")


@pytest.mark.parametrize(
    ("part", "name"),
    [
        ("Content-Disposition: attachment; filename=a.bin\r\nContent-Transfer-Encoding: base64\r\n\r\n!§%$", "a.bin"),
        ("Content-Disposition: attachment; filename=a.bin\r\nContent-Transfer-Encoding: base64\r\n\r\nA", "a.bin"),
        ("Content-Disposition: attachment; filename=a.bin\r\nContent-Transfer-Encoding: x-none\r\n\r\nA", "a.bin"),
        ("Content-Disposition: attachment; filename=a\r\nContent-Transfer-Encoding: uuencode\r\n\r\nbegin", "a"),
        ("Content-Disposition: attachment\r\n\r\nA", "attachment-1"),
        ("Content-Disposition: attachment; filename=\r\n\r\nA", "attachment-1"),
        ('Content-Disposition: attachment; filename="../../etc/passwd"\r\n\r\nA', "passwd"),
        ('Content-Disposition: attachment; filename="C:\\\\temp\\\\bill.pdf"\r\n\r\nA', "bill.pdf"),
        ('Content-Disposition: attachment; filename="=?utf-8?b?xLBhZGUucGRm?="\r\n\r\nA', "İade.pdf"),
        ("Content-Disposition: attachment; filename*=utf-8''%C4%B0ade.pdf\r\n\r\nA", "İade.pdf"),
        ("Content-Disposition: attachment; filename*=no-such''%FF%FE\r\n\r\nA", "ÿþ"),
        ("Content-Disposition: attachment; filename*0=a; filename*9*=x'y; filename*='\r\n\r\nA", None),
        ("Content-Disposition: ;;;=;attachment\r\nContent-Type: ///;name=x\r\n\r\nA", "x"),
        ('Content-Type: a/b/<c>; name="a\0\x07.pdf"\r\n\r\nA', "a.pdf"),
        ("Content-Type: message/rfc822; name=a\r\nContent-Transfer-Encoding: base64\r\n\r\nA", "a"),
    ],
)
def test_a_poisoned_file_breaks_nothing(part: str, name: str | None) -> None:
    assert came(a_mail_with(part, a_file("good.pdf", b"good"))) == 200
    reply = Reply.objects.get()
    assert (reply.nature, reply.text, reply.attached) == ("person", "It is broken.", 2)
    names = [each for each, _kind, _size in kept()] + left_out()
    assert "good.pdf" in names
    assert name is None or name in names
    assert not [each for each in names if {"/", "\\", "\0"} & set(each)]


def test_mails_within_mails_a_thousand_deep_are_kept_for_staff() -> None:
    raw = a_mail_with(a_file("a", b"x"))
    deep = "".join(f"Content-Type: multipart/mixed; boundary=d{n}\r\n\r\n--d{n}\r\n" for n in range(1000))
    assert came(a_mail_with(deep + "\r\nx")) == 200
    assert came(raw) == 200
    assert set(Reply.objects.values_list("nature", flat=True)) == {"unreadable", "person"}


@pytest.mark.parametrize("headers", [{"Auto-Submitted": "auto-replied"}, {"From": "MAILER-DAEMON@example.com"}])
def test_of_what_machines_send_files_are_named_only(headers: dict[str, str]) -> None:
    assert came(a_mail_with(a_file("report.txt", b"x"), **headers)) == 200
    assert not ReplyFile.objects.exists()
    assert left_out() == ["report.txt"]


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("dent.jpg", "dent.jpg"),
        ("..", "attachment-7"),
        ("/", "attachment-7"),
        (".htaccess", "htaccess"),
        ("bill\u202efdp.exe", "billfdp.exe"),
        ("a\r\nSet-Cookie: x", "aSet-Cookie: x"),
        ("  two   words .pdf ", "two words .pdf"),
        ("fotoğraf 😀.jpg", "fotoğraf 😀.jpg"),
        ("x" * 400 + ".pdf", "x" * 146 + ".pdf"),
        ("x" * 400, "x" * 150),
        ("a." + "x" * 400, None),
    ],
)
def test_a_name_names_nothing_but_a_file(given: str, name: str | None) -> None:
    cleaned = cleaned_name(given, number=7)
    assert name is None or cleaned == name
    assert 0 < len(cleaned) <= 150
    assert cleaned_name(cleaned, number=7) == cleaned


def test_files_and_words_are_forgotten_when_their_time_has_come() -> None:
    came(a_mail_with(a_file("a.pdf", b"x"), a_file("b.pdf", b"x" * (LARGEST + 1))))
    came(a_mail(to=""))
    received_at = Reply.objects.earliest("received_at").received_at
    Reply.objects.update(received_at=received_at)
    end = received_at + datetime.timedelta(days=TELLING.keep_days)
    assert purge_replies(at=end - datetime.timedelta(seconds=1)) == 0
    assert ReplyFile.objects.count() == 1
    assert purge_replies(at=end) == 2
    assert not ReplyFile.objects.exists()
    assert set(Reply.objects.values_list("text", "folded", "attached", "sender")) == {
        ("", "", 2, "ada@example.com"),
        ("", "", 0, "ada@example.com"),
    }
    assert left_out_everywhere() == []
    assert purge_replies(at=end) == 0


def left_out_everywhere() -> list[str]:
    return [each["name"] for reply in Reply.objects.all() for each in reply.left_out]


def test_a_mail_of_files_alone_is_forgotten_too() -> None:
    came(a_mail_with(a_file("a.pdf", b64encode(b"x")), text=""))
    [reply] = Reply.objects.all()
    assert reply.text == ""
    assert purge_replies(at=reply.received_at + datetime.timedelta(days=TELLING.keep_days)) == 1
    assert not ReplyFile.objects.exists()
