"""What stands beside an order: what to do next and who does it, what its mails met, what could come instead."""

import datetime
from collections.abc import Sequence
from typing import NamedTuple

from django.contrib.auth.models import AbstractBaseUser
from django.db.models import Count, Exists, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override

from backorders.allocation.alternatives import Alternative
from backorders.allocation.models import is_late
from backorders.amounts import money
from backorders.backoffice.dates import short
from backorders.backoffice.order_page import LineShown
from backorders.compensation.models import Award
from backorders.compensation.words import explained
from backorders.notifications.models import CallTask, Message, MessageLine, PersonalText
from backorders.orders.models import Customer, Note, Order, Question


class Next(NamedTuple):
    """What to do next: the words, the way to do it, and who looks after the order."""

    words: str
    url: str
    tone: str


class Trouble(NamedTuple):
    """A mail that reached nobody: what happened, and what is to be done."""

    words: str
    message: Message
    task: CallTask | None


class Contact(NamedTuple):
    """The last word between a customer and us: which way, when, what it was, and where it can be read."""

    words: str
    at: datetime.datetime
    what: str
    url: str


class Start(NamedTuple):
    """Words that a message can start with."""

    name: str
    label: str
    text: str


def alternative_words(alternative: Alternative) -> str:
    """Return what staff need to know of an alternative: what it is, when it comes, and who pays which difference."""
    what = _("%(name)s: %(free)s lie ready, arrives %(window)s.") % {
        "name": alternative.product.name,
        "free": alternative.free,
        "window": short(alternative.arrives),
    }
    note = f"{alternative.note.rstrip('.')}." if alternative.note else ""
    return " ".join(filter(None, [what, price_words(alternative), _not_offered(alternative), note]))


def price_words(alternative: Alternative) -> str:
    """Return who pays which difference if an alternative comes."""
    price, currency = alternative.price, alternative.currency
    if price is None:
        return _("It is priced in another currency.")
    if price.back:
        return _("%(sum)s less are owed.") % {"sum": money(price.back, currency)}
    if price.off_before:
        return _("It costs %(sum)s less, which was given off before.") % {"sum": money(price.off_before, currency)}
    if price.extra:
        return _("The customer pays %(sum)s more.") % {"sum": money(price.extra, currency)}
    if price.ours:
        return _("Same price: we bear %(sum)s.") % {"sum": money(price.ours, currency)}
    return _("Same price.")


def _not_offered(alternative: Alternative) -> str:
    if alternative.is_offered:
        return ""
    if alternative.objection:
        return _("It may not be sold now.")
    return "" if alternative.price is None else _("It does not arrive sooner.")


def gifts_of(order: Order) -> list[str]:
    """Return what this order was given or is owed for its wait, and why, the newest first."""
    awards = list(Award.objects.filter(line__order=order).select_related("policy").order_by("-at", "-id"))
    by_policy = {award.compensation_id for award in awards if award.compensation_id}
    words = [
        _("%(sum)s: %(state)s. %(why)s (%(policy)s)")
        % {
            "sum": money(award.amount, award.currency),
            "state": award.get_state_display(),
            "why": explained(award.facts, award.currency),
            "policy": award.policy.name,
        }
        for award in awards
    ]
    by_hand = order.compensations.exclude(pk__in=by_policy).order_by("-at", "-id")
    return words + [
        _("%(sum)s: given. %(why)s") % {"sum": money(gift.amount, gift.currency), "why": gift.reason}
        for gift in by_hand
    ]


def trouble_of(order: Order) -> Trouble | None:
    """Return the newest mail about the order that reached nobody and about which nobody called yet.

    The order is one of `with_facts`; where there is no such mail, nothing more is asked.
    """
    if order.task_id:  # type: ignore[attr-defined]  # annotated
        task = CallTask.objects.select_related("message").get(pk=order.task_id)  # type: ignore[attr-defined]
        return Trouble(task.why, task.message, task)
    if not order.unheard_id:  # type: ignore[attr-defined]
        return None
    message = Message.objects.defer("html", "text", "headers").get(pk=order.unheard_id)  # type: ignore[attr-defined]
    return Trouble(str(message.get_delivery_display()), message, None)


