"""The database refuses the impossible: every constraint of ours is tried, and a new one without a try fails here."""

import datetime
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.apps import apps
from django.db import Error, IntegrityError, connection, models, transaction

from backorders.actions import selling, warehouse
from backorders.allocation.models import Allocation, Promise, PromiseChange
from backorders.catalog.models import Category, Product, Substitute
from backorders.changes.appending import refusals
from backorders.changes.models import ChangeSet, Touch
from backorders.notifications.models import (
    Attempt,
    CallTask,
    CustomerLink,
    MailSwitch,
    Message,
    MessageLine,
    ProviderEvent,
    Suppression,
)
from backorders.orders.models import Cancellation, Customer, Order, OrderLine, Refund, Shipment, ShipmentLine
from backorders.supply.models import (
    EtaRevision,
    Holiday,
    PurchaseLine,
    Receipt,
    StockLevel,
    StockMovement,
    Supplier,
    SupplierProduct,
)
from tests.actions.desk import a_world
from tests.factories import (
    AT,
    a_carrier,
    a_customer,
    a_line,
    a_product,
    a_purchase,
    a_supplier,
    a_warehouse,
    an_order,
    day,
    receive,
)

pytestmark = pytest.mark.django_db


def update(model: type[models.Model], **values: Any) -> None:
    assert model._default_manager.update(**values) > 0


def twice(row: models.Model) -> None:
    """Save a copy of a row."""
    row.pk = None
    row._state.adding = True
    row.save()


def a_shipped_line() -> OrderLine:
    line = an_order((a_product(stock=2), 2), is_paid=True).lines.get()
    warehouse.ship(line.order, units=[(line.pk, 1)], by=None, at=AT)
    selling.cancel_line(line, reason="x", by=None, at=AT)
    return line


def a_change(**fields: Any) -> ChangeSet:
    return ChangeSet.objects.create(**{"act": "x", "source": "system", "at": AT, **fields})


