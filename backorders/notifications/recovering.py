"""Recovering: what workers left behind is taken back, and what was perhaps sent is decided on in the end."""

import datetime

from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from backorders.changes.acting import act
from backorders.notifications.calling import ask_to_call
from backorders.notifications.leasing import GIVEN_BACK, NO_LEASE
from backorders.notifications.marking import confirm_unknown, perhaps
from backorders.notifications.models import Attempt, Message
from backorders.notifications.policy import SENDING, SendingPolicy

State, Outcome = Message.State, Attempt.Outcome


@act
def recover(*, honours_keys: bool = False, at: datetime.datetime, policy: SendingPolicy = SENDING) -> int:
    """Take back messages whose lease ran out: those with an open attempt were perhaps sent, the others were not."""
    expired = Message.objects.filter(state=State.SENDING, lease_until__lt=at)
    attempts = Attempt.objects.filter(message=OuterRef("pk"), number=OuterRef("attempts") + 1)
    found = 0
    if expired.exists():
        found += expired.filter(~Exists(attempts)).update(state=GIVEN_BACK, **NO_LEASE)
        sent_perhaps = list(expired.filter(Exists(attempts)).values_list("id", flat=True))
        open_ones = Attempt.objects.filter(message__in=sent_perhaps, ended_at=None)
        open_ones.update(ended_at=at, outcome=Outcome.AMBIGUOUS, error="The worker did not come back.")
        found += expired.filter(id__in=sent_perhaps).update(**perhaps(honours_keys, at, policy), **NO_LEASE)
    return found


@act
def settle_unknown(*, at: datetime.datetime, policy: SendingPolicy = SENDING) -> int:
    """Decide on messages that were perhaps accepted, once nobody spoke up for long enough: repeat them.

    A duplicate is better than silence. Late evidence counts: a worker that lost its lease but had its answer.
    """
    unknown = Message.objects.filter(state=State.UNKNOWN, not_before__lte=at)
    if not unknown.exists():
        return 0
    taken = Attempt.objects.filter(message=OuterRef("pk"), outcome=Outcome.ACCEPTED)
    heard = Q(delivery__gt=Message.Delivery.NOTHING)  # before it was known that its worker would not come back
    known = list(unknown.filter(Exists(taken) | heard).values_list("id", flat=True))
    count = confirm_unknown(known, at=at)
    worn_out = list(unknown.filter(attempts__gt=len(policy.backoff)).values_list("id", flat=True))
    why = _("The provider did not answer, again and again.")
    count += unknown.filter(id__in=worn_out).update(state=State.FAILED, last_error=why)
    ask_to_call(worn_out, why=why, at=at)
    return count + unknown.update(state=State.RETRY, not_before=at)
