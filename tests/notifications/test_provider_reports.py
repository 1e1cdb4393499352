"""Real reports of every provider: heard with the secret only, once, in any order, and whatever is wrong with them."""

import hashlib
import hmac
import itertools
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import override_settings

from backorders.allocation.models import Promise
from backorders.notifications import gate, leasing, marking, switch
from backorders.notifications.models import CallTask, Message, ProviderEvent, Suppression
from backorders.notifications.tracking import HARD, RANK, process_events
from tests.factories import AT, a_customer, a_line, a_product
from tests.notifications.desk import announce
from tests.notifications.postbox import as_form, as_notification, of_amazon, posted

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.urls("tests.notifications.postbox"),
    pytest.mark.filterwarnings("ignore::anymail.exceptions.AnymailNotSupportedWarning"),
]


def needs(provider: str) -> list[pytest.MarkDecorator]:
    """What a test of a provider needs: Amazon's needs its library, which is installed for `make test-amazon`."""
    return [pytest.mark.amazon] if provider == "amazon_ses" else []


FOLDER = Path(__file__).parent / "provider_reports"
REPORTS = [
    pytest.param(path.stem, report, id=f"{path.stem}-{report['case']}", marks=needs(path.stem))
    for path in sorted(FOLDER.glob("*.json"))
    for report in json.loads(path.read_text())
]
PROVIDERS = [pytest.param(name, marks=needs(name)) for name in sorted(path.stem for path in FOLDER.glob("*.json"))]
KEY = "signing-key"


@pytest.fixture(autouse=True)
def secrets() -> Iterator[None]:
    known = {"WEBHOOK_SECRET": "provider:right", "MAILGUN_WEBHOOK_SIGNING_KEY": KEY}
    with override_settings(ANYMAIL=known, SNS_IS_SIGNED=False):
        yield


def reports_of(provider: str) -> list[dict[str, Any]]:
    return [case.values[1] for case in REPORTS if case.values[0] == provider]


def told(provider: str, payload: Any, *, word: str = "right") -> int:
    """Let a provider report; return how it was answered."""
    url = f"/anymail/{provider}/tracking/"
    if provider == "amazon_ses":
        return of_amazon(url, payload, word=word)
    if provider != "mailgun" or not isinstance(payload, dict):
        return posted(url, payload, word=word)
    if "event-data" in payload:
        return posted(url, {**payload, "signature": SIGNED}, word=word)
    return posted(url, as_form({**payload, **SIGNED}), word=word, content_type="multipart/form-data; boundary=b")


SIGNED = {
    "timestamp": "1534108637",
    "token": "t0k3n",
    "signature": hmac.new(KEY.encode(), b"1534108637t0k3n", hashlib.sha256).hexdigest(),
}


@pytest.mark.parametrize(("provider", "report"), REPORTS)
def test_a_report_is_heard_as_what_it_is(provider: str, report: dict[str, Any]) -> None:
    for _ in range(3):
        assert told(provider, report["payload"]) == 200
    kinds = set(ProviderEvent.objects.values_list("event_type", flat=True))
    assert kinds == {report["event_type"]}
    assert ProviderEvent.objects.count() == len(set(ProviderEvent.objects.values_list("event_key", flat=True)))
    if report["event_type"] in ("bounced", "rejected"):
        assert set(ProviderEvent.objects.values_list("reason", flat=True)) <= {report["reject_reason"], "soft"}


@pytest.mark.parametrize(("provider", "report"), REPORTS)
def test_nobody_else_is_heard(provider: str, report: dict[str, Any]) -> None:
    assert told(provider, report["payload"], word="wrong") == 400
    assert told(provider, report["payload"], word="") == 400
    assert not ProviderEvent.objects.exists()


def test_a_signature_that_is_wrong_is_refused_though_the_secret_is_right() -> None:
    [report] = [each for each in reports_of("mailgun") if each["case"] == "delivered_event"]
    forged = {**report["payload"], "signature": {**SIGNED, "signature": "0" * 64}}
    assert posted("/anymail/mailgun/tracking/", forged) == 400
    assert not ProviderEvent.objects.exists()


