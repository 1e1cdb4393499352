"""Telling us: a question, that a parcel arrived, how it was, and where we reach the customer from now on."""

import contextlib
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from backorders.actions import codes, deciding, hearing, shipping
from backorders.actions.checking import NotOpen
from backorders.notifications.models import ContactCode
from backorders.orders.models import Decision, Shipment
from backorders.portal.forms import ContactForm, FeedbackForm
from backorders.portal.page import page_of
from backorders.portal.views.showing import OnOrder
from backorders.portal.visiting import REFUSED, Nowhere, Visit
from backorders.portal.words import masked, masked_phone, moment

Opens = ContactCode.Opens


class Ask(OnOrder):
    """Ask a question."""

    def does(self, key: str, **kwargs: Any) -> HttpResponse:
        """Keep it."""
        text = self.request.POST.get("text", "")
        asked = hearing.ask_question(self.order, text=text, key=key, by=None, at=self.at).made
        return self.go("asked", asked.pk)


class Received(OnOrder):
    """Say that a parcel arrived."""

    def does(self, key: str, **kwargs: Any) -> HttpResponse:
        """Write it down, unless the carrier said so meanwhile."""
        parcel = Shipment.objects.filter(order=self.order, pk=kwargs["parcel"]).first()
        if parcel is None:
            raise Nowhere
        with contextlib.suppress(shipping.AlreadyDelivered):
            shipping.confirm_delivery(parcel, confirmed_by=Shipment.Confirmed.CUSTOMER, by=None, at=self.at)
        return self.go("order")


class GiveFeedback(OnOrder):
    """Say how it was."""

    def does(self, key: str, **kwargs: Any) -> HttpResponse:
        """Keep it; what it is about comes from the order, never from the form."""
        form = FeedbackForm(self.request.POST)
        if not form.is_valid():
            raise hearing.BadMark(_("Choose one of the marks."))
        said = form.cleaned_data
        page = page_of(self.order, self.language, at=self.at)
        if said["occasion"] not in (page.feedback_on, "update" if page.update else ""):
            raise hearing.NothingAsked(_("There is nothing to rate now."))
        said["about"] = page.update if said["occasion"] == "update" else 0
        hearing.give_feedback(self.order, **said, at=self.at)
        return self.go("order")


class Contact(Visit):
    """Say where we reach the customer; six digits show that it is really they."""

    template_name = "portal/contact.html"

    def context(self) -> dict[str, Any]:
        """Return what we have, of which only its owner can tell what it is."""
        customer = self.order.customer
        return {"email": masked(customer.email), "phone": masked_phone(customer.phone), "spoken": customer.language}

    def does(self, key: str, **kwargs: Any) -> HttpResponse:
        """Mail the digits."""
        form = ContactForm(self.request.POST, spoken=self.order.customer.language)
        if not form.is_valid():
            errors = {name: said[0] for name, said in form.errors.items()}
            alert = form.non_field_errors()[0] if form.non_field_errors() else _("Look at the fields below.")
            return self.shown(status=REFUSED, alert=alert, errors=errors, typed=self.request.POST)
        made = codes.ask_code(self.order, opens=Opens.CONTACT, wanted=form.cleaned_data, key=key, at=self.at).made
        return self.go("code", made.pk)


class EnterCode(Visit):
    """Type or paste six digits, and what was asked for is done."""

    template_name = "portal/code.html"

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        """Know which code the address names; it is this order's only if it is found there."""
        super().setup(request, *args, **kwargs)
        self.code_id = kwargs["code"]

    @property
    def code(self) -> ContactCode:
        """The code, if it is one of this order."""
        found = ContactCode.objects.filter(order=self.order, pk=self.code_id).select_related("order__customer").first()
        if found is None:
            raise Nowhere
        return found

    def context(self) -> dict[str, Any]:
        """Return where the digits went and how long they hold."""
        code = self.code
        until = moment(code.expires_at, self.order.customer.time_zone, self.language)
        is_spent = code.used_at is not None or code.expires_at <= self.at or code.tries >= codes.TRIES
        return {"email": masked(code.email), "until": until, "opens": code.opens, "is_spent": is_spent}

    def does(self, key: str, **kwargs: Any) -> HttpResponse:
        """Do what the digits open."""
        code, digits = self.code, self.request.POST.get("digits", "")
        if made := Decision.objects.filter(order=self.order, change_set__key=key).first():
            return self.go("done", made.pk)
        if not codes.enter_code(code, digits=digits, at=self.at):
            return self.again(status=REFUSED, alert=_("These are not the digits in our mail. Try once more."))
        if code.opens == Opens.CONTACT:
            done = deciding.change_contact(code, digits=digits, key=key, at=self.at)
        else:
            wanted = code.wanted.get("line")
            line = self.order.lines.filter(pk=wanted).first() if wanted else None
            if wanted and line is None:  # it left the order meanwhile; without it all the rest would be meant
                raise NotOpen(_("Nothing is open on this order any more."))
            done = deciding.cancel(
                self.order,
                line=line,
                code=code,
                digits=digits,
                seen_version=code.wanted.get("seen"),
                key=key,
                at=self.at,
            )
        return self.go("done", done.made.pk)
