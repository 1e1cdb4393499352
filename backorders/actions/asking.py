"""Asking suppliers for dates: by hand or when it is due, one mail for each supplier with all its lines."""

import datetime
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from django.contrib.auth.models import AbstractBaseUser
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery
from django.utils.translation import gettext_lazy as _

from backorders import rows
from backorders.access.table import CAPABILITIES
from backorders.actions.checking import NotOpen, a_reason, a_text
from backorders.actions.done import Done
from backorders.allocation.impact import Impact
from backorders.allocation.reading import calendars
from backorders.allocation.windows import Calendar, Window, business_day
from backorders.changes.acting import act
from backorders.changes.models import ChangeSet, Touch
from backorders.changes.recording import open_change, touch
from backorders.chasing import silence
from backorders.chasing.models import ChasePolicy, DateRequest, EtaProposal, RequestLine
from backorders.inbox.models import Notice
from backorders.inbox.posting import people_with, post_once
from backorders.notifications import requesting
from backorders.notifications.models import CallTask, Message, SupplierLink
from backorders.notifications.requesting import Question, Wanted
from backorders.refusal import Refused
from backorders.supply.models import EtaRevision, PurchaseLine, Supplier, Warehouse

Why = RequestLine.Why


class NoAddress(Refused):
    """The supplier has no address to which a question could be mailed."""


class NotAsked(Refused):
    """Nothing is open any more of this request."""


class CalledBefore(Refused):
    """Somebody has called this supplier already."""


class DueLine(NamedTuple):
    """A purchase line as the chase looks at it; `asked_at` is of its open question, if there is one."""

    id: int
    version: int
    supplier_id: int
    eta_on: datetime.date | None
    eta_until: datetime.date | None
    confidence: str
    heard_at: datetime.datetime | None
    answered_at: datetime.datetime | None
    ordered_on: datetime.date
    asked_at: datetime.datetime | None

    @property
    def known(self) -> silence.Known:
        """What is known of its date, and when its supplier last spoke of it."""
        said = [business_day(moment) for moment in (self.heard_at, self.answered_at) if moment]
        return silence.Known(self.eta_on, self.eta_until, self.confidence, max([self.ordered_on, *said]))


@act
def ask_supplier(
    purchase_line_ids: Iterable[int], *, by: AbstractBaseUser | None, at: datetime.datetime
) -> Done[list[DateRequest]]:
    """Ask the suppliers of these purchase lines for their dates: one mail each, with whatever else is open there.

    Raises `NotOpen` where nothing is outstanding, `NoAddress` if one of the suppliers has no address.
    """
    lines = PurchaseLine.objects.outstanding().filter(pk__in=list(purchase_line_ids))
    wanted = dict(lines.order_by("id").values_list("id", "purchase_order__supplier"))
    if not wanted:
        raise NotOpen(_("None of these purchase lines has anything outstanding."))
    suppliers = locked(wanted.values())
    for supplier in suppliers.values():
        if not supplier.email.strip():
            raise NoAddress(_("%(supplier)s has no e-mail address. Call, or add one."), supplier=supplier)
    change = open_change("ask_supplier", by=by, at=at)
    asked = {pk: (supplier_id, Why.BY_HAND) for pk, supplier_id in wanted.items()}
    return Done(change, Impact(), _ask(asked, suppliers, change=change, by=by, at=at))


@act
def ask_due(*, at: datetime.datetime) -> int:
    """Ask and remind whoever is due today, by each supplier's policy; return how many mails that is.

    Nothing is asked on a day off. What is answered another way meanwhile is asked no longer. Of whom no mail asks any
    more by itself, because there were enough, the buyers hear. The number of statements does not depend on how many
    lines are outstanding.
    """
    calendar, today = calendar_of_asking(), business_day(at)
    end_settled(at=at)
    if not calendar.is_working(today):
        return 0
    policies = policies_of_suppliers()
    due = _due(due_lines(), policies, calendar, today)
    again, spent = _to_remind(policies)
    suppliers = locked({*(supplier for supplier, _why in due.values()), *again})
    suppliers = {pk: supplier for pk, supplier in suppliers.items() if supplier.email.strip()}
    rested = _rested(suppliers, policies, calendar, today)
    asked = {pk: each for pk, each in due.items() if each[0] in rested}
    also = {pk for pk in again if pk in rested}
    mailed = also | {supplier for supplier, _why in asked.values()}
    _say_who_answers_no_mail({pk: mails for pk, mails in spent.items() if pk not in mailed}, policies, calendar, at)
    if not asked and not also:
        return 0
    change = open_change("ask_supplier", by=None, at=at)
    return len(_ask(asked, suppliers, again=also, change=change, by=None, at=at))


