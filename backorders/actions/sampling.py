"""Sampling: a mail as customers would read it, sent to whoever asks for it. Nobody else hears, nothing is told."""

import datetime

from django.contrib.auth.models import User
from django.utils.translation import gettext, override
from django.utils.translation import gettext_lazy as _

from backorders.actions.done import Done
from backorders.allocation.impact import Impact
from backorders.changes.acting import act
from backorders.changes.recording import open_change
from backorders.notifications import staff_mails
from backorders.notifications.emails import Rendered
from backorders.notifications.models import StaffMail
from backorders.refusal import Refused


class NoAddressOfOurs(Refused):
    """Whoever asks has no address that can be mailed."""


@act
def send_test(mail: Rendered, *, language: str, by: User, at: datetime.datetime) -> Done[StaffMail]:
    """Send a mail to the address of the person who asks, marked in its subject as a test, in its own language.

    It leaves at once, unless all mail is held. Raises `NoAddressOfOurs`.
    """
    if why := staff_mails.why_not(by.email):
        raise NoAddressOfOurs(_("A test goes to the address of your own account. %(why)s"), why=why)
    with override(language):
        subject = gettext("Test: %(subject)s") % {"subject": mail.subject}
    change = open_change("send_test", summary={"messages": 1}, by=by, at=at)
    draft = staff_mails.Draft(
        StaffMail.Kind.TEST, by.pk, by.email.strip(), f"test:{change.pk}", mail._replace(subject=subject)
    )
    staff_mails.queue([draft], at=at)
    return Done(change, Impact(), StaffMail.objects.get(key=draft.key))
