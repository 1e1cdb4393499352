"""SendGrid signs its reports: where its key is known, what it did not sign is refused though the secret be right."""

import json
from base64 import b64encode
from collections.abc import Iterator
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.test import override_settings

from backorders.notifications.models import ProviderEvent
from tests.notifications.postbox import posted

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.urls("tests.notifications.postbox"),
    pytest.mark.filterwarnings("ignore::anymail.exceptions.AnymailNotSupportedWarning"),
]

OURS, ANOTHERS = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
TIME = "1600112492"
REPORT = json.dumps([{"email": "ada@example.com", "event": "delivered", "sg_event_id": "1", "timestamp": int(TIME)}])
HEAD = "x-twilio-email-event-webhook"


@pytest.fixture(autouse=True)
def the_key_is_known() -> Iterator[None]:
    known = OURS.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    setting = {"SENDGRID_TRACKING_WEBHOOK_VERIFICATION_KEY": b64encode(known).decode()}
    with override_settings(ANYMAIL={"WEBHOOK_SECRET": "provider:right", **setting}):
        yield


def signature(*, key: ec.EllipticCurvePrivateKey = OURS) -> str:
    return b64encode(key.sign(f"{TIME}{REPORT}".encode(), ec.ECDSA(hashes.SHA256()))).decode()


def told(body: str, *, word: str = "right", **heads: str) -> int:
    named = {f"{HEAD}-{name}": value for name, value in heads.items()}
    return posted("/anymail/sendgrid/tracking/", body, word=word, **named)


def test_what_it_signed_is_heard() -> None:
    assert told(REPORT, signature=signature(), timestamp=TIME) == 200
    assert ProviderEvent.objects.get().event_type == "delivered"


@pytest.mark.parametrize(
    ("body", "heads"),
    [
        (REPORT, {"signature": signature(key=ANOTHERS), "timestamp": TIME}),
        (REPORT.replace("delivered", "bounce"), {"signature": signature(), "timestamp": TIME}),
        (REPORT, {"signature": signature(), "timestamp": str(int(TIME) + 1)}),
        (REPORT, {"signature": signature()}),
        (REPORT, {"timestamp": TIME}),
        (REPORT, {"signature": "no base64!", "timestamp": TIME}),
        (REPORT, {"signature": signature(), "timestamp": TIME, "word": "wrong"}),
    ],
    ids=["another's key", "another body", "another time", "no time", "no signature", "no text", "no secret"],
)
def test_what_it_did_not_sign_is_refused(body: str, heads: dict[str, Any]) -> None:
    assert told(body, **heads) == 400
    assert not ProviderEvent.objects.exists()
