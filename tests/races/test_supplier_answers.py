"""A supplier who answers twice at once, a buyer who edits meanwhile, two buyers who accept the same answer."""

from typing import Any

import pytest
from django.db import IntegrityError, connection

from backorders.actions import asking, proposals, revising
from backorders.actions.bookkeeping import check_books
from backorders.actions.proposals import NotWaiting
from backorders.chasing.models import DateRequest, EtaProposal, RequestLine
from backorders.notifications.models import Message
from backorders.refusal import Stale
from backorders.supply.models import EtaRevision
from tests.chasing.desk import Asked
from tests.factories import AT, a_product, a_purchase, a_supplier, day, later, revise
from tests.races.crowd import lock_off
from tests.races.stage import Point, meet_at

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def only_where_rows_are_locked() -> None:
    if connection.vendor == "sqlite":
        pytest.skip("on SQLite the transaction itself is the lock: nothing happens at the same instant")


both_ways = pytest.mark.parametrize("is_locked", [True, False], ids=["locked", "lock off"])


def all_locks_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the products nor the request are locked."""
    lock_off(monkeypatch)
    manager = DateRequest.objects
    monkeypatch.setattr(manager, "select_for_update", lambda **_how: manager.all(), raising=False)


def accepting(proposal: EtaProposal, version: int) -> Any:
    return lambda: proposals.accept({proposal.pk: version}, by=None, at=later(hours=2))


@both_ways
def test_two_answers_at_once_are_one_after_the_other(monkeypatch: pytest.MonkeyPatch, is_locked: bool) -> None:
    asked = Asked()
    point = Point(monkeypatch, proposals, "open_change")  # it has seen that nothing was answered
    if not is_locked:
        all_locks_off(monkeypatch)
    ending = meet_at(
        point,
        lambda: asked.answer("move", (20, None), key="a"),
        lambda: asked.answer("move", (25, None), key="b"),
    )
    assert ending.waited == is_locked
    states = list(EtaProposal.objects.order_by("id").values_list("state", "parts"))
    assert [state for state, _parts in states] == ["replaced", "waiting"]
    last = day(25) if is_locked else day(20)
    assert states[1][1][0][0] == str(last), "without the lock the first one overtakes the last"


@both_ways
def test_an_answer_that_changes_while_a_buyer_accepts_the_old_one_is_refused(
    monkeypatch: pytest.MonkeyPatch, is_locked: bool
) -> None:
    asked = Asked()
    proposal = asked.answer("move", (20, None))
    point = Point(monkeypatch, proposals, "for_impact")  # it has seen that the answer waits
    if not is_locked:
        all_locks_off(monkeypatch)
    ending = meet_at(
        point, accepting(proposal, asked.purchase.version), lambda: asked.answer("move", (25, None), key="k2")
    )
    assert ending.waited
    assert isinstance(ending.second, proposals.NotAnswerable) == is_locked
    assert isinstance(ending.second, IntegrityError) != is_locked, "only the constraint refused it"
    assert EtaProposal.objects.get().state == "accepted"


@both_ways
def test_an_old_answer_accepted_while_its_supplier_changes_it_is_refused(
    monkeypatch: pytest.MonkeyPatch, is_locked: bool
) -> None:
    asked = Asked()
    proposal = asked.answer("move", (20, None))
    point = Point(monkeypatch, proposals, "open_change")  # it has seen that nobody decided
    if not is_locked:
        all_locks_off(monkeypatch)
    ending = meet_at(
        point, lambda: asked.answer("move", (25, None), key="k2"), accepting(proposal, asked.purchase.version)
    )
    assert ending.waited == is_locked
    assert isinstance(ending.second, NotWaiting) == is_locked
    states = list(EtaProposal.objects.order_by("id").values_list("state", flat=True))
    assert (states == ["replaced", "waiting"]) == is_locked


def test_the_same_delivery_twice_at_once_is_one_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = Asked()
    point = Point(monkeypatch, proposals, "open_change")
    ending = meet_at(point, lambda: asked.answer("move", (20, None)), lambda: asked.answer("move", (20, None)))
    assert ending.first == ending.second
    assert EtaProposal.objects.count() == 1


def test_an_answer_while_the_buyer_edits_is_refused_with_the_new_date(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = Asked()
    shown = asked.purchase.version
    point = Point(monkeypatch, revising, "record_revisions")  # it has written the date
    ending = meet_at(
        point,
        lambda: revise(asked.purchase, (15, None)),
        lambda: asked.answer("move", (20, None), seen_version=shown),
    )
    assert ending.waited
    assert isinstance(ending.second, Stale)
    assert not EtaProposal.objects.exists()


def test_an_edit_while_the_supplier_answers_makes_the_acceptance_stale(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = Asked()
    shown = asked.purchase.version
    point = Point(monkeypatch, proposals, "open_change")  # it has checked that the line is as it was shown
    ending = meet_at(
        point,
        lambda: asked.answer("move", (20, None), seen_version=shown),
        lambda: revise(asked.purchase, (15, None)),
    )
    assert ending.waited
    assert isinstance(end := accept_or_refusal(ending.first, shown), Stale), end


def accept_or_refusal(proposal: EtaProposal, version: int) -> Any:
    try:
        return accepting(proposal, version)()
    except Stale as refusal:
        return refusal


def test_two_buyers_accept_the_same_answer_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = Asked()
    proposal = asked.answer("move", (20, None))
    version = asked.purchase.version
    before = EtaRevision.objects.count()
    point = Point(monkeypatch, proposals, "for_impact")  # it has seen that the answer waits
    ending = meet_at(point, accepting(proposal, version), accepting(proposal, version))
    assert ending.waited
    assert isinstance(ending.second, NotWaiting)
    assert EtaRevision.objects.count() == before + 1
    assert list(check_books(at=AT)) == []


def test_two_clocks_that_ask_at_once_send_one_mail(monkeypatch: pytest.MonkeyPatch) -> None:
    a_purchase(a_product(), 5, supplier=a_supplier("Contoso", email="c@example.com"), confidence="estimate")
    point = Point(monkeypatch, asking, "open_change")  # it has seen who is due
    ending = meet_at(point, lambda: asking.ask_due(at=later(days=3)), lambda: asking.ask_due(at=later(days=3)))
    assert ending.waited
    assert (ending.first, ending.second) == (1, 0)
    assert (DateRequest.objects.count(), RequestLine.objects.count(), Message.objects.count()) == (1, 1, 1)
