"""What the gallery stages: each function brings a world into a state, and says where that can be looked at."""

import datetime
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.contrib.auth import get_user_model
from django.db import transaction
from django.utils import timezone

from backorders.access.table import SERVICE
from backorders.actions import (
    approving,
    caring,
    deadlines,
    etas,
    handling,
    hearing,
    macros,
    proposals,
    queueing,
    receiving,
    revising,
    selling,
    shipping,
    staff_proposals,
    telling,
    undoing,
)
from backorders.actions.seconding import NeedsApproval
from backorders.allocation.models import Promise
from backorders.allocation.windows import business_day
from backorders.catalog.models import Product, Substitute
from backorders.changes.models import ChangeSet
from backorders.chasing.models import DateRequest, RequestLine, StaffProposal
from backorders.compensation.models import CompensationPolicy
from backorders.delays.models import LegalCase
from backorders.desk import selecting
from backorders.desk.models import Selection
from backorders.importing.models import Import, ImportRow
from backorders.inbox.models import Notice
from backorders.inbox.posting import post
from backorders.jobs.models import Job
from backorders.notifications.models import Macro, Message, ProviderEvent, Reply, Suppression
from backorders.orders.models import Customer, OrderLine, Refund
from tests.backoffice.desk import World, address
from tests.backoffice.routes import asked_and_suppressed
from tests.compensation.policies import a_policy, an_award
from tests.factories import a_product, a_purchase, a_user
from tests.importing.desk import opened
from tests.notifications.desk import announce
from tests.supply.pictures import a_photo

LONG_NAME = "Şükûfe Gülçiçek Ağırbaşlıoğlu-Kızılırmaklıgil İçözü Öztürkmenoğulları"
LONG_PRODUCT = "Isıtmalı çift cidarlı paslanmaz çelik su ısıtıcısı, ağızlığı süzgeçli, 1,7 litre, ığdır sarısı " * 2
MANY = 10_000

Place = Callable[[World], str]


def of_line(name: str) -> Place:
    return lambda world: address(name, world.second.pk, world.second.lines.get().pk)


def many(world: World) -> None:
    """Ten thousand lines wait."""
    line = world.second.lines.get()
    fields = {f.attname: getattr(line, f.attname) for f in OrderLine._meta.concrete_fields if not f.primary_key}
    lines = OrderLine.objects.bulk_create((OrderLine(**fields) for _ in range(MANY)), batch_size=1000)
    promise = Promise.objects.get(line=line)
    kept = {f.attname: getattr(promise, f.attname) for f in Promise._meta.concrete_fields if not f.primary_key}
    Promise.objects.bulk_create((Promise(line=each, **kept) for each in lines), batch_size=1000)


def long(world: World) -> None:
    """Names as long as they come, in Turkish."""
    Customer.objects.update(name=LONG_NAME)
    Product.objects.update(name=LONG_PRODUCT[:200])


def parcel(world: World) -> Any:
    at = timezone.now()
    return shipping.ship(world.ready, units=[(world.ready.lines.get().pk, 1)], by=None, at=at).made


def refund(world: World) -> Any:
    type(world.second).objects.filter(pk=world.second.pk).update(is_paid=True)
    selling.cancel_line(world.second.lines.get(), quantity=1, reason="x", by=None, at=timezone.now())
    return Refund.objects.latest("id")


def resting(world: World) -> Message:
    """A message in our own words that has not left."""
    known = Message.objects.filter(kind=Message.Kind.MESSAGE).order_by("-id").first()
    return known or caring.write_message(world.first, text="Hello", by=a_user(), at=timezone.now()).made


def suppression() -> Suppression:
    return Suppression.objects.create(address="a@example.com", reason="bounce", at=timezone.now())


def approval(world: World) -> Any:
    agent, at = a_user(SERVICE), timezone.now()
    try:
        with transaction.atomic():
            queueing.expedite(world.second.lines.get(), reason="a wedding", by=agent, at=at)
    except NeedsApproval as needed:
        return approving.ask(needed.details["ask"], by=agent, why=needed, at=at)


def reports(world: World) -> None:
    """Reports of the provider that were set aside, and one that is tried by itself."""
    now, address_of_one = timezone.now(), world.first.customer.email
    for number, (kind, reason) in enumerate((("bounced", "soft"), ("complained", ""), ("delivered", ""))):
        ProviderEvent.objects.create(
            event_key=f"poison {number}", event_type=kind, reason=reason, recipient=address_of_one,
            message=world.message if number else None, occurred_at=now, received_at=now,
            processed_at=now if number < 2 else None, attempts=5 if number < 2 else 2,
            problem=f"OverflowError: date value out of range, said of {address_of_one}",
        )  # fmt: skip


