"""A verb asks the table before it does anything; the system and a superuser are let through."""

import datetime
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser, Group
from django.utils.translation import override

from backorders.access.checking import NotAllowed, allowed, may, roles_of
from backorders.access.table import AUDITOR, GROUPS, MANAGER, NOBODY, PURCHASING, SERVICE, WAREHOUSE
from backorders.actions import caring, etas, receiving, revising
from tests.actions.desk import a_world, stored
from tests.factories import AT, a_product, a_purchase, a_user, day

pytestmark = pytest.mark.django_db


def revise(by: Any) -> None:
    change = etas.EtaChange(a_purchase(a_product(), 3).pk, [etas.EtaPart(day(20))])
    revising.revise_eta([change], reason_code="customs", by=by, at=AT)


@pytest.mark.parametrize("role", [SERVICE, WAREHOUSE, AUDITOR, NOBODY])
def test_a_verb_refuses_whose_role_does_not_have_it(role: Any) -> None:
    with pytest.raises(NotAllowed, match=r"change an ETA\. Roles that do: Purchasing, Manager\.") as refused:
        revise(a_user(role))
    assert refused.value.details["capability"] == "revising.revise_eta"


@pytest.mark.parametrize("role", [PURCHASING, MANAGER, SERVICE | PURCHASING])
def test_a_verb_acts_for_whose_role_has_it(role: Any) -> None:
    revise(a_user(*role))


def test_the_system_and_a_superuser_are_let_through() -> None:
    revise(None)
    revise(get_user_model().objects.create_superuser("glass"))


def test_who_was_put_out_may_do_nothing() -> None:
    gone = a_user(is_active=False)
    assert roles_of(gone) == NOBODY
    with pytest.raises(NotAllowed):
        revise(gone)


def test_a_refused_verb_leaves_no_trace() -> None:
    world, auditor = a_world(), a_user(AUDITOR)
    before = stored()
    with pytest.raises(NotAllowed):
        receiving.receive([receiving.Arrival(world.purchase.pk, 1)], by=auditor, at=AT)
    with pytest.raises(NotAllowed):
        caring.write_note(world.whole, text="hm", by=auditor, at=AT)
    assert stored() == before


def test_a_verb_that_is_not_in_the_table_is_refused_to_everybody() -> None:
    @allowed
    def unheard_of(*, by: Any, at: datetime.datetime) -> None:
        """Not in the table."""

    unheard_of(by=None, at=AT)
    with pytest.raises(NotAllowed, match="unheard_of"):
        unheard_of(by=a_user(MANAGER), at=AT)


def test_the_refusal_speaks_the_readers_language() -> None:
    with pytest.raises(NotAllowed) as refused:
        revise(a_user(SERVICE))
    with override("tr"):
        assert "Satın alma" in str(refused.value)


def test_django_is_answered_by_the_same_table() -> None:
    buyer = a_user(PURCHASING)
    assert buyer.has_perm("revising.revise_eta")
    assert buyer.has_perm("supply.view_purchaseline")
    assert buyer.has_module_perms("supply")
    assert not buyer.has_module_perms("notifications")
    assert not buyer.has_perm("orders.view_customer")
    assert not buyer.has_perm("supply.view_purchaseline", a_product())
    assert "catalog.change_product" in buyer.get_group_permissions()


def test_a_person_may_have_two_roles_or_none() -> None:
    assert roles_of(a_user(SERVICE, WAREHOUSE)) == SERVICE | WAREHOUSE
    assert roles_of(AnonymousUser()) == NOBODY
    assert not may(AnonymousUser(), "revising.revise_eta")
    assert may(None, "revising.revise_eta")


def test_the_migration_made_the_six_groups() -> None:
    assert set(GROUPS.values()) <= set(Group.objects.values_list("name", flat=True))


def test_asking_for_a_person_costs_one_statement_and_for_the_system_none(django_assert_num_queries: Any) -> None:
    buyer = get_user_model().objects.get(pk=a_user(PURCHASING).pk)
    with django_assert_num_queries(1):
        assert may(buyer, "supply.view_purchaseline")
    with django_assert_num_queries(0):
        assert may(None, "revising.revise_eta")
