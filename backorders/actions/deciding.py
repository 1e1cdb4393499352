"""Deciding: what the customer of an order chooses, each choice one act that is kept with what was shown.

Whoever has the link to the order's page may choose; what could hurt most, another address or a dear cancellation, asks
for the digits of a code (`codes`). The same key decides once (`keeping`).
"""

import datetime
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.utils.translation import gettext_lazy as _

from backorders.actions import caring, codes, keeping, lawful, selling, substituting
from backorders.actions.checking import NotOpen
from backorders.actions.done import Done
from backorders.actions.freshness import fresh_order, order_changed
from backorders.allocation.alternatives import offered_for
from backorders.allocation.locking import lock_products
from backorders.allocation.replanning import replan
from backorders.allocation.windows import business_day
from backorders.catalog.models import Product
from backorders.changes.acting import act
from backorders.changes.models import ChangeSet, Source, Touch
from backorders.changes.recording import touch
from backorders.delays import casework, law
from backorders.delays.law import OPTIONS
from backorders.delays.models import LegalCase
from backorders.notifications.models import ContactCode
from backorders.orders.models import Customer, Decision, Order, OrderLine
from backorders.refusal import Refused

Kind = Decision.Kind
NOTHING_OPEN = _("Nothing is open on this order any more.")


class NotOffered(Refused):
    """What was chosen is not offered any more."""


@act
def keep_waiting(order: Order, *, key: str | None = None, at: datetime.datetime) -> Done[Decision]:
    """Write down that the customer goes on waiting: where the law asks, that they agree to. Raises `NotOpen`."""
    keeping.lock(order)
    if known := keeping.known(key, Kind.KEEP):
        return known
    lines = list(order.lines.open().order_by("id"))
    if not lines:
        raise NotOpen(_("Nothing waits on this order any more."))
    change = keeping.open_decision("keep_waiting", order, at)
    shown = keeping.shown_of(order, None)
    for pk, choice in lawful.choices_of_lines(lines, at=at).items():
        if choice.state in OPTIONS:
            line = next(line for line in lines if line.pk == pk)
            lawful.agree(line, until=None, source=Source.CUSTOMER, by=None, at=at)
            shown["agreed"] = [*shown.get("agreed", []), [pk, str(choice.offered), str(choice.answer_by)]]
    return keeping.keep(change, order, Kind.KEEP, shown=shown, key=key, at=at)


@act
def set_last_day(
    line: OrderLine, *, until: datetime.date, key: str | None = None, at: datetime.datetime
) -> Done[Decision]:
    """Set the last day on which overdue goods are still wanted; after it the contract may be ended.

    Raises `NoExtraPeriod` where the law knows no such day now, or it has passed.
    """
    order = line.order
    keeping.lock(order)
    if known := keeping.known(key, Kind.LAST_DAY, line=line):
        return known
    done = lawful.demand_extra_period(line, until=until, source=Source.CUSTOMER, by=None, at=at)
    shown = {**keeping.shown_of(order, line), "until": until.isoformat()}
    return keeping.keep(done.change_set, order, Kind.LAST_DAY, line=line, shown=shown, key=key, at=at)


