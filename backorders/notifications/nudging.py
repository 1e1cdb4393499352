"""A nudge tells the workers that there may be something to do; it never makes anybody wait and may get lost.

It is published by a thread of its own, one at a time: a broker that is down or frozen holds up no save, and while one
nudge is on its way the next only says "again". What a lost nudge would have found, the clock finds.
"""

import contextlib
import logging
import threading
from collections.abc import Callable, Iterator

LOG = logging.getLogger(__name__)


class Nudges:
    """The nudges of this process: how many were published, and how many the broker did not take."""

    def __init__(self, publish: Callable[[], object]) -> None:
        self.published = self.lost = 0
        self._publish = publish
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._is_wanted_again = self._is_off = False

    @contextlib.contextmanager
    def off(self) -> Iterator[None]:
        """Nudge nobody meanwhile: who does the work without a broker looks for it anyway."""
        self._is_off = True
        try:
            yield
        finally:
            self._is_off = False

    def give(self) -> None:
        """Nudge the workers some time soon."""
        with self._lock:
            if self._is_off:
                return
            if self._thread is not None and self._thread.is_alive():  # a forked process has none of its threads
                self._is_wanted_again = True
                return
            self._thread = threading.Thread(target=self._run, name="nudge", daemon=True)
            self._thread.start()

    def wait(self, seconds: float) -> bool:
        """Wait until no nudge is on its way; return whether that came."""
        thread = self._thread
        if thread is not None:
            thread.join(seconds)
        return self._thread is None

    def _run(self) -> None:
        while True:
            try:
                self._publish()
                self.published += 1
            except Exception as error:  # the broker's client has many; none of them matters to anybody
                self.lost += 1
                LOG.warning("the broker did not take a nudge (%s); the clock will find the work", type(error).__name__)
            with self._lock:
                if not self._is_wanted_again:
                    self._thread = None
                    return
                self._is_wanted_again = False
