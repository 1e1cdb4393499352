"""Choosing: keep waiting, cancel, exchange, let leave what is ready; whether the date is essential, what to hear."""

from decimal import Decimal
from itertools import chain, groupby
from typing import Any

from django.http import HttpResponse
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _

from backorders.actions import codes, deciding, refunding
from backorders.allocation.alternatives import Alternative
from backorders.allocation.windows import Window
from backorders.ids import typed_ids
from backorders.notifications import dates
from backorders.notifications.models import ContactCode
from backorders.orders.models import Decision, OrderLine
from backorders.portal.page import alternatives_of, promises_of
from backorders.portal.views.showing import OnOrder
from backorders.portal.visiting import Visit
from backorders.portal.words import money

Opens = ContactCode.Opens


class Keep(OnOrder):
    """Keep waiting."""

    def does(self, key: str, **kwargs: Any) -> HttpResponse:
        """Write it down."""
        return self.leads_to(deciding.keep_waiting(self.order, key=key, at=self.at))


class LastDay(OnOrder):
    """Say until when overdue goods are still wanted."""

    def does(self, key: str, **kwargs: Any) -> HttpResponse:
        """Write it down."""
        try:
            until = parse_date(self.request.POST.get("until", ""))
        except ValueError:
            until = None
        which = self.request.POST.get("line", "")
        line = self.order.lines.filter(pk__in=typed_ids([which])).first()
        if until is None or line is None:
            raise deciding.NotOffered(_("Choose the last day."))
        return self.leads_to(deciding.set_last_day(line, until=until, key=key, at=self.at))


class Essential(OnOrder):
    """Say whether late goods are of use."""

    def does(self, key: str, **kwargs: Any) -> HttpResponse:
        """Write it down."""
        is_essential = self.request.POST.get("is_essential") == "yes"
        return self.leads_to(deciding.mark_essential(self.order, is_essential=is_essential, key=key, at=self.at))


class Updates(OnOrder):
    """Hear less, or everything again."""

    def does(self, key: str, **kwargs: Any) -> HttpResponse:
        """Write it down."""
        wants_all = self.request.POST.get("wants_all") == "yes"
        return self.leads_to(deciding.choose_updates(self.order, wants_all=wants_all, key=key, at=self.at))


class Cancel(Visit):
    """Cancel an item or everything, with the money stated before."""

    template_name = "portal/cancel.html"

    def context(self) -> dict[str, Any]:
        """Return what can be cancelled, each with the money that goes back."""
        lines = [promise.line for promise in promises_of(self.order) if promise.line.open_quantity]
        wanted = self.request.POST.get("line") or self.request.GET.get("line") or ("" if len(lines) > 1 else "all")
        units = [(line, line.open_quantity) for line in lines]
        alone = refunding.refunds_of(units, one_of_them=True)
        choices = [
            (str(line.pk), f"{quantity} × {line.product.name}", self._back(back))
            for (line, quantity), back in zip(units, alone, strict=True)
        ]
        if len(lines) > 1:
            choices.append(("all", _("Everything that is not sent yet"), self._back(refunding.refund_of(units))))
        elif lines:
            choices = [("all", *choices[0][1:])]
        untouched = [line for line in self.order.lines.select_related("product").order_by("id") if line.shipped]
        return {
            "choices": choices,
            "wanted": wanted if wanted in {value for value, *_rest in choices} else "",
            "untouched": [f"{line.shipped} × {line.product.name}" for line in untouched],
            "needs_code": codes.needs_code(self.order),
        }

    def _back(self, back: Decimal) -> str:
        return money(back, self.order.currency, self.language) if back else ""

    def does(self, key: str, **kwargs: Any) -> HttpResponse:
        """Cancel it, or mail the digits that this needs."""
        line = self._line(self.request.POST.get("line", ""))
        if codes.needs_code(self.order):
            wanted = {"line": line.pk if line else None, "seen": self.seen}
            return self.go(
                "code", codes.ask_code(self.order, opens=Opens.CANCEL, wanted=wanted, key=key, at=self.at).made.pk
            )
        done = deciding.cancel(self.order, line=line, seen_version=self.seen, key=key, at=self.at)
        return self.go("done", done.made.pk)

    def _line(self, which: str) -> OrderLine | None:
        if which == "all":
            return None
        line = self.order.lines.filter(pk__in=typed_ids([which])).first()
        if line is None:
            raise deciding.NotOffered(_("Choose what is to be cancelled."))
        return line


