"""A receipt that somebody else gets first, or whose rest has a date: one change set, with a manager, and a way back."""

from decimal import Decimal

import pytest
from django.core.exceptions import ObjectDoesNotExist

from backorders.access.checking import NotAllowed
from backorders.access.table import MANAGER, SERVICE, WAREHOUSE
from backorders.actions import (
    approving,
    caring,
    etas,
    queueing,
    reallocating,
    receiving,
    refunding,
    selling,
    splitting,
    undoing,
)
from backorders.actions.checking import NoReason, NotOpen
from backorders.actions.keys import KeyTaken
from backorders.actions.moving import MOST_ON_HAND
from backorders.actions.seconding import NeedsApproval
from backorders.allocation.books import differences
from backorders.changes.models import Approval, ApprovalLimit, ChangeSet
from backorders.inbox.models import Notice
from backorders.orders.models import OrderLine
from backorders.refusal import Refused, Stale
from backorders.supply.models import EtaRevision, PurchaseLine, Receipt, StockLevel
from tests.actions.desk import stored
from tests.factories import (
    AT,
    a_customer,
    a_line,
    a_product,
    a_purchase,
    a_user,
    an_order,
    day,
    expected,
    later,
    revise,
    state,
)
from tests.notifications.desk import announce

pytestmark = pytest.mark.django_db

WHO = {"by": None, "at": AT}


def goods(*wants: int) -> tuple[PurchaseLine, list[OrderLine]]:
    """Four units come now, four in thirty days; lines want so many."""
    product = a_product()
    now, _then = a_purchase(product, 4), a_purchase(product, 4, eta=30)
    return now, [a_line(product, units) for units in wants]


def come(line: PurchaseLine, quantity: int = 4, **how: int) -> list[receiving.Arrival]:
    return [receiving.Arrival(line.pk, quantity, **how)]


def before(line: OrderLine, other: OrderLine, units: int | None = None) -> reallocating.GoesBefore:
    return reallocating.GoesBefore(line.pk, other.pk, units=units)


def when(line: PurchaseLine, eta: int | None) -> list[etas.EtaChange]:
    return [etas.EtaChange(line.pk, [etas.EtaPart(None if eta is None else day(eta))])]


def test_who_is_put_first_gets_the_goods_and_whoever_was_passed_moves_down() -> None:
    line, (first, second) = goods(4, 4)
    was = expected(second)
    done = receiving.receive(come(line), first=[before(second, first)], reason="she is moving", **WHO)
    assert (state(first)[0], state(second)[0]) == (0, 4)
    assert expected(first) == was
    assert done.change_set.reason == "she is moving"
    assert ChangeSet.objects.filter(act__in=("receive", "reallocate")).count() == 1
    assert {(each.kind, each.object_id) for each in done.change_set.touches.all()} == {
        ("purchase_order", line.purchase_order_id),
        ("order", first.order_id),
        ("order", second.order_id),
    }
    assert list(differences(at=AT)) == []


def test_moves_follow_each_other_like_presses_of_a_button() -> None:
    line, (first, second, third) = goods(2, 2, 2)
    receiving.receive(come(line), first=[before(third, second), before(third, first)], reason="x", **WHO)
    assert [state(each)[0] for each in (first, second, third)] == [2, 0, 2]
    assert list(differences(at=AT)) == []


def test_the_preview_is_the_act_and_names_who_loses_units_and_days() -> None:
    line, (first, second) = goods(4, 4)
    stored_before, was = stored(), expected(second)
    ahead = receiving.foresee_receive(come(line), first=[before(second, first)], most=9, at=AT)
    assert stored() == stored_before
    loser, winner = ahead.by_hand
    assert (loser.line_id, loser.units, loser.units_by_hand, loser.loses) == (first.pk, 4, 0, True)
    assert (winner.line_id, winner.units, winner.units_by_hand, winner.loses) == (second.pk, 0, 4, False)
    assert loser.window_by_hand == was
    assert loser.window == winner.window_by_hand
    assert [turn.line_id for turn in ahead.queues[0]] == [second.pk, first.pk]
    assert ahead.impact == receiving.receive(come(line), first=[before(second, first)], reason="x", **WHO).impact


def parts(line: OrderLine) -> list[tuple[int, int]]:
    """(Allocated, waiting) of a line and of what was made of its units, the youngest last."""
    return list(OrderLine.objects.filter(order=line.order_id).order_by("id").values_list("allocated", "waiting"))


