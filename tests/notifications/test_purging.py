"""A message that was kept long enough loses its words, and nothing else."""

import pytest

from backorders.notifications import books
from backorders.notifications.models import Message
from backorders.notifications.policy import TELLING
from backorders.notifications.purging import purge_bodies
from tests.factories import AT, a_line, a_product, later
from tests.notifications.desk import tell

pytestmark = pytest.mark.django_db


def test_words_go_when_their_time_has_come_and_their_hash_stays() -> None:
    a_line(a_product(stock=5), 1)
    [message] = tell(AT)
    assert purge_bodies(at=later(days=TELLING.keep_days - 1)) == 0
    assert purge_bodies(at=later(days=TELLING.keep_days)) == 1
    purged = Message.objects.get()
    assert (purged.text, purged.html, purged.subject) == ("", "", message.subject)
    assert (purged.content_hash, purged.state) == (message.content_hash, "accepted")
    assert purged.lines.count() == 1
    assert list(books.differences()) == []
    assert purge_bodies(at=later(days=TELLING.keep_days)) == 0
