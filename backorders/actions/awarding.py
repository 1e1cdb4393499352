"""Awarding by the clock: what policies owe is given or proposed, once and within a budget."""

import datetime
from collections.abc import Collection, Sequence

from backorders import rows
from backorders.actions import gifts
from backorders.allocation.windows import business_day
from backorders.changes.acting import act
from backorders.compensation import reading
from backorders.compensation.models import Award, CompensationPolicy
from backorders.compensation.weighing import Due, within
from backorders.notifications.policy import TELLING

State, Mode = Award.State, CompensationPolicy.Mode
AT_ONCE = 500  # lines that one act of the clock gives to: its locks last no longer
# A date that still moves is no breach yet; the mail that tells of it waits at least twice as long.
SETTLED = TELLING.quiet_if_imminent / 2


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
    gifts.lock(wanted)
    policies = gifts.locked_policies(policy.pk for policy in policies)
    mine = {due.case.line_id for due in wanted}
    still = _payable(reading.dues(policies, lines=mine, settled=settled, at=at), policies, at=at)
    gifts.drop_proposals(still)
    held_out = [due for due in still if due.is_held_out]
    gifts.write_awards(held_out, State.HELD_OUT, None, {}, at)
    owed = [due for due in still if not due.is_held_out]
    if owed:
        change = gifts.open_gifts(owed, giver=None, at=at)
        gifts.write_awards(owed, State.GIVEN, change, gifts.write_gifts(owed, policies, change, at), at)
    return len(still)


@act
def propose(*, at: datetime.datetime) -> int:
    """Let proposals say what is due now by the policies that propose; return how many are new or differ.

    What is not due any more is dropped, unless its line is closed: that stays on record as not given. Those held out
    are written down and get nothing.
    """
    policies = gifts.locked_policies(policy.pk for policy in reading.active(business_day(at)))
    asking = {policy.pk for policy in policies if policy.mode == Mode.PROPOSE}
    due = [each for each in reading.dues(policies, settled=at - SETTLED, at=at) if each.policy_id in asking]
    known = {
        (line, trigger): (pk, policy, amount)
        for pk, line, trigger, policy, amount in Award.objects.filter(state=State.PROPOSED)
        .order_by("id")
        .values_list("id", "line", "trigger", "policy", "amount")
    }
    open_now = {each.breach: each for each in due if not each.is_held_out}
    gone = [pk for breach, (pk, _policy, _amount) in known.items() if breach not in open_now]
    _let_go(gone, at)
    held_out = [each for each in due if each.is_held_out]
    gifts.write_awards(held_out, State.HELD_OUT, None, {}, at)
    new = [each for breach, each in open_now.items() if breach not in known]
    gifts.write_awards(new, State.PROPOSED, None, {}, at)
    moved = [
        each
        for breach, each in open_now.items()
        if breach in known and known[breach][1:] != (each.policy_id, each.amount)
    ]
    rows.update(
        Award,
        ["id", "policy", "amount", "facts"],
        [(known[each.breach][0], each.policy_id, each.amount, each.facts) for each in moved],
    )
    return len(new) + len(moved) + len(held_out)


def _giving(at: datetime.datetime) -> list[CompensationPolicy]:
    """The policies in force, if one of them gives at once; the others are asked too, so that the best one answers."""
    policies = reading.active(business_day(at))
    return policies if any(policy.mode == Mode.GIVE for policy in policies) else []


def _payable(due: Sequence[Due], policies: Sequence[CompensationPolicy], *, at: datetime.datetime) -> list[Due]:
    """What is due by policies that give at once and have the money."""
    purses = reading.purses(policies, at=at)
    giving = [policy.pk for policy in policies if policy.mode == Mode.GIVE]
    return [each for pk in giving for each in within([one for one in due if one.policy_id == pk], purses[pk])]


def _let_go(gone: Sequence[int], at: datetime.datetime) -> None:
    """Proposals that are not due any more; who cancelled meanwhile still counts where the effect is measured."""
    mine = Award.objects.filter(pk__in=gone)
    mine.filter(line__waiting=0).update(state=State.DECLINED, decided_at=at)
    mine.filter(state=State.PROPOSED).delete()
