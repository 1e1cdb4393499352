"""What the passing of time changes: suppliers' records, dates believed yesterday, what was told or done meanwhile."""

import contextlib
import datetime
from collections.abc import Callable, Iterable

from django.db.models import Count, Exists, F, OuterRef, Q, Window
from django.db.models.functions import RowNumber

from backorders import rows
from backorders.actions.revisions import notice_unrecorded_etas
from backorders.actions.telling import forget_stopped
from backorders.allocation.locking import lock_products, lock_whole_orders
from backorders.allocation.models import Promise
from backorders.allocation.replanning import replan
from backorders.allocation.windows import POLICY, business_day, lateness
from backorders.changes.acting import act
from backorders.changes.models import ChangeSet
from backorders.changes.recording import open_change
from backorders.jobs import beating
from backorders.notifications.models import LaterWord, MessageLine, ProviderEvent, bounces
from backorders.orders.models import OrderLine
from backorders.refusal import Busy
from backorders.supply.models import Receipt, Supplier

TOLD_LATELY = datetime.timedelta(minutes=10)  # what was told while nobody looked for longer, the next day sees


def start_day(*, at: datetime.datetime) -> int:
    """Learn how late suppliers are and plan every product that somebody waits for as of today; return how many it
    planned.

    Late suppliers lose their dates and long waits come under the fairness bound this way. Each product is an act of
    its own, so that no lock lasts; running it again the same day changes nothing. Suppliers' records are read here
    only: within a day, the same ETA means the same window. A product that others hold for long is left to the next
    run, and holds no other up.
    """
    learn_lateness()
    forget_stopped()
    LaterWord.objects.filter(until__lte=at).delete()
    beating.forget_old(at=at)
    products = list(OrderLine.objects.open().order_by("product").values_list("product", flat=True).distinct())
    return _each(products, start_day_of, at)


def take_up_what_was_told(*, at: datetime.datetime) -> int:
    """Plan the products in which a ship-complete line heard lately when it comes, or that nobody knows, or of which a
    mail that said so came back; return how many.

    Such a line lets others pass while its word is kept (see planning), so a date it was told may free stock for them;
    without one, or if it was not told after all, it may not. Mails are told, and untold, outside the products' locks,
    so this comes after them and looks back.
    """
    lately = at - TOLD_LATELY
    bounced = ProviderEvent.objects.filter(bounces(), processed_at__gt=lately).values("message")
    untold = MessageLine.objects.filter(message__in=bounced, promise_version__isnull=False).values("line")
    heard = OrderLine.objects.waiting().filter(order__is_ship_complete=True, is_held=False)
    heard = heard.filter(Q(promise__told_at__gt=lately) | Q(pk__in=untold))
    products = list(heard.order_by("product").values_list("product", flat=True).distinct())
    return _each(products, plan_again, at)


def _each(products: Iterable[int], plan: Callable[..., None], at: datetime.datetime) -> int:
    planned = 0
    for product_id in products:
        with contextlib.suppress(Busy):
            plan(product_id, at=at)
            planned += 1
    return planned


@act
def start_day_of(product_id: int, *, at: datetime.datetime) -> None:
    """Plan one product as of a new day; one on which nothing moves leaves no change set behind."""
    change = open_change("start_day", by=None, at=at)
    lock_whole_orders(lock_products([product_id]))
    _forget_days_told_to_nobody(product_id, today=business_day(at))
    _plan(product_id, change, at)


@act
def plan_again(product_id: int, *, at: datetime.datetime) -> None:
    """Plan one product as of now, because something beside the verbs changed what its plan rests on."""
    _plan(product_id, open_change("plan_again", by=None, at=at), at)


def _plan(product_id: int, change: ChangeSet, at: datetime.datetime) -> None:
    impact = replan([product_id], change_set=change, at=at)
    if not (impact.moves or impact.served or impact.lost):
        change.delete()


def _forget_days_told_to_nobody(product_id: int, *, today: datetime.date) -> None:
    """Take the date from what lies ready or is held whose day passed before its customer was told it (mail was off):
    the plan, which lets such lines keep theirs, then dates them anew, and nobody is told of a day that is over."""
    keeps_its_date = Q(line__waiting=0) | Q(line__is_held=True)
    passed = Promise.objects.filter(keeps_its_date, product=product_id, is_open=True, expected_until__lt=today)
    told = Promise.objects.filter(pk=OuterRef("pk"), told_from=F("expected_from"), told_until=F("expected_until"))
    passed.filter(~Exists(told)).update(own_from=None, own_until=None)


@act
def learn_lateness() -> None:
    """Write down how late each supplier's latest receipts came, so that windows need no history to be made."""
    supplier = "purchase_line__purchase_order__supplier"
    standing = Receipt.objects.filter(late_days__isnull=False, change_set__undone_by=None)
    numbered = standing.annotate(
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
    Supplier.objects.filter(pk__in=_fallen_below()).update(early_days=None, late_days=None)


def _fallen_below() -> list[int]:
    """Suppliers whose receipts were enough for a record before some of them were undone."""
    supplier = "purchase_line__purchase_order__supplier"
    dated = Receipt.objects.filter(late_days__isnull=False).order_by().values(supplier)
    counted = dated.annotate(all=Count("id"), standing=Count("id", filter=Q(change_set__undone_by=None)))
    needed = POLICY.receipts_needed
    return list(counted.filter(all__gte=needed, standing__lt=needed).values_list(supplier, flat=True))


def notice_outside_changes(*, at: datetime.datetime) -> int:
    """Record ETAs that were changed past the verbs and date those behind them; return how many lines were found."""
    done = notice_unrecorded_etas(at=at)
    return len(done.made) if done else 0
