"""What is new in a mail: above a quotation, below it, between its lines, in two languages; and who wrote it."""

import time

import pytest

from backorders.notifications.unfolding import Unfolded, is_automatic, is_ours, is_report, text_of_html, unfold

QUOTED = "> Your order arrives\n> 6 to 9 January"
ABOVE = "On Tue, 24 Nov 2026 at 09:00, Kaya Electronics <orders@shop.example> wrote:"


@pytest.mark.parametrize(
    "above",
    [
        ABOVE,
        "On Tue, 24 Nov 2026 at 09:00, Kaya Electronics\n<orders@shop.example> wrote:",
        "Kaya <orders@shop.example>, 24 Kas 2026 Sal, 09:00 tarihinde şunu yazdı:",
        "24 Kas 2026 Sal 09:00 tarihinde Kaya <orders@shop.example> şunları yazdı:",
    ],
)
def test_what_stands_above_a_quotation_is_new(above: str) -> None:
    assert unfold(f"When exactly?\n\n{above}\n\n{QUOTED}\n") == Unfolded("When exactly?", f"{above}\n\n{QUOTED}")


@pytest.mark.parametrize(
    "cut",
    [
        "-----Original Message-----",
        "-----Özgün İleti-----",
        "________________________________",
        "From: Kaya <orders@shop.example>\nSent: Tuesday\nTo: Elif",
        "Kimden: Kaya <orders@shop.example>\nGönderildi: Salı\nKime: Elif",
        "*From:* Kaya <orders@shop.example>\n*Date:* Tuesday",
    ],
)
def test_what_stands_above_a_forwarded_head_is_new(cut: str) -> None:
    assert unfold(f"Please cancel.\n\n{cut}\nYour order").new == "Please cancel."


def test_a_signature_is_folded_and_kept() -> None:
    assert unfold("Thanks\n-- \nElif Kaya\n0532") == Unfolded("Thanks", "-- \nElif Kaya\n0532")


def test_an_answer_below_the_quotation_is_new() -> None:
    found = unfold(f"{ABOVE}\n{QUOTED}\n\nYes, please.")
    assert "Yes, please." in found.new
    assert "> Your" not in found.new


def test_answers_between_the_lines_are_new() -> None:
    assert unfold("> Keep waiting?\nNo.\n> Cancel?\nYes.") == Unfolded("No.\nYes.", "> Keep waiting?\n> Cancel?")


@pytest.mark.parametrize("text", ["> only a quotation", "-- \nonly a signature", "", "\n\n"])
def test_where_nothing_would_be_new_all_of_it_is(text: str) -> None:
    assert unfold(text) == Unfolded(text.strip(), "")


def test_a_sentence_that_sounds_like_a_quotation_s_head_stays() -> None:
    text = "On Monday my wife wrote:\nwe want the red one."
    assert unfold(text) == Unfolded(text, "")


def test_the_words_of_a_page_are_read_and_its_quotation_folded() -> None:
    html = "<style>p{}</style><p>When &amp; where?<br>Elif</p><blockquote><p>Your order</p>arrives</blockquote>"
    text = text_of_html(html)
    assert unfold(text) == Unfolded("When & where?\nElif", "> Your order\n> arrives")


@pytest.mark.parametrize(
    "header",
    [
        ("Auto-Submitted", "auto-replied"),
        ("auto-submitted", "auto-generated; owner"),
        ("X-Auto-Response-Suppress", "All"),
        ("Precedence", "bulk"),
        ("Precedence", "auto_reply"),
        ("X-Autoreply", "yes"),
        ("List-Id", "<list.example>"),
    ],
)
def test_machines_say_that_they_are_machines(header: tuple[str, str]) -> None:
    assert is_automatic([("Subject", "Re: hello"), header], sender="a@example.com", subject="Re: hello")


@pytest.mark.parametrize("subject", ["Automatic reply: New date", "Out of Office: back on Monday", "Otomatik yanıt: x"])
def test_some_say_so_in_the_subject_only(subject: str) -> None:
    assert is_automatic([], sender="a@example.com", subject=subject)


@pytest.mark.parametrize("sender", ["no-reply@example.com", "MAILER-DAEMON@example.com", "bounce+7@example.com"])
def test_nobody_answers_at_some_addresses(sender: str) -> None:
    assert is_automatic([], sender=sender, subject="")


def test_people_are_people() -> None:
    headers = [("Auto-Submitted", "no"), ("Precedence", "first-class"), ("X-Mailer", "Mail")]
    assert not is_automatic(headers, sender="reply@example.com", subject="Re: Out of stock?")


@pytest.mark.parametrize(
    "how", [{"envelope_sender": ""}, {"envelope_sender": "<>"}, {"content_type": "multipart/report"}]
)
def test_reports_have_no_sender_or_say_so(how: dict[str, str]) -> None:
    known = {"sender": "a@example.com", "envelope_sender": "a@example.com", "content_type": "text/plain"}
    assert not is_report(**known)
    assert is_report(**{**known, **how})


def test_a_mail_of_ours_that_came_back_is_ours() -> None:
    ours = ["Shop <orders@shop.example>", ""]
    assert is_ours(sender="orders+tag@shop.example", message_id="", our_addresses=ours)
    assert is_ours(sender="a@example.com", message_id=f"<{'a' * 40}@shop.example>", our_addresses=ours)
    assert not is_ours(sender="a@example.com", message_id="<x@shop.example>", our_addresses=ours)


@pytest.mark.parametrize("tag", ["<style>", "<style ", "<blockquote>", "<br ", "<a href='", "<p\n", "<!--", "</p "])
def test_a_million_tags_without_an_end_take_no_longer_than_words(tag: str) -> None:
    begun = time.process_time()
    text_of_html(tag * (1_000_000 // len(tag)))
    assert time.process_time() - begun < 5, "one look at the rest for each tag would take minutes"


def test_quotations_in_quotations_and_tags_in_tags_are_words() -> None:
    html = "Yes.<blockquote>When?<blockquote>Your order</blockquote>comes</blockquote>Thanks"
    assert unfold(text_of_html(html)).new == "Yes.\n\nThanks"
    assert text_of_html("a" + "<" * 60 + "b>" * 60 + "c").startswith("a")
