"""What buyers, suppliers and the warehouse do."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import rule

from backorders.actions import (
    asking,
    buying,
    clock,
    counting,
    etas,
    losing,
    proposals,
    receiving,
    revising,
    shipping,
    silencing,
)
from backorders.actions.done import Done
from backorders.actions.proposals import LineAnswer
from backorders.actions.reallocating import GoesBefore
from backorders.allocation.impact import Impact
from backorders.chasing.models import EtaProposal, RequestLine
from backorders.orders.models import OrderLine, Shipment, ShipmentLine
from backorders.supply.models import PurchaseLine
from tests.actions.machine.shop import Shop, answer, some
from tests.factories import a_purchase, day


class Buying(Shop):
    """Goods are ordered, dated, asked for, answered for, given up."""

    @rule(product=st.integers(0, 1), house=st.integers(0, 1), n=st.integers(1, 8), eta=st.none() | st.integers(0, 40))
    def order_goods(self, product: int, house: int, n: int, eta: int | None) -> None:
        self.attempt(lambda: a_purchase(self.products[product], n, eta=eta, where=self.houses[house], at=self.at))

    @rule(
        which=some,
        eta=st.none() | st.integers(-2, 60),
        split=st.integers(0, 4),
        confidence=st.sampled_from(["confirmed", "estimate", "unconfirmed"]),
    )
    def revise(self, which: int, eta: int | None, split: int, confidence: str) -> None:
        if line := self.pick(PurchaseLine.objects, which):
            changes = [etas.EtaChange(line.pk, self.parts(line, eta, split), confidence)]
            self.attempt(
                lambda: revising.revise_eta(changes, reason_code="other", by=None, at=self.at),
                lambda: revising.preview_eta(changes, at=self.at),
            )

    def parts(self, line: PurchaseLine, eta: int | None, split: int) -> list[etas.EtaPart]:
        """A date for all that is outstanding, or for all but some that come later."""
        on = None if eta is None else day(eta)
        if 0 < split < line.outstanding:
            return [etas.EtaPart(on, quantity=line.outstanding - split), etas.EtaPart(day(61), quantity=split)]
        return [etas.EtaPart(on)]

    @rule(which=some)
    def close(self, which: int) -> None:
        if line := self.pick(PurchaseLine.objects, which):
            self.attempt(
                lambda: buying.close_purchase_line(line, reason="x", by=None, at=self.at),
                lambda: buying.preview_close(line, at=self.at),
            )

    @rule(which=some, eta=st.integers(0, 60))
    def change_past_the_verbs(self, which: int, eta: int) -> None:
        if line := self.pick(PurchaseLine.objects.outstanding(), which):
            PurchaseLine.objects.filter(pk=line.pk).update(eta_on=day(eta), eta_until=day(eta))
            clock.notice_outside_changes(at=self.at)

    @rule(which=some)
    def ask_the_supplier(self, which: int) -> None:
        if line := self.pick(PurchaseLine.objects.outstanding(), which):
            self.attempt(lambda: asking.ask_supplier([line.pk], by=None, at=self.at))

    @rule(
        which=some,
        eta=st.integers(-1, 60),
        split=st.integers(0, 4),
        said=st.sampled_from(["stands", "move", "refuse"]),
        twice=st.booleans(),
    )
    def the_supplier_answers(self, which: int, eta: int, split: int, said: str, twice: bool) -> None:
        if asked := self.pick(RequestLine.objects.filter(ended_at=None), which):
            line = asked.purchase_line
            parts = self.parts(line, eta, split if said == "move" else 0)
            words = "split" if len(parts) > 1 else said
            if said == "stands":
                parts, words = [etas.EtaPart(line.eta_on, line.eta_until)], "confirm"
            answers = [LineAnswer(asked.pk, words, parts, "production", "x")]
            key = f"{asked.pk}:{EtaProposal.objects.count()}"
            for _again in range(1 + twice):
                self.attempt(lambda: proposals.propose(asked.request, answers=answers, key=key, at=self.at))

    @rule(which=some, is_accepted=st.booleans())
    def decide_on_an_answer(self, which: int, is_accepted: bool) -> None:
        if found := self.pick(EtaProposal.objects.filter(state=EtaProposal.State.WAITING), which):
            seen = {found.pk: found.line.purchase_line.version}
            if is_accepted:
                self.attempt(lambda: proposals.accept(seen, by=None, at=self.at))
            else:
                self.attempt(lambda: proposals.reject(seen, reason="x", by=None, at=self.at))

    @rule()
    def chase(self) -> None:
        """Ask and remind whoever is due, and believe the silent no longer."""
        asking.ask_due(at=self.at)
        silencing.stop_believing(at=self.at)


def in_order(impact: Impact, *, line_of: Mapping[int, int] | None = None) -> Impact:
    """The impact with its lines in one order, and units that became a line of their own named as that line."""
    known = line_of or {}

    def part(rows: Sequence[Any]) -> list[Any]:
        return sorted((row._replace(line_id=known.get(row.line_id, row.line_id)) for row in rows), key=repr)

    return replace(impact, moves=part(impact.moves), served=part(impact.served), lost=part(impact.lost))


def as_foreseen(done: Done[Any]) -> Done[Any]:
    """What a receipt did in the words of its preview, which cannot name the lines that it makes."""
    line_of = {made: line for line, made, *_ in done.change_set.before.get("parts", ())}
    return replace(done, impact=in_order(done.impact, line_of=line_of))


class Warehousing(Shop):
    """Goods come, leave, arrive, get lost, come back, are counted."""

    @rule(
        which=some,
        n=st.integers(0, 5),
        over=st.integers(0, 2),
        damaged=st.integers(0, 2),
        first=st.none() | st.tuples(some, some),
        units=st.none() | st.integers(0, 4),
        rest=st.none() | st.integers(0, 60),
    )
    def receive(
        self,
        which: int,
        n: int,
        over: int,
        damaged: int,
        first: tuple[int, int] | None,
        units: int | None,
        rest: int | None,
    ) -> None:
        if line := self.pick(PurchaseLine.objects, which):
            arrivals = [receiving.Arrival(line.pk, n, over, damaged)]
            queue = OrderLine.objects.open().filter(product=line.product_id)
            pair = [self.pick(queue, index) for index in first or ()]
            how = {
                "first": [GoesBefore(pair[0].pk, pair[1].pk, units=units)] if all(pair) and pair else [],
                "rest": [etas.EtaChange(line.pk, [etas.EtaPart(day(rest))])] if rest is not None else [],
            }
            self.attempt(
                lambda: as_foreseen(receiving.receive(arrivals, **how, reason="x", by=None, at=self.at)),
                lambda: in_order(receiving.preview_receive(arrivals, **how, at=self.at)),
            )

    @rule(which=some, n=st.integers(1, 4))
    def ship(self, which: int, n: int) -> None:
        if line := self.pick(OrderLine.objects, which):
            self.attempt(lambda: shipping.ship(line.order, units=[(line.pk, n)], by=None, at=self.at))

    @rule(which=some)
    def deliver(self, which: int) -> None:
        if parcel := self.pick(Shipment.objects, which):
            self.attempt(lambda: shipping.confirm_delivery(parcel, by=None, at=self.at))

    @rule(which=some, pays_back=st.booleans())
    def lose(self, which: int, pays_back: bool) -> None:
        if parcel := self.pick(Shipment.objects, which):
            how = {"pays_back": pays_back, "at": self.at}
            shown = answer(lambda: losing.preview_loss(parcel, **how))
            done = answer(lambda: losing.lose_parcel(parcel, reason="x", by=None, **how))
            if isinstance(shown, type) or isinstance(done, type):
                assert shown == done
            else:
                assert ([*shown.moves], [*shown.served]) == ([*done.impact.moves], [*done.impact.served])

    @rule(which=some, n=st.integers(1, 3), house=st.integers(0, 1))
    def take_back(self, which: int, n: int, house: int) -> None:
        if parcel := self.pick(ShipmentLine.objects, which):
            back = {"quantity": n, "warehouse": self.houses[house], "at": self.at}
            self.attempt(
                lambda: shipping.return_to_stock(parcel, **back, reason="x", by=None),
                lambda: shipping.preview_return(parcel, **back),
            )

    @rule(product=st.integers(0, 1), house=st.integers(0, 1), counted=st.integers(0, 12))
    def count(self, product: int, house: int, counted: int) -> None:
        what = {"warehouse": self.houses[house], "counted": counted, "at": self.at}
        self.attempt(
            lambda: counting.adjust_stock(self.products[product], reason="x", by=None, **what),
            lambda: counting.preview_adjust(self.products[product], **what),
        )
