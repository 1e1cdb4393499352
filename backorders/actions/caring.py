"""Caring: what we write down about an order for each other, what we write to its customer, what we give for a wait."""

import datetime
from collections.abc import Collection
from decimal import Decimal

from django.contrib.auth.models import AbstractBaseUser
from django.db.models import F, QuerySet, Sum
from django.utils.translation import gettext_lazy as _

from backorders.actions import offering, refunding
from backorders.actions.checking import a_mailable_address, a_reason, a_text, fitting
from backorders.actions.done import Done
from backorders.actions.freshness import fresh_order, order_changed
from backorders.actions.seconding import Ask, for_giving
from backorders.allocation.impact import Impact
from backorders.allocation.locking import lock_products
from backorders.changes.acting import act
from backorders.changes.models import ChangeSet, Touch
from backorders.changes.recording import done_before, open_change, touch
from backorders.desk.drafts import forget_draft
from backorders.desk.models import Draft
from backorders.notifications import writing
from backorders.notifications.addresses import normal, objection, suppressed
from backorders.notifications.emails import Rendered
from backorders.notifications.letters import Gift, Letter
from backorders.notifications.models import CustomerLink, Message, PersonalText
from backorders.notifications.repeating import say_anew
from backorders.orders.models import Compensation, Customer, Note, Order, OrderLine, Question
from backorders.refusal import Refused

LONGEST = 4000
MOST_GIVEN = 10**10  # beyond it no amount is kept


class NothingToSay(Refused):
    """A note or message without words, or an address that is the one we have."""


class AnsweredBefore(Refused):
    """Somebody answered or settled the question meanwhile."""


class TooMuch(Refused):
    """More than the order, or the line it is given for, is worth would be given away."""


class NoLinks(Refused):
    """No link leads to the order any more."""


@act
def write_note(order: Order, *, text: str, by: AbstractBaseUser, at: datetime.datetime) -> Note:
    """Keep a note with an order, for staff. The note itself is the record of the act.

    Raises `NothingToSay`, `BadText`.
    """
    if not text.strip():
        raise NothingToSay(_("Write something: an empty note helps nobody."))
    note = Note.objects.create(order=order, text=a_text(text.strip()), by=by, at=at)  # type: ignore[misc]
    forget_draft(order, kind=Draft.Kind.NOTE, by=by)
    return note


@act
def write_message(
    order: Order,
    *,
    text: str,
    states_dates: bool = True,
    key: str | None = None,
    by: AbstractBaseUser | None,
    at: datetime.datetime,
) -> Done[Message]:
    """Write to the customer in our own words; with `states_dates` the expected dates stand below and count as told.

    It rests in the outbox for the quiet time. The same key writes once. Raises `NothingToSay`, `Unrenderable`.
    """
    text = _words(order, text)
    lock_products(order.lines.values_list("product", flat=True))
    if known := done_before(key):
        return Done(known, Impact(), Message.objects.get(personal_text__change_set=known))
    change = open_change("write_message", key=key, summary={"messages": 1}, by=by, at=at)
    letter = writing.message(order, text=text, states_dates=states_dates, occasion=f"change {change.pk}", at=at)
    made = _post(letter, order, change, at)
    PersonalText.objects.create(message=made, text=text, states_dates=states_dates, change_set=change)
    forget_draft(order, kind=Draft.Kind.MESSAGE, by=by)
    return Done(change, Impact(), made)


def preview_message(order: Order, *, text: str, states_dates: bool, at: datetime.datetime) -> Rendered:
    """Return the mail as it would be written; raises the same refusals. Writes nothing."""
    letter = writing.message(order, text=_words(order, text), states_dates=states_dates, at=at)
    return writing.shown(letter)


@act
def answer_question(
    question: Question,
    *,
    text: str,
    states_dates: bool = True,
    key: str | None = None,
    by: AbstractBaseUser | None,
    at: datetime.datetime,
) -> Done[Question]:
    """Answer a customer's question by mail, with the question above the answer, and with the expected dates if wanted.

    The same key answers once. Raises `NothingToSay`, `BadText`, `AnsweredBefore`.
    """
    order = question.order
    text = _words(order, text)
    lock_products(order.lines.values_list("product", flat=True))
    if known := done_before(key):
        return Done(known, Impact(), question)
    _still_open(question, answer=text, by=by, at=at)
    change = open_change("answer_question", key=key, summary={"messages": 1}, by=by, at=at)
    letter = writing.message(
        order, text=text, states_dates=states_dates, question=question.text, occasion=f"change {change.pk}", at=at
    )
    made = _post(letter, order, change, at)
    change.before = {"message": made.pk, "question": question.pk}
    change.save(update_fields=["before"])
    PersonalText.objects.create(message=made, text=text, states_dates=states_dates, change_set=change)
    return Done(change, Impact(), question)


