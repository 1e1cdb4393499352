"""When customers are written to: set with what last month's dates would have made of mails beside it."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from backorders.actions import ruling
from backorders.actions.done import Done
from backorders.backoffice.forms.telling_rules import TellingRulesForm
from backorders.backoffice.views.screen import ActScreen
from backorders.notifications.policy import Rules, telling
from backorders.notifications.policy import rules_in_force as in_force
from backorders.notifications.replaying import DAYS, LOOKED_AT, Replayed, moved_lately, replay


class SetTellingRules(ActScreen):
    """The rules of telling, and what they would have come to before they are kept."""

    template_name = "backoffice/telling_rules.html"
    preview_template = "backoffice/telling_rules_preview.html"
    permission = "ruling.set_telling_rules"
    title = gettext_lazy("When we write to customers")
    button = gettext_lazy("Write by these rules")
    back_name = gettext_lazy("Outbox")

    def form(self, data: Any = None) -> TellingRulesForm:
        """Start with the rules in force."""
        return TellingRulesForm(data, initial={**in_force()._asdict(), "seen": ruling.seen_version()})

    def looked_ahead(self, form: TellingRulesForm) -> dict[str, Any]:
        """Tell the last month anew by these rules, and by those in force."""
        if not form.is_ready():
            return {"unready": True}
        changes = moved_lately(at=self.at)
        wanted = replay(changes, policy=form.rules().policy(), until=self.at)
        now = replay(changes, policy=telling(), until=self.at)
        words = ngettext(
            "In the last %(days)s days %(count)s date moved. By these rules it would have made %(mails)s mails; by "
            "those in force it makes %(now)s.",
            "In the last %(days)s days %(count)s dates moved. By these rules they would have made %(mails)s mails; by "
            "those in force they make %(now)s.",
            len(changes),
        )
        said = {"days": DAYS, "count": len(changes), "mails": wanted.mails, "now": now.mails}
        return {"sentence": words % said, "rows": _rows(wanted, now), "is_cut": len(changes) >= LOOKED_AT}

    def does(self, form: TellingRulesForm) -> Done[Rules]:
        """Set them."""
        return ruling.set_telling_rules(form.rules(), seen=form.cleaned_data["seen"], by=self.by, at=self.at)

    def back(self) -> str:
        """Go back to the outbox."""
        return reverse("admin:outbox")


def _rows(wanted: Replayed, now: Replayed) -> list[tuple[str, int, int]]:
    """What both come to, side by side."""
    labels = {
        "mails": _("Mails"),
        "later": _("of a later date"),
        "earlier": _("of an earlier date"),
        "no_date": _("of no date any more"),
        "sorry": _("with an apology"),
        "customers": _("Customers who got one"),
    }
    return [(label, getattr(wanted, name), getattr(now, name)) for name, label in labels.items()]
