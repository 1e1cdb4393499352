"""Saved views that are followed: whoever came into one since its follower last heard lies in their inbox."""

import datetime
from urllib.parse import urlencode

from django.contrib.auth.models import User
from django.http import QueryDict

from backorders import rows
from backorders.allocation.windows import business_day
from backorders.backoffice.workbench import asking
from backorders.backoffice.workbench.among import AT_MOST
from backorders.changes.acting import act
from backorders.desk.following import key_of
from backorders.desk.models import Follow, SavedView
from backorders.inbox.models import Notice
from backorders.inbox.posting import Posted, post_all

Thing = Follow.Thing


def lines_in(view: SavedView, *, person: User, today: datetime.date) -> list[int]:
    """Return the lines (ids) in a saved view as this person sees it, up to the most that one works through."""
    data = QueryDict(urlencode({"view": view.view, "q": view.filters}))
    return asking.asked(data, person=person, today=today).ids


@act
def tell_of_views(*, at: datetime.datetime) -> int:
    """Let followers of saved views find how many lines came into them; return how many notices.

    Each view is looked at once for each follower, for "mine" is another list for everybody; what is written is a fixed
    number of statements. A view that is gone, or seen no longer, is followed no longer.
    """
    follows = Follow.objects.filter(thing=Thing.VIEW, person__is_active=True)
    known = list(follows.select_related("person").select_for_update(of=("self",)).order_by("pk"))
    views = SavedView.objects.in_bulk({follow.object_id for follow in known})
    posted, looked, gone = [], [], []
    for follow in known:
        view, person = views.get(follow.object_id), follow.person
        if view is None or not (view.is_team or view.owner_id == person.pk):
            gone.append(follow.pk)
            continue
        now = lines_in(view, person=person, today=business_day(at))
        if set(now) == set(follow.seen) or len(now) >= AT_MOST:  # cut there: what slides into it is not new
            continue
        looked.append((follow.pk, now, at))
        if count := len(set(now) - set(follow.seen)):
            words = {"thing": Thing.VIEW.value, "name": view.name}
            posted.append(Posted(person.pk, key_of(Thing.VIEW, view.pk), view.pk, words, count))
    rows.update(Follow, ["id", "seen", "heard_until"], looked)
    rows.delete(Follow, gone)
    post_all(Notice.Kind.FOLLOWED, posted, at=at)
    return len(posted)