def test_some_units_go_to_another_line_and_the_rest_keeps_its_place() -> None:
    line, (first, second) = goods(4, 4)
    was = expected(second)
    moves = [before(second, first, 1)]
    ahead = receiving.foresee_receive(come(line), first=moves, most=9, at=AT)
    loser, winner = ahead.by_hand
    assert (loser.line_id, loser.units, loser.units_by_hand, loser.loses) == (first.pk, 4, 3, True)
    assert (winner.line_id, winner.units, winner.units_by_hand, winner.loses) == (second.pk, 0, 1, False)
    assert winner.window_by_hand == was  # of its last unit
    turns = [(turn.line_id, turn.is_part, turn.waits, turn.gets) for turn in ahead.queues[0]]
    assert turns == [(second.pk, True, 1, 1), (first.pk, False, 4, 3), (second.pk, False, 3, 0)]
    before_act = {(each.order_id, each.kind, each.new) for each in ahead.impact.moves}
    done = receiving.receive(come(line), first=moves, reason="she is moving", **WHO)
    assert before_act == {(each.order_id, each.kind, each.new) for each in done.impact.moves}
    assert ahead.impact.counts == done.impact.counts
    assert (parts(first), parts(second)) == ([(3, 1)], [(0, 3), (1, 0)])
    assert expected(second) == was
    assert list(differences(at=AT)) == []


def test_units_are_taken_from_whom_nobody_behind_gets_them_from() -> None:
    """As with whole lines: who stands between loses first, and is named."""
    line, (first, second, third) = goods(2, 2, 3)
    moves = [before(third, first, 1), before(third, second, 1)]
    ahead = receiving.foresee_receive(come(line), first=moves, most=9, at=AT)
    assert [(each.line_id, each.units_by_hand) for each in ahead.by_hand] == [(second.pk, 0), (third.pk, 2)]
    receiving.receive(come(line), first=moves, reason="x", **WHO)
    assert [parts(each) for each in (first, second, third)] == [[(2, 0)], [(0, 2)], [(0, 1), (1, 0), (1, 0)]]
    assert list(differences(at=AT)) == []


def test_all_units_of_a_line_are_the_line() -> None:
    line, (first, second) = goods(4, 4)
    receiving.receive(come(line), first=[before(second, first, 4)], reason="x", **WHO)
    assert (parts(first), parts(second)) == ([(0, 4)], [(4, 0)])


def test_undoing_takes_units_given_by_hand_back_though_they_stay_a_line_of_their_own() -> None:
    line, (first, second) = goods(4, 4)
    was = [expected(each) for each in (first, second)]
    done = receiving.receive(come(line), first=[before(second, first, 1)], reason="x", **WHO)
    undoing.undo(done.change_set, by=None, at=later(hours=1))
    assert (parts(first), parts(second)) == ([(0, 4)], [(0, 3), (0, 1)])
    assert [expected(each) for each in (first, second)] == was
    assert list(differences(at=AT)) == []
    again = receiving.receive(come(line), by=None, at=later(hours=2))
    assert [each.line_id for each in again.impact.served] == [first.pk]


def test_who_is_promised_first_units_by_it_stays_behind_all_who_were_promised_before() -> None:
    """Whoever is passed moves up in numbers, beyond the last that was given before."""
    product = a_product()
    line = a_purchase(product, 3)
    first, _second, third = [a_line(product, 1) for _ in range(3)]
    a_line(product, 5, customer=a_customer(tier=2))
    how = {"first": [before(third, first)]}
    seen = receiving.preview_receive(come(line, 0, over=1), **how, at=AT)
    assert seen == receiving.receive(come(line, 0, over=1), **how, reason="x", **WHO).impact
    assert list(differences(at=AT)) == []


def test_money_off_goes_with_units_that_become_a_line_of_their_own_and_stays_with_them() -> None:
    line, (first, _second) = goods(4, 4)
    paid = an_order((first.product, 4), is_paid=True).lines.get()
    gift = {"kind": "discount", "amount": Decimal(8), "line": paid, "tells": False}
    caring.compensate(paid.order, **gift, reason="x", by=None, at=AT)
    whole = refunding.refund_of([(paid, 4)])
    done = receiving.receive(come(line), first=[before(paid, first, 2)], reason="x", **WHO)
    for _again in range(2):
        rows = list(OrderLine.objects.filter(order=paid.order).order_by("id"))
        assert refunding.refunds_of([(each, 2) for each in rows]) == [whole / 2, whole / 2]
        if not _again:
            undoing.undo(done.change_set, by=None, at=later(hours=1))


@pytest.mark.parametrize("act", ["more", "split"])
def test_what_was_done_before_units_became_a_line_of_their_own_cannot_be_undone(act: str) -> None:
    line, (first, second) = goods(4, 4)
    if act == "more":
        done = selling.change_quantity(second, quantity=6, reason="x", by=None, at=AT).change_set
        mine = second
    else:
        made = splitting.split(second.order, units=[(second.pk, 3)], reason="x", by=None, at=AT)
        done, mine = made.change_set, made.made.lines.get()
    received = receiving.receive(come(line), first=[before(mine, first, 2)], reason="x", **WHO)
    undoing.undo(received.change_set, by=None, at=later(hours=1))
    was = stored()
    with pytest.raises(undoing.NotUndoable, match="was changed again since"):
        undoing.undo(done, by=None, at=later(hours=2))
    assert stored() == was


