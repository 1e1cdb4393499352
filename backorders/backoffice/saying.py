"""The answer to "when will it come?", to be read out or copied, in the customer's words and either language."""

from collections.abc import Sequence
from typing import NamedTuple

from django.utils.translation import gettext, override

from backorders.allocation.windows import Window, business_day
from backorders.notifications.dates import day_in_words, in_words
from backorders.orders.models import Shipment


class Instead(NamedTuple):
    """What can come instead, and when."""

    product: str
    arrives: Window


class Asked(NamedTuple):
    """What the answer needs of one open line. `reason` is why its date moved last, in words, or nothing; `instead` is
    the first thing that may be offered for it."""

    product: str
    waiting: int
    allocated: int
    is_held: bool
    expected: Window | None
    told: Window | None
    reason: str
    instead: Instead | None = None


def answer(lines: Sequence[Asked], shipments: Sequence[Shipment], *, language: str) -> str:
    """Return the sentences to say about an order whose open lines are `lines`."""
    with override(language):
        said = [_line(line, language) for line in lines]
        if shipments and not lines:
            said = [_sent(shipment, language) for shipment in shipments[:3]]
        if not said:
            return gettext("Nothing on this order is open any more.")
        if any(line.waiting for line in lines):
            said.append(gettext("You can keep waiting, or cancel free of charge what has not left."))
        return " ".join(said)


def _line(line: Asked, language: str) -> str:
    item = f"{line.waiting or line.allocated} × {line.product}"
    if line.is_held:
        return gettext("Your %(item)s is on hold.") % {"item": item}
    if not line.waiting:
        return gettext("Your %(item)s lies ready to be sent.") % {"item": item}
    if line.expected is None:
        said = [gettext("We don't have a date for your %(item)s yet.") % {"item": item}]
    else:
        when = in_words(line.expected, language)
        said = [gettext("We expect your %(item)s to reach you %(when)s.") % {"item": item, "when": when}]
    if line.told and line.told != line.expected:
        said.append(gettext("Before, we told you %(when)s.") % {"when": in_words(line.told, language)})
        if line.reason:
            said.append(gettext("The reason: %(reason)s.") % {"reason": gettext(line.reason)})
    if line.instead:
        what = {"item": line.instead.product, "when": in_words(line.instead.arrives, language)}
        said.append(gettext("Instead we can send %(item)s, which reaches you %(when)s.") % what)
    return " ".join(said)


def _sent(shipment: Shipment, language: str) -> str:
    when = day_in_words(business_day(shipment.shipped_at), language)
    said = gettext("A parcel was sent with %(carrier)s on %(when)s.") % {"carrier": shipment.carrier, "when": when}
    if shipment.lost_at:
        said += " " + gettext("It is lost.")
    elif shipment.delivered_at:
        said += " " + gettext("It was delivered.")
    elif shipment.tracking_number:
        said += " " + gettext("Its tracking number: %(number)s.") % {"number": shipment.tracking_number}
    return said
