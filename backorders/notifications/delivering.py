"""Delivering: claim a batch, take each message through the gate, hand it over, mark it; one connection for all.

A call never happens inside a transaction, and each message is marked before the next is handed over.
"""

import datetime
import logging
import os
import socket
from collections import Counter
from collections.abc import Callable
from typing import Any, NamedTuple

from django.conf import settings
from django.core.mail import get_connection
from django.db import OperationalError

from backorders.changes.acting import act
from backorders.notifications import gate, leasing, marking, recovering, switch
from backorders.notifications.leasing import Lease
from backorders.notifications.mime import Mail
from backorders.notifications.models import Attempt, Message
from backorders.notifications.policy import SENDING, SendingPolicy
from backorders.notifications.providers import Failure, failure
from backorders.refusal import Busy

Clock = Callable[[], datetime.datetime]
Outcome, State = Attempt.Outcome, Message.State

LOG = logging.getLogger(__name__)
STOCK_SMTP = "django.core.mail.backends.smtp.EmailBackend"
OUR_SMTP = "backorders.notifications.backends.SmtpBackend"


class Answer(NamedTuple):
    """How a call ended: accepted with the provider's id, or a failure."""

    message: Message
    provider_id: str
    failure: Failure | None = None


def deliver(
    *,
    clock: Clock,
    owner: str = "",
    limit: int | None = None,
    until: datetime.datetime | None = None,
    policy: SendingPolicy = SENDING,
) -> Counter[str]:
    """Send what is due until nothing is, `limit` messages were claimed, or the moment `until` came.

    Returns how many messages ended in which state. Any number of workers may run it at once.
    """
    ended: Counter[str] = Counter()
    owner = owner or f"{socket.gethostname()}:{os.getpid()}"
    has_looked_back = False
    with Mailer() as mailer:
        while limit is None or ended.total() < limit:
            at = clock()
            now = switch.mail_switch(at=at)
            if (until is not None and at >= until) or not switch.lets_pass(now, at=at):
                break
            mailer.had_trouble = now.failures > 0
            if not has_looked_back:
                recovering.recover(honours_keys=mailer.honours_keys, at=at, policy=policy)
                recovering.settle_unknown(at=at, policy=policy)
            lease, batch = leasing.claim(owner=owner[:80], at=at, policy=policy)
            if batch:
                ended += _Delivery(lease, mailer, clock, policy).of(batch)
            elif not has_looked_back:
                break
            has_looked_back = bool(batch)
    return ended


