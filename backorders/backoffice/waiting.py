"""The lists of those who wait: each one a view by harm, each of its conditions on an index."""

import datetime
import functools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext_lazy as _

from backorders.allocation.models import Promise
from backorders.backoffice.dates import short_date, short_window
from backorders.backoffice.impacts import slip
from backorders.catalog.models import Product
from backorders.orders.models import Customer, Order, OrderLine
from backorders.searching import matching

COUNTED = 300
# A search that holds for more than these is too vague: it shows the first of them.
MATCHES, LINES = 200, 500

# A promise's key is its line's, so that a view may speak of either.
Lines = QuerySet[Promise] | QuerySet[OrderLine]


class View(NamedTuple):
    """One list: its name in the address, its label, what is in it and what it says when nothing is."""

    name: str
    label: Any
    lines: Callable[[datetime.date], Lines]
    empty: Any


def _not_told(_today: datetime.date) -> Lines:
    return Promise.objects.untold().order_by("changed_at", "pk")


def _late(today: datetime.date) -> Lines:
    return _waiting().filter(told_until__lt=today).order_by("told_until", "pk")


def _at_risk(today: datetime.date) -> Lines:
    misses = _waiting().filter(expected_until__gt=F("told_until"), told_until__gte=today)
    return misses.order_by("told_until", "pk")


def _no_date(_today: datetime.date) -> Lines:
    return _waiting().filter(expected_until=None).order_by("pk")


def _all(_today: datetime.date) -> Lines:
    return OrderLine.objects.waiting().order_by("-placed_at", "-id")


def _waiting() -> QuerySet[Promise]:
    return Promise.objects.filter(line__waiting__gt=0)


VIEWS = (
    View("not_told", _("Not told"), _not_told, _("Every customer knows the date we expect.")),
    View("late", _("Late"), _late, _("No promise has passed.")),
    View("at_risk", _("At risk"), _at_risk, _("No promise is likely to be missed.")),
    View("no_date", _("No date"), _no_date, _("Everything that waits has a date.")),
    View("all", _("All"), _all, _("Nothing waits: everything ordered lies ready or has left.")),
)
BY_NAME = {view.name: view for view in VIEWS}


class Tab(NamedTuple):
    """A view with its count, which stops at a cap."""

    name: str
    label: Any
    number: int

    @property
    def shown(self) -> str:
        """The count as it is read."""
        return shown_count(self.number)


def shown_count(count: int) -> str:
    """Return a capped count as it is read: "12", or "300+"."""
    is_more = count > COUNTED
    return number_format(COUNTED if is_more else count, force_grouping=True) + ("+" if is_more else "")


def tabs(*, today: datetime.date) -> list[Tab]:
    """Return every view with its capped count: one statement for all of them."""
    sql, params = _counting(today)
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        numbers = cursor.fetchone()
    return [Tab(view.name, view.label, number) for view, number in zip(VIEWS, numbers, strict=True)]


@functools.lru_cache(maxsize=2)
def _counting(today: datetime.date) -> tuple[str, tuple[Any, ...]]:
    """The statement that counts up to the cap in every view; the same for the whole day.

    The views keep their order: it is what makes the database walk an index instead of joining everything first.
    """
    views = [view.lines(today).values("pk")[: COUNTED + 1].query.sql_with_params() for view in VIEWS]
    counts = (f"(SELECT COUNT(*) FROM ({sql}) v{n})" for n, (sql, _) in enumerate(views))  # noqa: S608 our own statements
    return f"SELECT {', '.join(counts)}", tuple(param for _, params in views for param in params)


def keys(view: View, *, term: str, today: datetime.date) -> QuerySet[Any]:
    """Return the ids of a view's lines that hold the search term, in the view's order."""
    lines = view.lines(today)
    return (lines.filter(_matches(term)) if term else lines).values_list("pk", flat=True)


def rows(line_ids: Sequence[int], *, today: datetime.date) -> "list[Waiting]":
    """Return the rows of these lines, in the same order."""
    read = OrderLine.objects.filter(pk__in=line_ids).values_list(*_COLUMNS)
    found = {row[0]: Waiting._make([*row, today]) for row in read}
    return [found[pk] for pk in line_ids if pk in found]


