"""Handling: who looks after which waiting lines, which of them are set aside until when, and why they wait."""

import datetime
from collections.abc import Sequence

from django.contrib.auth.models import AbstractBaseUser
from django.utils.translation import gettext_lazy as _

from backorders import rows
from backorders.actions.done import Done
from backorders.allocation.impact import Impact
from backorders.allocation.models import Promise
from backorders.allocation.windows import business_day
from backorders.changes.acting import act
from backorders.changes.models import Touch
from backorders.changes.recording import open_change, touch
from backorders.desk.models import Handling
from backorders.orders.models import OrderLine
from backorders.refusal import Refused

LONGEST_SNOOZE_DAYS = 180


class NothingChosen(Refused):
    """No line that is still open was named."""


class NotAhead(Refused):
    """A line is set aside until a day that is not ahead of us, or too far."""


class NoSuchCause(Refused):
    """A cause that is not one of those we count."""


@act
def assign(
    line_ids: Sequence[int], *, to: AbstractBaseUser | None, by: AbstractBaseUser | None, at: datetime.datetime
) -> int:
    """Let `to` look after these lines from now on, or nobody; return how many there are. Raises `NothingChosen`."""
    lines = _open(line_ids)
    _write(["line", "owner", "changed_at"], [(pk, to and to.pk, at) for pk in lines])
    return len(lines)


@act
def snooze(
    line_ids: Sequence[int], *, until: datetime.date | None, by: AbstractBaseUser | None, at: datetime.datetime
) -> int:
    """Set lines aside until a day, or (None) until their expected window moves; return how many there are.

    Raises `NothingChosen`, `NotAhead`.
    """
    if until is not None and not 0 < (until - business_day(at)).days <= LONGEST_SNOOZE_DAYS:
        raise NotAhead(
            _("Choose a day after today, at most %(longest_snooze_days)s days ahead."),
            longest_snooze_days=LONGEST_SNOOZE_DAYS,
        )
    versions = Promise.objects.filter(pk__in=_open(line_ids)).values_list("line_id", "version")
    aside = [(pk, until, None if until else version, at) for pk, version in versions.order_by("pk")]
    _write(["line", "snoozed_until", "snoozed_version", "changed_at"], aside)
    return len(aside)


@act
def wake(line_ids: Sequence[int], *, by: AbstractBaseUser | None, at: datetime.datetime) -> int:
    """Bring lines back that were set aside; return how many there are. Raises `NothingChosen`."""
    lines = _open(line_ids)
    Handling.objects.filter(pk__in=lines).update(snoozed_until=None, snoozed_version=None, changed_at=at)
    return len(lines)


@act
def set_cause(
    line_ids: Sequence[int], *, cause: str, reason: str = "", by: AbstractBaseUser | None, at: datetime.datetime
) -> Done[int]:
    """Say why these lines wait; an empty cause takes back what was said. Raises `NoSuchCause`, `NothingChosen`."""
    if cause and cause not in OrderLine.Cause.values:
        raise NoSuchCause(_("%(cause)s is not a cause that lines can have."), cause=cause[:40])
    before = _open(line_ids)
    named = {"cause": cause, "causes": {str(pk): old for pk, old in before.items()}}
    change = open_change("set_cause", reason=reason, before=named, summary={"lines": len(before)}, by=by, at=at)
    orders = OrderLine.objects.filter(pk__in=before).values_list("order_id", flat=True)
    touch(change, kind=Touch.Kind.ORDER, ids=orders.order_by().distinct())
    OrderLine.objects.filter(pk__in=before).update(cause=cause)
    return Done(change, Impact(), len(before))


def _open(line_ids: Sequence[int]) -> dict[int, str]:
    """Those of the lines that are still open, each with why it waits."""
    lines = dict(OrderLine.objects.open().filter(pk__in=line_ids).order_by("pk").values_list("pk", "cause"))
    if not lines:
        raise NothingChosen(_("Choose at least one line that is still open."))
    return lines


def _write(fields: Sequence[str], given: Sequence[Sequence[object]]) -> None:
    """Write these fields (the line first) of the lines' handlings, whether there were any or not: one statement."""
    columns = [str(Handling._meta.get_field(name).column) for name in fields]  # type: ignore[union-attr]
    values = ", ".join(f"{{{index}}}" for index in range(len(columns)))
    kept = ", ".join(f"{name} = excluded.{name}" for name in columns[1:])
    rows.run(
        f"INSERT INTO desk_handling ({', '.join(columns)}) SELECT {values} FROM {{source}} WHERE true "  # noqa: S608
        f"ON CONFLICT (line_id) DO UPDATE SET {kept}",
        Handling,
        fields,
        given,
    )