def next_of(order: Order, lines: Sequence[LineShown], trouble: Trouble | None, *, today: datetime.date) -> Next:
    """Return the most urgent thing to do about an order."""
    waiting = [shown for shown in lines if shown.line.waiting]
    if trouble and trouble.task:
        return Next(_("Call the customer"), reverse("admin:calls"), "bad")
    if any(shown.promise and shown.promise.is_untold for shown in waiting):
        return Next(_("Tell the customer the new date"), "#compose", "bad")
    late = [s for s in lines if is_late(is_open=s.is_open, told_until=s.told and s.told.last, today=today)]
    may_leave = any(shown.line.allocated for shown in lines) and not (order.is_ship_complete and waiting)
    if may_leave and any(shown.line.allocated for shown in late):
        return Next(_("Ship what lies ready: it is late"), reverse("admin:ship", args=[order.pk]), "bad")
    if late:
        return Next(_("Say why it is late, or offer something else"), "#compose", "bad")
    if any(shown.promise and shown.promise.uncovered for shown in waiting):
        return Next(_("Ask the buyer to order what is uncovered"), "#lines", "warn")
    if waiting and any(shown.expected is None for shown in waiting):
        return Next(_("Ask the supplier for a date"), "#ways", "warn")
    if may_leave:
        return Next(_("Ship what lies ready"), reverse("admin:ship", args=[order.pk]), "good")
    if any(shown.announced != shown.told for shown in waiting):
        return Next(_("Nothing: the mail with the new date is on its way"), "", "good")
    if waiting:
        return Next(_("Nothing: the customer knows the date"), "", "good")
    return Next(_("Nothing is open"), "", "good")


def owners_of(lines: Sequence[LineShown]) -> list[str]:
    """Return who looks after the order's lines."""
    handlings = [getattr(shown.line, "handling", None) for shown in lines]
    return sorted({handling.owner.get_username() for handling in handlings if handling and handling.owner})


def contacts_of(customer: Customer) -> list[Contact]:
    """Return what we wrote to a customer last and what they asked last, about any of their orders; none is missing."""
    mails = customer.messages.filter(accepted_at__isnull=False).only("kind", "accepted_at", "customer")
    asked = Question.objects.filter(order__customer=customer).order_by("-asked_at", "-id").first()
    found = []
    if mail := mails.order_by("-created_at", "-id").first():
        what, url = _(str(Message.Kind(mail.kind).label)), reverse("admin:message", args=[mail.pk])
        found.append(Contact(_("We wrote last:"), mail.accepted_at or mail.created_at, what, url))
    if asked:
        what = _("asked by: %(channel)s") % {"channel": asked.get_channel_display()}
        found.append(
            Contact(_("They wrote last:"), asked.asked_at, what, reverse("admin:order", args=[asked.order_id]))
        )
    return found


def starts_of(order: Order) -> list[Start]:
    """Return the words a message can start with, in the customer's language."""
    with override(order.customer.language):
        date = _("Thank you for asking about your order. Below you find what we know now.")
        sorry = _("You asked why it takes longer than we said. We checked with our supplier; the dates below are new.")
        asked = _("We have asked our supplier and will write to you when we have an answer.")
    return [
        Start("date", _("Current date"), date),
        Start("longer", _("Why it takes longer"), sorry),
        Start("asked", _("We have asked"), asked),
    ]


def with_facts(orders: "QuerySet[Order]", *, by: AbstractBaseUser) -> "QuerySet[Order]":
    """Annotate orders with how many mails there are about each (`mail_count`), how many orders its customer has
    (`order_count`), what a person wrote last about it (`my_note`, `my_message`; None if nothing), the newest open call
    about one of its mails (`task_id`) and the newest mail that reached nobody, if none arrived since (`unheard_id`)."""
    mails = MessageLine.objects.filter(order=OuterRef("pk")).order_by().values("order")
    theirs = Order.objects.filter(customer=OuterRef("customer")).order_by().values("customer")
    notes = Note.objects.filter(order=OuterRef("pk"), by=by.pk).order_by("-id")
    tasks = CallTask.objects.filter(done_at=None, message__lines__order=OuterRef("pk")).order_by("-opened_at", "-id")
    about = Message.objects.filter(lines__order=OuterRef("pk")).order_by("-id")
    heard = Message.objects.filter(
        lines__order=OuterRef(OuterRef("pk")), id__gt=OuterRef("pk"), delivery=Message.Delivery.DELIVERED
    )
    unheard = about.filter(delivery__gte=Message.Delivery.BOUNCED)
    texts = PersonalText.objects.filter(message__lines__order=OuterRef("pk"), change_set__by=by.pk).order_by("-message")
    return orders.annotate(
        mail_count=Coalesce(Subquery(mails.annotate(count=Count("message", distinct=True)).values("count")), 0),
        order_count=Subquery(theirs.annotate(count=Count("pk")).values("count")),
        my_note=Subquery(notes.values("text")[:1]),
        my_message=Subquery(texts.values("text")[:1]),
        task_id=Subquery(tasks.values("pk")[:1]),
        unheard_id=Subquery(unheard.filter(~Exists(heard)).values("pk")[:1]),
    )
