"""Reading what a supplier sent: pasted text, CSV of any kind, or a workbook; a row at a time, within limits."""

import csv
import datetime
import io
import re
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, NamedTuple

from django.utils.translation import gettext_lazy as _
from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from backorders.refusal import Refused

MOST_BYTES = 10 * 1024 * 1024
MOST_ROWS = 100_000
ABOVE = 10  # rows of titles and names that may stand above them
MOST_COLUMNS = 60
LONGEST_CELL = 2_000
MOST_UNPACKED = 200 * 1024 * 1024
MOST_PARTS = 500
LAST_ROW = 1_048_576  # of any sheet; a row said to stand below it is not waited for
LOOKED_AT = 25
DELIMITERS = "\t;,|"

csv.field_size_limit(2 * MOST_BYTES)  # a cell that is too long is a problem of its row, not the end of the file


class Unreadable(Refused):
    """What was given is no list that we can read."""


Row = list[str]
# What the readers of zip archives and of workbooks raise over bytes that are neither.
DAMAGED = (
    *(zipfile.BadZipFile, zlib.error, InvalidFileException, SyntaxError, EOFError, OSError, RuntimeError),
    *(LookupError, ValueError, TypeError, AttributeError, ArithmeticError),
)
UNREADABLE = _("This workbook cannot be read. Save it again as .xlsx or as CSV.")
CUT = "… (cut)"  # ends what was longer than a cell may be


def is_cut(cell: str) -> bool:
    """Whether a cell was longer than is read."""
    return cell.endswith(CUT)


def is_formula(cell: str) -> bool:
    """Whether a cell holds a formula instead of what it comes to."""
    return cell.startswith("=")


class Sheet(NamedTuple):
    """A list that can be read: `rows` starts it anew; `seems` is how many rows it seems to have."""

    rows: Callable[[], Iterator[Row]]
    seems: int | None


def is_workbook(content: bytes) -> bool:
    """Whether these bytes are a zipped workbook (or say that they are a zip)."""
    return content[:4] == b"PK\x03\x04"


def sheet_of(content: bytes) -> Sheet:
    """Return the list in these bytes. Raises `Unreadable` with the sentence why not."""
    if not content.strip():
        raise Unreadable(_("There is nothing in it. Paste the list, or choose a file."))
    if len(content) > MOST_BYTES:
        raise Unreadable(
            _("The file has %(size)s MB; at most 10 MB are read. Divide it."), size=f"{len(content) / 2**20:.1f}"
        )
    if is_workbook(content):
        return _workbook(content)
    if content[:8] == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        raise Unreadable(_("This is an old .xls workbook. Save it as .xlsx or as CSV."))
    if content[:5] == b"%PDF-":
        raise Unreadable(_("This is a PDF. Copy the table out of it and paste it."))
    return _text(content)


def first_rows(sheet: Sheet) -> list[Row]:
    """Return the first rows that hold anything."""
    return list(islice(sheet.rows(), LOOKED_AT))


# -- text -------------------------------------------------------------------------------------------------------------


def _text(content: bytes) -> Sheet:
    text = decoded(content)
    start = "\n".join(text[:200_000].splitlines()[:LOOKED_AT])
    divide = _divider(start)
    return Sheet(lambda: _within(_clean(divide(text))), text.count("\n") + 1)


def decoded(content: bytes) -> str:
    """Return the text of these bytes: UTF-8 or UTF-16 with or without a mark, else Turkish Windows."""
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return content.decode("utf-16", errors="replace")
    start = content[:2000]
    if start.count(0) > len(start) // 4:
        return content.decode("utf-16-le" if start[1::2].count(0) > start[::2].count(0) else "utf-16-be", "replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1254", errors="replace")


def _divider(start: str) -> Callable[[str], Iterator[Row]]:
    delimiter = _delimiter(start)
    if delimiter:
        return lambda text: csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    wide = all(re.search(r"\S\s{2,}\S", line) for line in start.splitlines() if line.strip())
    gap = re.compile(r"\s{2,}" if wide else r"\s+")
    return lambda text: (gap.split(line.strip()) for line in io.StringIO(text))


