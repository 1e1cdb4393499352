"""Compensating by policy: what a broken promise is owed is shown, then given, once and within a budget."""

import datetime
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from backorders import rows
from backorders.actions import offering, refunding
from backorders.actions.checking import a_reason, fitting
from backorders.actions.done import Done
from backorders.actions.seconding import Ask, for_giving
from backorders.allocation.impact import Impact
from backorders.allocation.locking import lock_products
from backorders.allocation.windows import business_day
from backorders.catalog.models import Category
from backorders.changes.acting import act
from backorders.changes.models import ChangeSet, Touch
from backorders.changes.recording import open_change, touch
from backorders.compensation import reading
from backorders.compensation.models import Award, CompensationPolicy, Trigger
from backorders.compensation.weighing import Due, within
from backorders.notifications import writing
from backorders.notifications.emails import Rendered
from backorders.notifications.letters import Gift
from backorders.notifications.policy import TELLING
from backorders.orders.models import Compensation, Order, OrderLine
from backorders.refusal import Refused, Stale

State, Mode = Award.State, CompensationPolicy.Mode
AT_ONCE = 500  # lines that one act of the clock gives to: its locks last no longer
MOST_AT_ONCE = 2_000  # proposals that one person decides at once
SETTLED = TELLING.quiet / 2  # a date that still moves is no breach yet; the mail that tells of it waits twice as long


class BadPolicy(Refused):
    """A policy that contradicts itself or asks for the impossible."""


class NothingDue(Refused):
    """What was proposed was decided before, or is not due any more."""


class AmountMoved(Stale):
    """What is due is not the amount that was seen."""


class OverBudget(Refused):
    """More would be given than is left of a policy's budget."""


class Terms(NamedTuple):
    """Everything that a policy says, as `CompensationPolicy` has it."""

    name: str
    trigger: str
    days: int
    kind: str
    currency: str
    active_from: datetime.date
    percent: int | None = None
    amount: Decimal | None = None
    category: Category | None = None
    least_tier: int = 0
    margin_percent: int | None = None
    budget_total: Decimal | None = None
    budget_month: Decimal | None = None
    mode: str = Mode.PROPOSE
    held_out_percent: int = 0
    active_until: datetime.date | None = None


@act
def write_policy(
    terms: Terms,
    *,
    policy: CompensationPolicy | None = None,
    seen_version: int | None = None,
    by: AbstractBaseUser | None,
    at: datetime.datetime,
) -> Done[CompensationPolicy]:
    """Make a policy, or change one; what it said before is kept with the change. Raises `BadPolicy`, `Stale`."""
    before: dict[str, Any] = {}
    if policy is not None:
        known = CompensationPolicy.objects.select_for_update().get(pk=policy.pk)
        if seen_version is not None and known.version != seen_version:
            raise Stale(
                _("The policy %(policy)s was changed since you opened it. Nothing was saved; look at it again."),
                policy=known.name,
                version=known.version,
            )
        before = {"policy": known.pk, **{name: str(getattr(known, name)) for name in Terms._fields}}
    wanted = checked(terms, policy=policy)
    wanted.version = known.version + 1 if policy is not None else 1
    wanted.save(force_update=policy is not None, force_insert=policy is None)
    summary = {"policy": wanted.pk, "name": wanted.name}
    change = open_change("write_policy", before=before, summary=summary, by=by, at=at)
    return Done(change, Impact(), wanted)


