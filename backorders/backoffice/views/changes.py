"""A change set's screen: everything one act changed, and the way back while there is one."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import F, Q, QuerySet
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backorders.actions import undoing
from backorders.actions.done import Done
from backorders.allocation.impact import Impact
from backorders.allocation.models import PromiseChange
from backorders.backoffice.forms.asking import AskingForm
from backorders.backoffice.paging import capped_count
from backorders.backoffice.views.screen import ActScreen, Doing, Screen
from backorders.changes.acts import act_name
from backorders.changes.models import ChangeSet, Touch
from backorders.notifications.models import Message, MessageLine
from backorders.notifications.policy import TELLING
from backorders.orders.models import Order
from backorders.supply.models import PurchaseLine, PurchaseOrder

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
            may_undo=undoing.may_undo(self.change, person=self.by),
            is_recent=self.at - self.change.at < TELLING.quiet,
            changed=self.changed,
            may_revert=self._may_revert(),
            objection=undoing.objection_to_undo(self.change),
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
            photos=self.change.damage_photos.defer("content").select_related("purchase_line__product")[:SHOWN],
            compensations=self.change.compensations.select_related("order", "line__product").order_by("id")[:SHOWN],
            told=said_by(self.change).select_related("customer").order_by("-id")[:SHOWN],
            moves=moves.order_by("id")[:SHOWN],
            moved=capped_count(moves, cap=COUNTED),
            **kwargs,
        )

    @cached_property
    def changed(self) -> list[PurchaseLine]:
        """The purchase lines that somebody changed since."""
        return undoing.changed_since(self.change)

    def _may_revert(self) -> bool:
        is_undone = ChangeSet.objects.filter(undoes=self.change).exists()
        is_partly = bool(self.changed) and len(self.changed) < len(self.change.before.get("purchase_lines", ()))
        return is_partly and not is_undone and self.by.has_perm("undoing.undo_what_nobody_changed")

    def _touched(self, kind: Touch.Kind) -> Any:
        return self.change.touches.filter(kind=kind).values("object_id")


def said_by(change: ChangeSet) -> "QuerySet[Message]":
    """Return the mails that say what this act did: its own words, its parcels and cancellations, the dates it moved.

    Of a date that was moved on before it was told, the later act's mail speaks.
    """
    moved = Q(line__promise_changes__change_set=change, message__created_at__gte=change.at)
    same = Q(window_from=F("line__promise_changes__new_from"), window_until=F("line__promise_changes__new_until")) | Q(
        window_until=None, line__promise_changes__new_until=None
    )
    dates = MessageLine.objects.filter(moved & same, promise_version__isnull=False)
    goods = MessageLine.objects.filter(Q(cancellation__change_set=change) | Q(shipment__change_set=change))
    ids = [lines.order_by().values("message") for lines in (dates, goods)]
    return Message.objects.filter(Q(personal_text__change_set=change) | Q(pk__in=ids[0]) | Q(pk__in=ids[1]))


class Undo(Doing):
    """Put back what a change set changed."""

    permission = "undoing.undo"

    def does(self) -> Done[Any]:
        """Undo it."""
        return undoing.undo(get_object_or_404(ChangeSet, pk=self.kwargs["pk"]), by=self.by, at=self.at)

    def back(self) -> str:
        """Stay on the change set."""
        return reverse("admin:change_set", args=[self.kwargs["pk"]])


class Revert(ActScreen):
    """Put back what a change set changed, or what nobody changed since, once it is seen whom that moves."""

    template_name = "backoffice/act.html"
    permission = "undoing.revert"
    form_class = AskingForm
    button = gettext_lazy("Revert")

    @cached_property
    def change(self) -> ChangeSet:
        """The change set, if this person may take back such a change."""
        change = get_object_or_404(ChangeSet, pk=self.kwargs["pk"])
        if not undoing.may_undo(change, person=self.by):
            raise PermissionDenied(self.permission)
        return change

    def heading(self) -> str:
        """Name what is taken back."""
        names = {"act": act_name(self.change.act), "number": self.change.pk}
        return _("Revert “%(act)s”, change %(number)s") % names

    @property
    def back_name(self) -> str:
        """Name the change set."""
        return act_name(self.change.act)

    def preview(self, form: AskingForm) -> Impact:
        """Whom it moves."""
        return undoing.preview_revert(self.change, at=self.at)

    def facts(self, form: AskingForm) -> list[str]:
        """Say what stays."""
        changed = [str(line) for line in undoing.changed_since(self.change)]
        stays = _("Changed by somebody since, and stays: %(lines)s.") % {"lines": ", ".join(changed)}
        told = _("Whoever was told the newer date hears of the old one by the usual way.")
        return [stays, told] if changed else [told]

    def does(self, form: AskingForm) -> Done[Any]:
        """Take it back."""
        return undoing.revert(self.change, by=self.by, at=self.at)

    def back(self) -> str:
        """Go back to the change set."""
        return reverse("admin:change_set", args=[self.kwargs["pk"]])
