"""The database refuses the impossible: every constraint of ours is tried, and a new one without a try fails here."""

import datetime
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.apps import apps
from django.db import Error, IntegrityError, connection, models, transaction

from backorders.actions import selling, shipping
from backorders.allocation.models import Allocation, Promise, PromiseChange
from backorders.catalog.models import Category, Product, Substitute
from backorders.changes.appending import refusals
from backorders.changes.models import Approval, ApprovalLimit, ChangeSet, Touch
from backorders.chasing.models import ChasePolicy, DateRequest, EtaProposal, RequestLine, StaffProposal
from backorders.compensation.models import Award, CompensationPolicy
from backorders.delays.caseload import open_missing
from backorders.delays.models import LegalCase, LegalEvent
from backorders.desk import selecting
from backorders.desk.models import Draft, Follow, Handling, SavedView
from backorders.importing.models import Import, ImportRow
from backorders.inbox.models import Mute, Notice
from backorders.jobs.models import Heartbeat, Job
from backorders.notifications.models import (
    Attempt,
    CallTask,
    ContactCode,
    CustomerLink,
    Macro,
    MailSwitch,
    Message,
    MessageLine,
    ProviderEvent,
    Reply,
    ReplyFile,
    StaffMail,
    SupplierLink,
    Suppression,
    TellingRules,
    Thread,
    Wording,
)
from backorders.notifications.policy import Rules
from backorders.orders.models import (
    Cancellation,
    Compensation,
    Customer,
    Decision,
    Feedback,
    Offer,
    Order,
    OrderLine,
    Question,
    Refund,
    Shipment,
    ShipmentLine,
)
from backorders.supply.models import (
    DamagePhoto,
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
from tests.compensation.policies import a_policy
from tests.factories import (
    AT,
    a_carrier,
    a_customer,
    a_line,
    a_product,
    a_purchase,
    a_supplier,
    a_user,
    a_warehouse,
    an_order,
    day,
    later,
    receive,
)
from tests.supply.pictures import a_photo

pytestmark = pytest.mark.django_db


def update(model: type[models.Model], **values: Any) -> None:
    assert model._default_manager.update(**values) > 0


def twice(row: models.Model, *, name: str = "") -> None:
    """Save a copy of a row; one that is kept for each order gets another order, its other texts stay its own."""
    for field in row._meta.fields:
        if name and field.unique and field.name != name and isinstance(field, models.CharField):
            setattr(row, field.attname, uuid.uuid4().hex[: field.max_length])
    row.pk = an_order((a_product(), 1)).pk if row._meta.pk.is_relation else None
    row._state.adding = True
    row.save()


def a_shipped_line() -> OrderLine:
    line = an_order((a_product(stock=2), 2), is_paid=True).lines.get()
    shipping.ship(line.order, units=[(line.pk, 1)], by=None, at=AT)
    selling.cancel_line(line, reason="x", by=None, at=AT)
    return line


def a_compensation() -> Compensation:
    gift = {"kind": "credit", "amount": 1, "currency": "EUR", "reason": "x", "at": AT}
    return Compensation.objects.create(order=an_order((a_product(), 1)), change_set=a_change(), **gift)


def a_question(**fields: Any) -> Question:
    asked = {"order": an_order((a_product(), 1)), "change_set": a_change(), "channel": "page", "text": "When?"}
    return Question.objects.create(**{**asked, "asked_at": AT, "answer_due_at": later(hours=4), **fields})


def a_code(**fields: Any) -> ContactCode:
    asked = {"order": an_order((a_product(), 1)), "opens": "contact", "email": "a@example.com", "code_hash": "h"}
    return ContactCode.objects.create(**{**asked, "asked_at": AT, "expires_at": later(minutes=30), **fields})


def a_decision(**fields: Any) -> Decision:
    made = {"change_set": a_change(), "reference": "A-1-C1", "kind": "cancel", "channel": "page", "at": AT}
    return Decision.objects.create(**{"order": an_order((a_product(), 1)), **made, **fields})


def a_feedback(**fields: Any) -> Feedback:
    return Feedback.objects.create(
        **{"order": an_order((a_product(), 1)), "occasion": "delivered", "csat": 5, "at": AT, **fields}
    )


def update_policy(**values: Any) -> None:
    a_policy()
    update(CompensationPolicy, **values)


def an_award(**fields: Any) -> Award:
    due = {"trigger": "late", "state": "proposed", "amount": 1, "currency": "EUR", "at": AT}
    return Award.objects.create(**{"policy": a_policy(), "line": a_line(a_product(), 1), **due, **fields})


def a_change(**fields: Any) -> ChangeSet:
    return ChangeSet.objects.create(**{"act": "x", "source": "system", "at": AT, **fields})


def a_job(**fields: Any) -> Job:
    return Job.objects.create(**{"kind": "x", "subject": "x", "object_id": 1, "created_at": AT, **fields})


def an_approval(**fields: Any) -> Approval:
    asked = {"capability": "x", "arguments": {}, "about": "x", "why": "x", "asked_at": AT, "expires_at": AT}
    return Approval.objects.create(**{**asked, "asked_by": a_user(), **fields})


def a_macro(**fields: Any) -> Macro:
    return Macro.objects.create(**{"name": "x", "english": "x", "turkish": "x", "written_at": AT, **fields})


def a_notice(**fields: Any) -> Notice:
    return Notice.objects.create(**{"kind": "call", "key": "k", "at": AT, **fields})


def a_case() -> LegalCase:
    a_line(a_product(), 1, customer=a_customer(jurisdiction="DE"))
    open_missing(at=AT)
    return LegalCase.objects.get()


def a_legal_event(**fields: Any) -> LegalEvent:
    known = {"case": a_case(), "kind": "notice", "key": "k", "at": AT, "on": day(0)}
    return LegalEvent.objects.create(**{**known, **fields})


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
    "a_picture_is_kept_once_for_a_line_of_a_receipt": lambda: twice(
        a_photo(a_purchase(a_product(), 1), by=None, at=AT)
    ),
    "a_picture_has_an_extent": lambda: (
        a_photo(a_purchase(a_product(), 1), by=None, at=AT),
        update(DamagePhoto, width=0),
    ),
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
    "nobody_approves_their_own": lambda: [
        an_approval(state="approved", asked_by=who, decided_by=who, decided_at=AT) for who in [a_user()]
    ],
    "a_decision_says_who_and_when": lambda: an_approval(state="approved"),
    "only_what_was_approved_was_done": lambda: an_approval(change_set=a_change()),
    "there_is_one_row_of_limits": lambda: ApprovalLimit.objects.create(id=2),
    "limits_are_amounts": lambda: ApprovalLimit.objects.create(id=1, cancel_value=-1),
    # chasing
    "nobody_is_chased_without_pause": lambda: ChasePolicy.objects.create(supplier=a_supplier(), ask_again_after_days=0),
    "a_supplier_has_one_open_request": lambda: twice(a_request_line().request),
    "a_purchase_line_is_asked_for_once": lambda: twice(a_request_line()),
    "one_proposal_of_a_line_waits": lambda: twice(a_proposal()),
    "a_proposal_is_decided_once_and_dated": lambda: a_proposal(decided_at=AT),
    "only_what_was_accepted_became_something": lambda: a_proposal(state="accepted", decided_at=AT),
    "a_person_proposes_one_eta_of_a_line": lambda: twice(a_staff_proposal()),
    "a_proposed_eta_ends_on_or_after_its_first_day": lambda: a_staff_proposal(eta_on=day(3), eta_until=day(2)),
    "a_proposed_eta_says_why": lambda: a_staff_proposal(note=""),
    "a_staff_proposal_is_decided_once_and_dated": lambda: a_staff_proposal(decided_at=AT),
    "a_person_decides_on_a_staff_proposal": lambda: a_staff_proposal(state="declined", decided_at=AT, decision="x"),
    "only_an_accepted_staff_proposal_became_something": lambda: a_staff_proposal(
        state="accepted", decided_at=AT, decided_by=a_user()
    ),
    "a_declined_staff_proposal_says_why": lambda: a_staff_proposal(
        state="declined", decided_at=AT, decided_by=a_user()
    ),
    # inbox
    "a_thing_waits_once_for_a_person": lambda: [a_notice(person=who) for who in [a_user()] * 2],
    "a_notice_is_of_something": lambda: a_notice(person=a_user(), key=""),
    "read_after_it_came": lambda: a_notice(person=a_user(), read_at=AT - datetime.timedelta(days=1)),
    "a_kind_is_muted_once_by_a_person": lambda: [
        Mute.objects.create(person=who, kind="call") for who in [a_user()] * 2
    ],
    # macros
    "a_macro_in_use_has_its_name_alone": lambda: [a_macro(name="x", written_by=who) for who in [a_user()] * 2],
    "a_macro_has_a_name_and_both_texts": lambda: a_macro(turkish="", written_by=a_user()),
    # mails to staff
    "a_staff_mail_that_was_sent_says_when": lambda: StaffMail.objects.create(
        kind="test", person=a_user(), key="x", state="sent", not_before=AT, created_at=AT
    ),
    # jobs
    "one_job_at_a_time_for_a_thing": lambda: (a_job(), a_job()),
    "a_job_that_ended_says_when": lambda: a_job(state="done"),
    "no_job_does_more_than_all": lambda: a_job(done=2, total=1),
    "a_job_that_failed_says_why": lambda: a_job(state="failed", ended_at=AT),
    # importing
    "only_what_was_checked_is_applied": lambda: Import.objects.create(name="x", created_at=AT, applied_at=AT),
    "a_row_is_read_once": lambda: twice(
        ImportRow.objects.create(
            owner=Import.objects.create(name="x", created_at=AT), number=1, cells=[], state="ready"
        )
    ),
    # orders
    "a_customer_comes_from_outside_once": lambda: twice(Customer.objects.create(name="x", external_id="7")),
    "a_shop_order_comes_once": lambda: shop_order_twice(),
    "order_quantity_is_positive": lambda: (a_line(a_product(), 1), update(OrderLine, quantity=0, waiting=0)),
    "ordered_is_allocated_waiting_shipped_and_cancelled": lambda: (
        a_line(a_product(), 2),
        update(OrderLine, waiting=1),
    ),
    "owed_on_top_is_a_part_of_the_price": lambda: (a_line(a_product(), 1), update(OrderLine, owed_on_top=1000)),
    "what_is_unpaid_is_not_cancelled": lambda: (a_line(a_product(), 1), update(OrderLine, unpaid=2)),
    "first_promise_is_a_window_or_absent": lambda: (a_line(a_product(), 2), update(OrderLine, first_from=day(1))),
    "delivery_says_who_confirmed_it": lambda: (a_shipped_line(), update(Shipment, delivered_at=AT)),
    "delivery_follows_shipment": lambda: (
        a_shipped_line(),
        update(Shipment, delivered_at=AT - datetime.timedelta(days=1), delivery_confirmed_by="staff"),
    ),
    "a_lost_parcel_was_not_delivered": lambda: (
        a_shipped_line(),
        update(Shipment, lost_at=AT, delivered_at=AT, delivery_confirmed_by="staff"),
    ),
    "a_line_is_once_in_a_parcel": lambda: (a_shipped_line(), twice(ShipmentLine.objects.get())),
    "shipped_quantity_is_positive": lambda: (a_shipped_line(), update(ShipmentLine, quantity=0)),
    "returned_units_were_shipped": lambda: (a_shipped_line(), update(ShipmentLine, returned=2)),
    "cancelled_quantity_is_positive": lambda: (a_shipped_line(), update(Cancellation, quantity=0)),
    "unpaid_units_are_some_of_the_cancelled": lambda: (a_shipped_line(), update(Cancellation, unpaid=1000)),
    "a_question_has_words": lambda: a_question(text=""),
    "an_answer_says_when": lambda: a_question(answer="Soon."),
    "an_answer_is_wanted_later": lambda: a_question(answer_due_at=AT),
    "feedback_is_given_once": lambda: twice(a_feedback()),
    "satisfaction_is_1_to_5": lambda: a_feedback(csat=6),
    "recommendation_is_0_to_10": lambda: a_feedback(nps=11),
    "feedback_says_something": lambda: a_feedback(csat=None),
    "offered_quantity_is_positive": lambda: (an_offer(), update(Offer, quantity=0)),
    "offered_price_is_not_negative": lambda: (an_offer(), update(Offer, price=-1)),
    "what_an_offer_pays_back_is_not_negative": lambda: (an_offer(), update(Offer, back=-1)),
    "an_offer_arrives_within_a_window": lambda: (an_offer(), update(Offer, arrives_until=day(-9))),
    "a_product_is_offered_once_for_a_line": lambda: twice(an_offer()),
    "compensation_is_positive": lambda: (a_compensation(), update(Compensation, amount=0)),
    "giving_is_limited_by_an_amount": lambda: ApprovalLimit.objects.create(id=1, compensation_value=-1),
    # compensation
    "a_policy_gives_a_share_or_an_amount": lambda: update_policy(amount=1),
    "a_policy_gives_something": lambda: update_policy(percent=101),
    "a_policy_waits_for_a_breach": lambda: update_policy(days=0),
    "a_margin_is_capped_by_a_share": lambda: update_policy(margin_percent=0),
    "budgets_are_amounts": lambda: update_policy(budget_month=-1),
    "half_at_most_are_held_out": lambda: update_policy(held_out_percent=51),
    "a_policy_ends_after_it_begins": lambda: update_policy(active_until=day(-400)),
    "a_breach_is_compensated_once": lambda: twice(an_award()),
    "an_award_is_an_amount": lambda: an_award(amount=0),
    "what_was_given_is_a_compensation": lambda: an_award(state="given", decided_at=AT),
    "an_award_says_when_it_was_decided": lambda: an_award(state="declined"),
    "refund_is_not_negative": lambda: (a_shipped_line(), update(Refund, amount=-1)),
    # notifications
    "a_file_has_its_place_in_its_mail": lambda: twice(a_reply_file()),
    "so_many_files_of_a_mail": lambda: a_reply_file(number=21),
    "a_file_is_no_larger": lambda: a_reply_file(size=5 * 1024 * 1024 + 1),
    "a_file_has_a_name": lambda: a_reply_file(name=""),
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
    # delays
    "money_is_owed_from_a_day_until_a_day": lambda: (a_case(), update(LegalCase, vested_on=day(1))),
    "the_limit_follows_the_order": lambda: (a_case(), update(LegalCase, limit_on=day(-1))),
    "what_runs_has_a_last_day": lambda: (a_case(), update(LegalCase, clock_on=None)),
    "a_case_has_the_states_of_its_law": lambda: (a_case(), update(LegalCase, state="on_time")),
    "a_legal_event_counts_once": lambda: twice(a_legal_event()),
    "only_a_void_names_what_it_voids": lambda: a_legal_event(of="x"),
    "a_demand_names_its_date": lambda: a_legal_event(kind="demand"),
    # desk
    "one_heartbeat_of_a_name": lambda: twice(Heartbeat.objects.create(kind="task", name="x", at=AT)),
    "one_draft_of_a_kind_for_an_order": lambda: twice(a_draft()),
    "a_draft_says_something": lambda: a_draft(text=""),
    "a_line_is_set_aside_in_one_way": lambda: Handling.objects.create(
        line=a_line(a_product(), 1), snoozed_until=day(3), snoozed_version=1, changed_at=AT
    ),
    "a_person_names_a_view_once": lambda: [
        SavedView.objects.create(name="Mine", owner=user, view="late", made_at=AT) for user in [a_user()] * 2
    ],
    "a_person_follows_a_thing_once": lambda: [
        Follow.objects.create(person=who, thing="order", object_id=1, name="x", heard_until=AT)
        for who in [a_user()] * 2
    ],
    "a_saved_view_has_a_name": lambda: SavedView.objects.create(name="", owner=a_user(), view="late", made_at=AT),
}


