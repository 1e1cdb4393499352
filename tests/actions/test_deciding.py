"""What customers decide is all or nothing, comes once under a key, and keeps to what is offered."""

import itertools
from collections.abc import Callable
from typing import Any

import pytest

from backorders.actions import codes, deciding
from backorders.actions.checking import NotOpen
from backorders.actions.deciding import NotOffered
from backorders.actions.keys import KeyTaken
from backorders.allocation.books import differences
from backorders.changes.models import ChangeSet
from backorders.orders.models import Decision
from tests.actions.desk import stored
from tests.actions.test_every_verb import PowerCut, cut_at
from tests.factories import AT, later
from tests.portal.desk import Waiter

pytestmark = pytest.mark.django_db


def now(waiter: Waiter) -> Any:
    return waiter.at + (later(days=1) - AT)


VERBS: dict[str, Callable[[Waiter], Any]] = {
    "keep": lambda w: deciding.keep_waiting(w.order, key="k", at=now(w)),
    "cancel": lambda w: deciding.cancel(w.order, key="k", at=now(w)),
    "cancel a line": lambda w: deciding.cancel(w.order, line=w.line, key="k", at=now(w)),
    "substitute": lambda w: deciding.choose_substitute(w.line, product=w.other, key="k", at=now(w)),
    "ready": lambda w: deciding.send_ready(w.order, key="k", at=now(w)),
    "essential": lambda w: deciding.mark_essential(w.order, is_essential=True, key="k", at=now(w)),
    "updates": lambda w: deciding.choose_updates(w.order, wants_all=False, key="k", at=now(w)),
    "code": lambda w: codes.ask_code(w.order, opens="contact", wanted={"phone": "1"}, key="k", at=now(w)),
}


@pytest.fixture
def waiter() -> Waiter:
    return Waiter(is_ship_complete=True)


@pytest.mark.parametrize("verb", VERBS)
def test_the_same_key_decides_once(waiter: Waiter, verb: str) -> None:
    before = ChangeSet.objects.count()
    first = VERBS[verb](waiter)
    known = stored()
    second = VERBS[verb](waiter)
    assert first.made == second.made
    assert stored() == known
    assert ChangeSet.objects.count() == before + 1
    assert ChangeSet.objects.latest("id").source == "customer"
    assert list(differences(at=now(waiter))) == []


@pytest.mark.parametrize("verb", VERBS)
def test_a_decision_that_is_cut_leaves_nothing(waiter: Waiter, verb: str) -> None:
    before = stored()
    for number in itertools.count(1):
        try:
            with cut_at(number):
                VERBS[verb](waiter)
        except PowerCut:
            assert stored() == before
        else:
            break
    assert number > 2
    assert stored() != before


def test_a_key_stands_for_one_decision_alone(waiter: Waiter) -> None:
    VERBS["code"](waiter)
    with pytest.raises(KeyTaken):
        VERBS["keep"](waiter)


def test_references_count_up(waiter: Waiter) -> None:
    for number in range(3):
        deciding.keep_waiting(waiter.order, key=f"k{number}", at=now(waiter))
    assert set(Decision.objects.values_list("reference", flat=True)) == {f"10482-C{number}" for number in (1, 2, 3)}


def test_what_is_not_there_is_refused(waiter: Waiter) -> None:
    with pytest.raises(NotOffered):
        deciding.choose_substitute(waiter.line, product=waiter.descaler, at=now(waiter))
    deciding.cancel(waiter.order, at=now(waiter))
    before = stored()
    for refused in (
        lambda: deciding.keep_waiting(waiter.order, at=now(waiter)),
        lambda: deciding.mark_essential(waiter.order, is_essential=True, at=now(waiter)),
    ):
        with pytest.raises(NotOpen):
            refused()
    with pytest.raises(NotOffered):
        deciding.send_ready(waiter.order, at=now(waiter))
    assert stored() == before
