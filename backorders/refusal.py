"""A refusal says that the rules do not allow what was asked, in a sentence fit for the person who asked."""

from typing import Any


class Refused(Exception):
    """Asked for something the rules do not allow; nothing was changed.

    Subclasses are named for the refusal and raised where the rule stands. `str(refusal)` is the sentence for the
    clerk; `details` holds plain values a face may show beside it (substitutes, the newer change, the row's number).
    """

    def __init__(self, sentence: str, **details: Any) -> None:
        super().__init__(sentence)
        self.details = details


class Stale(Refused):
    """Somebody changed the same thing since it was shown; the details say what changed."""


class Busy(Refused):
    """The rows were locked by others for too long, three times in a row; asking again is safe."""
