"""Ruling: which changes of a date customers hear of, and how often."""

import datetime

from django.contrib.auth.models import AbstractBaseUser
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from backorders.actions.done import Done
from backorders.allocation.impact import Impact
from backorders.changes.acting import act
from backorders.changes.recording import open_change
from backorders.notifications.models import TellingRules
from backorders.notifications.policy import Rules, rules_in_force
from backorders.refusal import Refused, Stale


class BadRules(Refused):
    """No rules of telling can say this."""


def seen_version() -> int:
    """Return the version of the rules that are in force; 0 where none were set."""
    return TellingRules.objects.values_list("version", flat=True).first() or 0


@act
def set_telling_rules(
    rules: Rules, *, seen: int | None = None, by: AbstractBaseUser | None, at: datetime.datetime
) -> Done[Rules]:
    """Write to customers by these rules from the next look on; what was before is kept with the change.

    Raises `Stale` if others set them since version `seen`, `BadRules` beyond reason.
    """
    known = TellingRules.objects.select_for_update().first()
    version = known.version if known else 0
    if seen is not None and seen != version:
        raise Stale(
            _("The rules were changed since you opened them. Nothing was saved; look at them first."), version=version
        )
    before = rules_in_force()
    change = open_change("set_telling_rules", before=before._asdict(), summary=rules._asdict(), by=by, at=at)
    wanted = TellingRules(pk=1, version=version + 1, change_set=change, **rules._asdict())
    try:
        with transaction.atomic():
            wanted.save(force_insert=known is None)
    except IntegrityError as error:
        if "within_reason" not in str(error) and "quiet_hours" not in str(error):
            raise
        raise BadRules(_("One of these numbers is too small or too large.")) from error
    return Done(change, Impact(), rules)
