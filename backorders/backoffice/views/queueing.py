"""A line's place in its queue: put first, held, released."""

from typing import Any

from django.utils.translation import gettext_lazy

from backorders.actions import queueing
from backorders.actions.done import Done
from backorders.allocation.impact import Impact
from backorders.backoffice.forms.asking import SeenReasonForm
from backorders.backoffice.views.order_acts import LineAct


class Expedite(LineAct):
    """Put a line before all that are not expedited."""

    permission = "queueing.expedite"
    title = gettext_lazy("Expedite %(product)s in order %(order)s")
    button = gettext_lazy("Expedite")

    def preview(self, form: SeenReasonForm) -> Impact:
        """Who loses."""
        return queueing.preview_expedite(self.line, at=self.at)

    def does(self, form: SeenReasonForm) -> Done[Any]:
        """Do it."""
        return queueing.expedite(self.line, **form.seen_reason(), by=self.by, at=self.at)


class Hold(LineAct):
    """Serve a line nothing until it is released."""

    permission = "queueing.hold"
    title = gettext_lazy("Hold %(product)s in order %(order)s")
    button = gettext_lazy("Hold")

    def preview(self, form: SeenReasonForm) -> Impact:
        """Who gains."""
        return queueing.preview_hold(self.line, at=self.at)

    def does(self, form: SeenReasonForm) -> Done[Any]:
        """Do it."""
        return queueing.hold(self.line, **form.seen_reason(), by=self.by, at=self.at)


class Release(LineAct):
    """Serve a held line again."""

    permission = "queueing.release"
    title = gettext_lazy("Release %(product)s in order %(order)s")
    button = gettext_lazy("Release")

    def preview(self, form: SeenReasonForm) -> Impact:
        """Who loses and who gains."""
        return queueing.preview_release(self.line, at=self.at)

    def does(self, form: SeenReasonForm) -> Done[Any]:
        """Do it."""
        return queueing.release(self.line, **form.seen_reason(), by=self.by, at=self.at)
