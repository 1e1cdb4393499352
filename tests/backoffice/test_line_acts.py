"""What is done to many lines at once: on what was ticked, on a frozen selection, and refused in plain words."""

import csv
import datetime
import io
from typing import Any

import openpyxl
import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from backorders.access.table import AUDITOR
from backorders.actions import handling
from backorders.desk.models import Handling, Selection
from backorders.orders.models import Order, OrderLine
from tests.backoffice.desk import World, a_clerk, address, somebody, text
from tests.factories import AT, a_customer, a_product, an_order, day


def lines(*orders: Order) -> list[int]:
    return [order.lines.get().pk for order in orders]


def do(client: Client, what: str, ids: list[int], **more: Any) -> Any:
    data = {"do": what, "line": ids, "view": "all", **more}
    return client.post(address("act_on_lines"), data, follow=True)


def test_lines_are_assigned_and_the_list_says_so(desk: Client) -> None:
    world = World()
    clerk = get_user_model().objects.create_user("mert", is_staff=True)
    assert "2 lines assigned to chief." in text(do(desk, "assign_me", lines(world.first, world.second)))
    assert "1 line assigned to mert." in text(do(desk, "assign", lines(world.first), owner=clerk.pk))
    assert "1 line has no owner now." in text(do(desk, "assign", lines(world.second), owner=""))
    assert "@mert" in text(desk.get(address("waiting_lines"), {"view": "all"}))
    assert do(desk, "assign", lines(world.first), owner="999").status_code == 404


def test_lines_are_set_aside_and_brought_back(desk: Client) -> None:
    world = World()
    ids = lines(world.first)
    assert "1 line set aside." in text(do(desk, "snooze_until_moved", ids))
    assert "Set aside until its date moves" in text(desk.get(address("waiting_lines"), {"view": "all"}))
    do(desk, "snooze", ids, until=day(3).isoformat())
    assert Handling.objects.get(pk=ids[0]).snoozed_until == day(3)
    assert "1 line is back." in text(do(desk, "wake", ids))
    assert "“soon” is not a date." in text(do(desk, "snooze", ids, until="soon"))
    assert "Choose a day after today" in text(do(desk, "snooze", ids, until=day(0).isoformat()))


def test_a_reason_is_set_with_the_way_to_undo_it(desk: Client) -> None:
    world = World()
    said = do(desk, "set_cause", lines(world.first, world.second), cause="supply")
    assert "Reason set on 2 lines. See or undo" in text(said)
    assert OrderLine.objects.filter(cause="supply").count() == 2
    assert "is not a cause" in text(do(desk, "set_cause", lines(world.first), cause="rain"))


def test_an_eta_is_set_for_the_purchase_lines_that_the_lines_count_on(desk: Client) -> None:
    world = World()
    response = do(desk, "set_eta", lines(world.first, world.second))
    assert response.redirect_chain[-1][0] == address("purchase_line_eta", world.line.pk)
    uncovered = an_order((a_product(), 1))
    assert "order goods first" in text(do(desk, "set_eta", lines(uncovered)))


def test_the_whole_view_is_selected_as_a_step_of_its_own(desk: Client) -> None:
    world = World()
    response = do(desk, "select_all", [])
    assert "3 lines selected in this view, 90.00 EUR ·" in text(response)
    assert "Message 3 customers" in text(response)
    selection = Selection.objects.get()
    assert set(selection.ids) == set(lines(world.first, world.second, world.unreachable))
    an_order((world.kettle, 1))  # whoever comes later is not in it
    do(desk, "assign_me", [], selection=selection.name)
    assert Handling.objects.count() == 3


def test_a_selection_ends_with_the_list_it_was_made_in(desk: Client) -> None:
    World()
    page = do(desk, "select_all", [])
    assert "cleared=3" in page.content.decode()
    said = text(desk.get(address("waiting_lines"), {"view": "late", "cleared": "3"}))
    assert "The selection of 3 lines was cleared" in said


def test_a_selection_of_somebody_else_or_an_old_one_is_refused(desk: Client) -> None:
    world = World()
    do(a_clerk("orders.view_orderline"), "select_all", [])
    name = Selection.objects.get().name
    assert "This selection is too old. Choose again." in text(do(desk, "assign_me", lines(world.first), selection=name))
    assert not Handling.objects.exists()
    assert desk.get(address("tell_lines", name)).status_code == 404
    assert desk.get(address("export_lines", "csv"), {"selection": name}).status_code == 404


