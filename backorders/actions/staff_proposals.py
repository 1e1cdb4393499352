"""Staff proposals: what somebody who does not change ETAs heard of one lies beside the books until a buyer decides."""

import datetime
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.utils.translation import gettext_lazy as _

from backorders.access.people import name_of
from backorders.access.table import CAPABILITIES
from backorders.actions import etas, revising
from backorders.actions.checking import NoReason, a_reason, fitting
from backorders.actions.done import Done
from backorders.actions.etas import EtaChange
from backorders.actions.freshness import fresh_purchase_lines
from backorders.actions.keys import known_act
from backorders.actions.seconding import Ask, for_impact
from backorders.allocation.impact import Impact
from backorders.allocation.locking import lock_products
from backorders.allocation.windows import business_day
from backorders.changes.acting import act
from backorders.changes.models import Source, Touch
from backorders.changes.recording import open_change, touch
from backorders.chasing.models import StaffProposal
from backorders.inbox.models import Notice
from backorders.inbox.posting import people_with, post, settle
from backorders.refusal import Refused, said
from backorders.supply.models import PurchaseLine

State = StaffProposal.State


class NotWaiting(Refused):
    """The proposal was decided on, replaced by its proposer, or its goods have come."""


class NotItsLine(Refused):
    """What is to be accepted is of another purchase line than the proposal."""


@act
def propose(
    change: EtaChange,
    *,
    said: str = "",
    note: str = "",
    key: str | None = None,
    by: AbstractBaseUser,
    at: datetime.datetime,
) -> Done[StaffProposal]:
    """Let the buyers find the ETA that somebody heard of one purchase line, and why: `said` word for word, or a note.

    It changes no date and answers no question to the supplier. A newer one of the same person replaces the older.
    Raises `NoReason`, `NotOpen`, `BadEta`, `BadSplit`, `BadText`, `Stale`, `KeyTaken`; then nothing is saved.
    """
    fitting(StaffProposal, said=said, note=note)
    lock_products(PurchaseLine.objects.filter(pk=change.purchase_line_id).values_list("product", flat=True))
    if done := known_act("propose_eta", key=key):
        return Done(done, Impact(), StaffProposal.objects.get(pk=done.summary["proposal"]))
    seen = {change.purchase_line_id: change.seen_version}
    line = fresh_purchase_lines(list(seen), seen=seen)[change.purchase_line_id]
    etas.check_change(change, line, today=business_day(at))
    if len(change.parts) > 1:
        raise etas.BadSplit(_("Propose one date; what comes in parts a buyer records."))
    check_why(said=said, note=note)
    mine = StaffProposal.objects.filter(purchase_line=line, proposed_by=by.pk, state=State.WAITING)
    settle(*(_key(old) for old in mine.values_list("pk", flat=True)), at=at)
    mine.update(state=State.REPLACED, decided_at=at)
    part = change.parts[0]
    proposal = StaffProposal.objects.create(
        purchase_line=line,
        eta_on=part.eta_on,
        eta_until=part.until,
        confidence=change.confidence,
        said=said.strip(),
        note=note.strip(),
        proposed_by=by,  # type: ignore[misc]  # the stubs know only the default user model
        at=at,
        seen_on=line.eta_on,
        seen_until=line.eta_until,
    )
    made = open_change("propose_eta", reason=proposal.note, key=key, summary={"proposal": proposal.pk}, by=by, at=at)
    touch(made, kind=Touch.Kind.PURCHASE_ORDER, ids=[line.purchase_order_id])
    buyers = people_with(CAPABILITIES["staff_proposals.accept"].roles)
    words = {"person": name_of(by), "line": str(line), "number": line.purchase_order.number}
    others = [pk for pk in buyers if pk != by.pk]
    post(Notice.Kind.ETA_PROPOSED, to=others, key=_key(proposal.pk), object_id=proposal.pk, words=words, at=at)
    return Done(made, Impact(), proposal)


def check_why(*, said: str, note: str) -> None:
    """Refuse a proposal that says neither what was said nor where its ETA is known from. Raises `NoReason`."""
    if not said.strip() and not note.strip():
        raise NoReason(_("Paste what was said, or note where you know it from."))