class Alternatives(Visit):
    """Take another product that arrives sooner."""

    template_name = "portal/alternatives.html"

    def context(self) -> dict[str, Any]:
        """Return what is offered for each item that waits."""
        promises = {promise.line_id: promise for promise in promises_of(self.order)}
        offered = alternatives_of(list(promises.values()), at=self.at)
        priced = refunding.netted(chain(*offered.values()), {pk: each.line for pk, each in promises.items()})
        items = [
            {
                "line": pk,
                "name": promises[pk].line.product.name,
                "expected": self._when(promises[pk].expected),
                "offers": [self._words(each) for each in mine],
            }
            for pk, mine in groupby(priced, key=lambda each: each.line_id)
        ]
        return {"items": items}

    def _when(self, window: Window | None) -> str:
        return dates.in_words(window, self.language) if window else ""

    def _words(self, each: Alternative) -> dict[str, Any]:
        price = each.price
        assert price is not None, "what is offered has a price"  # noqa: S101
        less = price.back + price.off_before
        return {
            "product": each.product.pk,
            "name": each.product.name,
            "units": each.units,
            "arrives": self._when(each.arrives),
            "is_in_stock": each.is_in_stock,
            "note": each.note,
            "unit": money(price.unit, each.currency, self.language),
            "back": money(price.back, each.currency, self.language) if price.back and self.order.is_paid else "",
            "off_before": money(price.off_before, each.currency, self.language) if price.off_before else "",
            "less": money(less, each.currency, self.language) if less and not self.order.is_paid else "",
            "extra": money(price.extra, each.currency, self.language) if price.extra else "",
            "ours": money(price.ours, each.currency, self.language) if price.ours else "",
        }

    def does(self, key: str, **kwargs: Any) -> HttpResponse:
        """Exchange it."""
        offered = alternatives_of(promises_of(self.order), at=self.at)
        chosen = f"{self.request.POST.get('line')}:{self.request.POST.get('product')}"
        known = {f"{pk}:{each.product.pk}": (pk, each.product) for pk, mine in offered.items() for each in mine}
        if chosen not in known:
            return self._again_or_done(key)
        pk, product = known[chosen]
        line = self.order.lines.select_related("order__customer", "order__carrier", "product").get(pk=pk)
        done = deciding.choose_substitute(line, product=product, seen_version=self.seen, key=key, at=self.at)
        return self.go("done", done.made.pk)

    def _again_or_done(self, key: str) -> HttpResponse:
        """A second tap finds the offer taken by the first."""
        made = Decision.objects.filter(order=self.order, change_set__key=key).first()
        if made is None:
            raise deciding.NotOffered(_("This is not offered any more. Nothing was changed."))
        return self.go("done", made.pk)


class SendReady(Visit):
    """Let what lies ready leave now."""

    template_name = "portal/ready.html"

    def context(self) -> dict[str, Any]:
        """Return what would leave and what would come later."""
        lines = [promise.line for promise in promises_of(self.order)]
        return {
            "may": deciding.may_send_ready(self.order),
            "ready": [f"{line.allocated} × {line.product.name}" for line in lines if line.allocated],
            "later": [f"{line.waiting} × {line.product.name}" for line in lines if line.waiting],
        }

    def does(self, key: str, **kwargs: Any) -> HttpResponse:
        """Let it leave."""
        done = deciding.send_ready(self.order, seen_version=self.seen, key=key, at=self.at)
        return self.go("done", done.made.pk)
