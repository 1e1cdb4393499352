"""Bookkeeping: putting stored results right again, as an act that is on record."""

import datetime

from django.contrib.auth.models import AbstractBaseUser

from backorders.allocation.books import repair
from backorders.changes.models import ChangeSet
from backorders.changes.recording import open_change


def repair_books(*, by: AbstractBaseUser | None, at: datetime.datetime) -> ChangeSet:
    """Rebuild counters, allocations and promises of every product; not one transaction but one a product."""
    change = open_change("repair_books", reason="the books were rebuilt", by=by, at=at)
    repair(change_set=change, at=at)
    return change
