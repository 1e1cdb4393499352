"""The first run: how an empty installation begins, and what has to be right before its first mail leaves."""

import datetime
from typing import Any, NamedTuple

from django.conf import settings
from django.db.models import Exists, OuterRef
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from backorders.allocation.windows import business_day
from backorders.backoffice.demo import loading
from backorders.catalog.models import Category, Product
from backorders.notifications.models import Message, StaffMail
from backorders.orders.models import Order
from backorders.supply.models import Holiday, Warehouse

# Whoever sets up has this.
SETS_UP = "supply.change_warehouse"
YEAR = datetime.timedelta(days=365)


class Beginning(NamedTuple):
    """One way to begin: a page of ours; with a button, something that a press begins there."""

    title: str
    words: str
    url: str
    button: str = ""


class Check(NamedTuple):
    """One thing to have right: its state in words, whether it is, and where it is set; no address where it is not."""

    title: str
    state: str
    is_done: bool
    url: str


class FirstRun(NamedTuple):
    """What an empty installation shows first."""

    beginnings: list[Beginning]
    checks: list[Check]


def first_run(request: HttpRequest) -> FirstRun | None:
    """Return what to begin with, to whoever sets up, as long as there are neither products nor orders."""
    may = request.user.has_perm
    if not (may(SETS_UP) or may(loading.CAPABILITY)) or Product.objects.exists() or Order.objects.exists():
        return None
    checks = (_sender(), _holidays(business_day(timezone.now())), _windows(), _languages())
    return FirstRun(_beginnings(request), [check for check, permission in checks if may(permission)])


def _beginnings(request: HttpRequest) -> list[Beginning]:
    own = [
        ("catalog.add_product", "catalog_product_add", _("Add what you sell"), _("A product, its price and policy.")),
        ("placing.place_order", "place_order", _("Place the first order"), _("What is not in stock waits.")),
    ]
    begun = [
        Beginning(title, words, reverse(f"admin:{name}"))
        for permission, name, title, words in own
        if request.user.has_perm(permission)
    ]
    return [*_demo(request), *begun]


def _demo(request: HttpRequest) -> list[Beginning]:
    """Return the way to the demo, to whoever may load it where its mails reach nobody."""
    if not request.user.has_perm(loading.CAPABILITY) or not loading.is_empty():
        return []
    title, words = _("Load the demo shop"), _("%(days)s days of a small importer, ending today, marked “Demo data”.")
    words %= {"days": loading.DAYS}
    if not loading.mails_stay_here():
        return [
            Beginning(
                title, _("Only where mails go to files or the console: set EMAIL_BACKEND."), reverse("admin:health")
            )
        ]
    return [Beginning(title, words, reverse("admin:load_demo"), button=title)]


def _sender() -> tuple[Check, str]:
    title, url = _("Sender of the mails"), reverse("admin:wordings")
    said: dict[str, Any] = {"sender": settings.DEFAULT_FROM_EMAIL}
    if settings.EMAIL_BACKEND.endswith("filebased.EmailBackend"):
        state = _("%(sender)s: mails go to files on this machine. Set EMAIL_BACKEND to send them.") % said
        return Check(title, state, False, url), "notifications.view_wording"
    is_verified = (
        StaffMail.objects.filter(state=StaffMail.State.SENT).exists()
        or Message.objects.filter(state=Message.State.ACCEPTED).exists()
    )
    if is_verified:
        state = _("%(sender)s: the provider took a mail from it.") % said
    else:
        state = _("%(sender)s: no mail has left yet. Send yourself a test from the words of the mails.") % said
    return Check(title, state, is_verified, url), "notifications.view_wording"


def _holidays(today: datetime.date) -> tuple[Check, str]:
    ahead = Holiday.objects.filter(warehouse=OuterRef("pk"), on__gte=today, on__lt=today + YEAR)
    known = list(Warehouse.objects.annotate(has_holidays=Exists(ahead)).order_by("rank", "id"))
    missing = [str(warehouse) for warehouse in known if not warehouse.has_holidays]
    if not known:
        state, url = _("There is no warehouse yet."), reverse("admin:supply_warehouse_changelist")
    elif missing:
        state = _("None in the coming year for: %(warehouses)s.") % {"warehouses": ", ".join(missing)}
        url = reverse("admin:supply_holiday_changelist")
    else:
        state, url = _("Every warehouse has some in the coming year."), reverse("admin:supply_holiday_changelist")
    return Check(_("Holidays"), state, bool(known) and not missing, url), "supply.view_holiday"


def _windows() -> tuple[Check, str]:
    count = Category.objects.count()
    state = ngettext(
        "%(count)s category says how late goods of its kind usually come.",
        "%(count)s categories say how late goods of their kind usually come.",
        count,
    ) % {"count": count}
    if not count:
        state = _("No category says yet how late goods usually come: promises have no width.")
    return Check(
        _("Windows"), state, bool(count), reverse("admin:catalog_category_changelist")
    ), "catalog.view_category"


def _languages() -> tuple[Check, str]:
    names = ", ".join(str(name) for _code, name in settings.LANGUAGES)
    state = _("Mails and the customers' pages speak %(languages)s; each customer has one.") % {"languages": names}
    return Check(_("Languages"), state, True, reverse("admin:wordings")), "notifications.view_wording"
