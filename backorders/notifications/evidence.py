"""Evidence: what the mails that ask for an answer prove in the cases of their lines, and what they do not.

A notice counts from the moment the provider took it. One that came back was none, unless the customer has answered: the
clock runs, and somebody calls. A call that was made counts as the notice it stands for.
"""

import datetime
from collections.abc import Iterable, Sequence

from django.conf import settings
from django.db.models import CharField, F, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Cast, Concat
from django.utils.translation import gettext_lazy as _

from backorders.allocation.models import Allocation
from backorders.delays.casework import Entry, heard
from backorders.delays.days import leaves_by
from backorders.delays.law import LASTING, OPEN, OPTIONS, Kind
from backorders.delays.law import State as CaseState
from backorders.delays.models import LegalCase, LegalEvent
from backorders.delays.packs import Measures, pack_named
from backorders.notifications.calling import ask_to_call
from backorders.notifications.models import CallTask, Message, MessageLine
from backorders.supply.models import EtaRevision

Delivery, State = Message.Delivery, Message.State
CALL_AFTER = datetime.timedelta(hours=24)
NOT_DELIVERED = _("Its notice was not delivered within a day; the time to answer runs.")


def observed(*, at: datetime.datetime) -> list[Entry]:
    """Return what mails and calls say of all open cases and is not in them yet."""
    return [*_notices(), *_bounces(at), *_calls(), *_called_instead()]


def call_undelivered(*, at: datetime.datetime) -> int:
    """Open a call task beside every notice that was not delivered within a day, where the provider says what was.

    Returns how many there were.
    """
    if not settings.ANYMAIL.get("WEBHOOK_SECRET"):
        return 0
    unconfirmed = Message.objects.filter(kind=Message.Kind.ANSWER_NEEDED, state=State.ACCEPTED, call_task=None)
    unconfirmed = unconfirmed.filter(delivery__lt=Delivery.DELIVERED, accepted_at__lt=at - CALL_AFTER)
    asked = [state.value for state in OPTIONS]
    ids = list(unconfirmed.filter(lines__line__legal_case__state__in=asked).order_by("id").values_list("id", flat=True))
    ask_to_call(sorted(set(ids)), why=NOT_DELIVERED, at=at)
    return len(set(ids))


def _stated() -> "QuerySet[MessageLine]":
    """The newest notices of open cases that lapse, one row for each of their lines."""
    states = [state.value for state in OPEN if state not in LASTING]
    lines = MessageLine.objects.filter(message__kind=Message.Kind.ANSWER_NEEDED, promise_version__isnull=False)
    lines = lines.filter(line__legal_case__state__in=states)
    return lines.select_related("line__legal_case", "message").order_by("id")


def _newest() -> "QuerySet[MessageLine]":
    return _stated().filter(line__legal_case__notice_at=F("message__created_at"))


def _notices() -> Iterable[Entry]:
    sent = list(_newest().filter(message__state=State.ACCEPTED).exclude(message__delivery=Delivery.BOUNCED))
    return _new(sent, "message", Kind.NOTICE, {row.pk: row.message.accepted_at for row in sent})


def _calls() -> Iterable[Entry]:
    called = list(_newest().filter(message__call_task__done_at__isnull=False).select_related("message__call_task"))
    return _new(called, "call", Kind.NOTICE, {row.pk: row.message.call_task.done_at for row in called})


def _bounces(at: datetime.datetime) -> Iterable[Entry]:
    """Notices that came back while their option is open: they are void, also for what was split off since."""
    back = _noticed_by(Message.objects.filter(delivery=Delivery.BOUNCED, state=State.ACCEPTED))
    back = back.filter(case__state__in=[state.value for state in OPTIONS])
    known = _known([event.case_id for event in back])
    for event in back:
        if (event.case_id, f"void:{event.key}") not in known:
            yield heard(event.case, Kind.VOID, key=f"void:{event.key}", of=event.key, at=at)


