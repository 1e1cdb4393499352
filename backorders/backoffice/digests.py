"""The digest of an inbox: what waits unread for a person, mailed to them once a day if they want that."""

import datetime
from collections.abc import Sequence
from itertools import groupby

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

from backorders.allocation.windows import business_day
from backorders.backoffice import notices
from backorders.changes.acting import act
from backorders.desk.models import Preference
from backorders.inbox.models import Notice
from backorders.notifications import staff_mails
from backorders.notifications.addresses import objection, suppressed
from backorders.notifications.emails import Rendered
from backorders.notifications.models import StaffMail

# From this hour of the business's day on; before it nobody works.
FROM_HOUR = 7
SHOWN = 20


@act
def mail_digests(*, at: datetime.datetime) -> int:
    """Queue today's digest for everybody who wants one, has something unread and got none today; return how many.

    A fixed number of statements, however many people and notices there are; any number of workers may do it at once.
    """
    if localtime(at).hour < FROM_HOUR:
        return 0
    wanting = Preference.objects.filter(digest=Preference.Digest.DAILY, person__is_active=True, person__is_staff=True)
    preferences = {known.person_id: known for known in wanting.select_related("person")}
    keys = {pk: f"digest:{business_day(at)}:{pk}" for pk in preferences}
    before = set(StaffMail.objects.filter(key__in=keys.values()).values_list("person_id", flat=True))
    reasons = suppressed(known.person.email for known in preferences.values())
    waiting = Notice.objects.waiting(at).filter(person__in=preferences.keys() - before).order_by("person", "-at", "-id")
    drafts = []
    for pk, found in groupby(waiting, key=lambda notice: notice.person_id):
        person, address = preferences[pk].person, preferences[pk].person.email
        if not objection(address, "", reasons):
            words = digest_of(list(found), language=preferences[pk].language or settings.LANGUAGE_CODE)
            drafts.append(staff_mails.Draft(StaffMail.Kind.DIGEST, person.pk, address.strip(), keys[pk], words))
    return staff_mails.queue(drafts, at=at)


def digest_of(found: Sequence[Notice], *, language: str) -> Rendered:
    """Return these notices of one person as a mail in their language, each with the way to what it is about."""
    with override(language):
        headline = ngettext(
            "%(count)s thing waits in your inbox", "%(count)s things wait in your inbox", len(found)
        ) % {"count": len(found)}
        rows = [(each.sentence, settings.SITE_URL + each.url) for each in map(notices.shown, found[:SHOWN])]
        inbox = settings.SITE_URL + reverse("admin:inbox")
        left_out = len(found) - len(rows)
        more = _("And %(count)s more.") % {"count": left_out} if left_out else ""
        why = _("You get this once a day because your preferences say so.")
        words = {"headline": headline, "rows": rows, "more": more, "inbox": inbox, "why": why, "language": language}
        words["preferences"] = settings.SITE_URL + reverse("admin:preferences")
        listed = [f"* {sentence}\n  {url}" for sentence, url in rows]
        parts = [headline, *listed, more, inbox, f"-- \n{why}\n{words['preferences']}"]
        return Rendered(
            headline,
            "\n\n".join(part for part in parts if part) + "\n",
            render_to_string("backoffice/digest.html", words),
        )
