"""Hands at the desk, one with a mouse and one without: they count what they do, so that tasks keep their budgets."""

from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

# Every page is looked at light in English and dark in Turkish each day, the other way round with the long tests.
LOOKS = pytest.mark.parametrize(
    ("dark", "language"),
    [
        pytest.param(False, "en", id="light-en"),
        pytest.param(True, "tr", id="dark-tr"),
        pytest.param(False, "tr", id="light-tr", marks=pytest.mark.faults),
        pytest.param(True, "en", id="dark-en", marks=pytest.mark.faults),
    ],
)

FARTHEST = 150  # Tab presses until something counts as out of reach


class Mouse:
    """Somebody with a mouse; `done` counts clicks, and each field typed into once."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.done = self.moved = 0

    def press(self, target: Locator) -> None:
        """Click a link or a button."""
        self.done += 1
        target.click()

    def choose(self, target: Locator) -> None:
        """Choose one of several."""
        self.press(target)

    def tick(self, target: Locator) -> None:
        """Tick a box."""
        self.press(target)

    def enter(self) -> None:
        """Send what was typed."""
        self.done += 1
        self.page.keyboard.press("Enter")

    def type(self, target: Locator, text: str) -> None:
        """Type into a field."""
        self.done += 1
        target.fill(text)


class Keys(Mouse):
    """Somebody without one: everything is reached with Tab; `moved` counts how often."""

    def press(self, target: Locator) -> None:
        """Reach a link or a button, and press Enter."""
        self._reach(target)
        self.done += 1
        self.page.keyboard.press("Enter")

    def tick(self, target: Locator) -> None:
        """Reach a box, and press Space."""
        self._reach(target)
        self.done += 1
        self.page.keyboard.press("Space")

    def choose(self, target: Locator) -> None:
        """Reach one of the group, and go on to the wanted one with the arrows."""
        name = target.get_attribute("name")
        self._reach(self.page.locator(f"input[name={name}]:checked, input[name={name}]").first, group=name)
        self.done += 1
        self.page.keyboard.press("Space")
        for _ in range(20):
            if target.is_checked():
                return
            self.page.keyboard.press("ArrowDown")
        raise AssertionError(f"no arrow leads to {target}")

    def type(self, target: Locator, text: str) -> None:
        """Reach a field, and type."""
        self._reach(target)
        self.done += 1
        if target.get_attribute("type") == "date":  # Chromium's own parts: day, month, year
            year, month, day = text.split("-")
            self.page.keyboard.type(f"{month}{day}{year}")
            if target.input_value() != text:  # this machine writes the day first
                self.page.keyboard.press("ArrowLeft")
                self.page.keyboard.press("ArrowLeft")
                self.page.keyboard.type(f"{day}{month}{year}")
        else:
            self.page.keyboard.insert_text(text)

    def _reach(self, target: Locator, *, group: str | None = None) -> None:
        expect(target).to_be_visible()
        for _ in range(FARTHEST):
            if self._is_focused(target, group):
                return
            self.moved += 1
            self.page.keyboard.press("Tab")
        raise AssertionError(f"{target} cannot be reached with Tab")

    def _is_focused(self, target: Locator, group: str | None) -> Any:
        if group:
            return self.page.evaluate("name => document.activeElement.name === name", group)
        return target.evaluate("node => node === document.activeElement")


HANDS = pytest.mark.parametrize("hands", [Mouse, Keys], ids=["mouse", "keys"])
