"""J1: eight clients place one-line orders at once, all of one product or of a thousand. Floor: the same in raw SQL."""

import multiprocessing
import random
import statistics
import time
from collections.abc import Callable, Iterator
from multiprocessing.synchronize import Barrier

from django.db import connection, connections, transaction
from django.test.utils import CaptureQueriesContext

from backorders.actions import placing
from backorders.catalog.models import Product
from backorders.orders.models import Carrier, Customer
from bench import world
from bench.measuring import Figure, analyze

CLIENTS = 8
ROUNDS = 5
PLENTY = 1_000_000
FORK = multiprocessing.get_context("fork")

Place = Callable[[Product, str], None]


def place(n: int) -> Iterator[Figure]:
    """J1, `n` orders a round."""
    yield _race("hot product", n, products=1)
    yield _race("1,000 products", n, products=1000)
    for waiting in (100, 100_000):
        yield _race(f"hot, {waiting:,} wait", n, products=1, waiting=waiting)


def _race(variant: str, n: int, *, products: int, waiting: int = 0) -> Figure:
    world.empty()
    shop = world.shop(products)
    for product in shop:
        world.stock(product, 0 if waiting else PLENTY)
    if waiting:
        line = world.purchase(shop[0], PLENTY, pegged=waiting)
        world.waiting(shop[0], waiting, on=line)
    analyze()
    customer, carrier = Customer.objects.order_by("id")[0], Carrier.objects.get()

    def ours(product: Product, number: str) -> None:
        new = placing.NewOrder(number, customer, carrier, [placing.NewLine(product, 1)])
        placing.place_order(new, by=None, at=world.AT)

    def floor(product: Product, number: str) -> None:
        """The least an order can be: its row, its line, and units taken only if they are there."""
        taken = (
            "UPDATE supply_purchaseline SET pegged = pegged + 1 WHERE product_id = %s AND quantity - received - cancelled > pegged"
            if waiting
            else "UPDATE supply_stocklevel SET allocated = allocated + 1 WHERE product_id = %s AND on_hand > allocated"
        )
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "WITH o AS (INSERT INTO orders_order (number, shop, external_id, customer_id, carrier_id, placed_at, currency, "
                "is_paid, is_ship_complete, is_date_essential, is_confirmed, version) VALUES (%s, '', '', %s, %s, %s, 'EUR', "
                "false, false, false, true, 1) RETURNING id) "
                "INSERT INTO orders_orderline (order_id, product_id, quantity, allocated, waiting, shipped, cancelled, price, "
                "placed_at, cause, is_expedited, is_held, score, overtaken) "
                "SELECT id, %s, 1, %s, %s, 0, 0, 10, %s, '', false, false, 0, 0 FROM o",
                [number, customer.pk, carrier.pk, world.AT, product.pk, int(not waiting), int(bool(waiting)), world.AT],
            )
            cursor.execute(taken, [product.pk])
            if cursor.rowcount != 1:
                raise RuntimeError("sold out")

    statements = _statements(lambda: ours(shop[0], "counted"))
    pairs = [(_round(ours, f"o{i}", shop, n), _round(floor, f"f{i}", shop, n)) for i in range(ROUNDS)]
    _refuse_oversold()
    ours_s, floor_s = (statistics.median(pair[side] for pair in pairs) for side in (0, 1))
    return Figure("J1", variant, n, ours_s, floor_s, statements)


def _round(work: Place, name: str, shop: list[Product], n: int) -> float:
    """Let eight processes do `n` orders together; return the seconds from the common start to the last end."""
    start, ends = FORK.Barrier(CLIENTS + 1), FORK.Queue()
    connections.close_all()
    clients = [
        FORK.Process(target=_client, args=(work, f"{name}-{number}", shop, n // CLIENTS, start, ends))
        for number in range(CLIENTS)
    ]
    for client in clients:
        client.start()
    start.wait()
    begun = time.monotonic()
    failures = [failure for failure in (ends.get() for _ in clients) if failure]
    taken = time.monotonic() - begun
    for client in clients:
        client.join()
    if failures:
        raise RuntimeError(failures[0])
    return taken


def _client(
    work: Place, name: str, shop: list[Product], n: int, start: Barrier, ends: "multiprocessing.Queue[str]"
) -> None:
    chance = random.Random(name)
    connection.ensure_connection()
    start.wait()
    try:
        for number in range(n):
            work(chance.choice(shop), f"{name}-{number}")
        ends.put("")
    except Exception as error:  # told to the parent, which stops
        ends.put(repr(error))


def _statements(work: Callable[[], None]) -> int:
    with CaptureQueriesContext(connection) as captured:
        work()
    return sum(query["sql"] not in ("BEGIN", "COMMIT") for query in captured)


def _refuse_oversold() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM supply_stocklevel WHERE allocated > on_hand")
        oversold = cursor.fetchone()[0]
    if oversold:
        raise RuntimeError(f"{oversold} products are oversold")
