"""What the address of a list asks for: which list, with which filters, for whom; and what to call it back."""

import datetime
from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import urlencode

from django.contrib.auth.models import User
from django.http import QueryDict

from backorders.backoffice.masking import sees_contacts
from backorders.backoffice.paging import Listing
from backorders.backoffice.workbench import filtering, lists, merging
from backorders.backoffice.workbench.among import AT_MOST
from backorders.backoffice.workbench.columns import written
from backorders.backoffice.workbench.filtering import Filtered
from backorders.backoffice.workbench.lists import NEEDS, Seen, View
from backorders.backoffice.workbench.terms import Typed, read


class Chip(NamedTuple):
    """One filter that is set, and the query of the same list without it."""

    text: str
    without: str


class Asked(NamedTuple):
    """A list as an address asks for it."""

    view: View
    typed: Typed
    seen: Seen
    filtered: Filtered
    columns: str = ""

    @property
    def listing(self) -> Listing:
        """The ids of its lines."""
        if self.view is NEEDS:
            return merging.Merged(self.seen, filters=self.filtered.condition)
        return lists.lines(self.view, self.seen, filters=self.filtered.condition).values_list("pk", flat=True)

    @property
    def ids(self) -> list[int]:
        """The ids of all its lines, up to the most that one works through."""
        return list(self.listing[:AT_MOST])

    @property
    def query(self) -> str:
        """What stands behind the question mark of its address."""
        return self._query(self.typed.text)

    @property
    def kept(self) -> str:
        """What its links to other lists add: the columns, if the address names them."""
        return f"&columns={self.columns}" if self.columns else ""

    @property
    def chips(self) -> Sequence[Chip]:
        """Its filters, each with the way to the list without it."""
        parts = [self.typed.words] if self.typed.words else []
        parts += [term.text for term in self.typed.terms]
        return [Chip(part, self._query(self.typed.without(part))) for part in parts]

    def _query(self, text: str) -> str:
        return query(self.view.name, text, **({"columns": self.columns} if self.columns else {}))


def asked(data: QueryDict, *, person: User, today: datetime.date) -> Asked:
    """Return what an address asks for; a list that does not exist is the one of what needs action."""
    view = lists.BY_NAME.get(data.get("view", ""), NEEDS)
    typed = read(data.get("q", "").strip())
    seen = Seen(today, person.pk, sees_contacts(person))
    columns = written(data.get("columns", "").split(","))
    return Asked(view, typed, seen, filtering.condition(typed, seen), columns)


def query(view: str, text: str = "", **more: str) -> str:
    """Return the query of a list's address."""
    return urlencode({"view": view, **({"q": text} if text else {}), **more})


# The fields of the filter form, each the operator it stands for.
FIELDS = ("status", "supplier", "sku", "tier", "owner", "cause", "value", "eta", "wait")


def added(data: QueryDict) -> str | None:
    """Return the filters of the filter form added to those typed before; None if the form was not sent."""
    if "add" not in data:
        return None
    given = [(name, data.get(name, "").strip().replace('"', "")) for name in FIELDS]
    made = [f'{name}:"{value}"' if " " in value else f"{name}:{value}" for name, value in given if value]
    return " ".join(filter(None, [data.get("q", "").strip(), *made]))