def _called_instead() -> Iterable[Entry]:
    """Calls that were made in place of notices that came back, for what was split off since as well."""
    back = Message.objects.filter(delivery=Delivery.BOUNCED, call_task__done_at__isnull=False)
    called = list(_noticed_by(back).filter(case__state=CaseState.NOTICE_DUE.value))
    tasks = CallTask.objects.filter(message__in=[int(event.key.partition(":")[2]) for event in called])
    done = dict(tasks.values_list("message", "done_at")) if called else {}
    known = _known([event.case_id for event in called])
    for event in called:
        message_id = int(event.key.partition(":")[2])
        key, moment = f"call:{message_id}", done[message_id]
        if moment is not None and (event.case_id, key) not in known:
            yield heard(event.case, Kind.NOTICE, key=key, until=event.until, basis=event.basis, at=moment)


def _noticed_by(messages: "QuerySet[Message]") -> "QuerySet[LegalEvent]":
    """What these messages proved as notices, in the cases of their lines and of what was split off them."""
    keys = messages.filter(kind=Message.Kind.ANSWER_NEEDED).order_by()
    keys = keys.values_list(Concat(Value("message:"), Cast("id", CharField())))
    return LegalEvent.objects.filter(kind=Kind.NOTICE, key__in=keys).select_related("case").order_by("id")


def _new(
    lines: Sequence[MessageLine], what: str, kind: Kind, moments: dict[int, datetime.datetime | None]
) -> Iterable[Entry]:
    known = _known([row.line_id for row in lines])
    bases = basis_of([row.line_id for row in lines])
    for row in lines:
        case, moment = row.line.legal_case, moments[row.pk]
        key = f"{what}:{row.message_id}"
        if moment is not None and (row.line_id, key) not in known:
            yield heard(
                case, kind, key=key, until=stated_on(case, row.window_until), basis=bases[row.line_id], at=moment
            )


def _known(line_ids: Sequence[int]) -> set[tuple[int, str]]:
    return set(LegalEvent.objects.filter(case__in=line_ids).values_list("case_id", "key")) if line_ids else set()


def stated_on(case: LegalCase, window_until: datetime.date | None) -> datetime.date | None:
    """Return the date that a window to this day is in what the case's pack measures."""
    if window_until is None or pack_named(case.pack, case.pack_version).measures == Measures.DELIVER:
        return window_until
    return leaves_by(window_until, transit_days=case.transit_days)


_NEWEST = EtaRevision.objects.filter(purchase_line=OuterRef("purchase_line")).order_by("-at", "-id")
_BASIS = {
    "purchase_order": F("purchase_line__purchase_order__number"),
    "eta_on": F("purchase_line__eta_on"),
    "eta_until": F("purchase_line__eta_until"),
    "confidence": F("purchase_line__confidence"),
    "said_at": Subquery(_NEWEST.values("at")[:1]),
    "said_by": Subquery(_NEWEST.values("source")[:1]),
    "revision": Subquery(_NEWEST.values("id")[:1]),
    "supplier": F("purchase_line__purchase_order__supplier__name"),
    "early_days": F("purchase_line__purchase_order__supplier__early_days"),
    "late_days": F("purchase_line__purchase_order__supplier__late_days"),
}


def basis_of(line_ids: Sequence[int]) -> dict[int, dict[str, object]]:
    """Return what the dates of these lines rest on now: their purchase lines, how sure and how old each ETA is, and
    how late the supplier's goods usually come. One statement."""
    pegs = Allocation.objects.filter(line__in=line_ids, purchase_line__isnull=False).order_by("line", "id")
    supplies: dict[int, list[dict[str, object]]] = {pk: [] for pk in line_ids}
    for row in pegs.values("line_id", "purchase_line", **_BASIS):
        supplies[row["line_id"]].append({name: _plain(value) for name, value in row.items() if name != "line_id"})
    return {pk: {"supplies": found} for pk, found in supplies.items()}


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime.date) else value
