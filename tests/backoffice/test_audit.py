"""The audit finds what was changed by person, act, day and thing, and shows no address to whoever may not see it."""

import csv
import datetime
import io
from decimal import Decimal

import openpyxl
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from backorders.access.table import ADMINISTRATOR, AUDITOR, MANAGER, PURCHASING, SERVICE, WAREHOUSE
from backorders.actions import caring, counting, queueing, selling, telling, viewing
from backorders.backoffice.views import audit
from backorders.changes.models import ChangeSet
from tests.backoffice.desk import World, address, somebody, text
from tests.factories import AT, a_user, later, revise

pytestmark = pytest.mark.usefixtures("frozen", "db")


@pytest.fixture
def auditor() -> Client:
    world = World()
    mert = a_user(MANAGER, first_name="Mert")
    queueing.hold(world.first.lines.get(), reason="ada@example.com called", by=mert, at=AT)
    revise(world.line, (20, None), by=mert, at=later(days=1))
    counting.adjust_stock(world.kettle, warehouse=world.line.warehouse, counted=3, reason="count", by=None, at=AT)
    client = somebody(AUDITOR)
    client.world, client.mert = world, mert  # type: ignore[attr-defined]
    return client


def acts(client: Client, **asked: str) -> list[str]:
    return [row["act"] for row in client.get(address("audit"), asked).context["rows"]]


def test_it_finds_by_person_act_day_thing_and_words(auditor: Client) -> None:
    world, mert = auditor.world, auditor.mert  # type: ignore[attr-defined]
    assert set(acts(auditor, who=mert.username)) == {"Put on hold", "ETA changed"}
    assert "Stock counted" in acts(auditor, who="system")
    assert acts(auditor, act="hold") == ["Put on hold"]
    assert acts(auditor, since="2026-06-02") == ["ETA changed"]
    assert "ETA changed" not in acts(auditor, until="2026-06-01")
    assert acts(auditor, thing=world.first.number) == ["Put on hold", "Order placed"]
    assert set(acts(auditor, thing=str(world.line.purchase_order))) == {"ETA changed", "Goods ordered"}
    assert "Stock counted" in acts(auditor, thing="AK-17")
    assert acts(auditor, words="called") == ["Put on hold"]
    assert acts(auditor, thing="nothing") == []
    assert "No change fits." in text(auditor.get(address("audit"), {"thing": "nothing"}))


def test_it_shows_no_address_to_the_auditor_but_to_the_desk(auditor: Client) -> None:
    assert "ada@example.com" not in text(auditor.get(address("audit")))
    assert "a…@… called" in text(auditor.get(address("audit")))
    assert "ada@example.com called" in text(somebody(SERVICE).get(address("audit")))


def exported(client: Client, **asked: str) -> list[list[str]]:
    answer = client.get(address("export_audit", "csv"), asked)
    return list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode().removeprefix("\ufeff"))))  # type: ignore[attr-defined]


def test_what_was_found_is_exported_masked_and_inert(auditor: Client) -> None:
    world = auditor.world  # type: ignore[attr-defined]
    queueing.hold(world.second.lines.get(), reason="=1+1", by=auditor.mert, at=AT)  # type: ignore[attr-defined]
    heading, *rows = exported(auditor, act="hold")
    assert heading[:4] == ["Change", "When", "Act", "Who"]
    reasons = {row[5]: row[6] for row in rows}
    assert reasons == {world.first.number: "a…@… called", world.second.number: "'=1+1"}
    assert exported(somebody(SERVICE), act="hold")[2][6] == "ada@example.com called"
    assert rows[0][1] == "2026-06-01T12:00:00+03:00"
    assert len(exported(auditor)) > 5


def test_a_workbook_holds_moments_as_moments_and_text_as_text(auditor: Client) -> None:
    answer = auditor.get(address("export_audit", "xlsx"), {"act": "hold"})
    sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).active
    assert sheet is not None
    assert sheet.cell(2, 2).value == datetime.datetime(2026, 6, 1, 12, 0)
    assert sheet.cell(2, 7).value == "a…@… called"
    assert auditor.get(address("export_audit", "pdf")).status_code == 404


def test_the_export_reads_piece_by_piece_with_few_statements(auditor: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "CHUNK", 2)
    changes = ChangeSet.objects.select_related("by", "undoes").order_by("-at", "-id")
    with CaptureQueriesContext(connection) as made:
        rows = list(audit.audit_rows(changes, sees_all=True, is_typed=False))
    chunks = (len(rows) - 1 + 1) // 2
    assert len(made) <= 1 + 5 * chunks
    assert len(rows) == ChangeSet.objects.count() + 1


def test_the_page_of_a_change_lists_what_it_gave_and_the_mails_that_say_it() -> None:
    world, desk = World(), somebody(SERVICE)
    given = caring.compensate(
        world.first,
        kind="credit",
        amount=Decimal(1),
        line=None,
        reason="the wait",
        tells=False,
        by=a_user(MANAGER),
        at=AT,
    )
    assert "1.00 EUR credit for the next order" in text(desk.get(address("change_set", given.change_set.pk)))
    moved = revise(world.line, (40, None))
    page = address("change_set", moved.change_set.pk)
    assert "Mails that say it" not in text(desk.get(page))
    telling.tell_now([world.first.customer_id], by=None, at=AT)
    assert "Mails that say it 1" in text(desk.get(page))
    assert "Mails that say it" not in text(somebody(PURCHASING).get(page))
    cancelled = selling.cancel_line(world.second.lines.get(), quantity=1, reason="x", by=None, at=AT)
    telling.tell_now([world.second.customer_id], by=None, at=AT)
    assert "Mails that say it 1" in text(desk.get(address("change_set", cancelled.change_set.pk)))


@pytest.mark.parametrize(
    ("role", "home"),
    [
        (SERVICE, "waiting_lines"),
        (PURCHASING, "expected"),
        (WAREHOUSE, "expected"),
        (MANAGER, "index"),
        (AUDITOR, "audit"),
        (ADMINISTRATOR, "auth_user_changelist"),
    ],
)
def test_every_role_begins_at_its_own_screen_and_may_open_it(role: object, home: str) -> None:
    person = somebody(role)  # type: ignore[arg-type]
    led = person.get(address("start"))
    assert led["Location"].partition("?")[0] == address(home)
    assert person.get(led["Location"]).status_code == 200


def test_a_person_may_begin_elsewhere() -> None:
    person, client = a_user(SERVICE, is_staff=True), Client()
    client.force_login(person)
    kept = {"theme": "auto", "density": "comfortable", "language": "", "home": "outbox", "are_keys_on": True}
    viewing.prefer(**kept, keys={}, by=person, at=AT)
    assert client.get(address("start"))["Location"] == address("outbox")
