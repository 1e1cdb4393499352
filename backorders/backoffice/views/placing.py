"""An order is placed for a customer who called."""

import secrets
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy

from backorders.actions import placing
from backorders.actions.done import Done
from backorders.backoffice.forms.orders import PlaceOrderForm
from backorders.backoffice.views.screen import ActScreen
from backorders.refusal import Refused


class PlaceOrder(ActScreen):
    """Place an order for a customer who called."""

    permission = "placing.place_order"
    template_name = "backoffice/place_order.html"
    form_class = PlaceOrderForm
    title = gettext_lazy("Place an order")
    back_name = gettext_lazy("Orders")
    button = gettext_lazy("Place the order")
    preview_template = "backoffice/placing.html"

    def initial(self) -> dict[str, Any]:
        """Start with a key, so that sending the form twice places one order."""
        return {"key": secrets.token_urlsafe(12)}

    def looked_ahead(self, form: PlaceOrderForm) -> dict[str, Any]:
        """What each line would get, as at the tail of its queue."""
        if not form.is_ready():
            return {"unready": True}
        new = form.order()
        try:
            joined = placing.preview_place(new, at=self.at)
        except Refused as refusal:
            return {"refusal": str(refusal)}
        return {"placing": list(zip(new.lines, joined, strict=True))}

    def does(self, form: PlaceOrderForm) -> Done[Any]:
        """Place it."""
        done = placing.place_order(form.order(), key=form.cleaned_data["key"], by=self.by, at=self.at)
        self.placed = done.made
        return done

    def back(self) -> str:
        """Go to the order that was placed, or to all orders."""
        placed = getattr(self, "placed", None)
        return reverse("admin:order", args=[placed.pk]) if placed else reverse("admin:orders_order_changelist")
