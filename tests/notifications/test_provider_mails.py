"""Mails as each provider posts them: kept once, with their files, by whoever has the secret and signs."""

import hashlib
import hmac
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.checks import run_checks
from django.test import override_settings

from backorders.actions import replying
from backorders.notifications import checks
from backorders.notifications.models import ProviderEvent, Reply, ReplyFile, Thread
from backorders.orders.models import Question
from tests.factories import AT, a_customer, a_line, a_product
from tests.notifications.desk import tell
from tests.notifications.postbox import INBOUND, a_mail, as_form, posted

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.urls("tests.notifications.postbox"),
    pytest.mark.filterwarnings("ignore::anymail.exceptions.AnymailNotSupportedWarning"),
]

MAILS = json.loads((Path(__file__).parent / "provider_mails" / "mails.json").read_text())
BY = pytest.mark.parametrize("mail", MAILS, ids=[mail["provider"] for mail in MAILS])
SIGNED_BY = "SENDGRID_TRACKING_WEBHOOK_VERIFICATION_KEY"
KEY, FILE = "signing-key", ("dent.jpg", "image/jpeg", bytes(range(256)))


@pytest.fixture(autouse=True)
def secrets() -> Iterator[None]:
    known = {"WEBHOOK_SECRET": "provider:right", "MAILGUN_WEBHOOK_SIGNING_KEY": KEY, "BREVO_API_KEY": "x"}
    with override_settings(ANYMAIL=known, INBOUND_ADDRESS=INBOUND):
        yield


def signed(payload: dict[str, Any], key: str = KEY) -> dict[str, Any]:
    said = f"{payload['timestamp']}{payload['token']}".encode()
    return {**payload, "signature": hmac.new(key.encode(), said, hashlib.sha256).hexdigest()}


def post(provider: str, payload: Any, files: Any = None, *, word: str = "right", key: str = KEY) -> int:
    url = f"/anymail/{provider}/inbound/"
    if provider not in ("sendgrid", "mailgun"):
        return posted(url, payload, word=word)
    fields = signed(payload, key) if provider == "mailgun" else payload
    return posted(url, as_form(fields, files), word=word, content_type="multipart/form-data; boundary=b")


@BY
def test_a_mail_is_kept_once_as_it_was_written(mail: dict[str, Any]) -> None:
    for _ in range(3):
        assert post(mail["provider"], mail["payload"]) == 200
    reply = Reply.objects.get()
    assert reply.nature == "person"
    assert reply.sender in ("from+test@example.org", "from@example.com")
    assert reply.subject in ("Test subject", "Testing Brevo inbound")
    assert reply.text in ("Test body plain", "This is a *test message*.\n\n- Sender")


@BY
def test_a_mail_to_the_address_of_an_order_is_a_question_about_it(mail: dict[str, Any]) -> None:
    order = a_line(a_product(stock=5), 1, customer=a_customer()).order
    tell(AT)
    ours = f"orders+{Thread.objects.get().token}@in.shop.example"
    said = json.dumps(mail["payload"]).replace("test@inbound.example.com", ours).replace("test@anymail.dev", ours)
    assert post(mail["provider"], json.loads(said)) == 200
    replying.take_in(at=AT)
    assert Question.objects.get().order == order


@BY
def test_nobody_without_the_secret_brings_mail(mail: dict[str, Any]) -> None:
    assert post(mail["provider"], mail["payload"], word="wrong") == 400
    assert not Reply.objects.exists()


def of(provider: str) -> dict[str, Any]:
    return next(mail["payload"] for mail in MAILS if mail["provider"] == provider)


def test_a_forged_signature_brings_none_though_the_secret_is_right() -> None:
    assert post("mailgun", of("mailgun"), key="another") == 400
    assert not Reply.objects.exists()


@pytest.mark.parametrize(
    ("provider", "field", "more"),
    [
        ("sendgrid", "attachment1", {"attachments": "1", "attachment-info": '{"attachment1": {"type": "image/jpeg"}}'}),
        ("mailgun", "attachment-1", {"attachment-count": "1"}),
    ],
)
def test_files_of_a_form_are_kept(provider: str, field: str, more: dict[str, str]) -> None:
    assert post(provider, {**of(provider), **more}, {field: FILE}) == 200
    file = ReplyFile.objects.get()
    assert (file.name, file.kind, bytes(file.content)) == FILE


@pytest.mark.parametrize(("provider", "field"), [("sendgrid", "email"), ("mailgun", "body-mime")])
def test_a_whole_mail_in_a_field_is_read(provider: str, field: str) -> None:
    raw = {"timestamp": "1461261330", "token": "t", "recipient": "a@in.shop.example", field: a_mail(to="")}
    assert post(provider, raw) == 200
    assert Reply.objects.get().text == "When?"


@pytest.mark.parametrize(
    "payload", [{"event-data": {"event": "clicked"}}, {"event": "delivered", "recipient": "a@b.example"}]
)
def test_reports_at_the_address_of_mails_wait_for_the_settings_to_be_put_right(payload: dict[str, Any]) -> None:
    body = {**payload, "timestamp": "1", "token": "t", "signature": signed({"timestamp": "1", "token": "t"})}
    url = "/anymail/mailgun/inbound/"
    if "event" in payload:
        form = as_form(signed({**payload, "timestamp": "1", "token": "t"}))
        assert posted(url, form, content_type="multipart/form-data; boundary=b") == 503
    else:
        assert posted(url, {**body, "signature": signed({"timestamp": "1", "token": "t"})}) == 503
    assert not Reply.objects.exists()
    assert not ProviderEvent.objects.exists()


@pytest.mark.parametrize("kind", ["tracking", "inbound"])
def test_amazon_is_asked_for_the_secret_before_it_gives_it(client: Any, kind: str) -> None:
    asked = client.post(f"/anymail/amazon_ses/{kind}/", "{}", content_type="text/plain")
    assert (asked.status_code, asked.headers["WWW-Authenticate"]) == (401, "Basic")
    assert posted(f"/anymail/amazon_ses/{kind}/", {}, word="wrong") == 400


@pytest.mark.parametrize(
    ("backend", "anymail", "library"),
    [
        ("anymail.backends.amazon_ses.EmailBackend", {}, "boto3"),
        ("anymail.backends.postmark.EmailBackend", {"AMAZON_SES_AUTO_CONFIRM_SNS_SUBSCRIPTIONS": "1"}, "boto3"),
        ("anymail.backends.sendgrid.EmailBackend", {SIGNED_BY: "key"}, "cryptography"),
        ("anymail.backends.sendgrid.EmailBackend", {SIGNED_BY: ""}, ""),
        ("anymail.backends.postmark.EmailBackend", {}, ""),
    ],
)
@pytest.mark.parametrize("is_installed", [True, False])
def test_a_provider_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, backend: str, anymail: dict[str, str], library: str, is_installed: bool
) -> None:
    monkeypatch.setattr(checks, "find_spec", lambda _name: is_installed or None)
    with override_settings(EMAIL_BACKEND=backend, ANYMAIL={"WEBHOOK_SECRET": "a:b", **anymail}):
        found = [each.msg for each in run_checks() if each.id == "notifications.E002"]
    wanted = {
        "boto3": [
            'Amazon SES needs a library of its own: install it with pip install "django-anymail[amazon-ses]".',
            'The signature of Amazon SES needs a library of its own: install it with pip install "cryptography".',
        ],
        "cryptography": [
            "The signature of SendGrid needs a library of its own: install it with pip install "
            '"django-anymail[sendgrid]".'
        ],
    }
    assert found == ([] if is_installed else wanted.get(library, []))
