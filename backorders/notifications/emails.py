"""A letter becomes a subject, a text and an HTML body in the customer's language, all three saying the same.

Each kind of mail is a folder of templates. `subject.txt` holds everything short, in paragraphs divided by `---`: the
subject's wordings from the best to the shortest (the first that fits is taken), the headline, the line beneath it, and
the preview line. `body.txt` and `body.html` hold what the kind says; `frame.*` puts the parts of a letter together.
"""

import decimal
import hashlib
import re
import textwrap
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from babel.numbers import format_currency
from django.conf import settings
from django.template import Context, Template
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy as _

from backorders.allocation.windows import Window
from backorders.delays.law import State
from backorders.delays.packs import Measures, Silence
from backorders.notifications import dates
from backorders.notifications.letters import (
    Alternative,
    Gift,
    Item,
    Kind,
    Letter,
    Option,
    OrderPart,
    Parcel,
    Part,
    shown,
    sorry_once,
)
from backorders.notifications.links import links_to_choices
from backorders.notifications.policy import TELLING
from backorders.notifications.templates import compiled
from backorders.notifications.wordings import NONE, Wordings, Words, around, filled, paragraphs, places_of
from backorders.refusal import Refused

SUBJECT_LENGTH = 60
TEXT_WIDTH = 76
LANGUAGES = tuple(dates.BABEL)
# Mails that lead to the page on which their order is cancelled.
CANCELLABLE = (
    *(Kind.LATER, Kind.NO_DATE, Kind.ANSWER_NEEDED, Kind.HEARTBEAT, Kind.ALTERNATIVE_OFFER),
    *(Kind.CONFIRMATION, Kind.APPROACHING, Kind.SUBSTITUTED),
)

_BLANK_LINES = re.compile(r"\n{3,}")


class Unrenderable(Refused):
    """The letter cannot be put into words; the reason is for the person who will call the customer."""


class Rendered(NamedTuple):
    """A mail as it is stored and sent."""

    subject: str
    text: str
    html: str

    @property
    def content_hash(self) -> str:
        """SHA-256 over all three, in hex."""
        return hashlib.sha256("\0".join(self).encode()).hexdigest()


def render(letter: Letter, *, links: Mapping[int, str], wordings: Wordings = NONE) -> Rendered:
    """Return the letter in its customer's language; `links` are the addresses of the status pages by order id.

    `wordings` are our own words around the facts, by kind and language.

    Raises `Unrenderable` if there are no words for it.
    """
    language = letter.to.language
    if language not in LANGUAGES:
        raise Unrenderable(_("No mail is written in the language “%(language)s”."), language=language)
    parts, left_out = shown(letter.parts, orders=TELLING.orders_shown, items=TELLING.items_shown)
    said = Said()
    spoken = [
        _spoken(part, links, letter, wordings.get((part.kind, language), Words()), said) for part in sorry_once(parts)
    ]
    first = spoken[0]
    context = {
        "company": company(),
        "language": language,
        "name": letter.to.name,
        "parts": spoken,
        "preface": letter.preface,
        "preface_html": paragraphs(letter.preface),
        "left_out": left_out,
        "subject": first["subject"],
        "headline": first["headline"],
        "lede": first["lede"],
        "preheader": first["preheader"],
        "is_to_supplier": False,
    }
    text = _tidy(_fill("emails/frame.txt", language, context, is_html=False))
    return Rendered(first["subject"], text, _fill("emails/frame.html", language, context, is_html=True))


def render_page(kind: str, context: dict[str, Any], *, name: str, language: str, preface: str = "") -> Rendered:
    """Return a mail to a supplier: one part of this kind, whose words are all in `context`, in the same frame.

    `preface` is a paragraph that a person put above it.
    """
    folder = f"emails/{kind}"
    given = {"part": context}
    subjects, headline, lede, preheader = (
        paragraph.strip() for paragraph in _fill(f"{folder}/subject.txt", language, given, is_html=False).split("---\n")
    )
    subject = _fitting(subjects)
    part = {
        "body": _fill(f"{folder}/body.txt", language, given, is_html=False).strip(),
        "html": _safe(_fill(f"{folder}/body.html", language, given, is_html=True)),
    }
    around = {"company": company(), "language": language, "name": name, "parts": [part], "is_to_supplier": True}
    words = {"subject": subject, "headline": headline, "lede": lede, "preheader": preheader}
    words |= {"preface": preface, "preface_html": paragraphs(preface)}
    text = _tidy(_fill("emails/frame.txt", language, {**around, **words}, is_html=False))
    return Rendered(subject, text, _fill("emails/frame.html", language, {**around, **words}, is_html=True))


def company() -> dict[str, str]:
    """Who writes, as the settings say."""
    return {
        "name": settings.COMPANY_NAME,
        "address": settings.COMPANY_ADDRESS,
        "phone": settings.COMPANY_PHONE,
    }


