"""Every screen in every state can be used by everybody: no barrier, nothing blocked, no sideways scroll.

Light or dark, in English or Turkish in turn, wide and at 320 px: the usual state of each screen every day, all states
with the long tests. `GALLERY=all` looks at each in every way, `GALLERY_SHOTS=folder` keeps a picture of each.
"""

import itertools
import os
from pathlib import Path

import pytest

from tests.browser.conftest import Open
from tests.browser.gallery import SCREENS, screens_that_show, states_of

# What the screen really answers in a state.
ANSWERS = {"denied": ("403",), "error": ("422",), "stale": ("409",)}
WAYS = list(itertools.product((False, True), ("en", "tr")))  # dark, language
SHOTS = os.environ.get("GALLERY_SHOTS", "")

pytestmark = pytest.mark.urls("tests.browser.gallery_urls")


def ways(number: int) -> list[tuple[bool, str]]:
    return WAYS if os.environ.get("GALLERY") == "all" else [WAYS[number % len(WAYS)]]


def test_every_screen_hangs_in_the_gallery() -> None:
    missing = screens_that_show() - SCREENS.keys()
    assert not missing, "add one entry each to tests/browser/gallery.py"
    assert SCREENS.keys() <= screens_that_show(), "there are no such screens"


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("screen", SCREENS)
def test_everybody_can_use_every_screen(sit_down: Open, screen: str) -> None:
    look(sit_down, screen, "usual", WAYS[list(SCREENS).index(screen) % len(WAYS)])


@pytest.mark.faults
@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("screen", SCREENS)
def test_everybody_can_use_every_state(sit_down: Open, screen: str) -> None:
    for number, state in enumerate(states_of(screen)):
        for way in ways(list(SCREENS).index(screen) + number):
            look(sit_down, screen, state, way)


def look(sit_down: Open, screen: str, state: str, way: tuple[bool, str]) -> None:
    """Open a state and find nothing wrong with it."""
    dark, language = way
    where = f"{screen}, {state}, {'dark' if dark else 'light'}, {language}"
    visit = sit_down(dark=dark, language=language)
    page = visit.page
    for later in (
        "**/messages/*/html/",
        "**/waiting/tell/*/mail/*/",
        "**/admin/jobs/*/",
    ):  # what a page fetches is gone by then
        page.route(later, lambda route: route.fulfill(body="<p>", content_type="text/html"))
    answer = page.goto(f"/gallery/{screen}/{state}/")
    assert answer, where
    assert answer.headers["x-status"] in ANSWERS.get(state, ("200",)), where
    page.wait_for_load_state("networkidle")
    assert visit.violations() == [], where
    if SHOTS:
        page.screenshot(path=Path(SHOTS) / f"{screen}-{state}-{language}.png", full_page=True)
    page.set_viewport_size({"width": 320, "height": 700})
    assert not visit.scrolls_sideways(), where
    assert visit.complaints == [], where
    page.context.close()