@act
def end_settled(*, at: datetime.datetime) -> int:
    """End questions that need no answer any more: nothing is outstanding, or the date was learnt another way.

    Requests without a question left are closed. Returns how many questions ended.
    """
    open_lines = RequestLine.objects.filter(RequestLine.OPEN)
    said = said_of_dates().filter(purchase_line=OuterRef("purchase_line"), at__gt=OuterRef("asked_at"))
    line = "purchase_line__"
    gone = Q(**{f"{line}quantity__lte": F(f"{line}received") + F(f"{line}cancelled")})
    ids = list(open_lines.filter(gone | Exists(said)).order_by("id").values_list("id", flat=True))
    ended = RequestLine.objects.filter(pk__in=ids).update(ended_at=at)
    close_answered(at=at)
    return ended


def close_answered(*, at: datetime.datetime) -> None:
    """Close requests of which nothing is open; what is asked next begins a new one. Inside the caller's act."""
    left = RequestLine.objects.filter(RequestLine.OPEN, request=OuterRef("pk"))
    DateRequest.objects.filter(~Exists(left), closed_at=None).update(closed_at=at)


def ask_unheard(address: str, *, change: ChangeSet, at: datetime.datetime) -> int:
    """Mail at once what never reached an address that is mailed again; return how many mails. Inside the caller's act.

    Nobody has to call those suppliers about it any more.
    """
    suppliers = locked(Supplier.objects.filter(email__iexact=address).values_list("pk", flat=True))
    links = SupplierLink.objects.filter(request__closed_at=None, message=OuterRef("message"))
    calls = CallTask.objects.filter(Exists(links), supplier__in=suppliers, done_at=None)
    unheard = dict(calls.values_list("pk", "supplier"))
    asked = _ask({}, suppliers, again=unheard.values(), change=change, by=change.by, at=at)
    CallTask.objects.filter(pk__in=unheard).update(done_at=at)
    return len(asked)


@act
def withdraw(request: DateRequest, *, reason: str, by: AbstractBaseUser | None, at: datetime.datetime) -> Done[None]:
    """End a request: its links lead nowhere any more, and what was not answered is not asked. Raises `NotAsked`."""
    open_lines = RequestLine.objects.filter(RequestLine.OPEN, request=request)
    links = SupplierLink.objects.filter(request=request, revoked_at=None)
    if not open_lines.exists() and not links.exists():
        raise NotAsked(_("Nothing is open of this request."))
    change = open_change("withdraw_request", reason=a_reason(reason), by=by, at=at)
    orders = RequestLine.objects.filter(request=request).values_list("purchase_line__purchase_order", flat=True)
    touch(change, kind=Touch.Kind.PURCHASE_ORDER, ids=orders)
    requesting.take_back([request.pk])
    links.update(revoked_at=at)
    open_lines.update(ended_at=at)
    close_answered(at=at)
    return Done(change, Impact(), None)


@act
def note_call(task: CallTask, *, note: str = "", by: AbstractBaseUser, at: datetime.datetime) -> Done[CallTask]:
    """Record that a supplier whom no mail reaches was called. Raises `CalledBefore`, `BadText`."""
    mine = CallTask.objects.filter(pk=task.pk, supplier__isnull=False, done_at=None)
    if not mine.update(done_at=at, done_by=by):
        raise CalledBefore(_("%(supplier)s was called before."), supplier=task.supplier)
    change = open_change("note_call", reason=a_text(note.strip()), summary={"call": task.pk}, by=by, at=at)
    task.refresh_from_db()
    return Done(change, Impact(), task)


# -- what is due ------------------------------------------------------------------------------------------------------


def due_lines() -> "list[DueLine]":
    """Return every outstanding line on which no answer waits to be decided, in one statement."""
    mine = RequestLine.objects.filter(purchase_line=OuterRef("pk"))
    waiting = EtaProposal.objects.filter(line__purchase_line=OuterRef("pk"), state=EtaProposal.State.WAITING)
    heard = said_of_dates().filter(purchase_line=OuterRef("pk")).order_by("-id")
    supplier = "purchase_order__supplier"
    lines = PurchaseLine.objects.outstanding().filter(~Exists(waiting))
    fields = lines.order_by("id").values_list(
        *("id", "version", supplier, "eta_on", "eta_until", "confidence"),
        Subquery(heard.values("at")[:1]),
        Subquery(mine.filter(answered_at__isnull=False).order_by("-answered_at").values("answered_at")[:1]),
        "purchase_order__ordered_on",
        Subquery(mine.filter(RequestLine.OPEN).values("asked_at")[:1]),
    )
    return [DueLine._make(row) for row in fields]


