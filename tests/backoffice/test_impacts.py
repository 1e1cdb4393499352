"""What a preview counts: who must answer by the law, who hears later, and what the lines that get later are worth."""

import json
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.translation import override

from backorders.actions import revising
from backorders.actions.etas import EtaChange, EtaPart
from backorders.backoffice.impacts import Shown, as_kept, kept_impact, shown
from backorders.orders.models import Order, OrderLine
from backorders.supply.models import EtaRevision, PurchaseLine
from tests.actions.lawdesk import a_sale, tick
from tests.backoffice.desk import World, address, filled, text
from tests.compensation.test_leaving import slipped
from tests.factories import AT, a_customer, a_line, a_product, a_purchase, day, later, revise
from tests.notifications.desk import announce, send

pytestmark = pytest.mark.django_db


def seen(purchase: PurchaseLine, eta: int | None, *, hours: float) -> Shown:
    at = later(hours=hours)
    change = EtaChange(purchase.pk, [EtaPart(None if eta is None else day(eta))])
    return shown(revising.preview_eta([change], at=at), at=at)


def told(purchase: PurchaseLine, eta: int, *, hours: float) -> None:
    revise(purchase, (eta, None), at=later(hours=hours))
    announce(later(hours=hours, minutes=40))
    send(later(hours=hours, minutes=41))


def test_who_heard_of_a_date_within_two_days_hears_later_unless_it_presses() -> None:
    product = a_product()
    purchase = a_purchase(product, 9, eta=10)
    a_line(product, 1)
    announce(later(minutes=1))
    send(later(minutes=2))
    told(purchase, 20, hours=100)
    assert (seen(purchase, 30, hours=110).to_tell, seen(purchase, 30, hours=110).held) == (1, 1)
    assert (seen(purchase, 30, hours=160).to_tell, seen(purchase, 30, hours=160).held) == (1, 0)
    assert (seen(purchase, 30, hours=110).leaves_in, seen(purchase, 30, hours=160).leaves_in) == (0, 5)
    told(purchase, 7, hours=160)
    assert seen(purchase, 30, hours=180).held == 0  # what they know begins within two days


@pytest.mark.parametrize(
    ("told_before", "eta", "answers"),
    [(None, 30, 0), (None, 90, 1), (None, None, 1), (30, 60, 1), (None, 5, 0)],
    ids=["silence is consent", "long", "no date", "second delay", "earlier"],
)
def test_who_must_answer_by_the_law_is_counted(told_before: int | None, eta: int | None, answers: int) -> None:
    purchase, _line = a_sale()
    if told_before:
        revise(purchase, (told_before, None), at=later(hours=20))
        tick(later(hours=21))
    foreseen = seen(purchase, eta, hours=30)
    assert foreseen.answers == answers
    assert foreseen.held == 0  # a notice leaves whatever else was said


def test_what_gets_later_is_worth_its_open_units_by_currency() -> None:
    product = a_product(stock=1)
    purchase = a_purchase(product, 20, eta=10)
    three, two = a_line(product, 3), a_line(product, 2)
    OrderLine.objects.filter(pk=three.pk).update(price=Decimal("1890.00"))
    OrderLine.objects.filter(pk=two.pk).update(price=Decimal("10.50"))
    Order.objects.filter(pk=three.order_id).update(currency="TRY")
    assert seen(purchase, 30, hours=1).worth == [("5670.00", "TRY"), ("21.00", "EUR")]
    assert seen(purchase, None, hours=1).worth == [("5670.00", "TRY"), ("21.00", "EUR")]
    assert seen(purchase, 5, hours=1).worth == []


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "Cancelled so far, of lines that came 15–30 days later: 3 of 12: 25 %"),
        ("tr", "Bugüne dek 15–30 gün geciken satırlardan iptal edilenler: 12 içinde 3: %25"),
    ],
)
def test_how_many_left_before_is_said_and_kept(desk: Client, language: str, words: str) -> None:
    world = World()
    slipped(20, lines=12, cancelled=3)
    impact = seen(world.line, 30, hours=1)
    assert impact.left is not None
    kept = kept_impact(json.loads(json.dumps(as_kept(impact))))
    assert kept is not None
    assert kept.left == impact.left
    url = address("purchase_line_eta", world.line.pk)
    form = filled(desk.get(url), how="date", eta_on=day(30), preview="1")
    assert words in text(desk.post(url, form, headers={"Accept-Language": language}))
    assert seen(world.line, 5, hours=1).left is None


