"""Which addresses are mailed, and exactly as they are; which are refused with a sentence where they are typed."""

import json
from pathlib import Path
from typing import Any

import pytest

from backorders.actions import caring
from backorders.actions.checking import BadText, NotMailable
from backorders.notifications.addresses import is_mailable
from backorders.notifications.models import CallTask, Message
from backorders.orders.models import Customer
from tests.factories import AT, a_customer, a_line, a_product, later
from tests.harness.smtp import Sink
from tests.notifications.desk import tell

# Each with the address that SMTP carries.
MAILED = {
    "ada@example.com": "ada@example.com",
    "ADA.Lovelace@Example.COM": "ADA.Lovelace@Example.COM",
    "user+mailbox/department=shipping@example.tld": "user+mailbox/department=shipping@example.tld",
    "!#$%&'*+-/=?^_`{|}~@example.tld": "!#$%&'*+-/=?^_`{|}~@example.tld",
    '"quoted..dots"@example.com': '"quoted..dots"@example.com',
    '"with.at@"@example.com': '"with.at@"@example.com',
    '"escaped\\"quote"@example.com': '"escaped\\"quote"@example.com',
    "info@müşteri.example": "info@xn--mteri-kva70e.example",
    "info@türkçe.com.tr": "info@xn--trke-2oa7j.com.tr",
    "jeff@臺網中心.tw": "jeff@xn--fiqq24b10vi0d.tw",
    "a@xn--bcher-kva.example": "a@xn--bcher-kva.example",
    "x" * 64 + "@example.com": "x" * 64 + "@example.com",
    "123@123.example": "123@123.example",
    "a@a-b.c-d.example": "a@a-b.c-d.example",
}
REFUSED = [
    "",
    " ",
    "@",
    "ada",
    "ada@",
    "@example.com",
    "ada@@example.com",
    "ada@example",
    "ada@localhost",
    "ada@-example.com",
    "ada@example-.com",
    "ada@example..com",
    "ada@.example.com",
    "ada@example.com.",
    ".ada@example.com",
    "ada.@example.com",
    "a..da@example.com",
    "ada lovelace@example.com",
    "ada@exam ple.com",
    "ada@example.com, eve@example.com",
    "Ada <ada@example.com>",
    "ada(comment)@example.com",
    "ada@[127.0.0.1]",
    "ada@[IPv6:::1]",
    "ada@example.com\nBcc: eve@example.com",
    "\r\nada@example.com",
    "ada@example.com\r",
    "a\tb@example.com",
    "a\x00b@example.com",
    "\ud800@example.com",
    '"bell\x07"@example.com',
    '"del\x7f"@example.com',
    '"open@example.com',
    "ñoñó@example.tld",
    "\uff20@example.com",
    "my@\uff0eleading.example",
    "my@dash.b\uff0d.example",
    "x" * 65 + "@example.com",
    "a@" + "b" * 64 + ".example",
    "a@" + ".".join(["b" * 60] * 5) + ".example",
]


@pytest.mark.parametrize("address", MAILED)
def test_what_every_server_takes_is_mailed(address: str) -> None:
    assert is_mailable(address)
    assert is_mailable(f" {address} ")


@pytest.mark.parametrize("address", REFUSED, ids=ascii)
def test_what_no_server_takes_is_not(address: str) -> None:
    assert not is_mailable(address)


# What isemail warns of or finds deprecated is not mailed; nor are numbers, comments, and domains of one label or one
# letter. A local part in quotes is mailed, and spaces around an address do not matter.
ISEMAIL = json.loads((Path(__file__).parent / "odd_texts" / "isemail.json").read_text())
UNLIKELY = {"test@io", "test@iana.a", *(address for address, _kind in ISEMAIL if address.startswith("a@a.b.c.d.e"))}


@pytest.mark.parametrize(("address", "category"), ISEMAIL, ids=[ascii(address)[:60] for address, _kind in ISEMAIL])
def test_what_is_known_to_be_good_is_mailed_and_nothing_that_is_known_to_be_bad(address: str, category: str) -> None:
    is_good = category in ("VALID_CATEGORY", "DNSWARN") and address not in UNLIKELY
    is_quoted = category == "RFC5321" and address.startswith('"')
    is_padded = category == "CFWS" and address.strip(" ") == "test@iana.org"
    assert is_mailable(address) == (is_good or is_quoted or is_padded)


@pytest.mark.django_db
def test_it_is_mailed_exactly(settings: Any, smtp_sink: Sink) -> None:
    settings.EMAIL_BACKEND = "backorders.notifications.backends.SmtpBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", smtp_sink.port
    envelopes: list[str] = []
    take = smtp_sink.handle_RCPT

    async def noted(server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        envelopes.append(address)
        return await take(server, session, envelope, address, options)

    smtp_sink.handle_RCPT = noted  # type: ignore[method-assign]
    product = a_product(stock=99)
    for address in MAILED:
        a_line(product, 1, customer=a_customer(email=f" {address}"))
    sent = tell(AT)
    assert {message.recipient: message.state for message in sent} == dict.fromkeys(MAILED, "accepted")
    # The server of the tests drops quotes when it reads an address.
    assert {each.replace('"', "") for each in envelopes} == {each.replace('"', "") for each in MAILED.values()}


@pytest.mark.django_db
@pytest.mark.parametrize(
    "address", [one for one in REFUSED if "\ud800" not in one and not is_mailable(one.strip())], ids=ascii
)
def test_what_is_typed_wrong_is_refused_with_a_sentence(address: str) -> None:
    customer = a_customer(email="ada@example.com")
    with pytest.raises((NotMailable, BadText), match=r"\."):
        caring.change_address(customer, email=f"{address} " if address.strip() else address, by=None, at=AT)
    assert Customer.objects.get().email == "ada@example.com"


@pytest.mark.django_db
@pytest.mark.parametrize(
    "address", ["", "ada", "ñoñó@example.tld", "ada@[127.0.0.1]", "ada@example.com\nBcc: x@y.example"]
)
def test_what_came_from_outside_and_cannot_be_mailed_is_called(address: str) -> None:
    a_line(a_product(stock=1), 1, customer=a_customer(email=address))
    [message] = tell(AT)
    assert (message.state, CallTask.objects.get().message) == ("suppressed", message)
    assert Message.objects.get().attempts == 0
    assert tell(later(days=1)) == []
