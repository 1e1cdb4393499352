"""From a changed date to a message: what is announced, when, to whom, and what is left alone."""

import datetime
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from backorders.actions import caring, selling, shipping, telling
from backorders.allocation.books import differences
from backorders.allocation.models import Promise
from backorders.allocation.windows import business_day
from backorders.catalog.models import Product
from backorders.notifications import announcing
from backorders.notifications.announcing import announce_due
from backorders.notifications.models import CallTask, Message, MessageLine, NextUpdate, Suppression
from backorders.notifications.policy import TellingPolicy
from backorders.orders.models import Order, OrderLine
from backorders.supply.models import PurchaseLine
from tests.factories import (
    AT,
    a_carrier,
    a_customer,
    a_line,
    a_product,
    a_purchase,
    an_order,
    day,
    later,
    receive,
    revise,
)
from tests.notifications.desk import announce, inbox, promise, send, tell, windows

pytestmark = pytest.mark.django_db


def a_told_line(*, eta: int = 30, product: Product | None = None, **fields: Any) -> tuple[PurchaseLine, OrderLine]:
    """A line that waits for a purchase line and was told its date three days ago."""
    product = product or a_product()
    purchase = a_purchase(product, 100, eta=eta, at=later(days=-3))
    line = a_line(product, 2, at=later(days=-3), **fields)
    tell(later(days=-3))
    return purchase, line


def test_an_order_is_confirmed_with_what_ships_now_and_what_waits() -> None:
    product = a_product(stock=10)
    a_purchase(product, 20, eta=30)
    line = a_line(product, 15)

    [message] = announce(AT)

    assert (message.kind, message.state) == ("confirmation", "pending")
    assert "SHIPS NOW\n* 10 × " in message.text
    assert "WAITS FOR NEW STOCK\n* 5 × " in message.text
    assert "free of charge" in message.text
    assert Order.objects.get().is_confirmed
    assert windows(line)["announced"] == windows(line)["expected"] is not None
    assert announce(AT) == []


def test_a_date_is_told_when_the_provider_took_the_mail() -> None:
    _, line = a_told_line()
    told = windows(line)
    assert told["told"] == told["announced"] == told["expected"] is not None
    assert [to for to, _ in inbox()] == [line.order.customer.email]


def test_a_later_date_is_announced_after_the_quiet_period() -> None:
    purchase, line = a_told_line()
    before = windows(line)["told"]
    revise(purchase, (44, None))

    assert announce(later(minutes=4)) == []
    [message] = announce(later(minutes=5))

    assert message.kind == "later"
    assert message.lines.get().window_until == windows(line)["expected"]
    assert windows(line) == {
        "expected": before + datetime.timedelta(days=14),
        "announced": windows(line)["expected"],
        "told": before,
        "gap": False,
    }
    assert "production takes longer" in message.text
    assert "We are sorry" in message.text
    assert message.has_apology


@pytest.mark.parametrize(("beside", "headline"), [(40, "Your order now"), (30, "Part of your order now")])
def test_the_headline_says_part_where_something_else_comes_on_another_day(beside: int, headline: str) -> None:
    product, other = a_product(), a_product()
    coming = a_purchase(product, 9, eta=30)
    a_purchase(other, 9, eta=beside)
    an_order((product, 1), (other, 1))
    tell(later(minutes=6))
    revise(coming, (40, None), at=later(days=4))
    (message,) = tell(later(days=4, minutes=6))
    assert headline in message.text


def test_ten_edits_make_one_message_with_the_last_date() -> None:
    purchase, line = a_told_line()
    messages = []
    for minute in range(10):
        revise(purchase, (40 + minute, None), at=later(minutes=minute))
        messages += announce(later(minutes=minute))
    messages += announce(later(minutes=14))
    assert [message.lines.get().window_until for message in messages] == [windows(line)["expected"]]


