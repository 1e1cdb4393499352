"""Deciding: what the customer of an order chooses, each choice one act that is kept with what was shown.

Whoever has the link to the order's page may choose; what could hurt most, another address or a dear cancellation, asks
for six digits that were mailed. The same key decides once.
"""

import datetime
import secrets
import unicodedata
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, cast

from django.contrib.auth.models import AbstractBaseUser
from django.db.models import F, Sum
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext_lazy as _

from backorders.actions import caring, lawful, refunding, reshaping, selling
from backorders.actions.checking import NotOpen, a_mailable_address, fitting
from backorders.actions.done import Done
from backorders.actions.freshness import fresh_order, order_changed
from backorders.actions.keys import known_act, same_content
from backorders.allocation.alternatives import offered_for
from backorders.allocation.impact import Impact
from backorders.allocation.locking import lock_products
from backorders.allocation.models import Promise
from backorders.allocation.replanning import replan
from backorders.allocation.windows import business_day
from backorders.catalog.models import Product
from backorders.changes.acting import act
from backorders.changes.models import ChangeSet, Source, Touch
from backorders.changes.recording import done_before, open_change, touch
from backorders.delays import casework, law
from backorders.delays.law import OPTIONS
from backorders.delays.models import LegalCase
from backorders.notifications import writing
from backorders.notifications.models import ContactCode
from backorders.notifications.outbox import CODE_LASTS
from backorders.orders.models import Customer, Decision, Order, OrderLine
from backorders.refusal import Refused

Kind = Decision.Kind
PAGE = Decision.Channel.PAGE.value
BY_CUSTOMER = _("chosen by the customer")
NOTHING_OPEN = _("Nothing is open on this order any more.")
AT_ONCE = datetime.timedelta(0)
TRIES = 5
CODES_AN_HOUR = 5
# From which value of what is open a cancellation asks for a code: by currency, for all others the last.
ADDRESS_RESTS = datetime.timedelta(days=7)  # so long no dear cancellation rests on a code sent to a new address
CODE_ABOVE: Mapping[str, Decimal] = {"TRY": Decimal(25_000), "": Decimal(500)}


class NotOffered(Refused):
    """What was chosen is not offered any more."""


class CodeNeeded(Refused):
    """The act asks for a code that was mailed."""


class WrongCode(Refused):
    """The digits are not those that were mailed, or they open nothing any more."""


class TooManyCodes(Refused):
    """More codes were asked for in an hour than anybody needs."""


@act
def keep_waiting(order: Order, *, key: str | None = None, at: datetime.datetime) -> Done[Decision]:
    """Write down that the customer goes on waiting: where the law asks, that they agree to. Raises `NotOpen`."""
    _lock(order)
    if known := _known(key, Kind.KEEP):
        return known
    lines = list(order.lines.open().order_by("id"))
    if not lines:
        raise NotOpen(_("Nothing waits on this order any more."))
    change = _change("keep_waiting", order, at)
    shown = _shown(order, None)
    for pk, choice in lawful.choices_of_lines(lines, at=at).items():
        if choice.state in OPTIONS:
            line = next(line for line in lines if line.pk == pk)
            lawful.agree(line, until=None, source=Source.CUSTOMER, by=None, at=at)
            shown["agreed"] = [*shown.get("agreed", []), [pk, str(choice.offered), str(choice.answer_by)]]
    return _kept(change, order, Kind.KEEP, shown=shown, key=key, at=at)