def a_draft(**fields: Any) -> Draft:
    order = a_line(a_product(), 1).order
    return Draft.objects.create(
        **{"person": a_user(), "order": order, "kind": "note", "text": "x", "kept_at": AT, **fields}
    )


def an_offer() -> Offer:
    line = a_line(a_product(), 1)
    change = ChangeSet.objects.latest("id")
    window = {"arrives_from": day(2), "arrives_until": day(3)}
    return Offer.objects.create(
        line=line, product=a_product(), change_set=change, quantity=1, price=1, back=0, at=AT, **window
    )


def a_message(**fields: Any) -> Message:
    known = {"kind": "later", "customer": a_customer(), "dedupe_key": "k", "address_version": 1, "created_at": AT}
    return Message.objects.create(
        **{**known, "not_before": AT, "recipient": "a@example.com", "language": "en", **fields}
    )


def a_stated_line(**fields: Any) -> MessageLine:
    line = a_line(a_product(), 1)
    return MessageLine.objects.create(message=a_message(), line=line, order=line.order, **fields)


def a_wording() -> Wording:
    return Wording.objects.create(kind="later", language="en", version=1, written_by=a_user(), written_at=AT)


def an_attempt() -> Attempt:
    return Attempt.objects.create(message=a_message(), number=1, started_at=AT)


