"""Words of our own around the facts of every kind of mail: written by one, read at the edges, approved by another."""

from typing import Any, NamedTuple

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy

from backorders.actions import wording
from backorders.actions.done import Done
from backorders.allocation.windows import business_day
from backorders.backoffice.forms.asking import AskingForm
from backorders.backoffice.views.sampling import send_test
from backorders.backoffice.views.screen import REFUSED, ActScreen, Doing, Screen
from backorders.ids import typed_id
from backorders.notifications import writing
from backorders.notifications.emails import LANGUAGES, render
from backorders.notifications.examples import examples
from backorders.notifications.models import TO_CUSTOMERS, Message, Wording
from backorders.notifications.wordings import PLACES, TEXTS, Words, checked
from backorders.refusal import Refused

LINES = 3
EDGES = {
    "ordinary": gettext_lazy("ordinary"),
    "no date": gettext_lazy("no date"),
    "one day": gettext_lazy("one day"),
    "over the end of a year": gettext_lazy("over the end of a year"),
    "a long name": gettext_lazy("a long name"),
    "three items": gettext_lazy("three items"),
    "a name from right to left": gettext_lazy("a name from right to left"),
}


class Row(NamedTuple):
    """One kind of mail in one language: what is used now, and what waits for somebody's approval."""

    kind: str
    label: str
    language: str
    used: Wording | None
    waiting: Wording | None


class WordingForm(AskingForm):
    """The texts around the facts."""

    only_for_saving = ()
    seen = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, initial: dict[str, Any]) -> None:
        super().__init__(data, initial=initial)
        for name in TEXTS:
            field: Any = Wording._meta.get_field(name)
            is_long = field.max_length is None
            self.fields[name] = forms.CharField(
                label=capfirst(str(field.verbose_name)),
                required=False,
                max_length=field.max_length,
                widget=forms.Textarea(attrs={"rows": LINES}) if is_long else forms.TextInput(),
            )

    def words(self) -> Words:
        """Return the texts as they were typed."""
        return Words(**{name: self.cleaned_data[name] for name in TEXTS})


class Wordings(Screen):
    """Every kind of mail, in every language."""

    template_name = "backoffice/wordings.html"
    permission = "notifications.view_wording"
    title = gettext_lazy("Words of the mails")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add a row for each kind and language."""
        known = list(Wording.objects.filter(withdrawn_at=None).order_by("version").select_related("written_by"))
        used = {(each.kind, each.language): each for each in known if each.approved_at}
        waiting = {(each.kind, each.language): each for each in known if not each.approved_at}
        labels = dict(Message._meta.get_field("kind").flatchoices)
        rows = [
            Row(kind, capfirst(str(labels[kind])), code, used.get((kind, code)), waiting.get((kind, code)))
            for kind in TO_CUSTOMERS
            for code in LANGUAGES
        ]
        return super().get_context_data(rows=rows, **kwargs)


class WriteWords(ActScreen):
    """Write the words of one kind in one language, and read them in letters at the edges."""

    template_name = "backoffice/write_words.html"
    preview_template = "backoffice/words_preview.html"
    permission = "wording.write_words"
    back_name = gettext_lazy("Words of the mails")
    button = gettext_lazy("Keep for approval")

    @cached_property
    def which(self) -> tuple[str, str]:
        """The kind and the language."""
        kind, language = self.kwargs["kind"], self.kwargs["language"]
        if kind not in TO_CUSTOMERS or language not in LANGUAGES:
            raise Http404
        return kind, language

    def heading(self) -> str:
        """Name the kind."""
        label = dict(Message._meta.get_field("kind").flatchoices)[self.which[0]]
        return f"{capfirst(str(label))}, {self.which[1].upper()}"

    def form(self, data: Any = None) -> WordingForm:
        """Start with the newest version."""
        newest = self.versions[0] if self.versions else None
        words = {name: getattr(newest, name) for name in TEXTS} if newest else {}
        return WordingForm(data, initial={**words, "seen": newest.version if newest else 0})

    @cached_property
    def versions(self) -> list[Wording]:
        """Every version, newest first."""
        kind, language = self.which
        found = Wording.objects.filter(kind=kind, language=language).select_related("written_by", "approved_by")
        return list(found.order_by("-version"))

    def looked_ahead(self, form: WordingForm) -> dict[str, Any]:
        """Show the words in an ordinary letter and in the hard ones."""
        if not form.is_ready():
            return {"shown": [], "unready": True}
        words = form.words()
        try:
            words = checked(words) if any(words) else words
        except Refused as refusal:
            return {"shown": [], "refusal": str(refusal)}
        links = {1: writing.SHOWN_LINK}
        letters = examples(*self.which, today=business_day(self.at))
        own = {self.which: words}
        return {"shown": [(EDGES[label], render(each, links=links, wordings=own)) for label, each in letters]}

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Send one of the letters shown to whoever asks, or preview or keep the words."""
        if "test" not in request.POST:
            return super().post(request, *args, **kwargs)
        form = self.form(request.POST)
        shown = self.looked_ahead(form)["shown"]
        number = typed_id(request.POST["test"]) or 0
        if number not in range(1, len(shown) + 1):
            return self.refused(form, REFUSED, **self.looked_ahead(form))
        send_test(request, shown[number - 1][1], language=self.which[1], by=self.by, at=self.at)
        return self.render_to_response(self.get_context_data(form=form, **self.looked_ahead(form)))

    def does(self, form: WordingForm) -> Done[Wording]:
        """Keep the version."""
        kind, language = self.which
        seen = form.cleaned_data["seen"]
        words = form.words()
        return wording.write_words(kind, language=language, words=words, seen_version=seen, by=self.by, at=self.at)

    def back(self) -> str:
        """Go back to all of them."""
        return reverse("admin:wordings")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the versions and the places."""
        places = [f"{{{name}}}" for name in PLACES]
        return super().get_context_data(versions=self.versions, places=places, **kwargs)


class DecideWords(Doing):
    """Approve or withdraw a version; `verb` in the address says which."""

    permission = "wording.approve_words"

    def does(self) -> Done[Wording]:
        """Call the verb."""
        known = get_object_or_404(Wording, pk=self.kwargs["pk"])
        verbs = {"approve": wording.approve_words, "withdraw": wording.withdraw_words}
        if self.kwargs["verb"] not in verbs:
            raise Http404
        return verbs[self.kwargs["verb"]](known, by=self.by, at=self.at)

    def back(self) -> str:
        """Go back to the words."""
        return reverse("admin:wordings")