class Said:
    """What a letter has offered so far, by order: whoever reads of an order in two parts finds each button once."""

    def __init__(self) -> None:
        self.pages: set[int] = set()
        self.keeping: set[int] = set()
        self.cancelling: set[int] = set()
        self.alternatives: set[int] = set()

    def once(self, part: Part, words: dict[str, Any]) -> dict[str, Any]:
        """Return the words of a part with the buttons that no part before it has."""
        for order, spoken in zip(part.orders, words["orders"], strict=True):
            asks = part.option is not None and part.option.silence == Silence.CANCEL
            spoken["is_first"] = _first_time(order.order_id, self.pages)
            spoken["offers_keep"] = asks and _first_time(order.order_id, self.keeping)
            spoken["offers_cancel"] = part.kind in CANCELLABLE and _first_time(order.order_id, self.cancelling)
            if part.kind == Kind.ALTERNATIVE_OFFER:
                self.alternatives.add(order.order_id)
            elif spoken["alternatives"] and not _first_time(order.order_id, self.alternatives):
                spoken["alternatives"] = 0
        offered = ("offers_keep", "offers_cancel", "alternatives")
        words["offers_choices"] = any(spoken[name] for spoken in words["orders"] for name in offered)
        return words


def _first_time(order_id: int, known: set[int]) -> bool:
    is_new = order_id not in known
    known.add(order_id)
    return is_new


def _spoken(part: Part, links: Mapping[int, str], letter: Letter, own: Words, said: Said) -> dict[str, Any]:
    """Return a part with its wording in place: what its templates made of it, and our own words where there are any."""
    language = letter.to.language
    context = {"part": said.once(part, _words(part, links, language))}
    folder = f"emails/{part.kind}"
    subjects, headline, lede, preheader = (
        paragraph.strip()
        for paragraph in _fill(f"{folder}/subject.txt", language, context, is_html=False).split("---\n")
    )
    places = places_of(context["part"], name=letter.to.name, company=settings.COMPANY_NAME)
    subject, *short = (filled(text, places) for text in own[:4])
    body, html = around(
        _fill(f"{folder}/body.txt", language, context, is_html=False).strip(),
        _safe(_fill(f"{folder}/body.html", language, context, is_html=True)),
        before=filled(own.opening, places) or "",
        after=filled(own.closing, places) or "",
    )
    return {
        "subject": _fitting(f"{subject or ''}\n{subjects}"),
        "headline": short[0] or headline,
        "lede": short[1] or lede,
        "preheader": short[2] or preheader,
        "body": body,
        "html": html,
    }


def _safe(html: str) -> SafeString:
    return mark_safe(html)  # noqa: S308 its template escaped it


def _fitting(subjects: str) -> str:
    wordings = [" ".join(line.split()) for line in subjects.splitlines() if line.strip()]
    return next((wording for wording in wordings if len(wording) <= SUBJECT_LENGTH), wordings[-1][:SUBJECT_LENGTH])


def _fill(name: str, language: str, context: dict[str, Any], *, is_html: bool) -> str:
    template: Template = compiled(name, language)
    return template.render(Context(context, autoescape=is_html, use_l10n=False))


# -- words for values -------------------------------------------------------------------------------------------------


def _words(part: Part, links: Mapping[int, str], language: str) -> dict[str, Any]:
    windows = part.windows
    was = sorted({item.was for order in part.orders for item in order.items if item.was})
    parcels = [parcel for order in part.orders for parcel in order.parcels]
    sent = max((parcel.sent_on for parcel in parcels), default=part.on)
    arrived = max((parcel.arrived_on for parcel in parcels if parcel.arrived_on), default=part.on)
    sooner = min(
        (choice.window for order in part.orders for item in order.items for choice in item.alternatives), default=None
    )
    return {
        "orders": [_order(order, links, language) for order in part.orders],
        "is_one": len(part.orders) == 1,
        "is_one_date": len(windows) == 1,
        "is_part": any(order.is_part for order in part.orders),
        "count": len(part.orders),
        "number": part.orders[0].number,
        "window": dates.in_words(windows[0], language) if len(windows) == 1 and _all_dated(part) else "",
        "brief": dates.in_brief(windows[0], language) if windows else "",
        "was": dates.in_words(was[0], language) if len(was) == 1 else "",
        "reason": part.reason,
        "option": _option(part.option, language) if part.option else None,
        "is_sorry": part.is_sorry,
        "is_waiting": any(order.items for order in part.orders),
        "text": part.text,
        "question": part.question,
        "question_html": paragraphs(part.question),
        "code": part.code,
        "text_html": paragraphs(part.text),
        "has_dates": any(item.window for order in part.orders for item in order.items),
        "is_owed": any(order.owed for order in part.orders),
        "next_update": dates.day_in_words(part.next_update_on, language) if part.next_update_on else "",
        "next_update_brief": dates.day_in_brief(part.next_update_on, language) if part.next_update_on else "",
        "on": dates.day_in_words(part.on, language),
        "on_brief": dates.day_in_brief(part.on, language),
        "sent_brief": dates.day_in_brief(sent, language),
        "arrived_brief": dates.day_in_brief(arrived, language),
        "arrived": dates.day_in_words(arrived, language),
        "sooner": _window(sooner, language),
        "sooner_brief": dates.in_brief(sooner, language) if sooner else "",
    }


