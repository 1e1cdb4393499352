"""Moments are shown in their reader's zone, on our screens and in the records; dates and rules stay the business's."""

import zoneinfo
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from backorders.access.table import MANAGER
from backorders.actions import viewing
from backorders.backoffice.dates import short_window
from backorders.backoffice.zones import local, reader_zone, zone_names
from backorders.desk.models import Preference
from tests.backoffice.desk import World, address, somebody, text
from tests.backoffice.test_preferences import usual
from tests.factories import AT, a_user

TOKYO = "Asia/Tokyo"


def clock_in(zone: str) -> str:
    return AT.astimezone(zoneinfo.ZoneInfo(zone)).strftime("%H:")


@pytest.fixture
def abroad(desk: Client) -> Client:
    desk.post(address("preferences"), usual(time_zone=TOKYO))
    return desk


def test_moments_are_shown_in_the_zone_that_was_chosen(abroad: Client) -> None:
    world = World()
    here, there = clock_in(settings.TIME_ZONE), clock_in(TOKYO)
    assert here != there
    said = text(abroad.get(address("message", world.message.pk)))
    assert there in said
    assert here not in said
    assert clock_in(settings.TIME_ZONE) in text(somebody(MANAGER).get(address("message", world.message.pk)))


def test_the_plain_records_show_them_so_too(abroad: Client) -> None:
    World()
    url = address("changes_changeset_changelist")
    theirs, ours = text(abroad.get(url)), text(somebody(MANAGER).get(url))
    assert clock_in(TOKYO) in theirs
    assert clock_in(settings.TIME_ZONE) in ours


def test_dates_without_a_clock_are_the_business_s_for_everybody(abroad: Client) -> None:
    world = World()
    known = world.first.lines.get().promise
    for client in (abroad, somebody(MANAGER)):
        assert short_window(known.expected_from, known.expected_until) in text(
            client.get(address("order", world.first.pk), headers={"Accept-Language": "en"})
        )


def test_nobody_s_zone_outlives_the_page_that_was_made_for_them(abroad: Client) -> None:
    assert abroad.get(address("outbox")).context["zone"] == zoneinfo.ZoneInfo(TOKYO)
    assert str(reader_zone()) == settings.TIME_ZONE
    assert local(AT).utcoffset() == AT.astimezone(zoneinfo.ZoneInfo(settings.TIME_ZONE)).utcoffset()


def test_every_zone_that_can_be_chosen_is_kept_and_no_other(desk: Client) -> None:
    assert {settings.TIME_ZONE, TOKYO, "UTC", "America/New_York"} <= set(zone_names())
    assert desk.post(address("preferences"), usual(time_zone="Mars/Olympus")).status_code == 422
    longest: Any = Preference._meta.get_field("time_zone").max_length
    assert max(map(len, zone_names())) <= longest


@pytest.mark.django_db
def test_the_verb_refuses_a_zone_that_is_none() -> None:
    kept = {"theme": "auto", "density": "compact", "language": "", "home": "", "are_keys_on": True, "keys": {}}
    with pytest.raises(viewing.NoSuchZone):
        viewing.prefer(**kept, time_zone="Mars/Olympus", by=a_user(), at=AT)
    assert viewing.prefer(**kept, time_zone="", by=a_user(), at=AT).time_zone == ""


def test_the_footer_says_the_version_and_the_zone_to_staff_only(abroad: Client) -> None:
    said = text(abroad.get(address("outbox")))
    assert f"Backorders {settings.VERSION} · {TOKYO}" in said
    assert settings.VERSION not in text(Client().get(address("login")))
