"""Followers of a saved view find how many lines came into it since they last heard; each view is looked at once."""

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test.utils import CaptureQueriesContext

from backorders.actions import minding
from backorders.backoffice import followed_views
from backorders.backoffice.followed_views import lines_in, tell_of_views
from backorders.desk.models import Follow, SavedView
from backorders.inbox.models import Notice
from tests.factories import AT, TODAY, a_line, a_product, a_user, later

pytestmark = pytest.mark.django_db


def a_view(**fields: object) -> SavedView:
    return SavedView.objects.create(**{"name": "All", "owner": a_user(), "view": "all", "made_at": AT, **fields})


def followed(view: SavedView) -> Follow:
    person = get_user_model().objects.get(pk=view.owner_id)
    seen = lines_in(view, person=person, today=TODAY)
    return minding.follow(Follow.Thing.VIEW, view.pk, name=view.name, seen=seen, by=person, at=AT)


def test_whoever_comes_into_a_view_is_told_once() -> None:
    product = a_product()
    a_line(product, 1)
    view = a_view()
    follow = followed(view)
    assert len(follow.seen) == 1
    assert tell_of_views(at=later(minutes=5)) == 0
    for _ in range(2):
        a_line(product, 1)
    assert [tell_of_views(at=later(minutes=minutes)) for minutes in (10, 15)] == [1, 0]
    notice = Notice.objects.get(kind="followed")
    assert (notice.person_id, notice.object_id, notice.count) == (view.owner_id, view.pk, 2)


def test_a_view_that_is_gone_or_seen_no_longer_is_followed_no_longer() -> None:
    gone, private, kept = a_view(), a_view(name="Private"), a_view(name="Kept", is_team=True)
    for view in (gone, private, kept):
        minding.follow(Follow.Thing.VIEW, view.pk, name=view.name, by=a_user(), at=AT)
    gone.delete()
    assert tell_of_views(at=later(minutes=5)) == 0
    assert [follow.object_id for follow in Follow.objects.all()] == [kept.pk]


def test_what_is_written_of_many_views_is_a_fixed_number_of_statements() -> None:
    product = a_product()

    def written(number: int) -> int:
        Follow.objects.all().delete()
        for each in range(number):
            followed(a_view(name=f"View {each}"))
        a_line(product, 1)
        with CaptureQueriesContext(connection) as queries:
            assert tell_of_views(at=later(minutes=5)) == number
        return sum(query["sql"].startswith(("INSERT", "UPDATE", "DELETE")) for query in queries)

    assert written(6) == written(2)


def test_of_a_view_that_is_cut_nothing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    product = a_product()
    view = a_view()
    followed(view)
    monkeypatch.setattr(followed_views, "AT_MOST", 1)
    a_line(product, 1)
    assert tell_of_views(at=later(minutes=5)) == 0