def batch(world: World) -> ChangeSet:
    """Customers were told at once: one mail left, one bounced, one may still be stopped."""
    now = timezone.now()
    revising.revise_eta(
        [etas.EtaChange(world.line.pk, [etas.EtaPart(world.today + datetime.timedelta(days=40))])],
        reason_code="production", by=None, at=now,
    )  # fmt: skip
    customers = [order.customer_id for order in (world.first, world.second, world.unreachable)]
    change = telling.tell_now(customers, by=None, at=now).change_set
    first = Message.objects.filter(created_at=now).earliest("id")
    Message.objects.filter(pk=first.pk).update(state="accepted", accepted_at=now, delivery=Message.Delivery.BOUNCED)
    said = {"event_type": "bounced", "reason": "soft", "occurred_at": now, "received_at": now}
    ProviderEvent.objects.create(event_key="batch", message=first, **said)
    return change


def macro(_world: World | None = None) -> Macro:
    texts = {"name": LONG_NAME[:60], "english": "Order {number} is in customs.", "turkish": "{number} gümrükte."}
    return macros.write_macro(None, **texts, by=a_user(), at=timezone.now()).made


def notices(world: World) -> None:
    everybody = get_user_model().objects.values_list("pk", flat=True)
    words = {"person": "ada", "permission": "queueing.hold", "about": LONG_NAME, "state": "approved"}
    words |= {"supplier": LONG_NAME, "number": "PO-7", "acts": ["hold", "split"]}
    for kind in Notice.Kind:
        post(kind, to=everybody, key=kind, object_id=1, words=words, count=3, at=timezone.now())


def jobs(world: World) -> None:
    now = timezone.now()
    for state in Job.State:
        ended = {} if state in ("queued", "running", "paused") else {"ended_at": now}
        why = {"en": "The file has no column with a date."} if state == "failed" else {}
        Job.objects.create(
            kind="check_import", subject=state, object_id=1, about=LONG_NAME, state=state, created_at=now,
            why=why, done=11, total=12, **ended,
        )  # fmt: skip


def held(world: World) -> str:
    queueing.hold(world.first.lines.get(), reason="x", by=None, at=timezone.now())
    return address("release", world.first.pk, world.first.lines.get().pk)


def to_tell(world: World) -> str:
    """What is to be told at once, of the lines that were ticked by whoever looks."""
    gone(world)
    chief, lines = get_user_model().objects.get(username="chief"), world.first.lines.all()
    selection = selecting.freeze([line.pk for line in lines], by=chief, at=timezone.now())
    return address("tell_lines", getattr(selection, "name", selection))


def offering(world: World) -> str:
    """Something in stock that stands in for what the first order waits for."""
    other = a_product("AK-18", name="Nova Kettle", stock=50, price=8)
    Substitute.objects.create(product=world.kettle, substitute=other)
    chief, lines = get_user_model().objects.get(username="chief"), OrderLine.objects.waiting()
    return address("offer_lines", selecting.freeze([line.pk for line in lines], by=chief, at=timezone.now()).name)


def asked(name: str) -> Place:
    """An act on a question about the first order, which shows it on its page, too."""

    def place(world: World) -> str:
        text = "Gelmeden önce arar mısınız? <b>Çok</b> önemli."
        question = hearing.ask_question(world.first, text=text, by=None, at=timezone.now()).made
        return address(name, world.first.pk, question.pk)

    return place


def reply(name: str) -> Place:
    """An act on a mail that came in about no order that we know."""

    def place(world: World) -> str:
        text = "Kargom nerede? <b>Lütfen</b> arayın."
        known = {"nature": "person", "sender": "ada@example.com", "subject": "Sipariş", "text": text}
        reply = Reply.objects.create(event_key=name, received_at=timezone.now(), **known)
        return address(name, reply.pk)

    return place


def excluded(world: World) -> None:
    """Of the customers one has no address that is mailed, one heard lately, one has nothing to hear."""
    everybody = OrderLine.objects.order_by("id").values_list("id", flat=True)
    Selection.objects.update(ids=list(everybody))
    Suppression.objects.create(address=world.first.customer.email, reason="bounce", at=timezone.now())
    telling.tell_now([world.second.customer_id], by=None, at=timezone.now())
    Message.objects.filter(customer=world.second.customer).update(state="accepted", accepted_at=timezone.now())
    later = etas.EtaPart(world.today + datetime.timedelta(days=60))
    revising.revise_eta([etas.EtaChange(world.line.pk, [later])], reason_code="customs", by=None, at=timezone.now())


