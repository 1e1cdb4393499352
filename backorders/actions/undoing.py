"""Undoing puts back what an act changed, as an act of its own, while nothing irreversible has followed from it."""

import datetime
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from backorders.access.checking import check, may
from backorders.actions.done import Done
from backorders.actions.freshness import order_changed
from backorders.actions.seconding import Ask, for_impact, for_undoing
from backorders.actions.ways_back import NO_WAY, WAYS
from backorders.allocation.impact import Impact
from backorders.allocation.locking import lock_products
from backorders.allocation.replanning import replan
from backorders.changes.acting import act
from backorders.changes.acts import named
from backorders.changes.models import ChangeSet, Touch
from backorders.changes.recording import open_change, touch
from backorders.notifications.models import UNSENT, Message, MessageLine
from backorders.orders.models import Cancellation, Compensation, Offer, Order
from backorders.refusal import Refused, said
from backorders.supply.models import PurchaseLine

_CANNOT = _("“%(act)s” cannot be undone. %(instead)s")


class NotUndoable(Refused):
    """Something irreversible happened since, or somebody changed the same thing again."""


@act
def undo(
    change_set: ChangeSet,
    *,
    approved_by: AbstractBaseUser | None = None,
    by: AbstractBaseUser | None,
    at: datetime.datetime,
) -> Done[None]:
    """Put back what the change set changed and plan again. Raises `NotUndoable` with the sentence why not.

    Dates go back to what they were: whoever was told the newer date hears of the old one by the usual way.
    Raises `NeedsApproval` where an act that does as much would.
    """
    way = WAYS.get(change_set.act)
    if way is None:
        raise NotUndoable(objection_to_undo(change_set))
    check(way.verb, by=by)
    products = lock_products(way.products(change_set))
    _let_nobody_say(change_set)
    if sentence := objection_to_undo(change_set):
        raise NotUndoable(sentence)
    ask = _ask("undoing.undo", change_set)
    for_undoing(way.weight(change_set), ask, by=by, approved_by=approved_by)
    undoing = open_change("undo", undoes=change_set, reason=_taking_back(change_set), by=by, at=at)
    for kind, object_id in change_set.touches.values_list("kind", "object_id"):
        touch(undoing, kind=Touch.Kind(kind), ids=[object_id])
        if kind == Touch.Kind.ORDER:
            order_changed(object_id)
    way.put_back(change_set, undoing, at)
    impact = replan(products, change_set=undoing, at=at)
    for_impact(impact, ask, by=by, approved_by=approved_by)
    return Done(undoing, impact, None)


def _let_nobody_say(change_set: ChangeSet) -> None:
    """Lock what may be announced or sent of the change: announcing and the workers pass by what is locked.

    The messages come first: whoever takes back what is outdated locks them, and then the orders that they confirm.
    """
    orders = list(change_set.touches.filter(kind=Touch.Kind.ORDER).values_list("object_id", flat=True))
    of_these = MessageLine.objects.filter(order__in=orders).values("message")
    for said_of_it in (
        Message.objects.filter(pk__in=of_these, state__in=UNSENT),
        Order.objects.filter(pk__in=orders),
        *(model._default_manager.filter(change_set=change_set) for model in (Cancellation, Offer, Compensation)),
    ):
        list(said_of_it.select_for_update(no_key=True, of=("self",)).order_by("pk").values_list("pk"))


def may_undo(change_set: ChangeSet, *, person: AbstractBaseUser) -> bool:
    """Whether this person's role allows to undo such a change: only of what they may do themselves."""
    return may(person, "undoing.undo") and (change_set.act not in WAYS or may(person, WAYS[change_set.act].verb))


