"""Carrying over: what was decided for a line counts for the line that takes its place or a part of it."""

from backorders.compensation.models import Award, Trigger

State = Award.State


def carry_over(line_id: int, *, to: int, triggers: tuple[Trigger, ...] = (Trigger.LATE, Trigger.WAIT)) -> None:
    """Let no breach that was decided for one line be compensated again for another. What was held out stays so."""
    decided = Award.objects.filter(line=line_id, trigger__in=triggers).exclude(state=State.PROPOSED).order_by("id")
    Award.objects.bulk_create(
        Award(
            policy_id=award.policy_id,
            line_id=to,
            trigger=award.trigger,
            state=State.HELD_OUT if award.state == State.HELD_OUT else State.DECLINED,
            amount=award.amount,
            currency=award.currency,
            facts=award.facts,
            at=award.at,
            decided_at=award.decided_at,
            decided_by_id=award.decided_by_id,
        )
        for award in decided
    )
