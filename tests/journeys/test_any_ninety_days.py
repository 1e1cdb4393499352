"""Whatever happens to a late order in ninety days, in any order and at any hour: the law of delays is kept."""

import datetime
import itertools
from collections.abc import Callable
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from backorders.actions import clock, lawful, selling, shipping, telling
from backorders.actions.bookkeeping import check_books
from backorders.changes.models import Source
from backorders.delays.law import LAPSING, OPTIONS, State
from backorders.delays.models import LegalCase, LegalEvent
from backorders.notifications.models import CallTask, Message
from backorders.orders.models import OrderLine, Refund
from backorders.refusal import Refused
from backorders.supply.models import PurchaseLine
from tests.actions.lawdesk import comes_back, tick
from tests.factories import AT, a_customer, a_line, a_product, a_purchase, a_user, later, receive, revise

pytestmark = [pytest.mark.django_db, pytest.mark.long]

Act = Callable[[PurchaseLine, OrderLine, datetime.datetime], object]
ASKED = [state.value for state in OPTIONS]


def slips(days: int | None) -> Act:
    """The supplier names a day so many days from now, or none any more."""
    return lambda purchase, _line, at: revise(purchase, (None if days is None else (at - AT).days + days, None), at=at)


def agrees(days: int | None) -> Act:
    """The customer agrees to wait for so many days, or for as long as it takes."""
    return lambda _purchase, line, at: lawful.agree(
        line, until=days and (at + datetime.timedelta(days)).date(), source=Source.CUSTOMER, by=None, at=at
    )


def sets_a_last_day(_purchase: PurchaseLine, line: OrderLine, at: datetime.datetime) -> None:
    until = (at + datetime.timedelta(days=5)).date()
    lawful.demand_extra_period(line, until=until, source=Source.CUSTOMER, by=None, at=at)


def reported(kind: str, which: int) -> Act:
    """The provider says something of the newest mail (-1) or, long after, of the first."""
    return lambda _purchase, _line, at: comes_back(list(Message.objects.order_by("id"))[which], at=at, kind=kind)


def is_called(_purchase: PurchaseLine, _line: OrderLine, at: datetime.datetime) -> None:
    for task in CallTask.objects.filter(done_at=None):
        telling.mark_called(task, by=a_user(), at=at)


def leaves(_purchase: PurchaseLine, line: OrderLine, at: datetime.datetime) -> None:
    shipping.ship(line.order, units=[(line.pk, max(line.allocated, 1))], by=None, at=at)


ACTS: dict[str, Act] = {
    "slips a little": slips(25),
    "slips far": slips(80),
    "has no date": slips(None),
    "comes sooner": slips(2),
    "agrees": agrees(None),
    "agrees to a date": agrees(20),
    "sets a last day": sets_a_last_day,
    "ends it": lambda _p, line, at: lawful.end_contract(line, source=Source.CUSTOMER, by=None, at=at),
    "cancels": lambda _p, line, at: selling.cancel_line(line, reason="x", source=Source.CUSTOMER, by=None, at=at),
    "bounces": reported("bounced", -1),
    "the first bounces": reported("bounced", 0),
    "is delivered": reported("delivered", -1),
    "complains": reported("complained", -1),
    "is called": is_called,
    "one unit arrives": lambda purchase, _line, at: receive(purchase, 1, at=at),
    "all arrives": lambda purchase, _line, at: receive(purchase, 2, at=at),
    "leaves": leaves,
}
STEPS = st.lists(
    st.tuples(st.sampled_from(sorted(ACTS)), st.integers(0, 20), st.integers(0, 23)), min_size=2, max_size=8
)


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    country=st.sampled_from(["US", "US", "DE", "GB"]),
    zone=st.sampled_from(["UTC", "Pacific/Kiritimati", "America/Adak"]),
    steps=STEPS,
)
@example(country="US", zone="UTC", steps=[("slips far", 1, 12), ("bounces", 1, 12), ("is called", 1, 12)])
@example(country="US", zone="America/Adak", steps=[("slips a little", 1, 12), ("bounces", 1, 12), ("leaves", 2, 12)])
def test_the_law_is_kept_whatever_happens(country: str, zone: str, steps: list[tuple[str, int, int]]) -> None:
    with transaction.atomic():
        ninety_days(country, zone, steps)
        transaction.set_rollback(True)


def ninety_days(country: str, zone: str, steps: list[tuple[str, int, int]]) -> None:
    """Let it happen, and look after each step."""
    product = a_product()
    purchase = a_purchase(product, 3, eta=10)
    line = a_line(product, 2, customer=a_customer(jurisdiction=country, time_zone=zone), is_paid=True)
    tick(AT)
    shipped_before_end, said = None, set()
    on = 0
    for number, (name, days, hour) in enumerate(itertools.chain(steps, [("nothing", 45, 12)])):
        on = min(on + max(days, hour < 9), 90)
        at = later(days=on, hours=hour - 9, minutes=number)
        clock.start_day(at=at)
        line.refresh_from_db()
        if name in ACTS:
            try:
                ACTS[name](purchase, line, at)
                said.add(name)
            except Refused:
                pass
        for minutes in (0, 10):
            tick(at + datetime.timedelta(minutes=minutes))
            clock.take_up_what_was_told(at=at + datetime.timedelta(minutes=minutes))
        line.refresh_from_db()
        case = LegalCase.objects.get(pk=line.pk)
        assert [found.sentence for found in check_books(at=at)] == []
        holds(line, case, at, said)
        if not case.lapses and case.state in (State.CANCELLED_REFUND_DUE, State.TERMINATED):
            assert said & {"cancels", "ends it"}
        if LegalEvent.objects.filter(case=line.pk, kind__in=("cancel", "end", "lapse")).exists():
            shipped_before_end = line.shipped if shipped_before_end is None else shipped_before_end
            assert line.shipped == shipped_before_end


def holds(line: OrderLine, case: LegalCase, at: datetime.datetime, said: set[str]) -> None:
    """What is true of a case after each step."""
    today = at.astimezone(ZoneInfo(case.zone)).date()
    if case.state in LAPSING:
        assert case.clock_on is None or case.clock_on >= today
    if case.lapses and case.state == State.CANCELLED_REFUND_DUE:
        owed = sum(refund.amount for refund in Refund.objects.filter(cancellation__line=line))
        assert (line.allocated, line.waiting) == (0, 0)
        assert owed == line.price * line.cancelled > 0
    if not case.lapses and not said & {"cancels", "ends it"}:
        assert line.cancelled == 0
    if case.state in ASKED:
        void = LegalEvent.objects.filter(case=line.pk, kind="void").values("of")
        notices = (
            LegalEvent.objects.filter(case=line.pk, kind="notice").exclude(key__in=void).values_list("key", flat=True)
        )
        ids = [int(key.removeprefix("message:")) for key in notices if key.startswith("message:")]
        assert not Message.objects.filter(pk__in=ids, delivery=Message.Delivery.BOUNCED).exists()
        arrived = Message.objects.filter(pk__in=ids, state="accepted")
        by_phone = [key for key in notices if not key.startswith("message:")]
        assert arrived.exists() or by_phone or CallTask.objects.filter(done_at=None).exists()
