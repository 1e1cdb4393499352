"""What the fault tests share: an empty broker that this process publishes to."""

from collections.abc import Iterator

import pytest
import redis

from tests.harness.valkey import ValkeyServer
from tests.harness.workers import broker_of


@pytest.fixture
def empty_broker(broker: ValkeyServer) -> Iterator[str]:
    """The address of a broker that holds nothing."""
    client = redis.Redis.from_url(broker.connection_url)
    client.flushall()
    client.close()
    url = f"{broker.connection_url}/0"
    with broker_of(url):
        yield url
