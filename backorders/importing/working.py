"""The jobs of an import: reading and checking it, applying it in batches, putting it back."""

import datetime
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import groupby, islice
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import Count, Max, Min, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from backorders import rows
from backorders.actions import revising, undoing
from backorders.actions.etas import EtaChange, EtaPart
from backorders.allocation.models import PromiseChange
from backorders.allocation.windows import business_day
from backorders.changes.models import ChangeSet, Source
from backorders.importing import columns
from backorders.importing.checking import Book, Known, Outcome, Rules, State, book_of, check_row, is_same
from backorders.importing.models import Import, ImportRow
from backorders.importing.reading import Row, sheet_of
from backorders.importing.settling import Said, settle
from backorders.importing.words import folded
from backorders.jobs.models import Job
from backorders.jobs.running import Batch
from backorders.refusal import Refused, said
from backorders.supply.models import PurchaseLine, PurchaseOrder

CHUNK = 2_000
SOME = 20_000  # rows of one statement
LOOKED_AT = 20_000  # purchase lines
PLACES = 200  # purchase lines of one batch: all of it or none
Changes = Sequence[EtaChange]
_CHECKED = (
    "number cells edits state problem value line targets eta_on eta_until old_on old_until quantity place"
).split()


# -- checking ---------------------------------------------------------------------------------------------------------


def check(job: Job, *, look_ahead: Callable[[Changes, Any], Any], keep: Callable[[Any], dict[str, Any]]) -> Any:
    """Read the list (once), check every row, and look whom it would move.

    `look_ahead(changes, seen so far)` is called for some changes after others, `keep` makes what is shown of it all.
    """
    mine = Import.objects.select_related("supplier").get(pk=job.object_id)
    rules = rules_of(mine)
    if job.phase not in ("settle", "impact"):  # a job that was interrupted goes on where it was
        book = book_of(mine.supplier)
        if mine.checked_at is None:
            yield from _read(mine, job, rules, book)
        else:
            yield from _check_again(mine, job, rules, book)
        del book  # a large one; what follows needs the memory
        yield Batch(partial(_settle, mine, rules), "settle", 1)
    yield from _look(mine, job, look_ahead, keep)


def rules_of(mine: Import) -> Rules:
    """Return what was decided for this import."""
    today = business_day(mine.created_at)
    return Rules(mine.columns, today, mine.confidence, mine.date_order, mine.repairs)


def _read(mine: Import, job: Job, rules: Rules, book: Book) -> Iterator[Batch]:
    sheet = sheet_of(bytes(mine.file.content))
    total = sheet.seems
    listed = islice(enumerate(sheet.rows(), 1), (mine.header + 1) if mine.header is not None else 0, None)
    read = job.done if job.phase == "read" else 0
    if not read:
        yield Batch(lambda _at: ImportRow.objects.filter(owner=mine).delete()[0] * 0, "read", total)
    listed = islice(listed, read, None)
    while chunk := list(islice(listed, CHUNK)):
        checked = _checked([(number, cells, {}) for number, cells in chunk], rules, book)
        yield Batch(partial(_store, mine, checked), "read", total)
        read += len(chunk)
    if not read:
        raise Refused(_("The list has no rows below its header."))


def _store(mine: Import, checked: list[tuple[Any, ...]], _at: datetime.datetime) -> int:
    return rows.insert(ImportRow, ["owner", *_CHECKED], [(mine.pk, *row) for row in checked])


def _check_again(mine: Import, job: Job, rules: Rules, book: Book) -> Iterator[Batch]:
    total = mine.rows.count()
    done = job.done if job.phase == "check" else 0
    last = mine.rows.order_by("number").values_list("number", flat=True)[done - 1] if done else 0
    while chunk := list(
        mine.rows.filter(number__gt=last).order_by("number").values_list("number", "cells", "edits", "id")[:CHUNK]
    ):
        checked = _checked([(number, cells, edits) for number, cells, edits, _ in chunk], rules, book)
        ids = [pk for *_, pk in chunk]
        yield Batch(partial(_rewrite, ids, checked), "check", total)
        last = chunk[-1][0]


def _rewrite(ids: list[int], checked: list[tuple[Any, ...]], _at: datetime.datetime) -> int:
    changed = [(pk, *row[3:]) for pk, row in zip(ids, checked, strict=True)]
    return rows.update(ImportRow, ["id", *_CHECKED[3:]], changed)


def _checked(listed: Sequence[tuple[int, Row, dict[str, str]]], rules: Rules, book: Book) -> list[tuple[Any, ...]]:
    outcomes = [check_row(cells, edits, rules, book) for _, cells, edits in listed]
    closed = _closed({outcome.about for outcome in outcomes if outcome.problem == "order_unknown"})
    made = []
    for (number, cells, edits), outcome in zip(listed, outcomes, strict=True):
        if outcome.problem == "order_unknown" and outcome.state == State.ERROR and outcome.about in closed:
            outcome = outcome._replace(problem="order_closed", about="", state=_closed_state(rules))
        elif outcome.state == State.READY and is_same(outcome, rules.confidence):
            outcome = outcome._replace(state=State.SAME)
        made.append((number, cells, edits, *_written(outcome)))
    return made