def test_everybody_who_moves_is_downloaded_as_a_list(desk: Client) -> None:
    world = World()
    url = address("purchase_line_eta", world.line.pk)
    form = filled(desk.get(url), how="date", eta_on=day(40))
    assert 'name="list"' in desk.post(url, {**form, "preview": "1"}).content.decode()
    file = desk.post(url, {**form, "list": "csv"})
    assert file["Content-Disposition"].startswith('attachment; filename="moves-')
    heading, *rows = file.getvalue().decode().removeprefix("\ufeff").splitlines()
    assert heading.startswith("Order,Customer,Item,Told from,Told until,")
    assert sorted(row.split(",")[1] for row in rows) == ["Elif Kaya", "Nil Nomail", "Sami Aydın"]
    assert all(len(row.split(",")) == 11 for row in rows)
    first = next(row.split(",") for row in rows if world.first.number in row)
    assert first[7:9] == [str(each) for each in seen(world.line, 40, hours=1).rows[0].new or ()]
    assert not EtaRevision.objects.filter(new_on=day(40)).exists()
    turkish = desk.post(url, {**form, "list": "csv"}, headers={"Accept-Language": "tr"}).getvalue().decode()
    assert "Sipariş;Müşteri;" in turkish


def test_a_list_of_what_would_be_refused_is_the_form_with_the_reason(desk: Client) -> None:
    world = World()
    url = address("purchase_line_eta", world.line.pk)
    form = filled(desk.get(url), how="date", eta_on=day(-40))
    answer = desk.post(url, {**form, "list": "csv"})
    assert answer.status_code == 422
    assert "is in the past" in text(answer) or "is before the order date" in text(answer)
    assert desk.post(url, {**form, "eta_on": "", "list": "csv"}).status_code == 422


def test_it_is_kept_as_it_was_shown_and_what_was_kept_before_is_read() -> None:
    world = World()
    impact = seen(world.line, 40, hours=1)
    kept = json.loads(json.dumps(as_kept(impact)))
    again = kept_impact(kept)
    assert again is not None
    assert again.to_tell == impact.to_tell
    assert [tuple(each) for each in again.worth] == impact.worth
    old = {name: value for name, value in kept.items() if name not in ("answers", "held", "worth")}
    assert kept_impact(old) == Shown(**{**again.__dict__, "answers": 0, "held": 0, "worth": ()})


def test_more_moves_take_no_more_statements() -> None:
    def statements(lines: int) -> int:
        product = a_product()
        purchase = a_purchase(product, 900, eta=10)
        for _number in range(lines):
            customer = a_customer(jurisdiction="US", time_zone="UTC")
            a_line(product, 1, customer=customer, is_paid=True)
        tick(AT)
        change = EtaChange(purchase.pk, [EtaPart(day(90))])
        impact = revising.preview_eta([change], at=later(hours=1))
        assert len(impact.moves) == lines
        with CaptureQueriesContext(
            connection,
        ) as caught:
            assert shown(impact, at=later(hours=1)).answers == lines
        return len(caught)

    assert statements(2) == statements(12)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        (
            "en",
            ["1 must answer, or the law cancels what waits.", "Value of the lines that get later or lose their date:"],
        ),
        ("tr", ["1 müşterinin yanıt vermesi gerekir", "satırların tutarı:"]),
    ],
)
def test_the_preview_says_it(desk, language: str, words: list[str]) -> None:  # type: ignore[no-untyped-def]
    purchase, _line = a_sale()
    url = address("purchase_line_eta", purchase.pk)
    form = filled(desk.get(url), how="date", eta_on=day(90), preview="1")
    with override(language):
        said = text(desk.post(url, form, headers={"Accept-Language": language}))
    for each in words:
        assert each in said


def test_the_rows_beyond_fifty_are_shown_fifty_at_a_time() -> None:
    kettle = a_product()
    line = a_purchase(kettle, 200, eta=10)
    for _number in range(120):
        a_line(kettle, 1)
    impact = revising.preview_eta([EtaChange(line.pk, [EtaPart(day(40))])], at=AT)
    pages = [shown(impact, first=first, at=AT) for first in (1, 51, 101)]
    assert [(page.first, page.last, page.moves, page.more) for page in pages] == [
        (1, 50, 120, 70),
        (51, 100, 120, 20),
        (101, 120, 120, 0),
    ]
    assert [(page.previous_first, page.next_first, page.next_rows) for page in pages] == [
        (None, 51, 50),
        (1, 101, 20),
        (51, None, 0),
    ]
    orders = [row.order_id for page in pages for row in page.rows]
    assert len(set(orders)) == 120
    assert all(page.counts == pages[0].counts for page in pages)
    for nonsense in (0, -5, 121, 10**17):
        assert shown(impact, first=nonsense, at=AT).rows == pages[0].rows
