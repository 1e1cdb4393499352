"""Following: whoever follows a thing finds in their inbox what others did with it since they last heard."""

import datetime
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from typing import Any, NamedTuple

from django.contrib.auth.models import AbstractBaseUser
from django.db.models import Exists, F, OuterRef, QuerySet

from backorders import rows
from backorders.allocation.models import PromiseChange
from backorders.changes.acting import act
from backorders.changes.models import Touch
from backorders.desk.models import Follow
from backorders.inbox.models import Notice
from backorders.inbox.posting import Posted, post_all
from backorders.supply.models import EtaRevision, StockMovement

# An act is written at most so long after its moment: what is younger may not be there yet.
SETTLED = datetime.timedelta(seconds=60)
# What is older nobody is told any more, should the clock have stood still.
OLDEST = datetime.timedelta(days=7)
NAMED = 3
Thing = Follow.Thing
Key = tuple[str, int]


class Event(NamedTuple):
    """One act on a followed thing: its change set (id), its name, by whom (id), when, and whether a date moved."""

    change_set: int
    act: str
    by: int | None
    at: datetime.datetime
    is_move: bool


def followed(thing: Follow.Thing, *, by: AbstractBaseUser) -> Exists:
    """Return whether a person follows the thing of each row, as a condition over the things' table."""
    return Exists(Follow.objects.filter(thing=thing, object_id=OuterRef("pk"), person=by.pk))


@act
def tell_followers(*, at: datetime.datetime) -> int:
    """Let followers find what others did with orders, products and purchase orders; return how many notices.

    A fixed number of statements, however much happened and however many follow. Nobody hears of their own acts.
    """
    events = _events(since=at - OLDEST, until=at - SETTLED)
    if not events:
        return 0
    follows = Follow.objects.filter(object_id__in={number for _thing, number in events}, person__is_active=True)
    posted, heard, unread = [], [], _unread({number for _thing, number in events})
    for follow in follows.select_for_update(of=("self",)).order_by("pk"):
        known = events.get((follow.thing, follow.object_id), {}).values()
        if new := sorted((e for e in known if e.at > follow.heard_until), key=lambda e: (e.at, e.change_set)):
            heard.append((follow.pk, new[-1].at))
            if others := [event for event in new if event.by != follow.person_id]:
                posted.append(_posted(follow, others, unread.get((follow.person_id, _key(follow)), {})))
    rows.update(Follow, ["id", "heard_until"], heard)
    post_all(Notice.Kind.FOLLOWED, posted, at=at)
    return len(posted)


def key_of(thing: str, object_id: int) -> str:
    """Return the key under which notices of a thing lie together."""
    return f"follow:{thing}:{object_id}"


def _key(follow: Follow) -> str:
    return key_of(follow.thing, follow.object_id)


def _unread(numbers: Collection[int]) -> dict[tuple[int, str], dict[str, Any]]:
    """What lies unread of followed things (ids), by person and key: what comes now is added to it."""
    lying = Notice.objects.filter(kind=Notice.Kind.FOLLOWED, object_id__in=numbers, read_at=None).order_by()
    return {(person, key): words for person, key, words in lying.values_list("person", "key", "words")}


def _posted(follow: Follow, events: list[Event], before: dict[str, Any]) -> Posted:
    acts = [*(event.act for event in reversed(events)), *before.get("acts", ())]
    words: dict[str, Any] = {"thing": follow.thing, "name": follow.name, "acts": list(dict.fromkeys(acts))[:NAMED]}
    words["is_move"] = any(event.is_move for event in events) or before.get("is_move", False)
    return Posted(follow.person_id, _key(follow), follow.object_id, words, len(events))


def _events(*, since: datetime.datetime, until: datetime.datetime) -> dict[Key, dict[int, Event]]:
    """Return what was done with followed things, once for each act: four statements."""
    found: dict[Key, dict[int, Event]] = defaultdict(dict)
    for thing, number, change_set, name, by, at, is_move in _written(since=since, until=until):
        event = Event(change_set, name, by, at, is_move)
        before = found[thing, number].setdefault(event.change_set, event)
        found[thing, number][event.change_set] = before._replace(is_move=before.is_move or is_move)
    return found


def _written(*, since: datetime.datetime, until: datetime.datetime) -> Iterator[tuple[Any, ...]]:
    moved = PromiseChange.objects.annotate(object=F("line__order"))
    dated = EtaRevision.objects.annotate(object=F("purchase_line__product"))
    kinds = StockMovement.Kind
    stocked = StockMovement.objects.filter(kind__in=[kinds.RECEIPT, kinds.RETURN, kinds.COUNT])
    stocked = stocked.annotate(object=F("stock_level__product"))
    touched = Touch.objects.annotate(object=F("object_id"))
    for kind, *rest in _followed(touched, OuterRef("kind"), "kind", since=since, until=until):
        yield kind, *rest, False
    for thing, found, is_move in (
        (Thing.ORDER, moved, True),
        (Thing.PRODUCT, dated, True),
        (Thing.PRODUCT, stocked, False),
    ):
        for row in _followed(found, thing, since=since, until=until):
            yield thing.value, *row, is_move


def _followed(
    found: QuerySet[Any], thing: Any, *first: str, since: datetime.datetime, until: datetime.datetime
) -> Iterable[tuple[Any, ...]]:
    follows = Follow.objects.filter(
        thing=thing, object_id=OuterRef("object"), heard_until__lt=OuterRef("change_set__at")
    )
    recent = found.filter(Exists(follows), change_set__at__gt=since, change_set__at__lte=until).order_by()
    fields = ("object", "change_set", "change_set__act", "change_set__by", "change_set__at")
    return recent.values_list(*first, *fields).distinct()
