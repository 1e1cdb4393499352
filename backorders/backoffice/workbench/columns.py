"""The columns of the workbench: which there are, which are usual, and which ones a list is shown with.

The order's own column always stands. What the address says goes before what the view was saved with, and that before
what the person prefers.
"""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from django.utils.translation import gettext_lazy as _


class Column(NamedTuple):
    """A column that can be chosen: its name in addresses, the words over it, whether it holds numbers."""

    name: str
    label: Any
    is_number: bool = False
    is_usual: bool = True


COLUMNS = (
    Column("needs", _("Needs")),
    Column("item", _("Item")),
    Column("told", _("Told")),
    Column("expected", _("Expected")),
    Column("slip", _("Slip"), is_number=True),
    Column("wait", _("Wait"), is_number=True),
    Column("value", _("Value"), is_number=True),
    Column("ready", _("Ready"), is_number=True, is_usual=False),
    Column("ordered", _("Ordered on"), is_usual=False),
    Column("reason", _("Reason"), is_usual=False),
    Column("tier", _("Tier"), is_usual=False),
    Column("owner", _("Owner"), is_usual=False),
)
USUAL = tuple(column for column in COLUMNS if column.is_usual)


def written(names: Iterable[str]) -> str:
    """Return the columns that exist among these names as an address writes them; nothing if there are none."""
    wanted = set(names)
    return ",".join(column.name for column in COLUMNS if column.name in wanted)


def shown(*texts: str) -> Sequence[Column]:
    """Return the columns of the first text that names any, else the usual ones."""
    for text in texts:
        wanted = set(text.split(","))
        if found := tuple(column for column in COLUMNS if column.name in wanted):
            return found
    return USUAL