@act
def cancel(
    order: Order,
    *,
    line: OrderLine | None = None,
    code: ContactCode | None = None,
    digits: str = "",
    seen_version: int | None = None,
    key: str | None = None,
    at: datetime.datetime,
) -> Done[Decision]:
    """Cancel what is open of a line, or of the whole order; the money goes back by itself.

    Raises `NotCancellable`, `Stale`, `CodeNeeded` above a value unless the digits of a code are given, `WrongCode`.
    """
    keeping.lock(order)
    if known := keeping.known(key, Kind.CANCEL, line=line):
        return known
    if codes.needs_code(order):
        if codes.moved_lately(order, at):
            raise selling.NotCancellable(
                _("The address we write to was changed lately. Call us to cancel order %(order_number)s."),
                order_number=order.number,
            )
        if code is None:
            raise codes.CodeNeeded(_("This cancellation needs a code that we mail."))
        codes.use(order, code, digits, opens=ContactCode.Opens.CANCEL, at=at)
    shown = keeping.shown_of(order, line)
    how: dict[str, Any] = {
        "reason": keeping.BY_CUSTOMER,
        "seen_version": seen_version,
        "source": Source.CUSTOMER,
        "by": None,
    }
    if line and seen_version in (None, order.version) and lawful.choices_of(line, at=at).may_end_contract:
        done = lawful.end_contract(line, source=Source.CUSTOMER, by=None, at=at)
    elif line:
        done = selling.cancel_line(line, **how, at=at)
    else:
        done = selling.cancel_order(order, **how, at=at)
    said = keeping.keep(done.change_set, order, Kind.CANCEL, line=line, shown=shown, key=key, at=at)
    return Done(said.change_set, done.impact, said.made)


@act
def choose_substitute(
    line: OrderLine,
    *,
    product: Product,
    seen_version: int | None = None,
    key: str | None = None,
    at: datetime.datetime,
) -> Done[Decision]:
    """Take another product in place of what waits, as it is offered now. Raises `NotOffered`, `Stale`."""
    order = line.order
    lock_products({product.pk, *order.lines.values_list("product", flat=True)})
    if known := keeping.known(key, Kind.SUBSTITUTE, line=line):
        return known
    offered = offered_for([line], today=business_day(at)).get(line.pk, [])
    other = next((each for each in offered if each.product.pk == product.pk), None)
    if other is None or other.price is None:
        raise NotOffered(_("%(name)s is not offered any more. Nothing was changed."), name=product.name)
    shown = {
        **keeping.shown_of(order, line),
        "product": product.sku,
        "name": product.name,
        "price": str(other.price.unit),
    }
    done = substituting.substitute(
        line,
        product=product,
        quantity=other.units,
        reason=keeping.BY_CUSTOMER,
        seen_version=seen_version,
        by=None,
        at=at,
    )
    said = keeping.keep(done.change_set, order, Kind.SUBSTITUTE, line=line, shown=shown, key=key, at=at)
    return Done(said.change_set, done.impact, said.made)


@act
def send_ready(
    order: Order,
    *,
    seen_version: int | None = None,
    key: str | None = None,
    at: datetime.datetime,
) -> Done[Decision]:
    """Let what lies ready leave now, the rest when it is there. Raises `NotOffered` if nothing is held back."""
    products = keeping.lock(order)
    if known := keeping.known(key, Kind.SHIP_READY):
        return known
    fresh_order(order, seen_version=seen_version)
    if not may_send_ready(order):
        raise NotOffered(_("Nothing is held back for the rest of the order."))
    shown = keeping.shown_of(order, None)
    change = keeping.open_decision("send_ready", order, at)
    Order.objects.filter(pk=order.pk).update(is_ship_complete=False)
    order_changed(order.pk)
    impact = replan(products, change_set=change, at=at)
    said = keeping.keep(change, order, Kind.SHIP_READY, shown=shown, key=key, at=at)
    return Done(change, impact, said.made)


@act
def mark_essential(
    order: Order,
    *,
    is_essential: bool,
    seen_version: int | None = None,
    key: str | None = None,
    by: AbstractBaseUser | None = None,
    at: datetime.datetime,
) -> Done[Decision]:
    """Write down whether goods that come late are of no use to the customer. Raises `NotOpen`, `Stale`.

    It counts for dates that are still to come: one that has passed stays what it was when it passed. `by` is whoever
    heard it from the customer by phone; without, the customer says so on the page.
    """
    keeping.lock(order)
    if known := keeping.known(key, Kind.ESSENTIAL if is_essential else Kind.NOT_ESSENTIAL):
        return known
    fresh_order(order, seen_version=seen_version)
    if not order.lines.open().exists():
        raise NotOpen(NOTHING_OPEN)
    change = keeping.open_decision("mark_essential", order, at, by=by)
    Order.objects.filter(pk=order.pk).update(is_date_essential=is_essential)
    _say_essential(order, change, is_essential, at)
    order_changed(order.pk)
    kind = Kind.ESSENTIAL if is_essential else Kind.NOT_ESSENTIAL
    return keeping.keep(change, order, kind, key=key, at=at)


