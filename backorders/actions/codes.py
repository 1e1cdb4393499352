"""Codes: six digits that are mailed, so that what could hurt most is done by whoever reads the customer's mail."""

import datetime
import secrets
import unicodedata
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.db.models import F, Sum
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext_lazy as _

from backorders.actions import keeping
from backorders.actions.checking import a_mailable_address, fitting
from backorders.actions.done import Done
from backorders.actions.keys import known_act
from backorders.allocation.impact import Impact
from backorders.changes.acting import act
from backorders.changes.models import Source, Touch
from backorders.changes.recording import open_change, touch
from backorders.notifications import writing
from backorders.notifications.models import ContactCode
from backorders.notifications.outbox import CODE_LASTS
from backorders.orders.models import Customer, Decision, Order
from backorders.refusal import Refused

AT_ONCE = datetime.timedelta(0)
TRIES = 5
CODES_AN_HOUR = 5
ADDRESS_RESTS = datetime.timedelta(days=7)  # so long no dear cancellation rests on a code sent to a new address
# From which value of what is open a cancellation asks for a code: by currency, for all others the last.
CODE_ABOVE: Mapping[str, Decimal] = {"TRY": Decimal(25_000), "": Decimal(500)}


class CodeNeeded(Refused):
    """The act asks for a code that was mailed."""


class WrongCode(Refused):
    """The digits are not those that were mailed, or they open nothing any more."""


class TooManyCodes(Refused):
    """More codes were asked for in an hour than anybody needs."""


def needs_code(order: Order) -> bool:
    """Whether what is open is worth so much that its cancellation asks for a code."""
    worth = order.lines.aggregate(sum=Sum((F("allocated") + F("waiting")) * F("price")))["sum"] or Decimal(0)
    return worth > CODE_ABOVE.get(order.currency, CODE_ABOVE[""])


@act
def ask_code(
    order: Order, *, opens: str, wanted: Mapping[str, Any], key: str | None = None, at: datetime.datetime
) -> Done[ContactCode]:
    """Mail six digits that open one change: `wanted` is email, phone, language of a contact, or what to cancel.

    They go to the new address if that is what changes, else to the one we have.
    Raises `NotMailable`, `TooManyCodes`, `BadText`.
    """
    keeping.lock(order)
    if known := known_act("ask_code", key=key):
        return Done(known, Impact(), ContactCode.objects.get(pk=known.before["code"]))
    wanted = dict(wanted)
    fitting(Customer, **{name: wanted[name] for name in ("email", "phone") if wanted.get(name)})
    email = wanted.get("email") or order.customer.email
    a_mailable_address(email)
    if order.contact_codes.filter(asked_at__gt=at - datetime.timedelta(hours=1)).count() >= CODES_AN_HOUR:
        raise TooManyCodes(_("Too many codes were asked for. Try again in an hour."))
    digits = f"{secrets.randbelow(10**6):06d}"
    made = ContactCode(order=order, opens=opens, email=email, wanted=wanted, asked_at=at, expires_at=at + CODE_LASTS)
    made.save()
    ContactCode.objects.filter(pk=made.pk).update(code_hash=_hash(made, digits))
    change = open_change("ask_code", key=key, before={"code": made.pk}, source=Source.CUSTOMER, by=None, at=at)
    touch(change, kind=Touch.Kind.ORDER, ids=[order.pk])
    letter = writing.code(
        order,
        code=f"{digits[:3]} {digits[3:]}",
        email=email,
        language=str(wanted.get("language") or ""),
        occasion=f"change {change.pk}",
        at=at,
    )
    writing.post(letter, rest=AT_ONCE, at=at)
    return Done(change, Impact(), made)


@act
def enter_code(code: ContactCode, *, digits: str, at: datetime.datetime) -> bool:
    """Count a try and return whether the digits are right. Raises `WrongCode` once the code opens nothing any more."""
    usable = ContactCode.objects.filter(pk=code.pk, used_at=None, expires_at__gt=at, tries__lt=TRIES)
    if not usable.update(tries=F("tries") + 1):
        raise WrongCode(_("This code opens nothing any more. Ask for a new one."))
    return _is_right(code, digits)


def moved_lately(order: Order, at: datetime.datetime) -> bool:
    """Whether a code would go to an address that whoever holds a link may have put in place of the customer's."""
    moved = Decision.objects.filter(order__customer=order.customer_id, kind=Decision.Kind.CONTACT)
    return moved.filter(at__gt=at - ADDRESS_RESTS).exists()


def use(order: Order, code: ContactCode, digits: str, *, opens: str, at: datetime.datetime) -> None:
    """Use up a code of this order for what it opens. Raises `WrongCode`."""
    mine = ContactCode.objects.filter(pk=code.pk, order=order, opens=opens)
    usable = mine.filter(used_at=None, expires_at__gt=at, tries__lte=TRIES)
    if not _is_right(code, digits) or not usable.update(used_at=at):
        raise WrongCode(_("This code opens nothing any more. Ask for a new one."))


def _is_right(code: ContactCode, digits: str) -> bool:
    known = ContactCode.objects.values_list("code_hash", flat=True).get(pk=code.pk)
    return constant_time_compare(known, _hash(code, _digits(digits)))


def _digits(typed: str) -> str:
    """The digits of what was typed or pasted, whatever stands between them, of any script."""
    return "".join(str(unicodedata.decimal(sign)) for sign in typed if sign.isdecimal())


def _hash(code: ContactCode, digits: str) -> str:
    return salted_hmac("backorders.contact_code", f"{code.pk}:{digits}", algorithm="sha256").hexdigest()
