"""What a customer sees of one order: the date first, then what changed and why, what can be chosen, and how it went."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from backorders.actions import deciding
from backorders.actions.refunding import refund_of
from backorders.allocation.alternatives import Alternative, offered_for
from backorders.allocation.models import Promise
from backorders.allocation.windows import business_day
from backorders.notifications import dates
from backorders.notifications.models import NextUpdate
from backorders.orders.models import Feedback, Order
from backorders.portal import history, progress
from backorders.portal.legal import Legal, ended_by_time, legal_of
from backorders.portal.words import masked, moment, money

CHOICES = ("keep", "cancel", "substitute", "ship_ready")


@dataclass(frozen=True)
class Page:
    """The order in words. `arrives` is empty when its items come at different times, or on no date."""

    number: str
    placed: str
    arrives: str
    is_open: bool
    is_waiting: bool
    is_dated: bool
    is_essential: bool
    was: str = ""
    changed: str = ""
    reason: str = ""
    next_update: str = ""
    rows: list[progress.Row] = field(default_factory=list)
    steps: list[progress.Step] = field(default_factory=list)
    parcels: list[progress.Parcel] = field(default_factory=list)
    cancelled: list[progress.Off] = field(default_factory=list)
    gifts: list[progress.Gift] = field(default_factory=list)
    earlier: list[history.Earlier] = field(default_factory=list)
    questions: list[history.Asked] = field(default_factory=list)
    alternatives: int = 0
    may_send_ready: bool = False
    refund: str = ""
    answered: str = ""
    answered_on: str = ""
    feedback_on: str = ""
    feedback: Feedback | None = None
    update: int = 0
    update_answer: Feedback | None = None
    wants_all_updates: bool = True
    legal: Legal | None = None
    is_ended_by_time: bool = False
    email: str = ""


def page_of(order: Order, language: str, *, at: datetime.datetime) -> Page:
    """Return the page of an order in a language. It says what we believe today, nothing about the person."""
    promises = promises_of(order)
    waits = [promise for promise in promises if promise.line.open_quantity]
    sent = list(order.shipments.select_related("carrier").order_by("shipped_at", "id"))
    parcels = [parcel for parcel in sent if parcel.lost_at is None]
    off = progress.cancelled(order, language)
    windows = {promise.expected for promise in waits}
    only = windows.pop() if len(windows) == 1 else None
    said = history.said_before(order, waits)
    was = (
        next((window for _at, window in said if window != only), None)
        if len({p.expected for p in waits}) == 1
        else None
    )
    occasion = _occasion(is_open=bool(waits), parcels=[parcel.delivered_at for parcel in parcels], is_off=bool(off))
    update = history.last_update(order) if waits else 0
    zone = order.customer.time_zone
    latest = order.decisions.filter(kind__in=CHOICES).order_by("-at", "-id").first() if waits else None
    back = refund_of([(promise.line, promise.line.open_quantity) for promise in waits])
    return Page(
        number=order.number,
        placed=dates.day_in_words(business_day(order.placed_at), language),
        arrives=dates.in_words(only, language) if only else "",
        is_open=bool(waits),
        is_waiting=any(promise.line.waiting for promise in waits),
        is_dated=all(promise.expected for promise in waits),
        is_essential=order.is_date_essential,
        was=dates.in_words(was, language) if was else "",
        changed=moment(max(promise.changed_at for promise in waits), zone, language) if was else "",
        reason=history.reason(waits) if was else "",
        next_update=_next_update(waits, language),
        rows=[progress.row(promise, language, with_date=only is None) for promise in promises],
        steps=progress.steps(order, waits, parcels, language),
        parcels=[progress.parcel(each, language) for each in sent],
        cancelled=off,
        gifts=progress.gifts(order, language),
        earlier=history.in_words(said[1:], language),
        questions=history.questions(order, language),
        alternatives=sum(map(len, alternatives_of(waits, at=at).values())),
        may_send_ready=deciding.may_send_ready(order),
        refund=money(back, order.currency, language) if back else "",
        answered=str(_(latest.get_kind_display())) if latest else "",
        answered_on=moment(latest.at, zone, language) if latest else "",
        feedback_on=occasion,
        feedback=order.feedback.filter(occasion=occasion).first() if occasion else None,
        update=update,
        update_answer=order.feedback.filter(occasion="update", about=update).first() if update else None,
        wants_all_updates=order.customer.wants_all_updates,
        legal=legal_of([promise.line for promise in waits], only and only.last, language, at=at),
        is_ended_by_time=bool(off) and ended_by_time(order),
        email=masked(order.customer.email),
    )


def promises_of(order: Order) -> list[Promise]:
    """Return the promises of the order's lines, each line with the order that is in hand."""
    promises = list(Promise.objects.filter(line__order=order).select_related("line__product").order_by("line"))
    for promise in promises:
        promise.line.order = order
    return promises


def alternatives_of(promises: Sequence[Promise], *, at: datetime.datetime) -> dict[int, list[Alternative]]:
    """Return what the customer is offered instead of what waits, by line id."""
    return offered_for([promise.line for promise in promises], today=business_day(at))


def _occasion(*, is_open: bool, parcels: Sequence[datetime.datetime | None], is_off: bool) -> str:
    """How the order ended, if it did: that is what we ask the customer about."""
    if is_open or not (parcels or is_off):
        return ""
    if not parcels:
        return Feedback.Occasion.CANCELLED
    return Feedback.Occasion.DELIVERED if all(parcels) else ""


def _next_update(waits: Sequence[Promise], language: str) -> str:
    lines = [promise.line_id for promise in waits if promise.line.waiting]
    on = NextUpdate.objects.filter(line__in=lines).order_by("on", "line").values_list("on", flat=True).first()
    return dates.day_in_words(on, language) if on else ""