def job(world: World) -> str:
    jobs(world)
    Job.objects.filter(state="running").update(kind="tell_customers", object_id=ChangeSet.objects.latest("id").pk)
    return address("job", Job.objects.get(state="running").pk)


def job_done(world: World) -> None:
    Job.objects.filter(kind="tell_customers").update(state="done", ended_at=timezone.now(), done=12)


def job_failed(world: World) -> None:
    Job.objects.filter(kind="tell_customers").update(
        state="failed", ended_at=timezone.now(), why={"en": "It broke.", "tr": "Bozuldu."}
    )


def expedited(world: World) -> str:
    queueing.expedite(world.second.lines.get(), reason="x", by=None, at=timezone.now())
    return of_line("unexpedite")(world)


def gone(world: World) -> None:
    """Somebody else changed what the form shows."""
    selling.cancel_line(world.second.lines.get(), quantity=1, reason="x", by=None, at=timezone.now())
    later = etas.EtaPart(world.today + datetime.timedelta(days=40))
    revising.revise_eta([etas.EtaChange(world.line.pk, [later])], reason_code="customs", by=None, at=timezone.now())


def later(name: str) -> Place:
    """What can be done about a change of two ETAs."""

    def place(world: World) -> str:
        lines = [world.line, a_purchase(world.kettle, 5, eta=12)]
        later = [etas.EtaPart(world.today + datetime.timedelta(days=40))]
        said = [etas.EtaChange(line.pk, later) for line in lines]
        done = revising.revise_eta(said, reason_code="customs", by=None, at=timezone.now())
        return address(name, done.change_set.pk)

    return place


def changed_in_part(world: World) -> None:
    """Somebody changed one of these ETAs again."""
    again = etas.EtaChange(world.line.pk, [etas.EtaPart(world.today + datetime.timedelta(days=50))])
    revising.revise_eta([again], reason_code="customs", by=None, at=timezone.now())


def proposed(world: World) -> CompensationPolicy:
    """A policy that proposes something for every line, and has held out one."""
    policy = a_policy(budget_month=Decimal(25), margin_percent=50, held_out_percent=10)
    lines = list(OrderLine.objects.order_by("id"))
    for line in lines[1:]:
        an_award(line, policy=policy)
    an_award(lines[0], policy=policy, state="held_out", decided_at=timezone.now())
    return policy


def asked_supplier(world: World) -> DateRequest:
    """A question to the world's supplier, whose address is not mailed: somebody has to call."""
    return asked_and_suppressed(world)


def supplier_answered(world: World) -> DateRequest:
    """The world's supplier moves its date, with a long reason; then somebody receives a part of it."""
    line = RequestLine.objects.get(request=asked_supplier(world), purchase_line=world.line)
    later = etas.EtaPart(world.today + datetime.timedelta(days=60))
    said = proposals.LineAnswer(line.pk, "move", [later], "production", LONG_NAME)
    proposals.propose(line.request, answers=[said], key="k", at=timezone.now())
    receiving.receive([receiving.Arrival(world.line.pk, 1)], by=None, at=timezone.now())
    return line.request


def colleague_proposed(world: World) -> StaffProposal:
    """Somebody of customer service heard of a later date, in a long mail; meanwhile its supplier says another one."""
    heard = etas.EtaChange(world.line.pk, [etas.EtaPart(world.today + datetime.timedelta(days=60))])
    agent = a_user(SERVICE, first_name=LONG_NAME[:40])
    made = staff_proposals.propose(heard, said=f"{LONG_NAME}\n" * 3, note=LONG_NAME, by=agent, at=timezone.now()).made
    other = etas.EtaChange(world.line.pk, [etas.EtaPart(world.today + datetime.timedelta(days=30))])
    revising.revise_eta([other], reason_code="transport", by=None, at=timezone.now())
    return made


def typed_by_another(_world: World) -> dict[str, Any]:
    """What somebody typed before another one logged in."""
    return {"reason": "x", "unsent-person": a_user(SERVICE, first_name=LONG_NAME[:40]).pk}


