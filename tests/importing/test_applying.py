"""Applying writes each row once whatever happens, leaves behind what is refused, and is put back as a whole."""

import datetime
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import transaction
from django.utils.translation import override

from backorders.access.checking import NotAllowed
from backorders.access.table import MANAGER, PURCHASING
from backorders.actions import approving
from backorders.actions.seconding import NeedsApproval
from backorders.allocation.models import Promise
from backorders.catalog.models import Product
from backorders.changes.models import Approval, ApprovalLimit
from backorders.importing import opening, working
from backorders.importing.models import Import
from backorders.importing.opening import NotReady
from backorders.jobs import running, steering
from backorders.jobs.models import Job
from backorders.notifications.models import Message
from backorders.supply.models import EtaRevision, PurchaseLine
from tests.backoffice.desk import World
from tests.factories import AT, a_customer, a_line, a_product, a_user, an_order, day, later, revise
from tests.importing.desk import a_purchase_order, applied, buyer, decided, etas, finished, opened, states, undone
from tests.notifications.desk import announce, send

pytestmark = pytest.mark.django_db

D20, D30 = f"{day(20):%d.%m.%Y}", f"{day(30):%d.%m.%Y}"


def many(count: int) -> tuple[list[PurchaseLine], str]:
    """A purchase order of so many lines, and a list that moves all of them."""
    lines = a_purchase_order("PO-1", *[(f"SKU-{number:04d}-x", 5) for number in range(count)])
    rows = [f"PO-1;{line.product.sku};{D20}" for line in lines]
    return lines, "\n".join(["PO;SKU;ETA", *rows])


def test_what_is_ready_is_applied_and_what_is_not_stays_behind() -> None:
    lines = a_purchase_order("PO-1", ("AK-17", 60), ("AK-10", 20))
    mine = applied(opened(f"PO;SKU;ETA\nPO-1;AK-17;{D20}\nPO-1;AK-10;soon"), note="weekly list")
    assert etas(*lines) == [day(20), day(10)]
    assert states(mine) == ["applied", "date_unreadable"]
    revision = EtaRevision.objects.filter(purchase_line=lines[0]).latest("id")
    assert (revision.source, revision.reason_code, revision.note) == (
        "import",
        "production",
        f"import #{mine.pk}: weekly list",
    )


def test_a_split_becomes_purchase_lines_of_its_own_and_is_put_back() -> None:
    line, other = a_purchase_order("PO-1", ("AK-17", 60), ("AK-10", 20))
    mine = decided(
        opened(f"PO;SKU;Qty;ETA\nPO-1;AK-17;40;{D20}\nPO-1;AK-17;20;{D30}\nPO-1;AK-10;5;{D20}"),
        "quantity_under",
        "part",
    )
    mine = applied(mine)
    parts = list(PurchaseLine.objects.outstanding().order_by("product", "eta_on").values_list("eta_on", "quantity"))
    assert sorted(parts) == [(day(10), 15), (day(20), 5), (day(20), 40), (day(30), 20)]
    undone(mine)
    assert etas(line, other) == [day(10), day(10)]
    assert sorted(PurchaseLine.objects.outstanding().values_list("eta_on", "quantity")) == [
        (day(10), 20),
        (day(10), 60),
    ]


def test_an_import_put_back_in_the_quiet_period_sends_nothing() -> None:
    world = World()
    mine = applied(opened(f"PO;SKU;ETA\n{world.line.purchase_order};AK-17;{D30}"))
    assert Promise.objects.filter(gap_since__isnull=False).count() == 3
    undone(mine)
    world.line.refresh_from_db()
    assert world.line.eta_on == day(10)
    before = Message.objects.count()
    announce(AT + datetime.timedelta(hours=2))
    send(AT + datetime.timedelta(hours=2))
    assert Message.objects.count() == before
    assert states(mine) == ["undone"]


def test_its_customers_hear_of_it_as_of_any_other_change() -> None:
    world = World()
    applied(opened(f"PO;SKU;ETA\n{world.line.purchase_order};AK-17;{D30}"))
    announce(AT + datetime.timedelta(hours=50))
    told = set(Message.objects.filter(kind="later").values_list("customer__name", flat=True))
    assert {"Elif Kaya", "Sami Aydın"} <= told


def test_whoever_changed_a_line_since_the_check_is_not_overwritten() -> None:
    lines, text = many(5)
    mine = opened(text)
    revise(lines[2], (44, None))
    mine = applied(mine)
    assert etas(*lines) == [day(20), day(20), day(44), day(20), day(20)]
    left = mine.rows.get(state="refused")
    assert (left.line, left.problem) == (lines[2], "refused")
    assert "was changed since you opened it" in left.why
    with override("tr"):
        assert "siz açtıktan sonra" in left.why


def test_undo_leaves_alone_what_somebody_changed_since() -> None:
    lines, text = many(4)
    mine = applied(opened(text))
    revise(lines[1], (44, None))
    undone(mine)
    assert etas(*lines) == [day(10), day(44), day(10), day(10)]
    assert [row.problem or row.state for row in mine.rows.order_by("number")] == [
        "undone",
        "changed_since",
        "undone",
        "undone",
    ]
    with pytest.raises(NotReady, match="Nothing of this import"):
        opening.start_undoing(mine, by=buyer(), at=AT)


