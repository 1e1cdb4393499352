"""The state gallery: every screen in every state it can be in, on a route that exists in tests only.

A new screen adds one entry to `SCREENS`. Its states are staged in a transaction that is rolled back once the page is
made, so any state can be looked at in any order: `/gallery/<screen>/<state>/`.
"""

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.urls import path, resolve
from django.utils import timezone
from django.utils.datastructures import MultiValueDict
from django.views.decorators.clickjacking import xframe_options_sameorigin

from backorders.access.table import NOBODY
from backorders.actions import (
    telling,
)
from backorders.backoffice.urls import _PAGES
from backorders.backoffice.views.inbox import denied
from backorders.backoffice.views.screen import ActScreen
from backorders.backoffice.views.unsent import csrf_failed
from backorders.catalog.models import Substitute
from backorders.changes.models import ChangeSet
from backorders.notifications.policy import Rules
from tests.backoffice.desk import World, address
from tests.backoffice.routes import a_receipt
from tests.browser import staging
from tests.browser.staging import Place
from tests.compensation.policies import a_policy, an_award
from tests.factories import a_user


@dataclass(frozen=True)
class State:
    """How a state comes about: what happens to the world first, whether the form is sent, as whom, and what then."""

    stage: Callable[[World], Any] = lambda _world: None
    sends: dict[str, Any] | Callable[[World], dict[str, Any]] | None = None
    place: Place | None = None  # another one than the screen's
    is_empty: bool = False
    is_denied: bool = False
    says: str = ""  # what is to be read on it
    presses: str = ""  # what is clicked once the page is there
    meets: Literal["", "offline", "loading", "ended"] = ""  # what becomes of the requests for parts of the page
    session: Literal["", "over", "another"] = ""  # what it was when the form was sent


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


def _fetched(presses: str = "") -> dict[str, State]:
    """The states of a page while a part is fetched, while the server is not reached, and once the session has ended."""
    return {meets: State(meets=meets, presses=presses) for meets in ("offline", "loading", "ended")}


def _at(name: str, query: str = "") -> Place:
    return lambda _world: address(name) + query


STALE = State(stage=staging.gone, sends={"seen": 0, "reason": "x", "quantity": 1})


