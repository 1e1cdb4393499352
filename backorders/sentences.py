"""Sentences of ours that are stored: kept in every language, read in the reader's."""

import json
from typing import Any

from django.conf import settings
from django.db import models
from django.utils.functional import Promise, lazy
from django.utils.translation import get_language

from backorders.refusal import Refused, in_every_language

Sentence = str | Promise | Refused


class SentenceField(models.TextField):  # type: ignore[type-arg]  # what is set is any sentence, what is read is text
    """A text that is either somebody's own words, kept as they are, or a sentence of ours, kept in every language.

    A lazy translation or a refusal that is set is stored as {"en": …, "tr": …}; what is read back is text in the
    language of the moment it is read.
    """

    def kept(self, sentence: Any) -> Any:
        """Return the text that is stored for a sentence."""
        if not isinstance(sentence, Promise | Refused):
            return sentence
        spoken = in_every_language(sentence)
        words = set(spoken.values())
        return words.pop() if len(words) == 1 else json.dumps(spoken, ensure_ascii=False)

    def get_prep_value(self, value: Any) -> Any:
        """Store a sentence in every language."""
        return super().get_prep_value(self.kept(value))

    def from_db_value(self, value: str | None, _expression: Any, _connection: Any) -> Any:
        """Return the text for whoever reads it."""
        spoken = _spoken(value) if value and value.startswith("{") else None
        return _read(spoken) if spoken else value


def in_the_readers_language(spoken: dict[str, str]) -> str:
    """Return what `in_every_language` kept, in the language of the moment; nothing of nothing."""
    return str(spoken.get(get_language() or "") or spoken.get(settings.LANGUAGE_CODE, ""))


_read = lazy(in_the_readers_language, str)


def _spoken(text: str) -> dict[str, str] | None:
    try:
        spoken = json.loads(text)
    except ValueError:
        return None
    return spoken if isinstance(spoken, dict) and settings.LANGUAGE_CODE in spoken else None
