"""Orders are put back: what was cancelled is open again, what was said is taken back while nobody heard it."""

import datetime
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.db.models import F, Q, QuerySet, Sum
from django.utils.translation import gettext_lazy as _

from backorders import rows
from backorders.actions import compensating, losing, refunding
from backorders.actions.reallocating import give_places_back
from backorders.actions.seconding import Weight
from backorders.actions.splitting import join_again
from backorders.actions.substituting import take_substitute_back
from backorders.allocation.gaps import reopen_promises
from backorders.changes.acts import named
from backorders.changes.models import ChangeSet, Touch
from backorders.delays.ending import taken_back as taken_back_in_law
from backorders.notifications import superseding
from backorders.notifications.models import UNSENT, Message, Reply
from backorders.orders.models import Cancellation, Compensation, Offer, Order, OrderLine, Question, Refund
from backorders.refusal import said

# Acts that leave the lines of an order as they are: news of its parcels, and what is done about its mails.
_HARMLESS = [
    *("place_order", "confirm_delivery", "mark_called"),
    *("hold_messages", "release_messages", "send_messages_now", "cancel_messages", "tell_now"),
    *("write_message", "edit_message", "compensate", "offer_alternative"),
    *("ask_question", "answer_question", "settle_question", "settle_reply"),
    *("give_compensation", "decline_compensation"),
]


def order_objection(change: ChangeSet) -> Any:
    later = _acts_since(change).exclude(act__in=_HARMLESS).first()
    if later is None:
        return ""
    return said(_("The order was changed again since (%(act)s, %(at)s)."), act=named(later.act), at=later.at)


def _acts_since(change: ChangeSet) -> QuerySet[ChangeSet]:
    touched = change.touches.filter(kind=Touch.Kind.ORDER).values("object_id")
    since = ChangeSet.objects.filter(id__gt=change.pk, touches__kind=Touch.Kind.ORDER, touches__object_id__in=touched)
    # An act and its undo cancel out; but the lines that a receipt made of units of others stay.
    gone = ChangeSet.objects.filter(undone_by__isnull=False).exclude(act="receive", before__has_key="parts")
    return since.exclude(act="undo").exclude(pk__in=gone.order_by().values("pk")).order_by("id")


def line_objection(change: ChangeSet) -> Any:
    line = OrderLine.objects.get(pk=change.before["line"])
    if not line.open_quantity:
        return said(_("%(line)s has nothing open any more."), line=line)
    return order_objection(change)


def cancel_objection(change: ChangeSet) -> Any:
    cancelled = Cancellation.objects.filter(change_set=change)
    if cancelled.filter(Q(is_announced=True) | Q(message_lines__isnull=False)).exists():
        return _("The customer was already told that it is cancelled; place a new order instead.")
    if Refund.objects.filter(cancellation__in=cancelled, paid_at__isnull=False).exists():
        return _("The refund was already paid; place a new order instead.")
    return order_objection(change)


def lost_objection(change: ChangeSet) -> Any:
    """Say why a parcel that was given up stays so, or nothing."""
    return posted_objection(change) or cancel_objection(change)


def substitute_objection(change: ChangeSet) -> Any:
    new = OrderLine.objects.get(pk=change.before["new_line"])
    if new.shipped:
        return said(_("%(line)s was shipped."), line=new)
    if Refund.objects.filter(cancellation__change_set=change, paid_at__isnull=False).exists():
        return _("The difference was already paid back.")
    return posted_objection(change) or order_objection(change)


def split_objection(change: ChangeSet) -> Any:
    told = Message.objects.filter(lines__order=change.before["made"]).exclude(state__in=UNSENT)
    if told.exclude(state=Message.State.SUPERSEDED).filter(created_at__gte=change.at).exists():
        return _("The customer was already told of the new order.")
    return order_objection(change)


def posted_objection(change: ChangeSet) -> Any:
    """What a message said cannot be unsaid once it is on its way."""
    message = Message.objects.filter(pk=change.before.get("message")).first()
    if message is None or message.state in (*UNSENT, Message.State.SUPERSEDED):
        return ""
    return _("The customer was already told by mail.")


def offer_objection(change: ChangeSet) -> Any:
    offers = Offer.objects.filter(change_set=change)
    if offers.filter(Q(is_announced=True) | Q(message_lines__isnull=False)).exists():
        return _("The customer was already told by mail.")
    return ""


def cancelled(change: ChangeSet) -> Weight:
    """What was cancelled is worth something: whoever takes that back decides about as much."""
    worth = Cancellation.objects.filter(change_set=change).aggregate(all=Sum(F("quantity") * F("line__price")))
    return Weight(cancelled=worth["all"] or Decimal())


def ordered_more(change: ChangeSet) -> Weight:
    """Ordering no more is cancelling it."""
    line = OrderLine.objects.get(pk=change.before["line"])
    return Weight(cancelled=line.price * (line.quantity - change.before["quantity"]))


def given(change: ChangeSet) -> Weight:
    """What was given for waits, in all."""
    amount = Compensation.objects.filter(change_set=change).aggregate(all=Sum("amount"))
    return Weight(given=amount["all"] or Decimal())


