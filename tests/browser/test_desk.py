"""The day's work in a real browser: dates changed with their preview, orders placed, mails read."""

import datetime
import re

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from backorders.orders.models import Order
from backorders.supply.models import EtaRevision
from tests.backoffice.desk import World, address
from tests.browser.conftest import Open
from tests.browser.hands import LOOKS
from tests.factories import a_product, revise
from tests.harness.browser import Visit

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def world(transactional_db: None) -> World:
    return World(at=timezone.now())


def in_days(world: World, days: int) -> str:
    return (world.today + datetime.timedelta(days=days)).isoformat()


def addresses(world: World) -> list[str]:
    """The pages a day's work goes through."""
    order, line = world.first.pk, world.first.lines.get().pk
    return [
        address("index"),
        address("waiting_lines") + "?view=all",
        address("order", order),
        address("cancel_line", order, line),
        address("ship", world.ready.pk),
        address("purchase_line_eta", world.line.pk),
        address("receive", world.line.purchase_order_id),
        address("place_order"),
        address("adjust_stock"),
        address("outbox") + "?box=sent",
        address("message", world.message.pk),
        address("calls"),
        address("search") + "?q=Elif",
        address("records"),
        address("supply_purchaseline_changelist"),
        address("catalog_product_change", world.kettle.pk),
        address("changes_changeset_changelist"),
        address("auth_user_changelist"),
    ]


def test_an_eta_is_changed_after_its_preview_named_who_moves(world: World, sit_down: Open) -> None:
    visit = sit_down()
    page = visit.page
    page.goto(address("purchase_line_eta", world.line.pk))
    page.get_by_label("New date, or first day").fill(in_days(world, 40))
    preview = page.locator("#preview")
    expect(preview).to_contain_text("3 lines later")
    expect(preview).to_contain_text("Elif Kaya")
    assert not EtaRevision.objects.filter(reason_code="customs").exists()
    page.get_by_label("customs").check()
    page.get_by_role("button", name="Save and tell 2 customers").click()
    expect(page.locator(".messagelist")).to_contain_text("3 dates moved")
    world.line.refresh_from_db()
    assert str(world.line.eta_on) == in_days(world, 40)
    assert visit.complaints == []


def test_the_keyboard_alone_changes_an_eta(world: World, sit_down: Open) -> None:
    page = sit_down().page
    page.goto(address("purchase_line_eta", world.line.pk))
    page.get_by_label("a date", exact=True).focus()
    for _ in range(4):
        page.keyboard.press("ArrowDown")
    expect(page.get_by_label("split over dates")).to_be_checked()
    page.locator("#id_parts-0-quantity").focus()
    page.keyboard.type("20")
    expect(page.locator("#id_parts-0-quantity")).to_have_value("20")
    page.get_by_label("customs").focus()
    page.keyboard.press("Space")
    page.get_by_label("Note").focus()
    page.keyboard.type("by hand")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".messagelist")).to_contain_text("Done.")
    world.line.refresh_from_db()
    assert world.line.eta_on is None


def test_only_the_fields_that_are_needed_are_shown(world: World, sit_down: Open) -> None:
    page = sit_down().page
    page.goto(address("purchase_line_eta", world.line.pk))
    expect(page.get_by_label("Last day of a window")).to_be_hidden()
    page.get_by_label("a window", exact=True).check()
    expect(page.get_by_label("Last day of a window")).to_be_visible()
    page.get_by_label("no date", exact=True).check()
    expect(page.get_by_label("New date, or first day")).to_be_hidden()
    expect(page.locator("#preview")).to_contain_text("3 lines lose their date")


def test_a_save_on_changed_data_says_what_changed_and_keeps_what_was_typed(world: World, sit_down: Open) -> None:
    page = sit_down().page
    page.goto(address("purchase_line_eta", world.line.pk))
    ahead = (datetime.date.fromisoformat(in_days(world, 20)) - world.line.eta_on).days + 10  # type: ignore[operator]
    page.get_by_label("New date, or first day").fill(in_days(world, 40))
    page.get_by_label("customs").check()
    revise(world.line, ((world.today - datetime.date(2026, 6, 1)).days + ahead, None), at=timezone.now())
    page.locator("#save").click()
    expect(page.locator(".problems.changed")).to_contain_text("Somebody changed this since you opened it")
    expect(page.get_by_label("New date, or first day")).to_have_value(in_days(world, 40))


