"""An agent's tasks inside their budgets of clicks, with the mouse and with the keyboard alone."""

import os
import re
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from backorders.catalog.models import Substitute
from backorders.notifications.models import Message
from backorders.orders.models import Cancellation, Compensation, Order
from backorders.supply.models import PurchaseLine
from tests.backoffice.desk import World, address
from tests.browser.conftest import Open
from tests.factories import TODAY, a_product, a_purchase, revise
from tests.harness.browser import Visit

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


class Hands:
    """A person's hands on a page: every click, or every thing done with the keyboard alone, is counted."""

    def __init__(self, page: Page, *, by_keyboard: bool) -> None:
        self.page = page
        self.by_keyboard = by_keyboard
        self.count = 0

    def press(self, target: Locator) -> None:
        """Click it, or go to it with Tab alone and press Enter (Space where that is what ticks)."""
        self.count += 1
        if not self.by_keyboard:
            target.click()
            return
        self._reach(target)
        is_ticked = target.evaluate("node => node.matches('input[type=radio], input[type=checkbox]')")
        self.page.keyboard.press("Space" if is_ticked else "Enter")

    def type(self, target: Locator, text: str) -> None:
        """Type into a field."""
        self.count += 1
        if self.by_keyboard:
            self._reach(target)
            self.page.keyboard.press("Control+A")
            self.page.keyboard.type(text)
        else:
            target.fill(text)

    def _reach(self, target: Locator) -> None:
        target.wait_for(state="attached")
        for _ in range(150):
            if target.evaluate("node => node === document.activeElement"):
                return
            group = target.evaluate("node => node.type === 'radio' && document.activeElement.name === node.name")
            self.page.keyboard.press("ArrowRight" if group else "Tab")
        raise AssertionError("no way leads there with the keyboard")


@pytest.fixture(params=[False, True], ids=["mouse", "keyboard"])
def by_keyboard(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture
def world(transactional_db: None) -> World:
    world = World(at=timezone.now())
    Order.objects.filter(pk=world.first.pk).update(is_paid=True)
    other = a_product("NOVA", name="Nova Kettle", stock=9, price=Decimal(8))
    Substitute.objects.create(product=world.kettle, substitute=other)
    return world


def at_the_order(world: World, sit_down: Open, by_keyboard: bool) -> tuple[Visit, Hands]:
    visit = sit_down()
    visit.page.goto(address("order", world.first.pk))
    return visit, Hands(visit.page, by_keyboard=by_keyboard)


def moved(world: World) -> None:
    """The supplier moves the date by weeks."""
    revise(world.line, ((world.today - TODAY).days + 40, None), at=timezone.now(), reason_code="part_shortage")


def shot(page: Page, name: str) -> None:
    """Keep a picture of the page, where somebody asked for pictures."""
    if folder := os.environ.get("SCREENSHOTS"):
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)


def test_a2_the_current_date_is_answered_by_mail(world: World, sit_down: Open, by_keyboard: bool) -> None:
    moved(world)
    visit, hands = at_the_order(world, sit_down, by_keyboard)
    page = visit.page
    hands.press(page.locator("#compose-message") if by_keyboard else page.locator("label[for=compose-message]"))
    expect(page.locator("#mail-preview pre")).to_contain_text("Önceki tarih")
    shot(page, "compose")
    hands.press(page.get_by_role("button", name="Put into the outbox"))
    expect(page.locator(".messagelist")).to_contain_text("In the outbox")
    assert Message.objects.get(kind="message").state == "pending"
    assert hands.count <= 3
    assert visit.complaints == []


def test_a4_a_line_is_cancelled_with_its_refund_shown(world: World, sit_down: Open, by_keyboard: bool) -> None:
    visit, hands = at_the_order(world, sit_down, by_keyboard)
    drawer = visit.page.locator("#drawer")
    hands.press(visit.page.locator(".line-actions a", has_text="Cancel").first)
    expect(drawer).to_contain_text("50.00 EUR go back to the customer")
    shot(visit.page, "drawer-cancel")
    hands.type(drawer.get_by_label("Reason"), "changed her mind")
    hands.press(drawer.get_by_role("button", name=re.compile("^Cancel the units")))
    expect(visit.page.locator(".messagelist")).to_contain_text("Done")
    assert Cancellation.objects.get().quantity == 5
    assert hands.count <= 3
    assert visit.complaints == []


def test_a5_an_order_is_split(world: World, sit_down: Open, by_keyboard: bool) -> None:
    visit, hands = at_the_order(world, sit_down, by_keyboard)
    drawer = visit.page.locator("#drawer")
    hands.press(visit.page.get_by_role("link", name="Split", exact=True))
    hands.type(drawer.get_by_label("Aria Kettle"), "2")
    hands.type(drawer.get_by_label("Reason"), "wants some of it now")
    expect(drawer.locator("#preview")).to_contain_text(f"{world.first.number}-A")
    shot(visit.page, "drawer-split")
    hands.press(drawer.get_by_role("button", name=re.compile("^Split the order")))
    expect(visit.page.locator(".messagelist")).to_contain_text("Done")
    assert Order.objects.get(number=f"{world.first.number}-A").lines.get().quantity == 2
    assert hands.count <= 4
    assert visit.complaints == []


