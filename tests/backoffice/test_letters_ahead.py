"""From the preview of an ETA one press shows the mail of a customer it moves, in either language, and saves nothing."""

import html
import re
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from backorders.access.table import PURCHASING
from backorders.actions import buying
from backorders.changes.models import ChangeSet
from backorders.notifications.models import Message
from tests.backoffice.desk import World, address, filled, somebody, text
from tests.factories import AT, a_supplier, a_user, day, later
from tests.notifications.desk import announce

LATER = {"how": "date", "reason_code": "part_shortage"}


def asked(desk: Client, world: World, letter: str = "", *, is_part: bool = True, **typed: Any) -> Any:
    url = address("purchase_line_eta", world.line.pk)
    form = filled(desk.get(url), **{**LATER, "eta_on": day(31), **typed}, letter=letter)
    return desk.post(url, form, headers={"HX-Request": "true"} if is_part else {})


def ways(response: Any) -> dict[str, str]:
    """What the buttons of a mail ask for, by what they say."""
    found = re.findall(r'name="letter" value="([^"]*)"[^>]*>([^<]+)<', response.content.decode())
    return {words.strip(): value for value, words in found}


def frame(response: Any) -> str:
    found = re.search(r'<iframe[^>]*src="([^"]+)"', response.content.decode())
    assert found
    return html.unescape(found[1])


def test_one_press_shows_the_mail_in_the_customers_language_and_saves_nothing(desk: Client) -> None:
    world = World()
    before = ChangeSet.objects.count(), Message.objects.count()
    response = asked(desk, world)
    said = text(response)
    assert "The mail to Elif Kaya, 1 of 2" in said
    assert "Merhaba Elif Kaya" in said
    assert "<html" not in response.content.decode()
    shown = desk.get(frame(response))
    assert 'Merhaba <span dir="auto">Elif Kaya</span>' in shown.content.decode()
    assert "sandbox" in shown["Content-Security-Policy"]
    assert (ChangeSet.objects.count(), Message.objects.count()) == before


def test_it_is_shown_in_the_other_language_and_for_the_next_customer(desk: Client) -> None:
    world = World()
    first = asked(desk, world)
    english = asked(desk, world, ways(first)["English"])
    assert "Hello Elif Kaya" in text(english)
    assert 'Hello <span dir="auto">Elif Kaya</span>' in desk.get(frame(english)).content.decode()
    following = asked(desk, world, ways(first)["Next customer"])
    assert "The mail to Sami Aydın, 2 of 2" in text(following)
    assert "Hello Sami Aydın" in text(following)
    assert "Next customer" not in ways(following)
    assert "Elif Kaya, 1 of 2" in text(asked(desk, world, ways(following)["Previous customer"]))


def test_without_a_script_it_stands_on_the_page_with_what_was_typed(desk: Client) -> None:
    response = asked(desk, World(), is_part=False)
    assert response.status_code == 200
    assert "3 lines later" in text(response)
    assert "The mail to Elif Kaya" in text(response)
    assert f'value="{day(31)}"' in response.content.decode()


def test_it_says_when_nobody_would_get_one_or_when_something_is_missing(desk: Client) -> None:
    world = World()
    assert "Nobody would get a mail by this change." in text(asked(desk, world, eta_on=day(10)))
    assert "Fill in what is missing to see a mail." in text(asked(desk, world, eta_on=""))
    assert "No reason is chosen yet" in text(asked(desk, world, reason_code=""))
    assert "No reason is chosen yet" not in text(asked(desk, world))


def test_nonsense_asks_for_the_first_mail_and_a_frame_that_nobody_made_is_not_found(desk: Client) -> None:
    world = World()
    for nonsense in ("x", ":", "9" * 30, f"{world.ready.customer_id}:xx"):
        assert "Elif Kaya, 1 of 2" in text(asked(desk, world, nonsense))
    assert desk.get(address("purchase_line_eta", world.line.pk) + "?letter=x").status_code == 404


def test_the_frame_has_a_short_address_however_much_was_typed_and_the_mail_is_made_once(desk: Client) -> None:
    world = World()
    goods = [buying.OrderedGoods(world.kettle, world.line.warehouse, 1, day(10)) for _number in range(150)]
    order = buying.order_goods("PO-9", supplier=a_supplier(), lines=goods, by=None, at=AT).made
    lines = [world.line.pk, *order.lines.values_list("pk", flat=True)]
    ticked = {"action": "change_eta", "_selected_action": lines}
    url = desk.post(address("supply_purchaseline_changelist"), ticked)["Location"]
    own = {f"own_{pk}": day(31 + pk % 5) for pk in lines}
    form = filled(desk.get(url), how="each", reason_code="part_shortage", **own, letter="")
    shown = desk.post(url, form, headers={"HX-Request": "true"})
    assert len(frame(shown)) < 100
    with CaptureQueriesContext(connection) as made:
        assert desk.get(frame(shown)).status_code == 200
    assert not [each for each in made if "supply_etarevision" in each["sql"] or "notifications_" in each["sql"]]
    again = frame(desk.post(url, form, headers={"HX-Request": "true"}))
    assert desk.get(frame(shown)).status_code == 404
    assert desk.get(again).status_code == 200


def test_the_frame_is_of_who_asked_for_it_alone(desk: Client) -> None:
    address_of_frame = frame(asked(desk, World()))
    assert somebody(PURCHASING).get(address_of_frame).status_code == 404


def test_a_buyer_sees_it_without_how_the_customer_is_reached(frozen: None, client: Client, db: None) -> None:
    world = World()
    client.force_login(a_user(PURCHASING, is_staff=True))
    assert "Elif Kaya, 1 of 2" in text(asked(client, world))


def test_the_statements_do_not_grow_with_the_customers(desk: Client) -> None:
    world = World()

    def statements() -> int:
        with CaptureQueriesContext(connection) as asked_for:
            assert "The mail to" in text(asked(desk, world))
        return len(asked_for)

    few = statements()
    for number in range(8):
        world._order(f"Customer {number}", 1)
    announce(later(minutes=30))
    assert statements() == few
