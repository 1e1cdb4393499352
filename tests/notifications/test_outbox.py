"""What is queued is on paper: not rewritten, and sent in few statements."""

from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from backorders.notifications.models import Message
from backorders.notifications.policy import SENDING
from tests.factories import AT
from tests.notifications.desk import messages, reread, send

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("field", ["subject", "text", "html", "recipient", "content_hash", "headers", "language"])
def test_what_was_written_cannot_be_rewritten(message: Message, field: str) -> None:
    value: Any = {"X": "y"} if field == "headers" else "zz"
    with pytest.raises(DatabaseError, match="not rewritten"), transaction.atomic():
        Message.objects.filter(pk=message.pk).update(**{field: value})
    assert reread(message).text == message.text


def test_what_was_written_can_be_emptied_when_its_time_came(message: Message) -> None:
    empty = {"subject": "", "text": "", "html": "", "recipient": "", "headers": {}}
    Message.objects.filter(pk=message.pk).update(**empty)
    assert (reread(message).html, reread(message).content_hash) == ("", message.content_hash)


def test_the_database_wants_a_lease_for_what_is_being_sent(message: Message) -> None:
    with pytest.raises(DatabaseError), transaction.atomic():
        Message.objects.filter(pk=message.pk).update(state="sending")


def test_a_mail_costs_few_statements() -> None:
    messages(SENDING.batch)
    with CaptureQueriesContext(connection) as queries:
        assert send(AT)["accepted"] == SENDING.batch
    assert len(queries) <= 6 * SENDING.batch + 30
