"""An empty installation shows how to begin and what has to be right before its first mail; one in use does not."""

import datetime
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from backorders.access.table import ADMINISTRATOR, MANAGER, SERVICE
from backorders.backoffice.demo import loading
from backorders.catalog.models import Category, Product
from backorders.jobs import running
from backorders.jobs.models import Job
from backorders.notifications.models import StaffMail
from backorders.supply.models import Holiday, Supplier
from tests.backoffice.desk import World, address, somebody, text
from tests.factories import AT, a_product, a_supplier, a_user, a_warehouse, day

BEGIN = "Before the first mail leaves"


def checks(client: Client) -> dict[str, Any]:
    return {check.title: check for check in client.get(address("index")).context["first_run"].checks}


def test_an_empty_installation_begins_with_what_there_is_to_begin_with(desk: Client) -> None:
    page = desk.get(address("index"))
    said = text(page)
    assert BEGIN in said
    assert "Load the demo shop" in said
    links = [each.url for each in page.context["first_run"].beginnings if not each.button]
    assert links == [address("catalog_product_add"), address("place_order")]
    for url in (*links, *(check.url for check in page.context["first_run"].checks)):
        assert desk.get(url).status_code == 200


def test_with_the_first_product_it_is_over_and_a_full_home_asks_nothing_more(desk: Client) -> None:
    a_product()
    assert BEGIN not in text(desk.get(address("index")))
    World()
    with CaptureQueriesContext(connection) as asked:
        assert desk.get(address("index")).context["first_run"] is None
    assert not [each for each in asked.captured_queries if 'FROM "catalog_product"' in each["sql"]]


def test_only_whoever_sets_up_is_asked_to(desk: Client) -> None:
    assert BEGIN in text(somebody(MANAGER).get(address("index")))
    assert BEGIN not in text(somebody(SERVICE).get(address("index")))


def test_the_sender_is_verified_once_a_mail_left_for_the_world(desk: Client, settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    known = checks(desk)["Sender of the mails"]
    assert (known.is_done, "go to files" in known.state) == (False, True)
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    assert "no mail has left yet" in checks(desk)["Sender of the mails"].state
    sent = {"state": "sent", "sent_at": AT, "not_before": AT, "created_at": AT}
    StaffMail.objects.create(kind="test", person=a_user(), key="x", **sent)
    known = checks(desk)["Sender of the mails"]
    assert (known.is_done, settings.DEFAULT_FROM_EMAIL in known.state) == (True, True)


def test_every_warehouse_needs_holidays_ahead(desk: Client) -> None:
    assert checks(desk)["Holidays"].state == "There is no warehouse yet."
    warehouse = a_warehouse()
    Holiday.objects.create(warehouse=warehouse, on=day(-1))
    known = checks(desk)["Holidays"]
    assert (known.is_done, warehouse.name in known.state) == (False, True)
    Holiday.objects.create(warehouse=warehouse, on=day(30))
    assert checks(desk)["Holidays"].is_done


def test_windows_and_languages_say_what_is_there(desk: Client) -> None:
    assert not checks(desk)["Windows"].is_done
    Category.objects.create(name="Kettles")
    assert "1 category" in checks(desk)["Windows"].state
    assert checks(desk)["Windows"].is_done
    assert "English, Türkçe" in checks(desk)["Languages"].state


@pytest.mark.django_db
def test_in_turkish() -> None:
    said = text(somebody(MANAGER).get(address("index"), headers={"Accept-Language": "tr"}))
    assert "İlk e-posta çıkmadan önce" in said


def test_the_demo_is_loaded_by_a_press_as_a_job_and_marked(desk: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "DAYS", 1)
    followed = desk.post(address("load_demo"))
    job = Job.objects.get()
    assert followed["Location"] == address("job", job.pk)
    assert "Queued" in text(desk.get(address("job", job.pk)))
    running.run(job.pk, clock=timezone.now, until=timezone.now() + datetime.timedelta(minutes=5))
    job.refresh_from_db()
    assert (job.state, job.done) == ("done", 2)
    assert "Demo data" in text(desk.get(address("index")))
    assert "There is data of a business already" in text(desk.post(address("load_demo"), follow=True))


def test_the_demo_is_refused_where_there_is_business_or_mails_leave(desk: Client, settings: Any) -> None:
    a_supplier()
    assert "There is data of a business already" in text(desk.post(address("load_demo"), follow=True))
    assert "Load the demo shop" not in text(desk.get(address("index")))
    Supplier.objects.all().delete()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    assert "Mails would leave for the world" in text(desk.post(address("load_demo"), follow=True))
    assert "set EMAIL_BACKEND" in text(desk.get(address("index")))
    assert not Job.objects.exists()


def test_business_that_came_before_the_job_began_is_left_alone(desk: Client) -> None:
    desk.post(address("load_demo"))
    a_product()
    job = Job.objects.get()
    running.run(job.pk, clock=timezone.now, until=timezone.now() + datetime.timedelta(minutes=5))
    job.refresh_from_db()
    assert (job.state, "only for an empty installation" in job.failure) == ("failed", True)
    assert Product.objects.count() == 1


@pytest.mark.django_db
def test_only_administrators_load_the_demo() -> None:
    assert somebody(MANAGER).post(address("load_demo")).status_code == 403
    chief = somebody(ADMINISTRATOR)
    assert "Load the demo shop" in text(chief.get(address("index")))
    assert chief.post(address("load_demo")).status_code == 302
    assert Job.objects.get().kind == "load_demo"
