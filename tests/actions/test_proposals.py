"""What a supplier answers lands beside the books until it is accepted; then it is an ETA like any other."""

from typing import Any

import pytest

from backorders.access.checking import NotAllowed
from backorders.access.table import MANAGER, PURCHASING, SERVICE
from backorders.actions import approving, asking, proposals, revising
from backorders.actions.checking import NoReason
from backorders.actions.etas import BadEta, BadSplit, EtaPart
from backorders.actions.proposals import LineAnswer
from backorders.actions.seconding import NeedsApproval
from backorders.changes.models import ApprovalLimit
from backorders.chasing.models import ChasePolicy, DateRequest, EtaProposal, RequestLine
from backorders.inbox.models import Notice
from backorders.notifications import announcing, delivering
from backorders.notifications.models import Message
from backorders.refusal import Stale
from backorders.supply.models import EtaRevision, PurchaseLine
from tests.actions.desk import stored
from tests.chasing.desk import Asked
from tests.factories import a_user, day, expected, later, receive, revise

pytestmark = pytest.mark.django_db

Answer, State = EtaProposal.Answer, EtaProposal.State


def seen(*found: EtaProposal) -> dict[int, int]:
    return {each.pk: PurchaseLine.objects.get(requests=each.line).version for each in found}


def test_an_answer_changes_no_date_and_lies_in_the_buyers_inbox() -> None:
    buyer = a_user(PURCHASING)
    asked = Asked()
    before = expected(asked.waiting)
    proposal = asked.answer("move", (20, None))
    assert expected(asked.waiting) == before
    assert (proposal.state, proposal.seen_until) == (State.WAITING, day(10))
    assert Notice.objects.filter(person=buyer, kind="proposal").exists()
    assert DateRequest.objects.get().closed_at is not None, "nothing is open any more"


def test_accepting_a_moved_date_dates_the_customer_again_as_the_supplier_said() -> None:
    asked, buyer = Asked(), a_user(PURCHASING)
    proposal = asked.answer("move", (20, None), note="the mould broke")
    looked = proposals.preview([proposal], at=later(hours=2))
    done = proposals.accept(seen(proposal), by=buyer, at=later(hours=2))
    assert looked.counts == done.impact.counts
    revision = EtaRevision.objects.latest("id")
    assert (revision.new_on, revision.source, revision.reason_code) == (day(20), "supplier", "production")
    assert "the mould broke" in revision.note
    assert expected(asked.waiting)[0] >= day(20)  # type: ignore[index]
    proposal.refresh_from_db()
    assert (proposal.state, proposal.decided_by, proposal.change_set) == (State.ACCEPTED, buyer, done.change_set)


def test_a_split_becomes_lines_of_their_own_and_a_refusal_closes_the_line() -> None:
    asked = Asked(lines=2)
    other = asked.request.lines.exclude(pk=asked.line.pk).get()
    split = asked.answer("split", (12, 6), (30, 4))
    asked.line = other
    refused = asked.answer("refuse", key="k2", note="out of production")
    proposals.accept(seen(split, refused), by=a_user(), at=later(hours=2))
    parts = PurchaseLine.objects.filter(purchase_order=asked.purchase.purchase_order).order_by("eta_on")
    assert [(line.eta_on, line.outstanding) for line in parts] == [(day(12), 6), (day(30), 4)]
    assert PurchaseLine.objects.get(pk=other.purchase_line_id).outstanding == 0


