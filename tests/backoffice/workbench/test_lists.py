"""The lists stand in the order of harm, hold each line once, and leave out what is set aside."""

import datetime
import re
from typing import Any

import pytest
from django.test import Client

from backorders.actions import handling, selling, shipping, undoing
from backorders.allocation.models import Promise
from backorders.backoffice.workbench import counting
from backorders.backoffice.workbench.lists import HARMS, SILENT_DAYS, Seen
from backorders.backoffice.workbench.rows import Writer, rows
from backorders.desk.models import Handling
from backorders.notifications.models import NextUpdate
from backorders.orders.models import Order
from tests.backoffice.desk import World, address
from tests.backoffice.workbench.desk import asked, listed, names, somebody
from tests.factories import AT, TODAY, a_customer, a_product, a_purchase, an_order, day, later, receive, revise

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frozen")]


def promise(order: Order, **fields: Any) -> None:
    Promise.objects.filter(line__order=order).update(**fields)


def marks_of(line: int) -> list[str]:
    """The words that stand out of a line's row."""
    return [str(mark.label) for row in rows([line], today=TODAY) for mark in Writer(due={}).marks(row)]


def settled(*orders: Order) -> None:
    for order in orders:
        promise(order, gap_since=None)


def test_the_earliest_told_day_stands_first_then_tier_value_and_wait() -> None:
    lamp = a_product(price=10)
    dear, vip, plain, soon = (
        an_order((lamp, units), customer=a_customer(name, tier=tier))
        for name, tier, units in (("Dear", 0, 30), ("Vip", 3, 1), ("Plain", 0, 1), ("Soon", 0, 1))
    )
    for order, until in ((dear, 9), (vip, 9), (plain, 9), (soon, 8)):
        promise(
            order, told_from=day(1), told_until=day(until), told_at=AT, expected_from=day(20), expected_until=day(20)
        )
    assert listed("at_risk") == [soon.number, vip.number, dear.number, plain.number]


def test_what_has_no_told_day_stands_last() -> None:
    first, second = an_order((a_product(), 1)), an_order((a_product(), 1))
    promise(second, told_from=day(1), told_until=day(300), told_at=AT)
    assert listed("no_date") == [second.number, first.number]


def test_what_needs_action_holds_every_line_once_in_its_worst_list() -> None:
    world = World()
    revise(world.line, (31, None))  # not told, and at risk
    promise(world.first, told_from=day(-9), told_until=day(-2))  # late as well
    lamp = an_order((a_product(), 1))  # no date
    whole = listed("needs")
    assert len(whole) == len(set(whole)) == 4
    assert whole[-1] == lamp.number
    assert whole[0] == world.unreachable.number  # somebody has to call


def test_pages_of_what_needs_action_fit_together() -> None:
    world = World()
    for _ in range(6):
        an_order((a_product(), 1))
    revise(world.line, (31, None))
    whole = asked("needs").listing[0:100]
    pages = [line for start in range(0, 12, 3) for line in asked("needs").listing[start : start + 3]]
    assert pages == whole
    assert len(whole) == 9


def test_an_answer_is_due_where_one_was_promised_or_somebody_must_call() -> None:
    world = World()
    assert listed("answer_due") == [world.unreachable.number]
    NextUpdate.objects.filter(line__order=world.second).update(on=day(-3))
    assert listed("needs")[:2] == [world.second.number, world.unreachable.number]
    assert set(listed("answer_due")) == {world.second.number, world.unreachable.number}


def test_stale_is_what_counts_on_a_supplier_who_is_silent() -> None:
    ago = datetime.timedelta(days=SILENT_DAYS + 1)
    lamp = a_product()
    lot = a_purchase(lamp, 5, at=AT - ago)
    order = an_order((lamp, 1), at=AT - ago)
    assert listed("stale") == [order.number]
    revise(lot, (12, None))
    assert listed("stale") == []


def test_what_lies_ready_past_the_day_told_is_late_until_it_is_sent() -> None:
    world = World()
    promise(world.first, told_from=day(-9), told_until=day(-2))
    assert listed("late") == [world.first.number]
    receive(world.line, 20)
    assert (listed("late"), listed("all")) == ([world.first.number], [])
    assert world.first.number in listed("needs")
    line = world.first.lines.get()
    settled(world.first)
    assert marks_of(line.pk) == ["Late 2 days", "Ready, not sent"]
    promise(world.first, told_until=TODAY)
    assert listed("late") == []
    assert marks_of(line.pk)[-1] == "Ready"
    promise(world.first, told_until=day(-2))
    shipping.ship(world.first, units=[(line.pk, line.quantity)], by=None, at=later(hours=1))
    assert not Promise.objects.get(line=line).is_open
    assert listed("late") == []


def test_what_lies_ready_for_a_whole_order_says_that_it_waits_for_the_rest() -> None:
    order = an_order((a_product(stock=1), 1), (a_product(), 1), is_ship_complete=True)
    ready, waiting = order.lines.order_by("id")
    promise(order, told_from=day(-9), told_until=day(-2), told_at=AT)
    assert listed("late") == [order.number, order.number]
    assert marks_of(ready.pk)[-1] == "Ready, waits for the rest"
    assert "Late 2 days" in marks_of(ready.pk)
    selling.cancel_line(waiting, reason="x", by=None, at=later(hours=1))
    assert marks_of(ready.pk)[-1] == "Ready, not sent"


def test_a_cancelled_line_is_closed_and_open_again_when_that_is_undone() -> None:
    order = an_order((a_product(), 2))
    done = selling.cancel_order(order, reason="x", by=None, at=AT)
    assert listed("all") == listed("no_date") == []
    undoing.undo(done.change_set, by=None, at=later(minutes=1))
    assert listed("no_date") == [order.number]


