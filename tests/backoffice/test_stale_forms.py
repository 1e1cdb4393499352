"""R24: no form overwrites a newer change silently: each knows what it showed, and says what changed since."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib import admin
from django.test import Client
from django.utils import translation

from backorders.access.table import ADMINISTRATOR, MANAGER, SERVICE
from backorders.actions import (
    awarding,
    caring,
    counting,
    macros,
    policymaking,
    proposals,
    queueing,
    ruling,
    selling,
    shipping,
    telling,
    wording,
)
from backorders.actions.etas import EtaPart
from backorders.backoffice.urls import _PAGES
from backorders.backoffice.views.screen import ActScreen
from backorders.catalog.models import Product
from backorders.chasing.models import DateRequest, RequestLine
from backorders.compensation.models import Award, CompensationPolicy
from backorders.notifications.models import Macro, Message
from backorders.notifications.policy import Rules
from backorders.notifications.wordings import Words
from backorders.orders.models import Customer
from tests.actions.desk import stored
from tests.backoffice.desk import World, address, fill_in, filled, somebody, text
from tests.backoffice.routes import asked_and_suppressed
from tests.backoffice.test_every_page import records
from tests.backoffice.test_macros_screen import a_macro
from tests.chasing.desk import a_staff_proposal
from tests.compensation.policies import SOON, TENTH, a_late_line, a_policy
from tests.factories import AT, a_user, day, receive, revise

pytestmark = pytest.mark.usefixtures("frozen", "db")


def changed_order(world: World) -> None:
    queueing.hold(world.ready.lines.get(), reason="meanwhile", by=a_user(), at=AT)
    queueing.hold(world.second.lines.get(), reason="meanwhile", by=a_user(), at=AT)


def answered(world: World) -> DateRequest:
    """The request of which the world's purchase line was answered."""
    asked_and_suppressed(world)
    line = RequestLine.objects.get(purchase_line=world.line)
    said = proposals.LineAnswer(line.pk, "move", [EtaPart(day(60))])
    proposals.propose(line.request, answers=[said], key="k", at=AT)
    return line.request


def changed_line(world: World) -> None:
    revise(world.line, (30, None), by=a_user())


