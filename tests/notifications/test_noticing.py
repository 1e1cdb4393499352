"""What the law asks us to tell: which words, when, past every filter, and once more where silence would cost."""

import datetime
from typing import Any

import pytest

from backorders.actions import deadlines, lawful, revising, telling
from backorders.actions.etas import EtaChange, EtaPart
from backorders.delays.law import State
from backorders.delays.models import LegalCase
from backorders.notifications import books, noticing
from backorders.notifications.models import CallTask, Message
from backorders.orders.models import OrderLine
from backorders.supply.models import PurchaseLine
from tests.actions.lawdesk import a_sale, case_of, comes_back, tick
from tests.factories import AT, a_customer, a_line, a_product, a_purchase, a_user, day, later, revise
from tests.notifications.desk import announce, send

pytestmark = pytest.mark.django_db

CONSENT = {"en": "we take it that you agree", "tr": "kabul ettiğinizi varsayar"}
CANCEL = {"en": "we cancel what has not been sent", "tr": "gönderilmemiş olanı iptal eder"}
NOTHING = {"en": "We cancel nothing by ourselves", "tr": "Kendiliğimizden hiçbir şeyi iptal etmeyiz"}


def said(message: Message) -> str:
    return " ".join(message.text.split())


def slips(purchase: PurchaseLine, eta: int | None, *, on: float) -> list[Message]:
    revise(purchase, (eta, None), at=later(days=on))
    return [*tick(later(days=on)), *tick(later(days=on, minutes=10))]


def late_sale(eta: int | None, **fields: Any) -> tuple[PurchaseLine, OrderLine, Message]:
    purchase, line = a_sale(**fields)
    [notice] = slips(purchase, eta, on=1)
    return purchase, line, notice


@pytest.mark.parametrize("language", ["en", "tr"])
def test_the_opposite_sentences_follow_from_the_state_alone(language: str) -> None:
    short = late_sale(30, customer={"language": language})[2]
    long = late_sale(90, customer={"language": language})[2]
    open_ended = late_sale(None, customer={"language": language})[2]
    assert (CONSENT[language] in said(short), CANCEL[language] in said(short)) == (True, False)
    for notice in (long, open_ended):
        assert (CONSENT[language] in said(notice), CANCEL[language] in said(notice)) == (False, True)
    assert all(NOTHING[language] not in said(notice) for notice in (short, long, open_ended))


def test_a_notice_names_the_day_of_shipping_the_choices_and_the_last_day() -> None:
    _purchase, line, notice = late_sale(90)
    case = case_of(line)
    assert case.revised_on
    assert case.clock_on
    text = said(notice)
    assert f"We send it by: {case.revised_on.day} " in text
    assert case.revised_on < line.promise.expected_until  # type: ignore[operator]
    assert "Agree to wait" in text
    assert "Cancel now: we pay back everything, promptly" in text
    assert "Answering is free of charge" in text
    assert str(case.clock_on.day) in notice.subject
    assert line.order.number in text
    assert "may still cancel any time" not in text


def test_without_a_date_the_notice_says_so_and_why_and_what_an_open_answer_leaves() -> None:
    text = said(late_sale(None)[2])
    assert "We cannot give you a date yet." in text
    assert "The reason:" in text
    assert "may still cancel any time before we send it" in text


def test_a_second_delay_is_a_renewed_notice_whose_last_day_is_the_date_we_gave() -> None:
    purchase, line, _notice = late_sale(30)
    first = case_of(line).clock_on
    [renewed] = slips(purchase, 50, on=9)
    assert CANCEL["en"] in said(renewed)
    assert (case_of(line).state, case_of(line).clock_on) == (State.OPT_RENEWED, first)


