"""How telling many at once is shown before anybody hears: numbers first, who hears nothing and why, a few mails."""

import datetime
from collections.abc import Sequence
from typing import Any, NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from backorders.actions import telling
from backorders.actions.seconding import limits
from backorders.backoffice.letters_shown import LetterShown, shown_letters
from backorders.notifications import foreseeing, policy, switch, writing
from backorders.notifications.emails import Rendered, Unrenderable
from backorders.notifications.foreseeing import Foreseen
from backorders.notifications.letters import Letter
from backorders.notifications.models import Message
from backorders.notifications.reading import last_words

PER_PAGE, NAMED = 25, 5
LANGUAGES = {"en": gettext_lazy("English"), "tr": gettext_lazy("Turkish")}

SPECIAL: dict[str, Any] = {
    "first": gettext_lazy("The first"),
    "longest": gettext_lazy("The longest"),
    "no_date": gettext_lazy("Without a date"),
    "over_new_year": gettext_lazy("Over the end of a year"),
    "long_name": gettext_lazy("The longest name"),
    "sort": gettext_lazy("Another kind or language"),
}


class Excluded(NamedTuple):
    """Customers to whom no mail leaves: why, how many, some of them, and what happens instead."""

    why: str
    number: int
    names: list[str]
    instead: str
    tone: str


class Sort(NamedTuple):
    """How many mails of one kind leave, in all and in each language."""

    kind: str
    number: int
    by_language: list[int]


class Sample(NamedTuple):
    """One mail as it will look; without words there is a reason."""

    why: str
    customer_id: int
    customer: str
    language: str
    kind: str
    mail: Rendered | None
    problem: str


def numbers(foreseen: Foreseen, *, at: datetime.datetime) -> dict[str, Any]:
    """Return the numbers of the page: mails by kind and language, exclusions, how long it takes, the limit."""
    languages = sorted({language for _kind, language in foreseen.kinds})
    customers = len(foreseen.customers)
    return {
        "number": len(foreseen.letters),
        "languages": [LANGUAGES.get(language, language) for language in languages],
        "sorts": _sorts(foreseen, languages),
        "lines": sum(claim.version is not None for letter in foreseen.written for claim in letter.claims),
        "excluded": [each for each in _excluded(foreseen) if each.number],
        "lately": len(foreseen.heard_lately),
        "customers": customers,
        "all": len(foreseen.everybody),
        "takes": _seconds(customers, at=at),
        "is_many": customers > telling.AT_ONCE,
        "is_held": not switch.mail_switch(at=at).is_on,
        "limit": limits().recipients,
        "token": foreseen.token,
    }


def page(foreseen: Foreseen, number: int, *, at: datetime.datetime) -> tuple[list[LetterShown], bool]:
    """Return one page of the recipients, those who are written to first, and whether another follows."""
    everybody = _everybody(foreseen)
    start = (number - 1) * PER_PAGE
    some = everybody[start : start + PER_PAGE]
    late = [letter.to.customer_id for why, letter in some if why == "heard_lately"]
    told_at = last_words(late, at, policy.telling()) if late else {}
    shown = [(letter, *_state(why, letter, told_at.get(letter.to.customer_id), at)) for why, letter in some]
    return shown_letters(shown), len(everybody) > start + PER_PAGE


def one(foreseen: Foreseen, place: int) -> tuple[Sample, int] | None:
    """Return the mail at a place (from 1) of all that would be written, and how many there are; None where none is."""
    everybody = _everybody(foreseen)
    if not 1 <= place <= len(everybody):
        return None
    return _sample("", everybody[place - 1][1]), len(everybody)


def _everybody(foreseen: Foreseen) -> list[tuple[str, Letter]]:
    """Return every letter with which list it is in, those who are written to first."""
    lists = ("letters", "held", "without_address", "suppressed", "heard_lately")
    return [(name, letter) for name in lists for letter in getattr(foreseen, name)]


def _state(why: str, letter: Letter, told_at: datetime.datetime | None, at: datetime.datetime) -> tuple[str, str]:
    """Return in words what becomes of a letter, and its tone."""
    orders = len({order.order_id for part in letter.parts for order in part.orders})
    match why:
        case "held":
            return _("Held by staff"), "warn"
        case "without_address":
            return _("No e-mail → calls"), "bad"
        case "suppressed":
            return _("Suppressed → calls"), "bad"
        case "heard_lately":
            hours = int((at - told_at).total_seconds() // 3600) if told_at else 0
            return _("Held: told %(hours)s h ago") % {"hours": hours}, "warn"
    if letter.kind == Message.Kind.ANSWER_NEEDED:
        return _("Will send: asks for an answer"), "warn"
    if orders > 1:
        return ngettext("Merged: %(count)s order", "Merged: %(count)s orders", orders) % {"count": orders}, "good"
    return _("Will send"), "good"


def samples(foreseen: Foreseen) -> list[Sample]:
    """Return a few of the mails as they will look."""
    return [_sample(str(SPECIAL[why]), letter) for why, letter in foreseeing.samples(foreseen.letters)]


def _sample(why: str, letter: Letter) -> Sample:
    kind = _(str(Message.Kind(letter.kind).label))
    about = (why, letter.to.customer_id, letter.to.name, letter.to.language, kind)
    try:
        return Sample(*about, writing.shown(letter), "")
    except Unrenderable as refusal:
        return Sample(*about, None, str(refusal))


def _sorts(foreseen: Foreseen, languages: Sequence[str]) -> list[Sort]:
    kinds = {kind: sum(n for (other, _l), n in foreseen.kinds.items() if other == kind) for kind, _l in foreseen.kinds}
    ordered = sorted(kinds, key=lambda kind: (-kinds[kind], kind))
    return [
        Sort(
            _(str(Message.Kind(kind).label)),
            kinds[kind],
            [foreseen.kinds[kind, language] for language in languages],
        )
        for kind in ordered
    ]


def _excluded(foreseen: Foreseen) -> list[Excluded]:
    call = _("becomes a call")
    return [
        _of(foreseen.without_address, _("No e-mail address"), call, "bad"),
        _of(foreseen.suppressed, _("The address is not mailed any more"), call, "bad"),
        _of(foreseen.held, _("Their last mail is held by staff"), _("is written and held, too"), "warn"),
        _of(
            foreseen.heard_lately,
            _("Heard from us about a date less than 48 hours ago"),
            _("hear in the usual time"),
            "",
        ),
        Excluded(
            _("Nothing new to hear"),
            len(foreseen.nothing_new),
            [],
            _("know what we expect, or a message is on its way"),
            "",
        ),
    ]


def _of(letters: Sequence[Letter], why: str, instead: str, tone: str) -> Excluded:
    return Excluded(why, len(letters), [letter.to.name for letter in letters[:NAMED]], instead, tone)


def _seconds(customers: int, *, at: datetime.datetime) -> str:
    """Return in words how long it takes to write to so many, at the pace of the last time."""
    if customers <= telling.AT_ONCE:
        return ""
    seconds = max(round(customers / telling.pace(at=at)), 1)
    if seconds < 90:
        return ngettext("about %(count)s second", "about %(count)s seconds", seconds) % {"count": seconds}
    minutes = round(seconds / 60)
    return ngettext("about %(count)s minute", "about %(count)s minutes", minutes) % {"count": minutes}
