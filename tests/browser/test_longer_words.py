"""Words of another language may be two fifths longer than the English ones: nothing is cut off, nothing hangs out.

The longer language is made here, of every word of ours and of Django's as it is asked for; numbers, dates, addresses
and names of people and goods stay as they are. `GALLERY_SHOTS=folder` keeps a picture of each page.
"""

import os
import re
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone, translation
from django.utils.translation import trans_real
from playwright.sync_api import Page

from tests.backoffice.desk import World
from tests.browser.conftest import Open
from tests.browser.gallery import SCREENS, states_of
from tests.browser.test_suppliers import TOKEN, asked
from tests.harness.browser import Visit
from tests.notifications.test_every_mail import FOLDERS, mails
from tests.portal.desk import Waiter

LONGER = 0.4
WIDE, NARROW = 1280, 320
EVERY_DAY = (
    "waiting_lines",
    "order",
    "purchase_line_eta",
    "receive",
    "import",
    "outbox",
    "product_supply",
    "deadlines",
)
SHOTS = os.environ.get("GALLERY_SHOTS", "")

# What stands in a sentence and is no word: what is put in, tags, entities, addresses.
WORDS = re.compile(r"%\(\w+\)[a-z]|%[a-z%]|\{[^{}]*\}|<[^>]*>|&#?\w+;|\S+@\S+|\S+://\S+|(?P<word>[^\W\d_]{2,})")

# Everything with words of its own, as wide as its box or less: nothing is clipped, nothing hangs over its edge.
HANGS_OUT = """
    () => [...document.body.querySelectorAll('*')].filter(node => {
        const box = node.getBoundingClientRect();
        const speaks = [...node.childNodes].some(each => each.nodeType === 3 && each.data.trim());
        if (!speaks || node.closest('svg, option, .visually-hidden') || box.width <= 1 || box.height <= 1) return false;
        const hides = getComputedStyle(node).overflowY !== 'visible';
        return node.clientWidth > 0 && node.scrollWidth > node.clientWidth + 1
            || hides && node.scrollHeight > node.clientHeight + 1;
    }).map(node => `${node.tagName}.${node.className} ${node.textContent.trim().slice(0, 60)}`)
"""
# What makes a page wider than its window: beyond its right edge, and in no region that scrolls by itself.
SIDEWAYS = """
    () => {
        const root = document.scrollingElement, edge = root.clientWidth;
        const isBeyond = node => node.getBoundingClientRect().right > edge + 1;
        return root.scrollWidth <= edge ? [] : [...document.body.querySelectorAll('*')].filter(node =>
            isBeyond(node) && !node.parentElement.closest('.scroll, .tabs') && ![...node.children].some(isBeyond)
        ).map(node => `sideways: ${node.tagName}.${node.className} ${node.textContent.trim().slice(0, 60)}`);
    }
"""

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.urls("tests.browser.gallery_urls"),
]


class Longer(trans_real.DjangoTranslation):
    """English with longer words."""

    def gettext(self, message: str) -> str:
        return stretched(super().gettext(message))

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return stretched(super().ngettext(msgid1, msgid2, n))


def stretched(text: str) -> str:
    """Return the text with each word two fifths longer."""

    def longer(found: "re.Match[str]") -> str:
        word = found["word"] or ""
        return found[0] + word[: round(len(word) * LONGER)].lower()

    context, mark, said = text.rpartition(trans_real.CONTEXT_SEPARATOR)
    return context + mark + WORDS.sub(longer, said)


@pytest.fixture(autouse=True)
def _a_longer_language(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setitem(trans_real._translations, "en", Longer("en"))  # type: ignore[attr-defined]
    translation.activate("en")
    yield
    translation.deactivate()  # and not what was active before, which would be looked up while words are still long


def wrong_with(visit: Visit, name: str) -> list[str]:
    """What hangs out of its box, wide and narrow."""
    found = []
    for width in (WIDE, NARROW):
        visit.page.set_viewport_size({"width": width, "height": 800})
        keep(visit.page, f"{name}-{width}")
        found += [f"{name}, {width} px: {each}" for each in visit.page.evaluate(HANGS_OUT)]
        found += [f"{name}, {width} px: {each}" for each in visit.page.evaluate(SIDEWAYS)]
        found += [f"{name}, {width} px: the page scrolls sideways"] * visit.scrolls_sideways()
    return found


def keep(page: Page, name: str) -> None:
    if SHOTS:
        page.screenshot(path=Path(SHOTS) / f"longer-{name}.png", full_page=True)


def test_words_are_stretched_and_nothing_else_is() -> None:
    assert (
        stretched("Put %(count)s into <b>{name}</b> &amp; send 12")
        == "Putp %(count)s intoin <b>{name}</b> &amp; sendse 12"
    )
    assert translation.gettext("Waiting lines").startswith("Waitingwai")
    assert len(translation.gettext("Waiting lines")) >= 1.3 * len("Waiting lines")


@pytest.mark.parametrize("screen", EVERY_DAY)
def test_longer_words_fit_the_screens_of_every_day(sit_down: Open, screen: str) -> None:
    assert seen(sit_down, screen) == []


@pytest.mark.faults
@pytest.mark.parametrize("screen", [name for name in SCREENS if name not in EVERY_DAY])
def test_longer_words_fit_every_screen(sit_down: Open, screen: str) -> None:
    assert seen(sit_down, screen) == []


def seen(sit_down: Open, screen: str) -> list[str]:
    """What is wrong with a screen in its usual state."""
    assert "usual" in states_of(screen)
    visit = sit_down(width=WIDE)
    visit.page.goto(f"/gallery/{screen}/usual/")
    visit.page.wait_for_load_state("networkidle")
    found = wrong_with(visit, screen)
    visit.page.context.close()
    return found


def test_longer_words_fit_the_first_page(sit_down: Open) -> None:
    World(at=timezone.now())
    visit = sit_down(width=WIDE)
    visit.page.goto("/admin/")
    assert wrong_with(visit, "home") == []


def test_longer_words_fit_the_pages_of_customers(sit_down: Open) -> None:
    waiter = Waiter(is_ship_complete=True)
    visit = sit_down(width=NARROW)
    for name in ("", "cancel/", "alternatives/", "ready/", "contact/"):
        visit.page.goto(f"{waiter.path}{name}?lang=en")
        assert wrong_with(visit, f"portal-{name.strip('/') or 'order'}") == []


def test_longer_words_fit_the_page_of_a_supplier(sit_down: Open) -> None:
    asked(World(at=timezone.now()))
    visit = sit_down(width=NARROW)
    visit.page.goto(f"/s/{TOKEN}/?lang=en")
    assert wrong_with(visit, "supplier") == []


def test_longer_words_fit_every_mail(visit: Visit) -> None:
    for kind in FOLDERS:
        name, mail = mails(kind, settings.LANGUAGE_CODE)[0]
        visit.page.set_content(mail.html)
        assert wrong_with(visit, f"mail-{kind}-{name}") == []
