"""Pages of long lists: nobody reads a million rows, and counting them takes longer than showing them."""

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property

from backorders.ids import typed_id

CAP = 10_000
PER_PAGE = 50


def capped_count(queryset: "QuerySet[Any, Any]", *, cap: int) -> int:
    """Return how many rows there are, or `cap + 1` if there are more than `cap`; never looks at more.

    The order stays: it is what makes the database walk an index instead of joining everything first.
    """
    return queryset[: cap + 1].count()


class CappedPaginator(Paginator):  # type: ignore[type-arg]
    """A paginator that counts up to a cap; what lies beyond is reached by searching."""

    @cached_property
    def count(self) -> int:
        """The number of rows, `CAP` if there are more."""
        if not isinstance(self.object_list, QuerySet):
            return len(self.object_list)
        return min(capped_count(self.object_list, cap=CAP), CAP)


class Page(NamedTuple):
    """One page of a list that is not counted: its rows, its number, and whether another follows."""

    rows: Sequence[Any]
    number: int
    is_more: bool

    @property
    def first(self) -> int:
        """The number of the first row in the whole list."""
        return (self.number - 1) * PER_PAGE + 1

    @property
    def last(self) -> int:
        """The number of the last row in the whole list."""
        return self.first + len(self.rows) - 1


class Listing(Protocol):
    """Rows in order, of which a slice is read only when it is taken."""

    def __getitem__(self, cut: slice, /) -> Any:
        """Return the rows of the slice."""


class Ahead:
    """A listing whose beginning is read once, up to a depth, whatever slices of it are taken."""

    def __init__(self, listing: Listing, depth: int) -> None:
        self.listing, self.depth = listing, depth

    @cached_property
    def head(self) -> list[Any]:
        """The rows up to the depth."""
        return list(self.listing[: self.depth])

    def __getitem__(self, cut: slice) -> Any:
        """Return the rows of the slice; only what lies beyond the depth is read again."""
        is_read = cut.stop <= self.depth or len(self.head) < self.depth
        return self.head[cut] if is_read else self.listing[cut]


def page_of(queryset: "QuerySet[Any, Any] | Listing", request: HttpRequest) -> Page:
    """Return the page of the list that the address asks for; the first one if that makes no sense."""
    number = min(max(typed_id(request.GET.get("page", "")) or 1, 1), CAP // PER_PAGE)
    start = (number - 1) * PER_PAGE
    rows = list(queryset[start : start + PER_PAGE + 1])
    return Page(rows[:PER_PAGE], number, len(rows) > PER_PAGE)


def typed_term(request: HttpRequest, *, most: int) -> str:
    """Return what the address searches for, at most so many characters of it, without signs that no database keeps."""
    return request.GET.get("q", "").strip().replace("\x00", "")[:most]
