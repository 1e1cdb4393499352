"""Asking suppliers by mail: a date request in words, stored in the same outbox and sent under the same guarantees."""

import datetime
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from django.utils.translation import gettext_lazy, override

from backorders import rows
from backorders.allocation.windows import Window
from backorders.chasing.models import DateRequest, RequestLine
from backorders.notifications import calling, dates, outbox, superseding
from backorders.notifications.addresses import objection, suppressed
from backorders.notifications.emails import Rendered, render_page
from backorders.notifications.links import Link, new_link
from backorders.notifications.models import UNSENT, Message, SupplierLink
from backorders.notifications.policy import TELLING

Kind, State = Message.Kind, Message.State

LINES_SHOWN = 20
LINK_DAYS = 90
Why = RequestLine.Why

WHY = {
    Why.PAST_DUE: gettext_lazy("the date has passed"),
    Why.UNCONFIRMED: gettext_lazy("the date is not confirmed"),
    Why.BEFORE_DUE: gettext_lazy("the date is near"),
    Why.LONG_AGO: gettext_lazy("you told us the date long ago"),
    Why.BY_HAND: gettext_lazy("we need to be sure"),
}


class Wanted(NamedTuple):
    """One purchase line of which a date is asked: its order's number, what and how much, the date we have, why."""

    number: str
    sku: str
    product: str
    quantity: int
    eta: Window | None
    why: str


class Question(NamedTuple):
    """Everything one supplier is asked in one mail; `mails_before` went before it about the same request.

    `preface` is a paragraph that a person put above it.
    """

    request_id: int
    supplier_id: int
    name: str
    email: str
    language: str
    lines: Sequence[Wanted]
    answer_by: datetime.date
    on: datetime.date
    mails_before: int = 0
    preface: str = ""

    @property
    def dedupe_key(self) -> str:
        """A request is mailed once per number."""
        return f"s{self.supplier_id}:{Kind.DATE_REQUEST.value}:{self.request_id}:{self.mails_before + 1}"


def put_into_words(question: Question, *, url: str) -> Rendered:
    """Return the mail in the supplier's language: it shows goods and dates, never a customer or a price."""
    language = question.language if question.language in dates.BABEL else "en"
    shown = question.lines[:LINES_SHOWN]
    with override(language):
        lines = [_line(line, language) for line in shown]
    context = {
        "lines": lines,
        "left_out": len(question.lines) - len(shown),
        "count": len(question.lines),
        "is_one": len(question.lines) == 1,
        "number": question.lines[0].number if question.lines else "",
        "is_reminder": question.mails_before > 0,
        "answer_by": dates.day_in_words(question.answer_by, language),
        "by_brief": dates.day_in_brief(question.answer_by, language),
        "url": url,
    }
    named = {"name": question.name, "language": language, "preface": question.preface}
    return render_page(Kind.DATE_REQUEST, context, **named)


def _line(line: Wanted, language: str) -> dict[str, Any]:
    return {
        "number": line.number,
        "what": f"{line.quantity} × {line.product}",
        "sku": line.sku,
        "date": dates.in_words(line.eta, language) if line.eta else "",
        "why": str(WHY[Why(line.why)]),
    }


def queue(questions: Collection[Question], *, at: datetime.datetime) -> dict[int, int]:
    """Store the questions as messages to be sent, inside the caller's transaction; return their ids by request.

    A mail about the same request that has not left is taken back: one says it all. A supplier who cannot be mailed
    becomes a call task for the buyers.
    """
    take_back(question.request_id for question in questions)
    reasons = suppressed(question.email for question in questions)
    links = {question.request_id: new_link(door="s") for question in questions}
    stored = [(question, _why_not(question, reasons)) for question in questions]
    rows.insert(Message, _MESSAGE, [_message(*each, links[each[0].request_id], at) for each in stored])
    keys = {question.dedupe_key: question.request_id for question in questions}
    ids = {keys[key]: pk for key, pk in Message.objects.filter(dedupe_key__in=keys).values_list("dedupe_key", "id")}
    rows.insert(
        SupplierLink,
        ["request", "message", "token_hash", "created_at", "expires_at"],
        [(pk, ids[pk], link.token_hash, at, at + datetime.timedelta(days=LINK_DAYS)) for pk, link in links.items()],
    )
    for why in sorted({why for _question, why in stored if why}):
        calling.ask_to_call([ids[each.request_id] for each, own in stored if own == why], why=why, at=at)
    return ids


_MESSAGE = [
    *("kind", "supplier", "dedupe_key", "address_version", "recipient", "language", "subject", "text", "html"),
    *("headers", "content_hash", "has_apology", "state", "priority", "not_before", "attempts"),
    *("lease_owner", "provider_id", "delivery", "last_error", "purge_after", "created_at"),
]


def _message(question: Question, why_not: str, link: Link, at: datetime.datetime) -> tuple[object, ...]:
    words, key = put_into_words(question, url=link.url), question.dedupe_key
    state = State.SUPPRESSED if why_not else State.PENDING
    return (
        *(Kind.DATE_REQUEST.value, question.supplier_id, key, 1, question.email[:254], question.language),
        *(words.subject, words.text, words.html, outbox.headers(key), words.content_hash, False),
        *(state.value, outbox.PRIORITY[Kind.DATE_REQUEST], at + TELLING.quiet, 0, "", ""),
        *(Message.Delivery.NOTHING.value, why_not, at + datetime.timedelta(days=TELLING.keep_days), at),
    )


def _why_not(question: Question, reasons: Mapping[str, str]) -> Any:
    return objection(question.email, Kind.DATE_REQUEST, reasons)


def take_back(request_ids: Iterable[int]) -> int:
    """End mails about these requests that have not left; return how many there were."""
    unsent = Message.objects.filter(supplier_links__request__in=list(request_ids), state__in=UNSENT)
    ids = list(unsent.select_for_update(no_key=True, of=("self",)).order_by("id").values_list("id", flat=True))
    return superseding.drop(Message.objects.filter(id__in=ids), state=State.SUPERSEDED, error="Taken back.")


def mail_again(message_ids: Iterable[int]) -> None:
    """Let the requests that these dropped messages were about be mailed anew at the next run, where still open."""
    DateRequest.objects.filter(links__message__in=list(message_ids), closed_at=None).update(mailed_at=None)
