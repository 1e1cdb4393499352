"""What we tell whom: every message from the moment it is due until it was delivered, or a person had to call."""

from backorders.notifications.models.links import ContactCode, CustomerLink, SupplierLink
from backorders.notifications.models.macros import Macro
from backorders.notifications.models.mail_switch import MailSwitch
from backorders.notifications.models.messages import (
    HEARD,
    IN_THE_OUTBOX,
    SAID,
    TO_CUSTOMERS,
    TO_SUPPLIERS,
    TO_WHERE_IT_WAS,
    UNFINISHED,
    UNSENT,
    Attempt,
    Message,
    MessageLine,
)
from backorders.notifications.models.replies import WAITS_FOR_STAFF, Reply, ReplyFile, Thread
from backorders.notifications.models.reports import (
    BOUNCES,
    SET_ASIDE,
    CallTask,
    ProviderEvent,
    Suppression,
    bounces,
)
from backorders.notifications.models.staff_mails import StaffMail
from backorders.notifications.models.telling_rules import TellingRules
from backorders.notifications.models.updates import Hurry, LaterWord, NextUpdate
from backorders.notifications.models.words import PersonalText, Wording

__all__ = [
    "BOUNCES",
    "HEARD",
    "IN_THE_OUTBOX",
    "SAID",
    "SET_ASIDE",
    "TO_CUSTOMERS",
    "TO_SUPPLIERS",
    "TO_WHERE_IT_WAS",
    "UNFINISHED",
    "UNSENT",
    "WAITS_FOR_STAFF",
    "Attempt",
    "CallTask",
    "ContactCode",
    "CustomerLink",
    "Hurry",
    "LaterWord",
    "Macro",
    "MailSwitch",
    "Message",
    "MessageLine",
    "NextUpdate",
    "PersonalText",
    "ProviderEvent",
    "Reply",
    "ReplyFile",
    "StaffMail",
    "SupplierLink",
    "Suppression",
    "TellingRules",
    "Thread",
    "Wording",
    "bounces",
]
