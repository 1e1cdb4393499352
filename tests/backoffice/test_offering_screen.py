"""Many waiting lines are offered what comes sooner at once, after a look at who is offered what."""

from typing import Any

import pytest

from backorders.access.table import PURCHASING, SERVICE
from backorders.catalog.models import Substitute
from backorders.changes.models import ApprovalLimit
from backorders.notifications.models import Message
from backorders.notifications.policy import TELLING
from backorders.orders.models import Customer, Offer
from tests.backoffice.desk import World, address, somebody, text
from tests.factories import AT, a_product, revise
from tests.notifications.desk import announce

pytestmark = pytest.mark.usefixtures("frozen", "db")


def chosen(client: Any, world: World, *, stock: int = 50) -> Any:
    """The page of an offer to everybody who waits, opened from the list."""
    other = a_product("AK-18", name="Nova Kettle", stock=stock, price=8)
    Substitute.objects.create(product=world.kettle, substitute=other)
    lines = [order.lines.get().pk for order in (world.first, world.second)]
    return client.post(address("act_on_lines"), {"do": "offer", "line": lines})


def test_who_is_offered_what_is_seen_and_then_offered() -> None:
    world, agent = World(), somebody(SERVICE)
    url = chosen(agent, world)["Location"]
    seen = text(agent.get(url))
    for words in ("2 customers are offered something", "5 × Aria Kettle", "5 × Nova Kettle", "10.00 EUR less are owed"):
        assert words in seen
    assert not Offer.objects.exists()
    assert agent.post(url, {"reason": "it takes too long"}).status_code == 302
    assert Offer.objects.count() == 2
    assert "it was offered before" in text(agent.get(url))


def test_the_mails_are_foreseen_as_they_will_leave_and_so_is_who_gets_none() -> None:
    world, agent = World(), somebody(SERVICE)
    Customer.objects.filter(pk=world.second.customer_id).update(email="nowhere")
    url = chosen(agent, world)["Location"]
    before = Message.objects.count()
    page = agent.get(url)
    [sample] = page.context["samples"]
    assert (sample.customer, sample.language) == ("Elif Kaya", "tr")
    assert "1 No e-mail address: becomes a call. Sami Aydın" in text(page)
    assert sample.mail.subject in text(page)
    assert Message.objects.count() == before
    agent.post(url)
    announce(AT + TELLING.quiet * 2)
    mail = Message.objects.get(kind="alternative_offer", customer=world.first.customer_id)
    assert mail.subject == sample.mail.subject
    assert without_links(mail.text) == without_links(sample.mail.text)


def test_mails_with_other_news_say_that_it_may_leave_before() -> None:
    world, agent = World(), somebody(SERVICE)
    words = "News that has come to rest before the offer leaves in a mail of its own"
    url = chosen(agent, world)["Location"]
    assert words not in text(agent.get(url))
    revise(world.line, (41, None), at=AT)
    assert words in text(agent.get(url))


def without_links(words: str) -> list[str]:
    return [word for word in words.split() if not word.startswith("http")]


def test_where_nothing_comes_sooner_there_is_nothing_to_press() -> None:
    world, agent = World(), somebody(SERVICE)
    url = chosen(agent, world, stock=0)["Location"]
    page = agent.get(url)
    assert "For 2 lines nothing new comes sooner" in text(page)
    assert b"Offer it to" not in page.content
    assert agent.post(url).status_code == 422


def test_to_very_many_it_needs_a_second_person() -> None:
    world, agent = World(), somebody(SERVICE)
    ApprovalLimit.objects.create(id=1, recipients=1)
    url = chosen(agent, world)["Location"]
    refused = agent.post(url)
    assert refused.status_code == 422
    assert "Send for approval" in text(refused)
    assert agent.post(url, {"ask": "1"}).status_code == 302
    assert not Offer.objects.exists()


def test_a_selection_of_somebody_else_or_another_role_offers_nothing() -> None:
    world = World()
    url = chosen(somebody(SERVICE), world)["Location"]
    assert somebody(SERVICE).get(url).status_code == 404
    assert somebody(PURCHASING).get(url).status_code == 403