def test_edits_without_end_are_announced_half_an_hour_after_the_first() -> None:
    purchase, _ = a_told_line()
    heard = []
    for minute in range(0, 60, 4):
        revise(purchase, (40 + minute, None), at=later(minutes=minute))
        heard += [minute for _ in announce(later(minutes=minute))]
    assert heard == [32]  # the first look at or after 30 minutes; the next is under the cap


def test_a_change_taken_back_makes_no_message() -> None:
    purchase, line = a_told_line()
    revise(purchase, (44, None))
    revise(purchase, (30, None), at=later(minutes=3))
    assert announce(later(hours=1)) == []
    assert not windows(line)["gap"]


def test_a_change_taken_back_after_it_was_queued_takes_the_message_back() -> None:
    purchase, line = a_told_line()
    revise(purchase, (44, None))
    [queued] = announce(later(minutes=5))
    revise(purchase, (30, None), at=later(minutes=6))

    assert announce(later(minutes=20)) == []
    assert send(later(minutes=20)) == {}

    queued.refresh_from_db()
    assert queued.state == "superseded"
    known = windows(line)
    assert known["announced"] == known["told"] == known["expected"]
    assert len(inbox()) == 1


def test_a_newer_date_replaces_the_queued_message() -> None:
    purchase, line = a_told_line()
    revise(purchase, (44, None))
    [first] = announce(later(minutes=5))
    revise(purchase, (58, None), at=later(minutes=6))
    [second] = announce(later(minutes=12))

    send(later(minutes=12))

    first.refresh_from_db()
    assert first.state == "superseded"
    assert second.lines.get().window_until == windows(line)["told"] == windows(line)["expected"]
    assert len(inbox()) == 2  # the confirmation and the newest date


@pytest.mark.parametrize(("eta", "kind"), [(31, "later"), (27, "earlier"), (25, "earlier"), (None, "no_date")])
def test_every_move_worth_telling_has_its_kind(eta: int | None, kind: str) -> None:
    purchase, _ = a_told_line(eta=30)
    revise(purchase, (eta, None))
    assert [message.kind for message in announce(later(minutes=5))] == [kind]


def test_a_small_gain_is_weighed_once_and_stays_on_record() -> None:
    purchase, line = a_told_line(eta=29)
    revise(purchase, (28, None))
    assert windows(line)["expected"] < windows(line)["announced"]

    assert announce(later(minutes=5)) == []

    assert windows(line)["gap"]
    assert not Promise.objects.untold().exists()
    with CaptureQueriesContext(
        connection,
    ) as queries:
        announce_due(at=later(minutes=6))
    assert len(queries) == 11  # the rules, who is in a hurry, nine questions of the work list, and nobody to look at


def test_small_gains_that_add_up_are_told_after_their_own_quiet_period() -> None:
    purchase, line = a_told_line(eta=29)
    revise(purchase, (28, None))
    announce(later(minutes=5))
    revise(purchase, (23, None), at=later(hours=5))

    assert announce(later(hours=5, minutes=4)) == []
    assert [message.kind for message in announce(later(hours=5, minutes=5))] == ["earlier"]
    assert not windows(line)["gap"]


def test_five_orders_of_one_customer_make_one_message() -> None:
    product, customer = a_product(), a_customer()
    purchase = a_purchase(product, 100, eta=30, at=later(days=-3))
    for _ in range(5):
        a_line(product, 2, customer=customer, at=later(days=-3))
    tell(later(days=-3))
    revise(purchase, (44, None))

    [message] = announce(later(minutes=5))

    assert message.text.count("See order") == 5
    assert message.lines.count() == 5