@act
def set_last_day(
    line: OrderLine, *, until: datetime.date, key: str | None = None, at: datetime.datetime
) -> Done[Decision]:
    """Set the last day on which overdue goods are still wanted; after it the contract may be ended.

    Raises `NoExtraPeriod` where the law knows no such day now, or it has passed.
    """
    order = line.order
    _lock(order)
    if known := _known(key, Kind.LAST_DAY, line=line):
        return known
    done = lawful.demand_extra_period(line, until=until, source=Source.CUSTOMER, by=None, at=at)
    shown = {**_shown(order, line), "until": until.isoformat()}
    return _kept(done.change_set, order, Kind.LAST_DAY, line=line, shown=shown, key=key, at=at)


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
    _lock(order)
    if known := _known(key, Kind.CANCEL, line=line):
        return known
    if needs_code(order):
        if _moved_lately(order, at):
            raise selling.NotCancellable(
                _("The address we write to was changed lately. Call us to cancel order %(order_number)s."),
                order_number=order.number,
            )
        if code is None:
            raise CodeNeeded(_("This cancellation needs a code that we mail."))
        _use(order, code, digits, opens=ContactCode.Opens.CANCEL, at=at)
    shown = _shown(order, line)
    how: dict[str, Any] = {"reason": BY_CUSTOMER, "seen_version": seen_version, "source": Source.CUSTOMER, "by": None}
    if line and seen_version in (None, order.version) and lawful.choices_of(line, at=at).may_end_contract:
        done = lawful.end_contract(line, source=Source.CUSTOMER, by=None, at=at)
    elif line:
        done = selling.cancel_line(line, **how, at=at)
    else:
        done = selling.cancel_order(order, **how, at=at)
    said = _kept(done.change_set, order, Kind.CANCEL, line=line, shown=shown, key=key, at=at)
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
    if known := _known(key, Kind.SUBSTITUTE, line=line):
        return known
    offered = offered_for([line], today=business_day(at)).get(line.pk, [])
    other = next((each for each in offered if each.product.pk == product.pk), None)
    if other is None or other.price is None:
        raise NotOffered(_("%(name)s is not offered any more. Nothing was changed."), name=product.name)
    shown = {**_shown(order, line), "product": product.sku, "name": product.name, "price": str(other.price.unit)}
    done = reshaping.substitute(
        line,
        product=product,
        quantity=other.units,
        reason=BY_CUSTOMER,
        seen_version=seen_version,
        by=None,
        at=at,
    )
    said = _kept(done.change_set, order, Kind.SUBSTITUTE, line=line, shown=shown, key=key, at=at)
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
    products = _lock(order)
    if known := _known(key, Kind.SHIP_READY):
        return known
    fresh_order(order, seen_version=seen_version)
    if not may_send_ready(order):
        raise NotOffered(_("Nothing is held back for the rest of the order."))
    shown = _shown(order, None)
    change = _change("send_ready", order, at)
    Order.objects.filter(pk=order.pk).update(is_ship_complete=False)
    order_changed(order.pk)
    impact = replan(products, change_set=change, at=at)
    said = _kept(change, order, Kind.SHIP_READY, shown=shown, key=key, at=at)
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
    _lock(order)
    if known := _known(key, Kind.ESSENTIAL if is_essential else Kind.NOT_ESSENTIAL):
        return known
    fresh_order(order, seen_version=seen_version)
    if not order.lines.open().exists():
        raise NotOpen(NOTHING_OPEN)
    change = _change("mark_essential", order, at, by=by)
    Order.objects.filter(pk=order.pk).update(is_date_essential=is_essential)
    _say_essential(order, change, is_essential, at)
    order_changed(order.pk)
    kind = Kind.ESSENTIAL if is_essential else Kind.NOT_ESSENTIAL
    return _kept(change, order, kind, key=key, at=at)


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
    order: Order, *, wants_all: bool, key: str | None = None, channel: str = PAGE, at: datetime.datetime
) -> Done[Decision]:
    """Let the customer hear of everything, or only of what they need to know: later, no date, sent, cancelled."""
    _lock(order)
    if known := _known(key, Kind.ALL_UPDATES if wants_all else Kind.FEWER_UPDATES):
        return known
    change = _change("choose_updates", order, at)
    Customer.objects.filter(pk=order.customer_id).update(wants_all_updates=wants_all)
    kind = Kind.ALL_UPDATES if wants_all else Kind.FEWER_UPDATES
    return _kept(change, order, kind, key=key, channel=channel, at=at)


# -- six digits -------------------------------------------------------------------------------------------------------


def may_send_ready(order: Order) -> bool:
    """Whether something lies ready that waits only for the rest of the order."""
    ready = order.lines.filter(allocated__gt=0, is_held=False)
    return order.is_ship_complete and ready.exists() and order.lines.waiting().exists()


