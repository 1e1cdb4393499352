"""The rules of telling are set beside what they would have made of last month's dates."""

import pytest
from django.test import Client

from backorders.access.table import AUDITOR, SERVICE
from backorders.notifications.policy import Rules, rules_in_force
from tests.backoffice.desk import World, address, fill_in, filled, somebody, text
from tests.factories import later, revise
from tests.notifications.desk import tell


def looked_at(desk: Client, **fields: object) -> str:
    page = desk.get(address("telling_rules"))
    return text(
        desk.post(address("telling_rules"), filled(page, preview="1", **fields), headers={"HX-Request": "true"})
    )


@pytest.fixture
def moved(desk: Client) -> World:
    """A world whose waiting customers heard of a later date, and would now hear of one two days earlier."""
    world = World()
    revise(world.line, (30, None), at=later(hours=-50))
    tell(later(hours=-49))
    return world


def test_what_rules_would_have_come_to_stands_beside_them(desk: Client, moved: World) -> None:
    said = looked_at(desk)
    assert "In the last 30 days 3 dates moved." in said
    assert "they would have made 3 mails; by those in force they make 3." in said
    assert "of a later date 3 3" in said
    assert "with an apology 3 3" in said
    assert "with an apology 0 3" in looked_at(desk, apology_beyond_days=60)


def test_nothing_is_saved_by_looking_and_everything_by_saving(desk: Client, moved: World) -> None:
    looked_at(desk, silence_days=7)
    assert rules_in_force() == Rules()
    assert fill_in(desk, address("telling_rules"), silence_days=7).status_code == 302
    assert rules_in_force() == Rules(silence_days=7)
    assert desk.get(address("telling_rules")).context["form"].initial["silence_days"] == 7


def test_numbers_beyond_reason_are_refused_beside_their_field(desk: Client) -> None:
    answer = fill_in(desk, address("telling_rules"), silence_days=1)
    assert answer.status_code == 422
    assert answer.context["form"].errors["silence_days"]


def test_quiet_hours_have_a_beginning_and_an_end(desk: Client) -> None:
    assert fill_in(desk, address("telling_rules"), quiet_from=21, quiet_until="").status_code == 422
    assert fill_in(desk, address("telling_rules"), quiet_from=21, quiet_until=8).status_code == 302
    assert rules_in_force() == Rules(quiet_from=21, quiet_until=8)


def test_the_outbox_leads_there_whoever_may_set_them(desk: Client) -> None:
    assert address("telling_rules") in desk.get(address("outbox")).content.decode()
    for role in (SERVICE, AUDITOR):
        other = somebody(role)
        assert address("telling_rules") not in other.get(address("outbox")).content.decode()
        assert other.get(address("telling_rules")).status_code == 403
