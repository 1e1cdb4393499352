"""A line's place in its queue: before all others, or served nothing for now."""

import datetime
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.utils.translation import gettext_lazy as _

from backorders.actions.checking import NotOpen, a_reason
from backorders.actions.done import Done
from backorders.actions.freshness import fresh_order, order_changed
from backorders.actions.order_lines import ask_of_line, lock_line, preview_line
from backorders.actions.seconding import before_others
from backorders.allocation.impact import Impact
from backorders.allocation.replanning import replan
from backorders.changes.acting import act
from backorders.changes.models import Touch
from backorders.changes.recording import open_change, touch
from backorders.orders.models import OrderLine


@act
def expedite(
    line: OrderLine,
    *,
    reason: str,
    seen_version: int | None = None,
    approved_by: AbstractBaseUser | None = None,
    by: AbstractBaseUser | None,
    at: datetime.datetime,
) -> Done[OrderLine]:
    """Put a line before all that are not expedited.

    Raises `NotOpen`, `NoReason`, `Stale`, `NeedsApproval` unless whoever asks may approve.
    """
    done = _flag(line, "expedite", reason, seen_version, by, at)
    before_others(ask_of_line("queueing.expedite", line, reason), by=by, approved_by=approved_by)
    return done


def preview_expedite(line: OrderLine, *, at: datetime.datetime) -> Impact:
    """Return who loses and who gains if the line is expedited. Raises `NotOpen`."""
    return _preview_flag(line, "expedite", at=at)


@act
def unexpedite(
    line: OrderLine,
    *,
    reason: str,
    seen_version: int | None = None,
    by: AbstractBaseUser | None,
    at: datetime.datetime,
) -> Done[OrderLine]:
    """Put an expedited line back to its usual rank. Raises `NotOpen`, `NoReason`, `Stale`."""
    return _flag(line, "unexpedite", reason, seen_version, by, at)


def preview_unexpedite(line: OrderLine, *, at: datetime.datetime) -> Impact:
    """Return who gains and who loses if the line is expedited no longer. Raises `NotOpen`."""
    return _preview_flag(line, "unexpedite", at=at)


@act
def hold(
    line: OrderLine,
    *,
    reason: str,
    seen_version: int | None = None,
    by: AbstractBaseUser | None,
    at: datetime.datetime,
) -> Done[OrderLine]:
    """Keep the line's place but serve it nothing until it is released. Raises `NotOpen`, `NoReason`, `Stale`."""
    return _flag(line, "hold", reason, seen_version, by, at)


def preview_hold(line: OrderLine, *, at: datetime.datetime) -> Impact:
    """Return who gains if the line is held. Raises `NotOpen`."""
    return _preview_flag(line, "hold", at=at)


@act
def release(
    line: OrderLine,
    *,
    reason: str,
    seen_version: int | None = None,
    by: AbstractBaseUser | None,
    at: datetime.datetime,
) -> Done[OrderLine]:
    """Serve a held line again, at its old place. Raises `NotOpen`, `NoReason`, `Stale`."""
    return _flag(line, "release", reason, seen_version, by, at)


def preview_release(line: OrderLine, *, at: datetime.datetime) -> Impact:
    """Return who loses and who gains if the line is served again. Raises `NotOpen`."""
    return _preview_flag(line, "release", at=at)


# What a line becomes by each verb, and what it is if it has become so already.
_FLAGS: dict[str, tuple[dict[str, Any], Any]] = {
    "expedite": ({"is_expedited": True}, _("%(line)s is expedited already.")),
    "unexpedite": ({"is_expedited": False}, _("%(line)s is not expedited.")),
    "hold": ({"is_held": True}, _("%(line)s is on hold already.")),
    "release": ({"is_held": False}, _("%(line)s is not on hold.")),
}


def _flags(line: OrderLine, verb: str) -> dict[str, Any]:
    flags, already = _FLAGS[verb]
    if not line.open_quantity:
        raise NotOpen(_("%(line)s has nothing open."), line=line)
    if all(getattr(line, name) == value for name, value in flags.items()):
        raise NotOpen(already, line=line)
    return flags


def _flag(
    line: OrderLine,
    verb: str,
    reason: str,
    seen_version: int | None,
    by: AbstractBaseUser | None,
    at: datetime.datetime,
) -> Done[OrderLine]:
    product = lock_line(line, [line.product_id])
    fresh_order(line.order, seen_version=seen_version)
    flags = _flags(line, verb)
    before = {"line": line.pk, **{name: getattr(line, name) for name in flags}}
    change = open_change(verb, reason=a_reason(reason), before=before, by=by, at=at)
    touch(change, kind=Touch.Kind.ORDER, ids=[line.order.pk])
    order_changed(line.order.pk)
    OrderLine.objects.filter(pk=line.pk).update(**flags)
    return Done(change, replan([product.pk], change_set=change, at=at), line)


def _preview_flag(line: OrderLine, verb: str, *, at: datetime.datetime) -> Impact:
    flags = _flags(line, verb)
    return preview_line(line, lambda known: known._replace(**flags), [line.product_id], at=at)
