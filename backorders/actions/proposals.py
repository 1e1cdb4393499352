"""Proposals: what a supplier answers lands beside the books; a buyer, or the supplier's policy, takes it over."""

import datetime
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from django.contrib.auth.models import AbstractBaseUser
from django.utils.translation import gettext_lazy as _

from backorders.access.table import CAPABILITIES
from backorders.actions import buying, etas, revising
from backorders.actions.asking import close_answered, policies_of_suppliers, policy_of
from backorders.actions.checking import NoReason, NotOpen, a_reason, fitting
from backorders.actions.done import Done
from backorders.actions.etas import EtaChange, EtaPart
from backorders.actions.freshness import fresh_purchase_lines
from backorders.actions.keys import known_act
from backorders.actions.seconding import Ask, are_too_many, for_impact, recipients_of
from backorders.allocation.impact import Impact
from backorders.allocation.locking import lock_products
from backorders.allocation.windows import business_day
from backorders.changes.acting import act
from backorders.changes.models import ChangeSet, Source, Touch
from backorders.changes.recording import open_change, touch
from backorders.chasing.models import DateRequest, EtaProposal, RequestLine
from backorders.chasing.taking import needs_nobody
from backorders.inbox.models import Notice
from backorders.inbox.posting import people_with, post
from backorders.refusal import Refused
from backorders.sentences import Sentence
from backorders.supply.models import Confidence, EtaRevision, PurchaseLine

Answer, State = EtaProposal.Answer, EtaProposal.State
DECIDED = (State.ACCEPTED, State.REJECTED)
DEALT_WITH = _("One of the lines was dealt with meanwhile. Open the page again.")


class NotAnswerable(Refused):
    """The line is not asked for any more, or what was answered of it was acted upon."""


class NotWaiting(Refused):
    """The proposal was decided on, or replaced by a newer answer."""


class LineAnswer(NamedTuple):
    """What a supplier says of one request line, and the version of the purchase line that was shown."""

    line_id: int
    answer: str
    parts: Sequence[EtaPart] = ()
    reason_code: str = EtaRevision.ReasonCode.CONFIRMATION
    note: str = ""
    seen_version: int | None = None


# -- the supplier -----------------------------------------------------------------------------------------------------


@act
def propose(
    request: DateRequest, *, answers: Sequence[LineAnswer], key: str, at: datetime.datetime
) -> Done[list[EtaProposal]]:
    """Record what a supplier answers; an answer on which nobody decided yet is replaced, whichever question it was to.

    The same key answers once; of one purchase line there is one answer at a time.

    What the supplier's policy takes over by itself is taken over. Raises `NotAnswerable`, `NoReason`, `Stale`,
    `BadEta`, `BadSplit`, `BadText`; then nothing of it is saved.
    """
    if not answers:
        raise NotOpen(_("Answer at least one line."))
    asked = RequestLine.objects.filter(request=request, pk__in=[answer.line_id for answer in answers])
    lock_products(asked.order_by().values_list("purchase_line__product", flat=True))
    DateRequest.objects.select_for_update(no_key=True, of=("self",)).get(pk=request.pk)
    if done := known_act("answer_dates", key=key):
        return Done(done, Impact(), list(done.proposals_made.order_by("id")))
    lines = {line.pk: line for line in asked.filter(ended_at=None)}
    seen = {lines[a.line_id].purchase_line_id: a.seen_version for a in answers if a.line_id in lines}
    if len(seen) < len(answers):
        raise NotAnswerable(DEALT_WITH)
    purchases = fresh_purchase_lines([line.purchase_line_id for line in lines.values()], seen=seen)
    for answer in answers:
        line = lines[answer.line_id]
        if line.proposals.filter(state__in=DECIDED).exists():
            raise NotAnswerable(DEALT_WITH)
        check(answer, purchases[line.purchase_line_id], at=at)
    change = open_change("answer_dates", key=key, source=Source.SUPPLIER, by=None, at=at)
    touch(change, kind=Touch.Kind.PURCHASE_ORDER, ids=(line.purchase_order_id for line in purchases.values()))
    _replace(purchases, at)
    made = [_proposal(answer, purchases[lines[answer.line_id].purchase_line_id], change, at) for answer in answers]
    EtaProposal.objects.bulk_create(made)
    RequestLine.objects.filter(pk__in=lines).update(answered_at=at)
    close_answered(at=at)
    impact = _take_over(request, made, at)
    _tell_buyers(request, at)
    return Done(change, impact, made)


