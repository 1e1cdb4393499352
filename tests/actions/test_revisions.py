"""The ledger of revisions: what was changed past the verbs is found."""

import pytest

from backorders.actions import revisions
from backorders.allocation.books import differences
from backorders.refusal import Stale
from backorders.supply.models import EtaRevision, PurchaseLine
from tests.factories import (
    AT,
    a_line,
    a_product,
    a_purchase,
    day,
    expected,
    later,
    revise,
)

pytestmark = pytest.mark.django_db


def test_a_change_made_by_sql_is_found_recorded_and_felt() -> None:
    product = a_product()
    purchase = a_purchase(product, 5, eta=10)
    line = a_line(product, 5)
    before = expected(line)
    assert revisions.notice_unrecorded_etas(at=AT) is None
    PurchaseLine.objects.filter(pk=purchase.pk).update(eta_on=day(40), eta_until=day(40))
    done = revisions.notice_unrecorded_etas(at=AT)
    assert [found.pk for found in done.made] == [purchase.pk]
    assert expected(line) > before
    assert EtaRevision.objects.first().old_on == day(10)
    assert revisions.notice_unrecorded_etas(at=AT) is None
    PurchaseLine.objects.filter(pk=purchase.pk).update(eta_on=None, eta_until=None)
    assert revisions.notice_unrecorded_etas(at=AT) is not None
    assert expected(line) is None
    assert list(differences(at=AT)) == []


def test_of_two_acts_the_one_that_waited_for_the_lock_has_the_last_word() -> None:
    purchase = a_purchase(a_product(), 5)
    revise(purchase, (20, None), at=later(seconds=2))
    revise(purchase, (25, None), at=later(seconds=1))
    assert list(differences(at=later(seconds=3))) == []
    assert revisions.notice_unrecorded_etas(at=later(seconds=3)) is None


def test_a_form_opened_before_a_change_by_sql_was_found_is_stale() -> None:
    purchase = a_purchase(a_product(), 5)
    PurchaseLine.objects.update(eta_on=day(20), eta_until=day(20))
    revisions.notice_unrecorded_etas(at=AT)
    with pytest.raises(Stale, match="ETA found changed"):
        revise(purchase, (30, None), seen_version=purchase.version)