def as_shown(row: "Waiting") -> dict[str, Any]:
    """Return a row as the template writes it: words made once here are cheaper than in fifty rows of tags."""
    return {
        **row._asdict(),
        "told": short_window(row.told_from, row.told_until) if row.told_at else "–",
        "expected": short_window(row.expected_from, row.expected_until),
        "is_estimate": row.is_estimate and row.expected_until is not None,
        "slip": slip(row.slip_days),
        "since": short_date(timezone.localtime(row.placed_at).date()),
        "value": number_format(row.value, decimal_pos=2, force_grouping=True),
        "is_vip": row.is_vip,
        "marks": row.marks,
    }


def _matches(term: str) -> Q:
    """Lines whose order, customer or product holds the term: found there first, so that each has its index."""
    orders = matching(Order.objects.order_by(), ["number", "external_id"], term).values_list("pk", flat=True)
    customers = matching(Customer.objects.order_by(), ["name", "email"], term).values("pk")
    products = matching(Product.objects.order_by(), ["sku", "name"], term).values_list("pk", flat=True)
    theirs = Order.objects.filter(customer__in=customers[:MATCHES]).order_by().values_list("pk", flat=True)
    of_orders = OrderLine.objects.filter(order__in=[*orders[:MATCHES], *theirs[:MATCHES]]).order_by()
    line_ids = list(of_orders.values_list("pk", flat=True)[:LINES])
    product_ids = list(products[:MATCHES])
    if len(product_ids) == 1 and not line_ids:
        return Q(product=product_ids[0])  # answered in the order of its index, however many wait
    of_products = OrderLine.objects.open().filter(product__in=product_ids).order_by()
    return Q(pk__in=[*line_ids, *of_products.values_list("pk", flat=True)[:LINES]])


# The columns of `Waiting`, in its order.
_COLUMNS = (
    "id order order__number order__customer__name order__customer__tier product__sku product__name waiting price "
    "order__currency placed_at is_held is_expedited promise__told_at promise__told_from promise__told_until "
    "promise__expected_from promise__expected_until promise__is_estimate promise__uncovered promise__gap_since"
).split()


class Mark(NamedTuple):
    """A word that stands out, and its tone."""

    label: Any
    tone: str


NOT_TOLD = Mark(_("Not told"), "bad")
LATE = Mark(_("Late"), "bad")
UNCOVERED = Mark(_("Uncovered"), "warn")
HELD = Mark(_("Held"), "")
EXPEDITED = Mark(_("Expedited"), "")


class Waiting(NamedTuple):
    """One row of the list."""

    line: int
    order_id: int
    order: str
    customer: str
    tier: int
    sku: str
    product: str
    waiting: int
    price: Any
    currency: str
    placed_at: datetime.datetime
    is_held: bool
    is_expedited: bool
    told_at: datetime.datetime | None
    told_from: datetime.date | None
    told_until: datetime.date | None
    expected_from: datetime.date | None
    expected_until: datetime.date | None
    is_estimate: bool
    uncovered: int
    gap_since: datetime.datetime | None
    today: datetime.date

    @property
    def marks(self) -> list[Mark]:
        """What stands out of the line, by harm."""
        shown = (
            (self.gap_since, NOT_TOLD),
            (self.told_until and self.told_until < self.today, LATE),
            (self.uncovered, UNCOVERED),
            (self.is_held, HELD),
            (self.is_expedited, EXPEDITED),
        )
        return [mark for applies, mark in shown if applies]

    @property
    def is_vip(self) -> bool:
        """Whether the customer is of the highest tier."""
        return self.tier == Customer.Tier.VIP

    @property
    def value(self) -> Any:
        """What the waiting units are worth."""
        return self.waiting * self.price

    @property
    def slip_days(self) -> int | None:
        """Expected-until minus told-until in days."""
        return (self.expected_until - self.told_until).days if self.expected_until and self.told_until else None
