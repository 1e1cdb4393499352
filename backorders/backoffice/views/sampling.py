"""A test of a mail: what a preview shows goes to the person who looks at it."""

import datetime

from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.utils.translation import gettext as _

from backorders.actions import sampling
from backorders.notifications.emails import Rendered
from backorders.refusal import Refused


def send_test(request: HttpRequest, mail: Rendered, *, language: str, by: User, at: datetime.datetime) -> None:
    """Send the mail to whoever asks, and say on the next page where it goes, or why it does not."""
    if not by.has_perm("sampling.send_test"):
        raise PermissionDenied("sampling.send_test")
    try:
        made = sampling.send_test(mail, language=language, by=by, at=at).made
    except Refused as refusal:
        messages.error(request, str(refusal))
        return
    messages.success(request, _("A test is on its way to %(address)s.") % {"address": made.recipient})
