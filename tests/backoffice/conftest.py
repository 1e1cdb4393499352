"""A person at the desk, and the clock that stands still while they work."""

from collections.abc import Iterator

import pytest
import time_machine
from django.contrib.auth import get_user_model
from django.test import Client
from django.utils import translation

from tests.factories import AT


@pytest.fixture
def frozen() -> Iterator[None]:
    with time_machine.travel(AT, tick=False):
        yield


@pytest.fixture
def desk(db: None, frozen: None) -> Iterator[Client]:
    """A client logged in as somebody who may do everything; whatever language it spoke is forgotten afterwards."""
    client = Client()
    client.force_login(get_user_model().objects.create_superuser("chief", "chief@example.com", "chief"))
    yield client
    translation.deactivate()