def preview_essential(
    order: Order, *, is_essential: bool, at: datetime.datetime
) -> list[tuple[OrderLine, law.Case | None]]:
    """Return the open lines of an order with the case in which `mark_essential` would leave each, None where no law of
    delays covers the line. Writes nothing. Raises `NotOpen`."""
    lines = list(order.lines.open().select_related("product").order_by("id"))
    if not lines:
        raise NotOpen(NOTHING_OPEN)
    kept = list(LegalCase.objects.filter(pk__in=[line.pk for line in lines]))
    cases = casework.cases_now(kept, at=at)
    said = {row.pk: casework.heard(row, _word(is_essential), key="said", at=at).event for row in kept}
    return [(line, law.after(cases[line.pk], said[line.pk]) if line.pk in said else None) for line in lines]


@act
def choose_updates(
    order: Order, *, wants_all: bool, key: str | None = None, channel: str = keeping.PAGE, at: datetime.datetime
) -> Done[Decision]:
    """Let the customer hear of everything, or only of what they need to know: later, no date, sent, cancelled."""
    keeping.lock(order)
    if known := keeping.known(key, Kind.ALL_UPDATES if wants_all else Kind.FEWER_UPDATES):
        return known
    change = keeping.open_decision("choose_updates", order, at)
    Customer.objects.filter(pk=order.customer_id).update(wants_all_updates=wants_all)
    kind = Kind.ALL_UPDATES if wants_all else Kind.FEWER_UPDATES
    return keeping.keep(change, order, kind, key=key, channel=channel, at=at)


def may_send_ready(order: Order) -> bool:
    """Whether something lies ready that waits only for the rest of the order."""
    ready = order.lines.filter(allocated__gt=0, is_held=False)
    return order.is_ship_complete and ready.exists() and order.lines.waiting().exists()


@act
def change_contact(code: ContactCode, *, digits: str, key: str | None = None, at: datetime.datetime) -> Done[Decision]:
    """Change how the customer is reached as it was asked for with the code. Raises `WrongCode`."""
    order = code.order
    keeping.lock(order)
    if known := keeping.known(key, Kind.CONTACT):
        return known
    codes.use(order, code, digits, opens=ContactCode.Opens.CONTACT, at=at)
    customer = order.customer
    email = code.wanted.get("email")
    others = {name: code.wanted[name] for name in ("phone", "language") if code.wanted.get(name)}
    if others:
        Customer.objects.filter(pk=customer.pk).update(**others)
    if email and email != customer.email:
        change = caring.change_address(customer, email=email, by=None, at=at).change_set
        touch(change, kind=Touch.Kind.ORDER, ids=[order.pk])
    else:
        change = keeping.open_decision("change_contact", order, at)
    shown = {"changed": sorted(name for name, value in code.wanted.items() if value)}
    return keeping.keep(change, order, Kind.CONTACT, shown=shown, key=key, at=at)


def _say_essential(order: Order, change: ChangeSet, is_essential: bool, at: datetime.datetime) -> None:
    """Note in the cases of the order what the customer said of its date."""
    cases = list(
        LegalCase.objects.select_for_update(no_key=True, of=("self",)).filter(line__order=order).order_by("pk")
    )
    said = _word(is_essential)
    casework.write(casework.heard(row, said, key=f"change:{change.pk}", at=at) for row in cases)
    casework.settle(cases, at=at)


def _word(is_essential: bool) -> law.Kind:
    return law.Kind.ESSENTIAL if is_essential else law.Kind.FLEXIBLE
