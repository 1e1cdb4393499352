"""What a buyer does with an import: open it, match its columns, decide for groups of rows, apply it, put it back."""

import datetime
import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ParamSpec, TypeVar

from django.contrib.auth.models import AbstractBaseUser
from django.db.models import F, QuerySet
from django.utils.translation import gettext_lazy as _

from backorders.actions import seconding
from backorders.actions.checking import a_text
from backorders.actions.done import Done
from backorders.actions.seconding import Ask
from backorders.allocation.impact import Impact
from backorders.allocation.models import Promise
from backorders.allocation.windows import business_day
from backorders.changes.acting import act
from backorders.changes.recording import open_change
from backorders.importing import columns
from backorders.importing.checking import ERRORS, REPAIRS, State, book_of
from backorders.importing.models import SUBJECT, ColumnMemory, Import, ImportFile, ImportRow
from backorders.importing.reading import first_rows, is_workbook, sheet_of
from backorders.importing.working import columns_seen
from backorders.jobs import steering
from backorders.jobs.models import Job
from backorders.refusal import Refused
from backorders.supply.models import Confidence, EtaRevision, Supplier

DateOrder = Import.DateOrder
APPLY, UNDO = "opening.start_applying", "opening.start_undoing"
P = ParamSpec("P")
R = TypeVar("R")


class NotMatched(Refused):
    """The columns do not say which purchase line comes when."""


class NotDecidable(Refused):
    """The problem is not one of those, or this is no way to repair it."""


class NotReady(Refused):
    """The import is being worked on, or has nothing that could be applied or put back."""


def _supplier_of(listed: Sequence[Sequence[str]]) -> Supplier | None:
    """Return the one supplier whose purchase orders these rows name, or None."""
    cells = {cell for row in listed for cell in row}
    found = Supplier.objects.filter(purchase_orders__number__in=cells).order_by("id").distinct()[:2]
    return found[0] if len(found) == 1 else None


def _verb(verb: Callable[P, R]) -> Callable[P, R]:
    """Make it an act of those who may change ETAs: everything here is on its way to doing so."""
    return act(verb, capability="revising.revise_eta")


@_verb
def open_import(
    content: bytes, *, name: str, supplier: Supplier | None, by: AbstractBaseUser | None, at: datetime.datetime
) -> Import:
    """Keep a list and guess its columns. Raises `Unreadable` with the sentence why it is none."""
    sheet = sheet_of(content)
    listed = first_rows(sheet)
    if not listed:
        raise NotMatched(_("There is nothing in it. Paste the list, or choose a file."))
    supplier = supplier or _supplier_of(listed)
    memory = ColumnMemory.objects.filter(supplier=supplier).first() if supplier else None
    book = book_of(supplier)
    header = columns.header_of(listed)
    known = memory.roles if memory else {}
    header = columns.remembered_header(listed, known) if header is None and known else header
    roles = columns.guessed(
        listed,
        header,
        remembered=known,
        orders=set(book.by_order),
        skus=set(book.by_sku),
        today=business_day(at),
    )
    mine = Import.objects.create(
        name=a_text(name)[:200],
        supplier=supplier,
        by=by,  # type: ignore[misc]  # the stubs know only the default user model
        created_at=at,
        digest=hashlib.sha256(content).hexdigest(),
        header=header,
        columns=roles,
        date_order=memory.date_order if memory else "",
    )
    ImportFile.objects.create(owner=mine, content=content, is_workbook=is_workbook(content))
    if memory and header is not None and set(columns_seen(mine)) - {""} <= set(known) and not columns.missing(roles):
        Import.objects.filter(pk=mine.pk).update(are_columns_matched=True)
        mine.are_columns_matched = True
        _start(mine, "check_import", by=by, at=at)
    return mine


def same_before(mine: Import) -> Import | None:
    """Return an earlier import of the very same list, if it was applied."""
    same = Import.objects.filter(digest=mine.digest, applied_at__isnull=False).exclude(pk=mine.pk)
    return same.order_by("-id").first()


