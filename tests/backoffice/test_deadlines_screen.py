"""The board of legal deadlines, what a customer decides by phone, and the proof pack."""

import email
import io
import json
import zipfile
from email.message import EmailMessage
from email.policy import default

import pytest
from django.db.models import F
from django.test import Client

from backorders.access.table import AUDITOR, PURCHASING, SERVICE, WAREHOUSE
from backorders.actions import lawful, selling
from backorders.backoffice.proving import proof_pack
from backorders.backoffice.workbench import answering
from backorders.delays.law import State
from backorders.delays.models import LegalCase
from backorders.notifications.models import Message
from backorders.orders.models import OrderLine
from tests.actions.lawdesk import a_sale, case_of, tick
from tests.backoffice.desk import address, fill_in, filled, somebody, text
from tests.factories import TODAY, day, later, revise

pytestmark = pytest.mark.usefixtures("frozen", "db")


def asked(**fields: object) -> OrderLine:
    """A line whose customer was told of a long delay."""
    purchase, line = a_sale(at=later(days=-1), **fields)  # type: ignore[arg-type]
    revise(purchase, (90, None), at=later(days=-1, minutes=1))
    tick(later(days=-1, minutes=10))
    return line


def at_its_end(line: OrderLine, *, days: int) -> None:
    """Let the clock of a line end so many days after today."""
    LegalCase.objects.filter(pk=line.pk).update(clock_on=day(days))


def shown(client: Client, kind: str = "") -> list[tuple[str, int]]:
    rows = client.get(address("deadlines"), {"show": kind}).context["page"].rows
    return [(row.case.state, row.days_left) for row in rows]


def test_the_most_overdue_stands_first_and_each_kind_has_its_list(desk: Client) -> None:
    late, soon, gone = asked(), asked(), asked()
    at_its_end(late, days=-2)
    at_its_end(soon, days=1)
    selling.cancel_line(gone, reason="x", by=None, at=later(minutes=1))
    refund_on = case_of(gone).refund_due_on
    assert refund_on
    left = (refund_on - TODAY).days
    assert shown(desk) == [("opt_long", -2), ("opt_long", 1), ("cancelled_refund_due", left)]
    assert shown(desk, "answer") == [("opt_long", -2), ("opt_long", 1)]
    assert shown(desk, "refund") == [("cancelled_refund_due", left)]
    assert shown(desk, "tell") == []
    said = text(desk.get(address("deadlines")))
    assert "2 days overdue" in said
    assert late.order.number in said


def test_a_limit_that_nobody_has_to_act_on_is_shown_when_it_is_near(desk: Client) -> None:
    _purchase, line = a_sale()
    assert shown(desk) == []
    at_its_end(line, days=3)
    assert shown(desk, "deliver") == [("on_time", 3)]


def test_money_owed_for_a_fortnight_is_alarming_whatever_its_day(desk: Client) -> None:
    line = asked()
    selling.cancel_line(line, reason="x", by=None, at=later(minutes=1))
    LegalCase.objects.filter(pk=line.pk).update(vested_on=day(-14), refund_due_on=day(5))
    [row] = desk.get(address("deadlines")).context["page"].rows
    assert row.tone == "bad"


def test_each_row_counts_the_units_it_is_about(desk: Client) -> None:
    waiting, gone, travelling = asked(), asked(), asked()
    at_its_end(waiting, days=1)
    selling.cancel_line(gone, reason="x", by=None, at=later(minutes=1))
    at_its_end(travelling, days=2)
    OrderLine.objects.filter(pk=travelling.pk).update(waiting=0, shipped=F("quantity"))
    rows = desk.get(address("deadlines")).context["page"].rows
    assert {row.case.line: row.units for row in rows} == {line: line.quantity for line in (waiting, gone, travelling)}
    assert {str(row.case.line_id): row.what for row in rows}[str(travelling.pk)] == "On its way: see that it arrives"


def test_an_empty_board_says_so(desk: Client) -> None:
    assert "Nothing is due by law." in text(desk.get(address("deadlines")))


def test_a_deadline_of_tomorrow_is_an_answer_due() -> None:
    line = asked()
    assert line.pk not in answering.due(TODAY)
    at_its_end(line, days=1)
    assert answering.due(TODAY)[line.pk] == day(1)


def test_the_orders_page_says_what_silence_means_and_by_when(desk: Client) -> None:
    line = asked()
    said = text(desk.get(address("order", line.order_id)))
    assert "No answer means that it is cancelled." in said
    assert "Agrees to wait" in said
    other = a_sale("DE")[1]
    assert "Law of delays: due." in text(desk.get(address("order", other.order_id)))


def test_an_answer_by_phone_is_written_down(desk: Client) -> None:
    line = asked()
    fill_in(desk, address("agree", line.order_id, line.pk), until=str(day(95)))
    assert (case_of(line).state, case_of(line).clock_on) == (State.AGREED, day(95))
    again = fill_in(desk, address("agree", line.order_id, line.pk), until=str(day(-1)))
    assert again.status_code == 422
    assert "has passed" in text(again)


