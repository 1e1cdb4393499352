"""A customer with a phone: from the mail to a decision in two taps, with scripts and without; light, and still."""

import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache
from playwright.sync_api import Locator, Page, Response

from backorders.notifications.models import Message
from backorders.orders.models import Decision, Question
from tests.browser.hands import LOOKS
from tests.harness.browser import Browser, Visit, seen, slow_down
from tests.portal.desk import Waiter
from tests.portal.test_law import asked, overdue, somewhere

PHONE = {"width": 360, "height": 740}
SHOTS = os.environ.get("GALLERY_SHOTS", "")
SCRIPTS = pytest.mark.parametrize("script", [True, False], ids=["with-scripts", "without"])
WEIGHT, REQUESTS = 30_000, 4
CLS = 0.02

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
Phone = Callable[..., Visit]


@pytest.fixture
def phone(browser: Browser, live_server: Any) -> Iterator[Phone]:
    """A phone: `phone(script=…, dark=…)`."""
    cache.clear()
    with contextlib.ExitStack() as windows:

        def opened(*, script: bool = True, dark: bool = False) -> Visit:
            window = browser.new_context(
                base_url=live_server.url,
                viewport=PHONE,
                device_scale_factor=2,
                is_mobile=True,
                has_touch=True,
                java_script_enabled=script,
                color_scheme="dark" if dark else "light",
                locale="en-GB",
            )
            windows.callback(window.close)
            return Visit(window.new_page())

        yield opened


class Thumb:
    """Counts the taps."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.taps = 0

    def tap(self, name: str, *, role: str = "button") -> None:
        """Tap a link or a button of this name."""
        self.taps += 1
        go(self.page, self.page.get_by_role(role, name=name).first)  # type: ignore[arg-type]

    def open_mail(self, message: Message, server: str) -> None:
        """Open the mail as it was sent, with its links leading to the test's server."""
        self.page.goto(server + "/static/portal/portal.css")  # somewhere of ours, as a mail program is somewhere
        self.page.set_content(message.html.replace(settings.SITE_URL, server))

    def follow(self) -> None:
        """Tap the button in the mail."""
        self.taps += 1
        go(self.page, self.page.locator("a.button").first)


def go(page: Page, target: Locator) -> None:
    """Tap what leads to another page, and be there."""
    with page.expect_navigation():
        target.tap()


@SCRIPTS
def test_from_the_mail_to_a_decision_in_two_taps(phone: Phone, live_server: Any, script: bool) -> None:
    Waiter()
    visit = phone(script=script)
    thumb = Thumb(visit.page)
    thumb.open_mail(Message.objects.get(), live_server.url)
    thumb.follow()
    thumb.tap("Keep waiting")
    assert "You keep waiting" in visit.page.inner_text("h1")
    assert "10482-C1" in visit.page.inner_text("main")
    assert thumb.taps == 2
    assert Decision.objects.get().kind == "keep"


@SCRIPTS
def test_cancelled_in_three_taps(phone: Phone, live_server: Any, script: bool) -> None:
    waiter = Waiter(pieces=1)
    visit = phone(script=script)
    thumb = Thumb(visit.page)
    thumb.open_mail(Message.objects.get(), live_server.url)
    thumb.follow()
    thumb.tap("Cancel and get the money back", role="link")
    assert "€80.00" in visit.page.inner_text("main")
    thumb.tap("Cancel it")
    assert "Cancellation requested" in visit.page.inner_text("h1")
    assert thumb.taps == 3
    assert waiter.line.cancelled == 2


@SCRIPTS
def test_another_product_in_three_taps(phone: Phone, live_server: Any, script: bool) -> None:
    waiter = Waiter()
    visit = phone(script=script)
    thumb = Thumb(visit.page)
    thumb.open_mail(Message.objects.get(), live_server.url)
    thumb.follow()
    thumb.tap("See 1 alternative", role="link")
    thumb.tap("Choose this")
    assert thumb.taps == 3
    assert waiter.line.replaced_by is not None


@SCRIPTS
def test_a_question_in_two_taps_and_its_words(phone: Phone, live_server: Any, script: bool) -> None:
    Waiter()
    visit = phone(script=script)
    thumb = Thumb(visit.page)
    thumb.open_mail(Message.objects.get(), live_server.url)
    thumb.follow()
    visit.page.get_by_label("Your question").fill("Sığar mı?")
    thumb.tap("Send the question")
    assert thumb.taps == 2
    assert Question.objects.get().text == "Sığar mı?"
    assert "Sığar mı?" in visit.page.inner_text("main")


