"""Revising at length: ETAs that move very many lines are saved by a job, in one transaction: all of it, or nothing."""

import datetime
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from django.contrib.auth.models import AbstractBaseUser

from backorders.actions import revising
from backorders.actions.etas import EtaChange
from backorders.actions.keys import same_content
from backorders.actions.seconding import Ask, for_impact
from backorders.changes.acting import act
from backorders.changes.models import ChangeSet, Source
from backorders.changes.recording import done_before
from backorders.jobs import steering
from backorders.jobs.models import Job
from backorders.jobs.running import Batch
from backorders.orders.models import OrderLine
from backorders.supply.models import PurchaseLine

AT_ONCE = 2_000  # lines that move while somebody waits for the page
KIND, SUBJECT = "revise_etas", "eta"


@act
def revise_later(
    changes: Sequence[EtaChange],
    *,
    reason_code: str,
    note: str,
    source: Source | None,
    key: str,
    tells_later: bool = False,
    compensates: bool = True,
    by: AbstractBaseUser | None,
    at: datetime.datetime,
) -> Job | None:
    """Return the job that saves this change of ETAs as it was seen; None if so few lines move that nobody waits long.

    The same key is one job, unless that came to nothing. Raises what `revise_eta` does, now or, as the job's failure,
    once it is its turn.
    """
    note = revising.why(note, tells_later=tells_later, compensates=compensates)
    given = revising.asked(
        changes, reason_code=reason_code, note=note, source=source, tells_later=tells_later, compensates=compensates
    )
    known = Job.objects.filter(kind=KIND, given__key=key).exclude(state__in=(Job.State.FAILED, Job.State.STOPPED))
    if job := known.order_by("id").last():
        same_content(is_same=_content(job.given) == _content(given))
        return job
    named = PurchaseLine.objects.filter(pk__in=[change.purchase_line_id for change in changes])
    if OrderLine.objects.waiting().filter(product__in=named.values("product")).count() <= AT_ONCE:
        return None
    impact = revising.preview_eta(changes, at=at)
    if len(impact.moves) <= AT_ONCE:
        return None
    lines = list(named.select_related("purchase_order").order_by("id"))
    about = revising.about(lines)
    for_impact(impact, Ask("revising.revise_eta", given, about), by=by, approved_by=None)
    return steering.queue(
        KIND, subject=SUBJECT, object_id=lines[0].pk, about=about, given={**given, "key": key}, by=by, at=at
    )


def _content(given: dict[str, Any]) -> dict[str, Any]:
    """What a change says, whatever had been seen of its lines."""
    changes = [{**change, "seen": None} for change in given["changes"]]
    return {**given, "changes": changes, "key": None}


def working(job: Job) -> Iterator[Batch]:
    """Yield the work of the job: one batch, unless it was through before its worker ended."""
    if change_of(job) is None:
        yield Batch(partial(_revise, job), phase="eta")


def change_of(job: Job) -> ChangeSet | None:
    """Return what the job did, once it is done."""
    return done_before(job.given["key"])


def _revise(job: Job, at: datetime.datetime) -> int:
    return len(revising.revise_asked(job.given, by=job.by, at=at).impact.moves)