def mails_for_the_reports() -> None:
    """A mail for each mail that the heard reports are about, as the provider knows it."""
    numbers = itertools.count(1)
    ids = ProviderEvent.objects.exclude(provider_id="").order_by("id").values_list("provider_id", "recipient")
    for provider_id, recipient in dict(ids).items():
        fields = {"kind": "later", "address_version": 1, "language": "en", "not_before": AT, "created_at": AT}
        Message.objects.create(
            customer=a_customer(email=recipient),
            dedupe_key=f"k{next(numbers)}",
            recipient=recipient,
            state="accepted",
            accepted_at=AT,
            provider_id=provider_id,
            **fields,
        )


def state() -> dict[str, Any]:
    """What came of the reports."""
    return {
        "deliveries": dict(Message.objects.order_by("provider_id").values_list("provider_id", "delivery")),
        "suppressed": sorted(Suppression.objects.values_list("address", "reason")),
        "calls": sorted(CallTask.objects.values_list("message__provider_id", flat=True)),
    }


@pytest.mark.parametrize("provider", PROVIDERS)
def test_reports_in_any_order_and_again_come_to_the_same(provider: str) -> None:
    known = reports_of(provider)
    shuffled = known * 2
    random.Random(7).shuffle(shuffled)
    states = []
    for order in (known, known[::-1], [*known, *known], shuffled):
        for model in (CallTask, Suppression, ProviderEvent, Message):
            model.objects.all().delete()
        for report in known:
            told(provider, report["payload"])
        mails_for_the_reports()
        ProviderEvent.objects.all().delete()
        for report in order:
            assert told(provider, report["payload"]) == 200
            process_events(at=AT)
        states.append(state())
    assert states[0]["deliveries"]
    assert all(each == states[0] for each in states)


@pytest.mark.parametrize(("provider", "report"), REPORTS)
def test_what_is_reported_reaches_its_mail_and_its_customer(provider: str, report: dict[str, Any]) -> None:
    told(provider, report["payload"])
    mails_for_the_reports()
    process_events(at=AT)
    kind, reason = report["event_type"], report["reject_reason"]
    events = ProviderEvent.objects.exclude(provider_id="")
    for message in Message.objects.all():
        assert message.delivery == RANK.get(kind, Message.Delivery.NOTHING)
    if events and kind in ("bounced", "rejected") and reason in HARD:
        assert Suppression.objects.filter(reason="bounce").exists()
        assert CallTask.objects.exists()
    if kind == "complained":
        assert Suppression.objects.get().reason == "complaint"
    if kind in ("opened", "clicked", "queued", "sent", "delivered", "deferred", "subscribed"):
        assert not Suppression.objects.exists()
        assert not CallTask.objects.exists()


def spoilt(value: Any) -> Iterator[Any]:
    """The same report with one thing wrong with it."""
    yield from ("", "{", "[]", "null", "7", '"x"', "[[]]", "[7]", "\0", b"\xff\xfe\x00")
    if isinstance(value, list):
        value = value[0]
    if not isinstance(value, dict):
        return
    for name in list(value)[:6]:
        for wrong in (None, 7, {}, "x\0y", "\ud800", "9" * 400):
            yield {**value, name: wrong}


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_spoilt_report_is_kept_cleanly_or_refused(provider: str) -> None:
    answers = set()
    for report in reports_of(provider)[:1]:
        for number, payload in enumerate(spoilt(report["payload"])):
            wrapped = [payload] if isinstance(report["payload"], list) and isinstance(payload, dict) else payload
            answers.add(told(provider, wrapped))
            assert answers <= {200, 400}, (number, payload)
    process_events(at=AT)
    assert 400 in answers
    said = ProviderEvent.objects.values_list("event_key", "provider_id", "recipient", "reason", "description")
    assert not [row for row in said if any("\0" in text for text in row)]


# -- one mail of ours, whatever order its provider speaks in -----------------------------------------------------------

TO, ON = "ada@example.com", 1780304400


