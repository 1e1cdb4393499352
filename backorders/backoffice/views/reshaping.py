"""Drawers that reshape an order: split, substitute, put before another, expedite no longer."""

from typing import Any

from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backorders.actions import queueing, reallocating, refunding, splitting, substituting
from backorders.actions.done import Done
from backorders.allocation import alternatives
from backorders.allocation.impact import Impact
from backorders.allocation.windows import business_day
from backorders.amounts import money
from backorders.backoffice.dates import short
from backorders.backoffice.forms.asking import SeenReasonForm
from backorders.backoffice.forms.reshaping import Choice, ReallocateForm, SplitForm, SubstituteForm
from backorders.backoffice.order_facts import alternative_words
from backorders.backoffice.views.order_acts import LineAct, OrderAct
from backorders.backoffice.views.screen import our_address
from backorders.catalog.models import Product
from backorders.orders.models import Order, OrderLine

AHEAD = 12


class Split(OrderAct):
    """Make an order of its own of what waits."""

    permission = "splitting.split"
    title = gettext_lazy("Split order %(order)s")
    button = gettext_lazy("Split the order")

    def form(self, data: Any = None) -> SplitForm:
        """Return a form with the open lines."""
        lines = self.order.lines.open().select_related("product").order_by("id")
        return SplitForm(data, lines=list(lines), initial=self.initial())

    def facts(self, form: SplitForm) -> list[str]:
        """Say which number the part gets."""
        number = splitting.next_number(self.order)
        return [_("The part becomes order %(number)s; the customer gets its confirmation.") % {"number": number}]

    def preview(self, form: SplitForm) -> Impact:
        """Whose dates move."""
        return splitting.preview_split(self.order, units=form.units(), at=self.at)

    def does(self, form: SplitForm) -> Done[Order]:
        """Split it."""
        return splitting.split(self.order, units=form.units(), **form.seen_reason(), by=self.by, at=self.at)


class Substitute(LineAct):
    """Give another product in place of units of a line."""

    permission = "substituting.substitute"
    title = gettext_lazy("Another product for %(product)s in order %(order)s")
    button = gettext_lazy("Exchange and tell the customer")

    def form(self, data: Any = None) -> SubstituteForm:
        """Return a form with the named substitutes, those that arrive sooner first."""
        named = alternatives.named_for([self.line], today=business_day(self.at)).get(self.line.pk, [])
        priced = refunding.netted(named, {self.line.pk: self.line})
        choices = [Choice(each.product.pk, alternative_words(each)) for each in priced]
        return SubstituteForm(
            data, choices=choices, initial={**self.initial(), "quantity": self.line.open_quantity or 1}
        )

    def looked_ahead(self, form: SubstituteForm) -> dict[str, Any]:
        """Add what the customer pays and what we bear."""
        self.exchange: substituting.Exchange | None = None
        return super().looked_ahead(form)

    def facts(self, form: SubstituteForm) -> list[str]:
        """Say what the customer pays, what goes back, and when the goods come."""
        exchange = self.exchange
        if exchange is None:
            return []
        currency = self.order.currency
        said = [_("The customer pays %(price)s a unit.") % {"price": money(exchange.price, currency)}]
        if exchange.back:
            back = money(exchange.back, currency)
            owed = _("%(sum)s go back to the customer.") if self.order.is_paid else _("%(sum)s less are owed.")
            said.append(owed % {"sum": back})
        if exchange.extra:
            more = _("%(sum)s more are owed by the customer.")
            said.append(more % {"sum": money(exchange.extra, currency)})
        if exchange.ours:
            said.append(_("We bear %(sum)s.") % {"sum": money(exchange.ours, currency)})
        said.append(
            _("%(ready)s of %(units)s lie ready; it arrives: %(window)s.")
            % {"ready": exchange.joined.allocated, "units": exchange.units, "window": short(exchange.joined.own)}
        )
        return said

    def preview(self, form: SubstituteForm) -> Impact:
        """Who moves up, and what the exchange comes to."""
        said = form.cleaned_data
        self.exchange, impact = substituting.preview_substitute(
            self.line, product=self._product(said["chosen"]), quantity=said["quantity"], at=self.at
        )
        return impact

    def does(self, form: SubstituteForm) -> Done[OrderLine]:
        """Exchange it."""
        said = form.cleaned_data
        return substituting.substitute(
            self.line,
            product=self._product(said["chosen"]),
            quantity=said["quantity"],
            **form.seen_reason(),
            by=self.by,
            at=self.at,
        )

    def _product(self, pk: int) -> Product:
        return Product.objects.get(pk=pk)


class Reallocate(LineAct):
    """Put a line before another of the same product."""

    permission = "reallocating.reallocate"
    title = gettext_lazy("Put %(product)s of order %(order)s before another")
    button = gettext_lazy("Put it before")

    @cached_property
    def ahead(self) -> list[OrderLine]:
        """The lines directly ahead that hold units, the nearest first."""
        ids = reallocating.ahead_of(self.line, at=self.at, most=AHEAD)
        lines = OrderLine.objects.select_related("order__customer", "promise").in_bulk(ids)
        return [lines[pk] for pk in ids]

    def back(self) -> str:
        """Go back to the product it was opened from, else to the order."""
        return our_address(self.request.GET.get("next", ""), self.request) or super().back()

    def form(self, data: Any = None) -> ReallocateForm:
        """Return a form with the lines it could go before."""
        return ReallocateForm(data, choices=[self._choice(line) for line in self.ahead], initial=self.initial())

    def preview(self, form: ReallocateForm) -> Impact:
        """Who loses."""
        return reallocating.preview_reallocation(self.line, before=self._chosen(form), at=self.at)

    def does(self, form: ReallocateForm) -> Done[OrderLine]:
        """Put it there."""
        before = self._chosen(form)
        return reallocating.reallocate(self.line, before=before, **form.seen_reason(), by=self.by, at=self.at)

    def _chosen(self, form: ReallocateForm) -> OrderLine:
        return next(line for line in self.ahead if line.pk == form.cleaned_data["chosen"])

    def _choice(self, line: OrderLine) -> Choice:
        words = _("%(order)s, %(customer)s: %(ready)s ready, %(waiting)s waiting, expected %(window)s") % {
            "order": line.order,
            "customer": line.order.customer,
            "ready": line.allocated,
            "waiting": line.waiting,
            "window": short(line.promise.expected),
        }
        return Choice(line.pk, words)


class Unexpedite(LineAct):
    """Put an expedited line back to its rank."""

    permission = "queueing.unexpedite"
    form_class = SeenReasonForm
    title = gettext_lazy("Expedite %(product)s in order %(order)s no longer")
    button = gettext_lazy("Expedite no longer")

    def preview(self, form: SeenReasonForm) -> Impact:
        """Who gains and who loses."""
        return queueing.preview_unexpedite(self.line, at=self.at)

    def does(self, form: SeenReasonForm) -> Done[OrderLine]:
        """Do it."""
        return queueing.unexpedite(self.line, **form.seen_reason(), by=self.by, at=self.at)
