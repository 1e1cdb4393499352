"""What is new in a mail that came in, apart from what it quotes and its signature; and whether a person wrote it. Pure.

Nothing is ever thrown away: what is folded stands below, and where a rule would leave nothing new, all of it is new.
"""

import html as entities
import re
from collections.abc import Callable, Iterable
from email.utils import parseaddr
from typing import NamedTuple

from django.core.exceptions import SuspiciousOperation
from django.utils.html import strip_tags

# The line above a quotation, as mail programs write it; some break it over two or three lines.
_ABOVE_A_QUOTATION = (
    re.compile(r"^On\b.{4,300}\bwrote:\s*$", re.IGNORECASE | re.DOTALL),
    re.compile(r"^.{4,300}\b(?:tarihinde|yazdı)\b.{0,200}:\s*$", re.IGNORECASE | re.DOTALL),
)
_ABOVE_BEGINS = re.compile(r"[\d<@]|^On\b")  # a date, an address
_CUT = re.compile(
    r"^(?:-{2,}\s*(?:Original Message|Forwarded message|Özgün İleti|Orijinal Mesaj)\b.*|_{10,})\s*$", re.I
)
_HEAD = re.compile(r"^\W*(?:From|Kimden|Gönderen)\s*:\W*\s*\S", re.IGNORECASE)
_HEAD_GOES_ON = re.compile(r"^\W*(?:Sent|Date|To|Subject|Gönderildi|Tarih|Kime|Konu)\s*:", re.IGNORECASE)
_SIGNATURE = re.compile(r"^-- ?$")
# Nothing here looks further than the next "<": a mail of a million tags without an end takes as long as any other.
_NOT_SHOWN = re.compile(r"<(/?)(style|script|head|title)\b[^<>]*>", re.IGNORECASE)
_QUOTATION = re.compile(r"<(/?)(blockquote)\b[^<>]*>", re.IGNORECASE)
_ENDS_A_LINE = re.compile(r"<br\b[^<>]*>|</(?:p|div|tr|li|h[1-6]|blockquote)\s*>", re.IGNORECASE)
_TAG = re.compile(r"<[/!?a-z][^<>]*>", re.IGNORECASE)

_AUTOMATIC_SENDERS = re.compile(r"^(?:mailer-daemon|postmaster|no-?reply|do-?not-?reply|bounces?)(?:[+._-].*)?@", re.I)
_REPORTERS = re.compile(r"^(?:mailer-daemon|postmaster)@", re.IGNORECASE)
_BULK = {"bulk", "junk", "list", "auto_reply", "auto-reply"}
_MACHINE_MADE = ("x-auto-response-suppress", "x-autoreply", "x-autorespond", "x-auto-reply", "x-vacation", "list-id")
_AWAY = re.compile(
    r"^(?:automatic reply|auto(?:matic)?[- ]?(?:reply|response)|out of (?:the )?office|otomatik yanıt)", re.I
)


class Unfolded(NamedTuple):
    """What is new in a text, and what it quotes or is signed with."""

    new: str
    folded: str