def reports_on(message: Message) -> dict[str, tuple[Any, Any]]:
    """That a mail was delivered and that it bounced, in the words of each provider, with what we named it."""
    ours = {"message": str(message.pk)}
    packed = json.dumps(ours)
    grid = {"email": TO, "timestamp": ON, "sg_message_id": "p-1", **ours}
    gun = {"recipient": TO, "timestamp": ON, "user-variables": ours, "message": {"headers": {"message-id": "p-1"}}}
    post = {"MessageID": "p-1", "Metadata": ours, "DeliveredAt": "2026-06-01T09:00:00Z", "Recipient": TO, "Email": TO}
    brevo = {"email": TO, "message-id": "p-1", "ts_epoch": ON * 1000, "X-Mailin-custom": packed}
    data = {"email_id": "p-1", "to": [TO], "headers": [{"name": "X-Metadata", "value": packed}]}
    resend = {"created_at": "2026-06-01T09:00:00Z", "data": data}
    hard = {"bounce": {"message": "The recipient's email provider sent a hard bounce message."}}
    code = {"code": 550, "message": "no such user"}
    mail = {"messageId": "p-1", "destination": [TO], "headers": [{"name": "X-Metadata", "value": packed}]}
    gone = {"bounceType": "Permanent", "bounceSubType": "General", "bouncedRecipients": [{"emailAddress": TO}]}
    fails = {"event": "failed", "severity": "permanent", "reason": "bounce", "delivery-status": code}
    return {
        "amazon_ses": (
            as_notification({"eventType": "Delivery", "mail": mail, "delivery": {"recipients": [TO]}}, number=1),
            as_notification({"eventType": "Bounce", "mail": mail, "bounce": gone}, number=2),
        ),
        "sendgrid": (
            [{**grid, "event": "delivered", "sg_event_id": "1"}],
            [{**grid, "event": "bounce", "type": "bounce", "status": "5.1.1", "reason": "550", "sg_event_id": "2"}],
        ),
        "mailgun": (
            {"event-data": {**gun, "event": "delivered", "id": "1"}},
            {"event-data": {**gun, **fails, "id": "2"}},
        ),
        "postmark": (
            {**post, "RecordType": "Delivery"},
            {**post, "RecordType": "Bounce", "ID": 2, "Type": "HardBounce", "TypeCode": 1},
        ),
        "brevo": ({**brevo, "event": "delivered"}, {**brevo, "event": "hard_bounce"}),
        "resend": (
            {**resend, "type": "email.delivered"},
            {**resend, "type": "email.bounced", "data": {**data, **hard}},
        ),
    }


def being_sent() -> tuple[Message, Any]:
    """A confirmation that was handed over; its worker has not written yet that it was accepted."""
    switch.mail_switch(at=AT)
    a_line(a_product(stock=5), 1, customer=a_customer(email=TO))
    announce(AT)
    lease, [message] = leasing.claim(owner="one", at=AT)
    assert gate.open_attempt(message, lease, at=AT)
    return message, lease


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("said", [(0,), (1,), (0, 1), (1, 0), (0, 1, 0), (1, 1)], ids=str)
@pytest.mark.parametrize("is_accepted_first", [True, False])
def test_a_mail_comes_to_the_same_in_whatever_order_its_provider_speaks(
    provider: str, said: tuple[int, ...], is_accepted_first: bool
) -> None:
    message, lease = being_sent()
    reports = reports_on(message)[provider]
    if is_accepted_first:
        marking.mark_accepted(message, lease, provider_id="p-1", at=AT)
    for each in said:
        assert told(provider, reports[each]) == 200
        process_events(at=AT)
    if not is_accepted_first:
        marking.mark_accepted(message, lease, provider_id="p-1", at=AT)
    message.refresh_from_db()
    is_bounced = 1 in said
    assert message.state == "accepted"
    assert message.delivery == (Message.Delivery.BOUNCED if is_bounced else Message.Delivery.DELIVERED)
    assert CallTask.objects.count() == Suppression.objects.count() == is_bounced
    assert ProviderEvent.objects.count() == len(set(said))
    assert Promise.objects.get().told_at == (None if is_bounced else AT)