def check(answer: LineAnswer, purchase: PurchaseLine, *, at: datetime.datetime) -> None:
    """Refuse what cannot be said of this purchase line. Raises as `propose` does. Reads nothing, writes nothing."""
    fitting(EtaProposal, note=answer.note)
    if answer.answer not in Answer or answer.reason_code not in EtaRevision.ReasonCode:
        raise NotAnswerable(_("Say of each line whether the date stands, moves, is split, or does not come."))
    if not purchase.outstanding:
        raise NotOpen(_("%(line)s has nothing outstanding."), line=purchase)
    if answer.answer != Answer.REFUSE:
        etas.check_change(EtaChange(purchase.pk, answer.parts), purchase, today=business_day(at))
    elif not answer.note.strip():
        raise NoReason(_("Say why it does not come."))


def _replace(purchase_lines: Iterable[int], at: datetime.datetime) -> None:
    waiting = EtaProposal.objects.filter(line__purchase_line__in=list(purchase_lines), state=State.WAITING)
    waiting.update(state=State.REPLACED, decided_at=at)


def _proposal(answer: LineAnswer, purchase: PurchaseLine, change: ChangeSet, at: datetime.datetime) -> EtaProposal:
    days = [[*(day and day.isoformat() for day in part[:2]), part.quantity] for part in answer.parts]
    return EtaProposal(
        line_id=answer.line_id,
        answer=answer.answer,
        parts=days if answer.answer != Answer.REFUSE else [],
        reason_code=answer.reason_code,
        note=answer.note.strip(),
        reference=f"S-{change.pk}",
        at=at,
        seen_version=purchase.version,
        seen_on=purchase.eta_on,
        seen_until=purchase.eta_until,
        seen_quantity=purchase.outstanding,
        answer_change=change,
    )


def _take_over(request: DateRequest, made: Sequence[EtaProposal], at: datetime.datetime) -> Impact:
    """Take over what the supplier's policy lets through, unless more customers than the limit would hear of it."""
    policy = policy_of(policies_of_suppliers(), request.supplier_id)
    easy = [
        proposal
        for proposal in made
        if needs_nobody(
            proposal.answer,
            [part.until for part in parts_of(proposal)],
            seen_until=proposal.seen_until,
            policy=policy,
        )
    ]
    if not easy:
        return Impact()
    impact = preview(easy, at=at)
    if are_too_many(recipients_of(impact)):
        return Impact()
    _carry_out(easy, note=_("taken over by the supplier's policy"), by=None, approved_by=None, at=at)
    return impact


def _tell_buyers(request: DateRequest, at: datetime.datetime) -> None:
    count = EtaProposal.objects.filter(line__request=request, state=State.WAITING).count()
    if count:
        buyers = people_with(CAPABILITIES["proposals.accept"].roles)
        words = {"supplier": request.supplier.name}
        post(Notice.Kind.PROPOSAL, to=buyers, key=f"proposals:{request.pk}", count=count, words=words, at=at)


# -- the buyer --------------------------------------------------------------------------------------------------------


def parts_of(proposal: EtaProposal) -> list[EtaPart]:
    """Return the dates of a proposal."""
    day = datetime.date.fromisoformat
    return [EtaPart(first and day(first), last and day(last), units) for first, last, units in proposal.parts]


def preview(proposals: Sequence[EtaProposal], *, at: datetime.datetime) -> Impact:
    """Return whom these proposals would move if all were accepted now, by the computation of the ETA screen.

    Raises what cannot be any more: `BadEta`, `BadSplit`, `NotOpen`.
    """
    lines = _purchases(proposals)
    changes = [_as_change(each) for each in proposals if each.answer != Answer.REFUSE]
    refused = [lines[each.line.purchase_line_id] for each in proposals if each.answer == Answer.REFUSE]
    return revising.preview_eta(changes, closed=refused, at=at)