@_verb
def match_columns(
    mine: Import,
    *,
    roles: Sequence[str],
    header: int | None,
    confidence: str,
    by: AbstractBaseUser | None,
    at: datetime.datetime,
) -> Job:
    """Say what the columns hold, remember it for the supplier, and check the list. Raises `NotMatched`, `NotReady`."""
    _not_applied(mine)
    if set(roles) - {"", *columns.ROLES}:
        raise NotMatched(_("There is no such kind of column."))
    if len(set(roles) - {""}) < len([role for role in roles if role]):
        raise NotMatched(_("Two columns cannot hold the same; leave one of them out."))
    if sentence := columns.missing(roles):
        raise NotMatched(sentence)
    if confidence not in Confidence:
        raise NotMatched(_("Say how sure the dates are."))
    if header != mine.header or not mine.are_columns_matched:
        mine.checked_at = None
    mine.columns, mine.header, mine.confidence, mine.are_columns_matched = list(roles), header, confidence, True
    mine.save(update_fields=["columns", "header", "confidence", "are_columns_matched", "checked_at"])
    _remember(mine)
    return _start(mine, "check_import", by=by, at=at)


@_verb
def decide(
    mine: Import, *, problem: str, about: str, choice: str, by: AbstractBaseUser | None, at: datetime.datetime
) -> Job:
    """Decide for a whole group of rows, and check again. Raises `NotDecidable`, `NotReady`."""
    _not_applied(mine)
    if problem not in REPAIRS or choice.partition(":")[0] not in REPAIRS[problem] or choice == "to:":
        raise NotDecidable(_("This cannot be decided in that way."))
    if problem == "date_order" and choice in DateOrder:
        mine.date_order = choice
        _remember(mine)
    else:
        mine.repairs = {**mine.repairs, problem: {**mine.repairs.get(problem, {}), a_text(about)[:200]: choice}}
    mine.save(update_fields=["date_order", "repairs"])
    return _start(mine, "check_import", by=by, at=at)


@_verb
def take_back_decisions(mine: Import, *, by: AbstractBaseUser | None, at: datetime.datetime) -> Job:
    """Forget every decision about this list, and check again. Raises `NotReady`."""
    _not_applied(mine)
    mine.date_order, mine.repairs = "", {}
    mine.save(update_fields=["date_order", "repairs"])
    return _start(mine, "check_import", by=by, at=at)


@_verb
def type_over(
    mine: Import, *, edits: Mapping[int, Mapping[str, str]], by: AbstractBaseUser | None, at: datetime.datetime
) -> Job:
    """Type over cells: `edits` maps a row's number to texts by role. Raises `NotReady`."""
    _not_applied(mine)
    for row in mine.rows.filter(number__in=edits):
        said = {role: a_text(text)[:200] for role, text in edits[row.number].items() if role in columns.ROLES}
        ImportRow.objects.filter(pk=row.pk).update(edits={**row.edits, **said})
    return _start(mine, "check_import", by=by, at=at)


@_verb
def check_again(mine: Import, *, by: AbstractBaseUser | None, at: datetime.datetime) -> Job:
    """Check against what is outstanding now. Raises `NotReady`."""
    _not_applied(mine)
    return _start(mine, "check_import", by=by, at=at)


@_verb
def start_applying(
    mine: Import,
    *,
    reason_code: str,
    note: str,
    approved_by: AbstractBaseUser | None = None,
    by: AbstractBaseUser | None,
    at: datetime.datetime,
) -> Job:
    """Apply what is ready, as a job. Raises `NotReady`, and `NeedsApproval` where very many customers would hear."""
    if reason_code not in EtaRevision.ReasonCode:
        raise NotReady(_("Say why the dates changed."))
    if mine.checked_at is None or not mine.rows.filter(state=State.READY).exists():
        raise NotReady(_("No row is ready to be applied."))
    ask = _ask(mine, reason_code, note)
    seconding.for_prepared(ask=ask, **_hear_of(mine), by=by, approved_by=approved_by)
    mine.reason_code, mine.note = reason_code, a_text(note.strip())[:200]
    mine.save(update_fields=["reason_code", "note"])
    return _start(mine, "apply_import", by=by, at=at)


