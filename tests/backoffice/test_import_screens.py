"""An import through its screens: pasted, matched, decided, applied, put back; nothing that is given makes them fail."""

import io
import re

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from openpyxl import load_workbook

from backorders.importing.models import Import
from backorders.jobs import steering
from backorders.jobs.models import Job
from backorders.supply.models import PurchaseLine
from tests.backoffice.desk import World, a_clerk, address, filled, text
from tests.factories import a_supplier, day
from tests.importing.desk import a_purchase_order, states

D10, D30 = f"{day(10):%d.%m.%Y}", f"{day(30):%d.%m.%Y}"


def pasted(desk: Client, words: str, **fields: object) -> Import:
    """Paste a list and take its columns as they are guessed."""
    response = desk.post(address("imports"), {"pasted": words, **fields})
    assert response.status_code == 302, text(response)
    page = desk.get(response["Location"])
    mine = Import.objects.latest("id")
    if not mine.are_columns_matched:
        desk.post(address("match_columns", mine.pk), filled(page))
        mine.refresh_from_db()
    return mine


def of(mine: Import, query: str = "") -> str:
    return address("import", mine.pk) + query


def decide(desk: Client, mine: Import, problem: str, choice: str, **more: str) -> None:
    desk.post(address("decide_import", mine.pk), {"problem": problem, "choice": choice, **more})


def apply(desk: Client, mine: Import) -> str:
    desk.post(address("apply_import", mine.pk), {"reason_code": "production", "note": "weekly"})
    return text(desk.get(of(mine)))


def test_from_the_paste_to_the_undo(desk: Client) -> None:
    world = World()
    mine = pasted(desk, f"PO\tSKU\tQty\tETA\n{world.line.purchase_order}\tAK-17\t20\t{D30}\n")
    said = text(desk.get(of(mine)))
    assert "Dry run: nothing is saved. 1 row, checked" in said
    assert "3 lines later" in said
    assert "Apply 1 row and tell 2 customers" in said
    said = apply(desk, mine)
    assert "1 row changed" in said
    assert "What is undone until then, nobody hears of." in said
    world.line.refresh_from_db()
    assert world.line.eta_on == day(30)
    desk.post(address("undo_import", mine.pk))
    assert "1 row put back" in text(desk.get(of(mine)))
    world.line.refresh_from_db()
    assert world.line.eta_on == day(10)


def test_mails_are_paused_with_a_press_where_it_was_applied(desk: Client) -> None:
    world = World()
    mine = pasted(desk, f"PO\tSKU\tQty\tETA\n{world.line.purchase_order}\tAK-17\t20\t{D30}\n")
    url = f'action="{address("pause_import_mails", mine.pk)}"'
    assert url not in desk.get(of(mine)).content.decode()
    apply(desk, mine)
    assert url in desk.get(of(mine)).content.decode()
    said = text(desk.post(address("pause_import_mails", mine.pk), follow=True))
    assert "E-mails are paused: staff tell 3 customers for a day, unless a date presses." in said
    assert "staff tell those it moves, or the clock does from" in said
    page = desk.get(of(mine)).content.decode()
    assert url not in page
    assert address("undo_import", mine.pk) in page


def test_a_list_that_was_applied_before_is_recognised_with_the_day(desk: Client) -> None:
    world = World()
    words = f"PO\tSKU\tQty\tETA\n{world.line.purchase_order}\tAK-17\t20\t{D30}\n"
    first = pasted(desk, words)
    assert "The same list" not in text(desk.get(of(first)))
    apply(desk, first)
    again = pasted(desk, words)
    said = f"The same list was applied before, as import {first.pk} , 1 Jun "
    assert said in text(desk.get(of(again)))
    assert "Nothing would change" in text(desk.get(of(again)))


def test_groups_are_decided_at_a_click_or_by_typing_what_is_meant(desk: Client) -> None:
    a_purchase_order("PO-0001", ("AK-17", 60), ("AK-10", 20))
    mine = pasted(desk, f"PO\tSKU\tQty\tETA\nP1\tAK-17\t80\t{D30}\nours\tAK-10\t20\t{D30}\n")
    said = text(desk.get(of(mine)))
    assert "The purchase order is written otherwise: P1 → PO-0001 First in row 2." in said
    assert "There is no such purchase order: ours" in said
    decide(desk, mine, "order_similar", "use")
    decide(desk, mine, "order_unknown", "to", about="ours", other="po-0001")
    decide(desk, mine, "quantity_over", "cap")
    assert states(mine) == ["ready", "ready"]
    desk.post(address("check_import", mine.pk), {"forget": "1"})
    assert states(mine) == ["order_similar", "order_unknown"]
    decide(desk, mine, "order_unknown", "explode", about="ours")
    assert "This cannot be decided in that way." in text(desk.get(of(mine)))


