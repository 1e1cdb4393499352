"""Following: a press on a thing's own page lets what others do with it come into one's inbox, and stops it."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from backorders.actions import minding
from backorders.allocation.windows import business_day
from backorders.backoffice import followed_views, notices
from backorders.backoffice.views.screen import Screen
from backorders.backoffice.views.waiting import saved_views
from backorders.backoffice.workbench.among import AT_MOST
from backorders.catalog.models import Product
from backorders.desk.models import Follow, SavedView
from backorders.orders.models import Order
from backorders.refusal import Refused
from backorders.supply.models import PurchaseOrder


class Following(Screen):
    """Follow a thing, or stop following it; then its page again."""

    http_method_names = ["post", "options"]
    thing: Follow.Thing

    def named(self) -> str:
        """Return what the thing is called."""
        raise NotImplementedError

    def seen(self) -> list[int]:
        """Return the lines (ids) that one has seen of a view, and will not hear of."""
        return []

    def followed(self) -> str:
        """Say what comes of it."""
        return _("What others do with %(name)s comes into your inbox.")

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Do it, and say where it shows."""
        pk, name = kwargs["pk"], self.named()
        if "stop" in request.POST:
            minding.unfollow(self.thing, pk, by=self.by)
            messages.success(request, _("You follow %(name)s no longer.") % {"name": name})
        else:
            try:
                minding.follow(self.thing, pk, name=name, seen=self.seen(), by=self.by, at=self.at)
            except Refused as refusal:
                messages.error(request, str(refusal))
            else:
                messages.success(request, self.followed() % {"name": name})
        return redirect(f"admin:{notices.PLACES[self.thing]}", pk)


class FollowOrder(Following):
    """Of an order."""

    permission = "orders.view_order"
    thing = Follow.Thing.ORDER

    def named(self) -> str:
        """By its number."""
        order = get_object_or_404(Order, pk=self.kwargs["pk"])
        return _("Order %(number)s") % {"number": order.number}


class FollowProduct(Following):
    """Of a product."""

    permission = "supply.view_purchaseline"
    thing = Follow.Thing.PRODUCT

    def named(self) -> str:
        """By its own name."""
        return str(get_object_or_404(Product, pk=self.kwargs["pk"]))


class FollowPurchaseOrder(Following):
    """Of a purchase order."""

    permission = "supply.view_purchaseorder"
    thing = Follow.Thing.PURCHASE_ORDER

    def named(self) -> str:
        """By its number."""
        return get_object_or_404(PurchaseOrder, pk=self.kwargs["pk"]).number


class FollowView(Following):
    """Of a saved view: whoever comes into it."""

    permission = "orders.view_orderline"
    thing = Follow.Thing.VIEW

    @cached_property
    def view(self) -> SavedView:
        """The view, one's own or the team's."""
        view: SavedView = get_object_or_404(saved_views(self.by), pk=self.kwargs["pk"])
        return view

    def named(self) -> str:
        """By its name."""
        return self.view.name

    def seen(self) -> list[int]:
        """Return those that are in it now. Raises `FollowsTooMuch` if they are more than anybody works through."""
        lines = followed_views.lines_in(self.view, person=self.by, today=business_day(self.at))
        if len(lines) >= AT_MOST:
            raise minding.FollowsTooMuch(
                _("More than %(most)s lines are in “%(name)s”. Follow a narrower view."),
                most=AT_MOST,
                name=self.view.name,
            )
        return lines

    def followed(self) -> str:
        """New lines come, whoever made them."""
        return _("New lines of %(name)s come into your inbox.")