def test_a5_another_product_comes_instead(world: World, sit_down: Open, by_keyboard: bool) -> None:
    visit, hands = at_the_order(world, sit_down, by_keyboard)
    drawer = visit.page.locator("#drawer")
    hands.press(visit.page.get_by_role("link", name="Substitute", exact=True))
    expect(drawer.locator("#preview")).to_contain_text("The customer pays 8.00 EUR a unit")
    shot(visit.page, "drawer-substitute")
    hands.type(drawer.get_by_label("Reason"), "agreed by phone")
    hands.press(drawer.get_by_role("button", name=re.compile("^Exchange")))
    expect(visit.page.locator(".messagelist")).to_contain_text("Done")
    assert Message.objects.filter(kind="substituted").exists()
    assert hands.count <= 5
    assert visit.complaints == []


def test_a5_a_customer_is_compensated(world: World, sit_down: Open, by_keyboard: bool) -> None:
    visit, hands = at_the_order(world, sit_down, by_keyboard)
    drawer = visit.page.locator("#drawer")
    hands.press(visit.page.get_by_role("link", name="Compensate", exact=True))
    expect(drawer.locator("#preview")).to_contain_text("This customer was given nothing before")
    shot(visit.page, "drawer-compensate")
    hands.press(drawer.get_by_role("button", name="Give it"))
    expect(visit.page.locator(".messagelist")).to_contain_text("Done")
    assert Compensation.objects.get().amount == Decimal(5)
    assert hands.count <= 3
    assert visit.complaints == []


def test_a6_who_was_told_what_and_when(world: World, sit_down: Open, by_keyboard: bool) -> None:
    visit, hands = at_the_order(world, sit_down, by_keyboard)
    hands.press(visit.page.get_by_role("link", name="View as sent").first)
    expect(visit.page.frame_locator("iframe.mail").locator("h1")).to_be_visible()
    assert hands.count <= 2
    assert visit.complaints == []


def test_w1_twelve_lines_are_received_and_one_is_short(world: World, sit_down: Open, by_keyboard: bool) -> None:
    for number in range(11):
        other = a_purchase(a_product(f"SKU-W{number}"), 5, eta=10 + (world.today - TODAY).days, at=timezone.now())
        PurchaseLine.objects.filter(pk=other.pk).update(purchase_order=world.line.purchase_order)
    visit = sit_down()
    page = visit.page
    page.goto(address("receive", world.line.purchase_order_id))
    hands = Hands(page, by_keyboard=by_keyboard)
    page.keyboard.type("AK-17")
    page.keyboard.press("Enter")
    short = page.get_by_label("Good: AK-17")
    expect(short).to_be_focused()
    hands.type(short, "12")
    expect(page.locator("#preview")).to_contain_text("Who gets it")
    shot(page, "receive")
    hands.press(page.locator("#save"))
    expect(page.locator(".messagelist")).to_contain_text("Done")
    world.line.refresh_from_db()
    assert world.line.received == 12
    assert hands.count <= 4
    assert visit.complaints == []


def test_the_timeline_is_filtered_in_place(world: World, sit_down: Open, by_keyboard: bool) -> None:
    visit, hands = at_the_order(world, sit_down, by_keyboard)
    section = visit.page.locator("#timeline-section")
    hands.press(section.get_by_role("link", name="Notes", exact=True))
    expect(section.locator("ol li")).to_have_count(1)
    expect(section).to_contain_text("Likes to be called")
    assert visit.complaints == []


def test_the_keys_of_an_order_lead_to_what_is_written_split_or_dated(world: World, sit_down: Open) -> None:
    visit = sit_down()
    page = visit.page
    page.goto(address("waiting_lines") + "?view=all")
    page.locator("th a", has_text=world.first.number).first.click()
    keys = page.keyboard
    expect(page.locator("#compose")).to_be_visible()
    keys.press("m")
    message = page.get_by_role("textbox", name="Message")
    expect(message).to_be_focused()
    was = message.input_value()
    keys.type("nesb")
    expect(message).to_have_value(re.compile("nesb"))
    message.fill(was)
    message.blur()
    keys.press("n")
    expect(page.get_by_role("textbox", name="Internal note")).to_be_focused()
    page.get_by_role("textbox", name="Internal note").blur()
    keys.press("s")
    expect(page.locator("#drawer-title")).to_contain_text("Split order")
    keys.press("Escape")
    expect(page.locator("#drawer")).to_be_hidden()
    keys.press("e")
    expect(page.get_by_role("heading", level=1)).to_contain_text(str(world.line))
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_contain_text(world.first.number)
    keys.press("b")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Waiting lines")
    expect(page).to_have_url(re.compile("view=all"))
    assert visit.complaints == []


def test_everything_of_an_order_is_done_without_a_script(world: World, sit_down: Open) -> None:
    page = sit_down(script=False).page
    page.goto(address("order", world.first.pk))
    page.locator("label[for=compose-message]").click()
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_text("Subject")).to_be_visible()
    page.get_by_role("button", name="Put into the outbox").click()
    assert Message.objects.filter(kind="message").exists()
    page.get_by_role("link", name="Split", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Split order")


def test_pictures_of_the_order(world: World, sit_down: Open) -> None:
    moved(world)
    dark = {"dark": True, "language": "tr"}
    ways: dict[str, dict[str, Any]] = {"order": {}, "order-dark": dark, "order-narrow": {"width": 320}}
    for name, how in ways.items():
        visit = sit_down(**how)
        visit.page.goto(address("order", world.first.pk))
        visit.page.wait_for_load_state("networkidle")
        shot(visit.page, name)
        assert not visit.scrolls_sideways()
        assert visit.violations() == []