def test_a_cell_is_typed_over_where_it_stands(desk: Client) -> None:
    a_purchase_order("PO-0001", ("AK-17", 60))
    mine = pasted(desk, "PO\tSKU\tETA\nPO-0001\tAK-17\tsoon\n")
    for view in ("?show=error", ""):
        shown = desk.get(of(mine, view)).content.decode()
        assert re.search(r'name="cell-2-eta" value="soon"[^>]*aria-invalid="true"', shown)
        assert not re.search(r'name="cell-2-sku"[^>]*aria-invalid', shown)
    desk.post(
        address("type_over_import", mine.pk),
        {"cell-2-eta": D30, "was-2-eta": "soon", "cell-2-sku": "AK-17", "was-2-sku": "AK-17"},
    )
    assert mine.rows.get().edits == {"eta": D30}
    assert states(mine) == ["ready"]


def test_when_and_how_many_of_a_row_that_is_ready_or_says_nothing_new_are_typed_over_too(desk: Client) -> None:
    a_purchase_order("PO-0001", ("AK-17", 60), ("AK-10", 20))
    rows = f"PO-0001\tAK-17\t60\t{D30}\t{D30}\nPO-0001\tAK-10\t20\t{D10}\t{D10}\n"
    mine = pasted(desk, f"PO\tSKU\tQty\tETA\tUntil\n{rows}")
    assert states(mine) == ["ready", "same"]
    typed = set(re.findall(r'name="cell-(\d-\w+)"', desk.get(of(mine)).content.decode()))
    assert typed == {f"{number}-{role}" for number in (2, 3) for role in ("quantity", "eta", "until")}
    said = {"cell-2-quantity": "80", "was-2-quantity": "60", "cell-3-eta": "soon", "was-3-eta": D10}
    answer = desk.post(address("type_over_import", mine.pk) + "?show=ready", said)
    assert answer["Location"] == of(mine, "?show=ready")
    assert states(mine) == ["quantity_over", "date_unreadable"]
    decide(desk, mine, "quantity_over", "cap")
    apply(desk, mine)
    assert "cell-" not in desk.get(of(mine)).content.decode()


def test_what_was_typed_and_not_checked_is_checked_before_anything_is_applied(desk: Client) -> None:
    line, _ = a_purchase_order("PO-0001", ("AK-17", 60), ("AK-10", 20))
    mine = pasted(desk, f"PO\tSKU\tETA\nPO-0001\tAK-17\t{D30}\nPO-0001\tAK-10\t{D30}\n")
    page = desk.get(of(mine))
    said = {**filled(page), "reason_code": "production", "cell-2-eta": f"{day(40):%d.%m.%Y}"}
    answer = desk.post(address("apply_import", mine.pk), said, follow=True)
    assert "Nothing was applied: what you typed was checked first. Look again." in text(answer)
    assert states(mine) == ["ready", "ready"]
    line.refresh_from_db()
    assert line.eta_on == day(10)
    desk.post(address("apply_import", mine.pk), {**filled(desk.get(of(mine))), "reason_code": "production"})
    line.refresh_from_db()
    assert line.eta_on == day(40)


def test_an_uploaded_file_and_the_rows_that_stay_behind(desk: Client) -> None:
    a_purchase_order("PO-0001", ("AK-17", 60))
    content = f"PO;SKU;ETA\nPO-0001;AK-17;{D30}\nPO-0009;+cmd;{D30}\n".encode("utf-16")
    mine = pasted(desk, "", file=SimpleUploadedFile("list.csv", content))
    assert mine.name == "list.csv"
    answer = desk.get(address("problem_rows", mine.pk))
    assert b"".join(answer.streaming_content).decode("utf-8-sig").splitlines() == [  # type: ignore[attr-defined]
        "Purchase order,SKU,New date,Problem",
        f"PO-0009,'+cmd,{D30},There is no such purchase order: PO-0009",
    ]
    desk.post(address("type_over_import", mine.pk), {"cell-3-order": "PO-0008", "was-3-order": "PO-0009"})
    answer = desk.get(address("problem_rows", mine.pk))
    assert b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()[1:] == [  # type: ignore[attr-defined]
        f"PO-0008,'+cmd,{D30},There is no such purchase order: PO-0008"
    ]


def test_what_a_list_left_behind_needs_somebody_and_stands_first(desk: Client) -> None:
    a_purchase_order("PO-0001", ("AK-17", 60))
    mine = pasted(desk, f"PO\tSKU\tETA\nPO-0001\tAK-17\t{D30}\nPO-0009\tAK-17\t{D30}\n")
    assert "needs you" not in text(desk.get(of(mine)))
    assert "1 of 2 rows done. 1 needs you." in apply(desk, mine)
    page = desk.get(of(mine))
    assert [each.row.number for each in page.context["rows"]] == [3, 2]
    assert [each.row.number for each in desk.get(of(mine, "?show=applied")).context["rows"]] == [2]


