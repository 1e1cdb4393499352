"""Who may log in is an administrator's business: others' roles, never their own, and nobody who breaks the glass."""

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client

from backorders.access.checking import roles_of
from backorders.access.table import ADMINISTRATOR, MANAGER, SERVICE
from tests.backoffice.desk import address, text
from tests.backoffice.test_stale_forms import sendable
from tests.factories import a_user

pytestmark = pytest.mark.usefixtures("frozen", "db")


@pytest.fixture
def administrator() -> User:
    person: User = a_user(ADMINISTRATOR, is_staff=True)
    return person


@pytest.fixture
def office(administrator: User) -> Client:
    client = Client()
    client.force_login(administrator)
    return client


def form_of(office: Client, person: User) -> dict[str, object]:
    return sendable(office.get(address("auth_user_change", person.pk)).context["adminform"].form)


def group(role: object) -> int:
    return Group.objects.get(name=role.group).pk  # type: ignore[attr-defined]


def test_an_administrator_adds_a_person_who_works_here_at_once(office: Client) -> None:
    new = {"username": "ada", "usable_password": "true", "groups": [group(SERVICE)]}
    office.post(address("auth_user_add"), {**new, "password1": "kettle-on-a-hill", "password2": "kettle-on-a-hill"})
    ada = User.objects.get(username="ada")
    assert (ada.is_staff, ada.is_superuser, roles_of(ada)) == (True, False, SERVICE)


def test_an_administrator_gives_roles_to_others(office: Client) -> None:
    clerk = a_user(SERVICE, is_staff=True)
    sent = form_of(office, clerk) | {"groups": [group(SERVICE), group(MANAGER)]}
    assert office.post(address("auth_user_change", clerk.pk), sent).status_code == 302
    assert roles_of(User.objects.get(pk=clerk.pk)) == SERVICE | MANAGER
    assert "Customer service, Manager" in text(office.get(address("auth_user_changelist")))


def test_nobody_gives_a_role_to_themselves(office: Client, administrator: User) -> None:
    sent = form_of(office, administrator) | {"groups": [group(MANAGER)], "is_superuser": "on", "is_active": ""}
    office.post(address("auth_user_change", administrator.pk), sent)
    same = User.objects.get(pk=administrator.pk)
    assert (roles_of(same), same.is_superuser, same.is_active) == (ADMINISTRATOR, False, True)


def test_an_administrator_makes_nobody_a_superuser_and_gives_no_single_permissions(office: Client) -> None:
    clerk = a_user(SERVICE, is_staff=True)
    sent = form_of(office, clerk) | {"is_superuser": "on", "user_permissions": ["1"]}
    office.post(address("auth_user_change", clerk.pk), sent)
    clerk.refresh_from_db()
    assert (clerk.is_superuser, clerk.user_permissions.count()) == (False, 0)


def test_an_administrator_touches_no_superuser(office: Client) -> None:
    chief = User.objects.create_superuser("chief", "chief@example.com", "chief")
    assert office.post(address("auth_user_change", chief.pk), {"username": "mine"}).status_code == 403
    taken = {"password1": "kettle-on-a-hill", "password2": "kettle-on-a-hill"}
    assert office.post(address("auth_user_password_change", chief.pk), taken).status_code == 403
    chief.refresh_from_db()
    assert (chief.username, chief.check_password("chief")) == ("chief", True)


def test_people_and_roles_stay(office: Client, desk: Client) -> None:
    clerk = a_user(SERVICE)
    for client in (office, desk):
        assert client.post(address("auth_user_delete", clerk.pk), {"post": "yes"}).status_code == 403
        assert client.post(address("auth_group_delete", group(SERVICE)), {"post": "yes"}).status_code == 403
        assert client.post(address("auth_group_change", group(SERVICE)), {"name": "Mine"}).status_code == 403
    assert Group.objects.filter(name="Customer service").exists()
