"""Why a date moved: one rule for what is written, said and listed."""

import pytest

from backorders.actions import etas, revising
from backorders.allocation.models import PromiseChange
from backorders.allocation.reasons import given_reasons, words_behind
from tests.factories import AT, a_line, a_product, a_purchase, day, later, revise

pytestmark = pytest.mark.django_db


def test_the_last_move_has_the_reason_of_the_act_that_made_it() -> None:
    product = a_product()
    purchase = a_purchase(product, 5)
    line = a_line(product, 2)
    assert given_reasons([line.pk]) == {}
    revise(purchase, (20, None), reason_code="customs", at=later(hours=1))
    assert given_reasons([line.pk]) == {line.pk: "customs"}
    revise(purchase, (30, None), reason_code="production", at=later(hours=2))
    assert given_reasons([line.pk]) == {line.pk: "production"}


def test_a_later_word_that_moved_nobody_is_no_reason() -> None:
    product = a_product()
    near, far = a_purchase(product, 2, eta=5), a_purchase(product, 5, eta=40)
    line = a_line(product, 2)
    revise(near, (20, None), reason_code="customs", at=later(hours=1))
    revise(far, (50, None), reason_code="production", at=later(hours=2))
    assert given_reasons([line.pk]) == {line.pk: "customs"}


@pytest.mark.parametrize("code", ["confirmation", "correction", "earlier", "other"])
def test_what_says_nothing_to_a_customer_is_not_given(code: str) -> None:
    product = a_product()
    purchase = a_purchase(product, 5)
    line = a_line(product, 2)
    revise(purchase, (20, None), reason_code=code, at=later(hours=1))
    assert given_reasons([line.pk]) == {}


def test_one_act_over_two_products_gives_each_the_word_of_its_own_supplier() -> None:
    lamp, kettle = a_product(), a_product()
    lamps, kettles = a_purchase(lamp, 5), a_purchase(kettle, 5)
    a_line(lamp, 2)
    changes = [etas.EtaChange(line.pk, [etas.EtaPart(day(30))]) for line in (lamps, kettles)]
    done = revising.revise_eta(changes, reason_code="customs", note="ship held", by=None, at=AT)
    words = words_behind([done.change_set.pk], products=[lamp.pk, kettle.pk])
    assert {key: word.purchase_line_id for key, word in words.items()} == {
        (done.change_set.pk, lamp.pk): lamps.pk,
        (done.change_set.pk, kettle.pk): kettles.pk,
    }
    assert PromiseChange.objects.filter(change_set=done.change_set).exists()
