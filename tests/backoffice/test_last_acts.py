"""What a person did last is taken back from the tray and the list of jobs for as long as nobody outside heard of it."""

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from backorders.access.table import SERVICE
from backorders.actions import queueing
from backorders.backoffice.last_acts import SHOWN, last_acts
from backorders.changes.models import ChangeSet
from backorders.notifications.policy import TELLING
from backorders.orders.models import Order
from tests.backoffice.desk import World, address, somebody, text
from tests.factories import AT, a_line, a_product, a_user

pytestmark = pytest.mark.usefixtures("frozen", "db")


def held(order: Order, *, by: Any) -> ChangeSet:
    return queueing.hold(order.lines.get(), reason="payment", by=by, at=AT).change_set


def test_the_last_act_is_undone_from_the_tray_and_the_list_of_jobs(desk: Client) -> None:
    world, me = World(), get_user_model().objects.get(username="chief")
    change = held(world.first, by=me)
    for name, place in (("last_acts", "tray"), ("jobs", "list")):
        page = desk.get(address(name))
        assert f"What you did last Put on hold {world.first.number}" in text(page)
        assert f'id="{place}-undo-act-{change.pk}"' in page.content.decode()
    desk.post(address("undo", change.pk))
    assert not world.first.lines.get().is_held
    assert "What you did last" not in text(desk.get(address("last_acts")))


def test_only_ones_own_acts_of_the_last_minutes_that_have_a_way_back_are_shown() -> None:
    world, me = World(), a_user(SERVICE)
    held(world.first, by=a_user(SERVICE))
    ChangeSet.objects.create(act="place_order", by=me, source="staff", at=AT)
    assert last_acts(me, at=AT) == []
    change = held(world.second, by=me)
    assert [each.change for each in last_acts(me, at=AT)] == [change]
    assert last_acts(me, at=AT + TELLING.quiet) == []


def test_what_cannot_be_undone_says_why(desk: Client) -> None:
    world, me = World(), get_user_model().objects.get(username="chief")
    held(world.first, by=me)
    queueing.release(world.first.lines.get(), reason="paid", by=a_user(SERVICE), at=AT)
    (act,) = last_acts(me, at=AT)
    assert act.objection
    assert act.objection in text(desk.get(address("last_acts")))


def test_no_more_than_a_few_are_shown_the_newest_first() -> None:
    me = a_user(SERVICE)
    made = [held(a_line(a_product(), 1).order, by=me) for _ in range(SHOWN + 1)]
    assert [act.change for act in last_acts(me, at=AT)] == made[:0:-1]


def test_everybody_may_open_the_tray() -> None:
    assert somebody(SERVICE).get(address("last_acts")).status_code == 200
