"""The state gallery: every screen in every state it can be in, on a route that exists in tests only.

A new screen adds one entry to `SCREENS`. Its states are staged in a transaction that is rolled back once the page is
made, so any state can be looked at in any order: `/gallery/<screen>/<state>/`.
"""

import copy
import datetime
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.urls import path, resolve
from django.utils import timezone
from django.views.decorators.clickjacking import xframe_options_sameorigin

from backorders.access.table import NOBODY, SERVICE
from backorders.actions import (
    approving,
    caring,
    deadlines,
    etas,
    hearing,
    proposals,
    queueing,
    receiving,
    revising,
    selling,
    shipping,
    telling,
)
from backorders.actions.seconding import NeedsApproval
from backorders.allocation.models import Promise
from backorders.allocation.windows import business_day
from backorders.backoffice.urls import _PAGES
from backorders.backoffice.views.inbox import denied
from backorders.backoffice.views.screen import ActScreen
from backorders.catalog.models import Product, Substitute
from backorders.changes.models import ChangeSet
from backorders.chasing.models import DateRequest, RequestLine
from backorders.compensation.models import CompensationPolicy
from backorders.delays.models import LegalCase
from backorders.desk import selecting
from backorders.desk.models import Selection
from backorders.inbox.models import Notice
from backorders.inbox.posting import post
from backorders.jobs.models import Job
from backorders.notifications.models import Message, Reply, Suppression
from backorders.orders.models import Customer, OrderLine, Refund
from tests.backoffice.desk import World, address
from tests.backoffice.routes import asked_and_suppressed
from tests.compensation.policies import a_policy, an_award
from tests.factories import a_product, a_purchase, a_user
from tests.importing.desk import opened

LONG_NAME = "Şükûfe Gülçiçek Ağırbaşlıoğlu-Kızılırmaklıgil İçözü Öztürkmenoğulları"
LONG_PRODUCT = "Isıtmalı çift cidarlı paslanmaz çelik su ısıtıcısı, ağızlığı süzgeçli, 1,7 litre, ığdır sarısı " * 2
MANY = 10_000

Place = Callable[[World], str]


@dataclass(frozen=True)
class State:
    """How a state comes about: what happens to the world first, whether the form is sent, and as whom."""

    stage: Callable[[World], Any] = lambda _world: None
    sends: dict[str, Any] | Callable[[World], dict[str, Any]] | None = None
    is_empty: bool = False
    is_denied: bool = False


@dataclass(frozen=True)
class Shown:
    """A screen of the gallery: where it is in a world, and its states beside the usual, the long and the denied one."""

    place: Place
    states: dict[str, State] = field(default_factory=dict)
    needs_world: bool = True


def _list(place: Place, **states: State) -> Shown:
    return Shown(place, {"empty": State(is_empty=True), **states}, needs_world=False)


def _form(place: Place, **states: State) -> Shown:
    return Shown(place, {"error": State(sends={}), **states})


def _at(name: str, query: str = "") -> Place:
    return lambda _world: address(name) + query


def _of_line(name: str) -> Place:
    return lambda world: address(name, world.second.pk, world.second.lines.get().pk)


def _many(world: World) -> None:
    """Ten thousand lines wait."""
    line = world.second.lines.get()
    fields = {f.attname: getattr(line, f.attname) for f in OrderLine._meta.concrete_fields if not f.primary_key}
    lines = OrderLine.objects.bulk_create((OrderLine(**fields) for _ in range(MANY)), batch_size=1000)
    promise = Promise.objects.get(line=line)
    kept = {f.attname: getattr(promise, f.attname) for f in Promise._meta.concrete_fields if not f.primary_key}
    Promise.objects.bulk_create((Promise(line=each, **kept) for each in lines), batch_size=1000)


def _long(world: World) -> None:
    """Names as long as they come, in Turkish."""
    Customer.objects.update(name=LONG_NAME)
    Product.objects.update(name=LONG_PRODUCT[:200])


def _parcel(world: World) -> Any:
    at = timezone.now()
    return shipping.ship(world.ready, units=[(world.ready.lines.get().pk, 1)], by=None, at=at).made


