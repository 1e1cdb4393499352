"""What Amazon posts counts only if Amazon signed it, in the words that it signed."""

import datetime
from base64 import b64encode
from collections.abc import Iterator
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from django.http import HttpResponse
from django.test import RequestFactory, override_settings

from backorders.notifications import sns
from backorders.notifications.webhooks import guarded
from tests.factories import AT
from tests.notifications.postbox import as_notification

HOST, PATH = "sns.eu-west-1.amazonaws.com", "/SimpleNotificationService-0.pem"
BASIC = "Basic " + b64encode(b"provider:right").decode()
TOPIC = "arn:aws:sns:eu-west-1:111111111111:mails"
ASKS = {"Type": "SubscriptionConfirmation", "MessageId": "s-1", "Message": "?", "Token": "t", "TopicArn": TOPIC}
ASKS |= {"SubscribeURL": f"https://{HOST}/?Action=ConfirmSubscription", "Timestamp": "2026-06-01T09:00:00.000Z"}


@pytest.fixture(scope="module")
def key() -> RSAPrivateKey:
    return generate_private_key(65537, 2048)


class Asked(list[tuple[str, str]]):
    """Where certificates were asked for."""


@pytest.fixture(autouse=True)
def asked(monkeypatch: pytest.MonkeyPatch, key: RSAPrivateKey) -> Iterator[Asked]:
    """Amazon's store of certificates, which has one, made here."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    made = x509.CertificateBuilder().issuer_name(name).subject_name(name).public_key(key.public_key())
    made = made.serial_number(x509.random_serial_number()).not_valid_before(AT)
    made = made.not_valid_after(AT + datetime.timedelta(days=900))
    pem = made.sign(key, SHA256()).public_bytes(Encoding.PEM)
    asked = Asked()

    class Connection:
        status = 200

        def __init__(self, host: str, timeout: int) -> None:
            self.host = host

        def request(self, _method: str, path: str) -> None:
            asked.append((self.host, path))
            if "away" in path:
                raise OSError
            self.status = 404 if "gone" in path else 200

        def getresponse(self) -> "Connection":
            return self

        def read(self, _size: int) -> bytes:
            return pem

        def close(self) -> None:
            """Nothing is held."""

    monkeypatch.setattr(sns, "HTTPSConnection", Connection)
    sns.certificate.cache_clear()
    with override_settings(ANYMAIL={"WEBHOOK_SECRET": "provider:right"}):
        yield asked
    sns.certificate.cache_clear()


def signed(message: dict[str, Any], key: RSAPrivateKey, *, version: str = "2", url: str = "") -> dict[str, Any]:
    how = SHA1() if version == "1" else SHA256()  # noqa: S303 version 1 says so
    signature = b64encode(key.sign(sns.canonical(message), PKCS1v15(), how)).decode()
    made = {"SignatureVersion": version, "Signature": signature, "SigningCertURL": url or f"https://{HOST}{PATH}"}
    return {**message, **made}


def posted(body: Any) -> int:
    """Post to a provider's view that takes whatever gets to it."""
    request = RequestFactory().post("/", body, content_type="application/json", headers={"authorization": BASIC})
    return guarded(lambda _request: HttpResponse(), name="amazon_ses_tracking_webhook")(request).status_code


WORDS = {"plain": as_notification({"eventType": "Send"}), "with a subject": {**as_notification({}), "Subject": "Şu"}}
WORDS |= {"a subscription": ASKS, "no more": {**ASKS, "Type": "UnsubscribeConfirmation"}}


@pytest.mark.parametrize("version", ["1", "2"])
@pytest.mark.parametrize("words", WORDS)
def test_what_amazon_signed_is_heard_and_its_certificate_fetched_once(
    key: RSAPrivateKey, asked: Asked, words: str, version: str
) -> None:
    for _ in range(3):
        assert posted(signed(WORDS[words], key, version=version)) == 200
    assert asked == [(HOST, PATH)]


def test_the_words_are_signed_in_amazons_order() -> None:
    said = sns.canonical({**WORDS["with a subject"], "Message": "m", "Timestamp": "t", "More": "x"})
    assert said.decode().splitlines() == [
        *("Message", "m", "MessageId", "n-1", "Subject", "Şu", "Timestamp", "t"),
        *("TopicArn", TOPIC, "Type", "Notification"),
    ]
    assert sns.canonical(ASKS).decode().splitlines()[::2] == [
        *("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
    ]


@pytest.mark.parametrize("words", WORDS)
def test_a_word_that_was_changed_or_left_out_is_refused(key: RSAPrivateKey, words: str) -> None:
    whole = signed(WORDS[words], key)
    for name in [*sns.SIGNED[WORDS[words]["Type"]], "Signature"]:
        if name in whole:
            assert posted({**whole, name: f"{whole[name]}x"}) == 400, name
            assert posted({**whole, name: None}) == 400, name
            assert posted({other: value for other, value in whole.items() if other != name}) == 400, name
    assert posted({**whole, "SignatureVersion": "1"}) == 400
    assert posted({**whole, "SignatureVersion": "3"}) == 400


def test_another_key_does_not_sign_for_amazon() -> None:
    assert posted(signed(WORDS["plain"], generate_private_key(65537, 2048))) == 400


@pytest.mark.parametrize(
    "url",
    [
        f"http://{HOST}{PATH}",
        f"https://evil.example{PATH}",
        f"https://{HOST}.evil.example{PATH}",
        f"https://evil.example/{HOST}{PATH}",
        f"https://{HOST}@evil.example{PATH}",
        f"https://user@{HOST}{PATH}",
        f"https://{HOST}:8443{PATH}",
        f"https://s3.eu-west-1.amazonaws.com{PATH}",
        f"https://sns.eu-west-1.amazonaws.com\u3002evil.example{PATH}",
        f"https://{HOST}/page.html",
        "https://[",
        "",
    ],
)
def test_a_certificate_from_anywhere_else_is_not_even_fetched(key: RSAPrivateKey, asked: Asked, url: str) -> None:
    assert posted({**signed(WORDS["plain"], key), "SigningCertURL": url}) == 400
    assert asked == []


@pytest.mark.parametrize("body", ["", "{", "[]", "7", "null", "{}", '{"Type": []}', b"\xff"])
def test_what_is_no_message_is_refused(body: Any) -> None:
    assert posted(body) == 400


@pytest.mark.parametrize("name", ["away", "gone"])
def test_a_certificate_that_cannot_be_fetched_now_is_asked_for_again(
    key: RSAPrivateKey, asked: Asked, name: str
) -> None:
    message = signed(WORDS["plain"], key, url=f"https://{HOST}/{name}.pem")
    assert [posted(message), posted(message)] == [503, 503]
    assert len(asked) == 2


def test_without_its_library_nothing_is_heard(monkeypatch: pytest.MonkeyPatch, key: RSAPrivateKey) -> None:
    monkeypatch.setattr(sns, "IS_INSTALLED", False)
    assert posted(signed(WORDS["plain"], key)) == 503


def test_a_setting_and_nothing_else_leaves_the_signature_alone() -> None:
    assert posted(WORDS["plain"]) == 400
    with override_settings(SNS_IS_SIGNED=False):
        assert posted(WORDS["plain"]) == 200
