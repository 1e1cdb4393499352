"""Approving: what was asked for is done in its asker's name once another person says so; or refused, or it expires."""

import datetime
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from django.contrib.auth.models import AbstractBaseUser
from django.utils.translation import gettext_lazy as _

from backorders.access.checking import check
from backorders.access.people import name_of
from backorders.access.table import CAPABILITIES
from backorders.actions import (
    buying,
    caring,
    compensating,
    counting,
    etas,
    losing,
    offering,
    proposals,
    queueing,
    reallocating,
    receiving,
    revising,
    selling,
    staff_proposals,
    telling,
    undoing,
)
from backorders.actions.checking import a_reason, a_text
from backorders.actions.done import Done
from backorders.actions.seconding import APPROVE, Ask, check_not_own, limits
from backorders.allocation.impact import Impact
from backorders.catalog.models import Product
from backorders.changes.acting import act
from backorders.changes.models import Approval, ApprovalLimit, ChangeSet, Source
from backorders.changes.recording import open_change
from backorders.chasing.models import EtaProposal, StaffProposal
from backorders.inbox.models import Notice
from backorders.inbox.posting import people_with, post, settle
from backorders.orders.models import Order, OrderLine, Shipment
from backorders.refusal import Refused
from backorders.supply.models import PurchaseLine, Warehouse

State = Approval.State


class NotPending(Refused):
    """The approval was decided before, or its time is over."""


class GoneSince(Refused):
    """What the approval was about is not there any more."""


@act
def ask(wanted: Ask, *, by: AbstractBaseUser, why: Any, at: datetime.datetime) -> Approval:
    """Let an act wait for a second person; those who approve find it in their inbox.

    `wanted` is what a verb's `NeedsApproval` carries, `why` that refusal, or a sentence. The asker's own role must
    have the verb. Whoever asks twice for the same while nobody has decided has asked once.
    """
    check(wanted.capability, by=by)
    same = Approval.objects.filter(capability=wanted.capability, arguments=wanted.arguments, asked_by=by.pk)
    if pending := same.filter(state=State.PENDING, expires_at__gt=at).order_by("id").first():
        return pending
    approval = Approval.objects.create(
        capability=wanted.capability,
        arguments=wanted.arguments,
        about=wanted.about[:200],
        why=why,
        asked_by=by,  # type: ignore[misc]  # the stubs know only the default user model
        asked_at=at,
        expires_at=at + datetime.timedelta(hours=limits().hours),
    )
    to = [pk for pk in people_with(CAPABILITIES[APPROVE].roles) if pk != by.pk]
    words = {"person": name_of(by), "about": approval.about}
    post(Notice.Kind.APPROVAL_ASKED, to=to, key=_key(approval), object_id=approval.pk, words=words, at=at)
    return approval


@act
def approve(approval: Approval, *, answer: str = "", by: AbstractBaseUser, at: datetime.datetime) -> Done[Any]:
    """Do what was asked for, in its asker's name and as things stand; then it is on record who approved.

    Raises `NotPending`, `OwnApproval`, `GoneSince`, and whatever the verb refuses: `Stale` if it changed since.
    """
    approval = _pending(approval, by=by, at=at)
    done = WAYS[approval.capability].act(approval.arguments, by=approval.asked_by, approved_by=by, at=at)
    _decide(approval, State.APPROVED, answer=a_text(answer.strip()), by=by, at=at, change_set=done.change_set)
    return done


@act
def refuse(approval: Approval, *, answer: str, by: AbstractBaseUser, at: datetime.datetime) -> Approval:
    """Say no, and why; the asker finds it in their inbox. Raises `NotPending`, `OwnApproval`, `NoReason`."""
    approval = _pending(approval, by=by, at=at)
    _decide(approval, State.REFUSED, answer=a_reason(answer), by=by, at=at)
    return approval


@act
def expire(*, at: datetime.datetime) -> int:
    """Let approvals expire that nobody gave in time; their askers hear of it. Return how many there were."""
    late = list(Approval.objects.filter(state=State.PENDING, expires_at__lte=at).order_by("id"))
    for approval in late:
        _decide(approval, State.EXPIRED, answer="", by=None, at=at)
    return len(late)


def preview(approval: Approval, *, at: datetime.datetime) -> Impact | None:
    """Return whom it would touch if it were approved now, or None where it has no preview. Raises what it refuses."""
    look = WAYS[approval.capability].look
    return look(approval.arguments, at) if look else None


