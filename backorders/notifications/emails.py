"""A letter becomes a subject, a text and an HTML body in the customer's language, all three saying the same.

Each kind of mail is a folder of templates. `subject.txt` holds everything short, in paragraphs divided by `---`: the
subject's wordings from the best to the shortest (the first that fits is taken), the headline, the line beneath it, and
the preview line. `body.txt` and `body.html` hold what the kind says; `frame.*` puts the parts of a letter together.
"""

import hashlib
import re
import textwrap
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from babel.numbers import format_currency
from django.conf import settings
from django.template import Context, Template
from django.utils.safestring import mark_safe

from backorders.allocation.windows import Window
from backorders.notifications import dates
from backorders.notifications.letters import Item, Letter, OrderPart, Parcel, Part, shown, sorry_once
from backorders.notifications.policy import TELLING, TellingPolicy
from backorders.notifications.templates import compiled
from backorders.refusal import Refused

SUBJECT_LENGTH = 60
TEXT_WIDTH = 76
LANGUAGES = tuple(dates.BABEL)

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


def render(letter: Letter, *, links: Mapping[int, str], policy: TellingPolicy = TELLING) -> Rendered:
    """Return the letter in its customer's language; `links` are the addresses of the status pages by order id.

    Raises `Unrenderable` if there are no words for it.
    """
    language = letter.to.language
    if language not in LANGUAGES:
        raise Unrenderable(f"No mail is written in the language {language!r}.")
    parts, left_out = shown(letter.parts, orders=policy.orders_shown, items=policy.items_shown)
    spoken = [_spoken(part, links, language) for part in sorry_once(parts)]
    first = spoken[0]
    context = {
        "company": company(),
        "language": language,
        "name": letter.to.name,
        "parts": spoken,
        "left_out": left_out,
        "subject": first["subject"],
        "headline": first["headline"],
        "lede": first["lede"],
        "preheader": first["preheader"],
    }
    text = _tidy(_fill("emails/frame.txt", language, context, is_html=False))
    return Rendered(first["subject"], text, _fill("emails/frame.html", language, context, is_html=True))


def company() -> dict[str, str]:
    """Who writes, as the settings say."""
    return {
        "name": settings.COMPANY_NAME,
        "address": settings.COMPANY_ADDRESS,
        "phone": settings.COMPANY_PHONE,
    }


def _spoken(part: Part, links: Mapping[int, str], language: str) -> dict[str, Any]:
    """Return a part with its wording in place: what its templates made of it."""
    context = {"part": _words(part, links, language)}
    folder = f"emails/{part.kind}"
    subjects, headline, lede, preheader = (
        paragraph.strip()
        for paragraph in _fill(f"{folder}/subject.txt", language, context, is_html=False).split("---\n")
    )
    return {
        "subject": _fitting(subjects),
        "headline": headline,
        "lede": lede,
        "preheader": preheader,
        "body": _fill(f"{folder}/body.txt", language, context, is_html=False).strip(),
        "html": mark_safe(_fill(f"{folder}/body.html", language, context, is_html=True)),  # noqa: S308 escaped by it
    }


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
    sent = max((parcel.sent_on for order in part.orders for parcel in order.parcels), default=part.on)
    return {
        "orders": [_order(order, links, language) for order in part.orders],
        "is_one": len(part.orders) == 1,
        "is_one_date": len(windows) == 1,
        "count": len(part.orders),
        "number": part.orders[0].number,
        "window": dates.in_words(windows[0], language) if len(windows) == 1 and _all_dated(part) else "",
        "brief": dates.in_brief(windows[0], language) if windows else "",
        "was": dates.in_words(was[0], language) if len(was) == 1 else "",
        "reason": part.reason,
        "is_sorry": part.is_sorry,
        "is_near": part.is_near,
        "is_waiting": any(order.items for order in part.orders),
        "is_owed": any(order.owed for order in part.orders),
        "next_update": dates.day_in_words(part.next_update_on, language) if part.next_update_on else "",
        "next_update_brief": dates.day_in_brief(part.next_update_on, language) if part.next_update_on else "",
        "on": dates.day_in_words(part.on, language),
        "on_brief": dates.day_in_brief(part.on, language),
        "sent_brief": dates.day_in_brief(sent, language),
    }


def _all_dated(part: Part) -> bool:
    return all(item.window for order in part.orders for item in (*order.items, *order.ready))


def _order(order: OrderPart, links: Mapping[int, str], language: str) -> dict[str, Any]:
    return {
        "number": order.number,
        "placed": dates.day_in_words(order.placed_on, language),
        "url": links[order.order_id],
        "items": [_item(item, language) for item in order.items],
        "ready": [_item(item, language) for item in order.ready],
        "rest": [_item(item, language) for item in order.rest],
        "parcels": [_parcel(parcel, language) for parcel in order.parcels],
        "refund": _money(order, language),
        "refund_by": dates.day_in_words(order.owed.due_on, language) if order.owed else "",
        "is_whole": order.is_whole,
        "more": order.more,
    }


def _item(item: Item, language: str) -> dict[str, Any]:
    return {
        "is_unsaid": item.is_unsaid,
        "what": f"{item.quantity} × {item.name}",
        "window": _window(item.window, language),
        "was": _window(item.was, language),
    }


def _window(window: Window | None, language: str) -> str:
    return dates.in_words(window, language) if window else ""


def _parcel(parcel: Parcel, language: str) -> dict[str, str]:
    return {
        "carrier": parcel.carrier,
        "number": parcel.tracking_number,
        "url": parcel.tracking_url,
        "sent": dates.day_in_words(parcel.sent_on, language),
    }


def _money(order: OrderPart, language: str) -> str:
    if order.owed is None:
        return ""
    return format_currency(order.owed.amount, order.owed.currency, locale=dates.BABEL[language])


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
