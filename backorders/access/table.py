"""Who may do what: one table of the verbs, one of the records; a verb or record that is not in them nobody may use.

A superuser may do everything: for breaking the glass, not for the day's work.
"""

import enum
from typing import Any, NamedTuple

from django.utils.translation import gettext_lazy as _


class Role(enum.Flag):
    """What somebody is at work; a person may be several."""

    SERVICE = enum.auto()
    PURCHASING = enum.auto()
    WAREHOUSE = enum.auto()
    MANAGER = enum.auto()
    AUDITOR = enum.auto()
    ADMINISTRATOR = enum.auto()

    @property
    def group(self) -> str:
        """The name of the role's group, in English: it is the key in the database and in the translations."""
        return GROUPS[self]


NOBODY = Role(0)
EVERYBODY = ~NOBODY
SERVICE, PURCHASING, WAREHOUSE, MANAGER, AUDITOR, ADMINISTRATOR = Role
DESK = SERVICE | MANAGER
BUYING = PURCHASING | MANAGER
STORE = WAREHOUSE | MANAGER
WORKING = SERVICE | PURCHASING | WAREHOUSE | MANAGER

GROUPS = {
    SERVICE: "Customer service",
    PURCHASING: "Purchasing",
    WAREHOUSE: "Warehouse",
    MANAGER: "Manager",
    AUDITOR: "Auditor",
    ADMINISTRATOR: "Administrator",
}
GROUP_LABELS = {
    "Customer service": _("Customer service"),
    "Purchasing": _("Purchasing"),
    "Warehouse": _("Warehouse"),
    "Manager": _("Manager"),
    "Auditor": _("Auditor"),
    "Administrator": _("Administrator"),
}


class Capability(NamedTuple):
    """Something that can be allowed: what it is called, and which roles have it."""

    label: Any
    roles: Role


def _c(label: Any, roles: Role) -> Capability:
    return Capability(label, roles)


