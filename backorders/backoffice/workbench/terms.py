"""What may be typed into a search box: words, and operators like status:late or value:>500, in English or Turkish."""

import datetime
import re
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

from django.utils.translation import gettext as _

from backorders.importing.spoken import asked_span
from backorders.searching import plain

# Everything that can be asked for, by its English name; the others are what it is called in Turkish, or for short.
NAMES = {
    "status": ("durum",),
    "sku": ("urun", "product"),
    "supplier": ("tedarikci",),
    "eta": ("varis", "expected", "beklenen"),
    "told": ("bildirilen",),
    "value": ("deger", "tutar"),
    "owner": ("ilgilenen", "sahip"),
    "tier": ("duzey",),
    "cause": ("neden",),
    "wait": ("bekleme",),
    "po": ("satinalma",),
}
_KNOWN = {alias: name for name, aliases in NAMES.items() for alias in (name, *aliases)}
WORDS = {
    "no": ("hayir", "nothing"),
    "yes": ("evet",),
    "none": ("yok",),
    "me": ("ben", "benim"),
    "nobody": ("kimse",),
    "late": ("gecikmis", "gec"),
    "not_told": ("bildirilmedi", "untold", "not-told"),
    "at_risk": ("riskli", "risk", "at-risk"),
    "no_date": ("tarihsiz", "no-date", "no-eta"),
    "stale": ("sessiz", "silent"),
    "answer_due": ("cevap", "answer", "answer-due"),
    "held": ("bekletilen",),
    "expedited": ("hizlandirilmis",),
    "snoozed": ("ertelenmis",),
    "uncovered": ("karsiliksiz",),
    "ready": ("hazir",),
    "waiting": ("bekleyen",),
    "standard": ("standart",),
    "silver": ("gumus",),
    "gold": ("altin",),
    "demand": ("talep",),
    "supply": ("tedarik",),
    "forecast": ("tahmin",),
    "launch": ("lansman",),
    "promotion": ("kampanya",),
}
_WORDS = {alias: word for word, aliases in WORDS.items() for alias in (word, *aliases)}
_TERM = re.compile(r'(?:(?P<name>[^\W\d_][\w-]*):)?(?:"(?P<quoted>[^"]*)"?|(?P<bare>\S+))')
_SIGN = re.compile(r"^(<=|>=|<|>|=)?\s*(.*)$", re.DOTALL)


class Term(NamedTuple):
    """One operator as it was typed: its English name, the comparison ("" for none), what follows, and the text."""

    name: str
    sign: str
    value: str
    text: str

    @property
    def word(self) -> str:
        """The value as one of the words we know, in English; else as it was typed, plain."""
        return _WORDS.get(plain(self.value), plain(self.value))


class Typed(NamedTuple):
    """What was typed, taken apart: the words that are no operators, and the operators."""

    words: str
    terms: Sequence[Term]

    @property
    def text(self) -> str:
        """The whole again, in one form."""
        return " ".join([*([self.words] if self.words else []), *(term.text for term in self.terms)])

    def without(self, text: str) -> str:
        """Return the whole without one of its parts."""
        kept = [part for part in [self.words, *(term.text for term in self.terms)] if part and part != text]
        return " ".join(kept)


def read(text: str) -> Typed:
    """Take apart what was typed. What looks like an operator but is none is a word: "10:30" or "http:…"."""
    words, terms = [], []
    for found in _TERM.finditer(text[:300].replace("\x00", "")):
        value = found["bare"] if found["quoted"] is None else found["quoted"]
        name = _KNOWN.get(plain(found["name"] or ""))
        if name is None:
            words.append(found[0].strip('"') if found["name"] is None else found[0])
        elif value:
            sign, rest = _SIGN.match(value).groups()  # type: ignore[union-attr]  # it always matches
            terms.append(Term(name, sign or "", rest.strip(), found[0]))
    return Typed(" ".join(words), terms)


def a_number(value: str) -> Decimal:
    """Return the number a person typed, decimal comma or point. Raises `ValueError`."""
    try:
        number = Decimal(value.replace(",", "."))
    except InvalidOperation:
        raise ValueError(_("“%(value)s” is not a number.") % {"value": value}) from None
    if not number.is_finite() or abs(number) > 10**12:
        raise ValueError(_("“%(value)s” is not a number.") % {"value": value})
    return number


def a_span(value: str, *, today: datetime.date) -> tuple[datetime.date, datetime.date]:
    """Return the days a person means. Raises `ValueError` where `asked_span` finds none."""
    span = asked_span(value, today=today)
    if span is None:
        raise ValueError(_("“%(value)s” is not a date. Try 15.12 or next-week.") % {"value": value})
    return span
