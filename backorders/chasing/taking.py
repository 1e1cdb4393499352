"""Taking: which of a supplier's answers need nobody to look at them, by the supplier's policy; pure."""

import datetime
from collections.abc import Sequence

from backorders.chasing.models import ChasePolicy, EtaProposal

Answer = EtaProposal.Answer
Days = Sequence[datetime.date | None]  # the last day of each part


def needs_nobody(answer: str, until: Days, *, seen_until: datetime.date | None, policy: ChasePolicy) -> bool:
    """Whether the answer may be taken over by itself: never a refusal, nor what dates a line that had no date.

    `until` are the last days of its parts, `seen_until` that of the date as it stood.
    """
    if answer == Answer.REFUSE or seen_until is None or not until:
        return False
    if answer == Answer.CONFIRM:
        return policy.takes_confirmations
    most = policy.takes_days
    return most is not None and all(day is not None and abs((day - seen_until).days) <= most for day in until)
