"""A refusal says that the rules do not allow what was asked, in a sentence fit for the person who asked."""

import datetime
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise, lazy
from django.utils.translation import override


class Refused(Exception):
    """Asked for something the rules do not allow; nothing was changed.

    Subclasses are named for the refusal and raised where the rule stands. `str(refusal)` is the sentence for the
    clerk, in the language of the moment it is read: the sentence is a lazy translation, its placeholders are filled
    from `details` (as `said` fills them). `details` may hold more than the sentence says (substitutes, the newer
    change, the row's number).
    """

    def __init__(self, sentence: Any, **details: Any) -> None:
        super().__init__(sentence)
        self.details = details

    def __str__(self) -> str:
        sentence = self.args[0]
        is_to_fill = isinstance(sentence, Promise) and self.details
        return _filled(sentence, self.details) if is_to_fill else str(sentence)


class Stale(Refused):
    """Somebody changed the same thing since it was shown; the details say what changed."""


class Busy(Refused):
    """The rows were locked by others for too long, three times in a row; asking again is safe."""


def said(sentence: Any, **values: Any) -> Any:
    """Return a sentence with its values, in the language of the moment it is read.

    A value may be a sentence of this kind. Moments are written in the reader's zone, days as the reader writes them.
    """
    return _said(sentence, values)


def in_every_language(sentence: Any) -> dict[str, str]:
    """Return the sentence by language code, to keep it for readers who come later."""
    spoken = {}
    for code, _name in settings.LANGUAGES:
        with override(code):
            spoken[code] = str(sentence)
    return spoken


def _filled(sentence: Any, values: Mapping[str, Any]) -> str:
    return str(sentence % {name: _written(value) for name, value in values.items()})


_said = lazy(_filled, str)


def _written(value: Any) -> Any:
    if isinstance(value, datetime.datetime):
        return date_format(timezone.localtime(value), "j M Y H:i")
    return date_format(value, "j M Y") if isinstance(value, datetime.date) else value
