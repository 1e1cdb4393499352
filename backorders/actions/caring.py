"""Caring: what we write down about an order for each other, and how we reach its customer."""

import datetime

from django.contrib.auth.models import AbstractBaseUser
from django.db.models import F

from backorders.actions.done import Done
from backorders.allocation.impact import Impact
from backorders.changes.acting import act
from backorders.changes.recording import open_change
from backorders.notifications.outbox import say_anew
from backorders.orders.models import Customer, Note, Order
from backorders.refusal import Refused


class NothingToSay(Refused):
    """A note without words, or an address that is the one we have."""


def write_note(order: Order, *, text: str, by: AbstractBaseUser, at: datetime.datetime) -> Note:
    """Keep a note with an order, for staff. The note itself is the record of the act. Raises `NothingToSay`."""
    if not text.strip():
        raise NothingToSay("Write something: an empty note helps nobody.")
    return Note.objects.create(order=order, text=text.strip(), by=by, at=at)  # type: ignore[misc]


@act
def change_address(
    customer: Customer, *, email: str, by: AbstractBaseUser | None, at: datetime.datetime
) -> Done[Customer]:
    """Mail a customer at another address from now on: what is pending or failed at the old one is said anew.

    Raises `NothingToSay` if it is the address we have.
    """
    email = email.strip()
    others = Customer.objects.filter(pk=customer.pk).exclude(email=email)
    if not others.update(email=email, address_version=F("address_version") + 1):
        raise NothingToSay(f"{customer} is mailed at this address already.")
    change = open_change("change_address", summary={"customer": customer.pk}, by=by, at=at)
    say_anew(customer.pk, at=at)
    customer.refresh_from_db()
    return Done(change, Impact(), customer)