@act
def accept(
    seen: Mapping[int, int],
    *,
    note: str = "",
    approved_by: AbstractBaseUser | None = None,
    by: AbstractBaseUser | None,
    at: datetime.datetime,
) -> Done[list[EtaProposal]]:
    """Take proposals (ids, each with the version of its purchase line that was shown) over into the books.

    Dates become revised ETAs, refusals closed purchase lines. Raises `NotWaiting`, `Stale`, what `revising.revise_eta`
    refuses, `NeedsApproval` if very many customers would hear of it; then nothing of it is saved.
    """
    lock_products(_products(seen))
    proposals = _waiting(seen)
    fresh_purchase_lines(
        [each.line.purchase_line_id for each in proposals],
        seen={each.line.purchase_line_id: seen[each.pk] for each in proposals},
    )
    impact = preview(proposals, at=at)
    ask = Ask("proposals.accept", {"seen": [[pk, seen[pk]] for pk in sorted(seen)], "note": note}, _about(proposals))
    for_impact(impact, ask, by=by, approved_by=approved_by)
    changes = _carry_out(proposals, note=note, by=by, approved_by=approved_by, at=at)
    return Done(changes[0], impact, proposals)


@act
def reject(
    proposal_ids: Iterable[int], *, reason: str, by: AbstractBaseUser | None, at: datetime.datetime
) -> Done[list[EtaProposal]]:
    """Leave the books as they are, and say why; the supplier's page shows it. Raises `NotWaiting`, `NoReason`."""
    why = a_reason(reason)
    ids = list(proposal_ids)
    lock_products(_products(ids))
    proposals = _waiting(ids)
    change = open_change("reject_answers", reason=why, summary={"proposals": sorted(ids)}, by=by, at=at)
    orders = (each.line.purchase_line.purchase_order_id for each in proposals)
    touch(change, kind=Touch.Kind.PURCHASE_ORDER, ids=orders)
    EtaProposal.objects.filter(pk__in=ids).update(state=State.REJECTED, decided_at=at, decided_by=by, decision=why)
    return Done(change, Impact(), proposals)


def _products(proposal_ids: Iterable[int]) -> list[int]:
    found = EtaProposal.objects.filter(pk__in=list(proposal_ids)).order_by()
    return list(found.values_list("line__purchase_line__product", flat=True))


def _waiting(proposal_ids: Iterable[int]) -> list[EtaProposal]:
    """Lock these proposals; refuse if one was decided on or replaced."""
    ids = set(proposal_ids)
    mine = EtaProposal.objects.select_for_update(no_key=True, of=("self",)).filter(pk__in=ids, state=State.WAITING)
    found = list(mine.select_related("line__purchase_line__purchase_order").order_by("id"))
    if not ids:
        raise NotWaiting(_("Tick at least one answer."))
    if len(found) < len(ids):
        raise NotWaiting(_("An answer was decided on meanwhile, or its supplier changed it. Nothing was saved."))
    return found


def _purchases(proposals: Sequence[EtaProposal]) -> dict[int, PurchaseLine]:
    return PurchaseLine.objects.in_bulk([each.line.purchase_line_id for each in proposals])


def _as_change(proposal: EtaProposal) -> EtaChange:
    return EtaChange(proposal.line.purchase_line_id, parts_of(proposal), Confidence.CONFIRMED)


def _about(proposals: Sequence[EtaProposal]) -> str:
    first = str(proposals[0].line.purchase_line)
    return first if len(proposals) == 1 else f"{first} + {len(proposals) - 1}"


def _carry_out(
    proposals: Sequence[EtaProposal],
    *,
    note: Sentence,
    by: AbstractBaseUser | None,
    approved_by: AbstractBaseUser | None,
    at: datetime.datetime,
) -> list[ChangeSet]:
    """Do what the proposals say, those with the same reason together; return the change sets, the first one first."""
    groups: dict[tuple[str, str, bool], list[EtaProposal]] = {}
    for each in proposals:
        groups.setdefault((each.reason_code, each.note, each.answer == Answer.REFUSE), []).append(each)
    changes = []
    for (reason_code, said, is_refusal), group in groups.items():
        words = " · ".join(str(part) for part in (group[0].reference, said, note) if part)
        if is_refusal:
            done_of = {
                each.pk: buying.close_purchase_line(
                    each.line.purchase_line, reason=words, approved_by=approved_by, by=by, at=at
                ).change_set
                for each in group
            }
        else:
            done = revising.revise_eta(
                [_as_change(each) for each in group],
                reason_code=reason_code,
                note=words,
                source=Source.SUPPLIER,
                approved_by=approved_by,
                by=by,
                at=at,
            )
            done_of = {each.pk: done.change_set for each in group}
        for pk, change in done_of.items():
            EtaProposal.objects.filter(pk=pk).update(
                state=State.ACCEPTED, decided_at=at, decided_by=by, decision=note, change_set=change
            )
        changes += list(done_of.values())
    return changes
