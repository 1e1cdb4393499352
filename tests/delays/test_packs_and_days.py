"""Packs are chosen by where the goods go and who buys; days are counted as the house has said."""

import ast
import dataclasses
import datetime
from pathlib import Path

import pytest
from django.conf import settings

from backorders.delays.days import (
    after_working_days,
    arrives_by,
    day_in,
    end_of,
    federal_holidays,
    leaves_by,
)
from backorders.delays.packs import (
    EU,
    PACKS,
    UK,
    US,
    DelayPack,
    Measures,
    NoSuchPack,
    Silence,
    covered,
    pack_for,
    pack_named,
    stricter,
)


def date(text: str) -> datetime.date:
    return datetime.date.fromisoformat(text)


@pytest.mark.parametrize(
    ("country", "pack"), [("US", US), ("us", US), ("DE", EU), ("GB", UK), ("TR", None), ("", None)]
)
def test_a_consumer_has_the_pack_of_the_country(country: str, pack: object) -> None:
    assert pack_for(country, is_business=False) == pack
    assert pack_for(country, is_business=True) is None


def test_of_two_packs_the_stricter_element_counts() -> None:
    both = pack_for("DE", "US", is_business=False)
    assert both is not None
    assert both == stricter(US, EU)
    assert (both.id, both.measures, both.refund_days) == ("eu+us-ftc", Measures.DELIVER, 7)
    assert (both.silence_first_short, both.silence_other) == (Silence.NONE, Silence.CANCEL)
    assert not both.needs_payment
    assert (both.short_limit_days, both.long_grace_days, both.alarm_days) == (0, 0, 14)


def test_which_of_two_packs_is_asked_first_does_not_matter() -> None:
    one, other = stricter(US, EU), stricter(EU, US)
    assert {name: getattr(one, name) for name in one.__slots__ if name != "version"} == {
        name: getattr(other, name) for name in other.__slots__ if name != "version"
    }


def test_a_case_finds_the_version_it_was_opened_under() -> None:
    for (name, version), pack in PACKS.items():
        assert pack_named(name, version) == pack
    assert pack_named("eu+us-ftc", 1) == stricter(EU, US)
    with pytest.raises(NoSuchPack, match="us-ftc in version 99"):
        pack_named("us-ftc", 99)
    assert {"US", "DE", "GB"} <= set(covered())
    assert {"US", "DE"} & set(covered(unpaid=True)) == {"DE"}


def test_every_element_of_a_pack_is_read_by_a_rule() -> None:
    """`stricter` carries every element along; that is no reader."""
    read: set[str] = set()
    for path in (Path(settings.BASE_DIR) / "backorders").rglob("*.py"):
        tree = ast.parse(path.read_text())
        tree.body = [node for node in tree.body if getattr(node, "name", "") != stricter.__name__]
        read |= {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    assert not {field.name for field in dataclasses.fields(DelayPack)} - read


def test_a_day_is_the_calendar_day_where_the_goods_go() -> None:
    at = datetime.datetime(2026, 3, 1, 2, 30, tzinfo=datetime.UTC)
    assert day_in("America/New_York", at) == date("2026-02-28")
    assert day_in("Europe/Berlin", at) == date("2026-03-01")
    assert day_in("Nowhere/At all", at) == date("2026-03-01")
    assert end_of(date("2026-02-28"), zone="America/New_York") == datetime.datetime(2026, 3, 1, 5, tzinfo=datetime.UTC)
    spring = datetime.datetime(2026, 3, 9, 4, tzinfo=datetime.UTC)
    assert end_of(date("2026-03-08"), zone="America/New_York") == spring


def test_working_days_leave_out_weekends_and_federal_holidays() -> None:
    assert after_working_days(date("2026-11-24"), 2) == date("2026-11-27")  # Thanksgiving is left out
    assert after_working_days(date("2026-07-02"), 1) == date("2026-07-06")  # the 4th is observed on Friday the 3rd
    assert after_working_days(date("2026-11-20"), 7) == date("2026-12-02")


def test_federal_holidays_of_a_year() -> None:
    assert federal_holidays(2026) == {
        date(f"2026-{day}") for day in "01-01 01-19 02-16 05-25 06-19 07-03 09-07 10-12 11-11 11-26 12-25".split()
    }
    assert date("2021-12-31") in federal_holidays(2021)  # the New Year of 2022 is a Saturday


def test_the_day_of_leaving_is_not_the_day_of_arriving() -> None:
    assert leaves_by(date("2026-06-10"), transit_days=2) == date("2026-06-08")
    assert leaves_by(date("2026-06-08"), transit_days=2) == date("2026-06-04")
    assert leaves_by(date("2026-06-14"), transit_days=0) == date("2026-06-12")  # a Sunday
    for offset in range(30):
        day = date("2026-06-01") + datetime.timedelta(days=offset)
        assert leaves_by(arrives_by(day, transit_days=3), transit_days=3) <= day