def preview_answer(question: Question, *, text: str, states_dates: bool, at: datetime.datetime) -> Rendered:
    """Return the mail as it would be written; raises the same refusals. Writes nothing."""
    text = _words(question.order, text)
    letter = writing.message(question.order, text=text, states_dates=states_dates, question=question.text, at=at)
    return writing.shown(letter)


@act
def settle_question(
    question: Question, *, reason: str, by: AbstractBaseUser | None, at: datetime.datetime
) -> Done[Question]:
    """Close a question without a mail: it needed none, or was answered by phone.

    Raises `NoReason`, `AnsweredBefore`.
    """
    why = a_reason(reason)
    _still_open(question, answer="", by=by, at=at)
    change = open_change("settle_question", reason=why, before={"question": question.pk}, by=by, at=at)
    _touched(question.order, change)
    return Done(change, Impact(), question)


def _still_open(question: Question, *, answer: str, by: AbstractBaseUser | None, at: datetime.datetime) -> None:
    open_ones = Question.objects.filter(pk=question.pk, answered_at=None)
    if not open_ones.update(answer=answer, answered_at=at, answered_by=by):
        raise AnsweredBefore(_("This question was answered meanwhile. Nothing was sent."))
    question.refresh_from_db()


@act
def compensate(
    order: Order,
    *,
    kind: str,
    amount: Decimal,
    line: OrderLine | None = None,
    reason: str,
    tells: bool = True,
    seen_version: int | None = None,
    approved_by: AbstractBaseUser | None = None,
    by: AbstractBaseUser | None,
    at: datetime.datetime,
) -> Done[Compensation]:
    """Give the customer money or a favour for the wait, and (unless told not to) say so in a mail.

    All that is given for an order never exceeds the worth of what was not cancelled, nor what is given for one line
    that of its units.
    Raises `TooMuch`, `NoReason`, `Stale`, `NeedsApproval` above the limit of whoever may not approve.
    """
    family = refunding.families([order.pk])[order.pk]
    lock_products(OrderLine.objects.filter(order__in=family).values_list("product", flat=True))
    fresh_order(order, seen_version=seen_version)
    gift = _gift(order, kind, amount, line)
    given = {"order": order.pk, "kind": kind, "amount": str(amount), "line": line and line.pk, "reason": reason}
    ask = Ask("caring.compensate", {**given, "tells": tells, "seen_version": order.version}, f"{order}")
    for_giving(amount, ask, currency=order.currency, by=by, approved_by=approved_by)
    change = open_change("compensate", reason=a_reason(reason), summary={"amount": str(gift.amount)}, by=by, at=at)
    made = Compensation.objects.create(
        order=order,
        line=line,
        covers=refunding.covered(order.lines.filter(pk=line.pk) if line else order.lines.all()),
        change_set=change,
        reason=change.reason[:200],
        at=at,
        **gift._asdict(),
    )
    offering.reckon_again([order.pk], at=at)
    if tells:
        _post(
            writing.compensated(order, gift=gift, line=line, occasion=f"change {change.pk}", at=at), order, change, at
        )
    else:
        _touched(order, change)
    return Done(change, Impact(), made)


def preview_compensation(
    order: Order, *, kind: str, amount: Decimal, line: OrderLine | None = None, at: datetime.datetime
) -> Rendered:
    """Return the mail that would say so; raises the same refusals. Writes nothing."""
    return writing.shown(writing.compensated(order, gift=_gift(order, kind, amount, line), line=line, at=at))


def given_so_far(customer: Customer) -> list[tuple[str, Decimal]]:
    """Return what this customer was given in all, as (currency, amount)."""
    given = Compensation.objects.filter(order__customer=customer).order_by().values("currency")
    return list(given.annotate(sum=Sum("amount")).order_by("currency").values_list("currency", "sum"))


@act
def change_address(
    customer: Customer, *, email: str, by: AbstractBaseUser | None, at: datetime.datetime
) -> Done[Customer]:
    """Mail a customer at another address from now on: what is pending or failed at the old one is said anew.

    The old one, where it is mailed, hears that it is mailed no more, so that nobody is moved away unnoticed.
    Raises `NothingToSay` if it is the address we have, `NotMailable`, `BadText`.
    """
    fitting(Customer, email=email.strip())
    email = a_mailable_address(email)
    before = Customer.objects.values_list("email", flat=True).get(pk=customer.pk)
    others = Customer.objects.filter(pk=customer.pk).exclude(email=email)
    if not others.update(email=email, address_version=F("address_version") + 1):
        raise NothingToSay(_("%(customer)s is mailed at this address already."), customer=customer)
    change = open_change("change_address", summary={"customer": customer.pk}, by=by, at=at)
    say_anew(customer.pk, at=at)
    customer.refresh_from_db()
    _tell_the_old_address(customer, before, change, at)
    return Done(change, Impact(), customer)


