"""Purchase orders: what is expected when, each order with its lines, and the feed for calendars."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override

from backorders import ics
from backorders.actions import feeding
from backorders.allocation.windows import business_day
from backorders.backoffice import purchases
from backorders.backoffice.paging import capped_count, page_of, typed_term
from backorders.backoffice.scanning import scanned
from backorders.backoffice.selections import freeze
from backorders.backoffice.views.screen import Screen
from backorders.backoffice.workbench.counting import COUNTED, shown_count
from backorders.desk.following import followed
from backorders.desk.models import Follow
from backorders.ids import typed_ids
from backorders.notifications.links import hashed
from backorders.searching import matching
from backorders.supply.models import CalendarLink, EtaRevision, PurchaseLine, PurchaseOrder, Supplier

PERMISSION = "supply.view_purchaseline"
HISTORY = 30
FED = 2_000
MATCHES = 500


class Expected(Screen):
    """What is expected when: as a list by week, or as a calendar."""

    template_name = "backoffice/expected.html"
    permission = PERMISSION
    title = gettext_lazy("Expected receipts")

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the list; a scan leads to where the goods are received, or is answered above the list."""
        code = request.GET.get("scan", "").strip()
        if not code or not request.user.has_perm("receiving.receive"):
            return super().get(request, *args, **kwargs)
        found = scanned(code)
        if len(found.orders) == 1:
            return redirect("admin:receive", found.orders[0].pk)
        return self.render_to_response(self.get_context_data(scanned=found))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the view, its counts and its rows."""
        today = business_day(self.at)
        asked = self.request.GET.get("view", "")
        view = purchases.VIEWS.get(asked) or self._first(today)
        term = typed_term(self.request, most=100)
        is_calendar = self.request.GET.get("as") == "calendar"
        page = page_of(purchases.expected(view, today=today, term=term), self.request)
        shown = purchases.receipts(page.rows, today=today) if not is_calendar else []
        return super().get_context_data(
            view=view,
            term=term,
            tabs=[(each, self._count(each, today)) for each in purchases.VIEWS.values()],
            page=page,
            weeks=purchases.by_week(shown),
            asks=_asks(shown) if view.name == "overdue" else set(),
            is_calendar=is_calendar,
            calendar=purchases.calendar(today=today) if is_calendar else [],
            has_link=CalendarLink.objects.filter(person=self.by).exists(),
            new_link=self.request.session.pop("calendar_link", ""),
            **kwargs,
        )

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Open the ETA screen for what is outstanding of the ticked orders."""
        if not request.user.has_perm("revising.revise_eta"):
            raise PermissionDenied("revising.revise_eta")
        ticked = typed_ids(request.POST.getlist("order"))
        lines = PurchaseLine.objects.outstanding().filter(purchase_order__in=ticked).order_by("id")
        if not (ids := list(lines.values_list("id", flat=True))):
            messages.error(request, _("Tick at least one purchase order with something outstanding."))
            return HttpResponseRedirect(request.get_full_path())
        return redirect("admin:selection_eta", freeze(request, ids))

    def _first(self, today: Any) -> purchases.View:
        """Begin with the first view that needs somebody who can change it, else with this week."""
        for name in ("overdue", "silent", "unconfirmed") if self.by.has_perm("revising.revise_eta") else ():
            if purchases.VIEWS[name].lines(PurchaseLine.objects.outstanding(), today).exists():
                return purchases.VIEWS[name]
        return purchases.VIEWS["week"]

    def _count(self, view: purchases.View, today: Any) -> str:
        lines = view.lines(PurchaseLine.objects.outstanding(), today)
        orders = lines.order_by().values("purchase_order").distinct()
        return shown_count(capped_count(orders, cap=COUNTED))


def _asks(shown: list[purchases.Receipt]) -> set[int]:
    """Return the first purchase order of each supplier: beside it the supplier is asked about all that is overdue."""
    return set({receipt.order.supplier_id: receipt.order.pk for receipt in reversed(shown)}.values())


