"""The ETA screen says what policies would give for it before it is saved, in the mail too, and lets it be left out."""

import datetime
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from backorders.access.table import PURCHASING
from backorders.compensation.models import Award
from backorders.compensation.weighing import is_held_out
from backorders.orders.models import Compensation
from tests.backoffice.desk import World, address, fill_in, filled, somebody, text
from tests.compensation.policies import a_policy
from tests.factories import day, later
from tests.notifications.desk import announce

MONTH = {"how": "date", "reason_code": "part_shortage", "eta_on": day(40)}


@pytest.fixture
def world(desk: Client) -> World:
    world = World()
    world.kettle.price = 10
    world.kettle.save()
    for order in (world.first, world.second, world.unreachable):
        order.lines.update(price=10)
    return world


def of(world: World) -> str:
    return address("purchase_line_eta", world.line.pk)


def part(desk: Client, world: World, **typed: Any) -> str:
    return text(desk.post(of(world), filled(desk.get(of(world)), **MONTH, **typed), headers={"HX-Request": "true"}))


def test_what_policies_would_give_stands_in_the_preview(desk: Client, world: World) -> None:
    assert "Compensation" not in part(desk, world, preview="1")
    policy = a_policy("Ten", mode="give")
    assert "Compensation: “Ten” gives 9.00 EUR for 3 lines, and the mails say so." in part(desk, world, preview="1")
    policy.budget_total = 5
    policy.save()
    said = part(desk, world, preview="1")
    assert "“Ten” gives 5.00 EUR for 1 line, and the mail says so." in said
    assert "The budget of “Ten” has nothing left for 2 lines." in said
    policy.mode = "propose"
    policy.save()
    assert "“Ten” proposes 9.00 EUR for 3 lines; the mails say so once it is given." in part(desk, world, preview="1")
    said = part(desk, world, preview="1", compensation="none")
    assert "“Ten” gives nothing; 9.00 EUR is owed for 3 lines." in said
    policy.held_out_percent = 50
    policy.save()
    waiting = {world.first: 5, world.second: 3, world.unreachable: 1}
    owed = sum(units for order, units in waiting.items() if not is_held_out(policy, order.customer_id))
    assert (f"proposes {owed}.00 EUR" in part(desk, world, preview="1")) == bool(owed)


def test_the_mail_says_what_is_given_at_once_and_not_what_is_left_out(desk: Client, world: World) -> None:
    a_policy(mode="give")
    given = part(desk, world, letter=f"{world.second.customer_id}:en")
    assert "“Late” gives 3.00 EUR for 1 line" in given
    assert "3.00" in given.partition("As text")[2]
    withheld = part(desk, world, letter=f"{world.second.customer_id}:en", compensation="none")
    assert "3.00" not in withheld.partition("As text")[2]
    assert not Compensation.objects.exists()


def test_saved_with_none_nothing_is_given_and_the_note_says_why(desk: Client, world: World) -> None:
    a_policy()
    refused = fill_in(desk, of(world), **MONTH, compensation="none")
    assert (refused.status_code, Award.objects.count()) == (422, 0)
    assert fill_in(desk, of(world), **MONTH, compensation="none", note="a gift came before").status_code == 302
    assert set(Award.objects.values_list("state", flat=True)) == {"declined"}


def test_only_who_may_decline_is_asked_and_only_where_a_policy_gives(desk: Client, world: World) -> None:
    assert "none for this change" not in text(desk.get(of(world)))
    a_policy("Waits", trigger="wait")
    assert "none for this change" not in text(desk.get(of(world)))
    a_policy()
    assert "none for this change" in text(desk.get(of(world)))
    buyer = somebody(PURCHASING)
    assert "none for this change" not in text(buyer.get(of(world)))
    assert "“Late” proposes 9.00 EUR" in part(buyer, world, preview="1", compensation="none")


def test_the_statements_do_not_grow_with_the_customers(desk: Client, world: World) -> None:
    a_policy(mode="give")

    def statements() -> int:
        with CaptureQueriesContext(connection) as asked:
            assert "Compensation:" in part(desk, world, preview="1")
        return len(asked)

    few = statements()
    for number in range(8):
        world._order(f"Customer {number}", 1)
    announce(later(minutes=30) + datetime.timedelta(seconds=1))
    assert statements() == few