def test_nothing_chosen_is_said(desk: Client) -> None:
    World()
    assert "Tick the lines it is about first." in text(do(desk, "assign_me", []))
    assert "Choose at least one line that is still open." in text(do(desk, "assign_me", [10**9]))
    assert "Tick the lines" in text(do(desk, "assign_me", ["x", "9" * 30]))  # type: ignore[list-item]


def test_acts_go_back_to_where_they_were_asked_for_and_nowhere_else(desk: Client) -> None:
    world = World()
    back = address("waiting_lines") + "?view=late&q=elif"
    assert do(desk, "assign_me", lines(world.first), next=back).redirect_chain[-1][0] == back
    away = do(desk, "assign_me", lines(world.first), next="https://elsewhere.example/")
    assert away.redirect_chain[-1][0].startswith(address("waiting_lines"))


def test_an_act_that_is_none_is_not_found_and_one_of_another_role_is_refused(desk: Client) -> None:
    world = World()
    assert do(desk, "explode", lines(world.first)).status_code == 404
    clerk = a_clerk("orders.view_orderline")
    assert do(clerk, "set_cause", lines(world.first), cause="supply").status_code == 403


def test_a_csv_file_is_safe_and_follows_the_language(desk: Client) -> None:
    an_order((a_product("=SUM(1)", name='a;"b'), 2), customer=a_customer("@cmd\tx"))
    english = desk.get(address("export_lines", "csv"), {"view": "all"})
    body = b"".join(english.streaming_content).decode()  # type: ignore[attr-defined]
    assert body.startswith("\ufeffNeeds,Order,")
    row = list(csv.reader(io.StringIO(body[1:])))[1]
    assert (row[2], row[4], row[5], row[14]) == ("'@cmd\tx", "'=SUM(1)", 'a;"b', "20.00")
    assert 'filename="all-2026-06-01.csv"' in english["Content-Disposition"]
    desk.post(address("language"), {"language": "tr", "next": "/"})
    turkish = b"".join(desk.get(address("export_lines", "csv"), {"view": "all"}).streaming_content).decode()  # type: ignore[attr-defined]
    assert list(csv.reader(io.StringIO(turkish[1:]), delimiter=";"))[1][14] == "20,00"


def test_an_xlsx_file_keeps_dates_as_dates_and_text_as_text(desk: Client) -> None:
    world = World()
    an_order((a_product("=1+1"), 2), customer=a_customer("Bell\x07"))
    answer = desk.get(address("export_lines", "xlsx"), {"view": "all"})
    sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).active
    assert sheet is not None
    rows = {row[1].value: row for row in sheet.iter_rows(min_row=2)}
    told = rows[world.first.number][8]
    assert isinstance(told.value, datetime.datetime)
    assert told.is_date
    formula = next(row for row in rows.values() if row[4].value == "=1+1")
    assert formula[4].data_type == "s"
    assert sheet.max_row == 5


def test_a_selection_is_exported_as_it_was_frozen(desk: Client) -> None:
    world = World()
    answer = do(desk, "csv", lines(world.first))
    assert world.first.number in b"".join(answer.streaming_content).decode()
    assert answer.redirect_chain[-1][0].startswith(address("export_lines", "csv"))


def test_a_file_of_many_lines_takes_few_statements(desk: Client, django_assert_max_num_queries) -> None:  # type: ignore[no-untyped-def]
    lamp = a_product()
    for _ in range(60):
        an_order((lamp, 1))
    with django_assert_max_num_queries(5):
        answer = desk.get(address("export_lines", "csv"), {"view": "all"})
    assert len(b"".join(answer.streaming_content).splitlines()) == 61  # type: ignore[attr-defined]


