"""Who is not logged in: a page leads to the login, a part of a page never holds one."""

import re

from django.test import Client
from django.urls import resolve

from backorders.backoffice.urls import _PAGES
from tests.backoffice.desk import address


def test_a_page_leads_to_the_login(client: Client) -> None:
    answer = client.get(address("waiting_lines"))
    assert answer.status_code == 302
    assert answer["Location"].startswith(address("login"))


def test_no_part_of_a_page_is_a_login(client: Client) -> None:
    for pattern, _view, name in _PAGES:
        url = "/admin/" + re.sub(r"<\w+:\w+>", "1", pattern)
        assert resolve(url).url_name == name
        for ask in (client.get, client.post):
            answer = ask(url, headers={"HX-Request": "true"})
            assert (answer.status_code, answer.content) == (401, b""), url
