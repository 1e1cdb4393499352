"""What a colleague heard of an ETA is nobody's word until a buyer takes it over; then it is the buyer's change."""

from typing import Any

import pytest
from django.utils import translation

from backorders.access.checking import NotAllowed
from backorders.access.table import AUDITOR, MANAGER, PURCHASING, SERVICE, WAREHOUSE
from backorders.actions import approving, asking, staff_proposals
from backorders.actions.checking import BadText, NoReason, NotOpen
from backorders.actions.etas import BadEta, BadSplit, EtaChange, EtaPart
from backorders.actions.seconding import NeedsApproval
from backorders.actions.staff_proposals import NotItsLine, NotWaiting
from backorders.backoffice.notices import shown
from backorders.changes.models import ApprovalLimit, ChangeSet, Source
from backorders.chasing.models import ChasePolicy, DateRequest, EtaProposal, RequestLine, StaffProposal
from backorders.inbox.models import Notice
from backorders.notifications import announcing
from backorders.refusal import Stale
from backorders.supply.models import Confidence, EtaRevision, PurchaseLine
from tests.actions.desk import stored
from tests.chasing.desk import Asked, a_staff_proposal
from tests.factories import a_product, a_purchase, a_user, day, expected, later, receive, revise

pytestmark = pytest.mark.django_db

State = StaffProposal.State


def accept(proposal: StaffProposal, *, by: Any, parts: Any = None, **how: Any) -> Any:
    """Take a proposal over as a buyer who has just looked at it, as it is or with other `parts`."""
    line = PurchaseLine.objects.get(pk=proposal.purchase_line_id)
    said = EtaChange(
        line.pk, parts or [EtaPart(proposal.eta_on, proposal.eta_until)], proposal.confidence, line.version
    )
    how = {"reason_code": "transport", "source": Source.SUPPLIER, "at": later(hours=2), **how}
    return staff_proposals.accept(proposal, how.pop("change", said), by=by, **how)


def test_what_a_colleague_heard_changes_nothing_and_lies_in_the_inbox_of_the_buyers() -> None:
    buyer, agent = a_user(PURCHASING), a_user(SERVICE, first_name="Selin")
    asked = Asked()
    ChasePolicy.objects.create(supplier=asked.supplier, takes_confirmations=True, takes_days=60)
    before = expected(asked.waiting)
    proposal = a_staff_proposal(asked.purchase, by=agent, at=later(hours=1))
    line = PurchaseLine.objects.get(pk=asked.purchase.pk)
    assert (line.eta_on, line.confidence, line.version) == (day(10), asked.purchase.confidence, asked.purchase.version)
    assert expected(asked.waiting) == before
    assert (proposal.state, proposal.seen_on, proposal.eta_on) == (State.WAITING, day(10), day(20))
    assert not EtaProposal.objects.exists()
    told = Notice.objects.get(kind=Notice.Kind.ETA_PROPOSED)
    assert (told.person, told.object_id) == (buyer, proposal.pk)
    assert shown(told).sentence == f"Selin proposes an ETA of {line}."


def test_the_supplier_is_asked_on() -> None:
    asked = Asked()
    known = {each.id: each.known for each in asking.due_lines()}
    a_staff_proposal(asked.purchase, by=a_user(SERVICE), confidence="confirmed", at=later(hours=1))
    assert asking.end_settled(at=later(hours=2)) == 0
    assert RequestLine.objects.get().answered_at is None
    assert DateRequest.objects.get().closed_at is None
    assert {each.id: each.known for each in asking.due_lines()} == known, "nothing was heard of its supplier"


def test_a_buyer_takes_it_over_as_their_own_change_and_the_log_names_who_proposed_it() -> None:
    buyer, agent = a_user(PURCHASING), a_user(SERVICE, first_name="Selin")
    asked = Asked()
    proposal = a_staff_proposal(asked.purchase, by=agent, note="called them", confidence="confirmed")
    done = accept(proposal, by=buyer, note="seems right")
    revision = EtaRevision.objects.latest("id")
    assert done.change_set == revision.change_set == ChangeSet.objects.get(act="revise_eta")
    assert (revision.new_on, revision.new_confidence, revision.source) == (day(20), Confidence.CONFIRMED, "supplier")
    assert (done.change_set.by, revision.note) == (buyer, "proposed by Selin: called them · seems right")
    with translation.override("tr"):
        assert EtaRevision.objects.latest("id").note == "Selin önerdi: called them · seems right"
    proposal.refresh_from_db()
    assert (proposal.state, proposal.decided_by, proposal.change_set) == (State.ACCEPTED, buyer, done.change_set)
    assert expected(asked.waiting)[0] >= day(20)  # type: ignore[index]
    assert asking.end_settled(at=later(hours=3)) == 1, "the buyer's change answers the question"
    told = Notice.objects.get(kind=Notice.Kind.ETA_DECIDED)
    assert told.person == agent
    assert "accepted the ETA" in shown(told).sentence
    assert not Notice.objects.filter(kind=Notice.Kind.ETA_PROPOSED, read_at=None).exists()


