"""What a failed call means, by how far it got and what was answered."""

import datetime
import smtplib
from typing import Any

import pytest
import requests
from anymail.exceptions import (
    AnymailAPIError,
    AnymailConfigurationError,
    AnymailInvalidAddress,
    AnymailRecipientsRefused,
    AnymailRequestsAPIError,
)

from backorders.notifications.backends import ResendBackend
from backorders.notifications.mime import Mail
from backorders.notifications.providers import failure
from tests.factories import AT


def http(status: int, **headers: str) -> AnymailRequestsAPIError:
    response = requests.Response()
    response.status_code, response.reason = status, "reason"
    response.headers.update(headers)
    return AnymailRequestsAPIError("refused", response=response)


def unanswered(kind: type[Exception], text: str = "") -> AnymailRequestsAPIError:
    """What anymail raises when the HTTP client raised `kind`: an error of both classes."""
    error: Exception = type("AnymailRequestsAPIError", (AnymailRequestsAPIError, kind), {})("no answer")
    error.__cause__ = kind(text)
    return error  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("error", "outcome", "is_trouble"),
    [
        (http(408), "transient", True),
        (http(425), "transient", True),
        (http(429), "transient", True),
        (http(500), "transient", True),
        (http(503), "transient", True),
        (http(504), "ambiguous", True),
        (http(401), "transient", True),
        (http(403), "transient", True),
        (http(400), "permanent", False),
        (http(422), "permanent", False),
        (unanswered(requests.ReadTimeout), "ambiguous", False),
        (unanswered(requests.ConnectionError, "RemoteDisconnected"), "ambiguous", False),
        (unanswered(requests.ConnectTimeout), "transient", True),
        (unanswered(requests.ConnectionError, "NewConnectionError: refused"), "transient", True),
        (AnymailRecipientsRefused(), "permanent", False),
        (AnymailInvalidAddress("x"), "permanent", False),
        (AnymailAPIError("of an SDK", status_code=500), "transient", True),
        (AnymailConfigurationError("no key"), "transient", True),
        (smtplib.SMTPDataError(451, b"later"), "transient", False),
        (smtplib.SMTPDataError(554, b"never"), "permanent", False),
        (smtplib.SMTPSenderRefused(421, b"closing", "a"), "transient", True),
        (smtplib.SMTPRecipientsRefused({"a": (450, b"busy")}), "transient", False),
        (smtplib.SMTPRecipientsRefused({"a": (550, b"gone")}), "permanent", False),
        (smtplib.SMTPAuthenticationError(535, b"who"), "transient", True),
        (smtplib.SMTPConnectError(421, b"full"), "transient", True),
        (smtplib.SMTPServerDisconnected("gone"), "transient", True),
        (ConnectionRefusedError("down"), "transient", True),
        (TimeoutError("slow"), "transient", True),
        (ValueError("cannot be built"), "permanent", False),
    ],
    ids=lambda value: repr(value)[:60],
)
def test_an_error_is_sorted_by_what_was_answered(error: Exception, outcome: str, is_trouble: bool) -> None:
    said = failure(error, is_handed_over=False, at=AT)
    assert (said.outcome, said.is_trouble) == (outcome, is_trouble)


@pytest.mark.parametrize(
    "error", [smtplib.SMTPServerDisconnected("gone"), TimeoutError("slow"), ConnectionResetError()]
)
def test_silence_after_the_last_byte_is_not_known(error: Exception) -> None:
    said = failure(error, is_handed_over=True, at=AT)
    assert (said.outcome, said.is_trouble, said.is_broken) == ("ambiguous", False, True)


@pytest.mark.parametrize(
    ("asked", "seconds"),
    [
        ("²", None),
        ("1" * 30, 12 * 3600),
        ("-5", None),
        ("9" * 400, 12 * 3600),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 12 * 3600),
        ("Mon, 01 Jun 2026 10:00:00", None),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
        ("\x00", None),
    ],
)
def test_an_absurd_pause_is_bounded_or_not_taken(asked: str, seconds: int | None) -> None:
    wait = failure(http(429, **{"Retry-After": asked}), is_handed_over=False, at=AT).wait
    assert wait == (None if seconds is None else datetime.timedelta(seconds=seconds))


def test_a_provider_may_ask_for_a_pause() -> None:
    assert failure(http(429, **{"Retry-After": "120"}), is_handed_over=False, at=AT).wait == datetime.timedelta(
        minutes=2
    )
    on = "Mon, 01 Jun 2026 10:00:00 GMT"
    assert failure(http(503, **{"Retry-After": on}), is_handed_over=False, at=AT).wait == datetime.timedelta(hours=1)
    assert failure(http(429, **{"Retry-After": "soon"}), is_handed_over=False, at=AT).wait is None


def test_a_wrong_key_pauses_instead_of_burning_attempts() -> None:
    assert failure(http(401), is_handed_over=False, at=AT).wait == datetime.timedelta(minutes=10)


def test_resend_is_given_the_key_of_the_message(settings: Any) -> None:
    settings.ANYMAIL = {"RESEND_API_KEY": "key"}
    backend = ResendBackend()
    mail = Mail(subject="s", text="t", html="h", recipient="a@example.com", identity="i", from_email="o@example.com")
    mail.idempotency_key = "1:later:abc:a1"  # type: ignore[attr-defined]
    payload = backend.build_message_payload(mail, backend.send_defaults)
    assert payload.headers["Idempotency-Key"] == "1:later:abc:a1"
    assert backend.honours_keys