def pages(waiter: Waiter, page: Page) -> Iterator[tuple[str, str]]:
    """Every page behind the link, by its name, in states that have much to show."""
    yield "order", waiter.path
    for name in ("cancel", "alternatives", "ready", "contact"):
        yield name, f"{waiter.path}{name}/"
    yield "gone", "/o/made-up/"


@LOOKS
def test_everybody_can_use_every_page(phone: Phone, dark: bool, language: str) -> None:
    waiter = Waiter(is_ship_complete=True)
    visit = phone(dark=dark)
    page = visit.page
    for name, path in pages(waiter, page):
        page.goto(f"{path}?lang={language}")
        look(visit, name, dark, language)
    page.goto(f"{waiter.path}contact/?lang={language}")
    page.locator("#phone").fill("nonsense")
    go(page, page.locator("form .button").first)
    look(visit, "contact-error", dark, language)
    page.locator("#phone").fill("+90 532 000 00 00")
    go(page, page.locator("form .button").first)
    look(visit, "code", dark, language)
    page.goto(f"{waiter.path}?lang={language}")
    page.locator("#question").fill("Kapıya kadar getirir misiniz?")
    go(page, page.locator("form[action*=ask] button"))
    look(visit, "asked", dark, language)
    page.goto(f"{waiter.path}?lang={language}")
    go(page, page.locator("form[action*=keep] button"))
    look(visit, "done-keep", dark, language)
    page.goto(f"{waiter.path}?lang={language}")
    look(visit, "order-answered", dark, language)
    page.goto(f"{waiter.path}cancel/?lang={language}&line=all")
    go(page, page.locator("form .button").first)
    look(visit, "done-cancel", dark, language)
    page.goto(f"{waiter.path}?lang={language}")
    look(visit, "order-cancelled", dark, language)


@LOOKS
def test_everybody_can_use_what_the_law_asks(phone: Phone, dark: bool, language: str) -> None:
    visit = phone(dark=dark)
    american = somewhere("US")
    asked(american, days=200)
    visit.page.goto(f"{american.path}?lang={language}")
    look(visit, "law-answer", dark, language)
    european = somewhere("DE", number="10483")
    overdue(european)
    visit.page.goto(f"{european.path}?lang={language}")
    look(visit, "law-overdue", dark, language)


def look(visit: Visit, name: str, dark: bool, language: str) -> None:
    """Find nothing wrong with a page, on a phone and on the narrowest one."""
    where = f"{name}, {'dark' if dark else 'light'}, {language}"
    page = visit.page
    if SHOTS:
        page.screenshot(
            path=Path(SHOTS) / f"portal-{name}-{'dark' if dark else 'light'}-{language}.png", full_page=True
        )
    assert page.locator("html").get_attribute("lang") == language, where
    assert visit.violations() == [], where
    small = page.evaluate(
        "() => [...document.querySelectorAll('a, button, input:not([type=hidden]), textarea, summary')]"
        ".filter(each => {"
        " const box = each.getBoundingClientRect(); return box.height > 0 && box.height < 48"
        " && each.type !== 'radio'}).map(each => each.outerHTML)"
    )
    assert small == [], where
    page.set_viewport_size({"width": 320, "height": 700})
    assert not visit.scrolls_sideways(), where
    page.set_viewport_size(PHONE)
    unheard = [words for words in visit.complaints if "404" not in words and "422" not in words]
    assert unheard == [], where


def test_it_is_light_and_comes_in_few_pieces(phone: Phone) -> None:
    waiter = Waiter(is_ship_complete=True)
    visit = phone()
    came: list[Response] = []
    visit.page.on("response", lambda answer: came.append(answer))
    visit.page.goto(waiter.path, wait_until="networkidle")
    sizes = {answer.url: len(answer.body()) + len(str(answer.headers)) for answer in came if "data:" not in answer.url}
    assert len(sizes) <= REQUESTS
    assert sum(sizes.values()) <= WEIGHT, sizes


def test_nothing_moves_while_it_comes_to_a_slow_phone(phone: Phone) -> None:
    waiter = Waiter(is_ship_complete=True)
    page = phone().page
    slow_down(page)
    assert seen(page, waiter.path)["cls"] <= CLS