def test_kinds_merge_into_one_message_worst_first() -> None:
    customer = a_customer()
    slips, cancelled, stocked = a_product(), a_product(), a_product(stock=5)
    purchase = a_purchase(slips, 100, eta=30, at=later(days=-3))
    waiting = a_line(slips, 2, customer=customer, at=later(days=-3))
    unwanted = a_line(cancelled, 1, customer=customer, at=later(days=-3), is_paid=True)
    shipped = an_order((stocked, 2), customer=customer, at=later(days=-3))
    tell(later(days=-3))
    revise(purchase, (44, None))
    selling.cancel_line(unwanted, reason="not wanted", by=None, at=AT)
    shipping.ship(shipped, units=[(shipped.lines.get().pk, 2)], tracking_number="TR1", by=None, at=AT)
    an_order((stocked, 1), customer=customer, at=AT)

    [message] = announce(later(minutes=6))

    assert message.kind == "cancelled"
    headlines = ["Cancelled: items", "now arrives", "is confirmed", "is on its way"]
    places = [message.text.index(headline) for headline in headlines]
    assert places == sorted(places)
    assert "We pay back: €10.00" in message.text
    assert windows(waiting)["announced"] == windows(waiting)["expected"]
    assert announce(later(minutes=7)) == []


def test_dates_are_told_once_in_48_hours_unless_one_is_imminent() -> None:
    purchase, line = a_told_line()
    revise(purchase, (44, None))
    tell(later(minutes=5))
    revise(purchase, (58, None), at=later(hours=1))

    assert announce(later(hours=47)) == []
    assert windows(line)["gap"]
    assert len(announce(later(hours=48, minutes=5))) == 1


def test_the_cap_does_not_hold_back_a_date_that_begins_within_two_days() -> None:
    courier = a_carrier("Courier", transit_days=0)
    purchase, line = a_told_line(product=a_product(handling_days=0), carrier=courier)
    eve = AT + (promise(line).told_from - day(1))
    revise(purchase, (31, None), at=eve)
    assert [message.kind for message in tell(eve + datetime.timedelta(minutes=2))] == ["later"]
    told = promise(line).told_from
    revise(purchase, (44, None), at=eve + datetime.timedelta(hours=1))

    assert announce(eve + datetime.timedelta(hours=1, minutes=1)) == []
    [message] = announce(eve + datetime.timedelta(hours=1, minutes=2))
    assert message.lines.get().window_from > told


def test_a_shipped_parcel_is_announced_with_what_still_comes() -> None:
    product = a_product(stock=3)
    a_purchase(product, 20, eta=30, at=later(days=-3))
    line = a_line(product, 5, at=later(days=-3))
    tell(later(days=-3))
    shipping.ship(line.order, units=[(line.pk, 3)], tracking_number="TR 42", by=None, at=AT)

    [message] = announce(AT)

    assert message.kind == "shipped"
    assert "TR 42" in message.text
    assert "STILL TO COME\n* 2 × " in message.text
    assert "(see" not in message.text


def test_a_parcel_s_mail_that_waited_says_what_still_comes_without_a_day_that_passed_meanwhile() -> None:
    """The day was told before, so that it would be no news; but it is not to come any more."""
    order = an_order((a_product(stock=5), 1), (a_product(stock=5), 2))
    tell(AT)
    leaving, ready = order.lines.order_by("id")
    shipping.ship(order, units=[(leaving.pk, 1)], tracking_number="TR 42", by=None, at=later(hours=1))
    [queued] = announce(later(hours=1))
    assert promise(ready).told_until == queued.lines.get(window_until__isnull=False).window_until
    after = later(hours=1) + (promise(ready).told_until + datetime.timedelta(days=1) - business_day(AT))
    assert send(after) == {"superseded": 1}
    [anew] = tell(after)
    assert (anew.kind, anew.state) == ("shipped", "accepted")
    assert "TR 42" in anew.text
    assert "STILL TO COME\n* 2 × " in anew.text
    assert not anew.lines.filter(window_until__isnull=False).exists()
    assert announce(after + datetime.timedelta(days=1)) == []


def test_a_parcel_s_mail_that_waited_leaves_while_its_days_lie_ahead() -> None:
    order = an_order((a_product(stock=5), 1), (a_product(stock=5), 2))
    tell(AT)
    shipping.ship(order, units=[(order.lines.order_by("id")[0].pk, 1)], by=None, at=later(hours=1))
    announce(later(hours=1))
    ready = order.lines.order_by("id")[1]
    last = later(hours=1) + (promise(ready).told_until - business_day(AT))
    assert send(last) == {"accepted": 1}