@act
def undo_what_nobody_changed(
    change_set: ChangeSet,
    *,
    is_counted: bool = False,
    approved_by: AbstractBaseUser | None = None,
    by: AbstractBaseUser | None,
    at: datetime.datetime,
) -> Done[list[int]]:
    """Put back the ETAs of a revision, except those of purchase lines that somebody changed since; return their ids.

    Raises `NotUndoable` if it was undone before, is no revision of ETAs, or every line was changed since,
    `NeedsApproval` if very many customers would hear of it, unless they were counted before (`is_counted`).
    """
    way = WAYS.get(change_set.act)
    if way is None or not way.is_by_line or ChangeSet.objects.filter(undoes=change_set).exists():
        raise NotUndoable(objection_to_undo(change_set) or _("Only a revision of ETAs is put back in part."))
    products = lock_products(way.products(change_set))
    changed = _changed_since(change_set)
    known = [each for each in change_set.before["purchase_lines"] if each["id"] not in changed]
    if not known:
        raise NotUndoable(_("Every one of these lines was changed again since."))
    kept = ChangeSet(pk=change_set.pk, act=change_set.act, before={"purchase_lines": known})
    undoing = open_change("undo", undoes=change_set, reason=_taking_back(change_set), by=by, at=at)
    orders = PurchaseLine.objects.filter(pk__in=[each["id"] for each in known]).values_list("purchase_order", flat=True)
    touch(undoing, kind=Touch.Kind.PURCHASE_ORDER, ids=orders)
    way.put_back(kept, undoing, at)
    impact = replan(products, change_set=undoing, at=at)
    if not is_counted:
        for_impact(impact, _ask("undoing.undo_what_nobody_changed", change_set), by=by, approved_by=approved_by)
    return Done(undoing, impact, sorted(changed))


@act
def revert(change_set: ChangeSet, *, by: AbstractBaseUser | None, at: datetime.datetime) -> Done[Any]:
    """Undo the change set, or of one that others changed in part, what nobody changed since. Raises `NotUndoable`."""
    verb = undo_what_nobody_changed if changed_since(change_set) else undo
    return verb(change_set, by=by, at=at)


@act
def preview_revert(change_set: ChangeSet, *, at: datetime.datetime) -> Impact:
    """Return whom a revert would move: the revert itself, rolled back. Raises the same refusals."""
    with transaction.atomic():
        impact = revert(change_set, by=None, at=at).impact
        transaction.set_rollback(True)
    return impact


def _ask(capability: str, change_set: ChangeSet) -> Ask:
    return Ask(capability, {"change_set": change_set.pk}, f"#{change_set.pk}")


def _taking_back(change_set: ChangeSet) -> Any:
    return said(_("takes back: %(act)s"), act=named(change_set.act))


def changed_since(change: ChangeSet) -> list[PurchaseLine]:
    """Return the purchase lines of a revision that somebody changed again; none of any other act."""
    if change.act not in WAYS or not WAYS[change.act].is_by_line:
        return []
    lines = PurchaseLine.objects.filter(pk__in=_changed_since(change)).select_related("purchase_order", "product")
    return list(lines.order_by("id"))


def _changed_since(change: ChangeSet) -> set[int]:
    """Return the purchase lines of a revision that were changed again: themselves, or a part split off from them."""
    versions = {known["id"]: known["version"] for known in change.before["purchase_lines"]}
    lines = PurchaseLine.objects.filter(pk__in=versions).values_list("pk", "version")
    changed = {pk for pk, version in lines if version != versions[pk]}
    parts = PurchaseLine.objects.filter(revisions__change_set=change).exclude(pk__in=versions)
    return changed | {pk for pk in parts.filter(version__gt=1).values_list("split_from", flat=True) if pk}


def objection_to_undo(change_set: ChangeSet) -> Any:
    """Return nothing if the change set can be undone now, else the sentence that says why not."""
    if ChangeSet.objects.filter(undoes=change_set).exists():
        return _("This was undone before.")
    way = WAYS.get(change_set.act)
    if way is None:
        return said(_CANNOT, act=named(change_set.act), instead=NO_WAY.get(change_set.act, ""))
    return way.objection(change_set)
