"""A real Chromium for the tests, and what it is asked on every page: accessibility, and what the policy blocked."""

import contextlib
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# How long a page may take, on a machine that does much else, before a test calls it broken.
PATIENCE = 30_000  # milliseconds
expect.set_options(timeout=PATIENCE)


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """Run this machine's Chromium, headless."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    assert found, "The browser tests need Chromium: apt-get install chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=ARGUMENTS)
        yield browser
        browser.close()


# A preview was under way when its page was left, or when a newer one was asked for.
LEFT_BEHIND = ("htmx:afterRequest", "htmx:sendError", "htmx:sendAbort")


@dataclass
class Visit:
    """A page and everything it complained about: errors on its console, the content policy's refusals included."""

    page: Page
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.set_default_timeout(PATIENCE)
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not message.text.startswith(LEFT_BEHIND):
            self.complaints.append(message.text)

    def violations(self) -> list[str]:
        """What axe finds against WCAG 2.2 AA on the page as it is now."""
        rules = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
        found = Axe().run(self.page, options=rules).response["violations"]
        return [f"{rule['id']}: {node['target']}" for rule in found for node in rule["nodes"]]

    def scrolls_sideways(self) -> bool:
        """Whether the page as a whole is wider than its window."""
        root = "document.scrollingElement"
        return bool(self.page.evaluate(f"{root}.scrollWidth > {root}.clientWidth"))


SLOWER, RTT_MS, BYTES_A_SECOND = 4, 100, 9_000_000 / 8  # three phones in four are at least as quick
WATCH = """
    window.seen = {lcp: 0, cls: 0};
    new PerformanceObserver(list => list.getEntries().forEach(entry => { seen.lcp = entry.startTime; }))
        .observe({type: 'largest-contentful-paint', buffered: true});
    new PerformanceObserver(list => list.getEntries().forEach(entry => { seen.cls += entry.value; }))
        .observe({type: 'layout-shift', buffered: true});
"""


def slow_down(page: Page) -> None:
    """Let the page be a slow phone on a slow line, which keeps nothing."""
    page.add_init_script(WATCH)
    wire = page.context.new_cdp_session(page)
    wire.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    wire.send("Network.enable")
    wire.send("Network.setCacheDisabled", {"cacheDisabled": True})
    speed = {"downloadThroughput": BYTES_A_SECOND, "uploadThroughput": BYTES_A_SECOND}
    wire.send("Network.emulateNetworkConditions", {"offline": False, "latency": RTT_MS, **speed})


def seen(page: Page, path: str) -> dict[str, float]:
    """Open an address; return when its largest thing was there (lcp, ms) and how far things moved (cls)."""
    page.goto(path, wait_until="networkidle")
    page.wait_for_function("seen.lcp > 0")
    known: dict[str, float] = page.evaluate("seen")
    return known
