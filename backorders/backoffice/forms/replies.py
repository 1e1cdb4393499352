"""Forms about mails that came in."""

from django import forms
from django.utils.translation import gettext_lazy as _

from backorders.backoffice.forms.asking import AskingForm, ReasonForm
from backorders.orders.models import Order


def _shown() -> forms.CharField:
    return forms.CharField(label=_("The mail"), disabled=True, required=False, widget=forms.Textarea(attrs={"rows": 8}))


class PlaceReplyForm(AskingForm):
    """The number of the order that a mail is about."""

    mail = _shown()
    number = forms.CharField(label=_("Order number"), max_length=40)

    def clean(self) -> dict[str, object] | None:
        """Find the order."""
        found = Order.objects.filter(number=self.cleaned_data.get("number", "")).first()
        if found is None and "number" in self.cleaned_data:
            self.add_error("number", _("There is no order with this number."))
        return {**self.cleaned_data, "order": found}


class SettleReplyForm(ReasonForm):
    """Why a mail asks nothing of us."""

    mail = _shown()
    field_order = ("mail", "reason")
