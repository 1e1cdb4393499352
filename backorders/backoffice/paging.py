"""Pages of long lists: counts stop at a cap, because nobody reads a million rows and counting them takes longer than showing."""

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.utils.functional import cached_property

CAP = 10_000


def capped_count(queryset: "QuerySet[object]", *, cap: int) -> int:
    """Return how many rows there are, or `cap + 1` if there are more than `cap`; never looks at more."""
    return queryset.order_by()[: cap + 1].count()


class CappedPaginator(Paginator):  # type: ignore[type-arg]
    """A paginator that counts up to a cap; what lies beyond is reached by searching."""

    @cached_property
    def count(self) -> int:
        """The number of rows, `CAP` if there are more."""
        if not isinstance(self.object_list, QuerySet):
            return len(self.object_list)
        return min(capped_count(self.object_list, cap=CAP), CAP)
