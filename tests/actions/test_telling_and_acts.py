"""Acts and what customers have heard: what was told meanwhile is taken up, what was not told stays to be told."""

import datetime

import pytest

from backorders.actions import caring, clock, counting, queueing, selling, telling, undoing
from backorders.actions.bookkeeping import check_books
from backorders.allocation.models import Promise
from backorders.changes.models import ChangeSet
from backorders.notifications.models import CallTask, Message
from backorders.orders.models import Cancellation, OrderLine
from tests.actions.lawdesk import comes_back
from tests.factories import (
    AT,
    a_line,
    a_product,
    a_purchase,
    a_user,
    a_warehouse,
    an_order,
    day,
    later,
    receive,
    revise,
    state,
)
from tests.notifications.desk import announce, send, tell

pytestmark = pytest.mark.django_db

TOLD_AT = later(hours=1)
AFTER = later(hours=1, minutes=1)


def in_order(at: datetime.datetime = AFTER) -> None:
    assert list(check_books(at=at)) == []


def test_an_undone_cancellation_puts_an_untold_date_back_on_the_work_list() -> None:
    product = a_product()
    purchase = a_purchase(product, 5, eta=10)
    line = a_line(product, 5)
    tell(TOLD_AT)
    revise(purchase, (40, None), at=AFTER)
    change = selling.cancel_line(line, reason="x", by=None, at=later(hours=2)).change_set
    assert Promise.objects.get().gap_since is None
    undoing.undo(change, by=None, at=later(hours=3))
    assert state(line) == (0, 5, 0, 0)
    assert Promise.objects.get().gap_since == AFTER
    in_order()


@pytest.mark.parametrize("eta", [10, None])
def test_an_undone_cancellation_of_a_line_whose_date_was_told_asks_for_no_message(eta: int | None) -> None:
    product = a_product()
    a_purchase(product, 5, eta=eta)
    line = a_line(product, 5)
    tell(TOLD_AT)
    change = selling.cancel_line(line, reason="x", by=None, at=AFTER).change_set
    undoing.undo(change, by=None, at=AFTER)
    assert Promise.objects.get().gap_since is None
    in_order()


def a_head_and_one_behind() -> tuple[OrderLine, OrderLine]:
    """A ship-complete line of 15 before one of 5, with 8 in stock and 12 to come in ten days."""
    product = a_product()
    purchase = a_purchase(product, 20, eta=10)
    head = an_order((product, 15), is_ship_complete=True).lines.get()
    behind = a_line(product, 5)
    receive(purchase, 8)
    return head, behind


def test_a_whole_line_that_was_told_its_date_lets_others_pass_a_minute_later() -> None:
    head, behind = a_head_and_one_behind()
    assert (state(head)[0], state(behind)[0]) == (8, 0)
    tell(TOLD_AT)
    in_order()
    assert clock.take_up_what_was_told(at=AFTER) == 1
    assert (state(head)[0], state(behind)[0]) == (3, 5)
    assert ChangeSet.objects.first().act == "plan_again"
    in_order()


def test_a_whole_line_that_was_told_that_nobody_knows_lets_nobody_pass_any_more_a_minute_later() -> None:
    """Its order's other line lost what it had: the whole order has no date then, though this line's lot has one."""
    product = a_product(stock=4)
    a_purchase(product, 6, eta=10)
    order = an_order((product, 6), (product, 4), is_ship_complete=True)
    head, other = order.lines.order_by("id")
    tell(TOLD_AT)
    clock.take_up_what_was_told(at=AFTER)
    assert (state(head)[0], state(other)[0]) == (0, 4)
    counting.adjust_stock(product, warehouse=a_warehouse(), counted=1, reason="x", by=None, at=later(hours=2))
    tell(later(days=2))
    assert Promise.objects.get(line=head).told_until is None
    in_order(later(days=2))
    clock.take_up_what_was_told(at=later(days=2, minutes=1))
    assert (state(head)[0], state(other)[0]) == (1, 0)
    in_order(later(days=2, minutes=1))


def test_what_was_told_is_taken_up_once() -> None:
    a_head_and_one_behind()
    tell(TOLD_AT)
    clock.take_up_what_was_told(at=AFTER)
    changes = ChangeSet.objects.count()
    assert clock.take_up_what_was_told(at=AFTER) == 1
    assert clock.take_up_what_was_told(at=later(hours=2)) == 0
    assert ChangeSet.objects.count() == changes


