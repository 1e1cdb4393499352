"""The server that browser tests visit: it knows who is still talking to it."""

import socket
import threading
from typing import Any

from django.core.servers.basehttp import ThreadedWSGIServer

PATIENCE = 60  # seconds


class Web(ThreadedWSGIServer):
    """Django's server for tests, a thread for every connection, which can be waited for."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._open = 0
        self._changed = threading.Condition()

    def process_request(self, request: Any, client_address: Any) -> None:
        """Count a connection before its thread starts."""
        with self._changed:
            self._open += 1
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Forget a connection once its thread has closed what it had of the database."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            with self._changed:
                self._open -= 1
                self._changed.notify_all()

    def fall_silent(self, seconds: float = PATIENCE) -> None:
        """Wait until everything that was asked so far has been answered; the windows have to be closed.

        A request whose window is gone runs on, and would write into the database of the next test.
        Connections are accepted in turn: once one of our own has ended, none made before it is still to come.
        """
        with socket.create_connection(self.server_address[:2], timeout=PATIENCE) as last:
            last.shutdown(socket.SHUT_WR)
            last.recv(1)
        with self._changed:
            assert self._changed.wait_for(lambda: self._open == 0, seconds), f"{self._open} windows are still open"
