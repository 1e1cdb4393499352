"""Plain admin of what we sell."""

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from backorders.actions import clock
from backorders.backoffice.admin.base import RecordAdmin
from backorders.catalog.models import Category, Product, Substitute


@admin.register(Category)
class CategoryAdmin(RecordAdmin):
    """Groups of products and their usual lateness."""

    list_display = ("name", "usual_early_days", "usual_late_days")
    search_fields = ("name",)


@admin.register(Product)
class ProductAdmin(RecordAdmin):
    """Products. Planned again when saved, since handling days move dates."""

    list_display = ("sku", "name", "category", "price", "currency", "handling_days", "backorder_policy", "is_active")
    list_filter = ("is_active", "backorder_policy")
    list_select_related = ("category",)
    search_fields = ("sku", "name")
    autocomplete_fields = ("category",)
    fieldsets = (
        (None, {"fields": ("sku", "name", "category", "is_active")}),
        (_("Money and weight"), {"fields": (("price", "cost", "currency"), "weight_grams")}),
        (
            _("Selling before it arrived"),
            {"fields": ("backorder_policy", "backorder_limit", "longest_wait_days", "handling_days")},
        ),
    )

    def save_model(self, request: HttpRequest, obj: Product, form: Any, change: bool) -> None:
        """Save, then date everyone who waits for the product."""
        super().save_model(request, obj, form, change)
        if change and "handling_days" in form.changed_data:
            clock.start_day_of(obj.pk, at=timezone.now())
            messages.info(request, gettext("Everyone who waits for it was dated again."))


@admin.register(Substitute)
class SubstituteAdmin(RecordAdmin):
    """What can be offered in place of what."""

    list_display = ("product", "substitute", "rank", "price_treatment", "note")
    list_select_related = ("product", "substitute")
    search_related = {"product": ("sku", "name"), "substitute": ("sku", "name")}
    autocomplete_fields = ("product", "substitute")
    ordering = ("-id",)
    deletable = True
