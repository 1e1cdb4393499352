"""Bookkeeping: proving that what is stored agrees, and putting it right again as an act that is on record."""

import contextlib
import datetime
from collections.abc import Iterator

from django.contrib.auth.models import AbstractBaseUser
from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from backorders.access.checking import allowed
from backorders.allocation import books
from backorders.allocation.sums import Difference
from backorders.changes.models import ChangeSet
from backorders.changes.recording import open_change
from backorders.notifications import books as books_of_telling
from backorders.notifications.earlier import earlier_words


def check_books(*, at: datetime.datetime) -> Iterator[Difference]:
    """Yield every difference between what is stored and what it rests on, all of it as of one moment of the data."""
    with _one_moment():
        yield from books.differences(earlier=earlier_words, at=at)
        yield from books_of_telling.differences()


@allowed
def repair_books(*, by: AbstractBaseUser | None, at: datetime.datetime) -> ChangeSet:
    """Rebuild counters, allocations and promises of every product; not one transaction but one a product."""
    change = open_change("repair_books", reason=_("the books were rebuilt"), by=by, at=at)
    books.repair(change_set=change, at=at)
    return change


@contextlib.contextmanager
def _one_moment() -> Iterator[None]:
    """Let all that is read be of the same moment, so that acts that go on meanwhile look like no difference."""
    if connection.vendor != "postgresql" or connection.in_atomic_block:
        yield
        return
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        cursor.execute("SET LOCAL statement_timeout = 0")
        yield
