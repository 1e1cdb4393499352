"""Two windows keep a draft, two people approve, two clerks tell the same customers: at the same instant."""

from typing import Any

import pytest
from django.db import connection, models

from backorders.access.table import MANAGER
from backorders.actions import approving, drafting, telling
from backorders.actions.drafting import DraftWentOn
from backorders.actions.seconding import NeedsApproval
from backorders.changes.models import Approval, ApprovalLimit, ChangeSet
from backorders.desk.models import Draft
from backorders.jobs.models import Job
from backorders.notifications.models import Hurry
from tests.factories import a_customer, a_product, a_purchase, a_user, an_order, later, revise
from tests.notifications.desk import announce
from tests.races.stage import Point, meet_at

pytestmark = pytest.mark.django_db(transaction=True)
both_ways = pytest.mark.parametrize("is_locked", [True, False], ids=["locked", "lock off"])
NOW = later(days=3)


@pytest.fixture(autouse=True)
def only_where_rows_are_locked() -> None:
    if connection.vendor == "sqlite":
        pytest.skip("on SQLite the transaction itself is the lock: nothing happens at the same instant")


def rows_unlocked(monkeypatch: pytest.MonkeyPatch, model: type[models.Model]) -> None:
    manager = model._default_manager
    monkeypatch.setattr(manager, "select_for_update", lambda **_how: manager.all(), raising=False)


@both_ways
def test_two_windows_that_keep_one_draft(monkeypatch: pytest.MonkeyPatch, is_locked: bool) -> None:
    order, me = an_order((a_product(), 2)), a_user(MANAGER)
    drafting.keep_draft(order, kind="note", text="begun", by=me, at=NOW)
    point = Point(monkeypatch, Draft, "save")  # it has seen which version stands there
    if not is_locked:
        rows_unlocked(monkeypatch, Draft)

    def keeping(text: str) -> Any:
        return lambda: drafting.keep_draft(order, kind="note", text=text, seen_version=1, by=me, at=NOW)

    ending = meet_at(point, keeping("one window"), keeping("the other"))
    assert ending.waited == is_locked
    assert isinstance(ending.second, DraftWentOn if is_locked else Draft)
    assert Draft.objects.get().text == "one window", "without the lock the other's words are gone, and nobody was told"


def test_two_windows_that_begin_one_draft(monkeypatch: pytest.MonkeyPatch) -> None:
    """No row is there to be locked: the draft stands once in the database, and whoever comes second finds it."""
    order, me = an_order((a_product(), 2)), a_user(MANAGER)
    point = Point(monkeypatch, Draft, "save")

    def beginning(text: str) -> Any:
        return lambda: drafting.keep_draft(order, kind="note", text=text, by=me, at=NOW)

    ending = meet_at(point, beginning("one window"), beginning("the other"))
    assert isinstance(ending.first, DraftWentOn)
    assert Draft.objects.get().text == "the other"


def untold(count: int) -> list[int]:
    """So many customers who were not told that their goods come later; they are many enough for a job."""
    product = a_product()
    lot = a_purchase(product, count)
    customers = [a_customer(f"Customer {number}") for number in range(count)]
    for customer in customers:
        an_order((product, 1), customer=customer)
    announce(later(days=0))
    revise(lot, (40, None), at=NOW)
    return sorted(customer.pk for customer in customers)


@both_ways
def test_two_people_who_approve_one_fan_out(monkeypatch: pytest.MonkeyPatch, is_locked: bool) -> None:
    monkeypatch.setattr(telling, "AT_ONCE", 1)
    ApprovalLimit.objects.create(id=1, recipients=1)
    customers, clerk = untold(3), a_user(MANAGER)
    with pytest.raises(NeedsApproval) as needed:
        telling.tell_now(customers, by=clerk, at=NOW)
    approval = approving.ask(needed.value.details["ask"], by=clerk, why="many", at=NOW)
    people = [a_user(MANAGER), a_user(MANAGER)]
    point = Point(monkeypatch, telling, "_hurry")  # it has seen that nobody decided
    if not is_locked:
        rows_unlocked(monkeypatch, Approval)

    def approving_as(person: Any) -> Any:
        return lambda: approving.approve(approval, by=person, at=NOW)

    ending = meet_at(point, *(approving_as(person) for person in people))
    assert ending.waited == is_locked
    begun = (ChangeSet.objects.filter(act="tell_now").count(), Job.objects.filter(kind="tell_customers").count())
    assert begun == ((1, 1) if is_locked else (2, 2))
    assert isinstance(ending.second, approving.NotPending) == is_locked
    if is_locked:
        assert Approval.objects.get().decided_by == people[0]


def test_two_clerks_who_tell_the_same_customers(monkeypatch: pytest.MonkeyPatch) -> None:
    """No lock is between them: each customer stands in one hurry, so that the job of one of them writes to nobody."""
    monkeypatch.setattr(telling, "AT_ONCE", 1)
    customers = untold(3)
    point = Point(monkeypatch, telling, "_hurry")
    ending = meet_at(point, *(lambda: telling.tell_now(customers, by=None, at=NOW) for _ in range(2)))
    assert not ending.waited
    jobs = [telling.job_of(done.change_set) for done in (ending.first, ending.second)]
    assert all(jobs)
    assert set(Hurry.objects.values_list("change_set", flat=True)) == {ending.first.change_set.pk}
    assert Hurry.objects.count() == len(customers)
