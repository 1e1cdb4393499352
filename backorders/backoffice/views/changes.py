"""A change set's screen: everything one act changed, and the way back while there is one."""

from typing import Any

from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from backorders.actions import undoing
from backorders.actions.done import Done
from backorders.allocation.models import PromiseChange
from backorders.backoffice.acts import act_name
from backorders.backoffice.paging import capped_count
from backorders.backoffice.views.screen import Doing, Screen
from backorders.changes.models import ChangeSet, Touch
from backorders.orders.models import Order
from backorders.supply.models import PurchaseOrder

SHOWN, COUNTED = 50, 1_000


class ShowChangeSet(Screen):
    """Who changed what, when and why, and whom it moved."""

    template_name = "backoffice/change_set.html"
    permission = "changes.view_changeset"

    @cached_property
    def change(self) -> ChangeSet:
        """The change set."""
        return get_object_or_404(ChangeSet.objects.select_related("by", "undoes", "undone_by"), pk=self.kwargs["pk"])

    def heading(self) -> str:
        """Name the act."""
        return _("%(act)s, change %(number)s") % {"act": act_name(self.change.act), "number": self.change.pk}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add what it touched and moved."""
        moves = PromiseChange.objects.filter(change_set=self.change).select_related(
            "line__order__customer", "line__product"
        )
        return super().get_context_data(
            change=self.change,
            objection=undoing.can_undo(self.change),
            orders=Order.objects.filter(pk__in=self._touched(Touch.Kind.ORDER)).order_by("id")[:SHOWN],
            purchase_orders=PurchaseOrder.objects.filter(pk__in=self._touched(Touch.Kind.PURCHASE_ORDER)).order_by(
                "id"
            )[:SHOWN],
            revisions=self.change.eta_revisions.select_related(
                "purchase_line__purchase_order", "purchase_line__product"
            )[:SHOWN],
            receipts=self.change.receipts.select_related("purchase_line__purchase_order", "purchase_line__product")[
                :SHOWN
            ],
            moves=moves.order_by("id")[:SHOWN],
            moved=capped_count(moves, cap=COUNTED),
            **kwargs,
        )

    def _touched(self, kind: Touch.Kind) -> Any:
        return self.change.touches.filter(kind=kind).values("object_id")


class Undo(Doing):
    """Put back what a change set changed."""

    permission = "changes.add_changeset"

    def does(self) -> Done[Any]:
        """Undo it."""
        return undoing.undo(get_object_or_404(ChangeSet, pk=self.kwargs["pk"]), by=self.by, at=self.at)

    def back(self) -> str:
        """Stay on the change set."""
        return reverse("admin:change_set", args=[self.kwargs["pk"]])
