"""The mail that one customer would get by a change of ETAs, shown before anything is saved."""

import datetime
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from django.utils.translation import gettext as _

from backorders.actions.etas import EtaChange
from backorders.actions.foretelling import foresee_after
from backorders.actions.revising import preview_eta
from backorders.backoffice.amends_ahead import amends_ahead
from backorders.backoffice.fanouts import LANGUAGES
from backorders.backoffice.impacts import told_by
from backorders.backoffice.masking import masked_words, sees_contacts
from backorders.ids import typed_id
from backorders.notifications import writing
from backorders.notifications.emails import Rendered, Unrenderable
from backorders.notifications.foreseeing import Foreseen
from backorders.notifications.models import Message
from backorders.notifications.policy import rules_in_force
from backorders.supply.models import EtaRevision


class Wanted(NamedTuple):
    """Whose mail (a customer's id) in which language; without them the first customer's, in the customer's own."""

    customer: int | None = None
    language: str = ""

    @classmethod
    def read(cls, typed: str) -> "Wanted":
        """Return what a button or an address says; nonsense wants nothing in particular."""
        customer, _colon, language = typed.partition(":")
        return cls(typed_id(customer), language if language in LANGUAGES else "")

    def __str__(self) -> str:
        return f"{self.customer}:{self.language}"


class LetterAhead(NamedTuple):
    """One customer's mail, the `number`th of those who are told; where none would leave `mail` is None.

    `notes` say what there is to say of it; `kind` is the mail's, whose words around the facts are our own.
    """

    wanted: Wanted
    customer: str
    mail: Rendered | None
    notes: list[str]
    number: int
    of: int
    before: Wanted | None
    after: Wanted | None
    kind: str = ""

    @property
    def label(self) -> str:
        """The kind in words."""
        return _(str(Message.Kind(self.kind).label))

    @property
    def languages(self) -> list[tuple[Wanted, Any, bool]]:
        """What a button asks for, its name, and whether it is shown, for every language of mails."""
        return [
            (self.wanted._replace(language=code), name, code == self.wanted.language)
            for code, name in LANGUAGES.items()
        ]


def letter_ahead(
    changes: Sequence[EtaChange],
    *,
    reason_code: str,
    compensates: bool,
    wanted: Wanted,
    person: Any,
    at: datetime.datetime,
) -> LetterAhead | None:
    """Return the mail that a customer would get by this change; None if nobody would get one. Raises its refusals."""
    impact = preview_eta(changes, at=at)
    told = told_by(impact)
    if not told:
        return None
    place = told.index(wanted.customer) if wanted.customer in told else 0
    customer = told[place]
    wanted = wanted._replace(customer=customer)
    reason = reason_code or EtaRevision.ReasonCode.OTHER
    foreseen = foresee_after(changes, reason_code=reason, customer=customer, compensates=compensates, at=at)
    foreseen = foreseen or Foreseen()
    notes = [] if reason_code else [_("No reason is chosen yet; customers hear some of them.")]
    name, language, kind, mail = "", wanted.language, "", None
    for letter in [*foreseen.written, *foreseen.heard_lately][:1]:
        name, language, kind = letter.to.name, wanted.language or letter.to.language, letter.kind
        try:
            mail = _seen_by(person, writing.shown(replace(letter, to=letter.to._replace(language=language))))
        except Unrenderable as refusal:
            notes.append(str(refusal))
    notes += amends_ahead(impact, customers=[customer], is_withheld=not compensates, at=at)
    return LetterAhead(
        wanted._replace(language=language),
        name,
        mail,
        [*notes, *_notes(foreseen)],
        place + 1,
        len(told),
        Wanted(told[place - 1]) if place else None,
        Wanted(told[place + 1]) if place + 1 < len(told) else None,
        kind,
    )


def _notes(foreseen: Foreseen) -> list[str]:
    if foreseen.heard_lately:
        hours = rules_in_force().cap_hours
        return [
            _("They heard of a date in the last %(hours)s hours and hear of this one after that.") % {"hours": hours}
        ]
    if foreseen.held:
        return [_("Their last mail is held by staff: this one would be held, too.")]
    if foreseen.without_address or foreseen.suppressed:
        return [_("No mail reaches them: somebody has to call.")]
    return [] if foreseen.letters else [_("Nothing would be left to tell them.")]


def _seen_by(person: Any, mail: Rendered) -> Rendered:
    return mail if sees_contacts(person) else Rendered(*map(masked_words, mail))