def _refund(world: World) -> Any:
    type(world.second).objects.filter(pk=world.second.pk).update(is_paid=True)
    selling.cancel_line(world.second.lines.get(), quantity=1, reason="x", by=None, at=timezone.now())
    return Refund.objects.latest("id")


def _resting(world: World) -> Message:
    """A message in our own words that has not left."""
    known = Message.objects.filter(kind=Message.Kind.MESSAGE).order_by("-id").first()
    return known or caring.write_message(world.first, text="Hello", by=a_user(), at=timezone.now()).made


def _suppression() -> Suppression:
    return Suppression.objects.create(address="a@example.com", reason="bounce", at=timezone.now())


def _approval(world: World) -> Any:
    agent, at = a_user(SERVICE), timezone.now()
    try:
        with transaction.atomic():
            queueing.expedite(world.second.lines.get(), reason="a wedding", by=agent, at=at)
    except NeedsApproval as needed:
        return approving.ask(needed.details["ask"], by=agent, why=needed, at=at)


def _notices(world: World) -> None:
    everybody = get_user_model().objects.values_list("pk", flat=True)
    words = {"person": "ada", "permission": "queueing.hold", "about": LONG_NAME, "state": "approved"}
    for kind in Notice.Kind:
        post(kind, to=everybody, key=kind, object_id=1, words=words, count=3, at=timezone.now())


def _jobs(world: World) -> None:
    now = timezone.now()
    for state in Job.State:
        ended = {} if state in ("queued", "running", "paused") else {"ended_at": now}
        why = {"en": "The file has no column with a date."} if state == "failed" else {}
        Job.objects.create(
            kind="check_import", subject=state, object_id=1, about=LONG_NAME, state=state, created_at=now,
            why=why, done=11, total=12, **ended,
        )  # fmt: skip


def _held(world: World) -> str:
    queueing.hold(world.first.lines.get(), reason="x", by=None, at=timezone.now())
    return address("release", world.first.pk, world.first.lines.get().pk)


def _telling(world: World) -> str:
    """What is to be told at once, of the lines that were ticked by whoever looks."""
    _gone(world)
    chief, lines = get_user_model().objects.get(username="chief"), world.first.lines.all()
    selection = selecting.freeze([line.pk for line in lines], by=chief, at=timezone.now())
    return address("tell_lines", getattr(selection, "name", selection))


def _offering(world: World) -> str:
    """Something in stock that stands in for what the first order waits for."""
    other = a_product("AK-18", name="Nova Kettle", stock=50, price=8)
    Substitute.objects.create(product=world.kettle, substitute=other)
    chief, lines = get_user_model().objects.get(username="chief"), OrderLine.objects.waiting()
    return address("offer_lines", selecting.freeze([line.pk for line in lines], by=chief, at=timezone.now()).name)


def _asked(name: str) -> Place:
    """An act on a question about the first order, which shows it on its page, too."""

    def place(world: World) -> str:
        text = "Gelmeden önce arar mısınız? <b>Çok</b> önemli."
        question = hearing.ask_question(world.first, text=text, by=None, at=timezone.now()).made
        return address(name, world.first.pk, question.pk)

    return place


def _reply(name: str) -> Place:
    """An act on a mail that came in about no order that we know."""

    def place(world: World) -> str:
        text = "Kargom nerede? <b>Lütfen</b> arayın."
        known = {"nature": "person", "sender": "ada@example.com", "subject": "Sipariş", "text": text}
        reply = Reply.objects.create(event_key=name, received_at=timezone.now(), **known)
        return address(name, reply.pk)

    return place


def _excluded(world: World) -> None:
    """Of the customers one has no address that is mailed, one heard lately, one has nothing to hear."""
    everybody = OrderLine.objects.order_by("id").values_list("id", flat=True)
    Selection.objects.update(ids=list(everybody))
    Suppression.objects.create(address=world.first.customer.email, reason="bounce", at=timezone.now())
    telling.tell_now([world.second.customer_id], by=None, at=timezone.now())
    Message.objects.filter(customer=world.second.customer).update(state="accepted", accepted_at=timezone.now())
    later = etas.EtaPart(world.today + datetime.timedelta(days=60))
    revising.revise_eta([etas.EtaChange(world.line.pk, [later])], reason_code="customs", by=None, at=timezone.now())


