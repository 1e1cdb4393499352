"""While an import is in its quiet period one press keeps its mails back, and those it moved wait for the staff."""

import datetime

import pytest

from backorders.access.checking import NotAllowed
from backorders.access.table import PURCHASING, SERVICE
from backorders.importing import opening, pausing
from backorders.importing.models import Import
from backorders.importing.opening import NotReady
from backorders.notifications.models import LaterWord, Message
from backorders.notifications.policy import TELLING
from tests.backoffice.desk import World
from tests.factories import a_line, a_product, a_user, day, revise
from tests.importing.desk import a_purchase_order, applied, finished, opened, undone
from tests.notifications.desk import announce

pytestmark = pytest.mark.django_db

D30 = f"{day(30):%d.%m.%Y}"


def moved(world: World) -> tuple[Import, datetime.datetime]:
    """An import that moves the world's purchase line, and the moment of its press."""
    mine = applied(opened(f"PO;SKU;ETA\n{world.line.purchase_order};AK-17;{D30}"))
    assert mine.applied_at is not None
    return mine, mine.applied_at + datetime.timedelta(minutes=1)


def test_whom_it_moved_hears_nothing_by_itself_for_a_day_and_others_do() -> None:
    world, buyer = World(), a_user(PURCHASING)
    mine, at = moved(world)
    other = a_line(a_product(), 1)
    assert pausing.paused_until(mine, at=at) is None
    done = pausing.pause_mails(mine, by=buyer, at=at)
    moved_ones = {world.first.customer_id, world.second.customer_id, world.unreachable.customer_id}
    assert {word.customer_id for word in LaterWord.objects.all()} == moved_ones
    assert (done.made, done.change_set.act, done.change_set.by) == (3, "hold_messages", buyer)
    until = pausing.paused_until(mine, at=at)
    assert until == at + datetime.timedelta(days=1)
    before = Message.objects.filter(kind="later").count()
    announce(at + TELLING.longest_quiet)
    told = Message.objects.filter(customer=other.order.customer)
    assert told.exists()
    assert Message.objects.filter(kind="later").count() == before, "they wait"
    announce(until + TELLING.longest_quiet)
    assert Message.objects.filter(kind="later").count() > before, "and hear by themselves afterwards"
    assert pausing.paused_until(mine, at=until) is None


def test_what_was_queued_of_it_already_is_held_and_nothing_else() -> None:
    world = World()
    mine, at = moved(world)
    of_it, older = (Message.objects.filter(lines__order=order)[0] for order in (world.first, world.second))
    Message.objects.filter(pk=of_it.pk).update(state="pending", kind="later", created_at=at)
    before = mine.applied_at - datetime.timedelta(hours=1)  # type: ignore[operator]
    Message.objects.filter(pk=older.pk).update(state="pending", created_at=before)
    unrelated = Message.objects.filter(lines__order=world.ready).order_by("id")[0]
    Message.objects.filter(pk=unrelated.pk).update(state="pending", created_at=at)
    pausing.pause_mails(mine, by=None, at=at)
    states = [Message.objects.get(pk=each.pk).state for each in (of_it, older, unrelated)]
    assert states == ["held", "pending", "pending"]


def test_it_is_too_late_once_the_quiet_period_is_over_and_not_for_everybody() -> None:
    mine, at = moved(World())
    with pytest.raises(NotAllowed):
        pausing.pause_mails(mine, by=a_user(SERVICE), at=at)
    assert mine.applied_at is not None
    with pytest.raises(NotReady, match="outbox"):
        pausing.pause_mails(mine, by=None, at=mine.applied_at + TELLING.quiet)
    with pytest.raises(NotReady):
        pausing.pause_mails(opened("PO;SKU;ETA\nPO-1;AK-17;soon"), by=None, at=at)
    assert not LaterWord.objects.exists()


def test_once_it_is_undone_nobody_waits_for_the_staff_any_more() -> None:
    mine, at = moved(World())
    pausing.pause_mails(mine, by=None, at=at)
    opening.start_undoing(mine, by=None, at=at)
    assert LaterWord.objects.count() == 3, "the dates are not back yet"
    finished(mine)
    assert not LaterWord.objects.exists()


def test_whom_it_still_moves_once_the_rest_is_undone_waits_for_the_staff() -> None:
    world = World()
    lamp = a_product("LA-1")
    [other] = a_purchase_order("PO-2", (lamp, 5))
    waits = a_line(lamp, 2)
    mine = applied(opened(f"PO;SKU;ETA\n{world.line.purchase_order};AK-17;{D30}\nPO-2;LA-1;{D30}"))
    assert mine.applied_at is not None
    pausing.pause_mails(mine, by=None, at=mine.applied_at)
    revise(other, (50, None))
    undone(mine)
    assert list(LaterWord.objects.values_list("customer", flat=True)) == [waits.order.customer_id]


def test_only_what_speaks_of_dates_is_held() -> None:
    world = World()
    mine, at = moved(world)
    parcel, date = (Message.objects.filter(lines__order=order)[0] for order in (world.first, world.second))
    Message.objects.filter(pk=parcel.pk).update(state="pending", kind="shipped", created_at=at)
    Message.objects.filter(pk=date.pk).update(state="pending", kind="later", created_at=at)
    pausing.pause_mails(mine, by=None, at=at)
    assert [Message.objects.get(pk=each.pk).state for each in (parcel, date)] == ["pending", "held"]


def test_an_import_that_moved_nobody_has_nothing_to_pause() -> None:
    a_purchase_order("PO-1", ("AK-17", 60))
    mine = applied(opened(f"PO;SKU;ETA\nPO-1;AK-17;{D30}"))
    assert mine.applied_at is not None
    with pytest.raises(NotReady, match="moved nobody"):
        pausing.pause_mails(mine, by=None, at=mine.applied_at)
