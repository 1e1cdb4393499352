"""The suppliers' page: looked at without a trace, answered without a login, checked, sent, and changed afterwards."""

import re
from typing import Any

import pytest
from django.test import Client

from backorders.actions import asking, proposals
from backorders.chasing.models import EtaProposal, RequestLine
from backorders.notifications.models import SupplierLink
from tests.actions.desk import stored
from tests.chasing.desk import TOKEN, Asked
from tests.factories import AT, a_supplier, a_user, day, later, revise

URL = f"/s/{TOKEN}/"

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("now")]


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock stands still an hour after the question."""
    monkeypatch.setattr("django.utils.timezone.now", lambda: later(hours=1))


def typed(asked: Asked, **fields: Any) -> dict[str, str]:
    """What the form of the line sends."""
    named = {"seen": asked.purchase.version, **fields}
    return {f"line-{asked.line.pk}-{name}": str(value) for name, value in named.items()}


def hidden(page: Any) -> dict[str, str]:
    """The hidden fields of a page."""
    html = page.content.decode()
    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', html))


def answered(asked: Asked, **fields: Any) -> Any:
    """Fill in the form, look at it once more, send it."""
    client = Client(enforce_csrf_checks=True)
    checked = client.post(URL, {**typed(asked, **fields), "step": "check"})
    assert checked.status_code == 200, checked.content.decode()
    return client.post(URL, {**hidden(checked), "step": "send"}, follow=True)


def test_the_page_shows_goods_and_dates_and_nothing_of_customers_or_prices() -> None:
    asked = Asked()
    page = Client().get(URL).content.decode()
    assert asked.product.name in page
    assert asked.purchase.purchase_order.number in page
    customer = asked.waiting.order.customer
    for secret in (customer.name, customer.email, asked.waiting.order.number, "10.00", "EUR"):
        assert secret not in page


def test_a_moved_date_is_checked_sent_and_confirmed_with_a_reference() -> None:
    asked = Asked()
    done = answered(asked, answer="move", on=day(20), note="the mould broke", reason_code="production")
    proposal = EtaProposal.objects.get()
    assert (proposal.answer, proposal.parts, proposal.note) == ("move", [[str(day(20)), None, None]], "the mould broke")
    page = done.content.decode()
    assert proposal.reference in page
    assert "21 June 2026" in page


@pytest.mark.parametrize(
    ("fields", "answer"),
    [
        ({"answer": "confirm"}, "confirm"),
        ({"answer": "split", "units_1": 6, "on_1": day(12), "units_2": 4, "on_2": day(30)}, "split"),
        ({"answer": "refuse", "note": "out of production"}, "refuse"),
    ],
)
def test_every_way_to_answer(fields: dict[str, Any], answer: str) -> None:
    assert answered(Asked(), **fields).status_code == 200
    assert EtaProposal.objects.get().answer == answer


@pytest.mark.parametrize(
    ("fields", "sentence", "kept"),
    [
        ({"answer": "move", "on": "31.02.2026"}, "This is no date.", "31.02.2026"),
        ({"answer": "move", "on": day(-3)}, "is before the order date", str(day(-3))),
        ({"answer": "move"}, "Give the new date.", ""),
        ({"answer": "split", "units_1": 6, "on_1": day(12), "units_2": 5, "on_2": day(30)}, "10 are outstanding", "5"),
        ({"answer": "split", "units_1": 6, "on_1": day(12)}, "at least two parts", "6"),
        ({"answer": "refuse"}, "Say why it does not come.", ""),
        ({}, "Answer at least one line.", ""),
        ({"answer": "move", "on": day(20), "note": "x" * 501}, "500", "x" * 501),
    ],
)
def test_what_cannot_be_gets_a_sentence_and_loses_nothing(fields: dict[str, Any], sentence: str, kept: str) -> None:
    asked = Asked()
    before = stored()
    page = Client().post(URL, {**typed(asked, **fields), "step": "check"})
    assert page.status_code == 422
    assert sentence in page.content.decode()
    assert kept in page.content.decode()
    assert stored() == before


def test_going_back_from_the_check_keeps_everything_and_accuses_of_nothing() -> None:
    asked = Asked()
    client = Client()
    checked = client.post(URL, {**typed(asked, answer="move", on=day(20), note="kept"), "step": "check"})
    page = client.post(URL, {**hidden(checked), "step": "edit"})
    assert page.status_code == 200
    for value in (str(day(20)), "kept"):
        assert value in page.content.decode()
    assert 'role="alert"' not in page.content.decode()


def test_the_same_delivery_twice_is_one_answer() -> None:
    asked = Asked()
    client = Client()
    sent = {**hidden(client.post(URL, {**typed(asked, answer="move", on=day(20)), "step": "check"})), "step": "send"}
    assert [client.post(URL, sent).status_code for _ in range(3)] == [303, 303, 303]
    assert EtaProposal.objects.count() == 1


def test_a_forged_or_foreign_key_sends_nothing() -> None:
    asked = Asked()
    for key in ("", "made-up"):
        sent = {**typed(asked, answer="move", on=day(20)), "step": "send", "key": key}
        assert Client().post(URL, sent).status_code == 409
    assert not EtaProposal.objects.exists()


def test_an_answer_can_be_changed_until_it_is_acted_upon() -> None:
    asked = Asked()
    answered(asked, answer="move", on=day(20))
    assert "Change the answer" in Client().get(URL).content.decode()
    answered(asked, answer="move", on=day(25))
    assert EtaProposal.objects.filter(state="waiting").get().parts[0][0] == str(day(25))
    proposals.reject(
        [EtaProposal.objects.get(state="waiting").pk], reason="too late for us", by=a_user(), at=later(hours=2)
    )
    page = Client().get(URL).content.decode()
    assert "too late for us" in page
    assert "Change the answer" not in page
    refused = Client().post(URL, {**typed(asked, answer="move", on=day(22)), "step": "check"})
    assert refused.status_code == 422


def test_a_date_that_the_buyer_changed_meanwhile_is_shown_anew_with_what_was_typed() -> None:
    asked = Asked()
    client = Client()
    checked = client.post(
        URL, {**typed(asked, answer="split", units_1=6, on_1=day(12), units_2=4, on_2=day(30)), "step": "check"}
    )
    revise(asked.purchase, (15, None))
    asking.end_settled(at=AT)
    page = client.post(URL, {**hidden(checked), "step": "send"})
    assert page.status_code == 409
    assert "16 June 2026" in page.content.decode()
    assert str(day(30)) in page.content.decode()
    again = client.post(URL, {**typed(asked), **_fields(page, asked), "step": "check"})
    assert again.status_code == 200
    assert client.post(URL, {**hidden(again), "step": "send"}).status_code == 303


def _fields(page: Any, asked: Asked) -> dict[str, str]:
    """What the browser would send again of a page that was shown with what was typed."""
    html = page.content.decode()
    fields = re.findall(r'<input type="(?:hidden|number|date|text)" name="(line-[^"]+)" value="([^"]*)"', html)
    return {**dict(fields), f"line-{asked.line.pk}-answer": "split"}


# -- links (R32) ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["", "done/"])
@pytest.mark.parametrize("method", ["get", "head", "options", "put", "delete"])
def test_scanners_change_nothing(path: str, method: str) -> None:
    Asked()
    before = stored()
    for _ in range(3):
        answer = getattr(Client(), method)(URL + path)
        assert answer.status_code in (200, 405)
    assert stored() == before


def test_wrong_expired_and_revoked_links_get_one_page(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = Asked()
    pages = {Client().get("/s/made-up/").content}
    SupplierLink.objects.update(expires_at=AT)
    pages.add(Client().get(URL).content)
    SupplierLink.objects.update(expires_at=later(days=90), revoked_at=AT)
    pages.add(Client().get(URL).content)
    refused = Client().post(URL, {**typed(asked, answer="confirm"), "step": "send"})
    assert (refused.status_code, len(pages | {refused.content})) == (404, 1)
    assert not EtaProposal.objects.exists()


def test_a_foreign_line_cannot_be_answered_through_ones_own_link() -> None:
    asked = Asked()
    foreign = RequestLine.objects.create(
        request=type(asked.request).objects.create(supplier=a_supplier("Fabrikam"), opened_at=AT, closed_at=AT),
        purchase_line=asked.purchase,
        why="by_hand",
        asked_at=AT,
        ended_at=None,
        answered_at=AT,
    )
    sent = {f"line-{foreign.pk}-answer": "refuse", f"line-{foreign.pk}-note": "x", "step": "check"}
    assert Client().post(URL, sent).status_code == 422
    assert not EtaProposal.objects.exists()


def test_nobody_keeps_the_page_learns_its_address_or_lists_it() -> None:
    Asked()
    answer = Client().get(URL)
    assert answer["Referrer-Policy"] == "no-referrer"
    assert "no-store" in answer["Cache-Control"]
    assert "noindex" in answer["X-Robots-Tag"]
    assert not answer.cookies


@pytest.mark.parametrize(
    ("lang", "words"), [("", "Bu ürünler ne zaman gelir?"), ("?lang=en", "When do these goods arrive?")]
)
def test_the_page_speaks_the_suppliers_language_and_the_other(lang: str, words: str) -> None:
    Asked(language="tr")
    assert words in Client().get(URL + lang).content.decode()


def test_the_page_is_light() -> None:
    Asked(lines=10)
    assert len(Client().get(URL).content) < 70_000