def _closed_state(rules: Rules) -> str:
    return State.SKIPPED if rules.decided("order_closed") == "skip" else State.ERROR


def _closed(texts: set[str]) -> set[str]:
    """Those of the texts that are numbers of purchase orders with nothing outstanding."""
    return set(PurchaseOrder.objects.filter(number__in=texts).values_list("number", flat=True)) if texts else set()


def _written(outcome: Outcome) -> tuple[Any, ...]:
    """Return the outcome as its row keeps it; what is said of each line is its id, version and what is outstanding."""
    first: Known | None = outcome.lines[0] if outcome.lines else None
    targets = [[line.pk, line.version, line.outstanding] for line in outcome.lines]
    old = (first.eta_on, first.eta_until) if first else (None, None)
    return (
        outcome.state, outcome.problem, outcome.about, first and first.pk, targets, *outcome.days, *old,
        outcome.quantity, None,
    )  # fmt: skip


def _settle(mine: Import, rules: Rules, at: datetime.datetime) -> int:
    """Let the rows that speak of the same purchase line come to terms, and say that the import is checked."""
    found = mine.rows.filter(state__in=[State.READY, State.SAME]).order_by("number")
    said = (
        Said(number, [(target[0], target[2]) for target in targets], (on, until), quantity, state == State.SAME)
        for number, targets, on, until, quantity, state in found.values_list(
            "number", "targets", "eta_on", "eta_until", "quantity", "state"
        ).iterator(chunk_size=CHUNK)
    )
    settled = settle(said, {name: rules.decided(name) for name in ("quantity_under", "twice")})
    ids = dict(found.values_list("number", "id"))
    changed = ((ids[number], row.state, row.problem, row.place) for number, row in settled.items())
    while some := list(islice(changed, SOME)):
        rows.update(ImportRow, ["id", "state", "problem", "place"], some)
    mine.rows.filter(pk__in=[ids[number] for number, row in settled.items() if row.is_all]).update(quantity=None)
    Import.objects.filter(pk=mine.pk).update(checked_at=at, impact={})
    return 1


def _look(mine: Import, job: Job, look_ahead: Any, keep: Any) -> Iterator[Batch]:
    """Look whom the ready rows would move: computed outside of any transaction, kept in the last one.

    Of a longer list only as many rows as one run of a worker can look at: it has to begin anew when it is interrupted.
    """
    ready = mine.rows.filter(state=State.READY)
    is_partial = ready.filter(place__gt=LOOKED_AT).exists()
    ready = ready.filter(place__lte=LOOKED_AT)
    total = ready.count()
    counted = job.done if job.phase == "impact" else 0  # after a killed worker it is looked at from the start
    place, seen = 0, None
    while chunk := _from_place(ready, place, places=CHUNK):
        place = (chunk[-1].place or 0) + 1
        try:
            seen = look_ahead(changes_of(chunk, mine, today=rules_of(mine).today), seen)
        except Refused:  # changed since it was checked a moment ago: applying will say so, row by row
            seen = look_ahead((), seen)
        fresh, counted = max(len(chunk) - counted, 0), max(counted - len(chunk), 0)
        yield Batch(partial(_count, fresh), "impact", total)
    kept = {**keep(seen), "is_partial": is_partial} if seen is not None else {}
    yield Batch(partial(_keep, mine, kept), "impact", total)


def _count(number: int, _at: datetime.datetime) -> int:
    return number


def _keep(mine: Import, kept: dict[str, Any], _at: datetime.datetime) -> int:
    return Import.objects.filter(pk=mine.pk).update(impact=kept) * 0


# -- applying ---------------------------------------------------------------------------------------------------------


def apply(job: Job) -> Iterator[Batch]:
    """Apply what is ready, 200 purchase lines at a time; what is refused stays behind with its sentence."""
    mine = Import.objects.get(pk=job.object_id)
    total = job.done + mine.rows.filter(state=State.READY).count()
    while mine.rows.filter(state=State.READY).exists():
        yield Batch(partial(_apply_some, mine, job.by), "apply", total)


def _apply_some(mine: Import, by: AbstractBaseUser | None, at: datetime.datetime) -> int:
    ready = _from_place(mine.rows.filter(state=State.READY), 0, places=PLACES)
    _revise(ready, mine, by=by, at=at)
    if mine.applied_at is None:
        Import.objects.filter(pk=mine.pk).update(applied_at=at)
    return len(ready)


def _from_place(ready: "QuerySet[ImportRow]", place: int, *, places: int) -> list[ImportRow]:
    """Return the rows of the next `places` places from `place` on, whole places only."""
    ready = ready.filter(place__gte=place)
    first = ready.aggregate(first=Min("place"))["first"]
    if first is None:
        return []
    return list(ready.filter(place__lt=first + places).order_by("place", "number").defer("cells", "edits"))


