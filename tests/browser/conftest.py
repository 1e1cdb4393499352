"""Somebody at a real browser, logged in at a real server."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.test import Client

from tests.harness.browser import Browser, Visit

Open = Callable[..., Visit]


@pytest.fixture
def sit_down(browser: Browser, live_server: Any) -> Iterator[Open]:
    """Open a window at the desk: `sit_down(width=…, dark=…, language=…, script=…)`."""
    client = Client()
    client.force_login(get_user_model().objects.create_superuser("chief", "chief@example.com", "chief"))
    session = client.cookies[settings.SESSION_COOKIE_NAME].value

    with contextlib.ExitStack() as windows:

        def opened(*, width: int = 1366, dark: bool = False, language: str = "en", script: bool = True) -> Visit:
            window = browser.new_context(
                base_url=live_server.url,
                viewport={"width": width, "height": 768},
                color_scheme="dark" if dark else "light",
                java_script_enabled=script,
                locale="en-GB",
            )
            windows.callback(window.close)
            window.add_cookies(
                [
                    {"name": settings.SESSION_COOKIE_NAME, "value": session, "url": live_server.url},
                    {"name": settings.LANGUAGE_COOKIE_NAME, "value": language, "url": live_server.url},
                ]
            )
            return Visit(window.new_page())

        yield opened
