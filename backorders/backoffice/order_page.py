"""Everything the order's page shows, read in a number of statements that does not grow with its lines."""

import datetime
from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from django.db.models import Prefetch
from django.utils.translation import gettext

from backorders.allocation.models import Allocation, Promise
from backorders.allocation.queueing import place_of
from backorders.allocation.ranking import Place
from backorders.allocation.windows import Window
from backorders.backoffice.answers import Asked, answer
from backorders.orders.models import Order, OrderLine, Shipment, ShipmentLine
from backorders.supply.models import EtaRevision

PLACED = 20


class LineShown(NamedTuple):
    """One line with its promise, what it holds, and its place in the queue."""

    line: OrderLine
    promise: Promise | None
    held: list[Allocation]
    place: str
    expected: Window | None
    announced: Window | None
    told: Window | None

    @property
    def slip_days(self) -> int | None:
        """Expected-until minus told-until in days."""
        return (self.expected.last - self.told.last).days if self.expected and self.told else None

    @property
    def is_open(self) -> bool:
        """Whether something of it is still to be shipped."""
        return self.line.open_quantity > 0


def lines_of(order: Order, *, today: datetime.date) -> list[LineShown]:
    """Return the order's lines as the page shows them; the first `PLACED` waiting ones with their place."""
    lines = list(order.lines.select_related("product", "promise").order_by("id"))
    held: dict[int, list[Allocation]] = defaultdict(list)
    supplies = ("stock_level__warehouse", "purchase_line__purchase_order__supplier", "purchase_line__warehouse")
    for allocation in Allocation.objects.filter(line__in=lines).select_related(*supplies).order_by("id"):
        held[allocation.line_id].append(allocation)
    placed = {line.pk for line in [line for line in lines if line.waiting][:PLACED]}
    return [_line(line, held[line.pk], _place(line, today) if line.pk in placed else "") for line in lines]


def parcels_of(order: Order) -> list[Shipment]:
    """Return the order's parcels, latest first."""
    inside = Prefetch("lines", ShipmentLine.objects.select_related("line__product").order_by("id"))
    return list(order.shipments.select_related("carrier").prefetch_related(inside).order_by("-shipped_at", "-id"))


def answers(lines: Sequence[LineShown], parcels: Sequence[Shipment], *, today: datetime.date) -> list[tuple[str, str]]:
    """Return (language, what to say) in both languages."""
    reasons = _reasons(lines)
    asked = [
        Asked(
            shown.line.product.name,
            shown.line.waiting,
            shown.line.allocated,
            shown.line.is_held,
            shown.expected,
            shown.told,
            reasons.get(shown.line.pk, ""),
        )
        for shown in lines
        if shown.is_open
    ]
    return [(code, answer(asked, parcels, today=today, language=code)) for code in ("en", "tr")]


def _place(line: OrderLine, today: datetime.date) -> str:
    place = place_of(line, today=today)
    return place_words(place) if place else ""


def _line(line: OrderLine, held: list[Allocation], place: str) -> LineShown:
    promise = getattr(line, "promise", None)
    if promise is None:
        return LineShown(line, None, held, place, None, None, None)
    return LineShown(
        line,
        promise,
        held,
        place,
        _window(promise.expected_from, promise.expected_until),
        _window(promise.announced_from, promise.announced_until),
        _window(promise.told_from, promise.told_until),
    )


def _reasons(lines: Sequence[LineShown]) -> dict[int, str]:
    """Why the date of each line's purchase last moved, in the plain words of its reason code."""
    pegs = {a.purchase_line_id: shown.line.pk for shown in lines for a in shown.held if a.purchase_line_id}
    said = EtaRevision.objects.filter(purchase_line__in=pegs).exclude(reason_code__in=("confirmation", "other"))
    return {
        pegs[revision.purchase_line_id]: EtaRevision.ReasonCode(revision.reason_code).label
        for revision in said.order_by("at", "id")
    }


def _window(first: datetime.date | None, last: datetime.date | None) -> Window | None:
    return Window(first, last) if first is not None and last is not None else None


def place_words(place: Place) -> str:
    """Say where a line stands in its queue and who is ahead of it and why."""
    position = gettext("Place %(position)s of %(of)s in the queue") % {"position": place.position, "of": place.of}
    reasons = (
        (place.expedited, gettext("%(count)s expedited")),
        (place.promised, gettext("%(count)s promised before")),
        (place.bound, gettext("%(count)s over the fairness bound")),
        (place.score, gettext("%(count)s with a higher score of tier, value and age")),
        (place.earlier, gettext("%(count)s ordered earlier")),
    )
    ahead = ", ".join(words % {"count": count} for count, words in reasons if count)
    return f"{position} · {gettext('ahead:')} {ahead}" if ahead else position
