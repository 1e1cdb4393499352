"""Pictures of the chief screens for the README, taken of a running demo as a person walks through it.

    python -m tests.browser.screenshots ADDRESS NAME PASSWORD

with the address and the login that `make run` prints. Everything lands in docs/screenshots.
"""

import re
import sys
from pathlib import Path
from urllib.parse import urljoin

from playwright.sync_api import Page

from tests.harness.browser import chromium

FOLDER = Path(__file__).resolve().parents[2] / "docs/screenshots"
DESK, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 780}


class Walk:
    """Somebody at the desk of the demo, with a camera."""

    def __init__(self, page: Page, start: str) -> None:
        self.page, self.start = page, start
        page.set_default_timeout(8_000)

    def log_in(self, name: str, password: str) -> None:
        """Log in, which leads to where every other address begins."""
        self.page.goto(self.start)
        self.page.fill("input[name=username]", name)
        self.page.fill("input[name=password]", password)
        self.page.press("input[name=password]", "Enter")
        self.page.wait_for_url(re.compile("(?<!login)/$"))
        self.start = self.page.url

    def go(self, path: str) -> None:
        """Open a page by its path."""
        self.page.goto(urljoin(self.start, path))
        self.page.wait_for_load_state("networkidle")

    def follow(self, links: str) -> str:
        """Open the first of the links on the page; return where it led."""
        href = self.page.locator(links).first.get_attribute("href")
        assert href, f"no {links} on {self.page.url}"
        self.go(href)
        return self.page.url

    def shoot(self, name: str) -> None:
        """Take the picture of what is on the screen."""
        self.page.mouse.move(0, 0)
        self.page.screenshot(path=FOLDER / f"{name}.png", animations="disabled")
        sys.stdout.write(f"{name}: {self.page.url}\n")


def walk(at: Walk) -> None:
    """Walk from who waits to what a customer reads."""
    at.go("waiting/?view=needs")
    at.shoot("waiting-lines")
    at.page.emulate_media(color_scheme="dark")
    at.shoot("waiting-lines-dark")
    at.page.emulate_media(color_scheme="light")
    at.go("waiting/?view=at_risk")
    at.follow("td a[href*='/orders/'], th a[href*='/orders/']")
    at.shoot("order")
    at.follow("a[href*='/purchase-lines/'][href*='/eta/']")
    new_dates(at)
    at.follow("a[href*='/products/'][href*='/supply/']")
    at.shoot("product-supply")
    at.go("expected/")
    at.follow("th a[href*='/purchase-orders/']")
    at.follow("a[href*='/receive/']")
    at.shoot("receive")
    what_a_customer_reads(at)


def new_dates(at: Walk) -> None:
    """Say that goods come three weeks later, and see whom that moves before it is saved."""
    at.page.check("input[name=how][value=shift]")
    at.page.fill("input[name=days]", "21")
    at.page.locator("input[name=days]").press("Tab")
    at.page.wait_for_selector(".counts li")
    at.page.wait_for_load_state("networkidle")
    at.shoot("new-eta")


def what_a_customer_reads(at: Walk) -> None:
    """Look at a mail as it was sent, and at the page behind its link, on a phone."""
    at.go("outbox/?box=sent")
    at.follow("a[href*='/messages/']:has-text('New date')")
    mail = at.page.url
    at.go(f"{mail}html/")
    page = re.search(r'href="([^"]*/o/[^"]+)"', at.page.content())
    at.page.set_viewport_size({"width": 640, "height": 760})
    at.shoot("mail")
    assert page, f"no link to the status page in {mail}"
    at.page.set_viewport_size(PHONE)
    at.go(page[1])
    at.shoot("status-page")
    at.page.set_viewport_size(DESK)


def main(start: str, name: str, password: str) -> None:
    """Take every picture anew."""
    FOLDER.mkdir(exist_ok=True)
    with chromium() as browser:
        at = Walk(browser.new_page(viewport=DESK, locale="en-GB"), start if start.endswith("/") else f"{start}/")
        at.log_in(name, password)
        walk(at)


if __name__ == "__main__":
    main(*sys.argv[1:])