@act
def set_limits(
    *,
    cancel_value: Decimal,
    stock_units: int,
    recipients: int,
    hours: int,
    compensation_value: Decimal | None = None,
    by: AbstractBaseUser | None,
    at: datetime.datetime,
) -> ChangeSet:
    """Say from where on an act needs a second person. What was before is kept with the change.

    Without `compensation_value` that limit stays.
    """
    before, _made = ApprovalLimit.objects.select_for_update().get_or_create(pk=1)
    wanted = {"cancel_value": cancel_value, "stock_units": stock_units, "recipients": recipients, "hours": hours}
    if compensation_value is not None:
        wanted["compensation_value"] = compensation_value
    kept = {name: str(getattr(before, name)) for name in wanted}
    summary = {name: str(value) for name, value in wanted.items()}
    change = open_change("set_limits", before=kept, summary=summary, by=by, at=at)
    ApprovalLimit.objects.filter(pk=1).update(**wanted)
    return change


def _pending(approval: Approval, *, by: AbstractBaseUser, at: datetime.datetime) -> Approval:
    approval = Approval.objects.select_for_update(of=("self",)).select_related("asked_by").get(pk=approval.pk)
    if approval.state != State.PENDING or approval.expires_at <= at:
        raise NotPending(_("This was decided before, or its time is over."))
    check_not_own(approval.asked_by, by)
    return approval


def _decide(
    approval: Approval,
    state: str,
    *,
    answer: str,
    by: AbstractBaseUser | None,
    at: datetime.datetime,
    change_set: ChangeSet | None = None,
) -> None:
    approval.state, approval.answer, approval.decided_at = state, answer, at
    approval.decided_by, approval.change_set = by, change_set  # type: ignore[assignment]
    approval.save(update_fields=["state", "answer", "decided_at", "decided_by", "change_set"])
    settle(_key(approval), at=at)
    words = {"state": str(state), "about": approval.about}
    key = f"decided:{approval.pk}"
    post(Notice.Kind.APPROVAL_DECIDED, to=[approval.asked_by_id], key=key, object_id=approval.pk, words=words, at=at)


def _key(approval: Approval) -> str:
    return f"approval:{approval.pk}"


# -- the verbs that can be asked for: how each is done from plain values, and how it is looked at before ---------------


class Way(NamedTuple):
    """How an act that was asked for is done, and previewed."""

    act: Callable[..., Done[Any]]
    look: Callable[[dict[str, Any], datetime.datetime], Impact] | None = None


def _found(model: Any, pk: object) -> Any:
    row = model.objects.filter(pk=pk).first()
    if row is None:
        raise GoneSince(_("What this was about is not there any more."))
    return row


def _line(given: dict[str, Any]) -> OrderLine:
    row: OrderLine = _found(OrderLine, given["line"])
    return row


def _rest(given: dict[str, Any], *taken: str) -> dict[str, Any]:
    return {name: value for name, value in given.items() if name not in taken}


def _expedite(given: dict[str, Any], **who: Any) -> Done[Any]:
    return queueing.expedite(_line(given), **_rest(given, "line"), **who)


def _reallocate(given: dict[str, Any], **who: Any) -> Done[Any]:
    before = _found(OrderLine, given["before"])
    return reallocating.reallocate(_line(given), before=before, **_rest(given, "line", "before"), **who)


def _cancel_line(given: dict[str, Any], **who: Any) -> Done[Any]:
    return selling.cancel_line(_line(given), **_rest(given, "line"), **who)


def _cancel_order(given: dict[str, Any], **who: Any) -> Done[Any]:
    return selling.cancel_order(_found(Order, given["order"]), **_rest(given, "order"), **who)


def _change_quantity(given: dict[str, Any], **who: Any) -> Done[Any]:
    return selling.change_quantity(_line(given), **_rest(given, "line"), **who)


def _purchase(given: dict[str, Any]) -> PurchaseLine:
    row: PurchaseLine = _found(PurchaseLine, given["purchase_line"])
    return row


def _adjust_stock(given: dict[str, Any], **who: Any) -> Done[Any]:
    product, place = _found(Product, given["product"]), _found(Warehouse, given["warehouse"])
    return counting.adjust_stock(product, warehouse=place, **_rest(given, "product", "warehouse"), **who)


def _receive(given: dict[str, Any], **who: Any) -> Done[Any]:
    return receiving.receive(**receiving.as_asked(given), **who)


def _look_at_arrivals(given: dict[str, Any], at: datetime.datetime) -> Impact:
    asked = receiving.as_asked(given)
    return receiving.preview_receive(asked["arrivals"], first=asked["first"], rest=asked["rest"], at=at)


