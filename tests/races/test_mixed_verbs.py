"""All verbs at once, by many: nobody sees an error, and the books agree afterwards."""

import pytest

from backorders.actions.bookkeeping import check_books
from tests.factories import AT
from tests.races.crowd import at_once, threads_here
from tests.races.staff import VERBS, Shop

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("seconds", [3, pytest.param(60, marks=pytest.mark.faults)])
def test_everything_at_once_keeps_the_books(seconds: int) -> None:
    shop, threads = Shop(), threads_here(16)
    assert at_once(threads, [shop.worker(seed, seconds=seconds) for seed in range(threads)]) == []
    assert list(check_books(at=AT)) == []
    tried = shop.done + shop.refused
    assert tried.total() > 2 * threads
    assert seconds < 60 or {verb.__name__ for verb in VERBS} <= tried.keys()
