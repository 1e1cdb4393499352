"""Plain admin of who waits. What can be done to an order is on the order's own screen."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from backorders.actions import caring
from backorders.backoffice.admin.base import LedgerAdmin, RecordAdmin, WhetherFilter, column, link
from backorders.orders.models import (
    Cancellation,
    Carrier,
    Compensation,
    Customer,
    Decision,
    Feedback,
    Note,
    Offer,
    Order,
    OrderLine,
    Question,
    Refund,
    Shipment,
    ShipmentLine,
)


@admin.register(Customer)
class CustomerAdmin(RecordAdmin):
    """Who ordered, and how we reach them."""

    list_display = ("name", "email", "phone", "language", "tier", "is_business", "jurisdiction")
    list_filter = ("tier", "language", "is_business")
    search_fields = ("name", "email")
    contact_fields = ("email", "phone")
    readonly_fields = ("address_version", "external_id")
    ordering = ("-id",)

    def save_model(self, request: HttpRequest, obj: Customer, form: Any, change: bool) -> None:
        """Save; another address is an act of its own, since what is pending to the old one must not reach it."""
        email = obj.email
        if change and "email" in form.changed_data:
            obj.email = form.initial["email"]
        super().save_model(request, obj, form, change)
        if change and "email" in form.changed_data:
            caring.change_address(obj, email=email, by=request.user, at=timezone.now())  # type: ignore[arg-type]


@admin.register(Carrier)
class CarrierAdmin(RecordAdmin):
    """Who brings parcels to customers."""

    list_display = ("name", "transit_days", "tracking_link")
    search_fields = ("name",)


@admin.register(Order)
class OrderAdmin(LedgerAdmin):
    """Orders; the number leads to the order's own screen."""

    list_display = ("screen", "customer", "placed_at", "is_paid", "is_ship_complete", "is_confirmed", "shop", "record")
    list_display_links = ("record",)
    list_filter = ("is_ship_complete", "is_paid")
    list_select_related = ("customer", "carrier")
    screens = (("place_order", _("Place an order"), "placing.place_order"),)
    search_fields = ("number", "external_id")
    search_related = {"customer": ("name", "email")}
    ordering = ("-placed_at", "-id")

    @column(_("order"), order="number")
    def screen(self, order: Order) -> SafeString:
        """Lead to the order's screen."""
        return link("order", order.number, order.pk)

    @column(_("record"))
    def record(self, order: Order) -> Any:
        """Lead to the plain record."""
        return _("Record")


class OpenFilter(admin.SimpleListFilter):
    """Order lines by what is open on them."""

    title = _("what is open")
    parameter_name = "open"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Return the choices."""
        return [("waiting", _("Waiting")), ("open", _("Open")), ("held", _("Held")), ("expedited", _("Expedited"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """Return the lines of the choice."""
        match self.value():
            case "waiting":
                return queryset.waiting()
            case "open":
                return queryset.open()
            case "held":
                return queryset.waiting().filter(is_held=True)
            case "expedited":
                return queryset.waiting().filter(is_expedited=True)
        return queryset


@admin.register(OrderLine)
class OrderLineAdmin(LedgerAdmin):
    """Every line ever ordered; the waiting ones have a list of their own."""

    list_display = ("screen", "product", "quantity", "allocated", "waiting", "shipped", "cancelled", "price", "record")
    list_display_links = ("record",)
    list_filter = (OpenFilter,)
    list_select_related = ("order", "product")
    search_related = {"order": ("number",), "product": ("sku", "name")}
    ordering = ("-id",)
    sortable_by = ()

    @column(_("order"))
    def screen(self, line: OrderLine) -> SafeString:
        """Lead to the order's screen."""
        return link("order", line.order.number, line.order_id)

    @column(_("record"))
    def record(self, line: OrderLine) -> Any:
        """Lead to the plain record."""
        return _("Record")