def said_of_dates() -> "QuerySet[EtaRevision]":
    """Return what was said of dates: everything but our own note that nothing was."""
    return EtaRevision.objects.exclude(reason_code=EtaRevision.ReasonCode.SILENCE)


def policies_of_suppliers() -> dict[int, ChasePolicy]:
    """Return the policies of those suppliers that have one."""
    return {policy.pk: policy for policy in ChasePolicy.objects.order_by("pk")}


def policy_of(policies: Mapping[int, ChasePolicy], supplier_id: int) -> ChasePolicy:
    """Return the supplier's policy, or the default one."""
    return policies.get(supplier_id) or ChasePolicy(supplier_id=supplier_id)


def _due(
    lines: Iterable[DueLine], policies: Mapping[int, ChasePolicy], calendar: Calendar, today: datetime.date
) -> dict[int, tuple[int, Why]]:
    due = {}
    for line in lines:
        policy = policy_of(policies, line.supplier_id)
        if line.asked_at is not None or not policy.is_chased:
            continue
        if why := silence.why_ask(line.known, calendar=calendar, policy=policy, today=today):
            due[line.id] = (line.supplier_id, why)
    return due


def _to_remind(policies: Mapping[int, ChasePolicy]) -> tuple[set[int], dict[int, int]]:
    """Suppliers with an open request that is to be mailed (again), and those who had all their mails, with how many."""
    found = DateRequest.objects.filter(closed_at=None).order_by("id").values_list("supplier", "mailed_at", "mails")
    chased = {pk: (mailed_at, mails) for pk, mailed_at, mails in found if policy_of(policies, pk).is_chased}
    spent = {
        pk: mails
        for pk, (mailed_at, mails) in chased.items()
        if mailed_at is not None and mails >= policy_of(policies, pk).most_mails
    }
    return chased.keys() - spent.keys(), spent


def _say_who_answers_no_mail(
    spent: Mapping[int, int], policies: Mapping[int, ChasePolicy], calendar: Calendar, at: datetime.datetime
) -> None:
    """Let the buyers find, once a week, who would be mailed again and is not, for there were enough mails."""
    today = business_day(at)
    due = _rested(spent, policies, calendar, today) if spent else set()
    if not due:
        return
    year, week, _day = today.isocalendar()
    names = Supplier.objects.filter(pk__in=due).values_list("pk", "name")
    things = {
        f"no answer:{pk}:{year}-{week}": (pk, {"supplier": name, "mails": spent[pk]})
        for pk, name in names.order_by("pk")
    }
    buyers = people_with(CAPABILITIES["asking.note_call"].roles)
    post_once(Notice.Kind.SUPPLIER_SILENT, things, to=buyers, at=at)


def _rested(
    suppliers: Iterable[int], policies: Mapping[int, ChasePolicy], calendar: Calendar, today: datetime.date
) -> set[int]:
    """Those of the (locked) suppliers whose last mail is long enough ago."""
    last: dict[int, datetime.date] = {}
    mailed = DateRequest.objects.filter(supplier__in=list(suppliers), mailed_at__isnull=False)
    for pk, mailed_at in mailed.order_by("mailed_at").values_list("supplier", "mailed_at"):
        if mailed_at:
            last[pk] = business_day(mailed_at)
    return {
        pk
        for pk in suppliers
        if silence.may_mail_again(last.get(pk), calendar=calendar, policy=policy_of(policies, pk), today=today)
    }


# -- the asking -------------------------------------------------------------------------------------------------------


def locked(supplier_ids: Iterable[int]) -> dict[int, Supplier]:
    """Lock the suppliers, in order: whoever asks the same one meanwhile waits, and then sees that it was asked."""
    rows_of = Supplier.objects.select_for_update(no_key=True, of=("self",)).filter(pk__in=set(supplier_ids))
    return {supplier.pk: supplier for supplier in rows_of.order_by("pk")}


