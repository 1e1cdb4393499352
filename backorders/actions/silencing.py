"""Silencing: a date whose supplier says nothing about it feeds promises no longer, and whoever counted on it hears."""

import datetime

from backorders.access.table import CAPABILITIES
from backorders.actions import revising
from backorders.actions.asking import DueLine, calendar_of_asking, due_lines, policies_of_suppliers, policy_of
from backorders.actions.etas import EtaChange, EtaPart
from backorders.allocation.windows import business_day
from backorders.changes.models import Source
from backorders.chasing import silence
from backorders.inbox.models import Notice
from backorders.inbox.posting import people_with, post
from backorders.refusal import Busy, Stale
from backorders.supply.models import Confidence, EtaRevision


def stop_believing(*, at: datetime.datetime) -> int:
    """Make dates unconfirmed whose question was not answered in time, or that are too old; return how many.

    The date itself stays on record. Each supplier is an act of its own, with its change set; the buyers find in their
    inbox that there is somebody to call. What changed meanwhile is looked at again at the next run.
    """
    unanswered: dict[int, list[DueLine]] = {}
    for line in _unanswered(at):
        unanswered.setdefault(line.supplier_id, []).append(line)
    ended = 0
    for _supplier, lines in sorted(unanswered.items()):
        try:
            _end_belief(lines, at)
        except (Busy, Stale):
            continue
        ended += len(lines)
    if ended:
        buyers = people_with(CAPABILITIES["asking.note_call"].roles)
        post(Notice.Kind.SUPPLIER_CALL, to=buyers, key="silent suppliers", count=len(unanswered), at=at)
    return ended


def _end_belief(lines: list[DueLine], at: datetime.datetime) -> None:
    changes = [
        EtaChange(line.id, [EtaPart(line.eta_on, line.eta_until)], Confidence.UNCONFIRMED, line.version)
        for line in lines
    ]
    why = EtaRevision.ReasonCode.SILENCE
    revising.revise_eta(changes, reason_code=why, source=Source.SYSTEM, by=None, at=at)


def _unanswered(at: datetime.datetime) -> list[DueLine]:
    calendar, policies, today = calendar_of_asking(), policies_of_suppliers(), business_day(at)
    return [
        line
        for line in due_lines()
        if line.eta_on is not None and line.confidence != Confidence.UNCONFIRMED
        if silence.is_believed_no_longer(
            line.known,
            asked_on=business_day(line.asked_at) if line.asked_at else None,
            calendar=calendar,
            policy=policy_of(policies, line.supplier_id),
            today=today,
        )
    ]
