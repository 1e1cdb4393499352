"""The screen on which goods are received: what arrived, when the rest comes, who gets it."""

import copy
from typing import Any

from django.db.models import Q, Sum
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from backorders.actions import photographing, receiving
from backorders.actions.done import Done
from backorders.actions.seconding import APPROVE, BEFORE_OTHERS
from backorders.actions.wanting import uncovered_of
from backorders.allocation.impact import Impact
from backorders.allocation.windows import business_day
from backorders.backoffice.forms.receiving import ReceiveForm
from backorders.backoffice.queues import finished_words, lines_by_hand, queues, shared
from backorders.backoffice.scanning import scanned
from backorders.backoffice.selections import freeze
from backorders.backoffice.views.screen import BYTES, REFUSED, ActScreen, Screen
from backorders.changes.models import ChangeSet
from backorders.desk import presence
from backorders.ids import typed_ids
from backorders.pictures import MOST_BYTES
from backorders.refusal import Refused
from backorders.supply.models import DamagePhoto, PurchaseLine, PurchaseOrder

GETTING = 50
NAMED = 5  # products in one sentence
BOOKED = 20  # of a person's receipts; what is older nobody's browser keeps
KEY = 120  # characters of a receipt's key
REASONS = (
    gettext_lazy("Damaged on the way"),
    gettext_lazy("Badly packed"),
    gettext_lazy("Wrong product"),
    gettext_lazy("Past its date"),
    gettext_lazy("Fewer than on the delivery note"),
    gettext_lazy("More than on the delivery note"),
)  # what a note mostly says; others are typed
RULES = {
    "rank": gettext_lazy("by rank, as it is served"),
    "first_come": gettext_lazy("first come"),
    "oldest_promise": gettext_lazy("oldest promise first"),
    "smallest": gettext_lazy("smallest first"),
}