# The verbs, by room and name as in the code, and what else is allowed by itself. What is marked with "approval" needs a
# second person above the limit it names (`actions/seconding.py`).
CAPABILITIES: dict[str, Capability] = {
    "placing.place_order": _c(_("place an order"), DESK),
    "selling.cancel_line": _c(_("cancel units of an order"), DESK),  # approval: money
    "selling.cancel_order": _c(_("cancel an order"), DESK),  # approval: money
    "selling.change_quantity": _c(_("change an ordered quantity"), DESK),  # approval: money
    "queueing.expedite": _c(_("put a line before others"), DESK),  # approval: always
    "queueing.unexpedite": _c(_("put a line back to its rank"), DESK),
    "splitting.split": _c(_("split an order"), DESK),
    "substituting.substitute": _c(_("give another product instead"), DESK),
    "reallocating.reallocate": _c(_("put one line before another"), DESK),  # approval: always
    "queueing.hold": _c(_("hold a line"), DESK),
    "queueing.release": _c(_("release a held line"), DESK),
    "buying.order_goods": _c(_("order goods"), BUYING),
    "wanting.ask_to_buy": _c(_("ask the buyers for goods"), WORKING),
    "revising.revise_eta": _c(_("change an ETA"), BUYING),  # approval: customers
    "revising_many.revise_later": _c(_("let a job change the ETAs that very many wait for"), BUYING),
    "opening.start_undoing": _c(_("undo an import of ETAs"), BUYING),  # approval: customers
    "opening.start_applying": _c(_("apply an import of ETAs"), BUYING),  # approval: customers
    "buying.close_purchase_line": _c(_("close a purchase line"), BUYING),  # approval: customers
    "asking.ask_supplier": _c(_("ask a supplier for dates"), BUYING),
    "asking.withdraw": _c(_("withdraw a question to a supplier"), BUYING),
    "proposals.accept": _c(_("accept what suppliers answer"), BUYING),  # approval: customers
    "proposals.reject": _c(_("reject what suppliers answer"), BUYING),
    "staff_proposals.propose": _c(_("propose an ETA"), WORKING),
    "staff_proposals.accept": _c(_("accept proposed ETAs"), BUYING),  # approval: customers
    "staff_proposals.decline": _c(_("decline proposed ETAs"), BUYING),
    "asking.note_call": _c(_("mark a supplier as called"), BUYING),
    "feeding.make_calendar_link": _c(_("read expected receipts in a calendar"), WORKING),
    "feeding.revoke_calendar_link": _c(_("revoke a calendar's address"), WORKING),
    "receiving.receive": _c(_("receive goods"), STORE),  # approval: customers; always with lines put first
    "photographing.keep_photos": _c(_("add pictures of damage"), STORE),
    "photographing.drop_photo": _c(_("remove pictures of damage"), STORE),
    "shipping.ship": _c(_("ship an order"), STORE),
    "shipping.confirm_delivery": _c(_("confirm a delivery"), DESK | WAREHOUSE),
    "losing.lose_parcel": _c(_("give a parcel up as lost"), DESK),  # approval: money
    "shipping.return_to_stock": _c(_("take goods back into stock"), STORE),
    "counting.adjust_stock": _c(_("count stock"), STORE),  # approval: units
    "telling.hold": _c(_("hold messages"), DESK),
    "telling.release": _c(_("release held messages"), DESK),
    "telling.send_now": _c(_("send messages at once"), DESK),
    "telling.cancel": _c(_("cancel messages"), DESK),
    "sampling.send_test": _c(_("send oneself a test of a mail"), DESK),
    "telling.resend": _c(_("send a mail once more"), DESK),
    "telling.edit": _c(_("edit messages before they leave"), DESK),
    "telling.edit_to_supplier": _c(_("edit mails to suppliers before they leave"), BUYING),
    "telling.tell_now": _c(_("tell customers at once"), DESK),  # approval: customers
    "telling.mark_called": _c(_("mark a customer as called"), DESK),
    "telling.turn_mail": _c(_("stop or release all mail"), MANAGER | ADMINISTRATOR),
    "reporting.try_again": _c(_("try reports of the mail provider again"), DESK),
    "telling.lift_suppression": _c(_("mail an address again"), DESK),
    "lawful.agree": _c(_("write down that a customer agrees to wait"), DESK),
    "lawful.demand_extra_period": _c(_("write down a customer's last date"), DESK),
    "lawful.end_contract": _c(_("end a contract for a customer"), DESK),
    "deciding.mark_essential": _c(_("write down whether a date is essential to a customer"), DESK),
    "lawful.prove": _c(_("hand out the proof pack of an order"), DESK),  # with how customers are reached
    "refunding.pay_refund": _c(_("record that a refund was paid"), DESK),
    "caring.revoke_links": _c(_("revoke links to an order"), DESK),
    "hearing.ask_question": _c(_("write down a customer's question"), DESK),
    "replying.place": _c(_("say which order a mail is about"), DESK),
    "replying.settle": _c(_("close a mail that asks nothing"), DESK),
    "caring.answer_question": _c(_("answer a customer's question"), DESK),
    "caring.settle_question": _c(_("settle a customer's question"), DESK),
    "offering.offer_alternative": _c(_("offer another product"), DESK),  # approval: customers
    "caring.write_note": _c(_("write a note"), WORKING),
    "drafting.keep_draft": _c(_("keep a draft"), WORKING),  # only of what one may write
    "caring.write_message": _c(_("write to a customer"), DESK),
    "caring.compensate": _c(_("compensate a customer"), DESK),  # approval: money
    "policymaking.write_policy": _c(_("write policies of compensation"), MANAGER),
    "compensating.give": _c(_("give what policies propose"), DESK),  # approval: money
    "compensating.decline": _c(_("decline what policies propose"), DESK),
    "ruling.set_telling_rules": _c(_("set when customers are written to"), MANAGER),
    "wording.write_words": _c(_("write the words of mails"), DESK),
    "macros.write_macro": _c(_("write macros of answers"), DESK),
    "macros.withdraw_macro": _c(_("withdraw macros of answers"), MANAGER),
    "wording.approve_words": _c(_("approve the words of mails"), MANAGER),
    "wording.withdraw_words": _c(_("withdraw the words of mails"), MANAGER),
    "caring.change_address": _c(_("change a customer's address"), DESK),
    "handling.assign": _c(_("assign lines"), WORKING),
    "handling.snooze": _c(_("set lines aside"), WORKING),
    "handling.wake": _c(_("bring lines back"), WORKING),
    "handling.set_cause": _c(_("say why a line waits"), WORKING),
    "viewing.save_view": _c(_("save a view"), EVERYBODY),
    "viewing.delete_view": _c(_("delete a saved view"), EVERYBODY),
    "viewing.prefer": _c(_("set preferences"), EVERYBODY),
    "viewing.prefer_columns": _c(_("choose columns"), EVERYBODY),
    "approving.ask": _c(_("ask for approval"), WORKING),
    "approving.approve": _c(_("approve what others ask for"), MANAGER),
    "approving.refuse": _c(_("refuse what others ask for"), MANAGER),
    "approving.set_limits": _c(_("set the limits of approval"), ADMINISTRATOR),
    "minding.ask_for_access": _c(_("ask for access"), EVERYBODY),
    "minding.mark_read": _c(_("mark notices as read"), EVERYBODY),
    "minding.mark_unread": _c(_("mark notices as unread"), EVERYBODY),
    "minding.set_aside": _c(_("set notices aside"), EVERYBODY),
    "minding.take_up_again": _c(_("bring notices back"), EVERYBODY),
    "minding.follow": _c(_("follow a thing"), EVERYBODY),  # only of what one may see
    "minding.unfollow": _c(_("follow a thing no longer"), EVERYBODY),
    "minding.mute": _c(_("mute kinds of notices"), EVERYBODY),
    "undoing.undo": _c(_("undo a change"), WORKING),  # only of a verb one may do; approval: money, units, customers
    "undoing.revert": _c(_("revert a change"), WORKING),  # only of a verb one may do
    # approval: customers
    "undoing.undo_what_nobody_changed": _c(_("undo changes of ETAs that nobody changed since"), BUYING),
    "bookkeeping.repair_books": _c(_("repair the books"), ADMINISTRATOR),
    "demo.load": _c(_("load the demo shop"), ADMINISTRATOR),
    "health.see": _c(_("see how the machine is"), MANAGER | ADMINISTRATOR),
    "contacts.see": _c(_("see how customers are reached"), DESK),
}

