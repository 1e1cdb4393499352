"""A line that is split or exchanged is not compensated again for the breach that was compensated before."""

from decimal import Decimal

import pytest

from backorders.actions import awarding, splitting, substituting
from backorders.catalog.models import Substitute
from backorders.orders.models import Compensation
from tests.compensation.policies import SOON, a_late_line, a_policy
from tests.factories import a_product, a_purchase, later

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("gift", [{}, {"amount": Decimal(60)}], ids=["a share", "an amount"])
def test_a_split_line_is_compensated_once(gift: dict[str, Decimal]) -> None:
    a_policy(mode="give", **gift)
    line = a_late_line(2)
    awarding.run_policies(at=SOON)
    given = list(Compensation.objects.values_list("amount", flat=True))
    line.refresh_from_db()
    splitting.split(line.order, units=[(line.pk, 1)], reason="x", by=None, at=SOON)
    awarding.run_policies(at=later(hours=1))
    assert list(Compensation.objects.values_list("amount", flat=True)) == given
    assert len(given) == 1


def test_a_long_wait_is_compensated_once_whatever_is_waited_for() -> None:
    a_policy(mode="give", trigger="wait", days=5)
    line = a_late_line(2)
    awarding.run_policies(at=later(days=9))
    other = a_product(price=Decimal(50))
    a_purchase(other, 9, eta=30)
    Substitute.objects.create(product=line.product, substitute=other)
    line.refresh_from_db()
    substituting.substitute(line, product=other, reason="x", by=None, at=later(days=9))
    awarding.run_policies(at=later(days=10))
    assert Compensation.objects.count() == 1
