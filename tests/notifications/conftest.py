"""Fixtures of messages on their way out."""

import pytest

from backorders.notifications import switch
from backorders.notifications.models import Message
from tests.factories import AT, a_line, a_product
from tests.notifications.desk import Provider, announce


@pytest.fixture
def message() -> Message:
    """A confirmation that waits to be sent."""
    switch.mail_switch(at=AT)
    a_line(a_product(stock=5), 1)
    [message] = announce(AT)
    return message


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> Provider:
    provider = Provider()
    monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", lambda *args: provider(*args))
    return provider