def test_a_mail_that_comes_back_lets_nobody_pass_any_more_a_minute_later() -> None:
    """The word that is not known any more is not kept by letting others pass."""
    head, behind = a_head_and_one_behind()
    tell(TOLD_AT)
    clock.take_up_what_was_told(at=AFTER)
    assert (state(head)[0], state(behind)[0]) == (3, 5)
    comes_back(Message.objects.get(lines__line=head), at=later(hours=5))
    assert Promise.objects.get(line=head).told_at is None
    in_order(later(hours=5))
    assert clock.take_up_what_was_told(at=later(hours=5, minutes=1)) == 1
    whole_day = state(head)[0], state(behind)[0]
    clock.start_day_of(head.product_id, at=later(hours=5, minutes=2))
    assert whole_day == (state(head)[0], state(behind)[0]), "nothing is left for the hour"
    assert whole_day == (8, 0)
    assert clock.take_up_what_was_told(at=later(hours=6)) == 0
    in_order(later(hours=6))


def test_the_plan_of_between_two_mails_that_came_back_stands_until_the_next() -> None:
    product = a_product()
    purchase = a_purchase(product, 40, eta=10)
    first, second = (an_order((product, 15), is_ship_complete=True).lines.get() for _ in range(2))
    a_line(product, 5)
    receive(purchase, 8)
    tell(TOLD_AT)
    clock.take_up_what_was_told(at=AFTER)
    in_order()
    comes_back(Message.objects.get(lines__line=first), at=later(hours=5))
    in_order(later(hours=5))
    clock.take_up_what_was_told(at=later(hours=5, minutes=1))
    comes_back(Message.objects.get(lines__line=second), at=later(hours=6))
    in_order(later(hours=6))


def test_the_books_are_not_lenient_with_a_plan_that_rests_on_what_nobody_told() -> None:
    head, behind = a_head_and_one_behind()
    Promise.objects.filter(line=head).update(told_from=day(98), told_until=day(99), told_at=TOLD_AT)
    clock.plan_again(head.product_id, at=AFTER)
    assert (state(head)[0], state(behind)[0]) == (3, 5)
    Promise.objects.filter(line=head).update(told_from=None, told_until=None, told_at=None)
    assert any(difference.invariant == 4 for difference in check_books(at=AFTER))


def test_the_books_are_not_lenient_with_a_line_that_should_have_been_served() -> None:
    head, behind = a_head_and_one_behind()
    tell(TOLD_AT)
    clock.take_up_what_was_told(at=AFTER)
    OrderLine.objects.filter(pk=behind.pk).update(is_held=True)
    assert any(difference.invariant == 4 for difference in check_books(at=AFTER))
    assert head.order.placed_at == AT


def test_a_call_about_an_older_date_does_not_undo_what_was_told_since() -> None:
    product = a_product()
    purchase = a_purchase(product, 5, eta=10)
    a_line(product, 5)
    tell(TOLD_AT)
    revise(purchase, (20, None), at=later(days=3))
    telling.cancel(announce(later(days=3, hours=1)), reason="x", by=None, at=later(days=3, hours=2))
    revise(purchase, (30, None), at=later(days=6))
    assert [message.state for message in tell(later(days=6, hours=1))] == ["accepted"]
    told = Promise.objects.values("told_until", "told_at").get()
    telling.mark_called(CallTask.objects.get(), by=a_user(), at=later(days=7))
    assert Promise.objects.values("told_until", "told_at").get() == told
    in_order(later(days=7))


def test_a_cancellation_that_a_mail_speaks_of_is_not_undone_though_the_mail_never_left() -> None:
    line = a_line(a_product(stock=5), 5)
    tell(TOLD_AT)
    change = selling.cancel_line(line, reason="x", by=None, at=AFTER).change_set
    announce(AFTER)
    caring.change_address(line.order.customer, email="new@example.com", by=None, at=AFTER)
    send(later(hours=2))
    assert not Cancellation.objects.get().is_announced
    with pytest.raises(undoing.NotUndoable, match="already told"):
        undoing.undo(change, by=None, at=later(hours=3))


def test_what_is_done_about_a_mail_stands_in_the_way_of_no_undo() -> None:
    line = a_line(a_product(stock=5), 5)
    messages = announce(TOLD_AT)
    change = queueing.expedite(line, reason="x", by=None, at=AFTER).change_set
    telling.send_now(messages, by=None, at=AFTER)
    assert undoing.objection_to_undo(change) == ""
