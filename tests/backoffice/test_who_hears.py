"""Who will hear of a move is said before it is saved."""

import pytest

from backorders.backoffice.who_hears import Then, followings
from backorders.orders.models import Customer
from tests.factories import a_customer, a_line, a_product, a_purchase, later, revise
from tests.notifications.desk import announce

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
