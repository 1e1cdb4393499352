"""The first run in a real browser: it can be read by everybody, on a telephone, in the dark and in Turkish."""

import pytest
from playwright.sync_api import expect

from tests.backoffice.desk import address
from tests.browser.conftest import Open
from tests.browser.test_new_ways import shot

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize(("width", "dark", "language"), [(1366, False, "en"), (320, True, "tr")])
def test_an_empty_installation_can_be_begun_by_everybody(sit_down: Open, width: int, dark: bool, language: str) -> None:
    visit = sit_down(width=width, dark=dark, language=language)
    visit.page.goto(address("index"))
    expect(visit.page.locator("form.card button")).to_be_visible()
    shot(visit.page, f"first-run-{language}")
    assert visit.violations() == []
    assert not visit.scrolls_sideways()