VIEW, ADD, CHANGE, DELETE = "view", "add", "change", "delete"
EDIT = (VIEW, ADD, CHANGE, DELETE)


class Seen(NamedTuple):
    """Which roles see a kind of record, and which of them edit it where no verb owns the change."""

    seeing: Role
    editing: Role = NOBODY


# Business data is seen by those who work with it and by the auditor; how customers are reached by the desk alone
# (the auditor sees it masked).
BUSINESS = WORKING | AUDITOR
TOLD = DESK | AUDITOR

RECORDS: dict[str, Seen] = {
    "catalog.category": Seen(BUSINESS, BUYING),
    "catalog.product": Seen(BUSINESS, BUYING),
    "catalog.substitute": Seen(BUSINESS, BUYING),
    "supply.supplier": Seen(BUSINESS, BUYING),
    "supply.supplierproduct": Seen(BUSINESS, BUYING),
    "supply.warehouse": Seen(BUSINESS, MANAGER),
    "supply.holiday": Seen(BUSINESS, STORE),
    "supply.purchaseorder": Seen(BUSINESS),
    "supply.purchaseline": Seen(BUSINESS),
    "supply.etarevision": Seen(BUSINESS),
    "supply.receipt": Seen(BUSINESS),
    "supply.stocklevel": Seen(BUSINESS),
    "supply.stockmovement": Seen(BUSINESS),
    "chasing.chasepolicy": Seen(BUSINESS, BUYING),
    "chasing.daterequest": Seen(BUSINESS),
    "chasing.requestline": Seen(BUSINESS),
    "chasing.etaproposal": Seen(BUSINESS),
    "chasing.staffproposal": Seen(BUSINESS),
    "orders.customer": Seen(TOLD, DESK),
    "orders.carrier": Seen(BUSINESS, MANAGER),
    "orders.order": Seen(BUSINESS),
    "orders.orderline": Seen(BUSINESS),
    "orders.shipment": Seen(BUSINESS),
    "orders.shipmentline": Seen(BUSINESS),
    "orders.cancellation": Seen(BUSINESS),
    "orders.refund": Seen(TOLD),
    "orders.note": Seen(BUSINESS),
    "orders.compensation": Seen(TOLD),
    "orders.question": Seen(TOLD),
    "orders.decision": Seen(TOLD),
    "orders.feedback": Seen(TOLD),
    "orders.offer": Seen(TOLD),
    "compensation.compensationpolicy": Seen(TOLD),
    "compensation.award": Seen(TOLD),
    "allocation.allocation": Seen(BUSINESS),
    "allocation.promise": Seen(BUSINESS),
    "allocation.promisechange": Seen(BUSINESS),
    "delays.legalcase": Seen(BUSINESS),
    "delays.legalevent": Seen(BUSINESS),
    "notifications.message": Seen(TOLD),
    "notifications.messageline": Seen(TOLD),
    "notifications.personaltext": Seen(TOLD),
    "notifications.wording": Seen(TOLD),
    "notifications.attempt": Seen(TOLD),
    "notifications.providerevent": Seen(DESK),
    "notifications.suppression": Seen(DESK),
    "notifications.calltask": Seen(TOLD),
    "notifications.customerlink": Seen(TOLD),
    "notifications.thread": Seen(TOLD),
    "notifications.reply": Seen(TOLD),
    "notifications.replyfile": Seen(TOLD),
    "notifications.supplierlink": Seen(TOLD),
    "notifications.tellingrules": Seen(TOLD),
    "notifications.mailswitch": Seen(MANAGER | AUDITOR | ADMINISTRATOR),
    "changes.changeset": Seen(BUSINESS),
    "changes.approval": Seen(BUSINESS),
    "changes.approvallimit": Seen(MANAGER | AUDITOR | ADMINISTRATOR, ADMINISTRATOR),
    "changes.touch": Seen(BUSINESS),
    "jobs.job": Seen(BUSINESS, MANAGER),
    "auth.user": Seen(AUDITOR | ADMINISTRATOR, ADMINISTRATOR),
    "auth.group": Seen(AUDITOR | ADMINISTRATOR),
}


def roles_with(permission: str) -> Role:
    """Return the roles that have a permission: a verb ("revising.revise_eta") or Django's ("orders.view_order")."""
    if permission in CAPABILITIES:
        return CAPABILITIES[permission].roles
    app, _dot, codename = permission.partition(".")
    way, _bar, model = codename.partition("_")
    known = RECORDS.get(f"{app}.{model}", Seen(NOBODY))
    return known.seeing if way == VIEW else known.editing if way in EDIT else NOBODY


def permissions_of(roles: Role) -> frozenset[str]:
    """Return everything that somebody with any of these roles may do."""
    verbs = {name for name, capability in CAPABILITIES.items() if capability.roles & roles}
    records = {
        f"{app}.{way}_{model}"
        for name, seen in RECORDS.items()
        for app, _dot, model in [name.partition(".")]
        for way in EDIT
        if roles & (seen.seeing if way == VIEW else seen.editing)
    }
    return frozenset(verbs | records)


def group_names(roles: Role) -> list[str]:
    """Return the names of these roles' groups, in the order of the table."""
    return [name for role, name in GROUPS.items() if role & roles]
