"""What a new day changes."""

import pytest

from backorders.actions import clock, undoing
from backorders.allocation.books import differences
from backorders.allocation.models import Promise
from backorders.changes.models import ChangeSet
from backorders.orders.models import OrderLine
from tests.factories import AT, a_line, a_product, a_purchase, a_supplier, count, expected, later, receive, state

pytestmark = pytest.mark.django_db


def test_a_supplier_gets_its_record_from_eight_receipts_on() -> None:
    supplier, product = a_supplier("Slow", early_days=None, late_days=None), a_product()
    for late in range(8):
        receive(a_purchase(product, 1, eta=0, supplier=supplier), 1, at=later(days=late))
        clock.start_day(at=later(days=late))
        supplier.refresh_from_db()
        assert (supplier.late_days is None) == (late < 7)
    assert (supplier.early_days, supplier.late_days) == (0, 7)


def test_a_late_record_moves_those_who_wait_the_next_day_and_not_before() -> None:
    supplier, product, other = a_supplier("Slow"), a_product(), a_product()
    a_purchase(product, 5, eta=40, supplier=supplier)
    line = a_line(product, 5)
    before = expected(line)
    for _ in range(8):
        receive(a_purchase(other, 1, eta=0, supplier=supplier), 1, at=later(days=5))
    assert list(differences(at=AT)) == []
    clock.start_day(at=later(days=5))
    assert expected(line) > before
    assert list(differences(at=later(days=5))) == []


@pytest.mark.parametrize(("days", "first"), [(89, "better"), (92, "patient")])
def test_who_waited_too_long_comes_first_among_its_equals(days: int, first: str) -> None:
    product = a_product(price=1)
    lines = {"patient": a_line(product, 1), "better": a_line(product, 1, at=later(days=60))}
    OrderLine.objects.filter(pk=lines["better"].pk).update(score=0)
    count(product, 1, at=later(days=days))
    assert OrderLine.objects.get(allocated=1) == lines[first]


def test_a_day_on_which_nothing_moves_leaves_no_trace() -> None:
    a_line(a_product(), 1)
    changes = ChangeSet.objects.count()
    assert clock.start_day(at=later(days=1)) == 1
    assert ChangeSet.objects.count() == changes


def test_a_receipt_that_was_undone_is_no_part_of_the_record() -> None:
    supplier, product = a_supplier("Slow", early_days=None, late_days=None), a_product()
    for _ in range(8):
        receive(a_purchase(product, 1, eta=0, supplier=supplier), 1, at=later(days=3))
    mistake = a_purchase(product, 1, eta=0, supplier=supplier)
    undoing.undo(receive(mistake, 1, at=later(days=60)).change_set, by=None, at=later(days=60))
    clock.learn_lateness()
    supplier.refresh_from_db()
    assert (supplier.early_days, supplier.late_days) == (3, 3)


def test_a_record_that_falls_below_eight_receipts_by_an_undo_is_none() -> None:
    supplier, product = a_supplier("Slow", early_days=None, late_days=None), a_product()
    received = [receive(a_purchase(product, 1, eta=0, supplier=supplier), 1, at=later(days=3)) for _ in range(9)]
    for undone, known in enumerate([3, 3, None]):
        if undone:
            undoing.undo(received[-undone].change_set, by=None, at=later(days=4))
        clock.learn_lateness()
        supplier.refresh_from_db()
        assert (supplier.early_days, supplier.late_days) == (known, known)


def test_a_day_on_which_only_units_change_hands_is_on_record() -> None:
    product = a_product(price=1)
    better, patient = a_line(product, 2, at=later(days=1)), a_line(product, 2)
    OrderLine.objects.filter(pk=better.pk).update(score=patient.score + 1)
    Promise.objects.filter(pk=better.pk).update(score=patient.score + 1)
    a_purchase(product, 3, eta=None)
    count(product, 1)
    assert (state(better)[0], state(patient)[0], expected(better), expected(patient)) == (1, 0, None, None)
    clock.start_day(at=later(days=91))
    assert (state(better)[0], state(patient)[0], expected(better), expected(patient)) == (0, 1, None, None)
    assert ChangeSet.objects.first().act == "start_day"
    assert list(differences(at=later(days=91))) == []