def test_a_job_stopped_half_way_says_so_and_the_rest_can_be_applied_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(working, "PLACES", 2)
    lines, text = many(5)
    mine = opened(text)
    job = opening.start_applying(mine, reason_code="production", note="", by=buyer(), at=AT)
    running.run(job.pk, clock=lambda: AT, until=AT)
    assert sorted(states(mine)) == ["applied", "applied", "ready", "ready", "ready"]
    steering.stop(job, at=AT)
    finished(mine)
    assert states(mine).count("ready") == 3
    applied(mine)
    assert states(mine) == ["applied"] * 5
    assert etas(*lines) == [day(20)] * 5


def test_no_row_is_applied_twice_when_its_worker_is_killed_between_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(working, "PLACES", 2)
    _, text = many(6)
    mine = opened(text)
    said = EtaRevision.objects.count()
    job = opening.start_applying(mine, reason_code="production", note="", by=buyer(), at=AT)
    running.run(job.pk, clock=lambda: AT, until=AT)
    Job.objects.filter(pk=job.pk).update(state="running", lease="of the dead", lease_until=AT)
    running.run_due(clock=lambda: later(minutes=2), until=later(minutes=3))
    assert states(mine) == ["applied"] * 6
    assert EtaRevision.objects.count() == said + 6
    job.refresh_from_db()
    assert (job.state, job.done, job.total) == ("done", 6, 6)


def test_what_was_applied_is_not_decided_again() -> None:
    _, text = many(1)
    mine = applied(opened(text))
    with pytest.raises(NotReady, match="was applied"):
        opening.decide(mine, problem="twice", about="", choice="last", by=buyer(), at=AT)
    with pytest.raises(NotReady, match="No row is ready"):
        opening.start_applying(mine, reason_code="production", note="", by=buyer(), at=AT)


def test_the_same_list_is_recognised() -> None:
    _, text = many(1)
    first = applied(opened(text))
    again = opened(text)
    assert opening.same_before(again) == first
    assert states(again) == ["same"]


def test_only_those_who_may_change_etas_import_them() -> None:
    clerk = get_user_model().objects.create_user("clerk")
    with pytest.raises(NotAllowed):
        opening.open_import(b"PO;ETA\n1;2\n", name="x", supplier=None, by=clerk, at=AT)


def test_the_check_looks_whom_it_would_move() -> None:
    kettle = a_product("AK-17")
    a_purchase_order("PO-1", (kettle, 60))
    an_order((kettle, 5))
    mine = opened(f"PO;SKU;ETA\nPO-1;AK-17;{D30}")
    assert mine.impact["counts"]["later"] == 1


def test_very_many_customers_are_written_to_only_by_a_manager_who_did_not_open_the_import() -> None:
    _, text = many(1)
    mine = opened(text)
    Import.objects.filter(pk=mine.pk).update(impact={"to_tell": 501}, by=(opener := a_user(MANAGER)))
    mine.refresh_from_db()
    for person in (opener, a_user(PURCHASING)):
        with pytest.raises(NeedsApproval, match="501 customers would be written to, more than 500"):
            opening.start_applying(mine, reason_code="production", note="", by=person, at=AT)
    opening.start_applying(mine, reason_code="production", note="", by=a_user(MANAGER), at=AT)
    assert states(finished(mine)) == ["applied"]


def asked(mine: Import, *, by: Any) -> Approval:
    with pytest.raises(NeedsApproval) as refused, transaction.atomic():
        opening.start_applying(mine, reason_code="production", note="weekly", by=by, at=AT)
    return approving.ask(refused.value.details["ask"], by=by, why=str(refused.value), at=AT)


def test_an_import_above_the_limit_is_applied_in_its_buyers_name_once_a_manager_says_so() -> None:
    _, text = many(1)
    mine = opened(text)
    Import.objects.filter(pk=mine.pk).update(impact={"to_tell": 501}, by=(clerk := a_user(PURCHASING)))
    mine.refresh_from_db()
    approval = asked(mine, by=clerk)
    done = approving.approve(approval, by=a_user(MANAGER), at=AT)
    assert (done.change_set.act, done.change_set.by) == ("apply_import", clerk)
    assert done.made.by == clerk
    assert states(finished(mine)) == ["applied"]


def test_many_who_were_told_of_an_import_hear_the_old_dates_only_with_a_second_person() -> None:
    ApprovalLimit.objects.create(id=1, recipients=1)
    _, text = many(1)
    product = Product.objects.get()
    for _ in range(2):
        a_line(product, 1, customer=a_customer())
    announce(AT)
    mine, clerk = opened(text), a_user(PURCHASING)
    opening.start_applying(mine, reason_code="production", note="", by=buyer(), at=AT)
    running.run_due(clock=lambda: AT, until=later(hours=1))
    announce(later(days=3))
    with pytest.raises(NeedsApproval, match="2 customers") as refused:
        opening.start_undoing(mine, by=clerk, at=later(days=3))
    approval = approving.ask(refused.value.details["ask"], by=clerk, why=refused.value, at=later(days=3))
    assert states(mine) == ["applied"]
    done = approving.approve(approval, by=a_user(MANAGER), at=later(days=3))
    assert (done.change_set.act, done.made.by) == ("undo_import", clerk)
    assert states(finished(mine)) == ["undone"]


def test_an_import_that_was_checked_anew_is_asked_for_anew() -> None:
    _, text = many(1)
    mine = opened(text)
    Import.objects.filter(pk=mine.pk).update(impact={"to_tell": 501}, by=(clerk := a_user(PURCHASING)))
    mine.refresh_from_db()
    approval = asked(mine, by=clerk)
    Import.objects.filter(pk=mine.pk).update(checked_at=AT + datetime.timedelta(minutes=1))
    with pytest.raises(NotReady, match="checked anew"):
        approving.approve(approval, by=a_user(MANAGER), at=AT)
    assert states(mine) == ["ready"]