def needs_code(order: Order) -> bool:
    """Whether what is open is worth so much that its cancellation asks for a code."""
    worth = order.lines.aggregate(sum=Sum((F("allocated") + F("waiting")) * F("price")))["sum"] or Decimal(0)
    return worth > CODE_ABOVE.get(order.currency, CODE_ABOVE[""])


@act
def ask_code(
    order: Order, *, opens: str, wanted: Mapping[str, Any], key: str | None = None, at: datetime.datetime
) -> Done[ContactCode]:
    """Mail six digits that open one change: `wanted` is email, phone, language of a contact, or what to cancel.

    They go to the new address if that is what changes, else to the one we have.
    Raises `NotMailable`, `TooManyCodes`, `BadText`.
    """
    _lock(order)
    if known := known_act("ask_code", key=key):
        return Done(known, Impact(), ContactCode.objects.get(pk=known.before["code"]))
    wanted = dict(wanted)
    fitting(Customer, **{name: wanted[name] for name in ("email", "phone") if wanted.get(name)})
    email = wanted.get("email") or order.customer.email
    a_mailable_address(email)
    if order.contact_codes.filter(asked_at__gt=at - datetime.timedelta(hours=1)).count() >= CODES_AN_HOUR:
        raise TooManyCodes(_("Too many codes were asked for. Try again in an hour."))
    digits = f"{secrets.randbelow(10**6):06d}"
    made = ContactCode(order=order, opens=opens, email=email, wanted=wanted, asked_at=at, expires_at=at + CODE_LASTS)
    made.save()
    ContactCode.objects.filter(pk=made.pk).update(code_hash=_hash(made, digits))
    change = open_change("ask_code", key=key, before={"code": made.pk}, source=Source.CUSTOMER, by=None, at=at)
    touch(change, kind=Touch.Kind.ORDER, ids=[order.pk])
    letter = writing.code(
        order,
        code=f"{digits[:3]} {digits[3:]}",
        email=email,
        language=str(wanted.get("language") or ""),
        occasion=f"change {change.pk}",
        at=at,
    )
    writing.post(letter, rest=AT_ONCE, at=at)
    return Done(change, Impact(), made)


@act
def enter_code(code: ContactCode, *, digits: str, at: datetime.datetime) -> bool:
    """Count a try and return whether the digits are right. Raises `WrongCode` once the code opens nothing any more."""
    usable = ContactCode.objects.filter(pk=code.pk, used_at=None, expires_at__gt=at, tries__lt=TRIES)
    if not usable.update(tries=F("tries") + 1):
        raise WrongCode(_("This code opens nothing any more. Ask for a new one."))
    return _is_right(code, digits)


@act
def change_contact(code: ContactCode, *, digits: str, key: str | None = None, at: datetime.datetime) -> Done[Decision]:
    """Change how the customer is reached as it was asked for with the code. Raises `WrongCode`."""
    order = code.order
    _lock(order)
    if known := _known(key, Kind.CONTACT):
        return known
    _use(order, code, digits, opens=ContactCode.Opens.CONTACT, at=at)
    customer = order.customer
    email = code.wanted.get("email")
    others = {name: code.wanted[name] for name in ("phone", "language") if code.wanted.get(name)}
    if others:
        Customer.objects.filter(pk=customer.pk).update(**others)
    if email and email != customer.email:
        change = caring.change_address(customer, email=email, by=None, at=at).change_set
        touch(change, kind=Touch.Kind.ORDER, ids=[order.pk])
    else:
        change = _change("change_contact", order, at)
    shown = {"changed": sorted(name for name, value in code.wanted.items() if value)}
    return _kept(change, order, Kind.CONTACT, shown=shown, key=key, at=at)


def _use(order: Order, code: ContactCode, digits: str, *, opens: str, at: datetime.datetime) -> None:
    mine = ContactCode.objects.filter(pk=code.pk, order=order, opens=opens)
    usable = mine.filter(used_at=None, expires_at__gt=at, tries__lte=TRIES)
    if not _is_right(code, digits) or not usable.update(used_at=at):
        raise WrongCode(_("This code opens nothing any more. Ask for a new one."))


