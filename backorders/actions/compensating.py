"""Compensating by policy: what was proposed is given as it was seen, or declined, by a person."""

import datetime
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal

from django.contrib.auth.models import AbstractBaseUser
from django.utils.translation import gettext_lazy as _

from backorders import rows
from backorders.actions import gifts, offering
from backorders.actions.checking import a_reason
from backorders.actions.done import Done
from backorders.actions.seconding import Ask, for_giving
from backorders.allocation.impact import Impact, Move
from backorders.allocation.locking import lock_products
from backorders.allocation.windows import business_day
from backorders.changes.acting import act
from backorders.changes.models import ChangeSet, Touch
from backorders.changes.recording import open_change, touch
from backorders.compensation import reading
from backorders.compensation.models import Award, CompensationPolicy, Trigger
from backorders.compensation.weighing import Due
from backorders.notifications import writing
from backorders.notifications.emails import Rendered
from backorders.notifications.letters import Gift
from backorders.orders.models import Compensation, OrderLine
from backorders.refusal import Refused, Stale

State = Award.State
MOST_AT_ONCE = 2_000  # proposals that one person decides at once


class NothingDue(Refused):
    """What was proposed was decided before, or is not due any more."""


class AmountMoved(Stale):
    """What is due is not the amount that was seen."""


class OverBudget(Refused):
    """More would be given than is left of a policy's budget."""


@act
def give(
    awards: Mapping[int, Decimal],
    *,
    approved_by: AbstractBaseUser | None = None,
    by: AbstractBaseUser | None,
    at: datetime.datetime,
) -> Done[list[Award]]:
    """Give what was proposed, all or nothing; customers hear of it in their next mail.

    `awards`: of each, by id, the amount that was seen. Raises `NothingDue` if one of them was decided or lapsed,
    `AmountMoved` if it comes to another amount, `OverBudget`, `NeedsApproval` above the limit of whoever may not
    approve.
    """
    proposed = _proposed(awards)
    lock_products({award.line.product_id for award in proposed})
    gifts.lock_orders({award.line.order_id for award in proposed})
    policies = gifts.locked_policies(policy.pk for policy in reading.active(business_day(at)))
    proposed = _proposed(awards)
    due = _as_seen(proposed, awards, policies, at)
    _check_budgets(due, policies, at)
    total = sum((each.amount for each in due), Decimal(0))
    seen = {str(pk): str(awards[pk]) for pk in sorted(awards)}
    ask = Ask("compensating.give", {"awards": seen}, _about(proposed))
    for_giving(total, ask, currency=proposed[0].currency, by=by, approved_by=approved_by)
    change = gifts.open_gifts(due, giver=by, at=at)
    made = gifts.write_gifts(due, policies, change, at)
    ids = {(award.line_id, award.trigger): award.pk for award in proposed}
    decided = [
        (State.GIVEN.value, at, by and by.pk, change.pk, made[each.case.line_id, each.policy_id]) for each in due
    ]
    rows.update(
        Award,
        ["id", "state", "decided_at", "decided_by", "change_set", "compensation"],
        [(ids[each.breach], *fields) for each, fields in zip(due, decided, strict=True)],
    )
    return Done(change, Impact(), list(Award.objects.filter(change_set=change).order_by("id")))


@act
def decline(
    awards: Sequence[int], *, reason: str, by: AbstractBaseUser | None, at: datetime.datetime
) -> Done[list[Award]]:
    """Do not give what was proposed; it is not proposed again. Raises `NothingDue`, `NoReason`."""
    proposed = _proposed(awards)
    gifts.locked_policies(award.policy_id for award in proposed)
    proposed = _proposed(awards)
    change = open_change("decline_compensation", reason=a_reason(reason), summary={"awards": len(awards)}, by=by, at=at)
    mine = Award.objects.filter(pk__in=[award.pk for award in proposed])
    mine.update(state=State.DECLINED, decided_at=at, decided_by=by, change_set=change)
    touch(change, kind=Touch.Kind.ORDER, ids=[award.line.order_id for award in proposed])
    return Done(change, Impact(), proposed)


def preview_gift(award: Award, *, at: datetime.datetime) -> Rendered:
    """Return the mail that would say so if nothing else were to be said. Writes nothing."""
    gift = Gift(award.policy.kind, award.amount, award.currency)
    return writing.shown(writing.compensated(award.line.order, gift=gift, line=award.line, at=at))


