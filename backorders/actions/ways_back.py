"""A way back is what an act needs to be undone: whose verb it is, what to lock, why not, and how."""

import datetime
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from backorders.changes.models import ChangeSet


class Way(NamedTuple):
    """How one act is undone: the verb that whoever undoes it must have, the products to lock, why not, the way back."""

    verb: str
    products: Callable[[ChangeSet], Sequence[int]]
    objection: Callable[[ChangeSet], Any]
    put_back: Callable[[ChangeSet, ChangeSet, datetime.datetime], None]