def _job(world: World) -> str:
    _jobs(world)
    Job.objects.filter(state="running").update(kind="tell_customers", object_id=ChangeSet.objects.latest("id").pk)
    return address("job", Job.objects.get(state="running").pk)


def _job_done(world: World) -> None:
    Job.objects.filter(kind="tell_customers").update(state="done", ended_at=timezone.now(), done=12)


def _job_failed(world: World) -> None:
    Job.objects.filter(kind="tell_customers").update(
        state="failed", ended_at=timezone.now(), why={"en": "It broke.", "tr": "Bozuldu."}
    )


def _expedited(world: World) -> str:
    queueing.expedite(world.second.lines.get(), reason="x", by=None, at=timezone.now())
    return _of_line("unexpedite")(world)


def _gone(world: World) -> None:
    """Somebody else changed what the form shows."""
    selling.cancel_line(world.second.lines.get(), quantity=1, reason="x", by=None, at=timezone.now())
    later = etas.EtaPart(world.today + datetime.timedelta(days=40))
    revising.revise_eta([etas.EtaChange(world.line.pk, [later])], reason_code="customs", by=None, at=timezone.now())


def _later(name: str) -> Place:
    """What can be done about a change of two ETAs."""

    def place(world: World) -> str:
        lines = [world.line, a_purchase(world.kettle, 5, eta=12)]
        later = [etas.EtaPart(world.today + datetime.timedelta(days=40))]
        said = [etas.EtaChange(line.pk, later) for line in lines]
        done = revising.revise_eta(said, reason_code="customs", by=None, at=timezone.now())
        return address(name, done.change_set.pk)

    return place


def _changed_in_part(world: World) -> None:
    """Somebody changed one of these ETAs again."""
    again = etas.EtaChange(world.line.pk, [etas.EtaPart(world.today + datetime.timedelta(days=50))])
    revising.revise_eta([again], reason_code="customs", by=None, at=timezone.now())


def _proposals(world: World) -> CompensationPolicy:
    """A policy that proposes something for every line, and has held out one."""
    policy = a_policy(budget_month=Decimal(25), margin_percent=50, held_out_percent=10)
    lines = list(OrderLine.objects.order_by("id"))
    for line in lines[1:]:
        an_award(line, policy=policy)
    an_award(lines[0], policy=policy, state="held_out", decided_at=timezone.now())
    return policy


def _asked_supplier(world: World) -> DateRequest:
    """A question to the world's supplier, whose address is not mailed: somebody has to call."""
    return asked_and_suppressed(world)


def _supplier_answered(world: World) -> DateRequest:
    """The world's supplier moves its date, with a long reason; then somebody receives a part of it."""
    line = RequestLine.objects.get(request=_asked_supplier(world), purchase_line=world.line)
    later = etas.EtaPart(world.today + datetime.timedelta(days=60))
    said = proposals.LineAnswer(line.pk, "move", [later], "production", LONG_NAME)
    proposals.propose(line.request, answers=[said], key="k", at=timezone.now())
    receiving.receive([receiving.Arrival(world.line.pk, 1)], by=None, at=timezone.now())
    return line.request


STALE = State(stage=_gone, sends={"seen": 0, "reason": "x", "quantity": 1})


def _late_by_law(world: World) -> None:
    """Deadlines of every kind: passed, of today, and ahead."""
    at = timezone.now()
    Customer.objects.update(jurisdiction="DE", is_business=False)
    deadlines.keep(at=at)
    today = business_day(at)
    for days, case in enumerate(LegalCase.objects.order_by("line"), -1):
        case.clock_on = today + datetime.timedelta(days=days)
        case.save(update_fields=["clock_on"])


def _received_by_hand(world: World) -> dict[str, Any]:
    """A part of the goods comes, the second order is put before the first, and the rest has a date in words."""
    first, second = world.first.lines.get(), world.second.lines.get()
    units = {"quantity": 4, "damaged": 1, "rest": "in 20 days", "note": LONG_NAME[:200], "seen": world.line.version}
    typed = {f"line_{world.line.pk}-{name}": value for name, value in units.items()}
    return {**typed, "key": "k", "preview": 1, "moves": f"{second.pk}:{first.pk}", "reason": "she is moving"}


