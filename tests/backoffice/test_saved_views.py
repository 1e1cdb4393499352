"""Saved views have an address of their own; a person's own ones nobody else sees, the team's everybody."""

from django.contrib.auth import get_user_model
from django.test import Client

from backorders.access.table import SERVICE
from backorders.desk.models import SavedView
from tests.backoffice.desk import World, address, somebody, text


def save(client: Client, name: str = "Elif's", **more: str) -> SavedView:
    data = {"name": name, "view": "all", "q": "elif", "is_pinned": "on", **more}
    client.post(address("save_view"), data)
    return SavedView.objects.latest("id")


def test_a_view_is_saved_pinned_and_opened_under_its_address(desk: Client) -> None:
    world = World()
    saved = save(desk)
    page = desk.get(address("saved_lines", saved.pk))
    assert [row["order"] for row in page.context["rows"]] == [world.first.number]
    assert "<h1>Elif&#x27;s</h1>" in page.content.decode()
    assert "Elif's" in text(desk.get(address("waiting_lines")))


def test_an_own_view_is_nobody_elses_and_a_team_view_everybodys(desk: Client) -> None:
    World()
    own, team = save(desk, "own"), save(desk, "team", is_team="on")
    other = somebody(SERVICE)
    assert other.get(address("saved_lines", own.pk)).status_code == 404
    assert other.get(address("saved_lines", team.pk)).status_code == 200
    said = text(other.post(address("delete_view", team.pk), follow=True))
    assert "belongs to chief: only they can delete it." in said
    assert SavedView.objects.filter(pk=team.pk).exists()


def test_a_view_is_deleted_by_its_owner(desk: Client) -> None:
    saved = save(desk)
    assert "is deleted." in text(desk.post(address("delete_view", saved.pk), follow=True))
    assert not SavedView.objects.exists()


def test_a_view_without_a_name_is_refused(desk: Client) -> None:
    World()
    said = text(desk.post(address("save_view"), {"name": " ", "view": "late"}, follow=True))
    assert "Give the view a name." in said


def test_a_view_of_a_list_that_is_none_becomes_what_needs_action(desk: Client) -> None:
    assert save(desk, view="nonsense").view == "needs"
    assert get_user_model().objects.get(username="chief").saved_views.count() == 1
