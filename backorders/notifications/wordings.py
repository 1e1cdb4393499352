"""Words of our own around the facts of a mail: texts with a few named places, never templates.

A text is plain. `{number}` and its like are the only signs with a meaning, each name stands in `PLACES`, and every
other brace is refused; what people type is filled in by this module alone and never reaches the template engine. A text
that names a place which a letter cannot fill (`{when}` where there is no date) is not used there: the shipped words do.
"""

import re
from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from backorders.notifications.models import Wording
from backorders.refusal import Refused

# The name of a place, and of what in the words of a part fills it.
PLACES = {
    "number": "number",
    "count": "count",
    "when": "brief",
    "window": "window",
    "was": "was",
    "on": "on_brief",
    "next_update": "next_update",
    "name": "name",
    "company": "company",
}
# At least one of these stands in a subject: whoever reads only that must learn a date.
DATED = ("when", "window", "on", "next_update")
# What an answer of a person can name: dates stand below it, as the promise has them.
UNDATED = ("number", "name", "company")
TEXTS = ("subject", "headline", "lede", "preheader", "opening", "closing")
LABELS = (_("Subject"), _("Headline"), _("Lede"), _("Preheader"), _("Opening"), _("Closing"))

_PLACE = re.compile(r"\{([^{}]*)\}")
_SORRY = re.compile(r"sorry|apolog|özür|üzgün", re.IGNORECASE)


class BadWording(Refused):
    """A text with a place nobody can fill, an apology, or a subject that says no date."""


class Words(NamedTuple):
    """The texts of a wording; an empty one leaves the shipped words."""

    subject: str = ""
    headline: str = ""
    lede: str = ""
    preheader: str = ""
    opening: str = ""
    closing: str = ""


Wordings = Mapping[tuple[str, str], Words]
NONE: Wordings = {}


def in_force() -> dict[tuple[str, str], Words]:
    """Return the words to use, by kind and language: of each the newest approved version that was not withdrawn."""
    approved = Wording.objects.filter(approved_at__isnull=False, withdrawn_at=None)
    rows = approved.order_by("kind", "language", "version").values_list("kind", "language", *TEXTS)
    return {(kind, language): Words(*texts) for kind, language, *texts in rows}


def checked(words: Words) -> Words:
    """Return the words without surrounding space; raise `BadWording` with what to put right."""
    words = Words._make(text.strip() for text in words)
    if not any(words):
        raise BadWording(_("Write at least one text; those left empty keep the shipped words."))
    for label, text in zip(LABELS, words, strict=True):
        _check(label, text)
    if words.subject and not set(DATED) & set(_PLACE.findall(words.subject)):
        places = ", ".join(f"{{{name}}}" for name in DATED)
        raise BadWording(_("Subject: say a date in it, with one of %(places)s."), places=places)
    return words


def checked_answer(label: Any, text: str) -> str:
    """Return a text that an answer can begin with; raise `BadWording` if it names a date, or what nobody can fill."""
    _check(label, text, UNDATED)
    return text


def filled(text: str, places: Mapping[str, str]) -> str | None:
    """Return the text with its places filled, or None if one of them has nothing to say here."""
    if not text or not all(places.get(name) for name in _PLACE.findall(text)):
        return None
    return _PLACE.sub(lambda found: places[found[1]], text)


def places_of(words: Mapping[str, Any], *, name: str, company: str) -> dict[str, str]:
    """Return what each place says in a part whose values are `words`."""
    known = {**words, "name": name, "company": company}
    return {place: str(known[value]) for place, value in PLACES.items()}


def paragraphs(text: str) -> SafeString:
    """Return plain text as paragraphs of HTML, every sign of it escaped."""
    if not text:
        return SafeString()
    found = [part.strip().splitlines() for part in re.split(r"\n\s*\n", text.strip()) if part.strip()]
    lines = [format_html_join(SafeString("<br>"), "{}", ((line,) for line in part)) for part in found]
    return format_html_join("", '<p dir="auto">{}</p>\n', ((part,) for part in lines))


def around(body: str, html: SafeString, *, before: str, after: str) -> tuple[str, SafeString]:
    """Return the text and the HTML of a part with plain text put before and after them."""
    if not (before or after):
        return body, html
    text = "\n\n".join(part for part in (before.strip(), body, after.strip()) if part)
    return text, format_html("{}{}{}", paragraphs(before), html, paragraphs(after))


def _check(label: Any, text: str, places: Collection[str] = PLACES) -> None:
    bare = _PLACE.sub("", text)
    if "{" in bare or "}" in bare:
        raise BadWording(_("%(label)s: a brace stands alone. Places are written like {number}."), label=label)
    for name in _PLACE.findall(text):
        if name not in places:
            known = ", ".join(f"{{{place}}}" for place in places)
            raise BadWording(
                _("%(label)s: there is no place {%(name)s}. There are %(known)s."), label=label, name=name, known=known
            )
    if _SORRY.search(text):
        raise BadWording(_("%(label)s: leave the apology out. It is added where it is due, once."), label=label)
    if "\x00" in text or any("\ud800" <= sign <= "\udfff" for sign in text):
        raise BadWording(_("%(label)s: there are signs in it that cannot be kept."), label=label)
