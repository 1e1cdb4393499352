"""Every screen in every state can be used by everybody: no barrier, nothing blocked, no sideways scroll.

Light or dark, in English or Turkish in turn, wide and at 320 px: the usual state of each screen every day, all states
with the long tests. `GALLERY=all` looks at each in every way, `GALLERY_SHOTS=folder` keeps a picture of each.
"""

import itertools
import os
import re
from pathlib import Path

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from playwright.sync_api import Page, Route, expect

from tests.backoffice.desk import text
from tests.browser.conftest import Open
from tests.browser.gallery import SCREENS, how_it_comes, screens_that_show, states_of
from tests.supply.pictures import a_file

# What the screen really answers in a state.
ANSWERS = {"denied": ("403",), "error": ("422",), "stale": ("409",), "away": ("401",), "taken_over": ("403",)}
MET = (
    "Failed to load resource",
    "Response Status Error Code 401",
)  # what a browser says of requests that met something
WAYS = list(itertools.product((False, True), ("en", "tr")))  # dark, language
SHOTS = os.environ.get("GALLERY_SHOTS", "")

pytestmark = pytest.mark.urls("tests.browser.gallery_urls")


def ways(number: int) -> list[tuple[bool, str]]:
    return WAYS if os.environ.get("GALLERY") == "all" else [WAYS[number % len(WAYS)]]


def test_every_screen_hangs_in_the_gallery() -> None:
    missing = screens_that_show() - SCREENS.keys()
    assert not missing, "add one entry each to tests/browser/gallery.py"
    assert SCREENS.keys() <= screens_that_show(), "there are no such screens"


@pytest.mark.long
@pytest.mark.django_db
@pytest.mark.parametrize("screen", [name for name, shown in SCREENS.items() if shown.states])
def test_a_state_shows_what_no_other_state_of_its_screen_does(client: Client, screen: str) -> None:
    client.force_login(get_user_model().objects.create_superuser("chief"))
    seen: dict[str, str] = {}
    for state in states_of(screen):
        how = how_it_comes(screen, state)
        if state == "long" or how.presses or how.meets:  # not every page has names; the rest comes to be in a browser
            continue
        answer = client.get(f"/gallery/{screen}/{state}/")
        main = text(answer).partition("Keyboard map")[0]
        shows = re.sub(r"\d+", "0", main)  # numbers and days differ from world to world
        assert how.says in main
        assert shows not in seen, f"{screen}: {state} looks as {seen.get(shows)} does"
        seen[shows] = state


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
    page.route("**/damage-photos/*/", lambda route: route.fulfill(body=a_file(), content_type="image/jpeg"))
    how = how_it_comes(screen, state)
    answer = meet(page, how.meets).goto(f"/gallery/{screen}/{state}/")
    assert answer, where
    assert answer.headers["x-status"] in ANSWERS.get(state, ("200",)), where
    if how.presses:
        page.locator(how.presses).click()
    if how.meets == "ended":
        expect(page.locator("#session-ended").get_by_role("link")).to_have_count(1)
    elif how.meets:
        said = page.locator("#no-connection" if how.meets == "offline" else "#updating")
        expect(said).to_have_text(str(said.get_attribute("data-says")))
        expect(page.locator("[aria-busy=true]")).to_have_count(1 if how.meets == "loading" else 0)
    else:
        page.wait_for_load_state("networkidle")
    assert visit.violations() == [], where
    if SHOTS:
        page.screenshot(path=Path(SHOTS) / f"{screen}-{state}-{language}.png", full_page=True)
    page.set_viewport_size({"width": 320, "height": 700})
    assert not visit.scrolls_sideways(), where
    complaints = [each for each in visit.complaints if not (how.meets and each.startswith(MET))]
    assert complaints == [], where
    page.context.close()


def meet(page: Page, meets: str) -> Page:
    """Let what a page asks for its parts meet what the state says."""
    if meets:
        page.route(lambda _url: True, lambda route: answer_in_parts(route, meets))
    return page


def answer_in_parts(route: Route, meets: str) -> None:
    """Answer what is no part of a page as ever; of a part say nothing, that there is no connection, or no session."""
    if "hx-request" not in route.request.headers:
        route.fallback()
    elif meets == "offline":
        route.abort()
    elif meets == "ended":
        route.fulfill(status=401)
