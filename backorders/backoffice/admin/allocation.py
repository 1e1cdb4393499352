"""Plain admin of the written plan: to be read only, since planning writes it."""

from django.contrib import admin
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from backorders.allocation.models import Allocation, Promise, PromiseChange
from backorders.backoffice.admin.base import LedgerAdmin, column, link
from backorders.backoffice.dates import short_window


@admin.register(Allocation)
class AllocationAdmin(LedgerAdmin):
    """Who holds which units."""

    list_display = ("line", "supply", "quantity")
    list_select_related = (
        "line__order",
        "stock_level__product",
        "stock_level__warehouse",
        "purchase_line__purchase_order",
    )
    ordering = ("-id",)

    @column(_("supply"))
    def supply(self, allocation: Allocation) -> str:
        """Say what holds the units."""
        return str(allocation.stock_level or allocation.purchase_line)


@admin.register(Promise)
class PromiseAdmin(LedgerAdmin):
    """What we believe, announced and told."""

    list_display = ("screen", "product", "customer", "expected", "announced", "told", "gap_since", "uncovered")
    list_display_links = ("product",)
    list_select_related = ("line__order", "product", "customer")
    ordering = ("-pk",)
    sortable_by = ()

    @column(_("order"))
    def screen(self, promise: Promise) -> SafeString:
        """Lead to the order's screen."""
        return link("order", promise.line.order.number, promise.line.order_id)

    @column(_("expected"))
    def expected(self, promise: Promise) -> str:
        """When we believe that it arrives."""
        return short_window(promise.expected_from, promise.expected_until)

    @column(_("announced"))
    def announced(self, promise: Promise) -> str:
        """What the newest message says."""
        return short_window(promise.announced_from, promise.announced_until) if promise.announced_at else "–"

    @column(_("told"))
    def told(self, promise: Promise) -> str:
        """What the customer knows."""
        return short_window(promise.told_from, promise.told_until) if promise.told_at else "–"


@admin.register(PromiseChange)
class PromiseChangeAdmin(LedgerAdmin):
    """Every move of an expected window."""

    list_display = ("at", "line", "was", "became", "change")
    list_select_related = ("line__order", "change_set")
    ordering = ("-id",)

    @column(_("was"))
    def was(self, change: PromiseChange) -> str:
        """The window before."""
        return short_window(change.old_from, change.old_until)

    @column(_("became"))
    def became(self, change: PromiseChange) -> str:
        """The window after."""
        return short_window(change.new_from, change.new_until)

    @column(_("change set"))
    def change(self, change: PromiseChange) -> SafeString:
        """Lead to what caused it."""
        return link("change_set", change.change_set, change.change_set_id)