# Of each form: its address, what is typed, and what somebody else does between opening and sending it.
FORMS: dict[str, tuple[Callable[[World], str], dict[str, Any], Callable[[World], Any]]] = {
    "cancel_order": (lambda w: address("cancel_order", w.second.pk), {"reason": "x"}, changed_order),
    "mark_essential": (lambda w: address("mark_essential", w.second.pk), {"is_essential": "on"}, changed_order),
    "cancel_line": (lambda w: of_line("cancel_line", w), {"reason": "x"}, changed_order),
    "change_quantity": (lambda w: of_line("change_quantity", w), {"reason": "x", "quantity": 9}, changed_order),
    "expedite": (lambda w: of_line("expedite", w), {"reason": "x"}, changed_order),
    "hold": (
        lambda w: of_line("hold", w),
        {"reason": "x"},
        lambda w: selling.cancel_line(w.second.lines.get(), quantity=1, reason="x", by=None, at=AT),
    ),
    "release": (lambda w: held("release", w), {"reason": "x"}, lambda w: changed_first(w)),
    "split": (lambda w: address("split", w.second.pk), {"reason": "x"}, changed_order),
    **{
        name: (lambda w, name=name: of_line(name, w), {"reason": "x"}, changed_order)
        for name in ("substitute", "reallocate")
    },
    "unexpedite": (lambda w: expedited(w), {"reason": "x"}, changed_order),
    "ship": (lambda w: address("ship", w.ready.pk), {}, changed_order),
    "lose_parcel": (lambda w: address("lose_parcel", shipped(w).pk), {"reason": "x"}, changed_order),
    "return_to_stock": (
        lambda w: address("return_to_stock", shipped(w).lines.get().pk),
        {"reason": "x"},
        changed_order,
    ),
    "purchase_line_eta": (
        lambda w: address("purchase_line_eta", w.line.pk),
        {"how": "date", "eta_on": str(day(50)), "reason_code": "customs", "source": "supplier"},
        changed_line,
    ),
    "propose_eta": (
        lambda w: address("propose_eta", w.line.pk),
        {"how": "date", "eta_on": str(day(50)), "said": "x"},
        changed_line,
    ),
    "accept_proposed_eta": (
        lambda w: address("accept_proposed_eta", a_staff_proposal(w.line, by=a_user(SERVICE)).pk),
        {"reason_code": "customs", "source": "supplier"},
        changed_line,
    ),
    "purchase_order_eta": (
        lambda w: address("purchase_order_eta", w.line.purchase_order_id),
        {"how": "date", "eta_on": str(day(50)), "reason_code": "customs", "source": "supplier"},
        changed_line,
    ),
    "close_purchase_line": (lambda w: address("close_purchase_line", w.line.pk), {"reason": "x"}, changed_line),
    "decide_answers": (lambda w: address("decide_answers", answered(w).pk), {}, changed_line),
    "receive": (
        lambda w: address("receive", w.line.purchase_order_id),
        {},
        lambda w: receive(w.line, 5),
    ),
    "policy": (
        lambda _w: address("policy", a_policy().pk),
        {"days": 9},
        lambda _w: policymaking.write_policy(
            policymaking.Terms(**{**TENTH, "name": "Late", "active_from": day(0), "days": 3}),
            policy=CompensationPolicy.objects.get(),
            by=a_user(),
            at=AT,
        ),
    ),
    "award": (lambda _w: address("award", proposed().pk), {}, lambda _w: another_share()),
    "telling_rules": (
        lambda _w: address("telling_rules"),
        {"silence_days": 7},
        lambda _w: ruling.set_telling_rules(Rules(silence_days=9), by=None, at=AT),
    ),
    "edit_message": (
        lambda w: address("edit_message", resting(w).pk),
        {"text": "mine"},
        lambda _w: telling.edit(Message.objects.latest("id"), text="meanwhile", by=a_user(), at=AT),
    ),
    "write_words": (
        lambda _w: address("write_words", "later", "en"),
        {"opening": "mine"},
        lambda _w: wording.write_words("later", language="en", words=Words(opening="theirs"), by=a_user(), at=AT),
    ),
    "macro": (
        lambda _w: address("macro", a_macro().pk),
        {"english": "mine"},
        lambda _w: macros.write_macro(Macro.objects.get(), name="x", english="theirs", turkish="x", by=a_user(), at=AT),
    ),
    "adjust_stock": (
        lambda w: f"{address('adjust_stock')}?product={w.kettle.pk}&warehouse={w.line.warehouse_id}",
        {"counted": 4, "reason": "x"},
        lambda w: counting.adjust_stock(w.kettle, warehouse=w.line.warehouse, counted=3, reason="x", by=None, at=AT),
    ),
}
# Forms that make something new, act once under a key, or whose verb itself refuses what was done meanwhile.
NEW = {"place_order", "order_goods", "write_question", "new_policy", "new_macro"}
ONCE = {
    "selection_eta",  # the same form as of one purchase order, over what was ticked
    "confirm_delivery",  # a parcel arrives once
    "pay_refund",  # a refund is paid once
    "lift_suppression",  # an address is let in once
    "withdraw_request",  # a question is withdrawn once
    "decline_award",  # a proposal is decided once
    "compensate",  # what was given before is counted under the lock
    "write_message",  # it only adds a message
    "answer_question",  # a question is answered once
    "settle_question",  # the same
    "place_reply",  # a mail is dealt with once
    "settle_reply",  # the same
    "agree",  # what the law lets a customer decide is asked again under the lock
    "set_last_day",  # the same
    "end_contract",  # the same
    "revoke_links",  # links are revoked once
    "revert",  # a change is taken back once, and what somebody changed since stays
}


def of_line(name: str, world: World) -> str:
    return address(name, world.second.pk, world.second.lines.get().pk)


def proposed() -> Award:
    """A tenth that a policy proposes."""
    a_policy()
    a_late_line()
    awarding.run_policies(at=SOON)
    return Award.objects.get()


def another_share() -> None:
    """The policy gives a fifth, and its proposals say so."""
    CompensationPolicy.objects.update(percent=20)
    awarding.run_policies(at=SOON)


def held(name: str, world: World) -> str:
    queueing.hold(world.first.lines.get(), reason="x", by=None, at=AT)
    return address(name, world.first.pk, world.first.lines.get().pk)


def expedited(world: World) -> str:
    queueing.expedite(world.second.lines.get(), reason="x", by=None, at=AT)
    return of_line("unexpedite", world)


def changed_first(world: World) -> None:
    selling.cancel_line(world.first.lines.get(), quantity=1, reason="x", by=None, at=AT)


def resting(world: World) -> Message:
    """A message in somebody's own words that has not left."""
    return caring.write_message(world.first, text="Hello", by=a_user(), at=AT).made


def shipped(world: World) -> Any:
    return shipping.ship(world.ready, units=[(world.ready.lines.get().pk, 1)], by=None, at=AT).made


@pytest.fixture
def chief(frozen: None, db: None) -> Client:
    yield somebody(MANAGER)
    translation.deactivate()