def test_a_last_day_and_the_end_of_a_contract_by_phone(desk: Client) -> None:
    line = a_sale("DE")[1]
    assert fill_in(desk, address("set_last_day", line.order_id, line.pk), until=str(day(9))).status_code == 422
    LegalCase.objects.filter(pk=line.pk).update(limit_on=day(-5), ordered_on=day(-20))
    fill_in(desk, address("set_last_day", line.order_id, line.pk), until=str(day(0)))
    assert case_of(line).state == State.EXTRA_PERIOD
    assert fill_in(desk, address("end_contract", line.order_id, line.pk)).status_code == 422
    LegalCase.objects.filter(pk=line.pk).update(is_essential=True)
    seen = text(desk.post(address("end_contract", line.order_id, line.pk), {"preview": "1"}))
    assert "20.00" in seen, "what goes back is said before"
    fill_in(desk, address("end_contract", line.order_id, line.pk))
    assert case_of(line).state == State.TERMINATED
    line.refresh_from_db()
    assert line.open_quantity == 0


@pytest.mark.parametrize(
    ("country", "words"),
    [("DE", "if it has not arrived by"), ("US", "kept on record"), ("", "kept on record")],
)
def test_an_essential_date_by_phone_is_previewed_and_written_down(desk: Client, country: str, words: str) -> None:
    line = a_sale(country)[1]
    where = address("mark_essential", line.order_id)
    assert address("mark_essential", line.order_id) in desk.get(address("order", line.order_id)).content.decode()
    seen = text(desk.post(where, filled(desk.get(where), is_essential="on", preview="1")))
    assert words in seen
    assert ("may end the contract" in seen) == (country == "DE")
    assert not OrderLine.objects.get(pk=line.pk).order.is_date_essential, "a preview writes nothing"
    assert fill_in(desk, where, is_essential="on").status_code == 302
    said = line.order.decisions.get()
    assert (said.kind, said.channel) == ("essential", "phone")
    assert (said.change_set.source, said.change_set.by is not None) == ("staff", True)
    assert "date is essential" in text(desk.get(address("order", line.order_id)))
    assert "The customer decided it" in text(desk.get(address("change_set", said.change_set_id)))


def test_an_essential_date_is_not_asked_for_where_nothing_is_open(desk: Client) -> None:
    line = a_sale("DE")[1]
    selling.cancel_line(line, reason="x", by=None, at=later(minutes=1))
    where = address("mark_essential", line.order_id)
    assert where not in desk.get(address("order", line.order_id)).content.decode()
    for button in ({"preview": "1"}, {}):
        assert "Nothing is open" in text(desk.post(where, filled(desk.get(where), is_essential="on", **button)))
    assert not line.order.decisions.exists()


def test_whoever_may_not_write_for_customers_sees_no_essential_date() -> None:
    line = a_sale("DE")[1]
    where = address("mark_essential", line.order_id)
    for role in (PURCHASING, WAREHOUSE, AUDITOR):
        assert somebody(role).get(where).status_code == 403
        assert where not in somebody(role).get(address("order", line.order_id)).content.decode()


# -- the proof pack ---------------------------------------------------------------------------------------------------


def opened(pack: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(pack)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def test_the_proof_pack_holds_every_promise_notice_delivery_and_answer() -> None:
    line = asked()
    lawful.agree(line, until=None, by=None, at=later(days=1))
    files = opened(proof_pack(line.order))
    facts = json.loads(files["summary.json"])
    assert facts["lines"][0]["first_promise"][1] == line.first_until.isoformat()  # type: ignore[union-attr]
    assert [event["kind"] for event in facts["events"]] == ["late", "notice", "consent"]
    assert facts["events"][1]["basis"]["supplies"][0]["supplier"] == "Contoso"
    assert facts["promises"][-1]["new_until"] == line.promise.expected_until.isoformat()  # type: ignore[union-attr]
    assert [mail["kind"] for mail in facts["mails"]] == ["confirmation", "answer_needed"]
    assert all(mail["attempts"][0]["outcome"] == "accepted" for mail in facts["mails"])
    assert facts["cases"][0]["pack"] == "us-ftc 1"
    assert b"check with counsel" in files["summary.html"]


def test_each_mail_in_it_is_as_it_was_sent() -> None:
    line = asked()
    files = opened(proof_pack(line.order))
    for message in Message.objects.filter(lines__order=line.order).distinct():
        mail = email.message_from_bytes(files[f"mails/{message.pk}.eml"], policy=default)
        assert isinstance(mail, EmailMessage)
        plain, html = mail.get_body(("plain",)), mail.get_body(("html",))
        assert plain is not None
        assert html is not None
        assert plain.get_content() == message.text
        assert html.get_content().strip() == message.html.strip()
        assert (mail["Subject"], mail["To"]) == (message.subject, message.recipient)
        assert mail["Message-ID"] == message.headers["Message-ID"]


def test_the_same_records_make_the_same_file() -> None:
    line = asked()
    assert proof_pack(line.order) == proof_pack(line.order)
    before = proof_pack(line.order)
    lawful.agree(line, until=None, by=None, at=later(days=1))
    assert proof_pack(line.order) != before


def test_only_who_sees_how_customers_are_reached_gets_it() -> None:
    url = address("proof_pack", asked().order_id)
    answer = somebody(SERVICE).get(url)
    assert answer["Content-Type"] == "application/zip"
    assert "attachment" in answer["Content-Disposition"]
    for role in (PURCHASING, WAREHOUSE, AUDITOR):
        assert somebody(role).get(url).status_code == 403
    assert somebody(SERVICE).get(address("proof_pack", 10**9)).status_code == 404