def test_what_is_set_aside_comes_back_on_its_day() -> None:
    order = an_order((a_product(), 1))
    handling.snooze([order.lines.get().pk], until=day(2), by=None, at=AT)
    assert listed("no_date") == listed("needs") == []
    assert listed("all") == [order.number]
    line = order.lines.get()
    line.handling.snoozed_until = TODAY
    line.handling.save()
    assert listed("no_date") == [order.number]


def test_what_is_set_aside_until_its_date_moves_comes_back_then() -> None:
    world = World()
    revise(world.line, (31, None))
    handling.snooze([world.first.lines.get().pk], until=None, by=None, at=later(hours=1))
    assert world.first.number not in listed("needs")
    revise(world.line, (35, None), at=later(hours=2))
    assert world.first.number in listed("needs")


@pytest.mark.parametrize("until", [None, day(2), TODAY])
def test_a_row_says_that_it_is_set_aside_where_the_lists_leave_it_out(until: datetime.date | None) -> None:
    order, other = an_order((a_product(), 1)), an_order((a_product(), 1))
    ids = [order.lines.get().pk, other.lines.get().pk]
    handling.snooze(ids[:1], until=day(2) if until == TODAY else until, by=None, at=AT)
    if until == TODAY:
        Handling.objects.update(snoozed_until=TODAY)
    is_asleep = [row.is_asleep for row in rows(ids, today=TODAY)]
    assert is_asleep == [until != TODAY, False]
    assert (order.number in listed("no_date")) == (not is_asleep[0])
    assert (order.number in listed("all", "status:snoozed")) == is_asleep[0]


def test_the_marks_of_a_row_stand_in_the_order_of_the_lists_it_is_in() -> None:
    order = an_order((a_product(), 1))
    line = order.lines.get().pk
    promise(order, told_from=day(-5), told_until=day(-4), told_at=AT, gap_since=AT, weighed_version=None)
    [row] = rows([line], today=TODAY)
    marks = [str(mark.label) for mark in Writer(due={line: TODAY}, is_stale=True).marks(row)]
    assert [mark.split()[0] for mark in marks] == ["Answer", "Not", "Late", "No", "Stale"]
    assert [view.name for view in HARMS] == ["answer_due", "not_told", "late", "at_risk", "no_date", "stale"]


def test_mine_is_what_i_look_after_set_aside_or_not() -> None:
    me = somebody()
    order, _other = an_order((a_product(), 1)), an_order((a_product(), 1))
    line = order.lines.get().pk
    handling.assign([line], to=me, by=None, at=AT)
    handling.snooze([line], until=None, by=None, at=AT)
    assert listed("mine") == [order.number]


def test_the_tabs_count_what_the_lists_hold() -> None:
    world = World()
    revise(world.line, (31, None))
    an_order((a_product(), 1))
    handling.assign([world.first.lines.get().pk], to=somebody(), by=None, at=AT)
    tabs = counting.tabs(Seen(TODAY, somebody().pk))
    assert {tab.name: tab.number for tab in tabs} == {tab.name: len(listed(tab.name)) for tab in tabs}
    assert {tab.name: tab.number for tab in tabs}["needs"] == 4


def test_the_tabs_count_up_to_the_cap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "COUNTED", 2)
    counting._counting.cache_clear()
    for _ in range(4):
        an_order((a_product(), 1))
    tabs = {tab.name: tab.shown for tab in counting.tabs(Seen(TODAY, 0))}
    counting._counting.cache_clear()
    assert (tabs["all"], tabs["needs"], tabs["late"]) == ("2+", "2+", "0")


def test_a_list_comes_to_its_value_its_oldest_wait_and_its_ages() -> None:
    lamp = a_product(price=10)
    for days, units in ((0, 1), (7, 1), (8, 2), (200, 1)):
        an_order((lamp, units), at=AT - datetime.timedelta(days=days))
    summary = counting.summary(counting.entries(asked("all").ids), today=TODAY)
    assert (summary.lines, summary.oldest) == (4, 200)
    assert [(int(value), currency) for value, currency in summary.values] == [(50, "EUR")]
    assert [age.number for age in summary.ages] == [2, 1, 0, 0, 0, 0, 1]
    assert names(asked("all").ids)


@pytest.mark.parametrize("view", ["needs", "not_told", "late", "all"])
def test_a_list_needs_no_more_statements_for_more_lines(view: str, django_assert_max_num_queries) -> None:  # type: ignore[no-untyped-def]
    world = World()
    for _ in range(20):
        an_order((world.kettle, 1))
    revise(world.line, (31, None))
    somebody()
    with django_assert_max_num_queries(4):
        asked(view).listing[0:51]


def test_a_count_is_as_bad_on_the_tab_as_at_home(desk: Client) -> None:
    World()
    lamp = a_product(price=10)
    late = an_order((lamp, 1))
    promise(late, told_from=day(-9), told_until=day(-8), told_at=AT)
    tones = {tab.name: tab.tone for tab in counting.tabs(Seen(TODAY, 0))}
    assert (tones["late"], tones["no_date"], tones["all"], tones["stale"]) == ("bad", "warn", "", "")
    home = {card.url.rpartition("=")[2]: card.tone for card in desk.get(address("index")).context["home"]}
    assert {name: home[name] for name in tones if name in home} == {name: tones[name] for name in tones if name in home}
    page = desk.get(address("waiting_lines")).content.decode()
    assert re.search(r'class="warn">No date <span class="count">1<', page)


def test_the_wait_has_its_unit(desk: Client) -> None:
    World()
    assert 'data-label="Wait">0 d<' in desk.get(address("waiting_lines") + "?view=all").content.decode()
