"""Plain admin of what we have and what is coming. Dates and quantities change through the verbs' own screens."""

import datetime
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from backorders.allocation.windows import business_day
from backorders.backoffice import purchases
from backorders.backoffice.admin.base import LedgerAdmin, RecordAdmin, column, link
from backorders.backoffice.dates import short_eta, short_window
from backorders.backoffice.selections import freeze
from backorders.supply.models import (
    DamagePhoto,
    EtaRevision,
    Holiday,
    PurchaseLine,
    PurchaseOrder,
    Receipt,
    StockLevel,
    StockMovement,
    Supplier,
    SupplierProduct,
    Warehouse,
)


@admin.register(Supplier)
class SupplierAdmin(RecordAdmin):
    """Who we buy from; its lateness is learnt from its receipts."""

    list_display = ("name", "contact_name", "email", "lead_time_days", "early_days", "late_days", "is_at_risk")
    list_filter = ("is_at_risk", "language")
    search_fields = ("name",)
    readonly_fields = ("early_days", "late_days")


@admin.register(SupplierProduct)
class SupplierProductAdmin(RecordAdmin):
    """Alternative sources of a product."""

    list_display = ("product", "supplier", "rank", "cost", "lead_time_days")
    list_select_related = ("product", "supplier")
    search_related = {"product": ("sku", "name"), "supplier": ("name",)}
    autocomplete_fields = ("product", "supplier")
    ordering = ("-id",)
    deletable = True


@admin.register(Warehouse)
class WarehouseAdmin(RecordAdmin):
    """Places that hold stock and ship."""

    list_display = ("code", "name", "rank")
    search_fields = ("code", "name")


@admin.register(Holiday)
class HolidayAdmin(RecordAdmin):
    """Dates on which a warehouse neither receives nor ships."""

    list_display = ("on", "warehouse", "name")
    list_filter = ("warehouse",)
    list_select_related = ("warehouse",)
    deletable = True


