"""Wording: our own words around the facts of a mail, written by one person and approved by another."""

import datetime

from django.contrib.auth.models import AbstractBaseUser
from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from backorders.actions.checking import fitting
from backorders.actions.done import Done
from backorders.allocation.impact import Impact
from backorders.changes.acting import act
from backorders.changes.recording import open_change
from backorders.notifications import wordings
from backorders.notifications.models import TO_CUSTOMERS, Wording
from backorders.notifications.wordings import BadWording, Words
from backorders.refusal import Refused, Stale


class NotApproved(Refused):
    """Nobody approves their own words, or what was approved or withdrawn before."""


@act
def write_words(
    kind: str,
    *,
    language: str,
    words: Words,
    seen_version: int | None = None,
    by: AbstractBaseUser,
    at: datetime.datetime,
) -> Done[Wording]:
    """Keep a new version of the words of a kind of mail; it is used once somebody else approved it.

    Raises `BadWording`, `BadText`, `Stale` if there is a newer version than was seen (0: none was there).
    """
    if kind not in TO_CUSTOMERS or language not in dict(Wording._meta.get_field("language").flatchoices):
        raise BadWording(_("There is no such kind of mail, or no such language."))
    words = wordings.checked(words)
    short = {name: text for name, text in words._asdict().items() if name not in ("opening", "closing")}
    fitting(Wording, **short)
    newest = Wording.objects.filter(kind=kind, language=language).aggregate(n=Max("version"))["n"] or 0
    if seen_version is not None and newest != seen_version:
        raise Stale(
            _(
                "Version %(newest)s of these words was written since you opened them. Nothing was saved; "
                "look at it first: it stands under “Versions”."
            ),
            newest=newest,
        )
    change = open_change("write_words", summary={"kind": kind, "language": language}, by=by, at=at)
    made = Wording.objects.create(
        kind=kind,
        language=language,
        version=newest + 1,
        written_by=by,  # type: ignore[misc]  # the stubs know only the default user model
        written_at=at,
        **words._asdict(),
    )
    return Done(change, Impact(), made)


@act
def approve_words(wording: Wording, *, by: AbstractBaseUser, at: datetime.datetime) -> Done[Wording]:
    """Let these words be used from the next mail on. Raises `NotApproved`: never one's own, never twice."""
    if wording.written_by_id == by.pk:
        raise NotApproved(_("Somebody else has to approve what you wrote."))
    waiting = Wording.objects.filter(pk=wording.pk, approved_at=None, withdrawn_at=None)
    if not waiting.update(approved_by=by, approved_at=at):
        raise NotApproved(_("These words were approved or withdrawn before."))
    return _done("approve_words", wording, by, at)


@act
def withdraw_words(wording: Wording, *, by: AbstractBaseUser, at: datetime.datetime) -> Done[Wording]:
    """Use these words no longer: the version before them, or the shipped ones, stand again. Raises `NotApproved`."""
    if not Wording.objects.filter(pk=wording.pk, withdrawn_at=None).update(withdrawn_at=at):
        raise NotApproved(_("These words were withdrawn before."))
    return _done("withdraw_words", wording, by, at)


def _done(verb: str, wording: Wording, by: AbstractBaseUser, at: datetime.datetime) -> Done[Wording]:
    wording.refresh_from_db()
    summary = {"kind": wording.kind, "language": wording.language, "version": wording.version}
    return Done(open_change(verb, summary=summary, by=by, at=at), Impact(), wording)
