"""Lists of any kind are read alike, within limits; what cannot be read is refused with a sentence."""

import contextlib
import datetime
import io
import re
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from backorders.importing.reading import (
    ABOVE,
    MOST_BYTES,
    MOST_ROWS,
    Unreadable,
    first_rows,
    is_cut,
    is_formula,
    sheet_of,
)

ROWS = [["PO", "SKU", "Menge", "Tarih"], ["PO-1", "AK-17", "60,0", "04.01.2027"], ["PO-2", "ŞİŞE-ğ", "5", "yok"]]


def read(content: bytes) -> list[list[str]]:
    return list(sheet_of(content).rows())


def as_text(delimiter: str) -> str:
    quote = (lambda cell: f'"{cell}"' if delimiter in cell else cell) if delimiter else str
    return "\r\n".join(delimiter.join(quote(cell) for cell in row) for row in ROWS) + "\r\n"


def workbook(rows: list[list[Any]]) -> bytes:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1254"])
def test_any_delimiter_in_any_encoding(delimiter: str, encoding: str) -> None:
    assert read(as_text(delimiter).encode(encoding)) == ROWS


def test_lines_without_a_delimiter_are_divided_where_there_is_space() -> None:
    assert read(b"PO-1  AK-17   60\nPO-2  AK-18  5\n") == [["PO-1", "AK-17", "60"], ["PO-2", "AK-18", "5"]]
    assert read(b"PO-1 04.01.2027\nPO-2 05.01.2027\n") == [["PO-1", "04.01.2027"], ["PO-2", "05.01.2027"]]


def test_a_workbook_is_read_as_it_looks() -> None:
    rows: list[list[Any]] = [["PO", "ETA", "Qty"], ["PO-1", datetime.datetime(2027, 1, 4), 60.0], [], [None, "x", 2.5]]
    assert read(workbook(rows)) == [["PO", "ETA", "Qty"], ["PO-1", "2027-01-04", "60"], ["", "x", "2.5"]]


def test_formulas_are_seen_for_what_they_are() -> None:
    (row,) = read(workbook([["PO-1", "=TODAY()", "=1+1"]]))
    assert [is_formula(cell) for cell in row] == [False, True, True]
    (row,) = read(b"PO-1;=HYPERLINK(1);x\n")
    assert [is_formula(cell) for cell in row] == [False, True, False]


def test_a_cell_of_a_megabyte_is_cut_and_marked() -> None:
    rows = read(b"PO;ETA\nPO-1;" + b"x" * 1_048_576 + b"\nPO-2;2027-01-04\n")
    assert is_cut(rows[1][1])
    assert len(rows[1][1]) < 100
    assert rows[2] == ["PO-2", "2027-01-04"]


def spoilt(content: bytes, part: str, change: Callable[[str], str]) -> bytes:
    """The workbook with one of its parts changed."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as archive, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name in archive.namelist():
            text = archive.read(name)
            made.writestr(name, change(text.decode()) if name == part else text)
    return out.getvalue()


SHEET = "xl/worksheets/sheet1.xml"


@pytest.mark.parametrize("size", ['<dimension ref="A1"/>', '<dimension ref="A1:XFD9999999"/>', ""])
def test_whatever_a_workbook_says_of_its_size_all_of_it_is_read(size: str) -> None:
    rows = [["PO", "ETA"], ["PO-1", "2027-01-04"], ["PO-2", "2027-01-05"]]
    assert read(spoilt(workbook(rows), SHEET, lambda text: re.sub(r"<dimension[^>]*>", size, text))) == rows


def test_a_row_that_no_sheet_has_is_not_waited_for() -> None:
    content = workbook([["PO", "ETA"], ["PO-1", "2027-01-04"]])
    far = spoilt(content, SHEET, lambda text: re.sub(r'"(|[AB])2"', r'"\g<1>2000000000"', text))
    with pytest.raises(Unreadable, match="cannot be read"):
        read(far)


@pytest.mark.parametrize(
    "cell", ['<c r="A1" t="s"><v>99</v></c>', '<c r="A1" t="d"><v>0000-99-99</v></c>', '<c r="A1"><v>inf</v></c>']
)
def test_a_cell_that_cannot_be_is_refused_with_a_sentence(cell: str) -> None:
    with pytest.raises(Unreadable, match="cannot be read"):
        read(spoilt(workbook([["PO"]]), SHEET, lambda text: re.sub("<c .*</c>", cell, text)))


@given(st.lists(st.tuples(st.integers(0, 2**16), st.integers(0, 255)), min_size=1, max_size=4))
def test_no_damage_to_a_workbook_makes_it_fail_but_with_a_sentence(damage: list[tuple[int, int]]) -> None:
    content = bytearray(WHOLE)
    for place, byte in damage:
        content[4 + place % (len(content) - 4)] = byte
    with contextlib.suppress(Unreadable):
        read(bytes(content))


WHOLE = workbook([["PO", "ETA"], ["PO-1", datetime.datetime(2027, 1, 4)]])


def bomb(unpacked: int = 300 * 1024 * 1024) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
        with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as part:
            for _ in range(unpacked // 2**20):
                part.write(b"\0" * 2**20)
    return out.getvalue()


def zipped(**parts: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, text in parts.items():
            archive.writestr(name.replace("__", "/").replace("_", "."), text)
    return out.getvalue()


LAUGHS = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><workbook>&b;</workbook>'


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "nothing in it"),
        (b" \n\t\n ", "nothing in it"),
        (b"x" * (MOST_BYTES + 1), "at most 10 MB"),
        (b"%PDF-1.7 ...", "This is a PDF"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1...", "old .xls"),
        (b"PK\x03\x04 and then nothing", "cannot be read"),
        (zipped(list_csv="PO;ETA"), "a zip archive, not a workbook"),
        (zipped(xl__workbook_xml="<broken"), "cannot be read"),
        (zipped(xl__workbook_xml=LAUGHS), "cannot be read"),
        (workbook([["a"]])[:-200], "cannot be read"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_list_is_refused_with_a_sentence(content: bytes, sentence: str) -> None:
    with pytest.raises(Unreadable, match=sentence):
        first_rows(sheet_of(content))


def test_a_zip_bomb_is_refused_before_it_is_unpacked() -> None:
    small = bomb()
    assert len(small) < 2**20
    with pytest.raises(Unreadable, match="larger than 200 MB"):
        sheet_of(small)


def test_a_list_has_an_end() -> None:
    with pytest.raises(Unreadable, match="more than 100,000 rows"):
        read(b"a;b\n" * (MOST_ROWS + ABOVE + 1))


@given(st.binary(max_size=400))
def test_no_bytes_make_it_fail_but_with_a_sentence(content: bytes) -> None:
    rows = []
    with contextlib.suppress(Unreadable):
        rows = read(content)
    assert all("\x00" not in cell for row in rows for cell in row)


CELLS = st.text(
    st.characters(codec="utf-8", exclude_characters="\r\n\t\x00\"'=", exclude_categories=["Cc", "Z"]),
    min_size=1,
    max_size=12,
)


@given(st.lists(st.tuples(CELLS, CELLS, CELLS), min_size=3, max_size=8))
def test_what_was_pasted_from_a_spreadsheet_comes_back(rows: list[tuple[str, ...]]) -> None:
    assert read("\n".join("\t".join(row) for row in rows).encode()) == [list(row) for row in rows]