SCREENS: dict[str, Shown] = {
    "deadlines": _list(_at("deadlines"), usual=State(stage=staging.late_by_law)),
    **{name: _form(staging.of_line(name)) for name in ("agree", "set_last_day", "end_contract")},
    "mark_essential": _form(lambda w: address("mark_essential", w.second.pk), stale=STALE),
    "waiting_lines": _list(
        _at("waiting_lines"),
        many=State(stage=staging.many, place=_at("waiting_lines", "?view=all")),
        aside=State(stage=staging.aside, place=_at("waiting_lines", "?view=mine"), says="Set aside until"),
        **_fetched("a[data-peeks] >> nth=0"),
    ),
    "search": _list(_at("search", "?q=kettle")),
    "records": Shown(_at("records")),
    "place_order": _form(_at("place_order")),
    "order": Shown(
        lambda w: address("order", w.first.pk),
        {
            "shipped": State(stage=staging.parcel, place=lambda w: address("order", w.ready.pk)),
            "asked": State(stage=staging.asked("answer_question"), says="The customer asks"),
            **_fetched("nav.chips a >> nth=1"),
        },
    ),
    **{name: _form(staging.asked(name)) for name in ("answer_question", "settle_question")},
    **{name: _form(staging.reply(name)) for name in ("place_reply", "settle_reply")},
    "write_question": _form(lambda w: address("write_question", w.first.pk)),
    "cancel_order": _form(
        lambda w: address("cancel_order", w.second.pk),
        stale=STALE,
        away=State(sends={"reason": "x" * 500}, session="over", says="Your session has ended"),
        taken_over=State(sends=staging.typed_by_another, session="another", says="Typed by"),
        **_fetched(),
    ),
    "ship": _form(lambda w: address("ship", w.ready.pk)),
    **{
        name: _form(staging.of_line(name), stale=STALE)
        for name in ("cancel_line", "change_quantity", "expedite", "hold")
    },
    "release": _form(staging.held, stale=STALE),
    "confirm_delivery": _form(lambda w: address("confirm_delivery", staging.parcel(w).pk)),
    "lose_parcel": _form(lambda w: address("lose_parcel", staging.parcel(w).pk), stale=STALE),
    "return_to_stock": _form(lambda w: address("return_to_stock", staging.parcel(w).lines.get().pk)),
    "order_goods": _form(_at("order_goods")),
    "purchase_line_eta": _form(lambda w: address("purchase_line_eta", w.line.pk), **_fetched()),
    "close_purchase_line": _form(lambda w: address("close_purchase_line", w.line.pk), stale=STALE),
    "purchase_order_eta": _form(lambda w: address("purchase_order_eta", w.line.purchase_order_id)),
    "receive": _form(
        lambda w: address("receive", w.line.purchase_order_id),
        by_hand=State(sends=staging.received_by_hand),
        damaged=State(sends=staging.received_damaged),
    ),
    "pick_lists": Shown(lambda w: address("pick_lists", a_receipt(w).pk)),
    "adjust_stock": _form(_at("adjust_stock")),
    "outbox": _list(_at("outbox", "?box=sent")),
    "batches": _list(_at("batches"), usual=State(stage=staging.batch)),
    "batch": Shown(lambda w: address("batch", staging.batch(w).pk)),
    "reports": _list(_at("reports"), usual=State(stage=staging.reports)),
    "message": Shown(lambda w: address("message", w.message.pk)),
    "calls": _list(_at("calls")),
    "pay_refund": Shown(lambda w: address("pay_refund", staging.refund(w).pk)),
    "lift_suppression": _form(lambda _w: address("lift_suppression", staging.suppression().pk)),
    "revoke_links": _form(lambda w: address("revoke_links", w.first.pk)),
    "approvals": _list(_at("approvals"), usual=State(stage=staging.approval)),
    "approval": Shown(lambda w: address("approval", staging.approval(w).pk)),
    "audit": _list(_at("audit"), export=State(presses="details.menu:has(a[href*=xlsx]) > summary")),
    "inbox": _list(_at("inbox"), usual=State(stage=staging.notices)),
    "health": Shown(_at("health")),
    "jobs": _list(_at("jobs"), usual=State(stage=staging.jobs)),
    "expected": _list(_at("expected", "?view=all"), calendar=State(place=_at("expected", "?as=calendar"))),
    "purchase_orders": _list(_at("purchase_orders")),
    "purchase_order": Shown(lambda w: address("purchase_order", w.line.purchase_order_id)),
    "product_supply": Shown(lambda w: address("product_supply", w.kettle.pk)),
    "proposals": _list(
        _at("proposals"),
        usual=State(stage=staging.supplier_answered),
        proposed=State(stage=staging.colleague_proposed, says="Proposed by colleagues"),
    ),
    "decide_answers": _form(lambda w: address("decide_answers", staging.supplier_answered(w).pk)),
    "propose_eta": _form(lambda w: address("propose_eta", w.line.pk)),
    "accept_proposed_eta": _form(lambda w: address("accept_proposed_eta", staging.colleague_proposed(w).pk)),
    "withdraw_request": _form(lambda w: address("withdraw_request", staging.asked_supplier(w).pk)),
    "imports": _list(_at("imports")),
    "import": Shown(staging.import_of, {"partial": State(stage=staging.imported_in_part)}),
    "tell_lines": Shown(
        staging.to_tell,
        {
            "excluded": State(stage=staging.excluded),
            "one_mail": State(place=lambda w: staging.to_tell(w) + "?mail=1&phone=1"),
        },
    ),
    "offer_lines": Shown(staging.offering, {"nothing": State(stage=lambda _w: Substitute.objects.all().delete())}),
    "job": Shown(
        staging.job,
        {
            "done": State(stage=staging.job_done),
            "failed": State(stage=staging.job_failed),
            "offline": State(meets="offline"),
        },
    ),
    **{
        name: _form(lambda w, name=name: address(name, w.second.pk))
        for name in ("split", "write_message", "compensate")
    },
    **{name: _form(staging.of_line(name)) for name in ("substitute", "reallocate")},
    "unexpedite": _form(staging.expedited),
    "awards": _list(_at("awards"), usual=State(stage=staging.proposed)),
    "award": Shown(lambda w: address("award", an_award(w.first.lines.get()).pk)),
    "decline_award": _form(lambda w: address("decline_award", an_award(w.first.lines.get()).pk)),
    "policies": _list(_at("policies"), usual=State(stage=staging.proposed)),
    "new_policy": _form(_at("new_policy")),
    "policy": Shown(lambda _w: address("policy", a_policy().pk), {"error": State(sends={"days": 0, "seen": 1})}),
    "policy_effect": Shown(lambda w: address("policy_effect", staging.proposed(w).pk)),
    "telling_rules": _form(
        _at("telling_rules"),
        stale=State(sends={"seen": 9, **Rules(3, 3, 48, 14, 21, 8)._asdict()}),
        **_fetched(),
    ),
    "wordings": Shown(_at("wordings")),
    "write_words": Shown(lambda _w: address("write_words", "later", "tr")),
    "macros": _list(_at("macros"), usual=State(stage=staging.macro)),
    "new_macro": _form(_at("new_macro")),
    "macro": Shown(lambda _w: address("macro", staging.macro().pk)),
    "edit_message": _form(
        lambda w: address("edit_message", staging.resting(w).pk),
        left=State(stage=lambda w: telling.cancel([staging.resting(w)], reason="x", by=None, at=timezone.now())),
    ),
    "change_set": Shown(
        lambda _w: address("change_set", ChangeSet.objects.latest("id").pk),
        {
            "dates": State(place=staging.change_of_dates),
            "moved_on": State(place=staging.change_moved_on),
            "undone": State(place=staging.change_undone),
            "goods": State(place=staging.change_of_goods),
            "given": State(place=staging.change_that_gave),
        },
    ),
    "revert": Shown(staging.later("revert"), {"in_part": State(stage=staging.changed_in_part, sends={"preview": 1})}),
    "preferences": Shown(_at("preferences")),
    "keys": Shown(_at("keys")),
}

