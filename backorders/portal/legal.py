"""What the delay law lets the customer decide, in words. What silence means is said by the words of its mail alone."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from backorders.actions import lawful
from backorders.actions.lawful import LegalChoices
from backorders.delays.law import OPTIONS, Kind
from backorders.delays.models import LegalEvent
from backorders.delays.packs import Measures
from backorders.notifications import dates
from backorders.orders.models import Order, OrderLine


@dataclass(frozen=True)
class Legal:
    """The most urgent thing the law lets the customer decide. `part` is what the words of the mail about it need."""

    is_asked: bool
    needs_answer: bool
    answer_by: str
    may_end: bool
    may_set_last_day: bool
    line: int
    last_day: str
    part: dict[str, Any]


def legal_of(
    lines: Sequence[OrderLine], expected: datetime.date | None, language: str, *, at: datetime.datetime
) -> Legal | None:
    """Return what the customer may decide about these open lines now, or None if the law gives them nothing to decide.

    `expected` is until when the goods are expected: a natural last day for a customer who sets one.
    """
    choices = lawful.choices_of_lines(list(lines), at=at) if lines else {}
    ranked = sorted(((_urgency(choice), pk) for pk, choice in choices.items()), reverse=True)
    if not ranked or not ranked[0][0]:
        return None
    pk = ranked[0][1]
    choice = choices[pk]
    option = {
        "silence": choice.silence,
        "ships": choice.measures == Measures.SHIP,
        "until": dates.day_in_words(choice.offered, language) if choice.offered else "",
        "answer_by": dates.day_in_words(choice.answer_by, language) if choice.answer_by else "",
    }
    return Legal(
        is_asked=choice.state in OPTIONS,
        needs_answer=choice.needs_answer,
        answer_by=option["answer_by"],  # type: ignore[arg-type]
        may_end=choice.may_end_contract,
        may_set_last_day=choice.may_set_extra_period,
        line=pk,
        last_day=expected.isoformat() if expected else "",
        part={"option": option},
    )


def ended_by_time(order: Order) -> bool:
    """Whether something of the order was cancelled because the time to answer was over."""
    return LegalEvent.objects.filter(case__line__order=order, kind=Kind.LAPSE).exists()


def _urgency(choice: LegalChoices) -> int:
    """The more urgent, the higher; 0: nothing to decide."""
    if choice.needs_answer:
        return 4
    if choice.may_end_contract:
        return 3
    if choice.state in OPTIONS:
        return 2
    return 1 if choice.may_set_extra_period else 0