def withhold(moves: Sequence[Move], *, change: ChangeSet) -> None:
    """Let what is due for the promises that these moves broke not be given, as a part of the act that broke them.

    What was due before them stays due, and what lost its date is due once it is late. Those held out stay so: nobody
    decides about them.
    """
    active = gifts.locked_policies(policy.pk for policy in reading.active(business_day(change.at)))
    late = [policy for policy in active if policy.trigger == Trigger.LATE]
    moved = {move.line_id: (move.old and move.old.last, move.new and move.new.last) for move in moves}
    due = [each for each in reading.broken_by(late, moved, at=change.at) if not each.is_held_out]
    for some in rows.batches(due, reading.CHUNK):
        gifts.drop_proposals(some)
        gifts.write_awards(some, State.DECLINED, change, {}, change.at)
    Award.objects.filter(change_set=change).update(decided_by=change.by)


def take_back(change: ChangeSet, *, undoing: ChangeSet) -> None:
    """Let what one act gave by policies not be given; it is not proposed again."""
    mine = Award.objects.filter(change_set=change, state=State.GIVEN)
    mine.update(state=State.DECLINED, compensation=None, decided_at=undoing.at, decided_by=undoing.by)
    forget_gifts(change, at=undoing.at)


def forget_gifts(change: ChangeSet, *, at: datetime.datetime) -> None:
    """Forget what one act gave; what is offered in its orders states again what goes back."""
    taken = Compensation.objects.filter(change_set=change)
    orders = set(taken.values_list("order", flat=True))
    taken.delete()
    offering.reckon_again(orders, at=at)


def propose_again(change: ChangeSet, *, products: Collection[int] | None = None) -> None:
    """Let what one act declined be proposed again; of lines of these `products` (ids) only."""
    mine = Award.objects.filter(change_set=change, state=State.DECLINED)
    if products is not None:
        mine = mine.filter(line__product__in=products)
    mine.update(state=State.PROPOSED, change_set=None, decided_at=None, decided_by=None)


def _proposed(awards: Collection[int]) -> list[Award]:
    if not awards:
        raise NothingDue(_("Choose at least one proposal."))
    if len(set(awards)) > MOST_AT_ONCE:
        raise NothingDue(_("Decide on at most %(most)s proposals at once."), most=MOST_AT_ONCE)
    mine = Award.objects.filter(pk__in=awards, state=State.PROPOSED).select_related("line", "policy").order_by("id")
    found = list(mine)
    if missing := len(set(awards)) - len(found):
        raise NothingDue(
            _("%(missing)s of these proposals were decided before or are not due any more. Look at them again."),
            missing=missing,
        )
    return found


def _as_seen(
    proposed: Sequence[Award],
    seen: Mapping[int, Decimal],
    policies: Sequence[CompensationPolicy],
    at: datetime.datetime,
) -> list[Due]:
    """What the proposals come to now, if it is what was seen of them and what they say."""
    found = {each.breach: each for each in reading.dues(policies, lines={a.line_id for a in proposed}, at=at)}
    due = []
    for award in proposed:
        now = found.get((award.line_id, award.trigger))
        if now is None or now.is_held_out or now.policy_id != award.policy_id:
            raise NothingDue(
                _("What is due for %(line)s is not what was proposed any more. Look at it again in a minute."),
                line=award.line,
            )
        if not seen[award.pk] == award.amount == now.amount:
            raise AmountMoved(
                _(
                    "%(old)s %(currency)s was proposed for %(line)s when it was chosen, and %(new)s %(currency)s is "
                    "due now. Nothing was given; look at it again in a minute."
                ),
                old=seen[award.pk],
                new=now.amount,
                currency=award.currency,
                line=award.line,
            )
        due.append(now)
    return due


def _check_budgets(due: Sequence[Due], policies: Sequence[CompensationPolicy], at: datetime.datetime) -> None:
    purses = reading.purses(policies, at=at)
    wanted: dict[int, Decimal] = defaultdict(Decimal)
    for each in due:
        wanted[each.policy_id] += each.amount
    for policy in policies:
        left = purses[policy.pk].left
        if left is not None and wanted[policy.pk] > left:
            raise OverBudget(
                _("%(sum)s %(currency)s would be given, and %(left)s %(currency)s are left of %(policy)s."),
                sum=wanted[policy.pk],
                left=left,
                currency=policy.currency,
                policy=policy.name,
            )


def _about(proposed: Sequence[Award]) -> str:
    orders = OrderLine.objects.filter(pk__in=[award.line_id for award in proposed]).values_list(
        "order__number", flat=True
    )
    return ", ".join(sorted(set(orders)))[:200]
