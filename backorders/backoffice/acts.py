"""What the verbs are called on the screens."""

from django.utils.translation import gettext_lazy as _

NAMES = {
    "place_order": _("Order placed"),
    "cancel": _("Cancelled"),
    "change_quantity": _("Quantity changed"),
    "expedite": _("Expedited"),
    "hold": _("Held"),
    "release": _("Released"),
    "order_goods": _("Goods ordered"),
    "revise_eta": _("ETA changed"),
    "close_purchase_line": _("Purchase line closed"),
    "notice_unrecorded_etas": _("ETA found changed"),
    "receive": _("Goods received"),
    "ship": _("Shipped"),
    "confirm_delivery": _("Delivered"),
    "return_to_stock": _("Returned to stock"),
    "adjust_stock": _("Stock counted"),
    "start_day": _("Planned for the day"),
    "plan_again": _("Planned again"),
    "undo": _("Undone"),
    "change_address": _("Address changed"),
    "hold_messages": _("Messages held"),
    "release_messages": _("Messages released"),
    "send_messages_now": _("Messages sent at once"),
    "cancel_messages": _("Messages cancelled"),
    "mark_called": _("Customer called"),
    "turn_mail_on": _("Mail released"),
    "turn_mail_off": _("Mail held"),
    "repair_books": _("Books repaired"),
}


def act_name(act: str) -> str:
    """Return the act as a screen names it; one that is not listed keeps the name it has in the code."""
    return str(NAMES.get(act) or act.replace("_", " ").capitalize())
