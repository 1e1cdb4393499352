"""Loading the demo at a press: a job that plays its last weeks, all of it or nothing, into an empty installation."""

import datetime
from collections.abc import Iterator

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.utils.translation import gettext_lazy as _

from backorders.access.checking import check
from backorders.backoffice.demo.story import SHOP, Story
from backorders.catalog.models import Product
from backorders.jobs import steering
from backorders.jobs.models import Job
from backorders.jobs.running import Batch
from backorders.orders.models import Customer, Order
from backorders.refusal import Refused
from backorders.supply.models import Supplier

KIND, SUBJECT, CAPABILITY = "load_demo", "demo", "demo.load"
# So many days fit well into the lease of one batch; the command plays all of them.
DAYS = 50
# Where these deliver, no mail reaches the world.
TO_NOBODY = ("filebased", "console", "locmem", "dummy")


class NotForDemo(Refused):
    """There is business data already, or mails would reach the world."""


def is_empty() -> bool:
    """Whether nothing of a business is there: no product, order, customer or supplier."""
    return not any(model._default_manager.exists() for model in (Product, Order, Customer, Supplier))


def is_loaded() -> bool:
    """Whether orders of the demo are there: asked of the index of what came from outside, however many orders wait."""
    return Order.objects.filter(shop=SHOP).exclude(external_id="").exists()


def mails_stay_here() -> bool:
    """Whether mails go to files or nowhere: the demo writes to people who do not exist."""
    return settings.EMAIL_BACKEND.split(".")[-2] in TO_NOBODY


def load(*, by: AbstractBaseUser | None, at: datetime.datetime) -> Job:
    """Queue the job that loads it. Raises `NotForDemo`, `NotAllowed`, `WorkedOn` while it is under way."""
    check(CAPABILITY, by=by)
    _check_place()
    return steering.queue(KIND, subject=SUBJECT, object_id=1, about=str(_("Demo data")), by=by, at=at)


def play(_job: Job) -> Iterator[Batch]:
    """Yield the work: one batch, for half a demo could neither be used nor loaded again; none where it was done."""
    if not is_loaded():
        yield Batch(_play, "demo")


def _play(at: datetime.datetime) -> int:
    _check_place()
    return sum(1 for _day in Story(at, length=DAYS).days())


def _check_place() -> None:
    if not is_empty():
        raise NotForDemo(_("There is data of a business already: the demo is only for an empty installation."))
    if not mails_stay_here():
        raise NotForDemo(_("Mails would leave for the world. Set EMAIL_BACKEND to files or the console first."))