TRIES: dict[str, Callable[[], Any]] = {
    # changes
    "key_is_absent_or_not_empty": lambda: a_change(key=""),
    "staff_acts_name_their_person": lambda: a_change(source="staff"),
    "no_act_undoes_itself": lambda: (a_change(), ChangeSet.objects.update(undoes=models.F("id"))),
    "a_change_set_touches_a_thing_once": lambda: (an_order((a_product(), 1)), twice(Touch.objects.first())),
    # catalog
    "usual_lateness_is_a_range": lambda: Category.objects.create(name="x", usual_early_days=3, usual_late_days=2),
    "price_is_not_negative": lambda: a_product(price=-1),
    "limited_policy_has_its_limit": lambda: a_product(backorder_policy="limited"),
    "a_substitute_is_named_once": lambda: twice(Substitute.objects.create(product=a_product(), substitute=a_product())),
    "no_product_substitutes_itself": lambda: (p := a_product(), Substitute.objects.create(product=p, substitute=p)),
    # supply
    "lateness_is_a_range_or_absent": lambda: (a_supplier(), update(Supplier, early_days=3, late_days=2)),
    "a_source_is_named_once": lambda: twice(SupplierProduct.objects.create(supplier=a_supplier(), product=a_product())),
    "a_holiday_is_named_once": lambda: twice(Holiday.objects.create(warehouse=a_warehouse(), on=day(1))),
    "purchase_quantity_is_positive": lambda: (a_purchase(a_product(), 1), update(PurchaseLine, quantity=0)),
    "pegs_fit_what_is_outstanding": lambda: (a_purchase(a_product(), 3), update(PurchaseLine, pegged=4)),
    "eta_is_a_window_or_absent": lambda: (a_purchase(a_product(), 3), update(PurchaseLine, eta_until=day(1))),
    "a_receipt_receives_something": lambda: (
        receive(a_purchase(a_product(), 1), 1),
        Receipt.objects.create(
            purchase_line=PurchaseLine.objects.get(), change_set=ChangeSet.objects.first(), at=AT, on=day(0), quantity=0
        ),
    ),
    "one_level_per_product_and_warehouse": lambda: (a_product(stock=1), twice(StockLevel.objects.get())),
    "allocations_fit_on_hand": lambda: (a_product(stock=1), update(StockLevel, allocated=2)),
    "a_movement_moves_something": lambda: (a_product(stock=1), a_movement(quantity=0, kind="count")),
    "movements_go_the_way_of_their_kind": lambda: (a_product(stock=1), a_movement(quantity=1, kind="shipment")),
    # orders
    "a_customer_comes_from_outside_once": lambda: twice(Customer.objects.create(name="x", external_id="7")),
    "a_shop_order_comes_once": lambda: shop_order_twice(),
    "order_quantity_is_positive": lambda: (a_line(a_product(), 1), update(OrderLine, quantity=0, waiting=0)),
    "ordered_is_allocated_waiting_shipped_and_cancelled": lambda: (
        a_line(a_product(), 2),
        update(OrderLine, waiting=1),
    ),
    "first_promise_is_a_window_or_absent": lambda: (a_line(a_product(), 2), update(OrderLine, first_from=day(1))),
    "delivery_says_who_confirmed_it": lambda: (a_shipped_line(), update(Shipment, delivered_at=AT)),
    "delivery_follows_shipment": lambda: (
        a_shipped_line(),
        update(Shipment, delivered_at=AT - datetime.timedelta(days=1), delivery_confirmed_by="staff"),
    ),
    "a_line_is_once_in_a_parcel": lambda: (a_shipped_line(), twice(ShipmentLine.objects.get())),
    "shipped_quantity_is_positive": lambda: (a_shipped_line(), update(ShipmentLine, quantity=0)),
    "returned_units_were_shipped": lambda: (a_shipped_line(), update(ShipmentLine, returned=2)),
    "cancelled_quantity_is_positive": lambda: (a_shipped_line(), update(Cancellation, quantity=0)),
    "refund_is_not_negative": lambda: (a_shipped_line(), update(Refund, amount=-1)),
    # allocation
    "allocated_quantity_is_positive": lambda: (a_line(a_product(stock=1), 1), update(Allocation, quantity=0)),
    "an_allocation_has_one_supply": lambda: (a_line(a_product(stock=1), 1), update(Allocation, stock_level=None)),
    "a_line_holds_a_stock_level_once": lambda: (a_line(a_product(stock=1), 1), twice(Allocation.objects.get())),
    "a_line_pegs_a_purchase_line_once": lambda: pegged_twice(),
    "own_is_a_window_or_absent": lambda: (a_line(a_product(), 1), update(Promise, own_from=day(1))),
    "expected_is_a_window_or_absent": lambda: (a_line(a_product(), 1), update(Promise, expected_from=day(1))),
    "announced_is_a_window_or_absent": lambda: (a_line(a_product(), 1), update(Promise, announced_from=day(1))),
    "told_is_a_window_or_absent": lambda: (
        a_line(a_product(), 1),
        update(Promise, told_from=day(2), told_until=day(1)),
    ),
}


def a_message(**fields: Any) -> Message:
    known = {"kind": "later", "customer": a_customer(), "dedupe_key": "k", "address_version": 1, "created_at": AT}
    return Message.objects.create(
        **{**known, "not_before": AT, "recipient": "a@example.com", "language": "en", **fields}
    )


def a_stated_line(**fields: Any) -> MessageLine:
    line = a_line(a_product(), 1)
    return MessageLine.objects.create(message=a_message(), line=line, order=line.order, **fields)


def an_attempt() -> Attempt:
    return Attempt.objects.create(message=a_message(), number=1, started_at=AT)


# Of what customers are told.
TRIES |= {
    "the_same_is_stated_once": lambda: twice(a_message()),
    "a_message_has_a_lease_while_it_is_being_sent": lambda: a_message(state="sending"),
    "accepted_says_when": lambda: a_message(state="accepted"),
    "a_stated_window_has_both_ends": lambda: a_stated_line(window_from=day(2), window_until=day(1)),
    "attempts_are_numbered_once": lambda: twice(an_attempt()),
    "there_is_one_mail_switch": lambda: MailSwitch.objects.create(id=2, instance_id=uuid.uuid4(), changed_at=AT),
}


def a_movement(**fields: Any) -> None:
    StockMovement.objects.create(
        stock_level=StockLevel.objects.get(), change_set=ChangeSet.objects.first(), at=AT, **fields
    )


def shop_order_twice() -> None:
    order = an_order((a_product(), 1), shop="web", external_id="7")
    order.number = "other"
    twice(order)


def pegged_twice() -> None:
    product = a_product()
    a_purchase(product, 3)
    a_line(product, 1)
    twice(Allocation.objects.get())


def our_models() -> list[type[models.Model]]:
    return [model for model in apps.get_models() if model.__module__.startswith("backorders.")]


