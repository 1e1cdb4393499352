"""J6: a list of new ETAs, checked and applied by jobs. Floors: COPY and one join; one update with its history."""

import datetime
import threading
import time
from collections.abc import Callable, Iterator

from django.contrib.auth import get_user_model
from django.db import connection
from django.utils import timezone

from backorders.changes.models import ChangeSet
from backorders.importing import opening
from backorders.importing.models import Import
from backorders.importing.working import counts
from backorders.jobs import running
from backorders.jobs.models import Job
from bench import world
from bench.measuring import Figure, analyze, seconds

PRODUCTS, EACH = 500, 100  # products; lines of a purchase order
MOVED = 30  # days
LOOK = 0.005  # seconds


def take_in(n: int) -> Iterator[Figure]:
    """J6 with `n` purchase lines, each named once by the list."""
    rows = _purchase_lines(n)
    user, _ = get_user_model().objects.get_or_create(username="bench", defaults={"is_superuser": True})
    text = "PO;SKU;Qty;ETA\n" + "".join(f"{number};{sku};5;{eta:%d.%m.%Y}\n" for number, sku, eta in rows)
    floors = seconds(lambda: _copied(rows)), seconds(_moved)
    mine = opening.open_import(text.encode(), name="bench", supplier=None, by=user, at=timezone.now())
    if not mine.are_columns_matched:
        opening.match_columns(
            mine, roles=mine.columns, header=mine.header, confidence="confirmed", by=user, at=timezone.now()
        )
    yield _done("list checked", n, floor=floors[0])
    mine.refresh_from_db()
    opening.start_applying(mine, reason_code="production", note="", by=user, at=timezone.now())
    yield _done("list applied", n, floor=floors[1])
    _is_through(mine, n)


def _done(name: str, n: int, *, floor: float) -> Figure:
    seen: list[float] = []
    start = time.perf_counter()
    watching = threading.Thread(
        target=_watch, args=(Job.objects.latest("pk").pk, lambda: seen.append(time.perf_counter()))
    )
    watching.start()
    running.run_due(clock=timezone.now, until=timezone.now() + datetime.timedelta(hours=1))
    taken = time.perf_counter() - start
    watching.join()
    print(f"      first progress after {seen[0] - start:.2f} s")
    return Figure("J6", name, n, taken, floor, 0)


def _watch(job: int, tell: Callable[[], None]) -> None:
    """Tell when somebody else first sees that the job has moved."""
    while not Job.objects.filter(pk=job, done__gt=0).exists():
        time.sleep(LOOK)
    tell()
    connection.close()


def _is_through(mine: Import, n: int) -> None:
    if (found := counts(mine))["applied"] != n:
        raise RuntimeError(f"not all rows were applied: {found}")


def _purchase_lines(n: int) -> list[tuple[str, str, datetime.date]]:
    """Purchase lines of `EACH` to an order, due in ten days; return what the list says of each."""
    world.empty()
    world.shop(PRODUCTS)
    world.sql(
        "INSERT INTO supply_purchaseorder (number, supplier_id, ordered_on) SELECT 'PO-' || n, id, %s "
        "FROM supply_supplier, generate_series(0, %s) n",
        world.TODAY,
        (n - 1) // EACH,
    )
    world.sql(
        "INSERT INTO supply_purchaseline (purchase_order_id, product_id, warehouse_id, quantity, received, cancelled, pegged, "
        "eta_on, eta_until, first_eta_on, confidence, version) "
        "SELECT o.id, p.id, w.id, 5, 0, 0, 0, %s, %s, %s, 'confirmed', 1 FROM generate_series(0, %s) n "
        "JOIN supply_purchaseorder o ON o.number = 'PO-' || n / %s JOIN catalog_product p ON p.sku = 'SKU-' || mod(n, %s) "
        "CROSS JOIN supply_warehouse w",
        *[world.TODAY + datetime.timedelta(days=10)] * 3,
        n - 1,
        EACH,
        PRODUCTS,
    )
    analyze()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT o.number, p.sku, l.eta_on + %s FROM supply_purchaseline l JOIN supply_purchaseorder o "
            "ON o.id = l.purchase_order_id JOIN catalog_product p ON p.id = l.product_id ORDER BY l.id",
            [MOVED],
        )
        return cursor.fetchall()


def _copied(rows: list[tuple[str, str, datetime.date]]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE copied (number text, sku text, eta date) ON COMMIT DROP")
        with cursor.copy("COPY copied FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        cursor.execute(
            "SELECT count(*) FROM copied c JOIN supply_purchaseorder o ON o.number = c.number JOIN catalog_product p "
            "ON p.sku = c.sku JOIN supply_purchaseline l ON l.purchase_order_id = o.id AND l.product_id = p.id"
        )


def _moved() -> None:
    change = ChangeSet.objects.create(act="revise_eta", at=world.AT)
    world.sql(
        "WITH moved AS (UPDATE supply_purchaseline SET eta_on = eta_on + %s, eta_until = eta_until + %s, version = version + 1 "
        "RETURNING id, eta_on, eta_until) "
        "INSERT INTO supply_etarevision (purchase_line_id, change_set_id, at, old_on, old_until, old_confidence, new_on, "
        "new_until, new_confidence, reason_code, note, source) SELECT id, %s, %s, eta_on - %s, eta_until - %s, 'confirmed', "
        "eta_on, eta_until, 'confirmed', 'production', '', 'import' FROM moved",
        MOVED,
        MOVED,
        change.pk,
        world.AT,
        MOVED,
        MOVED,
    )
