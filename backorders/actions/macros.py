"""Macros: the short answers that our people begin with, kept by those who write the words of mails."""

import datetime

from django.contrib.auth.models import AbstractBaseUser
from django.utils.translation import gettext_lazy as _

from backorders.actions.caring import LONGEST
from backorders.actions.checking import fitting
from backorders.actions.done import Done
from backorders.allocation.impact import Impact
from backorders.changes.acting import act
from backorders.changes.recording import open_change
from backorders.notifications.models import Macro
from backorders.notifications.wordings import checked_answer
from backorders.refusal import Refused, Stale


class BadMacro(Refused):
    """A macro without a name or one of its texts, with a text that is too long, or with the name of another."""


class WithdrawnBefore(Refused):
    """The macro is not in use any more."""


@act
def write_macro(
    macro: Macro | None,
    *,
    name: str,
    english: str,
    turkish: str,
    seen_version: int | None = None,
    by: AbstractBaseUser,
    at: datetime.datetime,
) -> Done[Macro]:
    """Keep a new macro, or what `macro` says now. It is used at once: whoever answers reads it before it leaves.

    Raises `BadMacro`, `BadWording`, `BadText`, `WithdrawnBefore`, `Stale` if it is newer than was seen.
    """
    said = {"name": name.strip(), "english": english.strip(), "turkish": turkish.strip()}
    if not all(said.values()):
        raise BadMacro(_("A macro needs a name and its text in both languages."))
    if max(len(said["english"]), len(said["turkish"])) > LONGEST:
        raise BadMacro(_("A text is longer than the %(most)s characters that an answer may have."), most=LONGEST)
    fitting(Macro, name=said["name"])
    checked_answer(_("English"), said["english"])
    checked_answer(_("Turkish"), said["turkish"])
    others = Macro.objects.filter(name=said["name"], withdrawn_at=None)
    if (others.exclude(pk=macro.pk) if macro else others).exists():
        raise BadMacro(_("There is a macro of this name already."))
    known = Macro.objects.select_for_update().get(pk=macro.pk) if macro else None
    if known is None:
        made = Macro.objects.create(**said, written_by=by, written_at=at)  # type: ignore[misc]
        return _done("write_macro", made, {}, by, at)
    if known.withdrawn_at is not None:
        raise WithdrawnBefore(_("This macro was withdrawn."))
    if seen_version is not None and known.version != seen_version:
        raise Stale(_("Somebody changed this macro since you opened it. Nothing was saved; look at it first."))
    before = {field: getattr(known, field) for field in said}
    for field, text in said.items():
        setattr(known, field, text)
    known.version, known.written_by, known.written_at = known.version + 1, by, at  # type: ignore[assignment]
    known.save()
    return _done("write_macro", known, before, by, at)


@act
def withdraw_macro(macro: Macro, *, by: AbstractBaseUser, at: datetime.datetime) -> Done[Macro]:
    """Offer a macro no longer; what was answered with it stays. Raises `WithdrawnBefore`."""
    if not Macro.objects.filter(pk=macro.pk, withdrawn_at=None).update(withdrawn_at=at):
        raise WithdrawnBefore(_("This macro was withdrawn."))
    macro.refresh_from_db()
    return _done("withdraw_macro", macro, {}, by, at)


def _done(verb: str, macro: Macro, before: dict[str, str], by: AbstractBaseUser, at: datetime.datetime) -> Done[Macro]:
    summary = {"macro": macro.name, "version": macro.version}
    return Done(open_change(verb, summary=summary, before=before, by=by, at=at), Impact(), macro)
