"""Who will hear of a move is said before it is saved."""

import datetime

import pytest

from backorders.actions import ruling
from backorders.actions.etas import EtaChange, EtaPart
from backorders.actions.revising import preview_eta
from backorders.backoffice.who_hears import Then, followings, manner
from backorders.notifications.announcing import announce_due
from backorders.notifications.models import Message
from backorders.notifications.policy import Rules, telling
from backorders.orders.models import Customer
from tests.factories import a_customer, a_line, a_product, a_purchase, day, later, revise
from tests.notifications.desk import announce, send

pytestmark = pytest.mark.django_db


def test_a_move_is_mailed_called_confirmed_or_never_told() -> None:
    product = a_product()
    purchase = a_purchase(product, 9, eta=10)
    told, unreachable, historic = (
        a_line(product, 1, customer=a_customer(email=email))
        for email in ("ada@example.com", "nowhere", "old@example.com")
    )
    announce(later(minutes=1))
    fresh = a_line(product, 1, at=later(minutes=2))
    Customer.objects.filter(pk=historic.order.customer_id).update(is_written_to=False)
    moves = revise(purchase, (40, None), at=later(hours=1)).impact.moves
    assert {line: following.then for line, following in followings(moves).items()} == {
        told.pk: Then.TELL,
        unreachable.pk: Then.CALL,
        historic.pk: Then.NEVER,
        fresh.pk: Then.CONFIRM,
    }


@pytest.mark.parametrize(
    ("eta", "hours", "quiet"),
    [(10, 30, None), (3, 30, None), (10, 30, (0, 23)), (10, 30, (22, 7)), (10, 42, (20, 7))],
    ids=["far", "near", "nearly always quiet", "by night only", "in the evening"],
)
def test_no_mail_leaves_before_it_is_said_to(eta: int, hours: int, quiet: tuple[int, int] | None) -> None:
    product = a_product()
    purchase = a_purchase(product, 9, eta=eta)
    a_line(product, 1)
    announce(later(minutes=1))
    send(later(minutes=2))
    if quiet:
        rules = Rules(quiet_from=quiet[0], quiet_until=quiet[1])
        ruling.set_telling_rules(rules, seen=0, by=None, at=later(minutes=3))
    at = later(hours=hours)
    moves = preview_eta([EtaChange(purchase.pk, [EtaPart(day(40))])], at=at).moves
    leaves_at = manner(moves, followings(moves), at=at).leaves_at
    assert leaves_at is not None
    revise(purchase, (40, None), at=at)
    before = Message.objects.count()
    for minutes in range(40):
        announce_due(at=at + datetime.timedelta(minutes=minutes), policy=telling())
    (message,) = Message.objects.order_by("id")[before:]
    assert message.not_before == leaves_at
