"""What the acts are called, on screens and inside sentences."""

from typing import Any

from django.utils.functional import lazystr
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from backorders.changes.models import ChangeSet

NAMES = {
    "place_order": _("Order placed"),
    "cancel": _("Cancelled"),
    "change_quantity": _("Quantity changed"),
    "split": _("Order split"),
    "substitute": _("Product exchanged"),
    "reallocate": _("Put before another"),
    "compensate": _("Compensated"),
    "offer_alternative": _("Another product offered"),
    "give_compensation": _("Compensated by policy"),
    "decline_compensation": _("Compensation declined"),
    "write_policy": _("Policy of compensation written"),
    "settle_reply": _("Mail settled"),
    "write_message": _("Message written"),
    "ask_question": _("Question asked"),
    "answer_question": _("Question answered"),
    "settle_question": _("Question settled"),
    "keep_waiting": _("Customer keeps waiting"),
    "send_ready": _("What is ready is sent first"),
    "mark_essential": _("Date essential or not"),
    "choose_updates": _("Optional mails chosen"),
    "ask_code": _("Code mailed"),
    "change_contact": _("Contact changed"),
    "agree": _("Customer agrees to wait"),
    "demand_extra_period": _("Last date set by the customer"),
    "end_contract": _("Contract ended by the customer"),
    "cancel_by_law": _("Cancelled by law"),
    "edit_message": _("Message edited"),
    "resend_message": _("Message sent once more"),
    "send_test": _("Test of a mail sent"),
    "write_words": _("Words written"),
    "write_macro": _("Macro written"),
    "withdraw_macro": _("Macro withdrawn"),
    "approve_words": _("Words approved"),
    "withdraw_words": _("Words withdrawn"),
    "expedite": _("Expedited"),
    "unexpedite": _("Expedited no longer"),
    "hold": _("Put on hold"),
    "release": _("Released"),
    "order_goods": _("Goods ordered"),
    "revise_eta": _("ETA changed"),
    "close_purchase_line": _("Purchase line closed"),
    "notice_unrecorded_etas": _("ETA found changed"),
    "receive": _("Goods received"),
    "ship": _("Shipped"),
    "confirm_delivery": _("Delivered"),
    "lose_parcel": _("Parcel given up as lost"),
    "return_to_stock": _("Returned to stock"),
    "adjust_stock": _("Stock counted"),
    "start_day": _("Planned for the day"),
    "plan_again": _("Planned again"),
    "undo": _("Undone"),
    "change_address": _("Address changed"),
    "revoke_links": _("Links revoked"),
    "pay_refund": _("Refund paid"),
    "try_reports_again": _("Reports of the provider tried again"),
    "lift_suppression": _("Address mailed again"),
    "hold_messages": _("Messages held"),
    "release_messages": _("Messages released"),
    "send_messages_now": _("Messages sent at once"),
    "cancel_messages": _("Messages cancelled"),
    "mark_called": _("Customer called"),
    "turn_mail_on": _("Mail released"),
    "turn_mail_off": _("Mail held"),
    "tell_now": _("Told at once"),
    "apply_import": _("Import applied"),
    "undo_import": _("Import undone"),
    "set_cause": _("Cause set"),
    "set_telling_rules": _("Rules of telling set"),
    "set_limits": _("Limits of approval set"),
    "ask_supplier": _("Suppliers asked"),
    "withdraw_request": _("Question to a supplier withdrawn"),
    "answer_dates": _("Supplier answered"),
    "reject_answers": _("Supplier's answer rejected"),
    "propose_eta": _("ETA proposed"),
    "decline_proposed_eta": _("Proposed ETA declined"),
    "note_call": _("Supplier called"),
    "make_calendar_link": _("Calendar address made"),
    "revoke_calendar_link": _("Calendar address revoked"),
    "repair_books": _("Books repaired"),
    "import_wwi": _("History imported"),
}


def act_name(act: str) -> str:
    """Return the act as a screen names it; one that is not listed keeps the name it has in the code."""
    return str(named(act))


def why(change: ChangeSet) -> str:
    """Return why it was done, as its person said it; of an undo what it takes back."""
    if change.undoes is None:
        return str(change.reason)
    return gettext("takes back: %(act)s") % {"act": act_name(change.undoes.act)}


def named(act: str) -> Any:
    """Return the name of the act for a sentence, in the language of whoever reads that."""
    return NAMES.get(act) or lazystr(act.replace("_", " ").capitalize())
