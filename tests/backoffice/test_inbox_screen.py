"""The inbox shows what waits for its reader; a refused page leads to those who can help."""

import re
from typing import Any

import pytest

from backorders.access.table import ADMINISTRATOR, MANAGER, PURCHASING, SERVICE
from backorders.actions import queueing
from backorders.desk import following
from backorders.desk.models import SavedView
from backorders.inbox.models import Notice
from backorders.inbox.posting import people_with, post
from tests.backoffice.desk import World, address, fill_in, somebody, text
from tests.factories import AT, a_user, later

pytestmark = pytest.mark.usefixtures("frozen", "db")


def shown(page: Any) -> list[Any]:
    return [each for group in page.context["groups"] for each in group.shown]


def test_a_customer_to_be_called_waits_for_the_desk() -> None:
    agent = somebody(SERVICE)
    buyer = somebody(PURCHASING)
    World()
    assert "1 customer is to be called." in text(agent.get(address("inbox")))
    assert "Nothing waits for you." in text(buyer.get(address("inbox")))


def test_the_header_counts_what_is_unread() -> None:
    agent = somebody(SERVICE)
    for number in range(3):
        post(Notice.Kind.CALL, to=people_with(SERVICE), key=f"{number}", at=AT)
    assert "Inbox 3" in text(agent.get(address("records")))
    page = agent.get(address("inbox"))
    assert "(3) Inbox" in text(page)
    ids = [each.notice.pk for each in shown(page)]
    assert agent.post(address("mark_notices", "read"), {"notice": ids[:2]}).status_code == 302
    assert "Inbox 1" in text(agent.get(address("records")))
    assert len(shown(agent.get(address("inbox") + "?show=all"))) == 3
    agent.post(address("mark_notices", "unread"), {"notice": ids})
    assert len(shown(agent.get(address("inbox")))) == 3


def test_a_way_that_is_none_is_not_found() -> None:
    assert somebody(SERVICE).post(address("mark_notices", "eaten")).status_code == 404


def test_a_refused_page_says_what_was_tried_who_may_and_lets_one_ask() -> None:
    world, agent, chief = World(), somebody(SERVICE), somebody(ADMINISTRATOR)
    page = agent.get(address("purchase_line_eta", world.line.pk))
    assert page.status_code == 403
    assert "change an ETA" in text(page)
    assert "Roles that may: Purchasing, Manager." in text(page)
    asked = agent.post(address("ask_for_access"), {"permission": "revising.revise_eta"}, follow=True)
    assert "The administrators find it in their inbox." in text(asked)
    assert "asks for access: change an ETA." in text(chief.get(address("inbox")))


def test_a_refused_record_says_so_too() -> None:
    World()
    page = somebody(PURCHASING).get(address("orders_customer_changelist"))
    assert page.status_code == 403
    assert "see customers" in text(page)
    assert "Roles that may: Customer service, Manager, Auditor." in text(page)


def test_a_page_that_nobody_may_open_says_no_more_than_that() -> None:
    world = World()
    page = somebody(MANAGER).post(address("orders_order_delete", world.first.pk), {"post": "yes"})
    assert page.status_code == 403
    assert "Ask for access" not in text(page)


def test_asking_for_what_one_has_is_refused() -> None:
    asked = somebody(SERVICE).post(address("ask_for_access"), {"permission": "queueing.hold"}, follow=True)
    assert "Your role has this already." in text(asked)


def test_every_kind_of_notice_has_its_sentence() -> None:
    agent, person = somebody(SERVICE), a_user()
    words = {"person": "ada", "permission": "queueing.hold", "about": "Order 1: Kettle", "state": "refused"}
    to = people_with(SERVICE)
    for kind in Notice.Kind:
        post(kind, to=to, key=kind, object_id=person.pk, words=words, at=AT)
    page = text(agent.get(address("inbox")))
    for sentence in ("ada asks for access: hold a line", "ada asks for approval: Order 1", "Refused: Order 1: Kettle"):
        assert sentence in page
    assert "A job failed: Order 1: Kettle." in page
    assert "Set aside" in page