def put_flags_back(change: ChangeSet, undoing: ChangeSet, at: datetime.datetime) -> None:
    flags = {name: value for name, value in change.before.items() if name != "line"}
    OrderLine.objects.filter(pk=change.before["line"]).update(**flags)


def put_quantity_back(change: ChangeSet, undoing: ChangeSet, at: datetime.datetime) -> None:
    line = OrderLine.objects.get(pk=change.before["line"])
    more = line.quantity - change.before["quantity"]
    waiting = min(more, line.waiting)
    OrderLine.objects.filter(pk=line.pk).update(
        quantity=F("quantity") - more,
        waiting=F("waiting") - waiting,
        allocated=F("allocated") - (more - waiting),
        unpaid=F("unpaid") - change.before.get("unpaid", 0),
    )


def put_cancelled_back(change: ChangeSet, undoing: ChangeSet, at: datetime.datetime) -> None:
    for cancelled in Cancellation.objects.filter(change_set=change).order_by("id"):
        OrderLine.objects.filter(pk=cancelled.line_id).update(
            cancelled=F("cancelled") - cancelled.quantity,
            waiting=F("waiting") + cancelled.quantity,
            unpaid=F("unpaid") + cancelled.unpaid,
        )
    taken_back = Cancellation.objects.filter(change_set=change)
    reopen_promises(list(taken_back.order_by("line").values_list("line", flat=True).distinct()))
    taken_back_in_law(list(taken_back), at=at)
    Refund.objects.filter(cancellation__in=taken_back).delete()
    taken_back.delete()


def find_parcel_again(change: ChangeSet, undoing: ChangeSet, at: datetime.datetime) -> None:
    """Let a parcel that was given up be on its way again."""
    losing.find_again(change, at=at)


def put_causes_back(change: ChangeSet, undoing: ChangeSet, at: datetime.datetime) -> None:
    """Lines to which somebody gave another cause since keep that one."""
    causes = change.before["causes"]
    still = OrderLine.objects.filter(pk__in=causes, cause=change.before["cause"]).order_by("pk")
    rows.update(OrderLine, ["id", "cause"], [(pk, causes[str(pk)]) for pk in still.values_list("pk", flat=True)])


def take_message_back(change: ChangeSet, undoing: ChangeSet, at: datetime.datetime) -> None:
    if pk := change.before.get("message"):
        superseding.take_back([pk], at=at)


def open_question_again(change: ChangeSet, undoing: ChangeSet, at: datetime.datetime) -> None:
    take_message_back(change, undoing, at)
    asked = Question.objects.filter(pk=change.before["question"])
    asked.update(answer="", answered_at=None, answered_by=None)


def let_reply_wait(change: ChangeSet, undoing: ChangeSet, at: datetime.datetime) -> None:
    """A mail that was closed waits for staff again."""
    Reply.objects.filter(pk=change.summary["reply"]).update(settled_at=None)


def take_gift_back(change: ChangeSet, undoing: ChangeSet, at: datetime.datetime) -> None:
    take_message_back(change, undoing, at)
    compensating.forget_gifts(change, at=at)


def take_offers_back(change: ChangeSet, undoing: ChangeSet, at: datetime.datetime) -> None:
    Offer.objects.filter(change_set=change).delete()


def swap_back(change: ChangeSet, undoing: ChangeSet, at: datetime.datetime) -> None:
    take_message_back(change, undoing, at)
    take_substitute_back(change, undoing=undoing)


def join_back(change: ChangeSet, undoing: ChangeSet, at: datetime.datetime) -> None:
    pending = Message.objects.filter(lines__order=change.before["made"], state__in=UNSENT).distinct()
    superseding.take_back(list(pending.values_list("id", flat=True)), at=at)
    join_again(change, undoing=undoing)


def put_places_back(change: ChangeSet, undoing: ChangeSet, at: datetime.datetime) -> None:
    give_places_back(change)


def of_order(change: ChangeSet) -> Sequence[int]:
    orders = Order.objects.filter(pk__in=change.touches.filter(kind=Touch.Kind.ORDER).values("object_id"))
    return list(OrderLine.objects.filter(order__in=orders).values_list("product", flat=True))


def gift_objection(change: ChangeSet) -> Any:
    """Say why money or a favour for a wait stays given, or nothing."""
    return posted_objection(change) or _counted_objection(change)


def _counted_objection(change: ChangeSet) -> Any:
    return _("A refund of later was reckoned with it.") if refunding.is_counted(change) else ""


def given_objection(change: ChangeSet) -> Any:
    told = Message.objects.filter(lines__compensation__change_set=change).exclude(state__in=UNSENT)
    if told.exclude(state=Message.State.SUPERSEDED).exists():
        return _("Customers were already told by mail.")
    return _counted_objection(change)


def take_awards_back(change: ChangeSet, undoing: ChangeSet, at: datetime.datetime) -> None:
    pending = Message.objects.filter(lines__compensation__change_set=change, state__in=UNSENT).distinct()
    superseding.take_back(list(pending.values_list("id", flat=True)), at=at)
    compensating.take_back(change, undoing=undoing)


def propose_again(change: ChangeSet, undoing: ChangeSet, at: datetime.datetime) -> None:
    compensating.propose_again(change)
