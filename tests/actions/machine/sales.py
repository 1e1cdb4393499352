"""What staff do to orders."""

from decimal import Decimal
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import rule

from backorders.actions import (
    awarding,
    caring,
    compensating,
    offering,
    queueing,
    reallocating,
    refunding,
    selling,
    splitting,
    substituting,
)
from backorders.compensation.models import Award
from backorders.orders.models import OrderLine, Refund
from tests.actions.machine.shop import Shop, answer, of_known, orders, some


class Sales(Shop):
    """Orders are placed, cancelled, changed, ranked, split, exchanged, made up for."""

    @rule(order=orders)
    def place(self, order: Any) -> None:
        self.place_order(order)

    @rule(which=some, quantity=st.none() | st.integers(0, 4))
    def cancel(self, which: int, quantity: int | None) -> None:
        if line := self.pick(OrderLine.objects, which):
            self.attempt(
                lambda: selling.cancel_line(line, quantity=quantity, reason="x", by=None, at=self.at),
                lambda: selling.preview_cancel(line, quantity=quantity, at=self.at),
            )

    @rule(which=some)
    def cancel_order(self, which: int) -> None:
        if line := self.pick(OrderLine.objects, which):
            self.attempt(
                lambda: selling.cancel_order(line.order, reason="x", by=None, at=self.at),
                lambda: selling.preview_cancel_order(line.order, at=self.at),
            )

    @rule(which=some, quantity=st.integers(1, 9))
    def change_quantity(self, which: int, quantity: int) -> None:
        if line := self.pick(OrderLine.objects, which):
            self.attempt(
                lambda: selling.change_quantity(line, quantity=quantity, reason="x", by=None, at=self.at),
                lambda: selling.preview_quantity(line, quantity=quantity, at=self.at),
            )

    @rule(which=some, verb=st.sampled_from(["expedite", "hold", "release", "unexpedite"]))
    def rank(self, which: int, verb: str) -> None:
        if line := self.pick(OrderLine.objects, which):
            preview = getattr(queueing, f"preview_{verb}", None)
            shown = (lambda: preview(line, at=self.at)) if preview else None
            self.attempt(lambda: getattr(queueing, verb)(line, reason="x", by=None, at=self.at), shown)

    @rule(which=some, other=some)
    def reallocate(self, which: int, other: int) -> None:
        line = self.pick(OrderLine.objects.open(), which)
        if line and (before := self.pick(OrderLine.objects.open().filter(product=line.product_id), other)):
            self.attempt(
                lambda: reallocating.reallocate(line, before=before, reason="x", by=None, at=self.at),
                lambda: reallocating.preview_reallocation(line, before=before, at=self.at),
            )

    @rule(which=some, n=st.integers(1, 4), more=st.booleans())
    def split(self, which: int, n: int, more: bool) -> None:
        if line := self.pick(OrderLine.objects.open(), which):
            units = [(line.pk, n)]
            if more and (beside := line.order.lines.open().exclude(pk=line.pk).first()):
                units.append((beside.pk, 1))
            known = set(OrderLine.objects.values_list("pk", flat=True))
            shown = answer(lambda: splitting.preview_split(line.order, units=units, at=self.at))
            done = answer(lambda: splitting.split(line.order, units=units, reason="x", by=None, at=self.at))
            whole = {pk for pk, quantity in units if OrderLine.objects.get(pk=pk).quantity == quantity}
            self.as_shown(shown, done, known - whole)

    @rule(which=some, quantity=st.none() | st.integers(1, 4))
    def exchange(self, which: int, quantity: int | None) -> None:
        if line := self.pick(OrderLine.objects.open(), which):
            product = next(each for each in self.products if each.pk != line.product_id)
            how = {"product": product, "quantity": quantity, "at": self.at}
            known = set(OrderLine.objects.values_list("pk", flat=True))
            shown = answer(lambda: substituting.preview_substitute(line, **how)[1])
            self.as_shown(shown, answer(lambda: substituting.substitute(line, reason="x", by=None, **how)), known)

    def as_shown(self, shown: Any, done: Any, known: set[int]) -> None:
        """Those who were there before fared as the preview said; or act and preview were refused alike."""
        if isinstance(shown, type) or isinstance(done, type):
            assert shown == done
            return
        seen, did = of_known(shown, known), of_known(done.impact, known)
        assert (seen.moves, seen.served, seen.lost) == (did.moves, did.served, did.lost)

    # -- what a wait is made up for with

    @rule(which=some, amount=st.integers(1, 30), is_credit=st.booleans(), tells=st.booleans())
    def compensate(self, which: int, amount: int, is_credit: bool, tells: bool) -> None:
        if line := self.pick(OrderLine.objects, which):
            kind = "credit" if is_credit else "discount"
            given = {"kind": kind, "amount": Decimal(amount), "line": line, "reason": "x", "tells": tells}
            self.attempt(lambda: caring.compensate(line.order, **given, by=None, at=self.at))

    @rule(which=some, is_given=st.booleans())
    def decide_on_an_award(self, which: int, is_given: bool) -> None:
        awarding.run_policies(at=self.at)
        if award := self.pick(Award.objects.filter(state=Award.State.PROPOSED), which):
            if is_given:
                self.attempt(lambda: compensating.give({award.pk: award.amount}, by=None, at=self.at))
            else:
                self.attempt(lambda: compensating.decline([award.pk], reason="x", by=None, at=self.at))

    @rule(which=some)
    def offer(self, which: int) -> None:
        if line := self.pick(OrderLine.objects.waiting(), which):
            self.attempt(lambda: offering.offer_alternative([line.pk], by=None, at=self.at))

    @rule(which=some)
    def pay_refund(self, which: int) -> None:
        if refund := self.pick(Refund.objects.filter(paid_at=None), which):
            self.attempt(lambda: refunding.pay_refund(refund, by=None, at=self.at))
