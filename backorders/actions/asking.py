"""What every verb asks of its input, and the refusals it answers with."""

from collections.abc import Sequence
from typing import Any

from django.db.models import F, Model

from backorders.changes.models import ChangeSet, Touch
from backorders.orders.models import Order
from backorders.refusal import Refused, Stale
from backorders.supply.models import PurchaseLine

MOST_UNITS = 10_000_000  # whoever asks for more has scanned a barcode into the field


class NotWholeUnits(Refused):
    """A quantity that is not a whole number of units, at least 1 and at most ten million."""


class NotOpen(Refused):
    """The line or order has nothing open that could be changed."""


class NoReason(Refused):
    """The act needs a reason."""


class BadText(Refused):
    """A text that cannot be kept as it is: too long for its field, or with signs in it that are no text."""


def whole_units(quantity: Any, *, least: int = 1) -> int:
    """Return `quantity` if it is a whole number of units, at least `least`; refuse it otherwise."""
    if not isinstance(quantity, int) or isinstance(quantity, bool) or quantity < least:
        raise NotWholeUnits(f"The quantity must be a whole number, at least {least}; got {quantity}.")
    if quantity > MOST_UNITS:
        raise NotWholeUnits(f"The quantity must be a whole number, at most {MOST_UNITS}; got {quantity}.")
    return quantity


def a_reason(reason: str) -> str:
    """Return the reason without surrounding space; refuse an empty one."""
    if not reason.strip():
        raise NoReason("Say why: the reason is kept with the change.")
    return a_text(reason.strip())


def a_text(text: str) -> str:
    """Return the text; refuse what no database keeps: NUL, and halves of signs."""
    if "\x00" in text or any("\ud800" <= sign <= "\udfff" for sign in text):
        raise BadText("The text has signs in it that cannot be kept.")
    return text


def fitting(model: type[Model], **texts: str) -> None:
    """Refuse texts that the fields of `model` named so cannot keep exactly."""
    for name, text in texts.items():
        most: int = model._meta.get_field(name).max_length  # type: ignore[union-attr,assignment]
        if len(a_text(text)) > most:
            raise BadText(f"{text[:20]}… is longer than the {most} signs that a {name.replace('_', ' ')} may have.")


def fresh_order(order: Order, *, seen_version: int | None) -> Order:
    """Lock the order (of locked products) and read it again; refuse if it changed since `seen_version` was shown."""
    order.refresh_from_db(from_queryset=Order.objects.select_for_update(no_key=True, of=("self",)))
    if seen_version is not None and order.version != seen_version:
        raise Stale(
            f"Order {order.number} was changed since you opened it{_by_whom(Touch.Kind.ORDER, [order.pk])}. "
            "Nothing was saved; look at it again.",
            version=order.version,
        )
    return order


def fresh_purchase_lines(ids: Sequence[int], *, seen: dict[int, int | None]) -> dict[int, PurchaseLine]:
    """Read the purchase lines (of locked products) again; refuse if one changed since its `seen` version."""
    lines = PurchaseLine.objects.select_related("purchase_order").in_bulk(ids)
    for pk, line in lines.items():
        version = seen.get(pk)
        if version is not None and line.version != version:
            raise Stale(
                f"{line} was changed since you opened it"
                f"{_by_whom(Touch.Kind.PURCHASE_ORDER, [line.purchase_order_id])}: "
                f"its ETA is now {line.eta_on or 'open'}. Nothing was saved; look at it again.",
                purchase_line=pk,
                version=line.version,
            )
    return lines


def order_changed(order_id: int) -> None:
    """Let forms that saw the order before know that it changed."""
    Order.objects.filter(pk=order_id).update(version=F("version") + 1)


def _by_whom(kind: Touch.Kind, ids: Sequence[int]) -> str:
    last = ChangeSet.objects.filter(touches__kind=kind, touches__object_id__in=ids).order_by("-at", "-id").first()
    if last is None:
        return ""
    who = last.by.get_username() if last.by else last.get_source_display()
    return f" ({last.act.replace('_', ' ')} by {who}, {last.at:%Y-%m-%d %H:%M})"
