"""The ETA screen: record what the supplier said, and see before saving whom it moves and who will be told."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from backorders.actions import buying
from backorders.actions.done import Done
from backorders.allocation.impact import Impact
from backorders.backoffice.forms.eta import EtaForm
from backorders.backoffice.selections import frozen
from backorders.backoffice.views.screen import ActScreen
from backorders.changes.models import Source
from backorders.supply.models import PurchaseLine, PurchaseOrder

SHOWN = 20


class EtaScreen(ActScreen):
    """Change the ETA of the lines that `purchase_lines` names."""

    template_name = "backoffice/eta.html"
    permission = "supply.change_purchaseline"
    button = gettext_lazy("Save")
    back_name = gettext_lazy("Purchase lines")

    @cached_property
    def lines(self) -> list[PurchaseLine]:
        """The purchase lines concerned, those with something outstanding."""
        lines = PurchaseLine.objects.filter(pk__in=self.chosen()).outstanding()
        return list(lines.select_related("purchase_order__supplier", "product", "warehouse").order_by("eta_on", "id"))

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Lead back to the list where nothing is outstanding (any more)."""
        if request.user.has_perm(self.permission) and not self.lines:
            messages.error(request, _("Nothing is outstanding there any more."))
            return redirect(self.back())
        return super().dispatch(request, *args, **kwargs)

    def chosen(self) -> Any:
        """Return the ids of the purchase lines, or a query for them."""
        raise NotImplementedError

    def form(self, data: Any = None) -> EtaForm:
        """Return the form for these lines."""
        return EtaForm(data, lines=self.lines)

    def preview(self, form: EtaForm) -> Impact:
        """Whom these dates would move."""
        return buying.preview_eta(form.changes(), at=self.at)

    def does(self, form: EtaForm) -> Done[Any]:
        """Record what the supplier said."""
        said = form.cleaned_data
        return buying.revise_eta(
            form.changes(),
            reason_code=said["reason_code"],
            note=said["note"],
            source=Source(said["source"]),
            key=said["key"],
            by=self.by,
            at=self.at,
        )

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the lines as they stand."""
        more = max(len(self.lines) - SHOWN, 0)
        return super().get_context_data(lines=self.lines[:SHOWN], more_lines=more, **kwargs)

    def back(self) -> str:
        """Go back to the outstanding purchase lines."""
        return reverse("admin:supply_purchaseline_changelist") + "?when=outstanding"


class LineEta(EtaScreen):
    """Change the ETA of one purchase line."""

    def chosen(self) -> Any:
        """Return the line."""
        return [self.kwargs["pk"]]

    def heading(self) -> str:
        """Name the line."""
        line = self.lines[0]
        return _("ETA of %(line)s: %(product)s") % {"line": line, "product": line.product}


class PurchaseOrderEta(EtaScreen):
    """Change the ETA of everything outstanding on a purchase order."""

    @cached_property
    def order(self) -> PurchaseOrder:
        """The purchase order."""
        return get_object_or_404(PurchaseOrder, pk=self.kwargs["pk"])

    def chosen(self) -> Any:
        """Return its lines."""
        return self.order.lines.values("pk")

    def heading(self) -> str:
        """Name the purchase order."""
        return _("ETA of purchase order %(number)s") % {"number": self.order.number}


class SelectionEta(EtaScreen):
    """Change the ETA of the lines that were ticked in a list."""

    def chosen(self) -> Any:
        """Return the lines as they were ticked."""
        return frozen(self.request, self.kwargs["selection"])

    def heading(self) -> str:
        """Say how many lines."""
        count = len(self.lines)
        return ngettext("ETA of %(count)s purchase line", "ETA of %(count)s purchase lines", count) % {"count": count}
