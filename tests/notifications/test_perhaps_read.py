"""A mail that was perhaps accepted and is out of date: whoever may have read it hears what is true now."""

import pytest

from backorders.allocation.books import differences as of_plans
from backorders.notifications import gate, leasing, recovering
from backorders.notifications.books import differences
from backorders.notifications.models import Message
from backorders.orders.models import OrderLine
from backorders.supply.models import PurchaseLine
from tests.factories import AT, a_customer, a_line, a_product, a_purchase, later, revise
from tests.notifications.desk import announce, tell, windows

pytestmark = pytest.mark.django_db
MOVED = later(days=3)


def perhaps_told(eta: int | None) -> tuple[PurchaseLine, OrderLine, Message]:
    """A customer who was told day 30 and then, by a mail whose worker did not come back, perhaps another."""
    purchase = a_purchase(a_product(), 9, eta=30)
    line = a_line(purchase.product, 1, customer=a_customer(time_zone="UTC"))
    tell(AT)
    revise(purchase, (eta, None), at=MOVED)
    [message] = announce(later(days=3, hours=1))
    lease, batch = leasing.claim(owner="worker", at=later(days=3, hours=1))
    assert batch == [message]
    assert gate.open_attempt(message, lease, at=later(days=3, hours=1))
    recovering.recover(at=later(days=3, hours=2))
    return purchase, line, message


def hear(*, after: float) -> list[str]:
    """The kinds of all that is said in the days after."""
    kinds = []
    for hours in (0, 1, 49, 50):
        kinds += [message.kind for message in tell(later(days=after, hours=hours))]
        assert [*differences(), *of_plans(at=later(days=after, hours=hours))] == []
    return kinds


@pytest.mark.parametrize(
    ("perhaps", "now", "kinds"),
    [
        (45, 30, ["earlier"]),
        (45, 29, ["earlier"]),
        (20, 30, ["later"]),
        (None, 30, ["earlier"]),
        (45, 40, ["later"]),
        (45, None, ["no_date"]),
        (45, 60, ["later"]),
    ],
)
def test_what_replaces_it_is_said(perhaps: int | None, now: int | None, kinds: list[str]) -> None:
    purchase, line, message = perhaps_told(perhaps)
    revise(purchase, (now, None), at=later(days=3, hours=3))
    assert hear(after=3.2) == kinds
    message.refresh_from_db()
    assert message.state == "superseded"
    assert windows(line)["told"] == windows(line)["expected"]


def test_what_is_still_so_is_repeated() -> None:
    _purchase, line, message = perhaps_told(45)
    assert hear(after=3.2) == []
    message.refresh_from_db()
    assert (message.state, message.attempts) == ("accepted", 2)
    assert windows(line)["told"] == windows(line)["expected"]


def test_one_day_back_from_what_was_perhaps_read_is_too_little() -> None:
    purchase, line, _message = perhaps_told(31)
    revise(purchase, (30, None), at=later(days=3, hours=3))
    assert hear(after=3.2) == []
    assert windows(line)["told"] == windows(line)["expected"]