class PurchaseOrders(Screen):
    """Every purchase order, the latest first."""

    template_name = "backoffice/purchase_orders.html"
    permission = "supply.view_purchaseorder"
    title = gettext_lazy("Purchase orders")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add a page of them, found by number or supplier."""
        term = typed_term(self.request, most=100)
        orders = PurchaseOrder.objects.select_related("supplier").order_by("-ordered_on", "-id")
        if term:
            numbers = matching(PurchaseOrder.objects.order_by(), ["number"], term).values_list("pk", flat=True)
            suppliers = Supplier.objects.filter(name__icontains=term).order_by().values_list("pk", flat=True)
            orders = orders.filter(pk__in=list(numbers[:MATCHES])) | orders.filter(
                supplier__in=list(suppliers[:MATCHES])
            )
        page = page_of(orders, self.request)
        lines = PurchaseLine.objects.outstanding().filter(purchase_order__in=[order.pk for order in page.rows])
        shown = purchases.receipts(list(purchases.summed(lines)), today=business_day(self.at))
        open_ones = {receipt.order.pk: receipt for receipt in shown}
        rows = [(order, open_ones.get(order.pk)) for order in page.rows]
        return super().get_context_data(page=page, rows=rows, term=term, **kwargs)


class ShowPurchaseOrder(Screen):
    """One purchase order: its lines, who waits for them, and what its supplier said so far."""

    template_name = "backoffice/purchase_order.html"
    permission = "supply.view_purchaseorder"

    @cached_property
    def order(self) -> PurchaseOrder:
        """The purchase order."""
        orders = PurchaseOrder.objects.select_related("supplier")
        orders = orders.annotate(is_followed=followed(Follow.Thing.PURCHASE_ORDER, by=self.by))
        return get_object_or_404(orders, pk=self.kwargs["pk"])

    def heading(self) -> str:
        """Name it."""
        return _("Purchase order %(number)s") % {"number": self.order.number}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add its lines and the history of its dates."""
        lines = list(self.order.lines.select_related("product", "warehouse").order_by("id")[:500])
        open_lines = PurchaseLine.objects.outstanding().filter(purchase_order=self.order)
        summed = purchases.receipts(list(purchases.summed(open_lines)), today=business_day(self.at))
        said = EtaRevision.objects.filter(purchase_line__purchase_order=self.order)
        history = said.select_related("purchase_line__product", "change_set__by").order_by("-at", "-id")[:HISTORY]
        return super().get_context_data(
            order=self.order,
            lines=lines,
            summary=summed[0] if summed else None,
            history=history,
            today=business_day(self.at),
            **kwargs,
        )


class LinkCalendar(Screen):
    """Make or end one's own secret address for calendars."""

    permission = "feeding.make_calendar_link"
    http_method_names = ["post", "options"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Do it; a new address is shown once."""
        if "revoke" in request.POST:
            feeding.revoke_calendar_link(by=self.by, at=self.at)
            messages.success(request, _("The calendar's address is revoked: whoever has it reads nothing any more."))
        else:
            token = feeding.make_calendar_link(by=self.by, at=self.at).made
            request.session["calendar_link"] = settings.SITE_URL + reverse("receipts_feed", args=[token])
        return HttpResponseRedirect(reverse("admin:expected") + "#calendar-link")


def receipts_feed(request: HttpRequest, token: str) -> HttpResponse:
    """Answer a calendar with what is expected; whoever has no (longer a) right to it finds nothing there."""
    link = CalendarLink.objects.select_related("person").filter(digest=hashed(token)).first()
    if link is None or not link.person.is_active or not link.person.has_perm(PERMISSION):
        raise Http404
    response = HttpResponse(_feed(), content_type="text/calendar; charset=utf-8")
    response["Cache-Control"] = "private, no-store"
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex"
    return response


def _feed() -> str:
    now = timezone.now()
    rows = purchases.expected(purchases.VIEWS["all"], today=business_day(now)).exclude(on=None)[:FED]
    with override("en"):
        found = purchases.receipts(list(rows), today=business_day(now))
        return ics.calendar(map(_event, found), name="Expected receipts", at=now)


def _event(receipt: purchases.Receipt) -> ics.Event:
    order, first, last = receipt.order, receipt.eta_on, receipt.eta_until
    url = settings.SITE_URL + reverse("admin:purchase_order", args=[order.pk])
    return ics.Event(
        uid=f"purchase-order-{order.pk}@{settings.OUR_HOSTS.split(',')[0]}",
        first=first,  # type: ignore[arg-type]  # orders without any date are left out
        last=last,  # type: ignore[arg-type]
        title=f"{order.number} {order.supplier}: {receipt.units} units",
        text=f"{receipt.lines} lines, {receipt.units} units. {receipt.customers} customers wait for them.",
        url=url,
        is_sure=not receipt.unconfirmed,
    )
