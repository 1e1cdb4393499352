"""The addresses of our screens, under those of the admin."""

from collections.abc import Callable
from typing import Any

from django.urls import URLPattern, path
from django.views.i18n import set_language

from backorders.backoffice.views import changes, eta, order, order_acts, outbox, records, search, supply_acts, waiting

Wrap = Callable[[Any], Any]

_LINE = "orders/<int:pk>/lines/<int:line>/"
_PAGES = [
    ("waiting/", waiting.WaitingLines, "waiting_lines"),
    ("search/", search.Search, "search"),
    ("records/", records.Records, "records"),
    ("orders/place/", order_acts.PlaceOrder, "place_order"),
    ("orders/<int:pk>/", order.ShowOrder, "order"),
    ("orders/<int:pk>/cancel/", order_acts.CancelOrder, "cancel_order"),
    ("orders/<int:pk>/ship/", order_acts.Ship, "ship"),
    ("orders/<int:pk>/note/", order_acts.WriteNote, "write_note"),
    (_LINE + "cancel/", order_acts.CancelLine, "cancel_line"),
    (_LINE + "quantity/", order_acts.ChangeQuantity, "change_quantity"),
    (_LINE + "expedite/", order_acts.Expedite, "expedite"),
    (_LINE + "hold/", order_acts.Hold, "hold"),
    (_LINE + "release/", order_acts.Release, "release"),
    ("shipments/<int:pk>/delivered/", order_acts.ConfirmDelivery, "confirm_delivery"),
    ("shipment-lines/<int:pk>/return/", order_acts.ReturnToStock, "return_to_stock"),
    ("purchase-orders/place/", supply_acts.OrderGoods, "order_goods"),
    ("purchase-lines/<int:pk>/eta/", eta.LineEta, "purchase_line_eta"),
    ("purchase-lines/<int:pk>/close/", supply_acts.ClosePurchaseLine, "close_purchase_line"),
    ("purchase-orders/<int:pk>/eta/", eta.PurchaseOrderEta, "purchase_order_eta"),
    ("purchase-orders/<int:pk>/receive/", supply_acts.Receive, "receive"),
    ("eta/<str:selection>/", eta.SelectionEta, "selection_eta"),
    ("stock/count/", supply_acts.AdjustStock, "adjust_stock"),
    ("outbox/", outbox.Outbox, "outbox"),
    ("messages/<int:pk>/", outbox.ShowMessage, "message"),
    ("messages/<int:pk>/html/", outbox.MailAsSent, "mail_as_sent"),
    ("outbox/mail/<str:way>/", outbox.TurnMail, "turn_mail"),
    ("outbox/<str:verb>/", outbox.StopOrSend, "stop_or_send"),
    ("calls/", outbox.Calls, "calls"),
    ("calls/<int:pk>/called/", outbox.MarkCalled, "mark_called"),
    ("changes/<int:pk>/", changes.ShowChangeSet, "change_set"),
    ("changes/<int:pk>/undo/", changes.Undo, "undo"),
]


def screens(wrap: Wrap) -> list[URLPattern]:
    """Return our screens, each wrapped by the site's own check of who is there."""
    pages = [path(route, wrap(view.as_view()), name=name) for route, view, name in _PAGES]
    return [*pages, path("language/", set_language, name="language")]