def test_a_buyer_may_take_another_date_over_than_was_proposed() -> None:
    proposal = a_staff_proposal(a_purchase(a_product(), 5), by=a_user(SERVICE))
    accept(proposal, by=a_user(PURCHASING), parts=[EtaPart(day(30), quantity=2), EtaPart(day(40), quantity=3)])
    proposal.refresh_from_db()
    assert (proposal.state, proposal.eta_on) == (State.ACCEPTED, day(20))
    assert list(PurchaseLine.objects.order_by("eta_on").values_list("eta_on", flat=True)) == [day(30), day(40)]


def test_who_proposed_it_hears_why_it_was_declined() -> None:
    agent, line = a_user(SERVICE), a_purchase(a_product(), 5)
    proposal = a_staff_proposal(line, by=agent)
    with pytest.raises(NoReason):
        staff_proposals.decline(proposal, reason=" ", by=a_user(PURCHASING), at=later(hours=1))
    staff_proposals.decline(proposal, reason="an old mail", by=a_user(PURCHASING), at=later(hours=1))
    proposal.refresh_from_db()
    assert (proposal.state, proposal.decision) == (State.DECLINED, "an old mail")
    assert PurchaseLine.objects.get().eta_on == line.eta_on
    told = Notice.objects.get(person=agent)
    assert shown(told).sentence.endswith("that you proposed: an old mail")
    for decide in (lambda: accept(proposal, by=a_user(PURCHASING)), lambda: decline(proposal)):
        with pytest.raises(NotWaiting):
            decide()


def decline(proposal: StaffProposal, **how: Any) -> Any:
    return staff_proposals.decline(proposal, **{"reason": "x", "by": a_user(PURCHASING), "at": later(hours=1), **how})


@pytest.mark.parametrize("role", [SERVICE, WAREHOUSE, AUDITOR])
def test_nobody_takes_over_what_they_proposed_without_being_a_buyer(role: Any) -> None:
    line, person = a_purchase(a_product(), 5), a_user(role)
    if role == AUDITOR:
        with pytest.raises(NotAllowed):
            a_staff_proposal(line, by=person)
        return
    proposal = a_staff_proposal(line, by=person)
    for decide in (lambda: accept(proposal, by=person), lambda: decline(proposal, by=person)):
        with pytest.raises(NotAllowed):
            decide()
    assert StaffProposal.objects.get().state == State.WAITING


def test_a_buyer_who_proposed_may_decide_and_needs_no_notice_of_it() -> None:
    buyer = a_user(PURCHASING)
    accept(a_staff_proposal(a_purchase(a_product(), 5), by=buyer), by=buyer)
    assert not Notice.objects.exists()