@_verb
def start_undoing(
    mine: Import,
    *,
    approved_by: AbstractBaseUser | None = None,
    by: AbstractBaseUser | None,
    at: datetime.datetime,
) -> Job:
    """Put back the dates from before, as a job. Raises `NotReady`, and `NeedsApproval` where very many customers were
    told of the newer dates and would hear of the old ones."""
    applied = mine.rows.filter(state=State.APPLIED).exclude(problem="changed_since")
    if not applied.exists():
        raise NotReady(_("Nothing of this import can be put back."))
    ask = Ask(UNDO, {"import": mine.pk}, str(mine))
    seconding.for_recipients(_told_of(applied), ask, by=by, approved_by=approved_by)
    return _start(mine, "undo_import", by=by, at=at)


def _told_of(applied: "QuerySet[ImportRow]") -> int:
    """How many customers wait who were told, or are being told, something since these rows moved their dates."""
    moved = Promise.objects.filter(
        is_open=True,
        line__promise_changes__change_set__in=applied.values("change_set"),
        announced_at__gt=F("line__promise_changes__change_set__at"),
    )
    return moved.order_by().values("customer").distinct().count()


def needs_second_person(mine: Import, *, by: AbstractBaseUser | None) -> bool:
    """Whether so many customers would be written to that this person may not apply it alone."""
    return seconding.needs_another(**_hear_of(mine), by=by)


def _hear_of(mine: Import) -> dict[str, Any]:
    """How many customers hear of an import as it was checked, whether they are all of them, and who opened it."""
    counted, is_partial = mine.impact.get("to_tell", 0), mine.impact.get("is_partial", False)
    return {"recipients": counted, "is_partial": is_partial, "prepared_by": mine.by_id}


def _ask(mine: Import, reason_code: str, note: str) -> Ask:
    checked_at = mine.checked_at.isoformat() if mine.checked_at else ""
    arguments = {"import": mine.pk, "checked_at": checked_at, "reason_code": reason_code, "note": note}
    return Ask(APPLY, arguments, str(mine))


def apply_approved(
    given: Mapping[str, Any], *, by: AbstractBaseUser, approved_by: AbstractBaseUser, at: datetime.datetime
) -> Done[Job]:
    """Start applying what was asked for, as it was checked then. Raises `NotReady` if it was checked anew since."""
    mine = Import.objects.select_for_update(of=("self",)).filter(pk=given["import"]).first()
    if mine is None or mine.checked_at is None or mine.checked_at.isoformat() != given["checked_at"]:
        raise NotReady(_("The list was checked anew since it was asked for. Ask again."))
    said = {"reason_code": given["reason_code"], "note": given["note"]}
    job = start_applying(mine, **said, approved_by=approved_by, by=by, at=at)
    change = open_change("apply_import", reason=given["note"], summary={"import": mine.pk}, by=by, at=at)
    return Done(change, Impact(), job)


def undo_approved(
    given: Mapping[str, Any], *, by: AbstractBaseUser, approved_by: AbstractBaseUser, at: datetime.datetime
) -> Done[Job]:
    """Start putting back what was asked for, as much of it as can be. Raises `NotReady`."""
    mine = Import.objects.select_for_update(of=("self",)).get(pk=given["import"])
    job = start_undoing(mine, approved_by=approved_by, by=by, at=at)
    change = open_change("undo_import", summary={"import": mine.pk}, by=by, at=at)
    return Done(change, Impact(), job)


def is_error(problem: str) -> bool:
    """Whether rows with this problem cannot be applied as they are."""
    return problem in ERRORS


def _start(mine: Import, kind: str, *, by: AbstractBaseUser | None, at: datetime.datetime) -> Job:
    try:
        job = steering.queue(kind, subject=SUBJECT, object_id=mine.pk, about=mine.name, by=by, at=at)
    except steering.WorkedOn as refusal:
        raise NotReady(*refusal.args, **refusal.details) from None
    Import.objects.filter(pk=mine.pk).update(job=job)
    mine.job = job
    return job


def _not_applied(mine: Import) -> None:
    if mine.applied_at is not None:
        raise NotReady(_("This import was applied; open a new one for other dates."))


def _remember(mine: Import) -> None:
    """Keep the names of the columns and the order of dates for the supplier's next list."""
    if mine.supplier is None or mine.header is None:
        return
    named = {name: role for name, role in zip(columns_seen(mine), mine.columns, strict=False) if name}
    ColumnMemory.objects.update_or_create(
        supplier=mine.supplier, defaults={"roles": named, "date_order": mine.date_order}
    )