@pytest.mark.parametrize(
    ("answer", "parts", "refusal"),
    [
        ("move", [(-1, None)], BadEta),
        ("move", [(4000, None)], BadEta),
        ("split", [(12, 6), (20, 5)], BadSplit),
        ("refuse", [], NoReason),
        ("perhaps", [], proposals.NotAnswerable),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_saved(answer: str, parts: Any, refusal: type[Exception]) -> None:
    asked = Asked()
    before = stored()
    with pytest.raises(refusal):
        asked.answer(answer, *parts)
    assert stored() == before


def test_two_answers_of_one_line_at_once_are_refused_and_nothing_is_saved() -> None:
    asked = Asked()
    both = [LineAnswer(asked.line.pk, "move", [EtaPart(day(offset))], "production") for offset in (20, 25)]
    asked.answer("confirm", (10, None))
    asking.ask_supplier([asked.purchase.pk], by=None, at=later(hours=2))
    again = RequestLine.objects.get(answered_at=None)
    RequestLine.objects.filter(pk=again.pk).update(request=asked.request)
    of_both_questions = [both[0], both[1]._replace(line_id=again.pk)]
    before = stored()
    for answers in (both, of_both_questions):
        with pytest.raises(proposals.NotAnswerable):
            proposals.propose(asked.request, answers=answers, key="k2", at=later(hours=3))
    assert stored() == before


def test_a_line_asked_for_again_is_answered_by_its_newest_answer_alone() -> None:
    asked = Asked()
    first = asked.answer("move", (20, None))
    asking.ask_supplier([asked.purchase.pk], by=None, at=later(hours=2))
    again = RequestLine.objects.get(answered_at=None)
    said = LineAnswer(again.pk, "move", [EtaPart(day(25))], "production")
    second = proposals.propose(again.request, answers=[said], key="k2", at=later(hours=3)).made[0]
    first.refresh_from_db()
    assert (first.state, second.state) == (State.REPLACED, State.WAITING)
    proposals.accept(seen(second), by=None, at=later(hours=4))
    assert PurchaseLine.objects.get(pk=asked.purchase.pk).eta_on == day(25)


def test_a_date_that_has_passed_cannot_be_confirmed() -> None:
    asked = Asked(eta=1)
    with pytest.raises(BadEta):
        asked.answer("confirm", (1, None), at=later(days=3))


def test_the_same_delivery_twice_is_one_answer() -> None:
    asked = Asked()
    first, second = asked.answer("move", (20, None)), asked.answer("move", (20, None))
    assert first == second
    assert EtaProposal.objects.count() == 1


def test_an_answer_is_changed_until_somebody_acted_upon_it() -> None:
    asked = Asked()
    first = asked.answer("move", (20, None))
    second = asked.answer("move", (25, None), key="k2")
    first.refresh_from_db()
    assert first.state == State.REPLACED
    with pytest.raises(proposals.NotWaiting):
        proposals.accept(seen(first), by=None, at=later(hours=2))
    proposals.reject([second.pk], reason="we need it earlier", by=a_user(), at=later(hours=2))
    with pytest.raises(proposals.NotAnswerable):
        asked.answer("move", (22, None), key="k3")


def test_a_line_that_changed_under_the_answer_is_refused_to_the_supplier_and_to_the_buyer() -> None:
    asked = Asked()
    shown = asked.purchase.version
    revise(asked.purchase, (15, None))
    with pytest.raises(Stale):
        asked.answer("move", (20, None), seen_version=shown)
    proposal = asked.answer("move", (20, None), key="k2")
    opened = seen(proposal)
    receive(asked.purchase, 3, at=later(hours=2))
    with pytest.raises(Stale):
        proposals.accept(opened, by=None, at=later(hours=3))
    proposals.accept(seen(proposal), by=None, at=later(hours=3))
    assert PurchaseLine.objects.get(pk=asked.purchase.pk).eta_on == day(20)


def test_a_split_no_longer_adds_up_once_goods_came() -> None:
    asked = Asked()
    proposal = asked.answer("split", (12, 6), (30, 4))
    receive(asked.purchase, 3, at=later(hours=2))
    with pytest.raises(BadSplit):
        proposals.accept(seen(proposal), by=None, at=later(hours=3))
    proposal.refresh_from_db()
    assert proposal.state == State.WAITING


def test_only_buyers_decide() -> None:
    proposal = Asked().answer("move", (20, None))
    with pytest.raises(NotAllowed):
        proposals.accept(seen(proposal), by=a_user(SERVICE), at=later(hours=2))
    with pytest.raises(NotAllowed):
        proposals.reject([proposal.pk], reason="x", by=a_user(SERVICE), at=later(hours=2))


def test_more_customers_than_the_limit_need_a_second_person_who_then_accepts_the_same() -> None:
    proposal, buyer = Asked().answer("move", (20, None)), a_user(PURCHASING)
    announcing.announce_due(at=later(hours=1))
    ApprovalLimit.objects.update_or_create(pk=1, defaults={"recipients": 0})
    with pytest.raises(NeedsApproval) as needed:
        proposals.accept(seen(proposal), note="as agreed", by=buyer, at=later(hours=2))
    waiting = approving.ask(needed.value.details["ask"], by=buyer, why="x", at=later(hours=2))
    assert approving.preview(waiting, at=later(hours=2)) is not None
    approving.approve(waiting, by=a_user(MANAGER), at=later(hours=3))
    proposal.refresh_from_db()
    assert (proposal.state, proposal.decided_by) == (State.ACCEPTED, buyer)


@pytest.mark.parametrize("takes_days", [None, 30], ids=["by a buyer", "by the policy"])
def test_the_customer_hears_of_a_date_that_came_by_a_suppliers_answer(takes_days: int | None) -> None:
    asked = Asked()
    announcing.announce_due(at=later(minutes=10))
    delivering.deliver(clock=lambda: later(minutes=20))
    ChasePolicy.objects.create(supplier=asked.supplier, takes_days=takes_days)
    proposal = asked.answer("move", (20, None))
    if takes_days is None:
        proposals.accept(seen(proposal), by=a_user(PURCHASING), at=later(hours=2))
    announcing.announce_due(at=later(hours=3))
    mine = Message.objects.filter(customer=asked.waiting.order.customer).order_by("id")
    assert list(mine.values_list("kind", flat=True)) == ["confirmation", "later"]


# -- what needs nobody ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "parts", "policy", "state"),
    [
        ("confirm", [(10, None)], {"takes_confirmations": True}, State.ACCEPTED),
        ("confirm", [(10, None)], {}, State.WAITING),
        ("move", [(13, None)], {"takes_days": 3}, State.ACCEPTED),
        ("move", [(14, None)], {"takes_days": 3}, State.WAITING),
        ("split", [(9, 4), (13, 6)], {"takes_days": 3}, State.ACCEPTED),
        ("refuse", [], {"takes_days": 300, "takes_confirmations": True}, State.WAITING),
    ],
)
def test_the_suppliers_policy_takes_easy_answers_over(
    answer: str, parts: Any, policy: dict[str, Any], state: str
) -> None:
    asked = Asked()
    ChasePolicy.objects.create(supplier=asked.supplier, **policy)
    proposal = asked.answer(answer, *parts, note="x")
    proposal.refresh_from_db()
    assert proposal.state == state


def test_not_even_the_policy_writes_to_more_customers_than_the_limit() -> None:
    asked = Asked()
    announcing.announce_due(at=later(minutes=10))
    ChasePolicy.objects.create(supplier=asked.supplier, takes_days=30)
    ApprovalLimit.objects.update_or_create(pk=1, defaults={"recipients": 0})
    proposal = asked.answer("move", (20, None))
    proposal.refresh_from_db()
    assert proposal.state == State.WAITING


def test_a_rejected_answer_is_asked_for_again_by_hand() -> None:
    asked = Asked()
    proposals.reject([asked.answer("move", (20, None)).pk], reason="too late", by=a_user(), at=later(hours=2))
    assert asking.ask_supplier([asked.purchase.pk], by=None, at=later(hours=3)).made


def test_an_accepted_answer_can_be_undone_like_any_eta() -> None:
    asked = Asked()
    proposal = asked.answer("move", (20, None))
    proposals.accept(seen(proposal), by=None, at=later(hours=2))
    assert revising.preview_eta([], closed=[asked.purchase], at=later(hours=2)).counts["no_date"] == 1