@pytest.mark.parametrize(
    ("how", "refusal"),
    [
        ({"offset": -1}, BadEta),
        ({"offset": 4000}, BadEta),
        ({"said": " "}, NoReason),
        ({"said": "x" * 2001}, BadText),
        ({"confidence": "surely"}, BadEta),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_saved(how: dict[str, Any], refusal: type[Exception]) -> None:
    line, agent = a_purchase(a_product(), 5), a_user(SERVICE)
    before = stored()
    with pytest.raises(refusal):
        a_staff_proposal(line, by=agent, **how)
    assert stored() == before


def test_only_one_date_of_a_line_with_something_outstanding_is_proposed_and_only_as_it_was_seen() -> None:
    line, agent = a_purchase(a_product(), 5), a_user(SERVICE)
    two = EtaChange(line.pk, [EtaPart(day(5), quantity=2), EtaPart(day(9), quantity=3)])
    with pytest.raises(BadSplit):
        staff_proposals.propose(two, said="x", by=agent, at=later(hours=1))
    old = EtaChange(line.pk, [EtaPart(day(20))], seen_version=line.version)
    revise(line, (30, None))
    with pytest.raises(Stale):
        staff_proposals.propose(old, said="x", by=agent, at=later(hours=1))
    receive(PurchaseLine.objects.get(), 5)
    with pytest.raises(NotOpen):
        a_staff_proposal(line, by=agent)
    assert not StaffProposal.objects.exists()


def test_a_newer_one_of_the_same_person_replaces_the_older_and_others_stay() -> None:
    line, agent, buyer = a_purchase(a_product(), 5), a_user(SERVICE), a_user(PURCHASING)
    first, other = a_staff_proposal(line, by=agent), a_staff_proposal(line, by=a_user(WAREHOUSE), offset=None)
    second = a_staff_proposal(line, by=agent, offset=25, at=later(hours=1))
    states = [StaffProposal.objects.get(pk=each.pk).state for each in (first, other, second)]
    assert states == [State.REPLACED, State.WAITING, State.WAITING]
    waiting = Notice.objects.filter(person=buyer, read_at=None).values_list("object_id", flat=True)
    assert set(waiting) == {other.pk, second.pk}


def test_the_same_key_proposes_and_accepts_once() -> None:
    line, buyer = a_purchase(a_product(), 5), a_user(PURCHASING)
    agent = a_user(SERVICE)
    assert a_staff_proposal(line, by=agent, key="k") == (proposal := a_staff_proposal(line, by=agent, key="k"))
    assert accept(proposal, by=buyer, key="k2").change_set == accept(proposal, by=buyer, key="k2").change_set
    assert EtaRevision.objects.filter(reason_code="transport").count() == 1


def test_what_changed_since_a_buyer_looked_and_what_is_of_another_line_is_refused() -> None:
    line, buyer = a_purchase(a_product(), 5), a_user(PURCHASING)
    proposal = a_staff_proposal(line, by=a_user(SERVICE))
    looked = EtaChange(line.pk, [EtaPart(day(20))], seen_version=line.version)
    revise(line, (30, None))
    with pytest.raises(Stale):
        accept(proposal, by=buyer, change=looked)
    with pytest.raises(NotItsLine):
        accept(proposal, by=buyer, change=EtaChange(a_purchase(a_product(), 1).pk, [EtaPart(day(20))]))
    accept(proposal, by=buyer)
    assert PurchaseLine.objects.get(pk=line.pk).eta_on == day(20)


@pytest.mark.parametrize("way", [{"tells_later": True}, {"compensates": False}])
def test_what_a_note_must_say_why_is_said_by_the_buyer_and_not_by_who_proposed_it(way: dict[str, bool]) -> None:
    proposal, chief = a_staff_proposal(a_purchase(a_product(), 5), by=a_user(SERVICE), note="called"), a_user(MANAGER)
    with pytest.raises(NoReason):
        accept(proposal, by=chief, **way)
    assert accept(proposal, by=chief, note="they know", **way).change_set.reason.endswith("called · they know")


def test_what_was_proposed_of_goods_that_came_ends_by_itself() -> None:
    line, other = a_purchase(a_product(), 5), a_purchase(a_product(), 5)
    a_user(PURCHASING)
    gone, stays = a_staff_proposal(line, by=a_user(SERVICE)), a_staff_proposal(other, by=a_user(SERVICE))
    receive(line, 5)
    assert staff_proposals.end_settled(at=later(hours=1)) == 1
    assert [StaffProposal.objects.get(pk=each.pk).state for each in (gone, stays)] == [State.ENDED, State.WAITING]
    assert Notice.objects.get(read_at=None).object_id == stays.pk


def test_more_customers_than_the_limit_need_a_second_person_who_then_accepts_the_same() -> None:
    asked, buyer = Asked(), a_user(PURCHASING)
    proposal = a_staff_proposal(asked.purchase, by=a_user(SERVICE))
    announcing.announce_due(at=later(hours=1))
    ApprovalLimit.objects.update_or_create(pk=1, defaults={"recipients": 0})
    with pytest.raises(NeedsApproval) as needed:
        accept(proposal, by=buyer)
    waiting = approving.ask(needed.value.details["ask"], by=buyer, why="x", at=later(hours=2))
    assert approving.preview(waiting, at=later(hours=2)) is not None
    approving.approve(waiting, by=a_user(MANAGER), at=later(hours=3))
    proposal.refresh_from_db()
    assert (proposal.state, proposal.decided_by) == (State.ACCEPTED, buyer)
