"""Lists that leave the house: CSV that spreadsheets open as it is meant, and workbooks with real dates."""

import csv
import datetime
import io
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

from django.http import HttpResponse, StreamingHttpResponse
from django.utils.translation import get_language
from openpyxl import Workbook

BOM = "\ufeff"
CALCULATED = ("=", "+", "-", "@", "\t", "\r")


def inert(value: Any) -> Any:
    """Return a cell that no spreadsheet calculates: texts that begin like a formula get a quote in front."""
    return f"'{value}" if isinstance(value, str) and value.startswith(CALCULATED) else value


def csv_lines(rows: Iterable[Iterable[Any]]) -> Iterator[str]:
    """Return the lines of a CSV as the reader's spreadsheet expects it: UTF-8 with its mark, amounts as it writes them.

    Turkish spreadsheets take a comma for a decimal sign and a semicolon for the delimiter. The language is that of the
    call, not of the reading.
    """
    is_turkish = get_language() == "tr"

    def lines() -> Iterator[str]:
        yield BOM
        for row in rows:
            line = io.StringIO()
            writer = csv.writer(line, delimiter=";" if is_turkish else ",")
            writer.writerow([_plain(inert(value), is_turkish=is_turkish) for value in row])
            yield line.getvalue()

    return lines()


def csv_of(rows: Iterable[Iterable[Any]], *, name: str) -> StreamingHttpResponse:
    """Answer with a CSV file."""
    response = StreamingHttpResponse(csv_lines(rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def workbook_of(rows: Iterable[Iterable[Any]], *, name: str) -> HttpResponse:
    """Answer with a workbook; dates stay dates."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    for row in rows:
        sheet.append([inert(value) for value in row])
    out = io.BytesIO()
    book.save(out)
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    response = HttpResponse(out.getvalue(), content_type=kind)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _plain(value: Any, *, is_turkish: bool) -> Any:
    if isinstance(value, Decimal):
        return str(value).replace(".", ",") if is_turkish else str(value)
    return value.isoformat() if isinstance(value, datetime.date) else value
