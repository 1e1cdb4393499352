"""Health shows what runs and what stands still to whoever keeps the machine, and nothing of the business."""

import datetime

import pytest
from django.conf import settings

from backorders.access.table import ADMINISTRATOR, MANAGER, SERVICE
from backorders.backoffice import health
from backorders.jobs import beating
from backorders.jobs.beating import Ran
from backorders.jobs.models import Job
from backorders.notifications.models import MailSwitch, Message, ProviderEvent
from tests.backoffice.desk import World, address, somebody, text
from tests.factories import AT, later, revise

pytestmark = pytest.mark.usefixtures("frozen", "db")


def tones(at: datetime.datetime = AT) -> dict[str, str]:
    return {sign.name: sign.tone for sign in health.signs(at=at)}


def test_an_administrator_sees_it_and_nothing_of_the_business() -> None:
    World()
    page = somebody(ADMINISTRATOR).get(address("health"))
    said = text(page)
    assert "The clock" in said
    assert "Say what changed" in said
    assert not any(name in said for name in ("Elif Kaya", "Aria Kettle", "Sami Aydın", "example.com"))
    assert somebody(MANAGER).get(address("health")).status_code == 200
    assert somebody(SERVICE).get(address("health")).status_code == 403


def test_a_worker_and_the_clock_stand_out_when_they_stand_still() -> None:
    assert tones()["Workers"] == "bad"
    task = settings.CELERY_BEAT_SCHEDULE["say what changed"]["task"]
    beating.beat(Ran(task, datetime.timedelta(seconds=1)), worker="one", at=AT)
    assert tones()["Workers"] == "good"
    assert tones(later(minutes=5))["Workers"] == "bad"
    runs = {each.name: each.tone for each in health.tasks(at=AT)}
    assert (runs["say what changed"], runs["send what is due"]) == ("good", "warn")
    assert {each.name: each.tone for each in health.tasks(at=later(hours=1))}["say what changed"] == "bad"
    beating.beat(Ran(task, datetime.timedelta(0), "OperationalError"), worker="one", at=AT)
    assert "OperationalError" in text(somebody(ADMINISTRATOR).get(address("health")))


def test_held_mail_and_failed_jobs_are_signs() -> None:
    World()
    assert (tones()["Mail"], tones()["Jobs"]) == ("good", "good")
    MailSwitch.objects.update(is_on=False)
    Job.objects.create(
        kind="x", subject="x", object_id=1, about="x", state="failed", created_at=AT, ended_at=AT, why={"en": "x"}
    )
    assert (tones()["Mail"], tones()["Jobs"]) == ("bad", "warn")


def test_a_report_that_could_not_be_worked_on_is_a_sign_with_its_reason() -> None:
    World()
    assert tones()["Reports of the mail provider"] == "good"
    said = {"event_type": "bounced", "problem": "OverflowError: of ada@example.com", "occurred_at": AT}
    ProviderEvent.objects.create(event_key="x", received_at=AT, **said)
    assert tones()["Reports of the mail provider"] == "bad"
    assert tones(later(days=8))["Reports of the mail provider"] == "good"
    page = text(somebody(ADMINISTRATOR).get(address("health")))
    assert "OverflowError" in page
    assert "ada@example.com" not in page


def test_the_outbox_is_counted_by_age() -> None:
    world = World()
    assert sum(number for _label, number, _tone in health.outbox(at=AT)) == 0
    revise(world.line, (40, None))
    kinds = ["pending", "pending", "held"]
    template = Message.objects.order_by("id")[0]
    for number, state in enumerate(kinds):
        template.pk, template.state, template.accepted_at = None, state, None
        template.dedupe_key, template.not_before = f"x{number}", AT - datetime.timedelta(hours=2 * number)
        template.save(force_insert=True)
    counted = [number for _label, number, _tone in health.outbox(at=AT)]
    assert counted == [0, 1, 0, 1, 0, 1]