def test_whoever_has_to_answer_is_asked_at_half_time_and_two_days_before() -> None:
    _purchase, line, _notice = late_sale(90)
    case = case_of(line)
    assert case.clock_on
    days = (case.clock_on - day(0)).days
    asked = [on for on in range(2, days + 1) if [mail.kind for mail in tick(later(days=on))] == ["answer_needed"]]
    assert len(asked) == 2
    assert abs(asked[0] - days // 2) <= 1
    assert asked[1] == days - 2
    again = Message.objects.order_by("-id")[0].text
    assert "We still need your answer" in again
    assert "It was" not in again, "the date is the one that was told"
    assert "Before:" not in again
    assert case_of(line).state == State.OPT_LONG


def test_whoever_answered_or_need_not_is_not_reminded() -> None:
    _purchase, line, _notice = late_sale(90)
    lawful.agree(line, until=None, by=None, at=later(days=2))
    assert case_of(line).remind_on is None
    assert case_of(late_sale(30)[1]).remind_on is None


def test_a_date_that_moves_while_the_answer_is_open_is_told_with_the_same_last_day() -> None:
    purchase, line, _notice = late_sale(90)
    last = case_of(line).clock_on
    [again] = slips(purchase, 120, on=5)
    assert again.kind == "answer_needed"
    assert CANCEL["en"] in said(again)
    assert case_of(line).clock_on == last
    assert slips(purchase, 120, on=9) == []


def test_a_better_date_is_told_without_asking() -> None:
    purchase, line, _notice = late_sale(90)
    [better] = slips(purchase, 60, on=9)
    assert better.kind == "earlier"
    assert case_of(line).state == State.OPT_LONG


def test_no_cap_holds_a_notice_back() -> None:
    purchase, _line = a_sale()
    customer = _line.order.customer
    other = a_product()
    soon = a_purchase(other, 9, eta=10, at=AT)
    a_line(other, 1, customer=customer)
    tick(AT)
    assert [mail.kind for mail in slips(soon, 14, on=1)] == ["later"]
    assert [mail.kind for mail in slips(purchase, 30, on=1.1)] == ["answer_needed"]  # within the cap of two days


def test_no_rest_is_waited_for_on_the_last_day() -> None:
    purchase, line = a_sale()
    limit = datetime.datetime.combine(case_of(line).limit_on, datetime.time(9), tzinfo=datetime.UTC)
    revise(purchase, (30, None), at=limit)
    assert [mail.kind for mail in tick(limit)] == ["answer_needed"]
    assert case_of(line).state == State.OPT_SHORT


def test_a_notice_is_not_held_by_staff_who_held_another_mail() -> None:
    purchase, line = a_sale()
    revise(purchase, (3, None), at=later(days=1))
    [held] = announce(later(days=1, minutes=10))
    telling.hold([held], reason="wait", by=a_user(), at=later(days=1, minutes=10))
    revise(purchase, (40, None), at=later(days=1, minutes=20))
    mails = [*tick(later(days=1, minutes=21)), *tick(later(days=1, minutes=31))]
    assert [(mail.kind, mail.state) for mail in mails] == [("answer_needed", "accepted")]
    assert case_of(line).state == State.OPT_SHORT


def test_a_notice_whose_date_moves_before_it_leaves_is_written_again() -> None:
    purchase, line = a_sale()
    revise(purchase, (30, None), at=later(days=1))
    deadlines.keep(at=later(days=1))
    [first] = announce(later(days=1, minutes=10))
    assert case_of(line).notice_at == first.created_at
    revise(purchase, (50, None), at=later(days=1, minutes=11))
    send(later(days=1, minutes=11))
    assert case_of(line).notice_at is None
    mails = [*tick(later(days=1, minutes=12)), *tick(later(days=1, minutes=22))]
    assert [mail.kind for mail in mails] == ["answer_needed"]
    first.refresh_from_db()
    assert first.state == "superseded"


def test_whoever_cannot_be_mailed_is_called_and_the_clock_runs() -> None:
    purchase, line = a_sale(customer={"email": "nowhere"})
    [notice] = slips(purchase, 90, on=1)
    assert notice.state == "suppressed"
    assert CallTask.objects.filter(message=notice, done_at=None).exists()
    assert case_of(line).state == State.NOTICE_DUE
    tick(later(days=60))
    assert case_of(line).state == State.CANCELLED_REFUND_DUE


def test_one_customer_with_several_late_lines_gets_one_mail() -> None:
    customer = a_customer(jurisdiction="US", time_zone="UTC")
    product, other = a_product(), a_product()
    purchases = [a_purchase(product, 9, eta=10), a_purchase(other, 9, eta=10)]
    lines = [a_line(each, 1, customer=customer, is_paid=True) for each in (product, other)]
    tick(AT)
    for purchase, eta in zip(purchases, (30, 90), strict=True):
        revise(purchase, (eta, None), at=later(days=1))
    mails = [*tick(later(days=1)), *tick(later(days=1, minutes=10))]
    assert [mail.kind for mail in mails] == ["answer_needed"]
    assert CONSENT["en"] in said(mails[0])
    assert CANCEL["en"] in said(mails[0])
    assert [case_of(line).state for line in lines] == [State.OPT_SHORT, State.OPT_LONG]


def test_a_complaint_does_not_silence_what_the_law_asks_for() -> None:
    purchase, line = a_sale()
    comes_back(Message.objects.get(), at=later(hours=1), kind="complained")
    slips(purchase, 30, on=1)
    assert case_of(line).state == State.OPT_SHORT


def test_a_notice_that_was_not_delivered_within_a_day_is_called_about(settings: Any) -> None:
    settings.ANYMAIL = {**settings.ANYMAIL, "WEBHOOK_SECRET": "user:word"}
    _purchase, line, notice = late_sale(90)
    tick(later(days=1, hours=20))
    assert not CallTask.objects.exists()
    tick(later(days=3))
    assert CallTask.objects.get().message == notice
    assert case_of(line).state == State.OPT_LONG


def test_the_books_miss_a_notice_that_reached_nobody() -> None:
    _purchase, line, notice = late_sale(90)
    assert [found for found in books.differences() if found.invariant == 8] == []
    Message.objects.filter(pk=notice.pk).update(delivery=Message.Delivery.BOUNCED)
    assert any("has to decide" in found.sentence for found in books.differences())
    CallTask.objects.create(customer=line.order.customer, message=notice, why="x", opened_at=AT)
    assert not any("has to decide" in found.sentence for found in books.differences())
    assert LegalCase.objects.filter(state=State.OPT_LONG).count() == 1


@pytest.mark.parametrize("before", ["on_time", "opt_short", "agreed"])
def test_an_ordinary_mail_never_comes_before_the_notice_when_mails_are_written_first(before: str) -> None:
    purchase, line = a_sale()
    if before != "on_time":
        revise(purchase, (30 if before == "opt_short" else 60, None), at=later(days=1))
        assert [mail.kind for mail in [*tick(later(days=1)), *tick(later(days=1, minutes=10))]] == ["answer_needed"]
    if before == "agreed":
        lawful.agree(line, until=None, by=None, at=later(days=2))
    assert case_of(line).state == before
    revise(purchase, (85, None), at=later(days=3))
    assert announce(later(days=3, minutes=10)) == []
    assert case_of(line).state == before
    assert [mail.kind for mail in tick(later(days=3, minutes=11))] == ["answer_needed"]
    assert announce(later(days=3, minutes=30)) == []


def test_a_line_whose_time_is_over_is_not_told_of_a_later_date_before_it_is_cancelled() -> None:
    purchase, line = a_sale()
    revise(purchase, (85, None), at=later(days=40))
    assert announce(later(days=40, minutes=10)) == []
    assert [mail.kind for mail in tick(later(days=40, minutes=11))] == ["cancelled"]
    assert line.pk


def test_other_lines_are_told_while_one_waits_for_its_notice() -> None:
    purchase, line = a_sale()
    product = a_product()
    other = a_purchase(product, 9, eta=10)
    a_line(product, 1, customer=a_customer(), is_paid=True)
    tick(AT)
    for each in (purchase, other):
        revise(each, (30, None), at=later(days=1))
    assert [mail.kind for mail in announce(later(days=1, minutes=10))] == ["later"]
    assert case_of(line).notice_at is None


@pytest.mark.parametrize("told_before", [None, 30, 90], ids=["first delay", "second delay", "asked already"])
@pytest.mark.parametrize("eta", [5, 30, 50, 90, None])
def test_what_a_date_would_ask_is_foreseen_as_it_is_told(told_before: int | None, eta: int | None) -> None:
    purchase, line = a_sale()
    if told_before:
        slips(purchase, told_before, on=1)
    at = later(days=5)
    change = EtaChange(purchase.pk, [EtaPart(None if eta is None else day(eta))])
    moves = revising.preview_eta([change], at=at).moves
    offers = noticing.foreseen({move.line_id: move.new and move.new.last for move in moves}, at=at)
    slips(purchase, eta, on=5)
    case = case_of(line)
    is_told = case.notice_at is not None and case.notice_at >= at
    assert (line.pk in offers) == is_told
    if is_told:
        assert offers[line.pk].state == case.state
        assert offers[line.pk].answer_by == case.clock_on
