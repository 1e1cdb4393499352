"""A list as a file: every line of it as it is shown, for Excel or anything else that reads tables."""

import datetime
import io
import itertools
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font

from backorders.allocation.windows import business_day
from backorders.backoffice.spreadsheets import csv_lines
from backorders.backoffice.workbench.rows import Waiting, Writer, rows
from backorders.orders.models import Customer, OrderLine

CHUNK = 1000
MONEY, DAYS = "#,##0.00", "yyyy-mm-dd"


def headings() -> list[str]:
    """Return the words over the columns, in the reader's language."""
    return [
        *(_("Needs"), _("Order"), _("Customer"), _("Tier"), _("SKU"), _("Item"), _("Waiting")),
        *(_("Told from"), _("Told until"), _("Expected from"), _("Expected until"), _("Slip, days"), _("Ordered on")),
        *(_("Wait, days"), _("Value"), _("Currency"), _("Reason"), _("Owner")),
    ]


def cells(row: Waiting, writer: Writer) -> list[Any]:
    """Return one line's cells: dates are dates and numbers are numbers."""
    marks = ", ".join(str(mark.label) for mark in writer.marks(row))
    return [
        *(marks, row.order, row.customer, _(str(Customer.Tier(row.tier).label)), row.sku, row.product, row.waiting),
        *(row.told_from, row.told_until, row.expected_from, row.expected_until, row.slip_days),
        *(business_day(row.placed_at), row.days_waited, row.value, row.currency),
        *(_(str(OrderLine.Cause(row.cause).label)) if row.cause else "", row.owner or ""),
    ]


def as_csv(line_ids: Sequence[int], *, today: datetime.date) -> Iterator[str]:
    """Yield a CSV file as the reader's spreadsheet expects it (`spreadsheets.csv_lines`)."""
    return csv_lines(itertools.chain([headings()], _all(line_ids, today)))


def as_xlsx(line_ids: Sequence[int], *, today: datetime.date) -> bytes:
    """Return an XLSX file in which dates are dates, amounts are amounts, and text is never a formula."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(_("Waiting lines"))
    sheet.freeze_panes = "A2"
    for number, width in enumerate((18, 14, 26, 10, 14, 36, 9, 12, 12, 12, 12, 9, 12, 9, 12, 9, 18, 14), 1):
        sheet.column_dimensions[chr(64 + number)].width = width
    sheet.append([_cell(sheet, heading, font=Font(bold=True)) for heading in headings()])
    for row in _all(line_ids, today):
        sheet.append([_cell(sheet, value) for value in row])
    sheet.auto_filter.ref = f"A1:{chr(64 + len(headings()))}{len(line_ids) + 1}"
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def _all(line_ids: Sequence[int], today: datetime.date) -> Iterator[list[Any]]:
    writer = Writer(due={})
    for start in range(0, len(line_ids), CHUNK):
        for row in rows(line_ids[start : start + CHUNK], today=today):
            yield cells(row, writer)


def _cell(sheet: Any, value: Any, *, font: Font | None = None) -> Any:
    made = WriteOnlyCell(sheet, value=_clean(value) if isinstance(value, str) else value)
    if isinstance(value, str):
        made.data_type = "s"  # a text that begins with = stays a text
    elif isinstance(value, datetime.date):
        made.number_format = DAYS
    elif isinstance(value, Decimal):
        made.number_format = MONEY
    if font:
        made.font = font
    return made


def _clean(text: str) -> str:
    """A workbook is XML, which has no control characters."""
    return "".join(sign for sign in text if sign >= " " or sign in "\t\n")