class Receive(ActScreen):
    """Book what arrived of a purchase order, and see first who gets it."""

    template_name = "backoffice/receive.html"
    preview_template = "backoffice/receive_preview.html"
    permission = "receiving.receive"
    back_name = gettext_lazy("Purchase lines")
    button: Any = gettext_lazy("Receive and allocate")

    @cached_property
    def order(self) -> PurchaseOrder:
        """The purchase order."""
        return get_object_or_404(PurchaseOrder.objects.select_related("supplier"), pk=self.kwargs["pk"])

    def form(self, data: Any = None) -> ReceiveForm:
        """Return the form with everything outstanding filled in; a form sent again finds the lines it named."""
        named = [key.removeprefix("line_").removesuffix("-quantity") for key in data or ()]
        lines = PurchaseLine.objects.outstanding().filter(purchase_order=self.order)
        lines |= PurchaseLine.objects.filter(purchase_order=self.order, pk__in=typed_ids(named))
        lines = lines.select_related("purchase_order", "product", "warehouse").order_by("id")
        photos = self._photos(data["key"]) if data and data.get("key") else []
        return ReceiveForm(data, lines=list(lines), today=business_day(self.at), photos=photos)

    def _photos(self, key: str) -> list[DamagePhoto]:
        """The pictures that this person added to the receipt."""
        return list(DamagePhoto.objects.filter(key=key[:KEY], by=self.by).defer("content"))

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the form; to a script only where a scan of no line of it belongs, or who else is here."""
        code = request.GET.get("scan", "").strip()
        found = {"scanned": scanned(code, but=self.order)} if code else {}
        if found and request.headers.get("HX-Request"):
            return self.response_class(request, "backoffice/scanned.html", {**found, "order": self.order})
        if "here" in request.GET:
            return self.response_class(request, "backoffice/others.html", {"others": self._others()})
        return self.render_to_response(self.get_context_data(form=self.form(), **found))

    @property
    def _place(self) -> str:
        return f"receive:{self.order.pk}"

    def _others(self) -> list[str]:
        """Who else has this page open."""
        return presence.others_at(self._place, by=self.by, at=self.at)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Preview, with one line more put before another if a button says so, or act."""
        problems = self._keep_photos() if request.FILES else []
        if "drop" in request.POST:
            for photo in DamagePhoto.objects.filter(pk__in=typed_ids([request.POST["drop"]])).defer("content"):
                photographing.drop_photo(photo, by=self.by, at=self.at)
            return self.previewed(self.form(request.POST))
        if problems:
            form = self.form(request.POST)
            for problem in problems:
                form.add_error(None, problem)
            return self.refused(form, REFUSED)
        if "beyond" in request.POST:
            return self.previewed(self.form(self._settled(request.POST)))
        if "move" in request.POST:
            return self.previewed(self.form(_moved(request.POST)))
        form = self.form(request.POST)
        if "preview" not in request.POST and form.is_valid() and not form.is_echoed:
            for entry in (entry for entry in form.lines if entry.meaning):
                said = _("“%(words)s” is understood as %(window)s. Save again to keep it.")
                entry.add_error("rest", said % {"words": entry.cleaned_data["rest"], "window": entry.echo})
            form.add_error(None, _("Nothing was saved yet: look at how the ETA of the rest is understood."))
            return self.refused(form, REFUSED, **self.looked_ahead(form))
        return super().post(request, *args, **kwargs)

    def _settled(self, sent: QueryDict) -> QueryDict:
        """Return what was sent with what came beyond the outstanding units of a line kept or sent back: "keep:line"."""
        data = sent.copy()
        way, _colon, line = str(data["beyond"]).partition(":")
        for entry in self.form(sent).beyond:
            if str(entry.line.pk) == line:
                for name, value in entry.settled(is_kept=way == "keep").items():
                    data[name] = str(value)
        return data

    def _keep_photos(self) -> list[str]:
        """Keep every picture that was sent and can be kept; return why others were not."""
        key, problems = self.request.POST.get("key", ""), []
        lines = dict.fromkeys(PurchaseLine.objects.filter(purchase_order=self.order).values_list("pk", flat=True))
        fields = {f"line_{pk}-photos": pk for pk in lines}
        sent = [(fields[name], file) for name in fields for file in self.request.FILES.getlist(name)]
        for pk, file in sent[: photographing.MOST + 1]:
            photo = photographing.Sent(pk, str(file.name)[-80:], file.read(MOST_BYTES + 1))
            try:
                photographing.keep_photos([photo], key=key, by=self.by, at=self.at)
            except Refused as refusal:
                problems.append(str(refusal))
        return problems

    def heading(self) -> str:
        """Name the purchase order."""
        return _("Receive %(number)s from %(supplier)s") % {"number": self.order, "supplier": self.order.supplier}

    def looked_ahead(self, form: ReceiveForm) -> dict[str, Any]:
        """Add who gets it by name, what changing the queue costs whom, and what other rules would come to."""
        seen = super().looked_ahead(form)
        if seen.get("preview") is None:
            return seen
        lines = {entry.line.pk: entry.line for entry in form.lines}
        return {
            **seen,
            "shared": shared(form.arrivals(), lines, self.ahead.to_orders, most=GETTING),
            "queues": queues(self.ahead.queues, self.request.POST),
            "by_hand": lines_by_hand(self.ahead.by_hand),
            "finished": finished_words(self.ahead.finished),
            "rules": [(RULES[each.rule], each) for each in self.ahead.rules],
        }

    def preview(self, form: ReceiveForm) -> Impact:
        """Who gets what arrived."""
        moves, rest = form.cleaned_data["moves"], form.rest()
        self.ahead = receiving.foresee_receive(form.arrivals(), first=moves, rest=rest, most=GETTING, at=self.at)
        if given := sum(max(units, 0) for units in self.ahead.to_orders.values()):
            said = ngettext("Receive and allocate %(count)s unit", "Receive and allocate %(count)s units", given)
            self.button = said % {"count": f"{given:,}"}
        return self.ahead.impact

    def does(self, form: ReceiveForm) -> Done[Any]:
        """Book it."""
        said = form.cleaned_data
        done = receiving.receive(
            form.arrivals(),
            first=said["moves"],
            reason=said["reason"],
            rest=form.rest(),
            key=said["key"],
            by=self.by,
            at=self.at,
        )
        presence.leave(self._place, by=self.by)
        return done

    def facts(self, form: ReceiveForm) -> list[str]:
        """Say what would stay outstanding though it was to come by now, and how the ETA of a rest is understood."""
        arrived = {each.purchase_line_id for each in form.arrivals()}
        short, dated, unsaid = [], [], []
        for entry in (entry for entry in form.lines if entry.line.pk in arrived):
            words = {"sku": entry.line.product.sku, "count": entry.left, "window": entry.echo}
            if entry.cleaned_data["damaged"] and not entry.cleaned_data["note"]:
                said = _("%(sku)s: %(count)s damaged. Say why in the note: the supplier will ask.")
                unsaid.append(said % {**words, "count": entry.cleaned_data["damaged"]})
            if entry.meaning:
                dated.append(_("%(sku)s: %(count)s short. The rest is understood to come: %(window)s.") % words)
                continue
            line = copy.copy(entry.line)
            line.received = line.quantity - line.cancelled - entry.left
            if receiving.short_of([line], today=business_day(self.at)):
                said = _("%(sku)s: %(count)s short. What is short keeps no date until its new ETA is set.")
                short.append(said % words)
        needs = [str(BEFORE_OTHERS)] if form.cleaned_data["moves"] else []
        return (needs if not self.by.has_perm(APPROVE) else []) + (unsaid + dated + short)[:GETTING]

    def done_sentence(self, done: Done[Any]) -> SafeString:
        """Say what was done; of what came short, lead to its new ETA or say who was asked."""
        url = reverse("admin:pick_lists", args=[done.change_set.pk])
        sentence = format_html('{} <a href="{}">{}</a>', super().done_sentence(done), url, _("Who gets it, to print"))
        sentence += self._to_be_bought(done.change_set)
        lines = PurchaseLine.objects.filter(receipts__change_set=done.change_set).distinct()
        short = receiving.short_of(lines, today=business_day(self.at))
        if not short:
            return sentence
        said = ngettext("%(count)s line came short.", "%(count)s lines came short.", len(short)) % {"count": len(short)}
        if not self.by.has_perm("revising.revise_eta"):
            return format_html("{} {} {}", sentence, said, _("Purchasing was asked when the rest comes."))
        url = reverse("admin:selection_eta", args=[freeze(self.request, [line.pk for line in short])])
        return format_html('{} {} <a href="{}">{}</a>', sentence, said, url, _("Set the ETA of the rest"))

    def _to_be_bought(self, change: ChangeSet) -> SafeString:
        """Say of which products, though they came, units are waited for that nothing covers: damage may be why."""
        came = PurchaseLine.objects.filter(receipts__change_set=change).values_list("product", flat=True)
        found = uncovered_of(came).order_by("product__sku").values_list("product", "product__sku")
        named = [
            (
                _("%(sku)s: no purchase order covers %(count)s.") % {"sku": sku, "count": units},
                reverse("admin:product_supply", args=[product]),
                _("Create a task for the buyers"),
            )
            for product, sku, units in found.annotate(Sum("uncovered"))[:NAMED]
        ]
        return format_html_join("", ' {} <a href="{}">{}</a>', named)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the purchase order, who else is here, and what this person booked: what is kept of that is over."""
        mine = Q(by=self.by) | Q(approval__asked_by=self.by)
        here = ChangeSet.objects.filter(mine, act="receive", receipts__purchase_line__purchase_order=self.order)
        keys = here.order_by("-id").values_list("key", flat=True).distinct()[:BOOKED]
        around = {"order": self.order, "others": self._others(), "every": presence.EVERY, "reasons": REASONS}
        return super().get_context_data(**around, booked=" ".join(filter(None, keys)), **kwargs)

    def back(self) -> str:
        """Go to the lines of the purchase order."""
        return reverse("admin:supply_purchaseline_changelist") + f"?purchase_order__id__exact={self.order.pk}"


class ShowDamagePhoto(Screen):
    """A picture of damage: to those who see receipts; before the receipt is booked to whoever added it."""

    permission = "supply.view_receipt"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Answer with the picture, as nothing but a picture."""
        seen = DamagePhoto.objects.filter(Q(change_set__isnull=False) | Q(by=self.by))
        photo = get_object_or_404(seen, pk=self.kwargs["pk"])
        return HttpResponse(
            bytes(photo.content),
            content_type="image/jpeg",
            headers=BYTES | {"Content-Disposition": f'inline; filename="damage-{photo.pk}.jpg"'},
        )


def _moved(sent: QueryDict) -> QueryDict:
    """Return what was sent with the move of the button: "line:before:version", or which product's menus say it, and of
    how many units."""
    data = sent.copy()
    move, moves = str(data["move"]), [each for each in str(data.get("moves", "")).split(",") if each]
    if move == "back":
        moves = []
    elif move.startswith("menu:"):
        menu = move.removeprefix("menu:")
        line, _colon, version = str(data.get(f"give_{menu}", "")).partition(":")
        units = [*filter(None, data.pop(f"units_{menu}", []))]
        moves.append(":".join([line, str(data.get(f"take_{menu}", "")), version, *units]))
    else:
        moves.append(move)
    data["moves"] = ",".join(moves)
    return data
