"""A date is a day, nowhere a moment: the same one in the mail, on the page, in the calendar and in the file (R30).

Twelve time zones, of the customer and of whoever serves the page, by forty dates: the nights on which clocks are put
forward or back, 29 February, the ends of years, and moments that are different days in different places.
"""

import csv
import datetime
import io
import itertools
import re

import pytest
from django.test import Client
from django.utils import timezone

from backorders.allocation.models import Promise
from backorders.backoffice.workbench.exporting import as_csv
from backorders.changes.models import ChangeSet
from backorders.notifications import writing
from backorders.notifications.models import CustomerLink
from backorders.orders.models import Customer, Order, Shipment
from tests.portal.desk import Waiter, text_of

pytestmark = pytest.mark.django_db

ZONES = (
    *("Pacific/Kiritimati", "Pacific/Auckland", "Asia/Tokyo", "Asia/Kathmandu", "Europe/Istanbul", "Europe/Berlin"),
    *("Europe/London", "America/St_Johns", "America/New_York", "America/Los_Angeles", "Pacific/Pago_Pago", "UTC"),
)
EVERY_DAY = {"Pacific/Kiritimati", "Europe/Istanbul", "America/Los_Angeles"}  # the others with the long tests
IN_EVERY_ZONE = pytest.mark.parametrize(
    "zone", [pytest.param(zone, marks=() if zone in EVERY_DAY else pytest.mark.faults) for zone in ZONES]
)
TURNS = (  # clocks move in these nights: Europe, New York, New Zealand, and Istanbul's last time
    *((2027, 3, 28), (2027, 10, 31), (2027, 3, 14), (2027, 11, 7), (2027, 4, 4), (2027, 9, 26), (2016, 9, 7)),
    *((2028, 2, 28), (2028, 2, 29), (2028, 3, 1), (2027, 12, 31), (2028, 1, 1), (2026, 12, 31), (2027, 1, 1)),
)
FIRST = datetime.date(2027, 1, 6)
DATES = [datetime.date(*day) for day in TURNS] + [FIRST + datetime.timedelta(days=17 * n) for n in range(26)]
MONTHS = "January February March April May June July August September October November December".split()


def words(day: datetime.date) -> str:
    """A day as a customer reads it, put together by hand."""
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def test_twelve_zones_and_forty_dates_are_asked() -> None:
    assert len(set(ZONES)) == 12
    assert len(set(DATES)) == 40


@IN_EVERY_ZONE
def test_a_window_is_the_same_days_in_mail_page_calendar_and_file(client: Client, zone: str) -> None:
    waiter = Waiter(pieces=1, alternative=False)
    line = waiter.line
    Customer.objects.update(time_zone=zone)
    CustomerLink.objects.update(expires_at=timezone.now() + datetime.timedelta(days=9))
    with timezone.override(zone):
        for day in DATES:
            Promise.objects.filter(line=line).update(expected_from=day, expected_until=day)
            order = Order.objects.get(pk=waiter.order.pk)
            mail = writing.shown(writing.message(order, text="Now:", states_dates=True, at=timezone.now()))
            page = text_of(client.get(waiter.path))
            calendar = client.get(f"{waiter.path}order.ics").content.decode()
            [heading, row] = csv.reader(io.StringIO("".join(as_csv([line.pk], today=day)).lstrip("\ufeff")))
            said = dict(zip(heading, row, strict=True))
            assert words(day) in mail.text
            assert words(day) in mail.html
            assert words(day) in page
            assert f"DTSTART;VALUE=DATE:{day:%Y%m%d}" in calendar
            assert f"DTEND;VALUE=DATE:{day + datetime.timedelta(days=1):%Y%m%d}" in calendar
            assert {said["Expected from"], said["Expected until"]} == {day.isoformat()}


@IN_EVERY_ZONE
def test_a_parcel_left_on_one_day_wherever_it_is_read(client: Client, zone: str) -> None:
    """Late in the evening it is another day elsewhere; the day of the warehouse is the one that everybody reads."""
    waiter = Waiter(pieces=1, alternative=False)
    Customer.objects.update(time_zone=zone)
    change = ChangeSet.objects.create(act="ship", source="system", at=timezone.now())
    parcel = Shipment.objects.create(
        order=waiter.order, carrier=waiter.order.carrier, change_set=change, shipped_at=timezone.now()
    )
    hours = itertools.cycle((0, 5, 11, 20, 21, 22, 23))
    with timezone.override(zone):
        for day, hour in zip(DATES, hours, strict=False):
            at = datetime.datetime.combine(day, datetime.time(hour, 30), datetime.UTC)
            Shipment.objects.filter(pk=parcel.pk).update(shipped_at=at)
            istanbul = (at + datetime.timedelta(hours=3)).date()  # its clocks have not moved since 2016
            found = re.search(r"Sent on: (\d+ \w+ \d+)", text_of(client.get(waiter.path)))
            assert found
            assert found[1] == words(istanbul)
