"""Mails that came in: of those about no known order saying which one, or closing them; what was attached."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backorders.actions import replying
from backorders.actions.done import Done
from backorders.backoffice.forms.replies import PlaceReplyForm, SettleReplyForm
from backorders.backoffice.masking import sees_contacts
from backorders.backoffice.views.screen import BYTES, ActScreen, Screen
from backorders.notifications.attached import UNKNOWN
from backorders.notifications.models import Reply, ReplyFile


class OfReply(ActScreen):
    """An act on one mail that came in."""

    template_name = "backoffice/act.html"
    back_name = gettext_lazy("Replies")

    @cached_property
    def reply(self) -> Reply:
        """The mail."""
        return get_object_or_404(Reply, pk=self.kwargs["pk"])

    def initial(self) -> dict[str, Any]:
        """Show what it says, or that nobody could read it."""
        head = f"{self.reply.sender}: {self.reply.subject}"
        if self.reply.nature == Reply.Nature.UNREADABLE:
            head = _(
                "Nobody could read this mail. Below is what the mail provider posted (%(provider)s); where it is long, "
                "the record of the mail has the whole of it as files. If it does not say who wrote, look it up at the "
                "provider."
            ) % {"provider": self.reply.subject}
        kept = self.reply.files.defer("content")
        files = "\n".join(f"[{file.name}, {filesizeformat(file.size)}]" for file in kept)
        return {"mail": f"{head}\n\n{self.reply.text}\n\n{files}\n\n{self.reply.folded}".strip()}

    def back(self) -> str:
        """Go back to those that wait."""
        return reverse("admin:notifications_reply_changelist") + "?waiting=1"


class PlaceReply(OfReply):
    """Say which order a mail is about."""

    permission = "replying.place"
    form_class = PlaceReplyForm
    button = gettext_lazy("Keep it as a question")

    def heading(self) -> str:
        """Ask."""
        return _("Which order is this mail about?")

    def does(self, form: PlaceReplyForm) -> Done[Any]:
        """Make a question of it."""
        return replying.place(self.reply, order=form.cleaned_data["order"], by=self.by, at=self.at)


class SettleReply(OfReply):
    """Close a mail that asks nothing of us."""

    permission = "replying.settle"
    form_class = SettleReplyForm
    button = gettext_lazy("Close the mail")

    def heading(self) -> str:
        """Say what it does."""
        return _("Close a mail that asks nothing of us")

    def does(self, form: SettleReplyForm) -> Done[Any]:
        """Close it."""
        return replying.settle(self.reply, reason=form.cleaned_data["reason"], by=self.by, at=self.at)


class DownloadReplyFile(Screen):
    """A file that came with a mail: to those who read the mail itself, and as nothing but a download."""

    permission = "notifications.view_reply"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Answer with its bytes: whatever the mail says that they are, no browser is to show them."""
        if not sees_contacts(self.by):
            raise PermissionDenied("contacts.see")
        file = get_object_or_404(ReplyFile, pk=self.kwargs["pk"])
        return HttpResponse(
            bytes(file.content),
            content_type=UNKNOWN,
            headers=BYTES | {"Content-Disposition": str(content_disposition_header(True, file.name))},
        )