def test_a_parcel_s_mail_states_no_date_that_is_still_on_the_move() -> None:
    product = a_product(stock=3)
    purchase = a_purchase(product, 20, eta=30, at=later(days=-3))
    line = a_line(product, 5, at=later(days=-3))
    tell(later(days=-3))
    revise(purchase, (44, None))
    shipping.ship(line.order, units=[(line.pk, 3)], by=None, at=AT)

    [message] = announce(later(minutes=1))
    assert (message.kind, message.lines.filter(promise_version__isnull=False).count()) == ("shipped", 0)
    assert "STILL TO COME\n* 2 × " in message.text
    assert "July" not in message.text
    assert "a date yet" not in message.text
    assert [other.kind for other in announce(later(minutes=5))] == ["later"]


def test_a_line_with_a_small_gain_hears_again_in_time_with_its_newest_date() -> None:
    purchase, line = a_told_line(eta=50)
    revise(purchase, (49, None))
    assert announce(later(minutes=5)) == []
    [message] = tell(later(days=11))
    assert (message.kind, message.lines.get().window_until) == ("earlier", windows(line)["expected"])
    assert windows(line)["told"] == windows(line)["expected"]
    assert not windows(line)["gap"]


def test_an_order_that_closed_before_it_was_confirmed_is_not_confirmed_any_more() -> None:
    line = a_line(a_product(), 2)
    selling.cancel_line(line, reason="at once", by=None, at=AT)
    [message] = announce(AT)
    assert message.kind == "cancelled"
    assert "is confirmed" not in message.text
    assert Order.objects.get().is_confirmed


def test_the_confirmation_states_the_newest_date() -> None:
    product = a_product()
    purchase = a_purchase(product, 10, eta=30)
    line = a_line(product, 2)
    revise(purchase, (44, None), at=later(minutes=1))
    [message] = announce(later(minutes=2))
    assert message.lines.get().window_until == windows(line)["expected"]
    assert announce(later(hours=1)) == []


@pytest.mark.parametrize("email", ["", "nobody", "a@b", "x@example.com\nBcc: y@example.com", "ü@example.com"])
def test_who_cannot_be_mailed_is_called(email: str) -> None:
    a_line(a_product(stock=1), 1, customer=a_customer(email=email))
    [message] = announce(AT)
    assert message.state == "suppressed"
    task = CallTask.objects.get()
    assert (task.message, task.why) == (message, "No valid e-mail address.")
    assert send(AT) == {}


def test_a_suppressed_address_is_called() -> None:
    customer = a_customer(email="Gone@Example.com")
    Suppression.objects.create(address="gone@example.com", reason="bounce", at=AT)
    a_line(a_product(stock=1), 1, customer=customer)
    assert [message.state for message in announce(AT)] == ["suppressed"]
    assert "bounce" in CallTask.objects.get().why


def test_who_complained_still_gets_what_the_law_requires() -> None:
    purchase, line = a_told_line()
    Suppression.objects.create(address=line.order.customer.email, reason="complaint", at=AT)
    revise(purchase, (20, None))
    assert [message.state for message in announce(later(minutes=5))] == ["suppressed"]
    revise(purchase, (60, None), at=later(days=3))
    assert [message.state for message in announce(later(days=3, minutes=5))] == ["pending"]


def test_what_has_no_words_parks_with_its_reason_and_holds_nobody_up() -> None:
    product = a_product(stock=5)
    a_line(product, 1, customer=a_customer(language="zz"))
    a_line(product, 1)
    parked, sent = announce(AT)
    assert (parked.state, sent.state) == ("failed", "pending")
    assert "zz" in parked.last_error
    assert CallTask.objects.get().message == parked
    assert announce(AT) == []


