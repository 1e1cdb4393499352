"""The one table of ways back: for every act how it is undone, while it can be, or in one sentence why it never is.

What is undone at once is undone by a click; later the same way is a revert, with a preview of whom it moves. Where a
way goes line by line, what others changed since stays and the rest goes back.
"""

import datetime
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from django.utils.translation import gettext_lazy as _

from backorders.actions import undoing_orders as orders
from backorders.actions import undoing_supply as supply
from backorders.actions.seconding import Weight
from backorders.changes.models import ChangeSet


class Way(NamedTuple):
    """How one act is undone: the verb that whoever undoes it must have, the products to lock, why not, the way back.

    `is_by_line`: what nobody changed since can go back alone. `weight`: what taking it back comes to, where a limit
    asks for a second person; how many customers hear of it is counted of every way.
    """

    verb: str
    products: Callable[[ChangeSet], Sequence[int]]
    objection: Callable[[ChangeSet], Any]
    put_back: Callable[[ChangeSet, ChangeSet, datetime.datetime], None]
    is_by_line: bool = False
    weight: Callable[[ChangeSet], Weight] = lambda _change: Weight()


def _never(_change: ChangeSet) -> str:
    return ""


WAYS: dict[str, Way] = {
    "expedite": Way("queueing.expedite", orders.of_order, orders.line_objection, orders.put_flags_back),
    "unexpedite": Way(
        "queueing.unexpedite",
        orders.of_order,
        orders.line_objection,
        orders.put_flags_back,
        weight=lambda _change: Weight(is_before_others=True),
    ),
    "split": Way("splitting.split", orders.of_order, orders.split_objection, orders.join_back),
    "substitute": Way("substituting.substitute", orders.of_order, orders.substitute_objection, orders.swap_back),
    "reallocate": Way(
        "reallocating.reallocate",
        orders.of_order,
        orders.order_objection,
        orders.put_places_back,
        weight=lambda _change: Weight(is_before_others=True),
    ),
    "compensate": Way(
        "caring.compensate", orders.of_order, orders.gift_objection, orders.take_gift_back, weight=orders.given
    ),
    "offer_alternative": Way(
        "offering.offer_alternative", orders.of_order, orders.offer_objection, orders.take_offers_back
    ),
    "give_compensation": Way(
        "compensating.give", orders.of_order, orders.given_objection, orders.take_awards_back, weight=orders.given
    ),
    "decline_compensation": Way("compensating.decline", orders.of_order, _never, orders.propose_again),
    "write_message": Way("caring.write_message", orders.of_order, orders.posted_objection, orders.take_message_back),
    "answer_question": Way(
        "caring.answer_question", orders.of_order, orders.posted_objection, orders.open_question_again
    ),
    "settle_question": Way("caring.settle_question", orders.of_order, _never, orders.open_question_again),
    "settle_reply": Way("replying.settle", orders.of_order, _never, orders.let_reply_wait),
    "hold": Way("queueing.hold", orders.of_order, orders.line_objection, orders.put_flags_back),
    "release": Way("queueing.release", orders.of_order, orders.line_objection, orders.put_flags_back),
    "change_quantity": Way(
        "selling.change_quantity",
        orders.of_order,
        orders.line_objection,
        orders.put_quantity_back,
        weight=orders.ordered_more,
    ),
    "cancel": Way(
        "selling.cancel_line",
        orders.of_order,
        orders.cancel_objection,
        orders.put_cancelled_back,
        weight=orders.cancelled,
    ),
    "lose_parcel": Way(
        "losing.lose_parcel",
        orders.of_order,
        orders.lost_objection,
        orders.find_parcel_again,
        weight=orders.cancelled,
    ),
    "set_cause": Way("handling.set_cause", lambda _change: (), _never, orders.put_causes_back),
    "revise_eta": Way("revising.revise_eta", supply.of_purchase, supply.eta_objection, supply.put_etas_back, True),
    "close_purchase_line": Way("buying.close_purchase_line", supply.of_purchase, supply.close_objection, supply.reopen),
    "receive": Way(
        "receiving.receive",
        supply.of_purchase,
        supply.receive_objection,
        supply.put_received_back,
        weight=supply.places_given,
    ),
    "return_to_stock": Way(
        "shipping.return_to_stock", orders.of_order, supply.return_objection, supply.let_return_be_out
    ),
    "adjust_stock": Way(
        "counting.adjust_stock",
        supply.of_product,
        supply.adjust_objection,
        supply.put_count_back,
        weight=supply.counted,
    ),
}

