"""The rules of telling are set by managers, hold from the next look on, and never against somebody else's change."""

from decimal import Decimal

import pytest

from backorders.access.checking import NotAllowed
from backorders.access.table import MANAGER, SERVICE
from backorders.actions import caring, ruling
from backorders.changes.models import ChangeSet
from backorders.notifications.models import Message, TellingRules
from backorders.notifications.policy import TELLING, Rules, rules_in_force, telling
from backorders.refusal import Stale
from tests.factories import AT, a_line, a_product, a_purchase, a_user, later, revise
from tests.notifications.desk import announce, tell

pytestmark = pytest.mark.django_db


def test_without_rules_those_of_the_house_hold() -> None:
    assert telling() == TELLING
    assert (Rules().cap_hours, ruling.seen_version()) == (48, 0)


def test_rules_are_kept_with_what_was_before() -> None:
    manager = a_user(MANAGER)
    ruling.set_telling_rules(Rules(silence_days=7), seen=0, by=manager, at=AT)
    ruling.set_telling_rules(Rules(cap_hours=24), seen=1, by=manager, at=later(hours=1))
    change = ChangeSet.objects.latest("id")
    assert (change.act, change.by) == ("set_telling_rules", manager)
    assert change.before == Rules(silence_days=7)._asdict()
    assert change.summary == Rules(cap_hours=24)._asdict()
    assert (rules_in_force(), TellingRules.objects.get().version) == (Rules(cap_hours=24), 2)


def test_rules_that_others_changed_are_not_overwritten() -> None:
    ruling.set_telling_rules(Rules(silence_days=7), seen=0, by=None, at=AT)
    with pytest.raises(Stale, match="were changed since you opened them"):
        ruling.set_telling_rules(Rules(), seen=0, by=None, at=AT)
    assert rules_in_force() == Rules(silence_days=7)


@pytest.mark.parametrize(
    "beyond",
    [
        {"earlier_by_days": 31},
        {"apology_beyond_days": 61},
        {"cap_hours": 337},
        {"silence_days": 2},
        {"quiet_from": 21},
        {"quiet_from": 8, "quiet_until": 8},
        {"quiet_from": 21, "quiet_until": 24},
    ],
)
def test_rules_beyond_reason_are_refused(beyond: dict[str, int]) -> None:
    with pytest.raises(ruling.BadRules):
        ruling.set_telling_rules(Rules(**beyond), by=None, at=AT)
    assert not ChangeSet.objects.filter(act="set_telling_rules").exists()
    assert rules_in_force() == Rules()


def test_only_a_manager_sets_them() -> None:
    with pytest.raises(NotAllowed):
        ruling.set_telling_rules(Rules(), by=a_user(SERVICE), at=AT)


def test_customers_hear_by_the_rules_that_are_set() -> None:
    product = a_product()
    purchase = a_purchase(product, 5, eta=30)
    a_line(product, 5)
    tell(AT)
    ruling.set_telling_rules(Rules(earlier_by_days=30), by=None, at=AT)
    revise(purchase, (20, None), at=later(days=3))
    assert announce(later(days=3, hours=1)) == []
    ruling.set_telling_rules(Rules(earlier_by_days=3), by=None, at=later(days=3))
    revise(purchase, (16, None), at=later(days=3, hours=2))
    assert [message.kind for message in announce(later(days=3, hours=3))] == ["earlier"]


def test_in_quiet_hours_a_new_date_rests_until_the_morning_and_a_confirmation_does_not() -> None:
    """AT is noon where the business is."""
    product = a_product()
    purchase = a_purchase(product, 5, eta=30)
    a_line(product, 2)
    tell(AT)
    ruling.set_telling_rules(Rules(quiet_from=21, quiet_until=8), by=None, at=AT)
    revise(purchase, (40, None), at=later(hours=8))
    a_line(product, 2, at=later(hours=8))
    made = {message.kind: message.not_before for message in announce(later(hours=9))}
    assert made == {"later": later(hours=20), "confirmation": later(hours=9)}


def test_in_quiet_hours_what_is_given_rests_and_what_a_person_writes_does_not() -> None:
    order = a_line(a_product(), 2).order
    tell(AT)
    ruling.set_telling_rules(Rules(quiet_from=21, quiet_until=8), by=None, at=AT)
    evening = later(hours=9, minutes=30)
    caring.compensate(order, kind="credit", amount=Decimal(2), reason="Waits long", by=None, at=evening)
    caring.write_message(order, text="We looked into it.", by=None, at=evening)
    made = dict(Message.objects.filter(created_at=evening).values_list("kind", "not_before"))
    assert made == {"compensated": later(hours=20), "message": evening + TELLING.quiet}


def test_a_word_that_was_heard_lately_holds_the_next_for_the_hours_that_are_set() -> None:
    product = a_product()
    purchase = a_purchase(product, 5, eta=30)
    a_line(product, 5)
    tell(AT)
    revise(purchase, (40, None), at=later(hours=1))
    assert len(tell(later(hours=2))) == 1
    revise(purchase, (50, None), at=later(hours=4))
    assert announce(later(hours=5)) == []
    ruling.set_telling_rules(Rules(cap_hours=1), by=None, at=later(hours=5))
    assert [message.kind for message in announce(later(hours=5))] == ["later"]