def test_a_new_address_gets_the_current_promise_and_the_old_one_nothing() -> None:
    purchase, line = a_told_line()
    customer = line.order.customer
    revise(purchase, (44, None))
    [old] = announce(later(minutes=5))
    customer.email, customer.address_version = "new@example.com", 2
    customer.save()

    assert send(later(minutes=6)) == {"superseded": 1}
    [new] = tell(later(minutes=7))

    old.refresh_from_db()
    assert (old.state, new.recipient) == ("superseded", "new@example.com")
    assert [to for to, _ in inbox()][1:] == ["new@example.com"]


def test_an_address_that_was_put_right_hears_what_did_not_reach_the_old_one() -> None:
    purchase, line = a_told_line()
    customer = line.order.customer
    type(customer).objects.update(email="nobody", address_version=2)
    revise(purchase, (44, None))
    [silenced] = announce(later(minutes=5))
    assert CallTask.objects.get(done_at=None).message == silenced

    caring.change_address(customer, email="right@example.com", by=None, at=later(minutes=6))
    [message] = tell(later(minutes=7))

    assert (message.kind, message.state, message.recipient) == ("later", "accepted", "right@example.com")
    assert not CallTask.objects.filter(done_at=None).exists()
    assert windows(line)["told"] == windows(line)["expected"]


def test_lines_announced_by_an_import_get_their_next_update() -> None:
    a_told_line()
    NextUpdate.objects.all().delete()
    assert announcing.promise_next_updates(at=AT) == 1
    assert NextUpdate.objects.get().on == day(14)
    assert announcing.promise_next_updates(at=later(days=1)) == 0


def test_an_approaching_date_is_announced_once() -> None:
    _, line = a_told_line(eta=8)
    first = promise(line).told_from
    due = AT + (first - day(3))  # business days and UTC days agree at nine o'clock
    assert announce(due - datetime.timedelta(days=1)) == []
    kinds = [message.kind for offset in range(3) for message in tell(due + datetime.timedelta(days=offset))]
    assert kinds == ["approaching"]


def test_who_hears_nothing_for_two_weeks_hears_that_nothing_changed() -> None:
    product = a_product()
    a_purchase(product, 10, eta=60)
    dated, undated = a_line(product, 2), a_line(a_product(), 1)
    tell(AT)
    assert set(NextUpdate.objects.values_list("on", flat=True)) == {day(14)}

    assert announce(later(days=13)) == []
    messages = tell(later(days=14))

    assert {message.lines.get().line: message.kind for message in messages} == dict.fromkeys(
        (dated, undated), "heartbeat"
    )
    assert ["Nothing has changed" in message.text for message in messages] == [True, True]
    assert ["15 June" in message.text or "29 June" in message.text for message in messages] == [True, True]
    assert set(NextUpdate.objects.values_list("on", flat=True)) == {day(28)}


def test_a_closed_line_needs_no_word_any_more() -> None:
    _, line = a_told_line()
    selling.cancel_line(line, reason="enough", by=None, at=AT)
    tell(AT)
    assert announce(later(days=20)) == []
    assert not NextUpdate.objects.exists()


def test_an_order_gets_one_apology() -> None:
    purchase, _ = a_told_line()
    texts = []
    for week in range(1, 4):
        revise(purchase, (30 + 14 * week, None), at=later(days=3 * week))
        texts += [message.text for message in tell(later(days=3 * week, minutes=5))]
    assert ["We are sorry" in text for text in texts] == [True, False, False]


def test_a_date_that_moves_while_the_letter_is_written_is_left_to_the_next_run(monkeypatch: pytest.MonkeyPatch) -> None:
    purchase, line = a_told_line()
    revise(purchase, (44, None))
    write, moves = announcing.render, iter([58])

    def move_then_write(*args: Any, **how: Any) -> Any:
        for eta in moves:
            revise(purchase, (eta, None), at=later(minutes=5))
        return write(*args, **how)

    monkeypatch.setattr(announcing, "render", move_then_write)
    assert announce(later(minutes=5)) == []
    [message] = announce(later(minutes=10))
    assert message.lines.get().window_until == windows(line)["expected"]


