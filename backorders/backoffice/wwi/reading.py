"""Reading tables: typed rows, and a sentence with file, row and column for what cannot be read."""

import csv
import datetime
import gzip
import zlib
from collections.abc import Callable, Collection, Iterator
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings

from backorders.actions.placing import MOST_WORTH
from backorders.refusal import Refused

ZONE = ZoneInfo(settings.TIME_ZONE)  # the files' clock has no zone: it is the business's own, so its dates are ours
YEARS = range(1900, 2200)
LONGEST_NAME = 200
MOST_UNITS = 2**31 - 1
MOST_GRAMS = 2**31 - 1

Reader = Callable[[str], Any]


class BrokenFile(Refused):
    """A file is missing, has another header, or a row that cannot be read."""


class Unfit(ValueError):
    """A value that can be read but cannot be; it says why."""


def file_of(folder: Path, name: str) -> Path:
    """Return the table's file, gzipped or not. Raises `BrokenFile` if there is none."""
    for path in (folder / f"{name}.csv", folder / f"{name}.csv.gz"):
        if path.is_file():
            return path
    raise BrokenFile(f"{folder} has no {name}.csv and no {name}.csv.gz.")


def table(folder: Path, name: str, **columns: Reader) -> Iterator[tuple[Any, ...]]:
    """Yield the named columns of a table as tuples. Raises `BrokenFile` with file, row and column."""
    path = file_of(folder, name)
    opener: Any = gzip.open if path.suffix == ".gz" else open
    number = 1
    try:
        with opener(path, "rt", newline="", encoding="utf-8-sig") as file:
            rows = csv.reader(file)
            places = _places(path, next(rows, []), columns)
            for number, row in enumerate(rows, start=2):
                yield tuple([_cell(path, number, row, *place) for place in places])
    except (OSError, EOFError, zlib.error, UnicodeDecodeError, csv.Error) as error:
        raise BrokenFile(f"{path.name} cannot be read after row {number}: {error}.") from error


def _places(path: Path, header: list[str], columns: dict[str, Reader]) -> list[tuple[int, str, Reader]]:
    if missing := [column for column in columns if column not in header]:
        raise BrokenFile(f"{path.name} has no column {', '.join(missing)}; it has {', '.join(header) or 'nothing'}.")
    return [(header.index(column), column, read) for column, read in columns.items()]


def _cell(path: Path, number: int, row: list[str], index: int, column: str, read: Reader) -> Any:
    try:
        return read(row[index])
    except (ValueError, IndexError, InvalidOperation) as error:
        found = repr(row[index]) if index < len(row) else "nothing"
        why = str(error) if isinstance(error, Unfit) else "cannot be read"
        raise BrokenFile(f"{path.name} row {number}: {column} is {found}, which {why}.") from error


# -- readers of one cell ----------------------------------------------------------------------------------------------


@lru_cache(maxsize=4096)
def moment(text: str) -> datetime.datetime:
    """A date and time of the files."""
    a_date(text)
    return datetime.datetime.fromisoformat(text).replace(tzinfo=ZONE)


@lru_cache(maxsize=4096)
def a_date(text: str) -> datetime.date:
    """A date of the files."""
    day = datetime.date.fromisoformat(text[:10])
    if day.year not in YEARS:
        raise Unfit("is no date of a living business")
    return day


@lru_cache(maxsize=4096)
def money(text: str) -> Decimal:
    """A price or a cost."""
    amount = Decimal(text)
    if not 0 <= amount < MOST_WORTH:
        raise Unfit("is no price")
    return amount


def words(text: str) -> str:
    """A name or a number that is not counted with."""
    if len(text) > LONGEST_NAME:
        raise Unfit(f"is longer than {LONGEST_NAME} characters")
    if "\0" in text:
        raise Unfit("holds a zero byte")
    return text


def grams(text: str) -> int:
    """A weight, given in kilograms."""
    weight = Decimal(text) * 1000
    if not 0 <= weight <= MOST_GRAMS:
        raise Unfit("is no weight")
    return int(weight)


def days(text: str) -> int:
    """A number of days, less than a hundred years."""
    count = int(text)
    if not 0 <= count < 2**15:
        raise Unfit("is no number of days")
    return count


def units(text: str) -> int:
    """A number of whole units, at least 1."""
    quantity = int(text)
    if not 1 <= quantity <= MOST_UNITS:
        raise Unfit("is no quantity")
    return quantity


def difference(text: str) -> int:
    """A number of whole units, more or fewer; the files write it as a decimal."""
    quantity = Decimal(text)
    if not -MOST_UNITS <= quantity <= MOST_UNITS or quantity != int(quantity):
        raise Unfit("is no number of units")
    return int(quantity)


def number(text: str) -> int:
    """A number that names a row."""
    if not 0 <= int(text) <= MOST_UNITS:
        raise Unfit("is no number of a row")
    return int(text)


def or_none(read: Reader) -> Reader:
    """Read a value that may be empty."""
    return lambda text: read(text) if text else None


def key(read: Reader = number) -> Reader:
    """Read what may stand in its column only once."""
    seen: set[Any] = set()

    def once(text: str) -> Any:
        value = read(text)
        if value in seen:
            raise Unfit("stands there twice")
        seen.add(value)
        return value

    return once


def one_of(known: Collection[int], name: str) -> Reader:
    """Read a number that names a row of another table."""

    def reference(text: str) -> int:
        value = int(text)
        if value not in known:
            raise Unfit(f"is not in {name}")
        return value

    return reference