def test_a_peek_shows_the_answer_the_rank_and_what_can_be_done(desk: Client) -> None:
    world = World()
    page = desk.get(address("peek", lines(world.first)[0]))
    said = text(page)
    assert "We expect your 5 × Aria Kettle" in said or "We expect your 4 × Aria Kettle" in said
    assert "Why this rank" in said
    assert "Likes to be called" in said
    part = desk.get(address("peek", lines(world.first)[0]), headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part
    assert "<h1" not in part


@pytest.mark.parametrize("url", ["javascript:alert(1)", "https://elsewhere.example/", "//elsewhere.example"])
def test_a_peek_leads_back_to_our_own_pages_only(desk: Client, url: str) -> None:
    world = World()
    page = desk.get(address("peek", lines(world.first)[0]), {"next": url})
    assert page.context["next"] == ""
    assert f'href="{url}' not in page.content.decode()


def test_a_note_is_written_from_the_list_and_leads_back_to_it(desk: Client) -> None:
    world = World()
    here = address("waiting_lines") + "?view=all"
    peek = desk.get(address("peek", lines(world.first)[0]), {"next": here})
    assert f'name="next" value="{here}"' in peek.content.decode()
    written = desk.post(address("write_note", world.first.pk), {"text": "Calls on Friday", "next": here})
    assert written["Location"] == here
    assert f"The note is kept with order {world.first.number}." in text(desk.get(here))
    assert "Calls on Friday" in text(desk.get(address("order", world.first.pk)))
    empty = desk.post(address("write_note", world.first.pk), {"text": " ", "next": here})
    assert "Write something" in text(desk.get(empty["Location"]))
    elsewhere = desk.post(address("write_note", world.first.pk), {"text": "x", "next": "https://elsewhere.example/"})
    assert elsewhere["Location"].startswith(address("order", world.first.pk))


def test_the_note_of_a_peek_begins_with_what_was_begun_on_the_order(desk: Client) -> None:
    world = World()
    draft = {"kind": "note", "draft_seen": 0, "text": "half a sen"}
    desk.post(address("keep_draft", world.first.pk), draft)
    assert "half a sen</textarea>" in desk.get(address("peek", lines(world.first)[0])).content.decode()
    assert "half a sen" not in desk.get(address("peek", lines(world.second)[0])).content.decode()


def test_who_writes_no_notes_gets_no_field_for_one(desk: Client) -> None:
    world = World()
    peek = somebody(AUDITOR).get(address("peek", lines(world.first)[0]))
    assert "peek-note" not in peek.content.decode()


def test_what_is_new_is_counted_and_never_moves_the_list(desk: Client) -> None:
    world = World()
    seen = ",".join(str(pk) for pk in lines(world.first, world.second))
    fresh = desk.get(address("new_lines"), {"view": "all", "seen": seen})
    assert text(fresh).split() == ["1", "new.", "Show", "·"]
    seen += f",{lines(world.unreachable)[0]}"
    assert text(desk.get(address("new_lines"), {"view": "all", "seen": seen})).strip() == ""


def test_a_long_list_is_added_up_afterwards(desk: Client) -> None:
    World()
    said = text(desk.get(address("summary_of_lines"), {"view": "all"}))
    assert "3 lines" in said


@pytest.mark.parametrize("size", [1, 10_000])
def test_a_selection_of_ten_thousand_lines_takes_no_more_statements(
    desk: Client, django_assert_max_num_queries, size: int
) -> None:  # type: ignore[no-untyped-def]
    order = an_order((a_product(), 1))
    ids = [order.lines.get().pk, *range(10**9, 10**9 + size - 1)]
    user = get_user_model().objects.get(username="chief")
    made = Selection.objects.create(owner=user, ids=ids, made_at=AT)
    with django_assert_max_num_queries(12):
        desk.post(address("act_on_lines"), {"do": "assign_me", "selection": made.name, "view": "all"})
    assert Handling.objects.get().owner == user


def test_filters_of_the_form_become_an_address(desk: Client) -> None:
    World()
    answer = desk.get(
        address("waiting_lines"),
        {"view": "all", "q": "elif", "add": "1", "supplier": "Delta Ltd", "value": ">5", "sku": ""},
    )
    assert answer["Location"].endswith("?view=all&q=elif+supplier%3A%22Delta+Ltd%22+value%3A%3E5")


def test_an_empty_desk_says_what_the_list_is_for(desk: Client) -> None:
    said = text(desk.get(address("waiting_lines")))
    assert "There are no orders yet." in said
    assert "Place an order" in said


def test_who_looks_after_a_line_may_be_asked_for(desk: Client) -> None:
    world = World()
    chief = get_user_model().objects.get(username="chief")
    handling.assign(lines(world.first), to=chief, by=None, at=AT)
    page = desk.get(address("waiting_lines"), {"view": "mine"})
    assert [row["order"] for row in page.context["rows"]] == [world.first.number]