class Mailer:
    """One connection to the provider, opened when it is needed and again when it broke."""

    def __init__(self) -> None:
        path = settings.EMAIL_BACKEND
        self.connection: Any = get_connection(OUR_SMTP if path == STOCK_SMTP else path)
        self.honours_keys = bool(getattr(self.connection, "honours_keys", False))
        self.had_trouble = False

    def __enter__(self) -> "Mailer":
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Leave the provider; one that is gone already does not matter."""
        try:
            self.connection.close()
        except OSError:
            self.connection.connection = None

    def hand_over(self, message: Message, *, clock: Clock) -> Answer:
        """Call the provider with one message; the answer says how it ended."""
        try:
            mail = _mail(message, self.connection)
            self.connection.open()
            self.connection.send_messages([mail])
        except Exception as error:  # whatever goes wrong with one message must not stop the others
            said = failure(error, is_handed_over=self.is_handed_over, at=clock())
            if said.is_broken:
                self.close()
            return Answer(message, "", said)
        status = getattr(mail, "anymail_status", None)
        return Answer(message, (status and status.message_id) or message.headers.get("Message-ID", ""))

    @property
    def is_handed_over(self) -> bool:
        """Whether the whole of the last mail had left, though no answer came."""
        conversation = getattr(self.connection, "connection", None)
        return bool(getattr(conversation, "is_handed_over", False))


def _mail(message: Message, connection: Any) -> Mail:
    headers = dict(message.headers)
    mail = Mail(
        subject=message.subject,
        text=message.text,
        html=message.html,
        recipient=message.recipient,
        identity=message.content_hash,
        from_email=headers.pop("From", settings.DEFAULT_FROM_EMAIL),
        reply_to=[headers.pop("Reply-To")] if "Reply-To" in headers else None,
        headers=headers,
        connection=connection,
    )
    mail.tags = [message.kind]  # type: ignore[attr-defined]  # anymail's: only its backends read these
    mail.metadata = {"message": str(message.pk)}  # type: ignore[attr-defined]
    # Of this message alone: another that says the same after a bounce is to be sent.
    mail.idempotency_key = f"{message.pk}:{message.dedupe_key}"[:256]  # type: ignore[attr-defined]
    return mail


class _Delivery:
    """One batch on its way out."""

    def __init__(self, lease: Lease, mailer: Mailer, clock: Clock, policy: SendingPolicy) -> None:
        self.lease, self.mailer, self.clock, self.policy = lease, mailer, clock, policy
        self.ended: Counter[str] = Counter()

    def of(self, batch: list[Message]) -> Counter[str]:
        """Send the batch, message by message; what was not attempted goes back to the others."""
        answer: Answer | None = None
        for index, message in enumerate(batch):
            self.lease = leasing.renew(self.lease, at=self.clock(), policy=self.policy)
            is_open = self._mark_and_open(answer, message)
            answer = self.mailer.hand_over(message, clock=self.clock) if is_open else None
            if is_open:
                continue
            state = gate.turn_away(message, self.lease, at=self.clock(), policy=self.policy)
            self.ended[state or "lost"] += 1
            if state == State.PENDING:  # mail as a whole stands still, not this message alone
                leasing.give_back(self.lease, [rest.pk for rest in batch[index:]])
                break
        self._mark_and_open(answer, None)
        return self.ended

    def _mark_and_open(self, answer: Answer | None, following: Message | None) -> bool:
        """Mark the message before and open the attempt of the next, so that a mail costs one commit.

        What is known of a call must not be lost because others hold rows: it is tried as long as the lease lasts.
        """
        if answer and not answer.failure and following and not self.mailer.had_trouble:
            try:
                return self._accepted_and_open(answer, following)
            except OperationalError:
                LOG.info("the rows of message %s are held by others; marking it the slow way", answer.message.pk)
        while True:
            at = self.clock()
            try:
                state, is_open = _mark_and_open(answer, following, self.lease, self.mailer, at=at, policy=self.policy)
            except Busy:
                if at >= self.lease.until:
                    raise
                continue
            if state:
                self.ended[state] += 1
            return is_open

    def _accepted_and_open(self, answer: Answer, following: Message) -> bool:
        is_mine, is_open = marking.mark_accepted_and_open(
            answer.message,
            following,
            self.lease,
            provider_id=answer.provider_id,
            at=self.clock(),
            policy=self.policy,
        )
        self.ended[State.ACCEPTED if is_mine else "lost"] += 1
        return is_open


@act
def _mark_and_open(
    answer: Answer | None,
    following: Message | None,
    lease: Lease,
    mailer: Mailer,
    *,
    at: datetime.datetime,
    policy: SendingPolicy,
) -> tuple[str, bool]:
    state = _mark(answer, lease, mailer, at=at, policy=policy) if answer else ""
    return state, following is not None and gate.open_attempt(following, lease, at=at, policy=policy)


def _mark(answer: Answer, lease: Lease, mailer: Mailer, *, at: datetime.datetime, policy: SendingPolicy) -> str:
    """Mark how a call ended; return the state the message is in now, or "lost" if the lease was not ours any more."""
    message, said = answer.message, answer.failure
    if said is None:
        if mailer.had_trouble:
            switch.note_success()
            mailer.had_trouble = False
        is_mine = marking.mark_accepted(message, lease, provider_id=answer.provider_id, at=at)
        return State.ACCEPTED if is_mine else "lost"
    if said.is_trouble or said.wait is not None:
        mailer.had_trouble = True
        switch.note_trouble(pause=said.wait, at=at, policy=policy)
    if said.outcome == Outcome.AMBIGUOUS:
        keys = mailer.honours_keys
        is_mine = marking.mark_unanswered(message, lease, error=said.error, honours_keys=keys, at=at, policy=policy)
        return State.UNKNOWN if is_mine else "lost"
    if said.outcome == Outcome.PERMANENT:
        return State.FAILED if marking.mark_refused(message, lease, error=said.error, at=at) else "lost"
    is_mine = marking.try_later(message, lease, error=said.error, wait=said.wait, at=at, policy=policy)
    return State.RETRY if is_mine else "lost"
