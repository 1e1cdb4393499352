"""What is attached to a mail that came in: which files are kept, under which name, and what is left out. Pure.

Nothing of a file is looked into: it is bytes with a name, to be handed out as nothing but a download.
"""

import re
import unicodedata
from collections.abc import Iterator
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message
from email.policy import compat32
from typing import Any, NamedTuple

LARGEST = 5 * 1024 * 1024  # bytes of one file
LARGEST_TOGETHER = 10 * 1024 * 1024  # bytes of all files of a mail
MOST = 20  # files of a mail; as many more are named that are left out
LONGEST_NAME = 150
LONGEST_HEADER = 2000
UNKNOWN = "application/octet-stream"
BROKEN = (ValueError, LookupError, TypeError, AttributeError, MessageError)  # what Python's parser raises at odd mails

_KIND = re.compile(r"[a-z0-9][a-z0-9.+-]{0,49}/[a-z0-9][a-z0-9.+-]{0,49}")


class File(NamedTuple):
    """A file as it is kept: its name without a way, its type as the mail says, its bytes."""

    name: str
    kind: str
    content: bytes


class Attached(NamedTuple):
    """What is attached: what is kept, what is named only (name, type, size in bytes), and how many files there were."""

    kept: list[File]
    left_out: list[dict[str, Any]]
    total: int


def as_posted(body: bytes) -> list[File]:
    """Return what was posted as files no larger than those of a mail; one behind the other they are all of it."""
    parts = [body[start : start + LARGEST] for start in range(0, len(body), LARGEST)]
    return [File(f"posted-{n}-of-{len(parts)}.bin", UNKNOWN, part) for n, part in enumerate(parts, 1)]


def attached_to(mail: Any, *, most: int = MOST) -> Attached:
    """Return what is attached to a parsed mail, in its order; a file that cannot be decoded is left out by name.

    `most` files are kept at most.
    """
    kept: list[File] = []
    left_out: list[dict[str, Any]] = []
    count = room = 0
    for part in parts_of(mail):
        if not _is_attached(part):
            continue
        count += 1
        if len(kept) >= most and len(left_out) >= MOST:
            continue
        name, kind = cleaned_name(_filename(part), number=count), _kind(part)
        content = _content(part) if len(kept) < most else None
        size = _roughly(part) if content is None else len(content)
        if content is not None and size <= min(LARGEST, LARGEST_TOGETHER - room):
            kept.append(File(name, kind, content))
            room += size
        elif len(left_out) < MOST:
            left_out.append({"name": name, "type": kind, "size": size})
    return Attached(kept, left_out, count)


def parts_of(mail: Any) -> Iterator[Any]:
    """The parts of a mail in their order; what is within an attached mail is that mail's.

    Their heads are read by the older of Python's two parsers: the newer one fails at some that exist.
    """
    waiting = [mail]
    while waiting:
        part = waiting.pop()
        part.policy = compat32
        yield part
        within = part.get_payload() if part.is_multipart() and not _is_attached(part) else ()
        waiting += reversed([each for each in within if isinstance(each, Message)])


def _is_attached(part: Any) -> bool:
    """Whether a part is a file: it says so, it has a name, or it is nothing that is read as the mail's own words."""
    if part.get_content_disposition() == "attachment" or _filename(part):
        return True
    return part.get_content_maintype() not in ("multipart", "message", "text")


def cleaned_name(given: str, *, number: int) -> str:
    """Return a name that names nothing but a file: no way, no sign that is not seen or turns the direction of writing.

    The end, which says what a file is, is never cut; without a name it is the `number` of the file in its mail.
    """
    seen = "".join(sign for sign in given if unicodedata.category(sign)[0] != "C")
    bare = " ".join(re.split(r"[/\\]", seen)[-1].split()).strip(". ")
    if len(bare) > LONGEST_NAME:
        stem, dot, end = bare.rpartition(".")
        end = f"{dot}{end}"[-20:] if stem else ""
        bare = bare[: LONGEST_NAME - len(end)] + end
    return bare or f"attachment-{number}"


def _filename(part: Any) -> str:
    try:
        given = str(part.get_filename() or "")[:LONGEST_HEADER]
    except BROKEN:  # parameters that Python's own parser trips over
        return ""
    try:
        return str(make_header(decode_header(given)))
    except BROKEN:
        return given


def _kind(part: Any) -> str:
    said = str(part.get_content_type()).lower()
    return said if _KIND.fullmatch(said) else UNKNOWN


def _content(part: Any) -> bytes | None:
    """The bytes of a file, of an attached mail its source; None of what is too large or cannot be decoded."""
    if _roughly(part) > LARGEST * 2:
        return None
    try:
        inner = part.get_payload()
        if isinstance(inner, list):
            return b"".join(each.as_bytes() for each in inner)
        content = part.get_payload(decode=True)
    except BROKEN:
        return None
    return content if isinstance(content, bytes) else None


def _roughly(part: Any) -> int:
    """About how many bytes the file has, without decoding it."""
    payload = part.get_payload()
    size = len(payload) if isinstance(payload, str) else 0
    is_base64 = str(part.get("content-transfer-encoding", "")).strip().lower() == "base64"
    return size * 3 // 4 if is_base64 else size
