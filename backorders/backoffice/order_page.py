"""Everything the order's page shows, read in a number of statements that does not grow with its lines."""

import datetime
from collections import defaultdict
from collections.abc import Sequence
from typing import Any, NamedTuple

from django.db.models import Prefetch
from django.utils.translation import gettext

from backorders.allocation.alternatives import Alternative
from backorders.allocation.models import Allocation, Promise
from backorders.allocation.places import Place, place_of
from backorders.allocation.reasons import GIVEN, last_words
from backorders.allocation.windows import Window, slip_days
from backorders.backoffice.saying import Asked, Instead, answer
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
    word: EtaRevision | None = None  # of the supplier, as it moved its date last
    law: Any = None  # what the law of delays says of it, where the page shows that

    @property
    def slip_days(self) -> int | None:
        """The line's slip."""
        return slip_days(self.expected and self.expected.last, self.told and self.told.last)

    @property
    def is_open(self) -> bool:
        """Whether something of it is still to be shipped."""
        return self.line.open_quantity > 0


def lines_of(order: Order, *, today: datetime.date) -> list[LineShown]:
    """Return the order's lines as the page shows them; the first `PLACED` waiting ones with their place."""
    lines = list(order.lines.select_related("product", "promise", "handling__owner").order_by("id"))
    held: dict[int, list[Allocation]] = defaultdict(list)
    supplies = (
        "stock_level__warehouse",
        "purchase_line__purchase_order__supplier",
        "purchase_line__warehouse",
        "purchase_line__product",
    )
    for allocation in Allocation.objects.filter(line__in=lines).select_related(*supplies).order_by("id"):
        held[allocation.line_id].append(allocation)
    placed = {line.pk for line in [line for line in lines if line.waiting][:PLACED]}
    words = last_words([line.pk for line in lines if line.open_quantity])
    shown = (_line(line, held[line.pk], _place(line, today) if line.pk in placed else "") for line in lines)
    return [each._replace(word=words.get(each.line.pk)) for each in shown]


def parcels_of(order: Order) -> list[Shipment]:
    """Return the order's parcels, latest first."""
    inside = Prefetch("lines", ShipmentLine.objects.select_related("line__product").order_by("id"))
    return list(order.shipments.select_related("carrier").prefetch_related(inside).order_by("-shipped_at", "-id"))


def answers(
    lines: Sequence[LineShown], parcels: Sequence[Shipment], alternatives: Sequence[Alternative] = ()
) -> list[tuple[str, str]]:
    """Return (language, what to say) in both languages; of alternatives only those that may be offered are said."""
    instead = {each.line_id: each for each in reversed(alternatives) if each.is_offered}
    asked = [
        Asked(
            shown.line.product.name,
            shown.line.waiting,
            shown.line.allocated,
            shown.line.is_held,
            shown.expected,
            shown.told,
            _reason_words(shown.word),
            _instead(instead.get(shown.line.pk)),
        )
        for shown in lines
        if shown.is_open
    ]
    return [(code, answer(asked, parcels, language=code)) for code in ("en", "tr")]


def _reason_words(word: EtaRevision | None) -> str:
    return str(EtaRevision.ReasonCode(word.reason_code).label) if word and word.reason_code in GIVEN else ""


def _instead(alternative: Alternative | None) -> Instead | None:
    return Instead(alternative.product.name, alternative.arrives) if alternative and alternative.arrives else None


def _place(line: OrderLine, today: datetime.date) -> str:
    place = place_of(line, today=today)
    return place_words(place) if place else ""


def _line(line: OrderLine, held: list[Allocation], place: str) -> LineShown:
    promise = getattr(line, "promise", None)
    if promise is None:
        return LineShown(line, None, held, place, None, None, None)
    return LineShown(line, promise, held, place, promise.expected, promise.announced, promise.told)


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
