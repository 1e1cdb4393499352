"""Every route of the project with an address of it, and what each kind of person is answered there."""

import copy
from collections.abc import Iterator
from typing import Any, NamedTuple

from django.contrib import admin
from django.contrib.auth import get_user_model
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from backorders.access.table import SERVICE, Role
from backorders.actions import approving, asking, hearing, queueing, receiving, selling, shipping
from backorders.actions.seconding import NeedsApproval
from backorders.changes.models import ChangeSet
from backorders.chasing.models import DateRequest
from backorders.desk.models import SavedView
from backorders.inbox.models import Notice
from backorders.jobs.models import Job
from backorders.notifications.models import CallTask, Macro, Reply, ReplyFile, Suppression
from backorders.orders.models import Refund
from backorders.supply.models import DamagePhoto
from tests.backoffice.desk import World, somebody
from tests.chasing.desk import a_staff_proposal
from tests.compensation.policies import an_award
from tests.factories import AT, a_user, day
from tests.importing.desk import opened
from tests.supply.pictures import a_photo

METHODS = ("GET", "POST")
PRINCIPALS = ("anonymous", *(role.name.lower() for role in Role if role.name), "superuser")
SKIPPED = {"anymail"}  # mounted only where the provider's secret is set

# What stands in an address for what it names, where that is not the number of a thing.
WORDS = {
    "selection": "made-up",
    "customer": "1",
    "form": "csv",
    "kind": "later",
    "part": "cancel",
    "language": "tr",
    "token": "made-up",
    **dict.fromkeys(("code", "decision", "parcel"), 1),
    "url": "made-up",
    "app_label": "orders",
    "way": {"turn_mail": "off", "decide_approval": "approve", "mark_notices": "read"},
    "verb": {"stop_or_send": "hold", "steer_job": "pause", "decide_words": "approve"},
}


class Route(NamedTuple):
    """A route: its name, how its address is made, and one address of it."""

    name: str
    pattern: str
    address: str


def things(world: World) -> dict[str, Any]:
    """One thing for each first part of an address that has a number after it."""
    order, line = world.first, world.first.lines.get()
    shipping.ship(world.ready, units=[(world.ready.lines.get().pk, 1)], by=None, at=AT)
    parcel = world.ready.shipments.get()
    cancelled = world.second.lines.get()
    type(world.second).objects.filter(pk=world.second.pk).update(is_paid=True)
    cancelled.refresh_from_db()
    selling.cancel_line(cancelled, quantity=1, reason="x", by=None, at=AT)
    agent = a_user(SERVICE)
    try:
        with transaction.atomic():
            queueing.expedite(cancelled, reason="x", by=agent, at=AT)
    except NeedsApproval as needed:
        approval = approving.ask(needed.details["ask"], by=agent, why=str(needed), at=AT)
    asked = asked_and_suppressed(world)
    return {
        "question": hearing.ask_question(order, text="When?", by=None, at=AT).made,
        "supplier-calls": CallTask.objects.get(supplier__isnull=False),
        "date-requests": asked,
        "replies": (reply := Reply.objects.create(event_key="x", nature="person", text="When?", received_at=AT)),
        "reply-files": ReplyFile.objects.create(reply=reply, number=1, name="a.pdf", kind="x/y", size=1, content=b"x"),
        "orders": order,
        "wordings": order,  # nobody wrote words yet: its number is nobody's
        "line": line,
        "lines": line,
        "views": SavedView.objects.create(name="x", owner=agent, view="late", made_at=AT),
        "shipments": parcel,
        "shipment-lines": parcel.lines.get(),
        "purchase-lines": world.line,
        "proposed-etas": a_staff_proposal(world.line, by=agent),
        "purchase-orders": world.line.purchase_order,
        "messages": world.message,
        "calls": CallTask.objects.earliest("id"),
        "refunds": Refund.objects.get(),
        "suppressions": Suppression.objects.create(address="a@example.com", reason="bounce", at=AT),
        "imports": opened(f"PO\tETA\n{world.line.purchase_order}\t{day(30)}\n"),
        "damage-photos": _booked_photo(world),
        "products": world.kettle,
        "suppliers": world.line.purchase_order.supplier,
        "approvals": approval,
        "jobs": Job.objects.create(kind="x", subject="x", object_id=1, created_at=AT),
        "changes": ChangeSet.objects.latest("id"),
        "receipts": a_receipt(world),
        "compensation": (award := an_award(line)),
        "compensation-policies": award.policy,
        "notice": Notice.objects.first(),
        "macros": Macro.objects.create(name="x", english="x", turkish="x", written_by=agent, written_at=AT),
        "outbox": ChangeSet.objects.create(act="tell_now", source="system", at=AT),
    }