def _ask(
    asked: Mapping[int, tuple[int, Why]],
    suppliers: Mapping[int, Supplier],
    *,
    again: Iterable[int] = (),
    change: ChangeSet,
    by: AbstractBaseUser | None,
    at: datetime.datetime,
) -> list[DateRequest]:
    """Put the lines (to their supplier and why) on their suppliers' open requests, and mail those and `again`."""
    to = {supplier for supplier, _why in asked.values()} | set(again)
    known = _requests(to, at)
    there = set(
        RequestLine.objects.filter(RequestLine.OPEN, purchase_line__in=asked).values_list("purchase_line", flat=True)
    )
    rows.insert(
        RequestLine,
        ["request", "purchase_line", "why", "asked_at", "asked_by"],
        [
            (known[supplier].pk, pk, why.value, at, by and by.pk)
            for pk, (supplier, why) in sorted(asked.items())
            if pk not in there
        ],
    )
    questions = _what_is_open([known[pk] for pk in sorted(known)], suppliers, change=change, at=at)
    requesting.queue(questions, at=at)
    ids = [question.request_id for question in questions]
    DateRequest.objects.filter(pk__in=ids).update(mailed_at=at, mails=F("mails") + 1)
    return list(DateRequest.objects.filter(pk__in=ids).order_by("id"))


def ask_anew(message: Message, *, preface: str, change: ChangeSet, at: datetime.datetime) -> Message | None:
    """Write a mail to a (locked) supplier anew that was taken back, with a person's words above what is open now.

    It counts as the same mail. Inside the caller's act; None if nothing of what it asked is open any more.
    """
    requests = list(DateRequest.objects.filter(links__message=message, closed_at=None))
    found = _what_is_open(requests, locked([request.supplier_id for request in requests]), change=change, at=at)
    again = [question._replace(mails_before=question.mails_before - 1, preface=preface) for question in found]
    ids = requesting.queue(again, at=at)
    return Message.objects.filter(pk__in=ids.values()).first()


def _what_is_open(
    requests: Sequence[DateRequest], suppliers: Mapping[int, Supplier], *, change: ChangeSet, at: datetime.datetime
) -> list[Question]:
    open_lines = RequestLine.objects.filter(RequestLine.OPEN, request__in=requests)
    wanted = list(open_lines.select_related("purchase_line__purchase_order", "purchase_line__product").order_by("id"))
    touch(change, kind=Touch.Kind.PURCHASE_ORDER, ids=(line.purchase_line.purchase_order_id for line in wanted))
    return _questions(requests, wanted, suppliers, at)


def _requests(supplier_ids: Iterable[int], at: datetime.datetime) -> dict[int, DateRequest]:
    """Return the open request to each supplier, new where there was none."""
    ids = sorted(set(supplier_ids))
    mine = DateRequest.objects.filter(supplier__in=ids, closed_at=None)
    there = set(mine.values_list("supplier", flat=True))
    rows.insert(DateRequest, ["supplier", "opened_at", "mails"], [(pk, at, 0) for pk in ids if pk not in there])
    return {request.supplier_id: request for request in mine.order_by("id")}


def _questions(
    requests: Sequence[DateRequest],
    lines: Sequence[RequestLine],
    suppliers: Mapping[int, Supplier],
    at: datetime.datetime,
) -> list[Question]:
    calendar, policies, today = calendar_of_asking(), policies_of_suppliers(), business_day(at)
    of_request: dict[int, list[RequestLine]] = {}
    for line in lines:
        of_request.setdefault(line.request_id, []).append(line)
    found = []
    for request in requests:
        supplier = suppliers[request.supplier_id]
        policy = policy_of(policies, supplier.pk)
        by_day = silence.answer_by(today, calendar=calendar, policy=policy)
        wanted = [_wanted(line) for line in of_request.get(request.pk, [])]
        name = supplier.contact_name or supplier.name
        to = (supplier.pk, name, supplier.email, supplier.language)
        if wanted:
            found.append(Question(request.pk, *to, wanted, by_day, today, request.mails))
    return found


def _wanted(line: RequestLine) -> Wanted:
    purchase = line.purchase_line
    eta = Window.between(purchase.eta_on, purchase.eta_until)
    number, product = purchase.purchase_order.number, purchase.product
    return Wanted(number, product.sku, product.name, purchase.outstanding, eta, line.why)


def calendar_of_asking() -> Calendar:
    """Return the working days on which suppliers are asked: those of the first warehouse."""
    first = Warehouse.objects.order_by("rank", "id").values_list("pk", flat=True).first()
    return calendars()[first or 0]