SCREENS: dict[str, Shown] = {
    "deadlines": _list(_at("deadlines"), due=State(stage=_late_by_law)),
    **{name: _form(_of_line(name)) for name in ("agree", "set_last_day", "end_contract")},
    "waiting_lines": _list(_at("waiting_lines"), many=State(stage=_many)),
    "search": _list(_at("search")),
    "records": Shown(_at("records")),
    "place_order": _form(_at("place_order")),
    "order": Shown(
        lambda w: address("order", w.first.pk),
        {"shipped": State(stage=_parcel), "asked": State(stage=_asked("answer_question"))},
    ),
    **{name: _form(_asked(name)) for name in ("answer_question", "settle_question")},
    **{name: _form(_reply(name)) for name in ("place_reply", "settle_reply")},
    "write_question": _form(lambda w: address("write_question", w.first.pk)),
    "cancel_order": _form(lambda w: address("cancel_order", w.second.pk), stale=STALE),
    "ship": _form(lambda w: address("ship", w.ready.pk)),
    **{name: _form(_of_line(name), stale=STALE) for name in ("cancel_line", "change_quantity", "expedite", "hold")},
    "release": _form(_held, stale=STALE),
    "confirm_delivery": _form(lambda w: address("confirm_delivery", _parcel(w).pk)),
    "lose_parcel": _form(lambda w: address("lose_parcel", _parcel(w).pk), stale=STALE),
    "return_to_stock": _form(lambda w: address("return_to_stock", _parcel(w).lines.get().pk)),
    "order_goods": _form(_at("order_goods")),
    "purchase_line_eta": _form(lambda w: address("purchase_line_eta", w.line.pk)),
    "close_purchase_line": _form(lambda w: address("close_purchase_line", w.line.pk), stale=STALE),
    "purchase_order_eta": _form(lambda w: address("purchase_order_eta", w.line.purchase_order_id)),
    "receive": _form(lambda w: address("receive", w.line.purchase_order_id), by_hand=State(sends=_received_by_hand)),
    "adjust_stock": _form(_at("adjust_stock")),
    "outbox": _list(_at("outbox", "?box=sent")),
    "message": Shown(lambda w: address("message", w.message.pk)),
    "calls": _list(_at("calls")),
    "pay_refund": Shown(lambda w: address("pay_refund", _refund(w).pk)),
    "lift_suppression": _form(lambda _w: address("lift_suppression", _suppression().pk)),
    "revoke_links": _form(lambda w: address("revoke_links", w.first.pk)),
    "approvals": _list(_at("approvals"), waiting=State(stage=_approval)),
    "approval": Shown(lambda w: address("approval", _approval(w).pk)),
    "audit": _list(_at("audit")),
    "inbox": _list(_at("inbox"), full=State(stage=_notices)),
    "health": Shown(_at("health")),
    "jobs": _list(_at("jobs"), every=State(stage=_jobs)),
    "expected": _list(_at("expected")),
    "purchase_orders": _list(_at("purchase_orders")),
    "purchase_order": Shown(lambda w: address("purchase_order", w.line.purchase_order_id)),
    "product_supply": Shown(lambda w: address("product_supply", w.kettle.pk)),
    "proposals": _list(_at("proposals"), full=State(stage=_supplier_answered)),
    "decide_answers": _form(lambda w: address("decide_answers", _supplier_answered(w).pk)),
    "withdraw_request": _form(lambda w: address("withdraw_request", _asked_supplier(w).pk)),
    "imports": _list(_at("imports")),
    "import": Shown(lambda w: address("import", opened(f"PO\tETA\n{w.line.purchase_order}\t{w.today}\n").pk)),
    "tell_lines": Shown(_telling, {"excluded": State(stage=_excluded)}),
    "offer_lines": Shown(_offering, {"nothing": State(stage=lambda _w: Substitute.objects.all().delete())}),
    "job": Shown(_job, {"done": State(stage=_job_done), "failed": State(stage=_job_failed)}),
    **{
        name: _form(lambda w, name=name: address(name, w.second.pk))
        for name in ("split", "write_message", "compensate")
    },
    **{name: _form(_of_line(name)) for name in ("substitute", "reallocate")},
    "unexpedite": _form(_expedited),
    "awards": _list(_at("awards"), full=State(stage=_proposals)),
    "award": Shown(lambda w: address("award", an_award(w.first.lines.get()).pk)),
    "decline_award": _form(lambda w: address("decline_award", an_award(w.first.lines.get()).pk)),
    "policies": _list(_at("policies"), full=State(stage=_proposals)),
    "new_policy": _form(_at("new_policy")),
    "policy": Shown(lambda _w: address("policy", a_policy().pk), {"error": State(sends={"days": 0, "seen": 1})}),
    "policy_effect": Shown(lambda w: address("policy_effect", _proposals(w).pk)),
    "wordings": Shown(_at("wordings")),
    "write_words": Shown(lambda _w: address("write_words", "later", "tr")),
    "edit_message": _form(
        lambda w: address("edit_message", _resting(w).pk),
        left=State(stage=lambda w: telling.cancel([_resting(w)], reason="x", by=None, at=timezone.now())),
    ),
    "change_set": Shown(lambda _w: address("change_set", ChangeSet.objects.latest("id").pk)),
    "revert": Shown(_later("revert"), {"in_part": State(stage=_changed_in_part)}),
    "preferences": Shown(_at("preferences")),
    "keys": Shown(_at("keys")),
}