@pytest.mark.parametrize(
    ("units", "is_itself"),
    [(0, False), (5, False), (2, True)],
    ids=["none", "more than it waits for", "some of its own"],
)
def test_units_that_cannot_be_given_are_refused_and_nothing_is_written(units: int, is_itself: bool) -> None:
    line, (first, second) = goods(4, 4)
    how, was = {"first": [before(second, second if is_itself else first, units)]}, stored()
    for refused in (
        lambda: receiving.foresee_receive(come(line), **how, most=9, at=AT),
        lambda: receiving.preview_receive(come(line), **how, at=AT),
        lambda: receiving.receive(come(line), **how, reason="x", **WHO),
    ):
        with pytest.raises(reallocating.NothingToGive):
            refused()
    assert stored() == was


def test_a_receipt_that_gives_other_units_is_not_the_one_of_its_key() -> None:
    line, (first, second) = goods(4, 4)
    how = {"reason": "x", "key": "k", **WHO}
    receiving.receive(come(line), first=[before(second, first, 1)], **how)
    receiving.receive(come(line), first=[before(second, first, 1)], **how)
    assert parts(second) == [(0, 3), (1, 0)]
    with pytest.raises(KeyTaken):
        receiving.receive(come(line), first=[before(second, first, 2)], **how)


def test_undoing_gives_places_goods_and_dates_back() -> None:
    line, (first, second) = goods(4, 4)
    was = [(state(each), expected(each)) for each in (first, second)]
    moves, rest = [before(second, first)], when(line, 50)
    done = receiving.receive(come(line, 2), first=moves, reason="x", rest=rest, **WHO)
    undoing.undo(done.change_set, by=None, at=later(hours=1))
    assert [(state(each), expected(each)) for each in (first, second)] == was
    line.refresh_from_db()
    assert (line.outstanding, line.eta_on) == (4, day(10))
    assert list(differences(at=AT)) == []
    again = receiving.receive(come(line), by=None, at=later(hours=2))
    assert [each.line_id for each in again.impact.served] == [first.pk]


def test_an_expedited_line_that_is_passed_is_first_again_after_undo() -> None:
    line, (first, second) = goods(4, 4)
    queueing.expedite(first, reason="x", **WHO)
    done = receiving.receive(come(line), first=[before(second, first)], reason="x", **WHO)
    assert state(second)[0] == 4
    undoing.undo(done.change_set, by=None, at=later(hours=1))
    assert not OrderLine.objects.get(pk=second.pk).is_expedited


def test_what_cannot_be_is_refused_in_preview_and_act_alike() -> None:
    line, (first, second) = goods(4, 4)
    stranger = a_line(a_product(), 1)
    wrong = [
        {"first": [before(first, second)]},  # it goes before it already
        {"first": [before(second, stranger)]},
        {"first": [reallocating.GoesBefore(second.pk, 10**12)]},
        {"rest": when(line, 20)},  # nothing is left of it
        {"rest": when(stranger, 20)},  # nothing of it arrives
    ]
    untouched = stored()
    for how in wrong:
        with pytest.raises(Refused) as foreseen:
            receiving.preview_receive(come(line), at=AT, **how)
        with pytest.raises(type(foreseen.value)) as refused:
            receiving.receive(come(line), reason="x", **how, **WHO)
        assert str(foreseen.value) == str(refused.value)
    for eta in (-1, 4000):
        with pytest.raises(etas.BadEta) as foreseen:
            receiving.preview_receive(come(line, 2), rest=when(line, eta), at=AT)
        with pytest.raises(etas.BadEta, match=str(foreseen.value).replace("(", ".")[:20]):
            receiving.receive(come(line, 2), rest=when(line, eta), **WHO)
    with pytest.raises(NoReason):
        receiving.receive(come(line), first=[before(second, first)], **WHO)
    assert stored() == untouched


def test_the_preview_refuses_what_no_column_keeps_and_what_changed_since() -> None:
    line, _ = goods(4, 4)
    StockLevel.objects.filter(product=line.product).delete()
    StockLevel.objects.create(product=line.product, warehouse=line.warehouse, on_hand=MOST_ON_HAND - 3)
    sentences = []
    for units in (come(line), come(line, 5), come(line, 4, seen_version=line.version + 1), come(line, 10_000_001)):
        with pytest.raises(Refused) as foreseen:
            receiving.preview_receive(units, at=AT)
        with pytest.raises(type(foreseen.value)) as refused:
            receiving.receive(units, **WHO)
        assert str(foreseen.value) == str(refused.value)
        sentences.append(type(foreseen.value).__name__)
    assert sentences == ["TooMuchOnHand", "MoreThanOutstanding", "Stale", "NotWholeUnits"]
    assert not Receipt.objects.exists()