@admin.register(Shipment)
class ShipmentAdmin(LedgerAdmin):
    """Parcels that left."""

    list_display = ("shipped_at", "order", "carrier", "tracking_number", "delivered_at", "delivery_confirmed_by")
    list_filter = ("carrier", ("delivered_at", WhetherFilter))
    list_select_related = ("order", "carrier")
    search_related = {"order": ("number",)}
    ordering = ("-id",)


@admin.register(ShipmentLine)
class ShipmentLineAdmin(LedgerAdmin):
    """What was in which parcel."""

    list_display = ("shipment", "line", "quantity", "returned")
    list_select_related = ("shipment__order", "line__order")
    ordering = ("-id",)


@admin.register(Cancellation)
class CancellationAdmin(LedgerAdmin):
    """What will not be shipped, and why."""

    list_display = ("at", "line", "quantity", "reason", "is_announced")
    list_select_related = ("line__order",)
    ordering = ("-id",)


@admin.register(Refund)
class RefundAdmin(LedgerAdmin):
    """Money we owe."""

    list_display = ("due_at", "order", "amount", "currency", "paid_at", "pay_link")
    column_needs = {"pay_link": "refunding.pay_refund"}
    list_filter = (("paid_at", WhetherFilter),)
    list_select_related = ("cancellation__line__order",)
    ordering = ("-id",)

    @column(_("order"))
    def order(self, refund: Refund) -> SafeString:
        """Lead to the order's screen."""
        order = refund.cancellation.line.order
        return link("order", order.number, order.pk)

    @column("")
    def pay_link(self, refund: Refund) -> Any:
        """Lead to where it is recorded as paid."""
        return None if refund.paid_at else link("pay_refund", _("Refund paid"), refund.pk)


@admin.register(Compensation)
class CompensationAdmin(LedgerAdmin):
    """What customers were given for a wait."""

    list_display = ("at", "order", "kind", "amount", "currency", "reason")
    list_filter = ("kind",)
    list_select_related = ("order",)
    search_related = {"order": ("number",)}
    ordering = ("-id",)


@admin.register(Note)
class NoteAdmin(LedgerAdmin):
    """What staff wrote down about orders."""

    list_display = ("at", "order", "by", "text")
    list_select_related = ("order", "by")
    search_related = {"order": ("number",)}
    ordering = ("-id",)


@admin.register(Question)
class QuestionAdmin(LedgerAdmin):
    """What customers asked; they are answered on the order's screen."""

    list_display = ("asked_at", "screen", "channel", "text", "answer_due_at", "answered_at", "answered_by")
    list_filter = ("channel", ("answered_at", WhetherFilter))
    list_select_related = ("order", "answered_by")
    search_related = {"order": ("number",)}
    ordering = ("-id",)

    @column(_("order"))
    def screen(self, question: Question) -> SafeString:
        """Lead to the order's screen."""
        return link("order", question.order.number, question.order_id)


@admin.register(Decision)
class DecisionAdmin(LedgerAdmin):
    """What customers chose, and what they saw when they chose it."""

    list_display = ("at", "reference", "order", "kind", "channel")
    list_filter = ("kind", "channel")
    list_select_related = ("order",)
    search_related = {"order": ("number",)}
    ordering = ("-id",)


@admin.register(Feedback)
class FeedbackAdmin(LedgerAdmin):
    """How customers found an order or an update."""

    list_display = ("at", "order", "occasion", "csat", "nps", "was_helpful", "text")
    list_filter = ("occasion", "csat")
    list_select_related = ("order",)
    search_related = {"order": ("number",)}
    ordering = ("-id",)


@admin.register(Offer)
class OfferAdmin(LedgerAdmin):
    """Which products customers were offered in place of what they wait for."""

    list_display = ("at", "line", "product", "quantity", "price", "arrives_from", "arrives_until", "is_announced")
    list_filter = ("is_announced",)
    list_select_related = ("line__order", "product")
    search_related = {"product": ("sku", "name")}
    ordering = ("-id",)