FRAGMENTS = {"new_lines", "summary_of_lines", "peek"}  # parts of pages, fetched by a script
SAME = {"selection_eta", "saved_lines"}  # the very page of another screen, on what was ticked or saved


def states_of(name: str) -> list[str]:
    """Every state of a screen."""
    shown = SCREENS[name]
    return ["usual", "long", *(["denied"] if _view(name).permission else []), *shown.states]


def screens_that_show() -> set[str]:
    """Every screen of the desk that is a page to look at."""
    return {name for _, view, name in _PAGES if "get" in view.http_method_names and _is_page(view)} - FRAGMENTS - SAME


def _is_page(view: Any) -> bool:
    return bool(view.template_name) or issubclass(view, ActScreen) or "get_template_names" in vars(view)


def _view(name: str) -> Any:
    return next(view for _, view, known in _PAGES if known == name)


@xframe_options_sameorigin
def show(request: HttpRequest, screen: str, state: str) -> HttpResponse:
    """Stage the state, make the page, forget the state."""
    shown = SCREENS[screen]
    how = shown.states.get(state, State(is_denied=state == "denied", stage=_long if state == "long" else State().stage))
    with transaction.atomic():
        response = _made(request, shown, how)
        transaction.set_rollback(True)
    return response


def _made(request: HttpRequest, shown: Shown, how: State) -> HttpResponse:
    world: Any = None if how.is_empty else World(at=timezone.now())
    url = shown.place(world)
    if world is not None:
        how.stage(world)
    inner: Any = copy.copy(request)
    inner._dont_enforce_csrf_checks = True
    where, _mark, query = url.partition("?")
    if query:
        inner.GET = QueryDict(query)
    if how.is_denied:
        inner.user = a_user(NOBODY, is_staff=True)
    if how.sends is not None and request.method == "GET":
        inner.method = "POST"
        sent = QueryDict(mutable=True)
        sends = how.sends(world) if callable(how.sends) else how.sends
        sent.update({key: str(value) for key, value in sends.items()})
        inner._post, inner._files = sent, {}
        type(inner).POST.fset(inner, sent) if hasattr(type(inner).POST, "fset") else None
    match = resolve(where)
    inner.resolver_match = match
    try:
        made = match.func(inner, *match.args, **match.kwargs)
    except PermissionDenied as exception:
        made = denied(inner, exception)
    except Http404:
        raise AssertionError(f"{url} is not there") from None
    if hasattr(made, "render"):
        made = made.render()
    # The state is what is looked at here; a status that is no success would stand as an error on the console.
    made["X-Status"] = str(made.status_code)
    made.status_code = 200
    return made


urlpatterns = [path("gallery/<str:screen>/<str:state>/", show, name="gallery")]
