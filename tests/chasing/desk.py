"""A supplier who was asked for dates, and the ways to answer."""

import datetime
from typing import Any

from backorders.actions import asking, proposals, staff_proposals
from backorders.actions.etas import EtaChange, EtaPart
from backorders.actions.proposals import LineAnswer
from backorders.catalog.models import Product
from backorders.chasing.models import DateRequest, EtaProposal, RequestLine, StaffProposal
from backorders.notifications.links import hashed
from backorders.notifications.models import SupplierLink
from backorders.supply.models import PurchaseLine
from tests.factories import AT, a_line, a_product, a_purchase, a_supplier, day, later

TOKEN = "token-of-the-supplier"


class Asked:
    """A purchase line of ten, on which a customer counts, and the open question to its supplier."""

    def __init__(self, *, eta: int | None = 10, units: int = 10, language: str = "en", lines: int = 1) -> None:
        self.supplier = a_supplier("Contoso", email="contoso@example.com", language=language)
        self.product: Product = a_product()
        self.waiting = a_line(self.product, 4)
        self.purchase: PurchaseLine = a_purchase(self.product, units, supplier=self.supplier, eta=eta)
        more = [a_purchase(a_product(), units, supplier=self.supplier, eta=eta) for _ in range(lines - 1)]
        asking.ask_supplier([line.pk for line in (self.purchase, *more)], by=None, at=AT)
        self.request = DateRequest.objects.get()
        self.line = RequestLine.objects.get(purchase_line=self.purchase)
        SupplierLink.objects.update(token_hash=hashed(TOKEN))

    def answer(self, answer: str, *parts: tuple[int, int | None], key: str = "k", **how: Any) -> EtaProposal:
        """Answer of the line; parts are (days after today, units)."""
        days = [EtaPart(day(offset), quantity=units) for offset, units in parts]
        at: datetime.datetime = how.pop("at", later(hours=1))
        said = LineAnswer(self.line.pk, answer, days, **{"reason_code": "production", **how})
        return proposals.propose(self.request, answers=[said], key=key, at=at).made[0]


def a_staff_proposal(line: PurchaseLine, *, by: Any, offset: int | None = 20, **how: Any) -> StaffProposal:
    """What `by` heard of a purchase line: `offset` days after today, or that there is no date."""
    part = EtaPart(day(offset) if offset is not None else None)
    at: datetime.datetime = how.pop("at", AT)
    words = {"said": "Dear all, the boat is late.", **how}
    confidence = words.pop("confidence", "estimate")
    return staff_proposals.propose(EtaChange(line.pk, [part], confidence), **words, by=by, at=at).made
