"""What others did to purchase lines since a form showed them: who, when, from which date to which."""

import datetime
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from django.utils.timesince import timesince
from django.utils.translation import gettext as _

from backorders.access.people import name_of
from backorders.backoffice.dates import short_window
from backorders.supply.models import EtaRevision, PurchaseLine

SHOWN = 20


class Difference(NamedTuple):
    """One line that is not any more what the form showed."""

    line: PurchaseLine
    words: str
    change_id: int | None


def differences(lines: Sequence[PurchaseLine], seen: Mapping[int, int], *, at: datetime.datetime) -> list[Difference]:
    """Return what became of the lines whose version is another than the one `seen`."""
    changed = [line for line in lines if seen.get(line.pk, line.version) != line.version][:SHOWN]
    latest = EtaRevision.objects.filter(purchase_line__in=changed).select_related("change_set__by").order_by("at", "id")
    last = {revision.purchase_line_id: revision for revision in latest}
    return [_difference(line, last.get(line.pk), at) for line in changed]


def _difference(line: PurchaseLine, last: EtaRevision | None, at: datetime.datetime) -> Difference:
    now = short_window(line.eta_on, line.eta_until)
    if last is None or (last.new_on, last.new_until) != (line.eta_on, line.eta_until):
        words = _("now %(date)s, %(units)s outstanding") % {"date": now, "units": line.outstanding}
        return Difference(line, words, None)
    change = last.change_set
    words = _("changed by %(who)s %(ago)s ago: %(was)s → %(now)s") % {
        "who": name_of(change.by) if change.by else change.get_source_display(),
        "ago": timesince(last.at, at, depth=1),
        "was": short_window(last.old_on, last.old_until),
        "now": now,
    }
    return Difference(line, words, change.pk)
