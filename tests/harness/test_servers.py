"""The servers of the harness are real: each is spoken to in its own protocol."""

import smtplib
import socket
import threading
from collections.abc import Callable, Iterator
from wsgiref.simple_server import WSGIRequestHandler

import pytest
import redis

from tests.harness.browser import Visit
from tests.harness.smtp import Behaviour, Sink
from tests.harness.valkey import ValkeyServer
from tests.harness.web import Web

MAIL = "From: a@example.com\r\nTo: b@example.com\r\nSubject: siparişiniz\r\n\r\nhello\r\n".encode()


def send(sink: Sink, to: str = "b@example.com") -> None:
    with smtplib.SMTP("127.0.0.1", sink.port, timeout=5) as client:
        client.sendmail("a@example.com", [to], MAIL)


def test_the_sink_keeps_what_it_accepted(smtp_sink: Sink) -> None:
    send(smtp_sink)
    assert [mail["Subject"] for mail in smtp_sink.to("b@example.com")] == ["siparişiniz"]


def test_a_provider_may_keep_a_mail_without_saying_so() -> None:
    with Sink(Behaviour(drops=1)) as sink:
        with pytest.raises(smtplib.SMTPServerDisconnected):
            send(sink)
        assert len(sink.mails) == 1


def test_a_provider_may_refuse_for_now_or_for_good() -> None:
    with Sink(Behaviour(defers=1)) as sink, pytest.raises(smtplib.SMTPDataError):
        send(sink)
    with Sink(Behaviour(refuses=frozenset({"b@example.com"}))) as sink, pytest.raises(smtplib.SMTPRecipientsRefused):
        send(sink)


def test_the_broker_speaks_the_redis_protocol(broker: ValkeyServer) -> None:
    client = redis.Redis.from_url(broker.connection_url)
    client.set("a", "1")
    assert client.get("a") == b"1"
    client.close()


@pytest.mark.browser
def test_the_browser_is_real(visit: Visit) -> None:
    visit.page.set_content("<html lang=en><title>t</title><main><h1>h</h1><img src='data:,'></main>")
    assert any("image-alt" in violation for violation in visit.violations())


def test_the_web_is_silent_only_after_what_nobody_waits_for_any_more() -> None:
    begun, may_end, ended = threading.Event(), threading.Event(), threading.Event()

    def app(environ: dict[str, object], start: Callable[..., object]) -> Iterator[bytes]:
        begun.set()
        may_end.wait(30)
        ended.set()
        start("200 OK", [])
        yield b""

    web = Web(("127.0.0.1", 0), WSGIRequestHandler)
    web.set_app(app)
    threading.Thread(target=web.serve_forever, daemon=True).start()
    with socket.create_connection(web.server_address) as window:
        window.sendall(b"GET / HTTP/1.0\r\n\r\n")
        begun.wait(30)
    with pytest.raises(AssertionError):
        web.fall_silent(seconds=0)  # the window is closed, its request goes on
    may_end.set()
    web.fall_silent()
    assert ended.is_set()
    web.shutdown()
    web.server_close()
