"""The lists of a receipt for the warehouse, to print: what is put away, and what is picked for whom."""

from typing import Any

from django.shortcuts import get_object_or_404
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from backorders.backoffice.picking import lists_of
from backorders.backoffice.views.screen import Screen
from backorders.changes.models import ChangeSet
from backorders.supply.models import PurchaseOrder


class PickLists(Screen):
    """Put away and pick what a receipt brought."""

    template_name = "backoffice/pick_lists.html"
    permission = "shipping.ship"

    @cached_property
    def change(self) -> ChangeSet:
        """The receipt's change set."""
        receipts = ChangeSet.objects.filter(act="receive").select_related("by", "undone_by")
        return get_object_or_404(receipts, pk=self.kwargs["pk"])

    @cached_property
    def orders(self) -> list[PurchaseOrder]:
        """The purchase orders of which something came."""
        came = PurchaseOrder.objects.filter(lines__receipts__change_set=self.change)
        return list(came.distinct().order_by("id"))

    def heading(self) -> str:
        """Name the purchase orders."""
        return _("Who gets what came of %(orders)s") % {"orders": ", ".join(map(str, self.orders))}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add both lists as they stand now."""
        around = {"change": self.change, "orders": self.orders, "at": self.at}
        is_undone = hasattr(self.change, "undone_by")
        return super().get_context_data(**around, is_undone=is_undone, lists=lists_of(self.change), **kwargs)
