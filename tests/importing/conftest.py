"""The clock stands still at the moment of the tests' world."""

from collections.abc import Iterator

import pytest
import time_machine

from tests.factories import AT


@pytest.fixture(autouse=True)
def frozen() -> Iterator[None]:
    with time_machine.travel(AT, tick=False):
        yield