def _lose_parcel(given: dict[str, Any], **who: Any) -> Done[Any]:
    return losing.lose_parcel(_found(Shipment, given["shipment"]), pays_back=True, **_rest(given, "shipment"), **who)


def _compensate(given: dict[str, Any], **who: Any) -> Done[Any]:
    line = _found(OrderLine, given["line"]) if given["line"] else None
    rest = {**_rest(given, "order", "line"), "amount": Decimal(given["amount"])}
    return caring.compensate(_found(Order, given["order"]), line=line, **rest, **who)


def _amounts(awards: dict[str, str] | list[int]) -> dict[int, Decimal]:
    """Of each award the amount that was seen; what was asked for without amounts is not known to be what was seen."""
    if isinstance(awards, list):
        raise GoneSince(_("This was asked for without the amounts. Refuse it, and choose the proposals again."))
    return {int(pk): Decimal(amount) for pk, amount in awards.items()}


def _look_at_stock(given: dict[str, Any], at: datetime.datetime) -> Impact:
    product, place = _found(Product, given["product"]), _found(Warehouse, given["warehouse"])
    return counting.preview_adjust(product, warehouse=place, counted=given["counted"], at=at)


def _etas(given: Sequence[dict[str, Any]]) -> list[etas.EtaChange]:
    return [etas.eta_change(plain) for plain in given]


def _accept_staff_proposal(given: dict[str, Any], **who: Any) -> Done[Any]:
    proposal, change = _found(StaffProposal, given["proposal"]), etas.eta_change(given["change"])
    rest = _rest(given, "proposal", "change", "source")
    return staff_proposals.accept(proposal, change, source=Source(given["source"]), **rest, **who)


def _undone(verb: Callable[..., Done[Any]]) -> Way:
    """The way of an undo: it is looked at as a revert is."""

    def act(given: dict[str, Any], **who: Any) -> Done[Any]:
        return verb(_found(ChangeSet, given["change_set"]), **who)

    return Way(act, lambda given, at: undoing.preview_revert(_found(ChangeSet, given["change_set"]), at=at))


def _proposed(given: dict[str, Any]) -> dict[int, int]:
    return {int(pk): int(version) for pk, version in given["seen"]}


def _look_at_proposals(given: dict[str, Any], at: datetime.datetime) -> Impact:
    asked = EtaProposal.objects.filter(pk__in=_proposed(given)).select_related("line__purchase_line").order_by("id")
    return proposals.preview(list(asked), at=at)


WAYS: dict[str, Way] = {
    "queueing.expedite": Way(_expedite, lambda given, at: queueing.preview_expedite(_line(given), at=at)),
    "reallocating.reallocate": Way(
        _reallocate,
        lambda given, at: reallocating.preview_reallocation(
            _line(given), before=_found(OrderLine, given["before"]), at=at
        ),
    ),
    "selling.cancel_line": Way(
        _cancel_line, lambda given, at: selling.preview_cancel(_line(given), quantity=given["quantity"], at=at)
    ),
    "selling.cancel_order": Way(_cancel_order),
    "selling.change_quantity": Way(
        _change_quantity, lambda given, at: selling.preview_quantity(_line(given), quantity=given["quantity"], at=at)
    ),
    "buying.close_purchase_line": Way(
        lambda given, **who: buying.close_purchase_line(_purchase(given), **_rest(given, "purchase_line"), **who),
        lambda given, at: buying.preview_close(_purchase(given), at=at),
    ),
    "counting.adjust_stock": Way(_adjust_stock, _look_at_stock),
    "receiving.receive": Way(_receive, _look_at_arrivals),
    "revising.revise_eta": Way(
        revising.revise_asked, lambda given, at: revising.preview_eta(_etas(given["changes"]), at=at)
    ),
    "offering.offer_alternative": Way(
        lambda given, **who: offering.offer_alternative(given["lines"], reason=given["reason"], **who)
    ),
    "caring.compensate": Way(_compensate),
    "losing.lose_parcel": Way(_lose_parcel),
    "compensating.give": Way(lambda given, **who: compensating.give(_amounts(given["awards"]), **who)),
    "proposals.accept": Way(
        lambda given, **who: proposals.accept(_proposed(given), note=given["note"], **who), _look_at_proposals
    ),
    "staff_proposals.accept": Way(
        _accept_staff_proposal, lambda given, at: revising.preview_eta(_etas([given["change"]]), at=at)
    ),
    "undoing.undo": _undone(undoing.undo),
    "undoing.undo_what_nobody_changed": _undone(undoing.undo_what_nobody_changed),
    "telling.tell_now": Way(lambda given, **who: telling.tell_now(given["customers"], **who)),
}