def aside(world: World) -> None:
    """One line is set aside for a week, one until its window moves, one was never; all stand in their owner's list."""
    chief, at = get_user_model().objects.get(username="chief"), timezone.now()
    first, second = world.first.lines.get().pk, world.second.lines.get().pk
    handling.snooze([first], until=world.today + datetime.timedelta(days=7), by=chief, at=at)
    handling.snooze([second], until=None, by=chief, at=at)
    handling.assign(list(OrderLine.objects.waiting().values_list("pk", flat=True)), to=chief, by=chief, at=at)


def import_of(world: World) -> str:
    return address("import", opened(f"PO\tETA\n{world.line.purchase_order}\t{world.today}\n").pk)


def imported_in_part(world: World) -> None:
    """Of a list that was applied, one row is left for a person."""
    mine = Import.objects.latest("id")
    mine.rows.update(state=ImportRow.State.APPLIED, problem="", value="")
    row = mine.rows.get()
    fields = {f.attname: getattr(row, f.attname) for f in ImportRow._meta.concrete_fields if not f.primary_key}
    behind = {"number": 12, "state": ImportRow.State.REFUSED, "problem": "refused", "value": LONG_NAME}
    ImportRow.objects.bulk_create([ImportRow(**{**fields, "number": number}) for number in range(3, 12)])
    ImportRow.objects.create(**{**fields, **behind})
    Import.objects.filter(pk=mine.pk).update(applied_at=timezone.now())


def two_dates(world: World) -> ChangeSet:
    """Two ETAs of the kettle move by a long way."""
    later = [etas.EtaPart(world.today + datetime.timedelta(days=40))]
    said = [etas.EtaChange(line.pk, later) for line in (world.line, a_purchase(world.kettle, 5, eta=12))]
    return revising.revise_eta(said, reason_code="customs", note=LONG_NAME, by=a_user(), at=timezone.now()).change_set


def change_of_dates(world: World) -> str:
    """The dates of a change, whom they moved, and the mails that say so."""
    made = two_dates(world)
    announce(timezone.now() + datetime.timedelta(days=1))
    return address("change_set", made.pk)


def change_moved_on(world: World) -> str:
    """A change of which somebody changed a part again."""
    made = two_dates(world)
    changed_in_part(world)
    return address("change_set", made.pk)


def change_undone(world: World) -> str:
    made = two_dates(world)
    undoing.undo(made, by=a_user(), at=timezone.now())
    return address("change_set", made.pk)


def change_of_goods(world: World) -> str:
    """A receipt, with a picture of what was damaged."""
    a_photo(world.line, key="damage", by=a_user(), at=timezone.now())
    arrivals = [receiving.Arrival(world.line.pk, 6, damaged=1, note=LONG_NAME)]
    done = receiving.receive(arrivals, key="damage", by=a_user(), at=timezone.now())
    return address("change_set", done.change_set.pk)


def change_that_gave(world: World) -> str:
    given = {"kind": "credit", "amount": Decimal(1), "line": world.first.lines.get(), "reason": LONG_NAME}
    done = caring.compensate(world.first, **given, by=a_user(), at=timezone.now())
    return address("change_set", done.change_set.pk)


def late_by_law(world: World) -> None:
    """Deadlines of every kind: passed, of today, and ahead."""
    at = timezone.now()
    Customer.objects.update(jurisdiction="DE", is_business=False)
    deadlines.keep(at=at)
    today = business_day(at)
    for days, case in enumerate(LegalCase.objects.order_by("line"), -1):
        case.clock_on = today + datetime.timedelta(days=days)
        case.save(update_fields=["clock_on"])


def received_damaged(world: World) -> dict[str, Any]:
    """A part of the goods comes damaged, with a picture that the form shows when it comes back."""
    a_photo(world.line, by=get_user_model().objects.get(username="chief"), at=timezone.now())
    units = {"quantity": 4, "damaged": 1, "note": LONG_NAME[:200], "seen": world.line.version}
    return {**{f"line_{world.line.pk}-{name}": value for name, value in units.items()}, "key": "k", "preview": 1}


def received_by_hand(world: World) -> dict[str, Any]:
    """A part of the goods comes, the second order is put before the first, and the rest has a date in words."""
    first, second = world.first.lines.get(), world.second.lines.get()
    units = {"quantity": 4, "damaged": 1, "rest": "in 20 days", "note": LONG_NAME[:200], "seen": world.line.version}
    typed = {f"line_{world.line.pk}-{name}": value for name, value in units.items()}
    return {**typed, "key": "k", "preview": 1, "moves": f"{second.pk}:{first.pk}", "reason": "she is moving"}