def _tell_the_old_address(customer: Customer, email: str, change: ChangeSet, at: datetime.datetime) -> None:
    """An address that is none, or that is not mailed any more, hears nothing; nor does who was never written to."""
    order = (
        customer.orders.filter(customer__is_written_to=True, lines__isnull=False).order_by("-placed_at", "-id").first()
    )
    is_the_same = normal(email) == normal(customer.email)
    if order is None or is_the_same or objection(email, Message.Kind.ADDRESS_CHANGED, suppressed([email])):
        return
    letter = writing.address_changed(order, email=email, occasion=f"change {change.pk}", at=at)
    writing.post(letter, rest=datetime.timedelta(0), at=at)


@act
def revoke_links(order: Order, *, reason: str, by: AbstractBaseUser | None, at: datetime.datetime) -> Done[int]:
    """Let no link that was mailed lead to the order's page any more; the next mail has a new one.

    Raises `NoLinks`, `NoReason`.
    """
    revoked = CustomerLink.objects.filter(order=order, revoked_at=None, expires_at__gt=at).update(revoked_at=at)
    if not revoked:
        raise NoLinks(_("No link leads to order %(order_number)s any more."), order_number=order.number)
    change = open_change("revoke_links", reason=a_reason(reason), summary={"links": revoked}, by=by, at=at)
    touch(change, kind=Touch.Kind.ORDER, ids=[order.pk])
    return Done(change, Impact(), revoked)


def words(text: str) -> str:
    """Return what a person wrote to a customer, without surrounding space. Raises `NothingToSay`, `BadText`."""
    text = a_text(text.strip())
    if not text:
        raise NothingToSay(_("Write something: an empty message helps nobody."))
    if len(text) > LONGEST:
        raise NothingToSay(
            _("A message has at most %(longest)s signs; this one has %(len)s."), longest=LONGEST, len=len(text)
        )
    return text


def _words(order: Order, text: str) -> str:
    if not order.lines.exists():
        raise NothingToSay(_("Order %(order_number)s has no lines to write about."), order_number=order.number)
    return words(text)


def _gift(order: Order, kind: str, amount: Decimal, line: OrderLine | None) -> Gift:
    if not amount.is_finite() or not 0 < amount < MOST_GIVEN or amount != round(amount, 2):
        raise TooMuch(_("Give an amount above nothing, in whole cents; got %(amount)s."), amount=amount)
    worth, given = min(
        (_worth_and_given(orders) for orders in ({order.pk}, refunding.families([order.pk])[order.pk])),
        key=lambda both: both[0] - both[1],
    )
    if given + amount > worth:
        raise TooMuch(
            _(
                "Order %(order_number)s is worth %(worth)s %(order_currency)s, and %(given)s "
                "%(order_currency)s were given before: %(amount)s more is too much."
            ),
            order_number=order.number,
            worth=worth,
            order_currency=order.currency,
            given=given,
            amount=amount,
        )
    if line is not None:
        worth, given = _worth(order.lines.filter(pk=line.pk)), _sum(order.compensations.filter(line=line))
        if given + amount > worth:
            raise TooMuch(
                _(
                    "The units of %(product)s are worth %(worth)s %(order_currency)s, and %(given)s "
                    "%(order_currency)s were given for them before: %(amount)s more is too much. "
                    "It can be given for the whole order."
                ),
                product=line.product.name,
                worth=worth,
                order_currency=order.currency,
                given=given,
                amount=amount,
            )
    return Gift(Compensation.Kind(kind).value, amount, order.currency)


def _worth_and_given(orders: Collection[int]) -> tuple[Decimal, Decimal]:
    """What all these orders are worth, and what was given for them: an order with its parts is worth no more."""
    lines, gifts = OrderLine.objects.filter(order__in=orders), Compensation.objects.filter(order__in=orders)
    return _worth(lines), _sum(gifts)


def _worth(lines: QuerySet[OrderLine]) -> Decimal:
    """What is not cancelled of these lines is worth."""
    kept = F("quantity") - F("cancelled")
    return lines.aggregate(sum=Sum(kept * F("price")))["sum"] or Decimal(0)


def _sum(given: QuerySet[Compensation]) -> Decimal:
    return given.aggregate(sum=Sum("amount"))["sum"] or Decimal(0)


def _post(letter: Letter, order: Order, change: ChangeSet, at: datetime.datetime) -> Message:
    _touched(order, change)
    made = writing.post(letter, at=at)
    ChangeSet.objects.filter(pk=change.pk).update(before={"message": made.pk})
    change.before = {"message": made.pk}
    return made


def _touched(order: Order, change: ChangeSet) -> None:
    touch(change, kind=Touch.Kind.ORDER, ids=[order.pk])
    order_changed(order.pk)
