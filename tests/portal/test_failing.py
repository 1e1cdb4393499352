"""When we broke something: the page says so in the reader's language, with the phone, and reads no table."""

import pytest
from django.http import HttpResponse
from django.test import RequestFactory, override_settings
from django.urls import get_resolver

from tests.portal.desk import text_of


def answer(path: str, **headers: str) -> HttpResponse:
    return get_resolver().resolve_error_handler(500)(RequestFactory().get(path, headers=headers))


@pytest.mark.parametrize("path", ["/o/token/", "/s/token/", "/u/token/"])
@override_settings(COMPANY_PHONE="+90 212 000 00 00")
def test_behind_a_link_a_failure_gives_the_phone_and_is_kept_by_nobody(path: str) -> None:
    failed = answer(path)
    assert failed.status_code == 500
    assert failed["Cache-Control"] == "no-store"
    for words in ("Nothing of your order is lost", "If it does not work, call: +90 212 000 00 00"):
        assert words in text_of(failed)


@pytest.mark.parametrize("path", ["/o/token/?lang=tr", "/o/token/"])
def test_it_speaks_the_language_of_its_reader(path: str) -> None:
    failed = answer(path, accept_language="tr-TR,tr;q=0.9")
    assert "Siparişinizle ilgili hiçbir şey kaybolmadı" in text_of(failed)
    assert 'lang="tr"' in failed.content.decode()


def test_at_the_desk_a_failure_stays_the_desks() -> None:
    assert "tell an administrator the time" in text_of(answer("/admin/"))