def our_constraints() -> set[str]:
    return {constraint.name for model in our_models() for constraint in model._meta.constraints}


@pytest.mark.parametrize("name", TRIES)
def test_the_database_refuses(name: str) -> None:
    with pytest.raises(Error) as refused, transaction.atomic():
        TRIES[name]()
    if connection.vendor == "postgresql" or "CHECK" in str(refused.value):
        assert name in str(refused.value)


def test_every_constraint_is_tried() -> None:
    assert our_constraints() == TRIES.keys()


def a_refund() -> Refund:
    a_shipped_line()
    return Refund.objects.get()


def a_link() -> CustomerLink:
    return CustomerLink.objects.create(order=an_order((a_product(), 1)), token_hash="h", created_at=AT, expires_at=AT)


def an_event() -> ProviderEvent:
    return ProviderEvent.objects.create(event_key="k", event_type="bounced", occurred_at=AT, received_at=AT)


def a_task() -> CallTask:
    message = a_message()
    return CallTask.objects.create(customer=message.customer, message=message, why="bounced", opened_at=AT)


ONCE: dict[str, Callable[[], models.Model]] = {
    "changes.ChangeSet.key": lambda: a_change(key="k"),
    "changes.ChangeSet.undoes": lambda: a_change(undoes=a_change()),
    "catalog.Category.name": lambda: a_product().category,
    "catalog.Product.sku": lambda: a_product(),
    "supply.Supplier.name": lambda: a_supplier(),
    "supply.Warehouse.code": lambda: a_warehouse(),
    "supply.PurchaseOrder.number": lambda: a_purchase(a_product(), 1).purchase_order,
    "orders.Carrier.name": lambda: a_carrier(),
    "orders.Order.number": lambda: an_order((a_product(), 1)),
    "orders.Refund.cancellation": a_refund,
    "notifications.ProviderEvent.event_key": an_event,
    "notifications.Suppression.address": lambda: Suppression.objects.create(address="a", reason="bounce", at=AT),
    "notifications.CallTask.message": a_task,
    "notifications.CustomerLink.token_hash": a_link,
}


@pytest.mark.parametrize("field", ONCE)
def test_what_names_a_thing_names_one_thing(field: str) -> None:
    model, _, name = field.rpartition(".")
    row = ONCE[field]()
    assert row._meta.label == model
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        twice(row)


def test_every_unique_field_is_tried() -> None:
    unique = {
        f"{m._meta.label}.{f.name}" for m in our_models() for f in m._meta.fields if f.unique and not f.primary_key
    }
    assert unique == ONCE.keys()


def test_no_count_of_units_falls_below_zero() -> None:
    a_world()
    refused = 0
    for model in (PurchaseLine, StockLevel, OrderLine, ShipmentLine, Allocation):
        for field in model._meta.fields:
            if isinstance(field, models.PositiveIntegerField):
                with pytest.raises(Error), transaction.atomic():
                    update(model, **{field.name: -1})
                refused += 1
    assert refused >= 15


LEDGERS: dict[str, Callable[[], Any]] = {
    "supply_stockmovement": lambda: (a_product(stock=1), StockMovement)[1],
    "supply_receipt": lambda: (receive(a_purchase(a_product(), 1), 1), Receipt)[1],
    "supply_etarevision": lambda: (a_purchase(a_product(), 1), EtaRevision)[1],
    "allocation_promisechange": lambda: (a_promise_change(), PromiseChange)[1],
}


def a_promise_change() -> None:
    product = a_product()
    a_line(product, 1)
    a_purchase(product, 1)


@pytest.mark.parametrize("table", LEDGERS)
def test_a_ledger_is_never_rewritten(table: str) -> None:
    model = LEDGERS[table]()
    if connection.vendor == "sqlite":  # the tests themselves must be able to empty the table there; put it back
        with connection.cursor() as cursor:
            cursor.execute(refusals(table, vendor="sqlite")[1])
    for rewrite in (lambda: model.objects.update(at=AT), lambda: model.objects.all()._raw_delete("default")):
        with pytest.raises(Error, match="append-only"), transaction.atomic():
            rewrite()
    assert model.objects.count() == 1


def test_what_history_hangs_on_is_protected() -> None:
    order = an_order((a_product(), 1))
    for row in (order, order.customer, Product.objects.get()):
        with pytest.raises(models.ProtectedError):
            row.delete()
    assert Order.objects.exists()