def test_what_another_announcer_said_meanwhile_is_not_said_again(monkeypatch: pytest.MonkeyPatch) -> None:
    purchase, _ = a_told_line()
    revise(purchase, (44, None))
    write, others = announcing.render, iter([1])

    def be_overtaken(*args: Any, **how: Any) -> Any:
        for _ in others:
            assert announce_due(at=later(minutes=5)).messages == 1
        return write(*args, **how)

    monkeypatch.setattr(announcing, "render", be_overtaken)
    assert announce_due(at=later(minutes=5)).messages == 0
    assert Message.objects.filter(kind="later").count() == 1


def test_a_held_message_passes_its_hold_on_to_the_newer_one() -> None:
    purchase, _ = a_told_line()
    revise(purchase, (44, None))
    announce(later(minutes=5))
    Message.objects.filter(state="pending").update(state="held")
    revise(purchase, (58, None), at=later(hours=1))
    [newer] = announce(later(hours=1, minutes=5))
    assert newer.state == "held"


@pytest.mark.parametrize("customers", [1, 40])
def test_the_number_of_statements_does_not_grow_with_the_customers(customers: int) -> None:
    product = a_product()
    purchase = a_purchase(product, 1000, eta=30, at=later(days=-3))
    for _ in range(customers):
        an_order((product, 1), at=later(days=-3))
    tell(later(days=-3))
    revise(purchase, (44, None))
    with CaptureQueriesContext(connection) as queries:
        announced = announce_due(at=later(minutes=5), policy=TellingPolicy(customers_at_once=50))
    assert announced.messages == customers
    assert len(queries) <= 43


def test_the_books_agree_after_announcing() -> None:
    purchase, line = a_told_line()
    revise(purchase, (29, None))
    tell(later(minutes=5))
    revise(purchase, (60, None), at=later(hours=1))
    tell(later(days=3))
    receive(purchase, 50, at=later(days=3))
    tell(later(days=4))
    assert list(differences(at=later(days=4))) == []
    assert MessageLine.objects.filter(line=line).count() >= 2


def test_a_hold_outlasts_the_quiet_after_the_date_moved_again() -> None:
    purchase, _ = a_told_line()
    revise(purchase, (40, None))
    [message] = announce(later(minutes=6))
    telling.hold([message], reason="x", by=None, at=later(minutes=7))
    revise(purchase, (45, None), at=later(minutes=8))
    assert announce(later(minutes=11)) == []
    [newer] = announce(later(minutes=14))
    assert newer.state == "held"


def test_a_hold_ends_with_what_was_held() -> None:
    purchase, _ = a_told_line()
    revise(purchase, (40, None))
    telling.hold(announce(later(minutes=6)), reason="x", by=None, at=later(minutes=7))
    revise(purchase, (30, None), at=later(minutes=8))
    assert announce(later(minutes=14)) == []
    revise(purchase, (50, None), at=later(days=1))
    [newer] = announce(later(days=1, minutes=6))
    assert newer.state == "pending"


def test_a_reminder_of_one_line_is_none_of_another_in_the_same_order() -> None:
    soon, late = a_product(), a_product()
    a_purchase(soon, 1, eta=10)
    purchase = a_purchase(late, 1, eta=30)
    order = an_order((soon, 1), (late, 1))
    tell(AT)
    near, far = order.lines.order_by("id")
    on = NextUpdate.objects.get(line=near).on
    moved_at = later(days=(on - day(0)).days)
    revise(purchase, (40, None), at=moved_at)
    [message] = tell(moved_at + datetime.timedelta(hours=1))
    assert message.lines.count() == 2
    assert promise(near).approach_announced_until == promise(near).expected_until
    assert promise(far).approach_announced_until is None
