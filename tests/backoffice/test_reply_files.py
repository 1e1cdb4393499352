"""Files of mails that came in are listed with their mail and only ever downloaded, by those who read the mail."""

import pytest

from backorders.access.table import AUDITOR, PURCHASING, SERVICE, WAREHOUSE, Role
from backorders.notifications.attached import LARGEST
from backorders.notifications.models import Reply, ReplyFile
from backorders.notifications.replies import keep_unreadable
from backorders.orders.models import Order
from tests.backoffice.desk import address, somebody, text
from tests.factories import AT, a_product, an_order

pytestmark = pytest.mark.django_db
PAGE = b"<script>alert(document.domain)</script>"


@pytest.fixture
def order() -> Order:
    return an_order((a_product(stock=1), 1))


@pytest.fixture
def file(order: Order) -> ReplyFile:
    """A page with a script, sent as a page, with a name that breaks out of a header and of HTML."""
    missing = [{"name": "<b>film</b>.mp4", "type": "video/mp4", "size": 9 * 1024 * 1024}]
    known = {"nature": "person", "sender": "ada@example.com", "text": "Look", "received_at": AT}
    reply = Reply.objects.create(event_key="k", order=order, attached=5, left_out=missing, **known)
    name = 'İade "<i>".html'
    return ReplyFile.objects.create(reply=reply, number=1, name=name, kind="text/html", size=len(PAGE), content=PAGE)


def test_a_file_is_nothing_but_a_download(file: ReplyFile) -> None:
    answer = somebody(SERVICE).get(address("reply_file", file.pk))
    assert answer.content == PAGE
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Content-Disposition"].startswith("attachment; filename*=utf-8''%C4%B0ade%20%22%3Ci%3E")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert {"private", "no-store"} <= set(answer.headers["Cache-Control"].split(", "))


@pytest.mark.parametrize("role", [AUDITOR, PURCHASING, WAREHOUSE])
def test_whoever_does_not_read_the_mail_gets_none_of_its_files(file: ReplyFile, role: Role) -> None:
    desk = somebody(role)
    assert desk.get(address("reply_file", file.pk)).status_code == 403
    page = desk.get(address("notifications_reply_change", file.reply_id))
    assert page.status_code in (200, 403)
    assert ".html" not in page.content.decode()
    assert "mp4" not in page.content.decode()


def test_a_mail_names_its_files_and_those_that_were_not_kept(file: ReplyFile) -> None:
    page = somebody(SERVICE).get(address("notifications_reply_change", file.reply_id))
    assert f'href="{address("reply_file", file.pk)}" download' in page.content.decode()
    assert "<b>film" not in page.content.decode()
    shown = text(page)
    assert "text/html, 39" in shown
    assert "video/mp4, 9.0" in shown
    assert "3 more files were not kept" in shown


def test_who_places_a_mail_sees_what_came_with_it(file: ReplyFile) -> None:
    page = somebody(SERVICE).get(address("place_reply", file.reply_id))
    assert f"[{file.name}, 39" in page.context["form"].initial["mail"]


def test_the_order_says_how_many_files_came(file: ReplyFile, order: Order) -> None:
    assert "attached: 1 · attached, not kept: 4" in text(somebody(SERVICE).get(address("order", order.pk)))


def test_a_mail_that_nobody_could_read_says_so_where_it_is_dealt_with_and_at_home() -> None:
    desk = somebody(SERVICE)
    assert "0 Mails to place" in text(desk.get(address("index")))
    body = b"\xff" * (LARGEST + 1)
    keep_unreadable(body, provider="sendgrid_inbound_webhook")
    reply = Reply.objects.get()
    assert "1 Mails to place" in text(desk.get(address("index")))
    shown = desk.get(address("place_reply", reply.pk)).context["form"].initial["mail"]
    assert shown.startswith("Nobody could read this mail.")
    assert "posted-2-of-2.bin" in shown
    record = desk.get(address("notifications_reply_change", reply.pk)).content.decode()
    files = [desk.get(address("reply_file", file.pk)).content for file in reply.files.order_by("number")]
    assert b"".join(files) == body
    assert all(address("reply_file", file.pk) in record for file in reply.files.all())
