"""Mails to our own people: stored first, sent over the same way as all others, held by the same switch.

They are no messages, so nothing of them can count as told. Whoever sends one says so before the call. Where a worker is
killed before it could note how the call ended, or no answer came, nobody knows whether the mail left: it is not sent
once more, unless the provider takes its key once.
"""

import datetime
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from django.conf import settings
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from backorders import rows
from backorders.changes.acting import act
from backorders.notifications import switch
from backorders.notifications.addresses import objection, suppressed
from backorders.notifications.delivering import Mailer
from backorders.notifications.emails import Rendered
from backorders.notifications.marking import backoff
from backorders.notifications.mime import Mail
from backorders.notifications.models import Attempt, StaffMail
from backorders.notifications.outbox import headers
from backorders.notifications.policy import SENDING, SendingPolicy
from backorders.notifications.providers import failure

State = StaffMail.State

TAKEN_FOR = datetime.timedelta(minutes=10)
UNKNOWN = _("It is not known whether it left, so it is not sent once more.")
KEPT_FOR = datetime.timedelta(days=30)


def why_not(address: str) -> Any:
    """Return why one of us cannot be mailed at this address, or nothing."""
    return objection(address, "", suppressed([address]))


class Draft(NamedTuple):
    """A mail to one of us: its kind, to whom (id) and where, what it is about once and for all, its words."""

    kind: StaffMail.Kind
    person: int
    address: str
    key: str
    words: Rendered


def queue(drafts: Sequence[Draft], *, at: datetime.datetime) -> int:
    """Store mails to our own people, to be sent at once; return how many. What has a known key is not stored again."""
    most: int = StaffMail._meta.get_field("subject").max_length  # type: ignore[assignment]
    values = [
        (
            *(each.kind.value, each.person, each.key, each.address, each.words.subject[:most], each.words.text),
            *(each.words.html, State.PENDING.value, at, 0, "", at),
        )
        for each in drafts
    ]
    return len(rows.returning(_ONCE, StaffMail, _FIELDS, values))


_FIELDS = [
    *("kind", "person", "key", "recipient", "subject", "text", "html", "state", "not_before", "attempts"),
    *("last_error", "created_at"),
]
_ONCE = """
    INSERT INTO notifications_staffmail (kind, person_id, key, recipient, subject, text, html, state, not_before,
        attempts, last_error, created_at)
    SELECT {0}, {1}, {2}, {3}, {4}, {5}, {6}, {7}, {8}, {9}, {10}, {11} FROM {source} WHERE true
    ON CONFLICT (key) DO NOTHING RETURNING id
"""


def deliver(
    *, clock: Callable[[], datetime.datetime], until: datetime.datetime, policy: SendingPolicy = SENDING
) -> int:
    """Send what is due until nothing is, mail is off, or it is `until`; return how many were sent."""
    if not StaffMail.objects.filter(state__in=[State.PENDING, State.SENDING], not_before__lte=clock()).exists():
        return 0
    sent = 0
    with Mailer() as mailer:
        left = StaffMail.objects.filter(state=State.SENDING, not_before__lte=clock())
        left.update(**_unknown(mailer))
        while (at := clock()) < until and switch.lets_pass(switch.mail_switch(at=at), at=at):
            pk = _due(at).order_by("not_before", "id").values_list("pk", flat=True).first()
            if pk is None:
                break
            if (
                _due(at)
                .filter(pk=pk)
                .update(state=State.SENDING, not_before=at + TAKEN_FOR, attempts=F("attempts") + 1)
            ):
                sent += _send(StaffMail.objects.get(pk=pk), mailer, clock, policy)
    return sent


def purge(*, at: datetime.datetime) -> int:
    """Forget mails to our own people that are old enough; return how many."""
    return StaffMail.objects.filter(created_at__lte=at - KEPT_FOR).delete()[0]


def _due(at: datetime.datetime) -> Any:
    return StaffMail.objects.filter(state=State.PENDING, not_before__lte=at)


def _unknown(mailer: Mailer) -> dict[str, Any]:
    """What a mail is of which nobody knows whether it left: due again only where the provider takes its key once."""
    return {"state": State.PENDING} if mailer.honours_keys else {"state": State.FAILED, "last_error": UNKNOWN}


def _send(mail: StaffMail, mailer: Mailer, clock: Callable[[], datetime.datetime], policy: SendingPolicy) -> bool:
    if why := why_not(mail.recipient):
        _end(mail, {"state": State.FAILED, "last_error": why})
        return False
    try:
        mailer.connection.open()
        mailer.connection.send_messages([_on_the_wire(mail, mailer)])
    except Exception as error:  # whatever goes wrong with one mail must not stop the others
        said = failure(error, is_handed_over=mailer.is_handed_over, at=clock())
        if said.is_broken:
            mailer.close()
        if said.outcome == Attempt.Outcome.AMBIGUOUS and not mailer.honours_keys:
            _end(mail, _unknown(mailer))
        elif said.outcome == Attempt.Outcome.PERMANENT or mail.attempts > len(policy.backoff):
            _end(mail, {"state": State.FAILED, "last_error": said.error})
        else:
            again = clock() + backoff(mail.attempts, policy=policy)
            _end(mail, {"state": State.PENDING, "last_error": said.error, "not_before": again})
        return False
    _end(mail, {"state": State.SENT, "sent_at": clock(), "last_error": ""})
    return True


@act
def _end(mail: StaffMail, fields: dict[str, Any]) -> None:
    StaffMail.objects.filter(pk=mail.pk, state=State.SENDING).update(**fields)


def _on_the_wire(mail: StaffMail, mailer: Mailer) -> Mail:
    head = headers(mail.key)
    made = Mail(
        subject=mail.subject,
        text=mail.text,
        html=mail.html,
        recipient=mail.recipient,
        identity=f"staff{mail.pk}",
        from_email=head.pop("From"),
        headers={name: value for name, value in head.items() if name != "Reply-To"},
        connection=mailer.connection,
    )
    made.tags = [f"staff {mail.kind}"]  # type: ignore[attr-defined]  # anymail's: only its backends read these
    made.idempotency_key = f"staff:{settings.INSTANCE_ID}:{mail.pk}"  # type: ignore[attr-defined]
    return made
