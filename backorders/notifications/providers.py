"""What a failed call means: not now, never, perhaps accepted, or trouble of the provider's own.

Exceptions cannot be sorted by class alone: every error of `smtplib` and of an HTTP provider is an `OSError`, permanent
refusals too. What decides is how far the call got and what was answered.
"""

import datetime
import email.utils
import smtplib
from typing import Any, NamedTuple

from anymail.exceptions import AnymailAPIError, AnymailError, AnymailRequestsAPIError
from django.core.exceptions import ImproperlyConfigured

from backorders.notifications.models import Attempt

Outcome = Attempt.Outcome

NOT_NOW = {408, 425, 429}
PERHAPS = {504}  # a gateway gave up waiting; what is behind it may have accepted
LONGEST_WAIT = datetime.timedelta(hours=12)  # what a provider may ask for; nobody means years
OPERATOR_PAUSE = datetime.timedelta(minutes=10)


class Failure(NamedTuple):
    """What a failed call means. `is_trouble`: it is the provider's, not the message's; `wait`: it asked for a pause."""

    outcome: str
    error: str
    is_trouble: bool = False
    wait: datetime.timedelta | None = None
    is_broken: bool = False


def failure(error: Exception, *, is_handed_over: bool, at: datetime.datetime) -> Failure:
    """Return what the exception of a call means; `is_handed_over`: the whole message had left when it happened."""
    text = _said(error)
    if isinstance(error, ImproperlyConfigured):
        return Failure(Outcome.TRANSIENT, text, is_trouble=True, wait=OPERATOR_PAUSE)
    if isinstance(error, AnymailError):
        return _of_http(error, text, at)
    if isinstance(error, smtplib.SMTPException):
        return _of_smtp(error, text, is_handed_over=is_handed_over)
    if isinstance(error, OSError):  # the connection: refused, reset, timed out
        outcome = Outcome.AMBIGUOUS if is_handed_over else Outcome.TRANSIENT
        return Failure(outcome, text, is_trouble=not is_handed_over, is_broken=True)
    return Failure(Outcome.PERMANENT, text)  # a message that cannot be built: it will not get better


def _said(error: Exception) -> str:
    try:
        return f"{type(error).__name__}: {error}"[:2000]
    except AttributeError:  # anymail describes an answer that a provider's own library did not give
        return f"{type(error).__name__}: {error.args}"[:2000]


def _of_http(error: AnymailError, text: str, at: datetime.datetime) -> Failure:
    status = error.status_code
    if isinstance(error, AnymailRequestsAPIError) and status is None:
        never_connected = _never_connected(error)
        outcome = Outcome.TRANSIENT if never_connected else Outcome.AMBIGUOUS
        return Failure(outcome, text, is_trouble=never_connected, is_broken=True)
    if status is None or not isinstance(error, AnymailAPIError):
        return Failure(Outcome.PERMANENT, text)
    if status in (401, 403):
        return Failure(Outcome.TRANSIENT, text, is_trouble=True, wait=OPERATOR_PAUSE)
    if status in PERHAPS:
        return Failure(Outcome.AMBIGUOUS, text, is_trouble=True)
    if status in NOT_NOW or status >= 500:
        return Failure(Outcome.TRANSIENT, text, is_trouble=True, wait=_retry_after(error.response, at))
    return Failure(Outcome.PERMANENT, text)


def _never_connected(error: AnymailError) -> bool:
    """Whether the call failed before there was a connection: the error is also of the HTTP client's own class."""
    names = {kind.__name__ for kind in type(error).__mro__}
    return "ConnectTimeout" in names or ("ConnectionError" in names and "NewConnectionError" in repr(error.__cause__))


def _retry_after(response: Any, at: datetime.datetime) -> datetime.timedelta | None:
    """Return the pause the answer asks for: seconds, or a date (RFC 9110, section 10.2.3)."""
    given = str(response.headers.get("retry-after", "")).strip() if response is not None else ""
    try:
        if given.isascii() and given.isdigit():
            return min(datetime.timedelta(seconds=int(given[:9])), LONGEST_WAIT)
        wait = email.utils.parsedate_to_datetime(given) - at if given else None
    except (TypeError, ValueError, OverflowError):  # a date without a zone, or no date at all
        return None
    return wait and min(max(wait, datetime.timedelta()), LONGEST_WAIT)


def _of_smtp(error: smtplib.SMTPException, text: str, *, is_handed_over: bool) -> Failure:
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return Failure(Outcome.TRANSIENT, text, is_trouble=True, wait=OPERATOR_PAUSE, is_broken=True)
    if isinstance(error, smtplib.SMTPServerDisconnected):
        outcome = Outcome.AMBIGUOUS if is_handed_over else Outcome.TRANSIENT
        return Failure(outcome, text, is_trouble=not is_handed_over, is_broken=True)
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        codes = [code for code, _ in error.recipients.values()]
        is_for_now = bool(codes) and all(400 <= code < 500 for code in codes)
        return Failure(Outcome.TRANSIENT if is_for_now else Outcome.PERMANENT, text)
    if isinstance(error, smtplib.SMTPConnectError):
        return Failure(Outcome.TRANSIENT, text, is_trouble=True, is_broken=True)
    code = getattr(error, "smtp_code", 0)
    if code == 421:  # the service is closing the connection
        return Failure(Outcome.TRANSIENT, text, is_trouble=True, is_broken=True)
    return Failure(Outcome.TRANSIENT if 400 <= code < 500 else Outcome.PERMANENT, text)