def test_a_suppliers_template_comes_back_as_an_import(desk: Client) -> None:
    line, _ = a_purchase_order("PO-0001", ("AK-17", 60), ("AK-10", 20))
    answer = desk.get(address("supplier_template", a_supplier("Delta").pk))
    book = load_workbook(io.BytesIO(answer.content))
    assert [cell.value for cell in book.active[1]][:2] == ["Line", "PO"]
    assert book.active["F2"].value.date() == day(10)
    book.active["G2"] = day(30)
    filled_in = io.BytesIO()
    book.save(filled_in)
    mine = pasted(desk, "", file=SimpleUploadedFile("dates.xlsx", filled_in.getvalue()))
    assert mine.supplier == a_supplier("Delta")
    assert states(mine) == ["ready", "date_empty"]
    assert mine.rows.get(state="ready").line == line


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({}, "Paste the list, or choose a file."),
        ({"pasted": " \n "}, "Paste the list, or choose a file."),
        ({"file": ("x.xlsx", b"PK\x03\x04 broken")}, "This workbook cannot be read."),
        ({"file": ("x.pdf", b"%PDF-1.7")}, "This is a PDF."),
        ({"file": ("x.csv", b"a" * (10 * 2**20 + 1))}, "at most 10 MB are read"),
    ],
    ids=str,
)
def test_what_cannot_be_read_is_said_beside_what_was_given(desk: Client, given: dict, sentence: str) -> None:  # type: ignore[type-arg]
    fields = {name: SimpleUploadedFile(*value) if isinstance(value, tuple) else value for name, value in given.items()}
    response = desk.post(address("imports"), fields)
    assert response.status_code == 422
    assert sentence in text(response)
    assert not Import.objects.exists()


def test_more_than_a_page_may_send_is_answered_with_a_sentence(desk: Client) -> None:
    response = desk.post(address("imports"), {"pasted": "x" * (settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)})
    assert response.status_code == 400
    assert "too large" in text(response)


def test_columns_that_say_too_little_are_asked_for_again(desk: Client) -> None:
    desk.post(address("imports"), {"pasted": "one\ttwo\nthree\tfour\n"})
    mine = Import.objects.get()
    response = desk.post(address("match_columns", mine.pk), filled(desk.get(of(mine))))
    assert response.status_code == 422
    assert "Say which column holds the new date." in text(response)


def test_a_long_check_shows_its_progress_and_can_be_left(desk: Client) -> None:
    a_purchase_order("PO-0001", ("AK-17", 60))
    mine = pasted(desk, f"PO\tSKU\tETA\nPO-0001\tAK-17\t{D30}\n")
    job = steering.queue(
        "apply_import", subject="import", object_id=mine.pk, about=mine.name, by=None, at=timezone.now()
    )
    Import.objects.filter(pk=mine.pk).update(job=job)
    Job.objects.filter(pk=job.pk).update(state="running", lease="x", phase="apply", done=3, total=9)
    page = desk.get(of(mine))
    assert "3 of 9 rows" in text(page)
    assert 'http-equiv="refresh"' in page.content.decode()
    assert desk.get(address("import_progress", mine.pk)).status_code == 200
    decide(desk, mine, "twice", "last")
    assert "This is being worked on already" in text(desk.get(of(mine)))
    Job.objects.filter(pk=job.pk).update(lease="", lease_until=None)
    desk.post(address("steer_job", job.pk, "stop"))
    answer = desk.get(address("import_progress", mine.pk))
    assert (answer.status_code, answer["HX-Refresh"]) == (286, "true")


def test_who_may_not_change_etas_does_not_import_them(desk: Client) -> None:
    clerk = a_clerk("supply.view_purchaseline")
    assert clerk.get(address("imports")).status_code == 403
    assert clerk.post(address("imports"), {"pasted": "x"}).status_code == 403


def test_the_page_of_a_check_needs_no_more_statements_for_more_rows(desk: Client) -> None:
    def statements(rows: int) -> int:
        lines = a_purchase_order(f"PO-{rows}", *[(f"S-{rows}-{number}", 5) for number in range(rows)])
        words = "\n".join(f"PO-{rows}\t{line.product.sku}\t{D30}" for line in lines)
        mine = pasted(desk, f"PO\tSKU\tETA\n{words}\n")
        with CaptureQueriesContext(connection) as queries:
            assert desk.get(of(mine)).status_code == 200
        return len(queries)

    assert statements(3) == statements(40)
    assert PurchaseLine.objects.filter(eta_on=day(30)).count() == 0


def test_the_words_of_an_import_come_in_turkish(desk: Client) -> None:
    world = World()
    mine = pasted(desk, f"PO\tSKU\tETA\n{world.line.purchase_order}\tAK-17\t{D30}\nPO-9\tX\tsoon\n")
    desk.post(address("language"), {"language": "tr", "next": "/"})
    said = text(desk.get(of(mine)))
    for words in (
        "Değişecek 1",
        "Hata 1",
        "1 satırı uygula, 2 müşteriye bildir",
        "tedarikçi onayladı",
        "satır gecikir",
    ):
        assert words in said, words