def checked(terms: Terms, *, policy: CompensationPolicy | None = None) -> CompensationPolicy:
    """Return the policy that these terms make, not saved. Raises `BadPolicy`, `BadText`."""
    fitting(CompensationPolicy, name=terms.name, currency=terms.currency)
    if (terms.percent is None) == (terms.amount is None):
        raise BadPolicy(_("Give either a share of the price or a fixed amount."))
    if terms.kind == Compensation.Kind.SHIPPING and terms.amount is None:
        raise BadPolicy(_("Free shipping is worth a fixed amount: say what it costs."))
    if terms.active_until is not None and terms.active_until < terms.active_from:
        raise BadPolicy(_("A policy cannot end before it begins."))
    if any(each is not None and each <= 0 for each in (terms.amount, terms.percent, terms.margin_percent, terms.days)):
        raise BadPolicy(_("Days, shares and amounts are above nothing."))
    wanted = CompensationPolicy(pk=policy.pk if policy is not None else None, **terms._asdict())
    wanted._state.adding = policy is None
    try:
        wanted.full_clean(validate_unique=True, validate_constraints=True)
    except ValidationError as error:
        raise BadPolicy(_("%(problems)s"), problems=" ".join(error.messages)) from error
    return wanted


# -- by the clock -----------------------------------------------------------------------------------------------------


def run_policies(*, at: datetime.datetime) -> int:
    """Give by the policies that give, propose by those that propose; return how many breaches were answered.

    The number of statements does not depend on how many lines there are, five hundred at a time where it gives.
    """
    count = 0
    while given := give_by_rule(at=at):
        count += given
    return count + propose(at=at)


@act
def give_by_rule(*, lines: Collection[int] | None = None, at: datetime.datetime) -> int:
    """Give what is due by the policies that give at once, worst first, as far as budgets go; return how many.

    At most five hundred at a time. Those held out are written down and get nothing. With `lines` (ids) only theirs,
    also where a date was changed just now: only to look at what that comes to.
    """
    settled = at - SETTLED if lines is None else None
    policies = _giving(at)
    if not policies:
        return 0
    wanted = _payable(reading.dues(policies, lines=lines, settled=settled, at=at), policies, at=at)[:AT_ONCE]
    if not wanted:
        return 0
    _lock(wanted)
    policies = _locked_policies(policy.pk for policy in policies)
    mine = {due.case.line_id for due in wanted}
    still = _payable(reading.dues(policies, lines=mine, settled=settled, at=at), policies, at=at)
    _drop_proposals(still)
    held_out = [due for due in still if due.is_held_out]
    _insert(held_out, State.HELD_OUT, None, {}, at)
    gifts = [due for due in still if not due.is_held_out]
    if gifts:
        change = _open(gifts, by=None, at=at)
        _insert(gifts, State.GIVEN, change, _give(gifts, policies, change, at), at)
    return len(still)


@act
def propose(*, at: datetime.datetime) -> int:
    """Let proposals say what is due now by the policies that propose; return how many are new or differ.

    What is not due any more is dropped, unless its line is closed: that stays on record as not given. Those held out
    are written down and get nothing.
    """
    policies = _locked_policies(policy.pk for policy in reading.active(business_day(at)))
    asking = {policy.pk for policy in policies if policy.mode == Mode.PROPOSE}
    due = [each for each in reading.dues(policies, settled=at - SETTLED, at=at) if each.policy_id in asking]
    known = {
        (line, trigger): (pk, policy, amount)
        for pk, line, trigger, policy, amount in Award.objects.filter(state=State.PROPOSED)
        .order_by("id")
        .values_list("id", "line", "trigger", "policy", "amount")
    }
    open_now = {_breach(each): each for each in due if not each.is_held_out}
    gone = [pk for breach, (pk, _policy, _amount) in known.items() if breach not in open_now]
    _let_go(gone, at)
    held_out = [each for each in due if each.is_held_out]
    _insert(held_out, State.HELD_OUT, None, {}, at)
    new = [each for breach, each in open_now.items() if breach not in known]
    _insert(new, State.PROPOSED, None, {}, at)
    moved = [
        each
        for breach, each in open_now.items()
        if breach in known and known[breach][1:] != (each.policy_id, each.amount)
    ]
    rows.update(
        Award,
        ["id", "policy", "amount", "facts"],
        [(known[_breach(each)][0], each.policy_id, each.amount, each.facts) for each in moved],
    )
    return len(new) + len(moved) + len(held_out)