def a_receipt(world: World) -> ChangeSet:
    """A part of the goods comes."""
    return receiving.receive([receiving.Arrival(world.line.pk, 1)], by=None, at=world.at).change_set


def _booked_photo(world: World) -> DamagePhoto:
    """A picture of damage that belongs to a receipt."""
    photo = a_photo(world.line, by=None, at=AT)
    DamagePhoto.objects.filter(pk=photo.pk).update(change_set=ChangeSet.objects.earliest("id"))
    return photo


def asked_and_suppressed(world: World) -> DateRequest:
    """A request to a supplier whose address is not mailed."""
    supplier = world.line.purchase_order.supplier
    type(supplier).objects.filter(pk=supplier.pk).update(email="supplier@example.com")
    Suppression.objects.create(address="supplier@example.com", reason="bounce", at=AT)
    return asking.ask_supplier([world.line.pk], by=None, at=AT).made[0]


def routes(known: dict[str, Any]) -> Iterator[Route]:
    """Every route of the URL configuration, those of the admin's own pages included."""
    for names, pattern, callback in _walk(get_resolver(), (), ""):
        name = ":".join((*names, callback.name or ""))
        yield Route(name, pattern, _address(name, pattern, callback, known))


def _walk(resolver: URLResolver, names: tuple[str, ...], before: str) -> Iterator[tuple[tuple[str, ...], str, Any]]:
    for each in resolver.url_patterns:
        pattern = before + str(each.pattern)
        if isinstance(each, URLResolver):
            if each.app_name not in SKIPPED:
                yield from _walk(each, (*names, *filter(None, [each.namespace])), pattern)
        else:
            assert isinstance(each, URLPattern)
            yield names, pattern, each


def _address(name: str, pattern: str, callback: URLPattern, known: dict[str, Any]) -> str:
    if not callback.name:  # the root, ways of old and whatever nobody knows
        shown = pattern.replace("<path:object_id>", "1").replace("(?P<url>.*)$", "made-up")
        return "/" + shown.removesuffix("$").removeprefix("^")
    wanted = {}
    for word in callback.pattern.regex.groupindex:
        wanted[word] = _word(word, name.rpartition(":")[2], pattern, known)
    return reverse(name, kwargs=wanted)


def _word(word: str, name: str, pattern: str, known: dict[str, Any]) -> object:
    if word in ("content_type_id", "object_id", "id") and not name.startswith(("view_on_site",)):
        model = next(m for m in admin.site._registry if name.startswith(f"{m._meta.app_label}_{m._meta.model_name}_"))
        found = model._default_manager.order_by("pk").first()
        return found.pk if found else 1
    if word == "content_type_id":
        return ContentType.objects.get_for_model(known["orders"]).pk
    if word == "object_id":
        return known["orders"].pk
    if word in ("line", "question"):
        return known[word].pk
    if word == "pk":
        first = pattern.removeprefix("admin/").partition("/")[0]
        first = "lines" if "/lines/<int:pk>" in pattern else "views" if "/views/<int:pk>" in pattern else first
        assert first in known, f"say in tests/backoffice/routes.py which thing stands in {pattern}"
        return known[first].pk
    assert word in WORDS, f"say in tests/backoffice/routes.py what stands for {word} in {pattern}"
    value = WORDS[word]
    return value.get(name, "made-up") if isinstance(value, dict) else value


def clients() -> dict[str, Client]:
    """A client for each kind of person."""
    made = {"anonymous": Client()} | {role.name.lower(): somebody(role) for role in Role if role.name}
    chief = Client()
    chief.force_login(get_user_model().objects.create_superuser("glass", "glass@example.com", "glass"))
    return {**made, "superuser": chief}


def answer(client: Client, method: str, url: str) -> str:
    """What a person is answered, and nothing stays of it: neither in the database nor in their cookies."""
    cookies = copy.deepcopy(client.cookies)
    with transaction.atomic():
        response = client.generic(method, url)
        transaction.set_rollback(True)
    client.cookies = cookies
    if response.status_code == 302 and response["Location"].startswith(reverse("admin:login")):
        return "login"
    return str(response.status_code)
