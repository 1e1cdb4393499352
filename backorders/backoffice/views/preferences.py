"""What a person prefers, what comes first after the login, and the keyboard map."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _

from backorders.actions import minding, viewing
from backorders.backoffice.forms.preferences import NAMES, PreferenceForm
from backorders.backoffice.keyboard import COMMANDS, FIXED, keys_of
from backorders.backoffice.preferences import home_of, preference_of
from backorders.backoffice.views.screen import REFUSED, Screen
from backorders.inbox.models import Mute
from backorders.notifications.models import StaffMail

MAILS = 5


class Preferences(Screen):
    """Theme, density, language, the first screen, and the keys."""

    template_name = "backoffice/preferences.html"
    title = _("Preferences")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the form."""
        muted = list(Mute.objects.filter(person=self.by).values_list("kind", flat=True))
        kwargs.setdefault("form", PreferenceForm(preference=preference_of(self.request), muted=muted))
        mails = StaffMail.objects.filter(person=self.by).defer("text", "html").order_by("-id")[:MAILS]
        return super().get_context_data(mails=mails, **kwargs)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Keep them; the language holds from the next page on."""
        form = PreferenceForm(request.POST, preference=preference_of(request), muted=())
        if not form.is_valid():
            return self.render_to_response(self.get_context_data(form=form), status=REFUSED)
        kept = {name: form.cleaned_data[name] for name in NAMES}
        viewing.prefer(**kept, keys=form.own_keys(), by=self.by, at=self.at)
        minding.mute(form.cleaned_data["muted"], by=self.by)
        messages.success(request, _("Preferences saved."))
        response = redirect("admin:preferences")
        _speak(response, kept["language"])
        return response


class Keys(Screen):
    """What every key does; in a dialog if a script asks."""

    template_name = "backoffice/keys.html"
    title = _("Keyboard")

    def get_template_names(self) -> list[str]:
        """The map alone, or the page."""
        return ["backoffice/keys_part.html" if self.request.headers.get("HX-Request") else self.template_name]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the map as this person has it."""
        known = keys_of(preference_of(self.request))
        shown = [(known.get(command.name, ""), command) for command in COMMANDS]
        return super().get_context_data(
            everywhere=[each for each in shown if each[1].is_everywhere],
            on_orders=[each for each in shown if each[1].is_on_orders],
            in_lists=[each for each in shown if each[1].is_in_lists],
            in_imports=[each for each in shown if each[1].is_in_imports],
            fixed=FIXED,
            are_off=not known,
            **kwargs,
        )


class Start(Screen):
    """Where a person begins: the screen they chose, else their role's."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Lead there; a browser that knows no language yet learns the person's."""
        preference = preference_of(request)
        response = redirect(home_of(self.by, preference))
        if preference and settings.LANGUAGE_COOKIE_NAME not in request.COOKIES:
            _speak(response, preference.language)
        return response


def _speak(response: HttpResponse, language: str) -> None:
    if language:
        response.set_cookie(settings.LANGUAGE_COOKIE_NAME, language, max_age=settings.SESSION_COOKIE_AGE * 60)