def test_a_notice_is_set_aside_and_brought_back() -> None:
    agent = somebody(SERVICE)
    post(Notice.Kind.CALL, to=people_with(SERVICE), key="calls", at=AT)
    ids = [Notice.objects.get().pk]
    until = agent.get(address("inbox")).context["tomorrow"]
    said = agent.post(address("mark_notices", "aside"), {"notice": ids, "until": until.isoformat()}, follow=True)
    assert "1 notice set aside." in text(said)
    assert "Nothing waits for you." in text(said)
    aside = agent.get(address("inbox"), {"show": "aside"})
    assert "comes back Tue 2 Jun" in text(aside)
    agent.post(address("mark_notices", "back"), {"notice": ids})
    assert "1 customer is to be called." in text(agent.get(address("inbox")))
    for day in ("soon", "2026-06-01", ""):
        said = agent.post(address("mark_notices", "aside"), {"notice": ids, "day": day}, follow=True)
        assert "is not a date" in text(said) or "Choose a day after today" in text(said)


def test_a_thing_is_followed_on_its_page_and_what_others_did_lies_under_its_name() -> None:
    world, agent = World(), somebody(SERVICE)
    orders = [world.first, world.second]
    for order in orders:
        said = text(agent.post(address("follow_order", order.pk), follow=True))
        assert f"What others do with Order {order.number} comes into your inbox." in said
        assert "Stop following" in said
        queueing.hold(order.lines.get(), reason="x", by=None, at=later(minutes=1))
    following.tell_followers(at=later(minutes=3))
    page = agent.get(address("inbox"))
    groups = {group.about: [each.sentence for each in group.shown] for group in page.context["groups"]}
    for order in orders:
        assert groups[f"Order {order.number}"] == [f"Order {order.number}: Put on hold."]
    assert "What I follow 2" in text(page)
    agent.post(address("follow_order", world.first.pk), {"stop": "1"})
    assert "What I follow 1" in text(agent.get(address("inbox")))


@pytest.mark.parametrize("name", ["follow_product", "follow_purchase_order", "follow_view"])
def test_products_purchase_orders_and_views_are_followed_too(name: str) -> None:
    world, buyer = World(), somebody(PURCHASING)
    view = SavedView.objects.create(name="All", owner=a_user(), view="all", is_team=True, made_at=AT)
    pk = {"follow_product": world.kettle.pk, "follow_purchase_order": world.line.purchase_order_id}.get(name, view.pk)
    assert "Stop following" in text(buyer.post(address(name, pk), follow=True))
    link = re.search(r'<ul class="plain"><li><a href="(.*?)"', buyer.get(address("inbox")).content.decode())
    assert link is not None
    assert buyer.get(link[1]).status_code == 200
    assert "Stop following" not in text(buyer.post(address(name, pk), {"stop": "1"}, follow=True))


def test_nobody_follows_what_they_may_not_see() -> None:
    world = World()
    assert somebody(ADMINISTRATOR).post(address("follow_order", world.first.pk)).status_code == 403
    mine = SavedView.objects.create(name="Mine", owner=a_user(), view="all", made_at=AT)
    assert somebody(SERVICE).post(address("follow_view", mine.pk)).status_code == 404


def test_kinds_are_muted_in_the_preferences() -> None:
    agent = somebody(SERVICE)
    post(Notice.Kind.CALL, to=people_with(SERVICE), key="calls", at=AT)
    page = fill_in(agent, address("preferences"), muted=["call"])
    assert page.status_code == 302
    assert "Nothing waits for you." in text(agent.get(address("inbox")))
    assert agent.get(address("preferences")).context["form"]["muted"].value() == ["call"]


def test_the_inbox_shows_one_kind_alone() -> None:
    agent = somebody(SERVICE)
    for kind in (Notice.Kind.CALL, Notice.Kind.JOB):
        post(kind, to=people_with(SERVICE), key=kind, words={"about": "x"}, at=AT)
    calls = agent.get(address("inbox"), {"kind": "call"})
    assert [each.notice.kind for each in shown(calls)] == ["call"]
    assert len(shown(agent.get(address("inbox"), {"kind": "nonsense"}))) == 2
    assert "Nothing of this kind." in text(agent.get(address("inbox"), {"kind": "short"}))
    everything = agent.get(address("inbox"), {"kind": "job", "show": "all"})
    assert [each.notice.kind for each in shown(everything)] == ["job"]