@act
def accept(
    proposal: StaffProposal,
    change: EtaChange,
    *,
    reason_code: str,
    note: str = "",
    source: Source,
    key: str | None = None,
    tells_later: bool = False,
    compensates: bool = True,
    approved_by: AbstractBaseUser | None = None,
    by: AbstractBaseUser,
    at: datetime.datetime,
) -> Done[list[PurchaseLine]]:
    """Change the ETA as a buyer makes it of the proposal, in the buyer's name; the log names who proposed it.

    Raises `NotWaiting`, `NotItsLine`, `NoReason`, what `revising.revise_eta` refuses, `NeedsApproval` if very many
    customers would hear of it; then nothing of it is saved.
    """
    line = proposal.purchase_line
    lock_products([line.product_id])
    if done := known_act("revise_eta", key=key):
        return Done(done, Impact(), [line])
    proposal = _waiting(proposal)
    if change.purchase_line_id != line.pk:
        raise NotItsLine(_("What you accept is of another purchase line. Nothing was saved."))
    note = revising.why(note, tells_later=tells_later, compensates=compensates)
    impact = revising.preview_eta([change], at=at)
    ways = {"tells_later": tells_later, "compensates": compensates}
    given = {"proposal": proposal.pk, "change": etas.as_plain(change), "reason_code": reason_code, "note": note}
    given |= {"source": source.value, **ways}
    for_impact(impact, Ask("staff_proposals.accept", given, str(line)), by=by, approved_by=approved_by)
    done_of = revising.revise_eta(
        [change],
        reason_code=reason_code,
        note=_of_whom(proposal, note),
        source=source,
        key=key,
        **ways,
        approved_by=approved_by,
        by=by,
        at=at,
    )
    proposal.change_set = done_of.change_set
    _decide(proposal, State.ACCEPTED, by=by, at=at)
    return done_of


@act
def decline(
    proposal: StaffProposal, *, reason: str, by: AbstractBaseUser, at: datetime.datetime
) -> Done[StaffProposal]:
    """Leave the ETA as it is, and say why; who proposed it hears of it. Raises `NotWaiting`, `NoReason`, `BadText`."""
    lock_products([proposal.purchase_line.product_id])
    proposal = _waiting(proposal)
    proposal.decision = a_reason(reason)
    change = open_change("decline_proposed_eta", reason=proposal.decision, by=by, at=at)
    touch(change, kind=Touch.Kind.PURCHASE_ORDER, ids=[proposal.purchase_line.purchase_order_id])
    _decide(proposal, State.DECLINED, by=by, at=at)
    return Done(change, Impact(), proposal)


@act
def end_settled(*, at: datetime.datetime) -> int:
    """End what was proposed of lines of which nothing is outstanding any more; return how many those were."""
    waiting = StaffProposal.objects.filter(state=State.WAITING)
    ended = list(waiting.exclude(purchase_line__in=PurchaseLine.objects.outstanding()).values_list("pk", flat=True))
    waiting.filter(pk__in=ended).update(state=State.ENDED, decided_at=at)
    settle(*(_key(pk) for pk in ended), at=at)
    return len(ended)


def _waiting(proposal: StaffProposal) -> StaffProposal:
    mine = StaffProposal.objects.select_for_update(no_key=True, of=("self",)).filter(
        pk=proposal.pk, state=State.WAITING
    )
    found = mine.select_related("purchase_line__purchase_order", "proposed_by").first()
    if found is None:
        raise NotWaiting(_("This was decided on meanwhile, or replaced. Nothing was saved."))
    return found


def _of_whom(proposal: StaffProposal, note: str) -> Any:
    """Return who proposed it with their note and the buyer's, for the log, in whatever language it is read."""
    who, words = name_of(proposal.proposed_by), " · ".join(filter(None, (proposal.note, note.strip())))
    if not words:
        return said(_("proposed by %(person)s"), person=who)
    return said(_("proposed by %(person)s: %(words)s"), person=who, words=words)


def _decide(proposal: StaffProposal, state: State, *, by: AbstractBaseUser, at: datetime.datetime) -> None:
    proposal.state, proposal.decided_at = state, at
    proposal.decided_by = by  # type: ignore[assignment]
    proposal.save(update_fields=["state", "decided_at", "decided_by", "decision", "change_set"])
    settle(_key(proposal.pk), at=at)
    line = proposal.purchase_line
    words = {"line": str(line), "number": line.purchase_order.number, "person": name_of(by)}
    words |= {"state": str(state), "reason": proposal.decision}
    to = [proposal.proposed_by_id] if proposal.proposed_by_id != by.pk else []
    key = f"eta decided:{proposal.pk}"
    post(Notice.Kind.ETA_DECIDED, to=to, key=key, object_id=line.purchase_order_id, words=words, at=at)


def _key(pk: int) -> str:
    return f"eta proposed:{pk}"
