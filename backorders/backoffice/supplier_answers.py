"""What suppliers answered and colleagues heard, as a buyer reads it: from which date to which, what changed since."""

import datetime
from collections.abc import Sequence
from typing import NamedTuple

from django.utils.translation import gettext as _

from backorders.access.people import name_of
from backorders.actions import proposals
from backorders.backoffice.dates import short_window
from backorders.backoffice.differences import differences
from backorders.chasing.models import EtaProposal, StaffProposal
from backorders.supply.models import PurchaseLine

Answer = EtaProposal.Answer


class Row(NamedTuple):
    """One answer: its purchase line, what the supplier saw, what it says, and how the line stands if it changed."""

    proposal: EtaProposal
    line: PurchaseLine
    was: str
    said: str
    tone: str
    changed: str


def rows(waiting: Sequence[EtaProposal], *, at: datetime.datetime) -> list[Row]:
    """Return the answers as they are shown."""
    seen = {each.line.purchase_line_id: each.seen_version for each in waiting}
    found = differences([each.line.purchase_line for each in waiting], seen, at=at)
    changed = {difference.line.pk: difference.words for difference in found}
    return [_row(each, changed.get(each.line.purchase_line_id, "")) for each in waiting]


def _row(proposal: EtaProposal, changed: str) -> Row:
    line = proposal.line.purchase_line
    was = short_window(proposal.seen_on, proposal.seen_until) if proposal.seen_on else _("No date")
    later = any(
        part.until and proposal.seen_until and part.until > proposal.seen_until for part in proposals.parts_of(proposal)
    )
    tone = "bad" if later or proposal.answer == Answer.REFUSE else "good"
    return Row(proposal, line, was, words(proposal), tone, changed)


def words(proposal: EtaProposal) -> str:
    """Return what an answer says, in a few words."""
    days = [short_window(part.eta_on, part.until) for part in proposals.parts_of(proposal) if part.eta_on]
    match proposal.answer:
        case Answer.CONFIRM:
            return _("stands: %(date)s") % {"date": days[0]}
        case Answer.REFUSE:
            return _("will not come")
        case Answer.SPLIT:
            units = [part.quantity for part in proposals.parts_of(proposal)]
            return ", ".join(f"{many} × {day}" for many, day in zip(units, days, strict=True))
    return days[0]


class Proposed(NamedTuple):
    """One ETA that a colleague proposed: who, its purchase line, the ETA they saw and the one they heard of.

    `is_outdated`: the line has another ETA by now.
    """

    proposal: StaffProposal
    who: str
    line: PurchaseLine
    was: str
    says: str
    is_outdated: bool


def proposed_row(proposal: StaffProposal) -> Proposed:
    """Return a staff proposal, with its line and its proposer, as it is shown."""
    line = proposal.purchase_line
    is_outdated = (line.eta_on, line.eta_until) != (proposal.seen_on, proposal.seen_until)
    was = short_window(proposal.seen_on, proposal.seen_until)
    says = short_window(proposal.eta_on, proposal.eta_until)
    return Proposed(proposal, name_of(proposal.proposed_by), line, was, says, is_outdated)
