"""What a person did in the last minutes and can still take back at a press, wherever they are by now."""

import datetime
from typing import NamedTuple

from django.contrib.auth.models import User

from backorders.actions import undoing
from backorders.actions.ways_back import WAYS
from backorders.changes.acts import act_name
from backorders.changes.models import ChangeSet, Touch
from backorders.notifications.policy import TELLING
from backorders.orders.models import Order
from backorders.supply.models import PurchaseOrder

SHOWN = 5


class LastAct(NamedTuple):
    """An act, its name, the orders or purchase orders it was about, and why it cannot be undone; nothing if it can."""

    change: ChangeSet
    name: str
    about: str
    objection: str


def last_acts(person: User, *, at: datetime.datetime) -> list[LastAct]:
    """Return the latest acts of a person that have a way back and are not undone, the newest first.

    For as long as a mail about a date rests; where a date presses its mail may have left before.
    """
    mine = ChangeSet.objects.filter(by=person.pk, at__gt=at - TELLING.quiet, act__in=WAYS, undone_by=None)
    changes = [each for each in mine.order_by("-at", "-id")[:SHOWN] if undoing.may_undo(each, person=person)]
    about = _about([change.pk for change in changes])
    return [
        LastAct(change, act_name(change.act), about.get(change.pk, ""), str(undoing.objection_to_undo(change)))
        for change in changes
    ]


def _about(changes: list[int]) -> dict[int, str]:
    """Return the numbers of what each change touched, in words: three statements at most."""
    touched = list(
        Touch.objects.filter(change_set__in=changes).order_by("id").values_list("change_set", "kind", "object_id")
    )
    kinds = {Touch.Kind.ORDER: Order, Touch.Kind.PURCHASE_ORDER: PurchaseOrder}
    numbers: dict[tuple[str, int], str] = {}
    for of_kind, model in kinds.items():
        if ids := {pk for _change, of, pk in touched if of == of_kind}:
            found = model._default_manager.filter(pk__in=ids).values_list("pk", "number")
            numbers |= {(of_kind.value, pk): number for pk, number in found}
    named: dict[int, list[str]] = {}
    for change, kind, pk in touched:
        named.setdefault(change, []).append(numbers.get((kind, pk), ""))
    return {change: ", ".join(filter(None, of[:3])) for change, of in named.items()}
