"""J7: screens about many at once, as whole requests, and what a job writes then. Floors: one statement over the same rows."""

import datetime
import time
from collections.abc import Callable, Iterator

from django.contrib.auth import get_user_model
from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import timezone

from backorders.actions import telling
from backorders.changes.recording import open_change
from backorders.desk import selecting
from backorders.jobs import running
from backorders.notifications.models import Message
from backorders.orders.models import OrderLine
from bench import world
from bench.measuring import Figure, analyze, beside, seconds

MOVED = 20  # days


def answer(n: int) -> Iterator[Figure]:
    """J7 with `n` customers, of whom each waits for one unit and has not heard that its date moved."""
    _untold(n)
    desk, user = world.desk(), get_user_model().objects.get(username="bench")
    tells = reverse("admin:tell_lines", args=[_ticked(user)])
    jobs = {
        "numbers of a bulk send": (lambda: desk.get(tells), _read),
        "its click answered": (lambda: desk.post(tells), _hurry),
    }
    for name, (ask, floor) in jobs.items():
        ours = _answered(ask)
        figure = beside("J7", name, n, ours=ours, floor=floor)
        print(f"      {seconds(ours, clock=time.process_time):.2f} s of our processor")
        yield figure
    yield _written(n, user)


def _answered(ask: Callable[[], object]) -> Callable[[], None]:
    def ours() -> None:
        if (status := ask().status_code) not in (200, 302):  # type: ignore[attr-defined]
            raise RuntimeError(f"answered {status}")

    return ours


def _written(n: int, user: User) -> Figure:
    """The job writes the letters that the click asked for; the floor queues as many rows in one statement."""
    customers = OrderLine.objects.order_by().values_list("order__customer_id", flat=True)
    telling.tell_now(customers, by=user, at=timezone.now())
    start, start_cpu = time.perf_counter(), time.process_time()
    running.run_due(clock=timezone.now, until=timezone.now() + datetime.timedelta(hours=1))
    taken, cpu = time.perf_counter() - start, time.process_time() - start_cpu
    print(f"      {n / cpu:.0f} letters in a second of our processor")
    if (written := Message.objects.count()) != n:
        raise RuntimeError(f"{written} messages, not {n}")
    start = time.perf_counter()
    world.mailed(1)
    return Figure("J7", "its letters queued", n, taken, time.perf_counter() - start, 0)


def _untold(n: int) -> None:
    world.empty()
    (product,) = world.shop(1, customers=n)
    line = world.purchase(product, n, pegged=n)
    world.waiting(product, n, on=line)
    world.sql(
        "UPDATE allocation_promise SET expected_from = expected_from + %s, expected_until = expected_until + %s, "
        "own_from = own_from + %s, own_until = own_until + %s, version = 2, "
        "changed_at = now() - interval '1 hour', gap_since = now() - interval '1 hour'",
        *[MOVED] * 4,
    )
    analyze()


def _ticked(user: User) -> str:
    lines = OrderLine.objects.order_by("id").values_list("id", flat=True)
    return str(selecting.freeze(lines, by=user, at=timezone.now()).name)


def _read() -> None:
    """What any answer about them must read: who waits, for what, what we expect and what was said."""
    world.sql(
        "SELECT c.name, c.email, c.language, o.number, l.waiting, p.expected_from, p.expected_until, p.told_from, p.told_until "
        "FROM allocation_promise p JOIN orders_orderline l ON l.id = p.line_id JOIN orders_order o ON o.id = l.order_id "
        "JOIN orders_customer c ON c.id = o.customer_id WHERE l.waiting > 0"
    )


def _hurry() -> None:
    """What the click writes."""
    known = open_change("floor", by=None, at=world.AT)
    world.sql(
        "WITH t AS (INSERT INTO changes_touch (change_set_id, kind, object_id) SELECT %s, 'order', id FROM orders_order) "
        "INSERT INTO notifications_hurry (customer_id, change_set_id, is_by_job) SELECT id, %s, true FROM orders_customer",
        known.pk,
        known.pk,
    )
