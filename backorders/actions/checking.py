"""Checking: what every verb asks of its input, and the refusals it answers with."""

from typing import Any

from django.db.models import Model
from django.utils.translation import gettext_lazy as _

from backorders.notifications.addresses import is_mailable
from backorders.refusal import Refused
from backorders.sentences import Sentence

MOST_UNITS = 10_000_000  # whoever asks for more has scanned a barcode into the field


class NotWholeUnits(Refused):
    """A quantity that is not a whole number of units, at least 1 and at most ten million."""


class NotOpen(Refused):
    """The line or order has nothing open that could be changed."""


class NoReason(Refused):
    """The act needs a reason."""


class BadText(Refused):
    """A text that cannot be kept as it is: too long for its field, or with characters in it that are no text."""


def whole_units(quantity: Any, *, least: int = 1) -> int:
    """Return `quantity` if it is a whole number of units, at least `least`; refuse it otherwise."""
    if not isinstance(quantity, int) or isinstance(quantity, bool) or quantity < least:
        raise NotWholeUnits(
            _("The quantity must be a whole number, at least %(least)s; got %(quantity)s."),
            least=least,
            quantity=quantity,
        )
    if quantity > MOST_UNITS:
        raise NotWholeUnits(
            _("The quantity must be a whole number, at most %(most_units)s; got %(quantity)s."),
            most_units=MOST_UNITS,
            quantity=quantity,
        )
    return quantity


def a_reason(reason: Sentence) -> Any:
    """Return the reason without surrounding space; refuse an empty one. A sentence of ours stays one."""
    if not isinstance(reason, str):
        return reason
    if not reason.strip():
        raise NoReason(_("Say why: the reason is kept with the change."))
    return a_text(reason.strip())


def a_text(text: str) -> str:
    """Return the text; refuse what no database keeps: NUL, and halves of characters."""
    if "\x00" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise BadText(_("The text has characters in it that cannot be kept."))
    return text


def fitting(model: type[Model], **texts: str) -> None:
    """Refuse texts that the fields of `model` named so cannot keep exactly."""
    for name, text in texts.items():
        most: int = model._meta.get_field(name).max_length  # type: ignore[union-attr,assignment]
        if len(a_text(text)) > most:
            called = name.replace("_", " ")
            raise BadText(
                _("%(text)s… is longer than the %(most)s characters that a %(called)s may have."),
                text=text[:20],
                most=most,
                called=called,
            )


class NotMailable(Refused):
    """An address that no mail server would take."""


def a_mailable_address(text: str) -> str:
    """Return an e-mail address without the spaces around it. Raises `NotMailable`, `BadText`."""
    email = a_text(text).strip()
    if not is_mailable(email):
        raise NotMailable(_("This is no e-mail address to which we can write."))
    return email
