"""Drafts as they are found again, and forgotten once they are written."""

from django.contrib.auth.models import AbstractBaseUser

from backorders.desk.models import Draft
from backorders.orders.models import Order


def drafts_of(order: Order, *, by: AbstractBaseUser) -> dict[str, Draft]:
    """Return a person's own drafts about an order, by kind."""
    return {draft.kind: draft for draft in Draft.objects.filter(order=order, person=by.pk)}


def forget_draft(order: Order, *, kind: str, by: AbstractBaseUser | None) -> None:
    """What was begun is written now: called by the act that writes it."""
    if by is not None:
        Draft.objects.filter(order=order, kind=kind, person=by.pk).delete()
