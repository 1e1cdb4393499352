"""Keys: an act that comes twice under the same key happens once, and the key stands for that act alone."""

from django.utils.translation import gettext_lazy as _

from backorders.actions.checking import fitting
from backorders.changes.acts import named
from backorders.changes.models import ChangeSet
from backorders.changes.recording import done_before
from backorders.refusal import Refused


class KeyTaken(Refused):
    """The key was used before, for another act or with other content."""


def known_act(act: str, *, key: str | None) -> ChangeSet | None:
    """Return the change set that did this act under the key before, or None; refuse a key that another act used."""
    fitting(ChangeSet, key=key or "")
    done = done_before(key)
    if done is not None and done.act != act:
        raise KeyTaken(_("This key was used before, for “%(act)s”."), act=named(done.act))
    return done


def same_content(*, is_same: bool) -> None:
    """Refuse a key that comes again with other content."""
    if not is_same:
        raise KeyTaken(_("This key was used before, with other content. Nothing was saved."))