# Of what customers are told.
TRIES |= {
    "a_code_expires": lambda: a_code(expires_at=AT),
    "the_same_is_stated_once": lambda: twice(a_message()),
    "a_message_has_a_lease_while_it_is_being_sent": lambda: a_message(state="sending"),
    "accepted_says_when": lambda: a_message(state="accepted"),
    "a_stated_window_has_both_ends": lambda: a_stated_line(window_from=day(2), window_until=day(1)),
    "attempts_are_numbered_once": lambda: twice(an_attempt()),
    "versions_of_words_are_numbered_once": lambda: twice(a_wording()),
    "nobody_approves_their_personal_text": lambda: (a_wording(), update(Wording, approved_at=AT)),
    "a_message_goes_to_a_customer_or_a_supplier": lambda: (a_message(), update(Message, customer=None)),
    "a_call_is_to_a_customer_or_a_supplier": lambda: (a_task(), update(CallTask, supplier=a_supplier())),
    "there_is_one_set_of_telling_rules": lambda: telling_rules(id=2),
    "rules_of_telling_are_within_reason": lambda: telling_rules(silence_days=2),
    "quiet_hours_begin_and_end": lambda: telling_rules(quiet_from=21),
    "there_is_one_mail_switch": lambda: MailSwitch.objects.create(id=2, instance_id=uuid.uuid4(), changed_at=AT),
}