# -- by a person ------------------------------------------------------------------------------------------------------


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
    _lock_orders({award.line.order_id for award in proposed})
    policies = _locked_policies(policy.pk for policy in reading.active(business_day(at)))
    proposed = _proposed(awards)
    due = _as_seen(proposed, awards, policies, at)
    _check_budgets(due, policies, at)
    total = sum((each.amount for each in due), Decimal(0))
    seen = {str(pk): str(awards[pk]) for pk in sorted(awards)}
    ask = Ask("compensating.give", {"awards": seen}, _about(proposed))
    for_giving(total, ask, currency=proposed[0].currency, by=by, approved_by=approved_by)
    change = _open(due, by=by, at=at)
    made = _give(due, policies, change, at)
    ids = {(award.line_id, award.trigger): award.pk for award in proposed}
    decided = [(State.GIVEN.value, at, by and by.pk, change.pk, made[_gift_key(each, policies)]) for each in due]
    rows.update(
        Award,
        ["id", "state", "decided_at", "decided_by", "change_set", "compensation"],
        [(ids[_breach(each)], *fields) for each, fields in zip(due, decided, strict=True)],
    )
    return Done(change, Impact(), list(Award.objects.filter(change_set=change).order_by("id")))


@act
def decline(
    awards: Sequence[int], *, reason: str, by: AbstractBaseUser | None, at: datetime.datetime
) -> Done[list[Award]]:
    """Do not give what was proposed; it is not proposed again. Raises `NothingDue`, `NoReason`."""
    proposed = _proposed(awards)
    _locked_policies(award.policy_id for award in proposed)
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


def withhold(lines: Iterable[int], *, change: ChangeSet) -> None:
    """Let what is due for the broken promises of these lines (ids) not be given, as a part of the act that broke them.

    Those held out stay so: nobody decides about them.
    """
    active = _locked_policies(policy.pk for policy in reading.active(business_day(change.at)))
    late = [policy for policy in active if policy.trigger == Trigger.LATE]
    for some in rows.batches(lines if late else (), reading.CHUNK):
        due = [each for each in reading.dues(late, lines=some, at=change.at) if not each.is_held_out]
        _drop_proposals(due)
        _insert(due, State.DECLINED, change, {}, change.at)
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


def propose_again(change: ChangeSet) -> None:
    """Let what one act declined be proposed again."""
    mine = Award.objects.filter(change_set=change, state=State.DECLINED)
    mine.update(state=State.PROPOSED, change_set=None, decided_at=None, decided_by=None)


# -- parts of these ---------------------------------------------------------------------------------------------------


def _giving(at: datetime.datetime) -> list[CompensationPolicy]:
    """The policies in force, if one of them gives at once; the others are asked too, so that the best one answers."""
    policies = reading.active(business_day(at))
    return policies if any(policy.mode == Mode.GIVE for policy in policies) else []


def _payable(due: Sequence[Due], policies: Sequence[CompensationPolicy], *, at: datetime.datetime) -> list[Due]:
    """What is due by policies that give at once and have the money."""
    purses = reading.purses(policies, at=at)
    giving = [policy.pk for policy in policies if policy.mode == Mode.GIVE]
    return [each for pk in giving for each in within([one for one in due if one.policy_id == pk], purses[pk])]


def _lock(due: Collection[Due]) -> None:
    """Lock what the dues rest on, in the order of all locks: products, then orders."""
    lock_products({each.case.product_id for each in due})
    _lock_orders({each.case.order_id for each in due})


def _lock_orders(ids: Collection[int]) -> None:
    """Nothing else is given for these orders until the act ends."""
    list(Order.objects.select_for_update(no_key=True, of=("self",)).filter(pk__in=ids).order_by("pk").values_list("pk"))


