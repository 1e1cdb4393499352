"""J8: a customer opens the page behind the link on a slow phone: a real browser, its processor and its network slowed.

Measured is when the largest thing of the page is there (LCP). Floor: a page of the same server with one sentence.
"""

import logging
import statistics
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from django.core.wsgi import get_wsgi_application

from bench import world
from bench.measuring import Figure
from tests.harness.browser import chromium, seen, slow_down
from tests.portal.desk import Waiter

PHONE = {"width": 360, "height": 740}
BARE = b"<!doctype html><html lang=en><title>Floor</title><link rel=icon href=data:,><meta name=viewport content='width=device-width'><h1>We wait</h1>"


def read(n: int) -> Iterator[Figure]:
    """J8, the page opened `n` times."""
    world.empty()
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    path = Waiter(is_ship_complete=True).path
    with _server() as address, chromium() as browser:
        page = browser.new_context(base_url=address, viewport=PHONE, device_scale_factor=2, is_mobile=True).new_page()  # type: ignore[arg-type]
        page.goto(path)  # whatever the server does only once is done
        slow_down(page)
        readings = [(seen(page, path), seen(page, "/bare/")) for _ in range(n)]
    ours, floor = ([pair[side]["lcp"] / 1000 for pair in readings] for side in (0, 1))
    p95 = statistics.quantiles(ours, n=20)[-1]
    yield Figure("J8", "customer's page, LCP", n, statistics.median(ours), statistics.median(floor), 0, p95)
    print(f"      things moved by at most {max(pair[0]['cls'] for pair in readings):.3f} (CLS)")


@contextmanager
def _server() -> Iterator[str]:
    product = StaticFilesHandler(get_wsgi_application())
    logging.getLogger("django.server").setLevel(logging.ERROR)

    def answer(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        if environ["PATH_INFO"] != "/bare/":
            return product(environ, start)  # type: ignore[no-any-return]
        start("200 OK", [("Content-Type", "text/html; charset=utf-8"), ("Content-Length", str(len(BARE)))])
        return [BARE]

    server = ThreadedWSGIServer(("127.0.0.1", 0), WSGIRequestHandler)
    server.set_app(answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