_DECIDED = _("The customer decided it, which stays on record; the customer may decide anew.")
_ENDED = _("The contract has ended by law; place a new order instead.")
_LEAVING = _("What still waits can be cancelled in the outbox; what has left cannot be called back.")
_OUTBOX = _("Messages are held and released in the outbox.")
_SWITCH = _("Mail is stopped and let leave again in the outbox.")
_CALLED = _("What was said by phone cannot be unsaid.")
_VERSIONS = _("Versions of words stay as they were; write a new one.")
_SET_ANEW = _("Set it anew; what was before stays on record.")
_ASK_AGAIN = _("Ask the supplier again.")
_FOLLOWS = _("It follows from the books by itself; there is nothing to put back.")

NO_WAY: dict[str, Any] = {
    "place_order": _("Cancel the order instead."),
    "write_policy": _SET_ANEW,
    "set_limits": _SET_ANEW,
    "set_telling_rules": _SET_ANEW,
    "ask_question": _("Answer or settle the question instead."),
    **dict.fromkeys(("keep_waiting", "send_ready", "mark_essential", "choose_updates", "change_contact"), _DECIDED),
    **dict.fromkeys(("agree", "demand_extra_period"), _DECIDED),
    **dict.fromkeys(("end_contract", "cancel_by_law"), _ENDED),
    "ask_code": _("The code ends by itself."),
    "edit_message": _("Edit the message again while it waits in the outbox."),
    **dict.fromkeys(("resend_message", "send_messages_now", "tell_now"), _LEAVING),
    "send_test": _("A test tells nobody anything; there is nothing to take back."),
    **dict.fromkeys(("hold_messages", "release_messages"), _OUTBOX),
    "cancel_messages": _("Tell the customer anew instead."),
    **dict.fromkeys(("turn_mail_on", "turn_mail_off"), _SWITCH),
    **dict.fromkeys(("mark_called", "note_call"), _CALLED),
    **dict.fromkeys(("write_words", "approve_words", "withdraw_words"), _VERSIONS),
    "write_macro": _("Write the macro anew; what was answered with it stays."),
    "withdraw_macro": _("Write the macro anew; what was answered with it stays."),
    "order_goods": _("Close the purchase lines instead."),
    "ship": _("Take the goods back into stock when they return."),
    "confirm_delivery": _("Give the parcel up as lost if it did not arrive."),
    "change_address": _("Change the address again."),
    "revoke_links": _("A revoked link stays revoked; the next mail brings a new one."),
    "pay_refund": _("The money has left."),
    "try_reports_again": _("What the provider said stays said."),
    "lift_suppression": _("If the address bounces again, it is not mailed any more."),
    "apply_import": _("Undo the import on its own page."),
    "undo_import": _("Import the list again."),
    "ask_supplier": _("Withdraw the question instead."),
    **dict.fromkeys(("withdraw_request", "reject_answers"), _ASK_AGAIN),
    "answer_dates": _("Accept or reject what the supplier answered."),
    "propose_eta": _("Propose another ETA instead, or let a buyer decline it."),
    "decline_proposed_eta": _("Propose the ETA again, or change it."),
    "make_calendar_link": _("Revoke the address instead."),
    "revoke_calendar_link": _("Make a new address instead."),
    "undo": _("Do the act again instead."),
    **dict.fromkeys(("start_day", "plan_again", "notice_unrecorded_etas", "repair_books"), _FOLLOWS),
    "import_wwi": _("An imported history stays as it came."),
}