def _delimiter(start: str) -> str:
    """Return the sign that divides most of these lines into the same number of cells, more than one."""
    best, score = "", 0.0
    for sign in DELIMITERS:
        widths = Counter(len(row) for row in csv.reader(io.StringIO(start), delimiter=sign) if any(row))
        width, lines = max(widths.items(), key=lambda each: (each[1] * (each[0] > 1), each[0]), default=(1, 0))
        if width > 1 and (found := lines / sum(widths.values()) + min(width, 9) / 100) > score and lines > 0:
            best, score = sign, found
    return best


# -- workbooks --------------------------------------------------------------------------------------------------------


def _workbook(content: bytes) -> Sheet:
    _check_zip(content)
    book = _opened(content)
    seems = book.worksheets[0].max_row if book.worksheets else None
    book.close()
    return Sheet(lambda: _within(_clean(_cells(content))), seems and min(seems, MOST_ROWS + ABOVE))


def _opened(content: bytes) -> Any:
    try:
        return load_workbook(io.BytesIO(content), read_only=True, data_only=False, keep_links=False)
    except DAMAGED as error:
        raise Unreadable(UNREADABLE) from error


def _check_zip(content: bytes) -> None:
    """Refuse an archive that would unpack into far more than it is, before any of it is unpacked."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
            if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > MOST_UNPACKED:
                raise Unreadable(_("Unpacked, this workbook would be larger than 200 MB. Save only the list, as CSV."))
            if not any(part.filename == "xl/workbook.xml" for part in parts):
                raise Unreadable(_("This is a zip archive, not a workbook. Unpack it, and choose the list in it."))
            for part in parts:
                _check_part(archive, part)
    except DAMAGED as error:
        raise Unreadable(UNREADABLE) from error


def _check_part(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    if part.filename.endswith((".xml", ".rels")):
        with archive.open(part) as opened:
            if b"<!DOCTYPE" in opened.read(4096).upper():
                raise Unreadable(UNREADABLE)


def _cells(content: bytes) -> Iterator[Row]:
    """Yield every row, whatever the workbook says of its size, with the empty ones that stand above it."""
    book = _opened(content)
    try:
        sheet = book.worksheets[0]
        sheet.reset_dimensions()
        for number, row in enumerate(sheet.iter_rows(), 1):
            if number > LAST_ROW:
                raise Unreadable(UNREADABLE)
            yield [_written(cell) for cell in row[:MOST_COLUMNS]]
    except DAMAGED as error:
        raise Unreadable(UNREADABLE) from error
    finally:
        book.close()


def _written(cell: Any) -> str:
    """Return a cell as text: dates as ISO dates, whole numbers without decimals."""
    value = cell.value
    if value is None:
        return ""
    if cell.data_type == "f":
        return "=" + str(value).lstrip("=")
    if isinstance(value, datetime.datetime):
        return value.date().isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


# -- limits -----------------------------------------------------------------------------------------------------------


def _clean(rows: Iterator[Row]) -> Iterator[Row]:
    """Yield the rows with no signs in them that no database keeps, without empty ones, cut where they are too long."""
    for row in rows:
        cleaned = [_cut(cell) for cell in row[:MOST_COLUMNS]]
        if any(cleaned):
            yield cleaned


def _cut(cell: str) -> str:
    text = cell.replace("\x00", "").strip()
    if len(text) > LONGEST_CELL:
        return text[:60] + CUT
    # Our own exports put a quote before what a spreadsheet would calculate.
    return text[1:] if text[:1] == "'" and text[1:2] in ("+", "-", "@") else text


def _within(rows: Iterator[Row]) -> Iterator[Row]:
    for number, row in enumerate(rows, 1):
        if number > MOST_ROWS + ABOVE:
            raise Unreadable(_("The list has more than %(most)s rows. Divide it."), most=f"{MOST_ROWS:,}")
        yield row