def test_everything_works_without_a_script(world: World, sit_down: Open) -> None:
    page = sit_down(script=False).page
    page.goto(address("purchase_line_eta", world.line.pk))
    page.get_by_label("New date, or first day").fill(in_days(world, 40))
    page.get_by_role("button", name="Preview").click()
    expect(page.locator("#preview")).to_contain_text("3 lines later")
    page.get_by_label("customs").check()
    page.get_by_role("button", name=re.compile("Save and tell")).click()
    expect(page.locator(".messagelist")).to_contain_text("3 dates moved")


def test_an_order_is_placed_with_searching_selects(world: World, sit_down: Open) -> None:
    a_product("LMP-1", name="Nova Lamp", stock=1)
    visit = sit_down()
    page = visit.page
    page.goto(address("place_order"))
    page.get_by_label("Order number").fill("N-1")
    page.get_by_label("Carrier").select_option(index=1)
    for label, term in (("Customer", "Elif"), ("Product", "LMP")):
        page.locator("#content").get_by_role("combobox", name=label).first.click()
        page.locator(".select2-search--dropdown input").fill(term)
        page.locator(".select2-results__option", has_text=term).first.click()
    page.get_by_label("Units").first.fill("3")
    expect(page.locator("#preview tbody tr")).to_contain_text("No date")
    page.locator("#save").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Order N-1")
    assert Order.objects.get(number="N-1").lines.get().waiting == 2
    assert visit.complaints == []


def test_a_selection_in_the_list_opens_the_eta_screen(world: World, sit_down: Open) -> None:
    page = sit_down().page
    page.goto(address("supply_purchaseline_changelist"))
    page.locator("input.action-select").first.check()
    page.locator("select[name=action]").select_option("change_eta")
    page.get_by_role("button", name="Go").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("ETA of 1 purchase line")


def test_a_mail_is_read_as_it_was_sent(world: World, sit_down: Open) -> None:
    page = sit_down().page
    page.goto(address("message", world.message.pk))
    frame = page.frame_locator("iframe.mail")
    expect(frame.locator("h1")).to_be_visible()
    assert frame.locator("html").evaluate("node => node.ownerDocument.defaultView.origin") == "null"


def test_the_answer_is_copied_at_a_click(world: World, sit_down: Open) -> None:
    page = sit_down().page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(address("order", world.first.pk))
    page.get_by_role("button", name="Copy TR").click()
    expect(page.locator("#said")).to_have_text("Copied")
    assert "5 × Aria Kettle: tahmini teslim tarihi" in page.evaluate("navigator.clipboard.readText()")


@LOOKS
def test_every_page_is_accessible_and_keeps_the_policy(world: World, sit_down: Open, dark: bool, language: str) -> None:
    visit = sit_down(dark=dark, language=language)
    for url in addresses(world):
        seen(visit, url)
        assert visit.complaints == [], url
        assert visit.violations() == [], url
        visit.complaints.clear()  # the examination itself adds styles that the policy refuses


def test_the_login_is_accessible(transactional_db: None, sit_down: Open) -> None:
    visit = sit_down()
    visit.page.context.clear_cookies()
    seen(visit, address("login"))
    assert visit.complaints == []
    assert visit.violations() == []


def test_no_page_scrolls_sideways_on_a_narrow_screen(world: World, sit_down: Open) -> None:
    visit = sit_down(width=320)
    for url in addresses(world):
        seen(visit, url)
        assert not visit.scrolls_sideways(), url


def test_the_menu_opens_on_a_narrow_screen(world: World, sit_down: Open) -> None:
    page = sit_down(width=320).page
    page.goto(address("index"))
    expect(page.get_by_role("link", name="Outbox", exact=True)).to_be_hidden()
    page.get_by_text("Menu", exact=True).click()
    page.get_by_role("link", name="Outbox", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Outbox")


def seen(visit: Visit, url: str) -> None:
    """Open a page and wait until it has come to rest."""
    visit.page.goto(url)
    visit.page.wait_for_load_state("networkidle")