def unfold(text: str) -> Unfolded:
    """Return a mail's text apart: what was written now, and the rest in its order."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    end = _end_of_new(lines)
    new, folded = _without_quoted(lines[:end])
    if not any(line.strip() for line in new):  # an answer below the quotation
        new, folded = _without_quoted(lines)
        end = len(lines)
    if not any(line.strip() for line in new):
        return Unfolded(text.strip(), "")
    return Unfolded("\n".join(new).strip(), "\n".join([*folded, *lines[end:]]).strip())


def _end_of_new(lines: list[str]) -> int:
    for index, line in enumerate(lines):
        if _CUT.match(line.strip()) or _SIGNATURE.match(line):
            return index
        if _HEAD.match(line) and any(_HEAD_GOES_ON.match(after) for after in lines[index + 1 : index + 5]):
            return index
        for length in (1, 2, 3) if _ABOVE_BEGINS.search(line) else ():
            above = " ".join(part.strip() for part in lines[index : index + length])
            is_above = any(form.match(above) for form in _ABOVE_A_QUOTATION)
            if is_above and _begins_a_quotation(lines[index + length :]):
                return index
    return len(lines)


def _begins_a_quotation(lines: Iterable[str]) -> bool:
    """Whether the first line with something on it is quoted, or nothing follows."""
    return next((line.lstrip().startswith(">") for line in lines if line.strip()), True)


def _without_quoted(lines: list[str]) -> tuple[list[str], list[str]]:
    quoted = [line for line in lines if line.lstrip().startswith(">")]
    return [line for line in lines if not line.lstrip().startswith(">")], quoted


def text_of_html(html: str) -> str:
    """Return the words of an HTML body, quotations marked as such."""
    shown = _replaced(html, _NOT_SHOWN, lambda _element: "")
    return _words(_replaced(shown, _QUOTATION, lambda quotation: f"<br>{_marked(quotation)}<br>"))


def _replaced(html: str, tags: re.Pattern[str], becomes: Callable[[str], str]) -> str:
    """Return the HTML with the outermost elements of these tags replaced; what does not end stays as it is."""
    pieces, rest, first, depth = [], 0, 0, 0
    for tag in tags.finditer(html):
        is_end, name = tag[1], tag[2].lower()
        if not depth and not is_end:
            first, opened, depth = tag.start(), name, 1
        elif depth and name == opened:
            depth += -1 if is_end else 1
            if not depth:
                pieces += [html[rest:first], becomes(html[first : tag.end()])]
                rest = tag.end()
    return "".join([*pieces, html[rest:]])


def _marked(html: str) -> str:
    return "".join(f"&gt; {entities.escape(line)}<br>" for line in _words(html).splitlines() if line.strip())


def _words(html: str) -> str:
    lines = _ENDS_A_LINE.sub("\n", html.replace("\n", " "))
    try:
        text = entities.unescape(strip_tags(lines))
    except SuspiciousOperation:  # tags in tags in tags
        text = entities.unescape(_TAG.sub("", lines))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(" ".join(line.split()) for line in text.split("\n"))).strip()


def is_report(*, sender: str, envelope_sender: str | None, content_type: str) -> bool:
    """Whether it is a report about a mail: nobody to answer to (RFC 3834, section 2), or a report by its kind."""
    return (
        (envelope_sender is not None and envelope_sender.strip() in ("", "<>"))
        or content_type.lower() == "multipart/report"
        or bool(_REPORTERS.match(sender))
    )


def is_automatic(headers: Iterable[tuple[str, str]], *, sender: str, subject: str) -> bool:
    """Whether a machine wrote it: by the headers of RFC 3834 and its kin, its sender, or what such subjects say."""
    said = {name.lower(): value.strip().lower() for name, value in headers}
    submitted = said.get("auto-submitted", "no").split(";")[0].strip()
    return (
        submitted not in ("", "no")
        or said.get("precedence", "") in _BULK
        or any(name in said for name in _MACHINE_MADE)
        or bool(_AUTOMATIC_SENDERS.match(sender))
        or bool(_AWAY.match(subject.strip()))
    )


def is_ours(*, sender: str, message_id: str, our_addresses: Iterable[str]) -> bool:
    """Whether it is a mail of ours that found its way back: its sender is one of our addresses, tokens apart."""
    known = {_bare(address) for address in our_addresses if address}
    return _bare(sender) in known or bool(
        re.match(r"^<[0-9a-f]{40}@", message_id) and _domain(message_id) in {_domain(address) for address in known}
    )


def _bare(address: str) -> str:
    local, _at, domain = parseaddr(address)[1].lower().rpartition("@")
    return f"{local.partition('+')[0]}@{domain}"


def _domain(address: str) -> str:
    return address.strip("<>").rpartition("@")[2].lower()