@admin.register(PurchaseOrder)
class PurchaseOrderAdmin(RecordAdmin):
    """What was ordered from whom; its lines have screens of their own."""

    list_display = ("number", "supplier", "ordered_on", "lines_link", "eta_link", "receive_link")
    list_select_related = ("supplier",)
    search_fields = ("number",)
    search_related = {"supplier": ("name",)}
    readonly_fields = ("number", "supplier", "ordered_on")
    column_needs = {"eta_link": "revising.revise_eta", "receive_link": "receiving.receive"}
    screens = (("order_goods", _("Order goods"), "buying.order_goods"),)
    ordering = ("-id",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Goods are ordered on the screen for it."""
        return False

    @column(_("lines"))
    def lines_link(self, order: PurchaseOrder) -> SafeString:
        """Lead to the order's lines."""
        return link("supply_purchaseline_changelist", _("Lines"), query=f"purchase_order__id__exact={order.pk}")

    @column(_("ETA"))
    def eta_link(self, order: PurchaseOrder) -> SafeString:
        """Lead to the ETA screen of the whole order."""
        return link("purchase_order_eta", _("Change ETA"), order.pk)

    @column(_("goods"))
    def receive_link(self, order: PurchaseOrder) -> SafeString:
        """Lead to receiving the order."""
        return link("receive", _("Receive"), order.pk)


class WhenFilter(admin.SimpleListFilter):
    """Outstanding purchase lines by what their ETA says."""

    title = _("what is outstanding")
    parameter_name = "when"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Return the choices."""
        return [
            ("outstanding", _("Outstanding")),
            ("overdue", _("Overdue")),
            ("silent", purchases.VIEWS["silent"].label),
            ("week", _("Due within 7 days")),
            ("no_date", _("No date")),
        ]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """Return the lines of the choice."""
        today = business_day(timezone.now())
        match self.value():
            case "outstanding":
                return queryset.outstanding()
            case "overdue":
                return queryset.overdue(today)
            case "silent":
                return purchases.VIEWS["silent"].lines(queryset.outstanding(), today)
            case "week":
                return queryset.outstanding().filter(eta_on__range=(today, today + datetime.timedelta(days=7)))
            case "no_date":
                return queryset.outstanding().filter(eta_on=None)
        return queryset


@admin.register(PurchaseLine)
class PurchaseLineAdmin(LedgerAdmin):
    """What is coming, and when. Dates and quantities belong to the verbs, so the record itself is read only."""

    list_display = (
        "order_and_line",
        "product_and_supplier",
        "outstanding_units",
        "pegged",
        "eta",
    )
    list_display_links = ("order_and_line",)
    list_filter = (WhenFilter, "confidence")
    list_select_related = ("purchase_order__supplier", "product", "warehouse")
    search_related = {"purchase_order": ("number",), "product": ("sku", "name")}
    ordering = ("-id",)
    sortable_by = ("eta",)
    actions = ("change_eta",)

    @column(_("purchase line"))
    def order_and_line(self, line: PurchaseLine) -> str:
        """Say which line of which order."""
        return str(line)

    @column(_("product and supplier"))
    def product_and_supplier(self, line: PurchaseLine) -> SafeString:
        """Name the product, and under it whoever sends it."""
        below = line.purchase_order.supplier.name
        return format_html('{} <span class="quiet below">{}</span>', line.product, below)

    @column(_("outstanding"))
    def outstanding_units(self, line: PurchaseLine) -> int:
        """Units still to come."""
        return line.outstanding

    @column(_("ETA"), order="eta_on")
    def eta(self, line: PurchaseLine) -> str:
        """The supplier's date for our warehouse."""
        return short_eta(line)

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        """Add one column with what this person may do about a line while something of it is outstanding."""

        @column(_("Do"))
        def acts(line: PurchaseLine) -> SafeString | None:
            ways = (
                ("revising.revise_eta", "purchase_line_eta", _("Change ETA"), line.pk),
                ("receiving.receive", "receive", _("Receive"), line.purchase_order_id),
                ("buying.close_purchase_line", "close_purchase_line", _("Close"), line.pk),
            )
            if not request.user.has_perm("revising.revise_eta"):
                ways = (("staff_proposals.propose", "propose_eta", _("Propose an ETA"), line.pk), *ways[1:])
            mine = [link(name, label, pk) for needs, name, label, pk in ways if request.user.has_perm(needs)]
            return format_html_join("", "{}", ((each,) for each in mine)) if mine and line.outstanding else None

        return [*super().get_list_display(request), acts]

    @admin.action(description=_("Change the ETA of the selected lines"), permissions=["revise"])
    def change_eta(self, request: HttpRequest, queryset: QuerySet[PurchaseLine]) -> HttpResponse:
        """Open the ETA screen for exactly these lines, however the list changes meanwhile."""
        selection = freeze(request, queryset.outstanding().order_by("id").values_list("id", flat=True))  # type: ignore[attr-defined]
        return redirect("admin:selection_eta", selection)

    def has_revise_permission(self, request: HttpRequest) -> bool:
        """Whether this person may change ETAs."""
        return request.user.has_perm("revising.revise_eta")


@admin.register(EtaRevision)
class EtaRevisionAdmin(LedgerAdmin):
    """What suppliers said, in the order they said it."""

    list_display = ("at", "purchase_line", "was", "became", "reason_code", "source", "note")
    list_filter = ("reason_code", "source")
    list_select_related = ("purchase_line__purchase_order",)
    ordering = ("-id",)

    @column(_("was"))
    def was(self, revision: EtaRevision) -> str:
        """The ETA before."""
        return short_window(revision.old_on, revision.old_until)

    @column(_("became"))
    def became(self, revision: EtaRevision) -> str:
        """The ETA after."""
        return short_window(revision.new_on, revision.new_until)


@admin.register(Receipt)
class ReceiptAdmin(LedgerAdmin):
    """What arrived."""

    list_display = ("on", "purchase_line", "product", "quantity", "over", "damaged", "late_days")
    list_select_related = ("purchase_line__purchase_order", "purchase_line__product")
    ordering = ("-id",)
    readonly_fields = ("pictures",)

    @column(_("pictures of damage"))
    def pictures(self, receipt: Receipt) -> SafeString | None:
        """What was photographed of it."""
        photos = DamagePhoto.objects.filter(change_set=receipt.change_set_id, purchase_line=receipt.purchase_line_id)
        shown = photos.defer("content").select_related("purchase_line__product")
        return render_to_string("backoffice/damage_photos.html", {"photos": shown}) if shown else None

    @column(_("product"))
    def product(self, receipt: Receipt) -> str:
        """What it was."""
        return str(receipt.purchase_line.product)


@admin.register(StockLevel)
class StockLevelAdmin(LedgerAdmin):
    """What each warehouse holds; counted on its own screen."""

    screens = (("adjust_stock", _("Count stock"), "counting.adjust_stock"),)
    list_display = ("product", "warehouse", "on_hand", "allocated", "available_units", "count_link")
    column_needs = {"count_link": "counting.adjust_stock"}
    list_filter = ("warehouse",)
    list_select_related = ("product", "warehouse")
    search_related = {"product": ("sku", "name")}
    ordering = ("-id",)

    @column(_("available"))
    def available_units(self, level: StockLevel) -> int:
        """Units a new order may take."""
        return level.available

    @column(_("count"))
    def count_link(self, level: StockLevel) -> SafeString:
        """Lead to the count of this product here."""
        return link("adjust_stock", _("Count"), query=f"product={level.product_id}&warehouse={level.warehouse_id}")


@admin.register(StockMovement)
class StockMovementAdmin(LedgerAdmin):
    """The ledger of stock."""

    list_display = ("at", "stock_level", "kind", "quantity", "note")
    list_filter = ("kind",)
    list_select_related = ("stock_level__product", "stock_level__warehouse")
    ordering = ("-id",)
