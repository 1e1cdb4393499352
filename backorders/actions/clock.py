"""What the passing of time changes: suppliers' records, dates that were believed yesterday, changes past the verbs."""

import datetime

from django.db.models import F, Window
from django.db.models.functions import RowNumber

from backorders import rows
from backorders.actions.buying import notice_unrecorded_etas
from backorders.allocation.replanning import replan
from backorders.allocation.windows import POLICY, lateness
from backorders.changes.acting import act
from backorders.changes.recording import open_change
from backorders.orders.models import OrderLine
from backorders.supply.models import Receipt, Supplier


def start_day(*, at: datetime.datetime) -> int:
    """Learn how late suppliers are and plan every product that somebody waits for as of today; return how many.

    Late suppliers lose their dates and long waits come under the fairness bound this way. Each product is an act of
    its own, so that no lock lasts; running it again the same day changes nothing. Suppliers' records are read here
    only: within a day, the same ETA means the same window.
    """
    learn_lateness()
    products = list(OrderLine.objects.open().order_by("product").values_list("product", flat=True).distinct())
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


@act
def learn_lateness() -> None:
    """Write down how late each supplier's latest receipts came, so that windows need no history to be made."""
    supplier = "purchase_line__purchase_order__supplier"
    numbered = Receipt.objects.filter(late_days__isnull=False).annotate(
        number=Window(RowNumber(), partition_by=supplier, order_by=[F("at").desc(), F("id").desc()])
    )
    days: dict[int, list[int]] = {}
    for pk, late in numbered.filter(number__lte=POLICY.receipts_read).values_list(supplier, "late_days"):
        days.setdefault(pk, []).append(late or 0)
    learnt = {pk: lateness(late) for pk, late in days.items()}
    rows.update(
        Supplier,
        ["id", "early_days", "late_days"],
        [(pk, known.early, known.late) for pk, known in learnt.items() if known],
    )


def notice_outside_changes(*, at: datetime.datetime) -> int:
    """Record ETAs that were changed past the verbs and date those behind them; return how many lines were found."""
    done = notice_unrecorded_etas(at=at)
    return len(done.made) if done else 0
