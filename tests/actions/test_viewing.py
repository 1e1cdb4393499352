"""Saved views and preferences: kept by name, one's own, and refused in plain words."""

from typing import Any

import pytest

from backorders.actions import viewing
from backorders.actions.checking import BadText
from backorders.desk.models import Preference, SavedView
from tests.factories import AT, a_user

pytestmark = pytest.mark.django_db

USUAL: dict[str, Any] = {
    "theme": "auto", "density": "compact", "language": "", "home": "", "are_keys_on": True, "keys": {}, "at": AT,
}  # fmt: skip


def test_the_same_name_of_the_same_person_is_kept_anew() -> None:
    user, other = a_user(), a_user()
    for view, by in (("late", user), ("all", user), ("late", other)):
        viewing.save_view(" VIP  late ", view=view, filters="tier:vip", by=by, at=AT)
    assert list(SavedView.objects.filter(owner=user).values_list("name", "view")) == [("VIP late", "all")]
    assert SavedView.objects.count() == 2


def test_a_view_needs_a_name_that_fits() -> None:
    with pytest.raises(viewing.ViewWithoutName):
        viewing.save_view("  ", view="late", by=a_user(), at=AT)
    with pytest.raises(BadText):
        viewing.save_view("x" * 61, view="late", by=a_user(), at=AT)


def test_nobody_keeps_more_views_than_they_find_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(viewing, "MOST_VIEWS", 2)
    user = a_user()
    for name in "ab":
        viewing.save_view(name, view="late", by=user, at=AT)
    viewing.save_view("b", view="all", by=user, at=AT)
    with pytest.raises(viewing.TooManyViews):
        viewing.save_view("c", view="late", by=user, at=AT)


def test_a_view_is_deleted_by_its_owner_or_an_administrator() -> None:
    owner, chief = a_user(), a_user(is_superuser=True)
    saved = viewing.save_view("ours", view="late", is_team=True, by=owner, at=AT)
    with pytest.raises(viewing.NotYours):
        viewing.delete_view(saved, by=a_user())
    viewing.delete_view(saved, by=chief)
    assert not SavedView.objects.exists()


def test_preferences_are_kept_and_replaced() -> None:
    user = a_user()
    viewing.prefer(**USUAL, by=user)
    viewing.prefer(**{**USUAL, "density": "comfortable", "keys": {"peek": "v"}}, by=user)
    kept = Preference.objects.get(person=user)
    assert (kept.density, kept.keys) == ("comfortable", {"peek": "v"})


@pytest.mark.parametrize("key", ["", "ab", " "])
def test_a_key_is_one_sign(key: str) -> None:
    with pytest.raises(viewing.KeyTaken):
        viewing.prefer(**{**USUAL, "keys": {"peek": key}}, by=a_user())


def test_columns_are_kept_beside_the_other_preferences() -> None:
    user = a_user()
    viewing.prefer(**USUAL, by=user)
    viewing.prefer_columns("item,owner", by=user, at=AT)
    viewing.prefer(**USUAL, by=user)
    assert Preference.objects.get(person=user).columns == "item,owner"
    with pytest.raises(BadText):
        viewing.prefer_columns("x" * 201, by=user, at=AT)