def test_an_order_that_changed_since_it_was_shown_is_not_moved() -> None:
    line, (first, second) = goods(4, 4)
    move = reallocating.GoesBefore(second.pk, first.pk, seen_version=second.order.version + 1)
    with pytest.raises(Stale):
        receiving.receive(come(line), first=[move], reason="x", **WHO)


def test_the_warehouse_asks_a_manager_who_does_it_in_its_name() -> None:
    line, (first, second) = goods(4, 4)
    clerk, manager = a_user(WAREHOUSE), a_user(MANAGER)
    moves = [before(second, first)]
    how = {"first": moves, "reason": "she is moving", "rest": when(line, 20), "key": "k", "by": clerk, "at": AT}
    with pytest.raises(NeedsApproval, match="needs a manager") as refusal:
        receiving.receive(come(line, 3), **how)
    assert not Receipt.objects.exists()
    approval = approving.ask(refusal.value.details["ask"], by=clerk, why=str(refusal.value), at=AT)
    seen = approving.preview(Approval.objects.get(), at=AT)
    done = approving.approve(Approval.objects.get(), by=manager, at=later(hours=1))
    assert seen is not None
    assert [each.line_id for each in seen.served] == [second.pk] == [each.line_id for each in done.impact.served]
    approval.refresh_from_db()
    assert (approval.change_set, done.change_set.by) == (done.change_set, clerk)
    line.refresh_from_db()
    assert (line.outstanding, line.eta_on) == (1, day(20))
    with pytest.raises(NotAllowed):
        receiving.receive(come(line, 1), by=a_user(SERVICE), at=AT)


def test_a_manager_needs_nobody() -> None:
    line, (first, second) = goods(4, 4)
    receiving.receive(come(line), first=[before(second, first)], reason="x", by=a_user(MANAGER), at=AT)
    assert state(second)[0] == 4


def test_the_eta_of_the_rest_is_recorded_with_the_receipt_and_moves_who_waits_for_it() -> None:
    line, (first, second) = goods(3, 1)
    shown = receiving.preview_receive(come(line, 3), rest=when(line, 20), at=AT)
    done = receiving.receive(come(line, 3, note="lorry full"), rest=when(line, 20), **WHO)  # type: ignore[arg-type]
    assert shown == done.impact
    assert [move.kind for move in done.impact.moves if move.line_id == second.pk] == ["later"]
    revision = EtaRevision.objects.filter(purchase_line=line).latest("id")
    assert (revision.change_set, revision.new_on, revision.note) == (done.change_set, day(20), "lorry full")
    assert state(first)[0] == 3


def test_whose_rest_has_a_date_nobody_is_asked_for_it() -> None:
    a_user(MANAGER)
    line, _ = goods(4)
    revise(line, (0, None))
    receiving.receive(come(line, 1), rest=when(line, 9), **WHO)
    assert not Notice.objects.filter(kind="short").exists()
    receiving.receive(come(line, 1), rest=when(line, None), **WHO)
    assert Notice.objects.filter(kind="short").exists()


def test_a_rest_that_very_many_hear_of_needs_a_second_person() -> None:
    ApprovalLimit.objects.create(id=1, recipients=0)
    line, _ = goods(4)
    announce(AT)
    with pytest.raises(NeedsApproval, match="second person"):
        receiving.receive(come(line, 1), rest=when(line, 25), by=a_user(MANAGER), at=AT)
    assert not Receipt.objects.exists()


def test_a_rest_that_was_dated_again_is_not_undone() -> None:
    line, _ = goods(4)
    done = receiving.receive(come(line, 1), rest=when(line, 20), **WHO)
    revise(line, (25, None))
    with pytest.raises(undoing.NotUndoable, match="changed again"):
        undoing.undo(done.change_set, by=None, at=later(hours=1))


def test_the_key_stands_for_who_goes_first_and_for_the_rest_too() -> None:
    line, (first, second) = goods(4, 4)
    for _ in range(2):
        receiving.receive(come(line, 2), first=[before(second, first)], reason="x", key="k", **WHO)
    assert Receipt.objects.count() == 1
    for other in ({}, {"rest": when(line, 20)}):
        with pytest.raises(KeyTaken):
            receiving.receive(come(line, 2), reason="x", key="k", **other, **WHO)


def test_only_what_arrives_in_part_has_a_rest() -> None:
    line, _ = goods(4)
    with pytest.raises(NotOpen, match="when some of it arrives"):
        receiving.receive(come(line, 2), rest=when(a_purchase(a_product(), 1), 9), **WHO)
    with pytest.raises(ObjectDoesNotExist):
        ChangeSet.objects.get(act="receive")
