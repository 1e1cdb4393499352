"""Whether mail leaves at all: one row that a person, a restored copy, or a provider in trouble turns off."""

import datetime
import uuid

from django.conf import settings
from django.db.models import F

from backorders.changes.models import ChangeSet
from backorders.notifications.models import MailSwitch
from backorders.notifications.policy import SENDING, SendingPolicy

THE_ONE = 1


def this_instance() -> uuid.UUID:
    """Return the id of this installation: the same setting gives the same id."""
    return uuid.uuid5(uuid.NAMESPACE_URL, f"backorders:{settings.INSTANCE_ID}")


def mail_switch(*, at: datetime.datetime) -> MailSwitch:
    """Return the switch; a new database gets one that is on, a copy of another installation's is turned off."""
    defaults = {"instance_id": this_instance(), "changed_at": at}
    switch, _ = MailSwitch.objects.get_or_create(pk=THE_ONE, defaults=defaults)
    if switch.is_on and switch.instance_id != this_instance():
        MailSwitch.objects.filter(pk=THE_ONE, is_on=True).update(is_on=False, changed_at=at)
        switch.refresh_from_db()
    return switch


# The same in the statement of the gate, for this installation at a moment.
LETS_PASS = f"""EXISTS (
        SELECT 1 FROM notifications_mailswitch s
        WHERE s.id = {THE_ONE} AND s.is_on AND s.instance_id = %s AND (s.paused_until IS NULL OR s.paused_until <= %s)
    )"""  # noqa: S608 a number of ours


def lets_pass(switch: MailSwitch, *, at: datetime.datetime) -> bool:
    """Whether a mail may leave now."""
    return switch.is_on and not switch.is_paused(at)


def turn(*, is_on: bool, change_set: ChangeSet, at: datetime.datetime) -> None:
    """Turn the switch; turning it on releases the database for this installation and forgets the provider's trouble."""
    mail_switch(at=at)
    fields = {"is_on": is_on, "changed_at": at, "change_set": change_set}
    if is_on:
        fields |= {"instance_id": this_instance(), "failures": 0, "paused_until": None}
    MailSwitch.objects.filter(pk=THE_ONE).update(**fields)


def note_trouble(*, pause: datetime.timedelta | None, at: datetime.datetime, policy: SendingPolicy = SENDING) -> None:
    """Count a failure of the provider itself; after several in a row, or when it asks for it, sending pauses.

    The pause doubles with every further failure, so that an outage costs one attempt a pause, not one a message.
    """
    MailSwitch.objects.filter(pk=THE_ONE).update(failures=F("failures") + 1)
    failures = MailSwitch.objects.values_list("failures", flat=True).get(pk=THE_ONE)
    beyond = failures - policy.breaker_after
    if beyond >= 0:
        doubled = policy.breaker_pause * 2 ** min(beyond, 16)
        pause = max(pause or policy.breaker_pause, min(doubled, policy.longest_pause))
    if pause is not None:
        MailSwitch.objects.filter(pk=THE_ONE).update(paused_until=at + pause)


def note_success() -> None:
    """The provider answers again: forget its trouble."""
    MailSwitch.objects.filter(pk=THE_ONE, failures__gt=0).update(failures=0, paused_until=None)
