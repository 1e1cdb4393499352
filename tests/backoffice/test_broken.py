"""When we broke something at the desk: a number to name it by, and what was typed is sent again with one press."""

import logging
import re
from html import unescape

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client, RequestFactory
from django.urls import get_resolver

from backorders.orders.models import Note
from tests.backoffice.desk import World, address, text

HERE = {"Origin": "http://testserver"}
TYPED = 'Calls back\r\n<b>"Friday"</b> & later'


def renamed(was: str, becomes: str) -> None:
    """Break the database, or put it right."""
    connection.check_constraints()  # PostgreSQL renames no table that still has something to check
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {was} RENAME TO {becomes}")


def fields(page: str) -> dict[str, str]:
    found = re.findall(r'<input type="hidden" name="(.*?)" value="([^"]*)">', page)
    return {unescape(name): unescape(value) for name, value in found}


def test_a_save_that_failed_is_kept_and_sent_again_with_one_press(
    desk: Client, caplog: pytest.LogCaptureFixture
) -> None:
    world = World()
    url = address("write_note", world.first.pk)
    desk.raise_request_exception = False
    renamed("orders_note", "elsewhere")
    with caplog.at_level(logging.ERROR):
        answer = desk.post(url, {"text": TYPED, "password": "s3cret"}, headers=HERE)
    renamed("elsewhere", "orders_note")
    assert answer.status_code == 500
    assert "no-store" in answer["Cache-Control"]
    assert "Could not save. Nothing was changed." in text(answer)
    assert "Passwords are not kept" in text(answer)
    [number] = re.findall(r"for an administrator: (\w{8}) ", text(answer))
    assert f"Shown as error {number}: POST {url}" in caplog.text
    page = answer.content.decode()
    assert f'<form method="post" action="{url}">' in page
    assert fields(page)["text"] == TYPED
    assert "s3cret" not in page
    assert desk.post(url, fields(page), headers=HERE).status_code == 302
    assert Note.objects.filter(text__contains="Friday").count() == 1


def test_what_another_site_sent_is_offered_to_nobody(desk: Client) -> None:
    world = World()
    desk.raise_request_exception = False
    renamed("orders_note", "elsewhere")
    for headers in ({"Origin": "https://elsewhere.example"}, {}):
        answer = desk.post(address("write_note", world.first.pk), {"text": TYPED}, headers=headers)
        assert answer.status_code == 500
        assert "Friday" not in answer.content.decode()
        assert "tell an administrator" in text(answer)
    renamed("elsewhere", "orders_note")


def test_files_cannot_be_kept_and_are_named(desk: Client) -> None:
    world = World()
    desk.raise_request_exception = False
    renamed("orders_note", "elsewhere")
    sent = {"text": TYPED, "file": SimpleUploadedFile("list.csv", b"x")}
    answer = desk.post(address("write_note", world.first.pk), sent, headers=HERE)
    renamed("elsewhere", "orders_note")
    assert "Files cannot be kept: list.csv" in text(answer)


def test_it_reads_no_table() -> None:
    """Without the mark of the database any access to it is refused here."""
    answer = get_resolver().resolve_error_handler(500)(RequestFactory().post("/admin/", headers=HERE))
    assert answer.status_code == 500