def telling_rules(**fields: Any) -> None:
    TellingRules.objects.create(**{"change_set": a_change(), **Rules()._asdict(), **fields})


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


def a_supplier_link() -> SupplierLink:
    request = a_request_line().request
    fields = {"token_hash": "h", "created_at": AT, "expires_at": AT}
    return SupplierLink.objects.create(request=request, message=a_message(), **fields)


def a_request_line() -> RequestLine:
    purchase = a_purchase(a_product(), 1)
    request = DateRequest.objects.create(supplier=purchase.purchase_order.supplier, opened_at=AT)
    return RequestLine.objects.create(request=request, purchase_line=purchase, why="by_hand", asked_at=AT)


def a_proposal(**fields: Any) -> EtaProposal:
    said = {"answer": "refuse", "reason_code": "other", "reference": "r", "at": AT, "seen_version": 1}
    made = {"line": a_request_line(), "seen_quantity": 1, "answer_change": a_change()}
    return EtaProposal.objects.create(**{**said, **made, **fields})


def a_staff_proposal(**fields: Any) -> StaffProposal:
    heard = {"confidence": "estimate", "note": "x", "proposed_by": a_user(), "at": AT}
    return StaffProposal.objects.create(**{**heard, "purchase_line": a_purchase(a_product(), 5), **fields})