def _is_right(code: ContactCode, digits: str) -> bool:
    known = ContactCode.objects.values_list("code_hash", flat=True).get(pk=code.pk)
    return constant_time_compare(known, _hash(code, _digits(digits)))


def _digits(typed: str) -> str:
    """The digits of what was typed or pasted, whatever stands between them, of any script."""
    return "".join(str(unicodedata.decimal(sign)) for sign in typed if sign.isdecimal())


def _hash(code: ContactCode, digits: str) -> str:
    return salted_hmac("backorders.contact_code", f"{code.pk}:{digits}", algorithm="sha256").hexdigest()


# -- keeping ----------------------------------------------------------------------------------------------------------


def _say_essential(order: Order, change: ChangeSet, is_essential: bool, at: datetime.datetime) -> None:
    """Note in the cases of the order what the customer said of its date."""
    cases = list(LegalCase.objects.select_for_update(no_key=True, of=("self",)).filter(line__order=order))
    said = _word(is_essential)
    casework.write(casework.heard(row, said, key=f"change:{change.pk}", at=at) for row in cases)
    casework.settle(cases, at=at)


def _word(is_essential: bool) -> law.Kind:
    return law.Kind.ESSENTIAL if is_essential else law.Kind.FLEXIBLE


def _lock(order: Order) -> list[int]:
    """Lock what the order hangs on; two taps on one button come after each other."""
    products = lock_products(order.lines.values_list("product", flat=True))
    fresh_order(order, seen_version=None)
    return list(products)


def _moved_lately(order: Order, at: datetime.datetime) -> bool:
    """Whether a code would go to an address that whoever holds a link may have put in place of the customer's."""
    moved = Decision.objects.filter(order__customer=order.customer_id, kind=Kind.CONTACT)
    return moved.filter(at__gt=at - ADDRESS_RESTS).exists()


def _known(key: str | None, *kinds: str, line: OrderLine | None = None) -> Done[Decision] | None:
    change = done_before(key)
    if change is None:
        return None
    made = Decision.objects.filter(change_set=change).first()
    same_content(is_same=made is not None and made.kind in kinds and made.line_id == (line and line.pk))
    return Done(change, Impact(), cast(Decision, made))


def _change(verb: str, order: Order, at: datetime.datetime, *, by: AbstractBaseUser | None = None) -> ChangeSet:
    change = open_change(verb, reason=BY_CUSTOMER, source=None if by else Source.CUSTOMER, by=by, at=at)
    touch(change, kind=Touch.Kind.ORDER, ids=[order.pk])
    return change


def _shown(order: Order, line: OrderLine | None) -> dict[str, Any]:
    """What the page says of what is decided about: the date, and the money that would go back."""
    lines = [line] if line else list(order.lines.open().order_by("id"))
    promises = Promise.objects.filter(line__in=lines).order_by("line")
    back = refunding.refund_of([(each, each.open_quantity) for each in lines])
    windows = {str(each.line_id): [str(each.expected_from), str(each.expected_until)] for each in promises}
    return {"windows": windows, "refund": f"{back} {order.currency}", "version": order.version}


def _kept(
    change: ChangeSet,
    order: Order,
    kind: str,
    *,
    line: OrderLine | None = None,
    shown: dict[str, Any] | None = None,
    key: str | None,
    channel: str = PAGE,
    at: datetime.datetime,
) -> Done[Decision]:
    by_phone = change.by_id is not None
    source = Source.STAFF if by_phone else Source.CUSTOMER
    ChangeSet.objects.filter(pk=change.pk).update(key=key or None, source=source)
    change.refresh_from_db()
    made = Decision.objects.create(
        order=order,
        line=line,
        change_set=change,
        reference=f"{order.number}-C{order.decisions.count() + 1}",
        kind=kind,
        channel=Decision.Channel.PHONE if by_phone else Decision.Channel(channel),
        shown=shown if shown is not None else _shown(order, line),
        at=at,
    )
    return Done(change, Impact(), made)