def changes_of(ready: Sequence[ImportRow], mine: Import, *, today: datetime.date) -> list[EtaChange]:
    """Return what the rows say as ETA changes: several rows of one place are the parts of a quantity."""
    found: list[EtaChange] = []
    for _place, group in groupby(ready, key=lambda row: row.place):
        part = list(group)
        for pk, version, outstanding in part[0].targets:
            parts = _parts(part, outstanding, today=today)
            found.append(EtaChange(pk, parts, mine.confidence, version))
    return found


def _parts(group: Sequence[ImportRow], outstanding: int, *, today: datetime.date) -> list[EtaPart]:
    if len(group) == 1 and group[0].quantity is None:
        return [EtaPart(group[0].eta_on, group[0].eta_until)]
    parts = [EtaPart(row.eta_on, row.eta_until, row.quantity or outstanding) for row in group]
    if rest := outstanding - sum(part.quantity or 0 for part in parts):
        keeps = group[0].old_on if group[0].old_on and group[0].old_on >= today else None
        parts.append(EtaPart(keeps, group[0].old_until if keeps else None, rest))
    return parts


def _revise(ready: Sequence[ImportRow], mine: Import, *, by: AbstractBaseUser | None, at: datetime.datetime) -> None:
    """Revise the ETAs of these rows; if they are refused, of each half of them, down to the place that is refused."""
    named = {"number": mine.pk, "note": mine.note}
    try:
        with transaction.atomic():
            done = revising.revise_eta(
                changes_of(ready, mine, today=business_day(at)),
                reason_code=mine.reason_code,
                note=said(_("import #%(number)s: %(note)s") if mine.note else _("import #%(number)s"), **named),
                source=Source.IMPORT,
                by=by,
                at=at,
            )
    except Refused as refusal:
        places = sorted({row.place or 0 for row in ready})
        if len(places) == 1:
            _set(ready, state=State.REFUSED, problem="refused", why=refusal)
            return
        middle = places[len(places) // 2]
        _revise([row for row in ready if (row.place or 0) < middle], mine, by=by, at=at)
        _revise([row for row in ready if (row.place or 0) >= middle], mine, by=by, at=at)
    else:
        _set(ready, state=State.APPLIED, change_set=done.change_set)


def _set(ready: Sequence[ImportRow], **values: Any) -> None:
    ImportRow.objects.filter(pk__in=[row.pk for row in ready]).update(**values)


# -- undoing ----------------------------------------------------------------------------------------------------------


def undo(job: Job) -> Iterator[Batch]:
    """Put back the dates from before, the latest batch first; lines that somebody changed since stay as they are."""
    mine = Import.objects.get(pk=job.object_id)
    applied = mine.rows.filter(state=State.APPLIED).exclude(problem="changed_since")
    total = job.done + applied.count()
    while applied.exists():
        yield Batch(partial(_undo_latest, mine, applied, job.by), "undo", total)


def _undo_latest(
    mine: Import, applied: "QuerySet[ImportRow]", by: AbstractBaseUser | None, at: datetime.datetime
) -> int:
    latest = applied.aggregate(latest=Max("change_set"))["latest"]
    ours = applied.filter(change_set=latest)
    count = ours.count()
    try:
        with transaction.atomic():
            change_set = ChangeSet.objects.get(pk=latest)
            left = undoing.undo_what_nobody_changed(change_set, is_counted=True, by=by, at=at).made
    except Refused:
        ours.update(problem="changed_since")
        return count
    stays = Q(pk__in=[row.pk for row in ours if {target[0] for target in row.targets} & set(left)])
    ours.filter(stays).update(problem="changed_since")
    ours.exclude(problem="changed_since").update(state=State.UNDONE)
    _let_hear(mine, latest, left)
    return count


def _let_hear(mine: Import, put_back: int, left: Sequence[int]) -> None:
    """Let those that a change set moved hear by themselves again, unless lines that stay (`left`) or the rest of the
    import still move them."""
    moved = PromiseChange.objects.values("line__order__customer")
    mine_only = moved.filter(change_set=put_back)
    stays = mine_only.filter(line__product__in=PurchaseLine.objects.filter(pk__in=left).values("product"))
    rest = mine.rows.filter(state=State.APPLIED).exclude(change_set=put_back).order_by().values("change_set")
    concerned = mine.later_words.filter(customer__in=mine_only).exclude(customer__in=stays)
    concerned.exclude(customer__in=moved.filter(change_set__in=rest)).delete()


# -- counting ---------------------------------------------------------------------------------------------------------


def counts(mine: Import) -> dict[str, int]:
    """Return how many rows are in each state, and how many in all."""
    found = dict(mine.rows.order_by().values_list("state").annotate(Count("pk")))
    return {**{state.value: found.get(state.value, 0) for state in State}, "all": sum(found.values())}


def columns_seen(mine: Import) -> list[str]:
    """Return the folded names of the columns, as they are remembered."""
    sheet = sheet_of(bytes(mine.file.content))
    listed = list(islice(sheet.rows(), columns.HEADER_WITHIN))
    return [folded(name) for name in columns.named(listed, mine.header, len(mine.columns))]
