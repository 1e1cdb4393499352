"""What Amazon SNS posts is signed: with the key of a certificate that Amazon itself hands out.

The fields that are signed, and their order: docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html.
"""

import json
import re
from base64 import b64decode
from binascii import Error as NotBase64
from functools import lru_cache
from http.client import HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import urlsplit

from anymail.exceptions import AnymailWebhookValidationFailure
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest

try:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.hashes import SHA1, SHA256
    from cryptography.x509 import load_pem_x509_certificate
except ImportError:  # the library of the signature: installed where Amazon SES is used
    IS_INSTALLED = False
else:
    IS_INSTALLED = True

HOST = re.compile(r"sns\.[a-z0-9-]{1,40}\.amazonaws\.com(\.cn)?")
SIGNED = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
    "UnsubscribeConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
}
LARGEST = 64 * 1024  # bytes of a certificate
SECONDS = 5


class Unfetched(Exception):
    """The certificate could not be fetched now; Amazon posts again."""


def check_signature(request: HttpRequest) -> None:
    """Refuse what Amazon did not sign. Raises `AnymailWebhookValidationFailure`, or `Unfetched`."""
    if not IS_INSTALLED:
        raise ImproperlyConfigured("The signature of Amazon SNS needs the library cryptography.")
    try:
        message = json.loads(request.body)
        name = message["SigningCertURL"]
        signature = b64decode(message["Signature"], validate=True)
        version, said = message["SignatureVersion"], canonical(message)
    except (ValueError, TypeError, KeyError, AttributeError, NotBase64):
        raise AnymailWebhookValidationFailure("not a message of Amazon SNS") from None
    address = urlsplit(name) if isinstance(name, str) and name.isascii() else urlsplit("")
    if address.scheme != "https" or not HOST.fullmatch(address.netloc) or not address.path.endswith(".pem"):
        raise AnymailWebhookValidationFailure("the certificate is not Amazon's")
    if version not in ("1", "2"):
        raise AnymailWebhookValidationFailure("signed in a way that is not known")
    if not _is_signed(said, signature, pem=certificate(address.netloc, address.path), version=version):
        raise AnymailWebhookValidationFailure("Amazon did not sign it")


def _is_signed(said: bytes, signature: bytes, *, pem: bytes, version: str) -> bool:
    try:
        key = load_pem_x509_certificate(pem).public_key()
        if not isinstance(key, RSAPublicKey):
            return False
        key.verify(signature, said, PKCS1v15(), SHA1() if version == "1" else SHA256())  # noqa: S303 version 1 says so
    except (InvalidSignature, ValueError):
        return False
    return True


def canonical(message: dict[str, Any]) -> bytes:
    """Return what of a message is signed: the name and the value of each field, a line each."""
    fields = [name for name in SIGNED[message["Type"]] if name != "Subject" or name in message]
    return "".join(f"{name}\n{_text(message[name])}\n" for name in fields).encode()


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


@lru_cache(maxsize=16)
def certificate(host: str, path: str) -> bytes:
    """Return a certificate in PEM, fetched once; one that cannot be fetched is asked for again. Raises `Unfetched`."""
    connection = HTTPSConnection(host, timeout=SECONDS)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        content = answer.read(LARGEST)
    except (OSError, HTTPException) as error:
        raise Unfetched from error
    finally:
        connection.close()
    if answer.status != 200:
        raise Unfetched
    return content