FRAGMENTS = {"new_lines", "summary_of_lines", "peek"}  # parts of pages, fetched by a script
SAME = {"selection_eta", "saved_lines"}  # the very page of another screen, on what was ticked or saved


def states_of(name: str) -> list[str]:
    """Every state of a screen."""
    shown = SCREENS[name]
    return list(dict.fromkeys(["usual", "long", *(["denied"] if _view(name).permission else []), *shown.states]))


def how_it_comes(name: str, state: str) -> State:
    """Return how a state of a screen comes about."""
    stage = staging.long if state == "long" else State().stage
    return SCREENS[name].states.get(state, State(is_denied=state == "denied", stage=stage))


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
    shown, how = SCREENS[screen], how_it_comes(screen, state)
    with transaction.atomic():
        response = _made(request, shown, how)
        transaction.set_rollback(True)
    return response


def _made(request: HttpRequest, shown: Shown, how: State) -> HttpResponse:
    world: Any = None if how.is_empty else World(at=timezone.now())
    url = (how.place or shown.place)(world)
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
        inner._post, inner._files = sent, MultiValueDict()
        type(inner).POST.fset(inner, sent) if hasattr(type(inner).POST, "fset") else None
    match = resolve(where)
    inner.resolver_match = match
    inner.META = {**inner.META, "HTTP_ORIGIN": f"{inner.scheme}://{inner.get_host()}"}
    vars(inner).pop("headers", None)  # they were read before
    if how.session == "over":
        inner.user = AnonymousUser()
    try:
        made = csrf_failed(inner) if how.session == "another" else match.func(inner, *match.args, **match.kwargs)
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