def a_link() -> CustomerLink:
    return CustomerLink.objects.create(order=an_order((a_product(), 1)), token_hash="h", created_at=AT, expires_at=AT)


def an_event() -> ProviderEvent:
    return ProviderEvent.objects.create(event_key="k", event_type="bounced", occurred_at=AT, received_at=AT)


def a_task() -> CallTask:
    message = a_message()
    return CallTask.objects.create(customer=message.customer, message=message, why="bounced", opened_at=AT)


def a_reply(**fields: Any) -> Reply:
    return Reply.objects.create(event_key=uuid.uuid4().hex, nature="person", received_at=AT, **fields)


def a_reply_file(**fields: Any) -> ReplyFile:
    known = {"number": 1, "name": "a.pdf", "kind": "x/y", "size": 1, "content": b"x"}
    return ReplyFile.objects.create(**{"reply": a_reply(), **known, **fields})


ONCE: dict[str, Callable[[], models.Model]] = {
    "changes.ChangeSet.key": lambda: a_change(key="k"),
    "changes.ChangeSet.undoes": lambda: a_change(undoes=a_change()),
    "changes.Approval.change_set": lambda: an_approval(
        state="approved", decided_by=a_user(), decided_at=AT, change_set=a_change()
    ),
    "catalog.Category.name": lambda: a_product().category,
    "catalog.Product.sku": lambda: a_product(),
    "supply.Supplier.name": lambda: a_supplier(),
    "supply.Warehouse.code": lambda: a_warehouse(),
    "supply.PurchaseOrder.number": lambda: a_purchase(a_product(), 1).purchase_order,
    "orders.Carrier.name": lambda: a_carrier(),
    "orders.Order.number": lambda: an_order((a_product(), 1)),
    "orders.Refund.cancellation": a_refund,
    "compensation.CompensationPolicy.name": lambda: a_policy(),
    "compensation.Award.compensation": lambda: an_award(state="given", decided_at=AT, compensation=a_compensation()),
    "orders.Question.change_set": a_question,
    "orders.Decision.reference": a_decision,
    "notifications.ProviderEvent.event_key": an_event,
    "notifications.Suppression.address": lambda: Suppression.objects.create(address="a", reason="bounce", at=AT),
    "notifications.CallTask.message": a_task,
    "notifications.CustomerLink.token_hash": a_link,
    "notifications.SupplierLink.token_hash": a_supplier_link,
    "notifications.Thread.token": lambda: Thread.objects.create(
        order=an_order((a_product(), 1)), token="t", created_at=AT
    ),
    "notifications.Reply.event_key": a_reply,
    "notifications.StaffMail.key": lambda: StaffMail.objects.create(
        kind="test", person=a_user(), key="x", not_before=AT, created_at=AT
    ),
    "notifications.Reply.question": lambda: a_reply(question=a_question()),
    "desk.Selection.name": lambda: selecting.freeze([1], by=a_user(), at=AT),
}


@pytest.mark.parametrize("field", ONCE)
def test_what_names_a_thing_names_one_thing(field: str) -> None:
    model, _, name = field.rpartition(".")
    row = ONCE[field]()
    assert row._meta.label == model
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        twice(row, name=name)


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
    "orders_decision": lambda: (a_decision(), Decision)[1],
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
