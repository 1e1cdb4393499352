"""The columns of the workbench: named by the address, by a saved view, by the person, in this order."""

from typing import Any

import pytest
from django.test import Client

from backorders.backoffice.workbench import columns
from backorders.desk.models import Preference, SavedView
from tests.backoffice.desk import World, address, somebody, text

pytestmark = pytest.mark.django_db


def heads(page: Any) -> list[str]:
    return [column.name for column in page.context["columns"]]


def cells(page: Any) -> int:
    row = page.context["rows"][0]["html"]
    return int(row.count("<td") + row.count("<th"))


def test_the_usual_columns_stand_until_others_are_chosen(desk: Client) -> None:
    World()
    page = desk.get(address("waiting_lines"), {"view": "all"})
    assert heads(page) == [column.name for column in columns.USUAL]
    assert cells(page) == len(columns.USUAL) + 3  # the tick, the order, the peek


def test_an_address_names_its_columns_and_can_be_shared(desk: Client) -> None:
    world = World()
    chosen = desk.post(address("keep_columns"), {"view": "all", "q": "kaya", "column": ["owner", "item", "rain"]})
    assert chosen["Location"] == f"{address('waiting_lines')}?view=all&q=kaya&columns=item%2Cowner"
    page = somebody().get(chosen["Location"])
    assert page.status_code == 403
    page = desk.get(chosen["Location"])
    assert heads(page) == ["item", "owner"]
    assert cells(page) == 5
    assert [row["order"] for row in page.context["rows"]] == [world.first.number]
    assert "columns=item%2Cowner" in page.context["asked"].query
    assert all("columns=item%2Cowner" in chip.without for chip in page.context["asked"].chips)
    assert not Preference.objects.exists()


def test_a_person_keeps_their_columns_and_gets_the_usual_ones_back(desk: Client) -> None:
    World()
    said = desk.post(address("keep_columns"), {"view": "all", "column": ["tier", "reason"], "keep": "1"}, follow=True)
    assert "These are your columns now." in text(said)
    assert heads(said) == ["reason", "tier"]
    assert heads(desk.get(address("waiting_lines"), {"columns": "item"})) == ["item"]
    said = desk.post(address("keep_columns"), {"view": "all", "keep": "1"}, follow=True)
    assert heads(said) == [column.name for column in columns.USUAL]


def test_a_saved_view_has_its_columns(desk: Client) -> None:
    World()
    desk.post(address("keep_columns"), {"view": "all", "column": ["tier"], "keep": "1"})
    desk.post(address("save_view"), {"name": "mine", "view": "all", "columns": "told,nonsense"})
    saved = SavedView.objects.get()
    assert saved.columns == "told"
    assert heads(desk.get(address("saved_lines", saved.pk))) == ["told"]


def test_every_column_is_written_in_every_row(desk: Client) -> None:
    World()
    every = ",".join(column.name for column in columns.COLUMNS)
    page = desk.get(address("waiting_lines"), {"view": "all", "columns": every})
    assert {row["html"].count("<td") for row in page.context["rows"]} == {len(columns.COLUMNS) + 2}
    said = text(page)
    assert "Ordered on Reason Tier Owner" in said
