"""What was sent without a session that fits: kept on a page, sent again by one press, never for another site."""

import re
from html import unescape
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from backorders.access.table import SERVICE
from backorders.backoffice.views import unsent
from backorders.orders.models import Note
from tests.backoffice.desk import World, address, text
from tests.factories import a_user

HERE = {"Origin": "http://testserver"}
STALE = "x" * 64
TYPED = 'Calls back\r\n<b>"Friday"</b> & later'

pytestmark = pytest.mark.usefixtures("db", "frozen")


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def browser() -> Client:
    """A browser whose tokens count, and which has one."""
    client = Client(enforce_csrf_checks=True)
    client.get(address("login"))
    return client


def agent(name: str) -> Any:
    user = a_user(SERVICE, first_name=name, is_staff=True)
    user.set_password("a-kettle-17")
    user.save()
    return user


def send(browser: Client, url: str, **fields: Any) -> Any:
    """Send a form of an open page: with the token of the session there is now."""
    token = browser.cookies["csrftoken"].value
    return browser.post(url, {"csrfmiddlewaretoken": token, **fields}, headers=HERE)


def press(browser: Client, url: str, page: Any, heading: str, **typed: str) -> Any:
    """Send a form of the page that was answered, as a browser without a script does."""
    [form] = [
        each for each in re.findall(r"<form.*?</form>", page.content.decode(), re.S) if f">{heading}</h2>" in each
    ]
    assert f'action="{url}"' in form
    fields: dict[str, list[str]] = {}
    for name, value in re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', form):
        fields.setdefault(unescape(name), []).append(unescape(value))
    return browser.post(url, {**fields, **typed}, headers=HERE)


def logged_in(user: Any) -> dict[str, str]:
    return {"unsent-username": user.get_username(), "unsent-password": "a-kettle-17", "unsent-login": "1"}


def test_what_was_typed_outlives_the_session_and_is_sent_by_one_press(world: World, browser: Client) -> None:
    url, user = address("write_note", world.first.pk), agent("Ada")
    away = send(browser, url, text=TYPED)
    assert away.status_code == 401
    assert "no-store" in away["Cache-Control"]
    assert "Your session has ended: nothing was saved." in text(away)
    assert TYPED not in away.content.decode(), "as it is typed it would be markup"
    wrong = press(browser, url, away, "Log in", **{**logged_in(user), "unsent-password": "wrong"})
    assert (wrong.status_code, "correct username and password" in text(wrong)) == (401, True)
    back = press(browser, url, wrong, "Log in", **logged_in(user))
    assert (back.status_code, "until then nothing is saved" in text(back)) == (200, True)
    assert not Note.objects.filter(text__contains="Friday").exists()
    done = press(browser, url, back, "Send it again")
    assert done.status_code == 302
    note = Note.objects.get(text__contains="Friday")
    assert (note.text.split(), note.by) == (TYPED.split(), user)


def test_a_token_from_before_another_login_loses_nothing(world: World, browser: Client) -> None:
    url, user = address("write_note", world.first.pk), agent("Ada")
    browser.force_login(user)
    stale = browser.post(url, {"csrfmiddlewaretoken": STALE, "text": TYPED, "unsent-person": user.pk}, headers=HERE)
    assert stale.status_code == 403
    assert "Send it again as Ada" in text(stale)
    assert "Log in as somebody else" not in text(stale), "it is who typed it"
    assert "write a note" in text(stale).lower()
    done = press(browser, url, stale, "Send it again")
    assert (done.status_code, Note.objects.latest("id").by) == (302, user)


def test_it_is_never_sent_in_the_name_of_another_unsaid(world: World, browser: Client) -> None:
    url, first, second = address("write_note", world.first.pk), agent("Ada"), agent("Mert")
    away = send(browser, url, text=TYPED, **{"unsent-person": first.pk})
    assert "Ada" not in text(away), "who is not let in learns no names"
    back = press(browser, url, away, "Log in", **logged_in(second))
    assert "Typed by Ada. Sent from here it stands in the records as done by Mert." in text(back)
    again = press(browser, url, back, "Log in as somebody else", **logged_in(first))
    assert "Typed by" not in text(again)
    press(browser, url, again, "Send it again")
    assert Note.objects.latest("id").by == first


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://testserver:81", "https://testserver", ""])
def test_what_another_site_made_a_browser_send_is_never_offered_again(
    world: World, browser: Client, origin: str
) -> None:
    browser.force_login(agent("Ada"))
    headers = {"Origin": origin} if origin else {}
    answer = browser.post(address("write_note", world.first.pk), {"text": "Friday"}, headers=headers)
    assert answer.status_code == 403
    assert "Friday" not in answer.content.decode()
    assert "<form" not in answer.content.decode()


def test_only_what_a_screen_of_the_staff_sent_is_offered_again(browser: Client) -> None:
    answer = browser.post("/o/made-up/", {"text": "Friday"}, headers=HERE)
    assert b"unsent" not in answer.content


def test_no_password_no_token_and_no_file_stands_on_the_page(world: World, browser: Client) -> None:
    browser.force_login(agent("Ada"))
    secrets = {"old_password": "a-kettle-17", "new_password1": "b-kettle-18", "csrfmiddlewaretoken": STALE}
    page = browser.post(address("password_change"), {**secrets, "note": "kept"}, headers=HERE)
    assert "Passwords are not kept" in text(page)
    assert 'value="kept"' in page.content.decode()
    assert [word for word in secrets.values() if word in page.content.decode()] == []
    file = SimpleUploadedFile("dent.jpg", b"bytes of a picture")
    page = browser.post(address("imports"), {"csrfmiddlewaretoken": STALE, "file": file}, headers=HERE)
    assert "Files cannot be kept: dent.jpg." in text(page)
    assert "Send it again as Ada, without the files" in text(page)
    assert b"bytes of a picture" not in page.content


def test_what_is_too_long_is_said_to_be_and_not_echoed(world: World, browser: Client) -> None:
    page = send(browser, address("write_note", world.first.pk), text="x" * unsent.KEPT)
    assert "too much to be kept here" in text(page)
    assert len(page.content) < 100_000


def test_a_part_of_a_page_says_nothing_of_its_own(world: World, browser: Client) -> None:
    browser.force_login(agent("Ada"))
    url = address("keep_draft", world.first.pk)
    answer = browser.post(url, {"text": "x"}, headers={**HERE, "HX-Request": "true"})
    assert (answer.status_code, answer.content) == (401, b"")


def test_a_login_from_before_another_one_begins_anew(browser: Client) -> None:
    url = address("login") + "?next=/admin/inbox/"
    answer = browser.post(url, {"username": "ada", "password": "secret"}, headers=HERE)
    assert (answer.status_code, answer["Location"]) == (302, url)


def test_who_logs_out_twice_is_out(browser: Client) -> None:
    answer = send(browser, address("logout"))
    assert answer.status_code == 302
