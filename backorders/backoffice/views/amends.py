"""What puts a customer's matter right: money that was paid back, an address that works again, a link that must not."""

from typing import Any

from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backorders.actions import caring, refunding, telling
from backorders.actions.done import Done
from backorders.backoffice.forms.asking import AskingForm, ReasonForm
from backorders.backoffice.views.screen import ActScreen
from backorders.notifications.models import Suppression
from backorders.orders.models import Order, Refund


class PayRefund(ActScreen):
    """Record that a refund was paid."""

    template_name = "backoffice/act.html"
    permission = "refunding.pay_refund"
    form_class = AskingForm
    back_name = gettext_lazy("Order")
    button = gettext_lazy("Refund paid")

    @cached_property
    def refund(self) -> Refund:
        """The refund."""
        return get_object_or_404(Refund.objects.select_related("cancellation__line__order"), pk=self.kwargs["pk"])

    def heading(self) -> str:
        """Name the sum and the order."""
        return _("Refund of %(sum)s for order %(order)s") % {
            "sum": self.refund,
            "order": self.refund.cancellation.line.order,
        }

    def does(self, form: AskingForm) -> Done[Any]:
        """Record it."""
        return refunding.pay_refund(self.refund, by=self.by, at=self.at)

    def back(self) -> str:
        """Go back to the order."""
        return reverse("admin:order", args=[self.refund.cancellation.line.order_id])


class LiftSuppression(ActScreen):
    """Mail an address again."""

    template_name = "backoffice/act.html"
    permission = "telling.lift_suppression"
    form_class = ReasonForm
    back_name = gettext_lazy("Suppressions")
    button = gettext_lazy("Mail this address again")

    @cached_property
    def suppression(self) -> Suppression:
        """The suppression."""
        return get_object_or_404(Suppression, pk=self.kwargs["pk"])

    def heading(self) -> str:
        """Name the address."""
        return _("Mail %(address)s again") % {"address": self.suppression}

    def does(self, form: ReasonForm) -> Done[Any]:
        """Lift it."""
        reason = form.cleaned_data["reason"]
        return telling.lift_suppression(self.suppression, reason=reason, by=self.by, at=self.at)

    def back(self) -> str:
        """Go back to the list."""
        return reverse("admin:notifications_suppression_changelist")


class RevokeLinks(ActScreen):
    """Let no mailed link lead to an order's page any more."""

    template_name = "backoffice/act.html"
    permission = "caring.revoke_links"
    form_class = ReasonForm
    back_name = gettext_lazy("Order")
    button = gettext_lazy("Revoke the links")

    @cached_property
    def order(self) -> Order:
        """The order."""
        return get_object_or_404(Order, pk=self.kwargs["pk"])

    def heading(self) -> str:
        """Name the order."""
        return _("Revoke the links to order %(order)s") % {"order": self.order}

    def does(self, form: ReasonForm) -> Done[Any]:
        """Revoke them."""
        return caring.revoke_links(self.order, reason=form.cleaned_data["reason"], by=self.by, at=self.at)

    def back(self) -> str:
        """Go back to the order."""
        return reverse("admin:order", args=[self.order.pk])