def _option(option: Option, language: str) -> dict[str, Any]:
    """What the law lets the customer decide, in words for dates; the sentences hang on `silence` alone."""
    return {
        "silence": option.silence,
        "is_renewed": option.state == State.OPT_RENEWED,
        "may_end": option.state == State.MAY_TERMINATE,
        "is_reminder": option.is_reminder,
        "ships": option.measures == Measures.SHIP,
        "until": dates.day_in_words(option.until, language) if option.until else "",
        "answer_by": dates.day_in_words(option.answer_by, language) if option.answer_by else "",
        "answer_by_brief": dates.day_in_brief(option.answer_by, language) if option.answer_by else "",
    }


def _all_dated(part: Part) -> bool:
    return all(item.window for order in part.orders for item in (*order.items, *order.ready))


def _order(order: OrderPart, links: Mapping[int, str], language: str) -> dict[str, Any]:
    return {
        "number": order.number,
        "placed": dates.day_in_words(order.placed_on, language),
        "url": links[order.order_id],
        **links_to_choices(links[order.order_id]),
        "is_paid": order.is_paid,
        "alternatives": order.alternatives,
        "items": [_item(item, language) for item in order.items],
        "ready": [_item(item, language) for item in order.ready],
        "rest": [_item(item, language) for item in order.rest],
        "parcels": [_parcel(parcel, language) for parcel in order.parcels],
        "refund": _money(order, language),
        "refund_by": dates.day_in_words(order.owed.due_on, language) if order.owed else "",
        "on_top": _amount(*order.on_top, language) if order.on_top else "",
        "gift": _gift(order.gift, language) if order.gift else None,
        "is_whole": order.is_whole,
        "more": order.more,
    }


def _item(item: Item, language: str) -> dict[str, Any]:
    return {
        "is_unsaid": item.is_unsaid,
        "instead_of": item.instead_of,
        "what": f"{item.quantity} × {item.name}",
        "window": _window(item.window, language),
        "was": _window(item.was, language),
        "alternatives": [_alternative(choice, language) for choice in item.alternatives],
    }


def _alternative(choice: Alternative, language: str) -> dict[str, Any]:
    off_before = choice.less - choice.back
    return {
        "what": f"{choice.quantity} × {choice.name}",
        "window": dates.in_words(choice.window, language),
        "price": _amount(choice.price, choice.currency, language),
        "price_before": _amount(choice.instead_of_price, choice.currency, language),
        "is_same": choice.price == choice.instead_of_price,
        "back": _amount(choice.back, choice.currency, language) if choice.back and choice.less else "",
        "off_before": _amount(off_before, choice.currency, language) if off_before > 0 else "",
    }


def _window(window: Window | None, language: str) -> str:
    return dates.in_words(window, language) if window else ""


def _parcel(parcel: Parcel, language: str) -> dict[str, str]:
    return {
        "carrier": parcel.carrier,
        "number": parcel.tracking_number,
        "url": parcel.tracking_url,
        "sent": dates.day_in_words(parcel.sent_on, language),
        "arrived": dates.day_in_words(parcel.arrived_on, language) if parcel.arrived_on else "",
    }


def _money(order: OrderPart, language: str) -> str:
    if order.owed is None:
        return ""
    return _amount(order.owed.amount, order.owed.currency, language)


def _gift(gift: Gift, language: str) -> dict[str, str]:
    return {"kind": gift.kind, "amount": _amount(gift.amount, gift.currency, language)}


def _amount(amount: decimal.Decimal, currency: str, language: str) -> str:
    return format_currency(amount, currency, locale=dates.BABEL[language])


# -- the text's shape -------------------------------------------------------------------------------------------------


def _tidy(text: str) -> str:
    """Return the text without runs of empty lines, wrapped to a width that any mail program shows; links stay whole."""
    lines = [_wrapped(line.rstrip()) for line in text.strip().splitlines()]
    return _BLANK_LINES.sub("\n\n", "\n".join(lines)) + "\n"


@lru_cache(maxsize=4096)
def _wrapped(line: str) -> str:
    if len(line) <= TEXT_WIDTH or "://" in line:
        return line
    indent = "  " if line.startswith(("* ", "  ")) else ""
    return textwrap.fill(line, TEXT_WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