@pytest.mark.parametrize("name", FORMS)
def test_a_form_that_was_opened_before_a_change_saves_nothing(chief: Client, name: str) -> None:
    where, typed, meanwhile = FORMS[name]
    world = World()
    url = where(world)
    opened = chief.get(url)
    assert opened.status_code == 200
    meanwhile(world)
    before = stored()
    refused = chief.post(url, filled(opened, **typed))
    assert refused.status_code in (409, 422), text(refused)
    assert stored() == before
    if refused.status_code == 409:
        assert chief.post(url, filled(refused, **typed)).status_code in (302, 422), "who saves again has seen it"


def test_every_form_that_writes_stands_in_the_table() -> None:
    writing = {name for _, view, name in _PAGES if issubclass(view, ActScreen)}
    ours = writing - NEW - ONCE
    assert ours == FORMS.keys(), "say what somebody else does meanwhile, or why it cannot matter"


TEXTS = ("name", "note", "contact_name", "first_name")


def editable(world: World) -> list[Any]:
    """One of each record that has a plain form to change it."""
    person = a_user(ADMINISTRATOR)
    found = []
    for model, its in admin.site._registry.items():
        if its.has_change_permission(Chief()) and (record := model._default_manager.order_by("pk").first()):
            found.append(person if model.__name__ == "User" else record)
    return found


class Chief:
    """A request of somebody who may do everything."""

    class user:  # noqa: N801
        pk, is_superuser = 0, True

        @staticmethod
        def has_perm(_permission: str) -> bool:
            return True


def test_every_plain_form_notices_what_changed_since_it_was_opened(desk: Client) -> None:
    world = World()
    tried = 0
    for record in editable(world):
        url = records(type(record), "change", record.pk)
        form = desk.get(url).context.get("adminform")
        named = [name for name in TEXTS if form and name in form.form.fields]
        if not named:
            continue
        text_field = named[0]
        sent = sendable(form.form)
        assert "seen_values" in sent, record
        type(record)._default_manager.filter(pk=record.pk).update(**{text_field: "changed meanwhile"})
        refused = desk.post(url, sent | {text_field: "mine"})
        assert "changed meanwhile" in text(refused), record
        record.refresh_from_db()
        assert getattr(record, text_field) == "changed meanwhile"
        assert desk.post(url, sendable(refused.context["adminform"].form) | {text_field: "mine"}).status_code == 302
        record.refresh_from_db()
        assert getattr(record, text_field) == "mine"
        tried += 1
    assert tried >= 6


def sendable(form: Any) -> dict[str, Any]:
    values = {bound.html_name: bound.value() for bound in form}
    return {name: value for name, value in values.items() if value is not None and value is not False}


def test_a_plain_form_names_who_changed_what_from_and_to(desk: Client) -> None:
    world = World()
    url = address("catalog_product_change", world.kettle.pk)
    opened = sendable(desk.get(url).context["adminform"].form)
    saved = desk.post(url, opened | {"name": "Aria Kettle 2"})
    assert saved.status_code == 302, saved.context["adminform"].form.errors
    refused = text(desk.post(url, opened | {"name": "Aria Kettle 3"}))
    assert "Changed by chief, 1 Jun" in refused
    assert "Name: Aria Kettle → Aria Kettle 2" in refused
    assert Product.objects.get(pk=world.kettle.pk).name == "Aria Kettle 2"


def test_a_plain_form_writes_only_what_was_changed_in_it(desk: Client) -> None:
    world = World()
    customer = world.first.customer
    url = address("orders_customer_change", customer.pk)
    opened = sendable(desk.get(url).context["adminform"].form)
    Customer.objects.filter(pk=customer.pk).update(address_version=7)  # no field of the form
    assert desk.post(url, opened | {"name": "Elif K."}).status_code == 302
    customer.refresh_from_db()
    assert (customer.name, customer.address_version) == ("Elif K.", 7)


def test_an_altered_form_is_refused(desk: Client) -> None:
    url = address("catalog_product_change", World().kettle.pk)
    opened = sendable(desk.get(url).context["adminform"].form)
    assert "altered on its way" in text(desk.post(url, opened | {"seen_values": "made:up"}))


def test_the_same_form_sent_twice_acts_once(chief: Client) -> None:
    world = World()
    url = of_line("cancel_line", world)
    opened = chief.get(url)
    assert chief.post(url, filled(opened, reason="x", quantity=1)).status_code == 302
    assert chief.post(url, filled(opened, reason="x", quantity=1)).status_code == 409
    assert world.second.lines.get().cancelled == 1
    assert fill_in(chief, url, reason="x", quantity=1).status_code == 302
