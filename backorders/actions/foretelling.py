"""Foretelling: the mail that a customer would get by a change that nobody made yet.

The act itself is done and taken back in one transaction, so that the mail says what it would say: with its reason, with
what the law asks, with everything else there is to tell. Nothing stays of it.
"""

import datetime
from collections.abc import Sequence

from django.db import transaction

from backorders.actions import awarding
from backorders.actions.etas import EtaChange
from backorders.actions.revising import revise_eta
from backorders.changes.acting import act
from backorders.notifications.foreseeing import Foreseen, foresee


def foresee_after(
    changes: Sequence[EtaChange], *, reason_code: str, customer: int, compensates: bool = True, at: datetime.datetime
) -> Foreseen | None:
    """Return what this customer (an id) would hear once these ETAs were saved; None if they move nothing of theirs.

    What policies give at once for it is given before the mail leaves, unless the change says that it is not.
    Writes nothing that stays; holds the locks of `revise_eta` for so long, and raises the same refusals.
    """
    return _foreseen(changes, reason_code, customer, compensates, at)


@act
def _foreseen(
    changes: Sequence[EtaChange], reason_code: str, customer: int, compensates: bool, at: datetime.datetime
) -> Foreseen | None:
    with transaction.atomic():
        impact = revise_eta(changes, reason_code=reason_code, by=None, at=at).impact
        moved = [move.line_id for move in impact.moves if move.customer_id == customer]
        if moved and compensates:
            awarding.give_by_rule(lines=moved, at=at)
        foreseen = foresee([customer], at=at) if moved else None
        transaction.set_rollback(True)
    return foreseen
