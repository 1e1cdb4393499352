"""SendGrid signs its reports: where its key is known, what it did not sign is refused though the secret be right."""

import json
from base64 import b64encode
from collections.abc import Iterator

import pytest
from django.test import override_settings

from backorders.notifications.models import ProviderEvent
from tests.notifications.postbox import posted

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.urls("tests.notifications.postbox"),
    pytest.mark.filterwarnings("ignore::anymail.exceptions.AnymailNotSupportedWarning"),
]

TIME = "1600112492"
REPORT = json.dumps([{"email": "ada@example.com", "event": "delivered", "sg_event_id": "1", "timestamp": int(TIME)}])
HEAD = "x-twilio-email-event-webhook"


@pytest.fixture
def signatures() -> Iterator[dict[str, str]]:
    """What SendGrid, whose key is known, and somebody else sign the report with."""
    from cryptography.hazmat.primitives import hashes  # without the library these tests fail, and the others run
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    keys = {name: ec.generate_private_key(ec.SECP256R1()) for name in ("its own", "another's")}
    said, how = f"{TIME}{REPORT}".encode(), ec.ECDSA(hashes.SHA256())
    known = keys["its own"].public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    setting = {"SENDGRID_TRACKING_WEBHOOK_VERIFICATION_KEY": b64encode(known).decode()}
    with override_settings(ANYMAIL={"WEBHOOK_SECRET": "provider:right", **setting}):
        yield {name: b64encode(key.sign(said, how)).decode() for name, key in keys.items()} | {"no text": "no base64!"}


def told(body: str, *, word: str = "right", **heads: str) -> int:
    named = {f"{HEAD}-{name}": value for name, value in heads.items()}
    return posted("/anymail/sendgrid/tracking/", body, word=word, **named)


def test_what_it_signed_is_heard(signatures: dict[str, str]) -> None:
    assert told(REPORT, signature=signatures["its own"], timestamp=TIME) == 200
    assert ProviderEvent.objects.get().event_type == "delivered"


@pytest.mark.parametrize(
    ("signed", "body", "heads"),
    [
        ("another's", REPORT, {"timestamp": TIME}),
        ("its own", REPORT.replace("delivered", "bounce"), {"timestamp": TIME}),
        ("its own", REPORT, {"timestamp": str(int(TIME) + 1)}),
        ("its own", REPORT, {}),
        ("", REPORT, {"timestamp": TIME}),
        ("no text", REPORT, {"timestamp": TIME}),
        ("its own", REPORT, {"timestamp": TIME, "word": "wrong"}),
    ],
    ids=["another's key", "another body", "another time", "no time", "no signature", "no text", "no secret"],
)
def test_what_it_did_not_sign_is_refused(
    signatures: dict[str, str], signed: str, body: str, heads: dict[str, str]
) -> None:
    signature = {"signature": signatures[signed]} if signed else {}
    assert told(body, **heads, **signature) == 400
    assert not ProviderEvent.objects.exists()
