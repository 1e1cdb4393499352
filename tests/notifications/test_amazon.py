"""Amazon SES, which does not only post: a subscription is confirmed at Amazon, and a large mail is fetched there."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qs

import pytest
from django.test import override_settings

from backorders.actions import replying
from backorders.notifications.models import ProviderEvent, Reply, Thread
from backorders.orders.models import Question
from tests.factories import AT, a_customer, a_line, a_product
from tests.notifications.desk import tell
from tests.notifications.postbox import INBOUND, a_mail, as_notification, of_amazon

pytestmark = [
    pytest.mark.amazon,
    pytest.mark.django_db,
    pytest.mark.urls("tests.notifications.postbox"),
]

TOPIC, RECIPIENTS = "arn:aws:sns:eu-west-1:111111111111:mails", {"recipients": ["orders@in.shop.example"]}
IN_STORE = json.loads((Path(__file__).parent / "provider_mails" / "amazon_ses.json").read_text())


class Amazon(BaseHTTPRequestHandler):
    """What we ask of Amazon, on this machine: it answers as its services do, and keeps what it was asked."""

    asked: ClassVar[list[tuple[str, str, dict[str, list[str]]]]] = []
    stored: ClassVar[dict[str, bytes]] = {}
    refuses: ClassVar[bool] = False

    def do_GET(self) -> None:
        self._answer("GET", {}, self.stored.get(self.path.partition("?")[0]))

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        arn = f"<SubscriptionArn>{TOPIC}:1</SubscriptionArn>"
        said = f"<ConfirmSubscriptionResponse><ConfirmSubscriptionResult>{arn}</ConfirmSubscriptionResult>"
        self._answer("POST", parse_qs(body), f"{said}</ConfirmSubscriptionResponse>".encode())

    def _answer(self, method: str, form: dict[str, list[str]], body: bytes | None) -> None:
        self.asked.append((method, self.path, form))
        if self.refuses or body is None:
            code = "AccessDenied" if self.refuses else "NoSuchKey"
            said = f"<Error><Code>{code}</Code><Message>No.</Message></Error>".encode()
            self.send_response(403 if self.refuses else 404)
        else:
            said = body
            self.send_response(200)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, *args: Any) -> None:
        """Say nothing on the terminal."""


@pytest.fixture(autouse=True)
def amazon(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Amazon]]:
    Amazon.asked, Amazon.stored, Amazon.refuses = [], {}, False
    server = ThreadingHTTPServer(("127.0.0.1", 0), Amazon)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    for name, value in {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.server_address[1]}",
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_MAX_ATTEMPTS": "1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
    }.items():
        monkeypatch.setenv(name, value)
    known = {"WEBHOOK_SECRET": "provider:right"}
    with override_settings(ANYMAIL=known, INBOUND_ADDRESS=INBOUND, SNS_IS_SIGNED=False):
        yield Amazon
    server.shutdown()
    server.server_close()


def asks_to_confirm(kind: str, *, word: str = "right") -> int:
    said = {"Type": "SubscriptionConfirmation", "MessageId": "s-1", "TopicArn": TOPIC, "Token": "t0k3n"}
    return of_amazon(f"/anymail/amazon_ses/{kind}/", {**said, "SubscribeURL": "https://evil.example/"}, word=word)


def comes_in(raw: str, **how: Any) -> int:
    """Let a mail come in as Amazon posts small ones: with its text."""
    told = {"notificationType": "Received", "mail": {"messageId": "m-1"}, "content": raw}
    event = {**told, "receipt": {**RECIPIENTS, "action": {"type": "SNS", "encoding": "UTF8"}}}
    return of_amazon("/anymail/amazon_ses/inbound/", as_notification(event), **how)


@pytest.mark.parametrize("kind", ["tracking", "inbound"])
def test_a_subscription_is_confirmed_at_amazon_and_nowhere_else(amazon: type[Amazon], kind: str) -> None:
    assert asks_to_confirm(kind) == 200
    [(method, path, form)] = amazon.asked
    assert (method, path) == ("POST", "/")
    assert (form["Action"], form["TopicArn"], form["Token"]) == (["ConfirmSubscription"], [TOPIC], ["t0k3n"])
    assert not Reply.objects.exists()
    assert not ProviderEvent.objects.exists()


@pytest.mark.parametrize("kind", ["tracking", "inbound"])
def test_nobody_without_the_secret_has_a_subscription_confirmed(amazon: type[Amazon], kind: str) -> None:
    assert asks_to_confirm(kind, word="wrong") == 400
    assert not amazon.asked


@pytest.mark.parametrize("kind", ["tracking", "inbound"])
@pytest.mark.parametrize("is_keyless", [True, False])
def test_a_subscription_that_amazon_does_not_confirm_is_asked_for_again(
    monkeypatch: pytest.MonkeyPatch, amazon: type[Amazon], kind: str, is_keyless: bool
) -> None:
    amazon.refuses = True
    if is_keyless:
        monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    assert asks_to_confirm(kind) == 503
    assert len(amazon.asked) == (not is_keyless)
    assert not Reply.objects.exists()


def test_what_says_that_a_topic_works_is_answered() -> None:
    said = "Successfully validated SNS topic for Amazon SES event publishing."
    assert of_amazon("/anymail/amazon_ses/tracking/", {**as_notification({}), "Message": said}) == 200
    assert not ProviderEvent.objects.exists()


@pytest.mark.parametrize("name", ["Type", "MessageId"])
def test_a_body_that_is_not_what_its_headers_name_is_refused(client: Any, name: str) -> None:
    body = {**as_notification({"eventType": "Send", "mail": {"destination": ["a@b.example"]}})}
    heads = {"x-amz-sns-message-type": body["Type"], "x-amz-sns-message-id": body["MessageId"]}
    heads["authorization"] = "Basic cHJvdmlkZXI6cmlnaHQ="
    wrong = {**body, name: "SubscriptionConfirmation"}
    for said, answer in ((wrong, 400), (body, 200)):
        got = client.post("/anymail/amazon_ses/tracking/", json.dumps(said), content_type="text/plain", headers=heads)
        assert got.status_code == answer
    assert ProviderEvent.objects.get().event_type == "sent"


def test_a_mail_is_kept_once_as_it_was_written() -> None:
    for _ in range(3):
        assert comes_in(a_mail(to=INBOUND)) == 200
    reply = Reply.objects.get()
    assert (reply.nature, reply.sender, reply.text) == ("person", "ada@example.com", "When?")


def test_nobody_without_the_secret_brings_mail() -> None:
    assert comes_in(a_mail(to=INBOUND), word="wrong") == 400
    assert not Reply.objects.exists()


def place_of(payload: dict[str, Any]) -> str:
    action = json.loads(payload["Message"])["receipt"]["action"]
    return f"/{action['bucketName']}/{action['objectKey']}"


def test_a_mail_in_amazons_store_is_fetched_and_is_a_question_about_its_order(amazon: type[Amazon]) -> None:
    order = a_line(a_product(stock=5), 1, customer=a_customer()).order
    tell(AT)
    ours = f"orders+{Thread.objects.get().token}@in.shop.example"
    amazon.stored = {place_of(IN_STORE): a_mail(to=ours).encode()}
    for _ in range(2):
        assert of_amazon("/anymail/amazon_ses/inbound/", IN_STORE) == 200
    assert {(method, path.partition("?")[0]) for method, path, _ in amazon.asked} == {("GET", place_of(IN_STORE))}
    replying.take_in(at=AT)
    question = Question.objects.get()
    assert (question.order, Reply.objects.get().text) == (order, "When?")


def test_a_mail_that_cannot_be_fetched_is_asked_for_again(amazon: type[Amazon]) -> None:
    amazon.refuses, amazon.stored = True, {place_of(IN_STORE): a_mail(to=INBOUND).encode()}
    assert of_amazon("/anymail/amazon_ses/inbound/", IN_STORE) == 503
    assert not Reply.objects.exists()
    amazon.refuses = False
    assert of_amazon("/anymail/amazon_ses/inbound/", IN_STORE) == 200
    assert Reply.objects.get().nature == "person"


def test_a_mail_that_is_not_in_the_store_any_more_is_shown_to_staff_as_it_was_announced() -> None:
    assert of_amazon("/anymail/amazon_ses/inbound/", IN_STORE) == 200
    reply = Reply.objects.get()
    assert (reply.nature, reply.subject) == ("unreadable", "amazon_ses_inbound_webhook")
    assert "InboundEmailBucket-KeepPrivate" in reply.text


def test_reports_and_mails_at_each_others_address_wait_for_the_settings_to_be_put_right() -> None:
    assert of_amazon("/anymail/amazon_ses/tracking/", IN_STORE) == 503
    assert of_amazon("/anymail/amazon_ses/inbound/", as_notification({"notificationType": "Delivery"})) == 503
    assert not Reply.objects.exists()
    assert not ProviderEvent.objects.exists()
