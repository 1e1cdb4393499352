"""What the passing of time changes: dates that were believed yesterday, and changes made past the verbs."""

import datetime

from backorders.actions.buying import notice_unrecorded_etas
from backorders.allocation.replanning import replan
from backorders.changes.acting import act
from backorders.changes.recording import open_change
from backorders.orders.models import OrderLine


def start_day(*, at: datetime.datetime) -> int:
    """Plan every product that somebody waits for as of today; return how many there were.

    Late suppliers lose their dates and long waits come under the fairness bound this way. Each product is an act of
    its own, so that no lock lasts; running it again the same day changes nothing.
    """
    products = list(
        OrderLine.objects.waiting().order_by("product").values_list("product", flat=True).distinct().iterator()
    )
    for product_id in products:
        start_day_of(product_id, at=at)
    return len(products)


@act
def start_day_of(product_id: int, *, at: datetime.datetime) -> None:
    """Plan one product as of today; a day that moves nobody leaves no change set behind."""
    change = open_change("start_day", by=None, at=at)
    impact = replan([product_id], change_set=change, at=at)
    if not impact.moves:
        change.delete()


def notice_outside_changes(*, at: datetime.datetime) -> int:
    """Record ETAs that were changed past the verbs and date those behind them; return how many lines were found."""
    done = notice_unrecorded_etas(at=at)
    return len(done.made) if done else 0