def _locked_policies(ids: Iterable[int]) -> list[CompensationPolicy]:
    """Lock policies, and with them their budgets and proposals; return them as they are now, the oldest first."""
    mine = CompensationPolicy.objects.select_for_update(no_key=True, of=("self",)).filter(pk__in=sorted(set(ids)))
    return list(mine.order_by("pk"))


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
    found = {_breach(each): each for each in reading.dues(policies, lines={a.line_id for a in proposed}, at=at)}
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


def _open(due: Sequence[Due], *, by: AbstractBaseUser | None, at: datetime.datetime) -> ChangeSet:
    summary = {"awards": len(due), "amount": str(sum(each.amount for each in due))}
    change = open_change("give_compensation", summary=summary, by=by, at=at)
    orders = {each.case.order_id for each in due}
    touch(change, kind=Touch.Kind.ORDER, ids=orders)
    Order.objects.filter(pk__in=orders).update(version=F("version") + 1)
    return change


def _give(
    due: Sequence[Due], policies: Sequence[CompensationPolicy], change: ChangeSet, at: datetime.datetime
) -> dict[tuple[int, str], int]:
    """Write what is given; return the compensations' ids by line and policy."""
    known = {policy.pk: policy for policy in policies}
    open_units = refunding.covered(OrderLine.objects.filter(pk__in={each.case.line_id for each in due}))
    rows.insert(
        Compensation,
        ["order", "line", "covers", "change_set", "kind", "amount", "currency", "reason", "at", "is_announced"],
        [
            (
                *(each.case.order_id, each.case.line_id, {str(each.case.line_id): open_units[str(each.case.line_id)]}),
                *(change.pk, known[each.policy_id].kind, each.amount),
                *(each.case.currency, known[each.policy_id].name, at, False),
            )
            for each in due
        ],
    )
    offering.reckon_again({each.case.order_id for each in due}, at=at)
    mine = Compensation.objects.filter(change_set=change).order_by("id")
    return {(line or 0, reason): pk for pk, line, reason in mine.values_list("id", "line", "reason")}


def _gift_key(due: Due, policies: Sequence[CompensationPolicy]) -> tuple[int, str]:
    return due.case.line_id, next(policy.name for policy in policies if policy.pk == due.policy_id)


def _insert(
    due: Sequence[Due], state: str, change: ChangeSet | None, made: dict[tuple[int, str], int], at: datetime.datetime
) -> None:
    by_policy = dict(CompensationPolicy.objects.values_list("id", "name")) if made else {}
    decided = None if state == State.PROPOSED else at
    rows.insert(
        Award,
        [
            *("policy", "line", "trigger", "state", "amount", "currency", "facts", "at", "decided_at", "change_set"),
            "compensation",
        ],
        [
            (
                *(each.policy_id, each.case.line_id, each.facts["trigger"], str(state), each.amount),
                *(each.case.currency, each.facts, at, decided, change and change.pk),
                made.get((each.case.line_id, by_policy.get(each.policy_id, ""))),
            )
            for each in due
        ],
    )


def _drop_proposals(due: Sequence[Due]) -> None:
    """What is decided by rule is not proposed any more."""
    for trigger in {each.facts["trigger"] for each in due}:
        lines = [each.case.line_id for each in due if each.facts["trigger"] == trigger]
        Award.objects.filter(state=State.PROPOSED, trigger=trigger, line__in=lines).delete()


def _let_go(gone: Sequence[int], at: datetime.datetime) -> None:
    """Proposals that are not due any more; who cancelled meanwhile still counts where the effect is measured."""
    mine = Award.objects.filter(pk__in=gone)
    mine.filter(line__waiting=0).update(state=State.DECLINED, decided_at=at)
    mine.filter(state=State.PROPOSED).delete()


def _breach(due: Due) -> tuple[int, str]:
    return due.case.line_id, due.facts["trigger"]


def _about(proposed: Sequence[Award]) -> str:
    orders = OrderLine.objects.filter(pk__in=[award.line_id for award in proposed]).values_list(
        "order__number", flat=True
    )
    return ", ".join(sorted(set(orders)))[:200]
