"""What needs somebody today, in plain words and capped counts, each the way to its list."""

from typing import Any, NamedTuple

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from backorders.allocation.windows import business_day
from backorders.backoffice.paging import capped_count
from backorders.backoffice.workbench.counting import COUNTED, shown_count, tabs
from backorders.backoffice.workbench.lists import Seen
from backorders.chasing.models import DateRequest
from backorders.notifications.models import IN_THE_OUTBOX, WAITS_FOR_STAFF, CallTask, Message, Reply
from backorders.supply.models import PurchaseLine


class Card(NamedTuple):
    """One number of the home page."""

    label: Any
    number: str
    hint: Any
    url: str
    tone: str


def home(request: HttpRequest) -> list[Card]:
    """Return the numbers this person may see."""
    may = request.user.has_perm
    cards: list[Card] = []
    if may("orders.view_orderline"):
        cards += _waiting_cards(request)
    if may("notifications.view_message"):
        outbox = Message.objects.filter(state__in=IN_THE_OUTBOX)
        cards.append(_card(_("In the outbox"), outbox, _("Messages that have not left yet."), reverse("admin:outbox")))
    if may("notifications.view_calltask"):
        calls = CallTask.objects.filter(customer__isnull=False, done_at=None)
        hint = _("Customers whom no mail reaches.")
        cards.append(_card(_("To call"), calls, hint, reverse("admin:calls"), tone="bad"))
    if may("replying.place"):
        mails = Reply.objects.filter(WAITS_FOR_STAFF)
        hint = _("Mails that came in about no known order, or that could not be read.")
        url = reverse("admin:notifications_reply_changelist") + "?waiting=1"
        cards.append(_card(_("Mails to place"), mails, hint, url, tone="bad"))
    if may("asking.ask_supplier"):
        asked = DateRequest.objects.filter(closed_at=None)
        hint = _("Suppliers were asked for dates and have not answered.")
        cards.append(
            _card(_("Unanswered date requests"), asked, hint, reverse("admin:proposals") + "#open", tone="warn")
        )
    if may("supply.view_purchaseline"):
        overdue = PurchaseLine.objects.overdue(business_day(timezone.now()))
        hint = _("The supplier's date has passed, and the goods are not there.")
        url = reverse("admin:supply_purchaseline_changelist") + "?when=overdue"
        cards.append(_card(_("Overdue purchase lines"), overdue, hint, url, tone="warn"))
    return cards


def _waiting_cards(request: HttpRequest) -> list[Card]:
    url = reverse("admin:waiting_lines")
    return [
        Card(
            _("Waiting in all") if tab.name == "all" else tab.label,
            tab.shown,
            tab.hint,
            f"{url}?view={tab.name}",
            tab.tone,
        )
        for tab in tabs(Seen(business_day(timezone.now()), request.user.pk or 0))
        if tab.name not in ("needs", "mine")
    ]


def _card(label: Any, queryset: Any, hint: Any, url: str, *, tone: str = "") -> Card:
    count = capped_count(queryset, cap=COUNTED)
    return Card(label, shown_count(count), hint, url, tone if count else "")
