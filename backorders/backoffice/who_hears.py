"""Who will hear of a move: asked of the rules of announcing, put in the words of the screens."""

import datetime
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from django.db import models
from django.utils.translation import gettext_lazy as _

from backorders.allocation.impact import Move
from backorders.allocation.windows import Window
from backorders.delays.packs import Silence
from backorders.notifications import noticing
from backorders.notifications.addresses import objection, suppressed
from backorders.notifications.announced import CHUNK, announced_of, never_written_to
from backorders.notifications.models import Message
from backorders.notifications.policy import TellingPolicy, telling
from backorders.notifications.reading import last_words
from backorders.notifications.weighing import Gap, is_capped, is_imminent, out_of_quiet, worth_telling
from backorders.orders.models import Customer
from backorders.rows import batches

Kind = Message.Kind


class Then(models.TextChoices):
    """What follows from a move for its customer."""

    TELL = "tell", _("e-mail")
    CALL = "call", _("call: no valid address")
    CONFIRM = "confirm", _("in the order confirmation")
    INSIDE = "inside", _("nothing: not worth telling")
    NEVER = "never", _("nothing: never written to")


class Following(NamedTuple):
    """What follows from a move, and the kind of message where there is one."""

    then: Then
    kind: Kind | None = None


class Manner(NamedTuple):
    """How customers (ids) would hear: who must answer by the law, who hears later because of a word just heard, and
    before when no mail leaves (None: none does, or one that is on its way says it)."""

    answer: set[int]
    later: set[int]
    leaves_at: datetime.datetime | None


def followings(moves: Sequence[Move]) -> dict[int, Following]:
    """Return what follows from each move, by its line."""
    announced = announced_of([move.line_id for move in moves])
    policy = telling()
    follows = {move.line_id: _follows(move, announced, policy) for move in moves}
    kinds = {move.customer_id: kind for move in moves if (kind := follows[move.line_id].kind)}
    unreached, silent = _unreached(kinds), never_written_to(move.customer_id for move in moves)
    for move in moves:
        if move.customer_id in silent:
            follows[move.line_id] = Following(Then.NEVER)
        elif follows[move.line_id].kind and move.customer_id in unreached:
            follows[move.line_id] = follows[move.line_id]._replace(then=Then.CALL)
    return follows


def manner(moves: Sequence[Move], follows: Mapping[int, Following], *, at: datetime.datetime) -> Manner:
    """Return how the customers of these moves would hear of them. The statements do not grow with the moves.

    A notice that the law asks for leaves whatever else they heard.
    """
    notices = noticing.foreseen({move.line_id: move.new and move.new.last for move in moves}, at=at)
    answer, noticed = set(), set()
    gaps: dict[int, list[Gap]] = defaultdict(list)
    for move in moves:
        if notice := notices.get(move.line_id):
            noticed.add(move.customer_id)
            answer |= {move.customer_id} if notice.silence == Silence.CANCEL else set()
        if follows[move.line_id].then == Then.TELL:
            gaps[move.customer_id].append(Gap(at, at, move.told, move.slip_days))
    policy = telling()
    heard: dict[int, datetime.datetime] = {}
    for some in batches(sorted(gaps.keys() - noticed), CHUNK):
        heard |= last_words(some, at, policy)
    later = {pk for pk, last in heard.items() if is_capped(gaps[pk], last_word_at=last, at=at, policy=policy)}
    is_confirmed = any(following.then == Then.CONFIRM for following in follows.values())  # leaves when it leaves
    told = [] if is_confirmed else [gap for customer in gaps.keys() - later for gap in gaps[customer]]
    leaves_at = _leaves_at(told, at, policy)
    if leaves_at is not None and not noticed & gaps.keys():  # a notice leaves at any hour
        leaves_at = out_of_quiet(leaves_at, policy=policy)
    return Manner(answer, later, leaves_at)


def _leaves_at(told: Sequence[Gap], at: datetime.datetime, policy: TellingPolicy) -> datetime.datetime | None:
    if not told:
        return None
    is_near = any(is_imminent(gap.told, at=at, policy=policy) for gap in told)
    return at + (policy.quiet_if_imminent if is_near else policy.quiet)


def _follows(move: Move, announced: dict[int, Window | None], policy: TellingPolicy) -> Following:
    if move.line_id not in announced:
        return Following(Then.CONFIRM)
    kind = worth_telling(move.new, announced[move.line_id], policy=policy)
    return Following(Then.TELL, kind) if kind else Following(Then.INSIDE)


def _unreached(kinds: dict[int, Kind]) -> set[int]:
    """Those of the customers whom a mail of this kind cannot or may not reach."""
    found: set[int] = set()
    for some in batches(sorted(kinds), CHUNK):
        emails = dict(Customer.objects.filter(pk__in=some).values_list("pk", "email"))
        reasons = suppressed(emails.values())
        found |= {pk for pk, email in emails.items() if objection(email, kinds[pk], reasons)}
    return found
