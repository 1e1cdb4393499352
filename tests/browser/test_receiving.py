"""Receiving goods in a real browser: the queue is changed with the mouse, with the keyboard, and without a script."""

import re

import pytest
from django.utils import timezone
from playwright.sync_api import Locator, Page, Route, expect

from backorders.actions import receiving
from backorders.changes.models import ChangeSet
from backorders.supply.models import DamagePhoto, PurchaseLine
from tests.backoffice.desk import World, address
from tests.backoffice.routes import a_receipt
from tests.browser.conftest import Open
from tests.browser.test_tasks import Hands
from tests.factories import a_product, a_purchase, state
from tests.supply.pictures import a_file

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def world(transactional_db: None) -> World:
    return World(at=timezone.now())


def at_the_dock(page: Page, world: World) -> None:
    page.goto(address("receive", world.line.purchase_order_id))


def both(world: World) -> tuple[int, int]:
    return state(world.first.lines.get())[0], state(world.second.lines.get())[0]


@pytest.mark.parametrize("by_keyboard", [False, True], ids=["mouse", "keyboard"])
def test_the_queue_is_changed_and_saved_with_the_receipt(world: World, sit_down: Open, by_keyboard: bool) -> None:
    visit = sit_down()
    page, hands = visit.page, Hands(visit.page, by_keyboard=by_keyboard)
    at_the_dock(page, world)
    hands.type(page.get_by_label("Good: AK-17"), "4")
    mover = page.get_by_role("button", name=f"Move {world.second.number} up")
    expect(mover).to_be_visible()
    hands.press(mover)
    expect(page.locator("#preview")).to_contain_text("Changed by hand")
    expect(page.locator(".by-hand")).to_contain_text("Elif Kaya loses")
    with page.expect_response(lambda answer: answer.request.method == "POST"):
        hands.type(page.get_by_label("Why others get it first"), "she is moving")
    expect(page.locator("#preview")).to_contain_text("Changed by hand")
    hands.press(page.locator("#save"))
    expect(page.locator(".messagelist")).to_contain_text("Done")
    assert both(world) == (1, 3)
    assert ChangeSet.objects.latest("id").reason == "she is moving"
    assert hands.count == 4
    assert visit.complaints == []
    assert visit.violations() == []


def test_some_units_are_taken_from_one_and_given_to_another(world: World, sit_down: Open) -> None:
    visit = sit_down()
    page = visit.page
    at_the_dock(page, world)
    page.get_by_label("Good: AK-17").fill("4")
    units = page.get_by_role("spinbutton", name="Units")
    expect(units).to_be_visible()
    page.get_by_label("Give to").select_option(label=f"{world.second}, Sami Aydın: waits for 3")
    units.fill("1")
    page.keyboard.press("Enter")
    expect(page.locator(".by-hand")).to_contain_text("Elif Kaya loses")
    expect(units).to_have_value("")
    part = page.get_by_role("row").filter(has_text="units given by hand")
    expect(part).to_contain_text("Sami Aydın")
    expect(part.get_by_role("button")).to_have_count(0)
    assert visit.violations() == []
    assert not visit.scrolls_sideways()
    page.get_by_label("Why others get it first").fill("she is moving")
    page.locator("#save").click()
    expect(page.locator(".messagelist")).to_contain_text("Done")
    assert state(world.first.lines.get())[0] == 3
    assert visit.complaints == []


def test_after_a_move_the_keyboard_stands_where_it_stood(world: World, sit_down: Open) -> None:
    page = sit_down().page
    at_the_dock(page, world)
    page.get_by_label("Good: AK-17").fill("4")
    down = page.locator(f"#down-{world.first.lines.get().pk}")
    down.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".by-hand")).to_contain_text("loses")
    expect(down).to_be_focused()


def test_a_move_made_while_a_preview_is_under_way_is_not_lost(world: World, sit_down: Open) -> None:
    page = sit_down().page
    at_the_dock(page, world)
    held: list[Route] = []
    with page.expect_response(lambda answer: "quantity=4" in (answer.request.post_data or "")):
        page.get_by_label("Good: AK-17").fill("4")
    page.route("**/receive/**", lambda route: route.continue_() if held else held.append(route))
    with page.expect_request(lambda request: "damaged=1" in (request.post_data or "")):
        page.get_by_label("Damaged: AK-17").fill("1")
    page.get_by_role("button", name=f"Move {world.second.number} up").click()
    page.get_by_label("Over: AK-17").fill("2")
    with page.expect_response(lambda answer: "over=2" in (answer.request.post_data or "")):
        [under_way] = held
        under_way.continue_()
    expect(page.locator(".by-hand")).to_contain_text("Elif Kaya loses")


def test_everything_is_there_without_a_script(world: World, sit_down: Open) -> None:
    page = sit_down(script=False).page
    at_the_dock(page, world)
    page.get_by_label("Scan a SKU").fill("AK-00")
    page.keyboard.press("Enter")
    expect(page.locator("#scan-said")).to_contain_text("No product has the SKU AK-00.")
    page.get_by_label("Good: AK-17").fill("4")
    page.get_by_label("ETA of the rest: AK-17").fill("in 20 days")
    page.get_by_role("button", name="Preview").click()
    expect(page.locator("#preview")).to_contain_text("The rest is understood to come")
    page.get_by_label("Give to").select_option(index=1)
    page.get_by_role("button", name="Put it first").click()
    expect(page.locator("#preview")).to_contain_text("Changed by hand")
    expect(page.get_by_label("Good: AK-17")).to_have_value("4")
    page.get_by_label("Why others get it first").fill("she is moving")
    page.locator("#save").click()
    expect(page.locator(".messagelist")).to_contain_text("Done")
    assert both(world)[1] == 3 or both(world)[0] == 1


def test_a_scan_finds_its_line_or_says_where_the_product_belongs(world: World, sit_down: Open) -> None:
    other = a_purchase(a_product("AK-99"), 5, eta=None, at=timezone.now()).purchase_order
    visit = sit_down()
    page = visit.page
    at_the_dock(page, world)
    for code in ("ak-17", "AK-99"):
        page.get_by_label("Scan a SKU").fill(code)
        page.keyboard.press("Enter")
    expect(page.locator("#scan-said")).to_have_text(re.compile(f"AK-99 is not on this purchase order.*{other}"))
    assert visit.violations() == []
    assert not visit.scrolls_sideways()
    page.keyboard.type("AK-17")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Good: AK-17")).to_be_focused()
    expect(page.locator("#scan-said")).to_be_empty()
    assert visit.complaints == []


RECORDS = """
    window.felt = []; window.heard = 0;
    navigator.vibrate = (pattern) => window.felt.push(pattern);
    const made = AudioContext.prototype.createOscillator;
    AudioContext.prototype.createOscillator = function () { window.heard += 1; return made.call(this); };
"""


def test_goods_are_counted_by_scanning_and_each_scan_is_heard_and_felt(world: World, sit_down: Open) -> None:
    visit = sit_down()
    page = visit.page
    page.add_init_script(RECORDS)
    at_the_dock(page, world)
    counting, good, over = (page.get_by_label(words) for words in ("Count by scanning", "Good: AK-17", "Over: AK-17"))
    said = page.locator("#scan-said")

    def scan(*codes: str) -> None:
        for code in codes:
            page.keyboard.type(code)
            page.keyboard.press("Enter")

    expect(good).to_have_value("20")
    counting.check()
    expect(good).to_have_value("0")
    expect(page.get_by_label("Scan a SKU")).to_be_focused()
    scan("ak-17", "AK-17")
    expect(good).to_have_value("2")
    expect(said).to_have_text("AK-17: 2 of 20")
    expect(page.locator("p.counted")).to_contain_text("Not saved yet: 2 units counted.")
    expect(page.locator("#preview")).to_contain_text("Who gets it")
    scan("19")
    expect(said).to_have_text("AK-17: 19 of 20")
    scan("AK-17", "AK-17")
    expect(said).to_contain_text("AK-17: 21, 1 more than the 20 outstanding.")
    expect(over).to_have_value("1")
    scan("AK-00")
    expect(said).to_contain_text("No product has the SKU AK-00.")
    assert page.evaluate("[felt.map(String), heard]") == [["60"] * 4 + ["60,60,60", "250,80,250"], 8]
    assert visit.violations() == []
    page.get_by_label("Sound and vibration").uncheck()
    page.get_by_label("Scan a SKU").focus()
    scan("20")
    expect(over).to_have_value("0")
    assert page.evaluate("felt.length") == 6
    at_the_dock(page, world)  # both wishes and what was counted are remembered
    expect(counting).to_be_checked()
    expect(page.get_by_label("Sound and vibration")).not_to_be_checked()
    expect(good).to_have_value("20")
    page.get_by_role("button", name="Start anew").click()
    expect(good).to_have_value("0")
    counting.uncheck()
    expect(good).to_have_value("20")
    assert visit.complaints == []


def test_what_is_counted_by_scanning_is_booked_and_what_was_not_scanned_is_left_out(
    world: World, sit_down: Open
) -> None:
    other = a_purchase(a_product("AK-99"), 5, eta=None, at=timezone.now())
    PurchaseLine.objects.filter(pk=other.pk).update(purchase_order=world.line.purchase_order)
    page = sit_down().page
    at_the_dock(page, world)
    page.get_by_label("Count by scanning").check()
    for _ in range(3):
        page.keyboard.type("AK-17")
        page.keyboard.press("Enter")
    expect(page.get_by_label("ETA of the rest: AK-17")).to_be_visible()
    expect(page.get_by_label("ETA of the rest: AK-99")).to_be_hidden()
    page.keyboard.press("Control+Enter")
    expect(page.locator(".messagelist")).to_contain_text("Done")
    assert [PurchaseLine.objects.get(pk=pk).received for pk in (world.line.pk, other.pk)] == [3, 0]


def test_what_is_short_or_damaged_is_asked_where_it_is(world: World, sit_down: Open) -> None:
    other = a_purchase(a_product("AK-99"), 5, eta=None, at=timezone.now())
    PurchaseLine.objects.filter(pk=other.pk).update(purchase_order=world.line.purchase_order)
    visit = sit_down()
    page = visit.page
    at_the_dock(page, world)
    rest, pictures = (page.get_by_label(f"{name}: AK-17") for name in ("ETA of the rest", "Pictures of damage"))
    table = page.locator("table.entry")
    assert table.evaluate("table => getComputedStyle(table).display") == "table"
    expect(page.get_by_role("columnheader", name="ETA of the rest")).to_be_hidden()
    expect(page.get_by_role("columnheader", name="Pictures of damage")).to_be_hidden()
    page.get_by_label("Good: AK-17").fill("19")
    expect(rest).to_be_visible()
    expect(page.get_by_label("ETA of the rest: AK-99")).to_be_hidden()
    page.get_by_label("Damaged: AK-17").fill("1")
    expect(rest).to_be_hidden()
    expect(pictures).to_be_visible()
    expect(page.get_by_label("Pictures of damage: AK-99")).to_be_hidden()
    assert visit.violations() == []
    page.get_by_label("Damaged: AK-17").fill("")
    rest.fill("in 20 days")
    page.get_by_label("Good: AK-17").fill("20")
    expect(rest).to_be_visible()  # what was said stays in sight, so that it can be taken back
    expect(pictures).to_be_hidden()
    assert visit.complaints == []


def test_what_was_counted_is_here_again_until_it_is_booked(world: World, sit_down: Open) -> None:
    visit = sit_down()
    page = visit.page
    at_the_dock(page, world)
    counted = page.locator("p.counted")
    expect(counted).to_be_hidden()
    page.get_by_label("Scan a SKU").fill("AK-17")
    page.keyboard.press("Enter")
    expect(counted).to_contain_text("Not saved yet: 20 units counted.")
    page.get_by_label("Good: AK-17").fill("4")
    page.get_by_label("Note: AK-17").fill("one box open")
    page.goto(address("expected"))
    at_the_dock(page, world)
    expect(counted).to_contain_text(re.compile("Not saved yet: 4 units counted. What you counted on .+ is here again."))
    expect(page.get_by_label("Note: AK-17")).to_have_value("one box open")
    assert visit.violations() == []
    page.get_by_role("button", name="Start anew").click()
    expect(counted).to_be_hidden()
    expect(page.get_by_label("Good: AK-17")).to_have_value("20")
    page.get_by_label("Good: AK-17").fill("1")
    expect(counted).to_contain_text("Not saved yet: 1 unit counted.")
    page.locator("#save").click()
    expect(page.locator(".messagelist")).to_contain_text("Done")
    at_the_dock(page, world)
    expect(page.get_by_label("Good: AK-17")).to_have_value("19")
    expect(counted).to_be_hidden()
    assert visit.complaints == []


def test_a_form_that_comes_too_late_or_is_refused_loses_nothing(world: World, sit_down: Open) -> None:
    page = sit_down().page
    at_the_dock(page, world)
    page.get_by_label("Good: AK-17").fill("4")
    cookies = page.context.cookies()
    page.context.clear_cookies(name="sessionid")
    page.locator("#save").click()
    expect(page.locator("h1")).to_have_text("Not saved yet")
    page.context.add_cookies(cookies)
    at_the_dock(page, world)
    expect(page.get_by_label("Good: AK-17")).to_have_value("4")
    receiving.receive([receiving.Arrival(world.line.pk, 2)], by=None, at=timezone.now())  # somebody else was faster
    page.locator("#save").click()
    expect(page.locator("#content")).to_contain_text("changed since you opened it")
    expect(page.get_by_label("Good: AK-17")).to_have_value("4")
    expect(page.locator("p.counted")).to_contain_text("Not saved yet: 4 units counted.")
    page.locator("#save").click()
    expect(page.locator(".messagelist")).to_contain_text("Done")
    world.line.refresh_from_db()
    assert world.line.received == 6


def test_what_came_beyond_is_sent_back_at_a_press_beside_what_else_was_typed(world: World, sit_down: Open) -> None:
    visit = sit_down()
    page = visit.page
    at_the_dock(page, world)
    expect(page.locator("table.entry .as-filled")).to_be_visible()
    page.get_by_label("Note: AK-17").fill("wet")
    page.get_by_label("Good: AK-17").fill("23")
    expect(page.locator("table.entry .as-edited")).to_be_visible()
    expect(page.locator("table.entry .as-filled")).to_be_hidden()
    page.get_by_role("button", name="Send back: AK-17").click()
    expect(page.get_by_label("Good: AK-17")).to_have_value("20")
    expect(page.get_by_label("Note: AK-17")).to_have_value("wet; 3 beyond what was ordered, sent back")
    expect(page.get_by_role("button", name="Send back: AK-17")).to_have_count(0)
    page.get_by_label("Good: AK-17").fill("21")
    page.get_by_role("button", name="Accept as over: AK-17").click()
    expect(page.get_by_label("Over: AK-17")).to_have_value("1")
    page.locator("#save").click()
    expect(page.locator(".messagelist")).to_contain_text("Done")
    assert visit.complaints == []


def test_pictures_of_damage_are_sent_with_the_receipt_and_a_bad_file_loses_nothing(
    world: World, sit_down: Open
) -> None:
    visit = sit_down()
    page = visit.page
    at_the_dock(page, world)
    page.get_by_label("Good: AK-17").fill("4")
    page.get_by_label("Damaged: AK-17").fill("1")
    files = [("dent.jpg", "image/jpeg", a_file()), ("list.png", "image/png", b"no picture")]
    page.get_by_label("Pictures of damage: AK-17").set_input_files(
        [{"name": name, "mimeType": kind, "buffer": data} for name, kind, data in files]
    )
    page.locator("#save").click()
    expect(page.get_by_role("alert")).to_contain_text("list.png is no picture that can be read")
    expect(page.get_by_label("Damaged: AK-17")).to_have_value("1")
    picture = page.locator(".photos img")
    expect(picture).to_be_visible()
    assert is_shown(picture)
    assert visit.violations() == []
    page.locator("#save").click()
    expect(page.locator(".messagelist")).to_contain_text("Done")
    page.get_by_role("link", name="See or undo").click()
    expect(picture).to_have_count(1)
    assert is_shown(picture)
    assert DamagePhoto.objects.get().change_set == ChangeSet.objects.latest("id")
    assert [each for each in visit.complaints if "422" not in each] == []


def is_shown(picture: Locator) -> bool:
    """Whether the browser could read the picture."""
    picture.scroll_into_view_if_needed()
    return bool(picture.evaluate("image => image.decode().then(() => image.naturalWidth > 0)"))


def test_the_lists_of_a_receipt_are_printed_without_the_site_around_them(world: World, sit_down: Open) -> None:
    visit = sit_down()
    page = visit.page
    page.add_init_script("window.print = () => { window.printed = true; }")
    page.goto(address("pick_lists", a_receipt(world).pk))
    page.get_by_role("button", name="Print").click()
    assert page.evaluate("window.printed") is True
    page.emulate_media(media="print")
    expect(page.locator("#desk-nav, #header, .page-actions").filter(visible=True)).to_have_count(0)
    expect(page.locator("table.picks")).to_contain_text("Elif Kaya")
    assert visit.complaints == []


def test_a_handheld_names_every_field_and_scrolls_nothing_sideways(world: World, sit_down: Open) -> None:
    visit = sit_down()
    page = visit.page
    page.set_viewport_size({"width": 320, "height": 700})
    at_the_dock(page, world)
    expect(page.locator("#preview")).to_contain_text("Who gets it")
    expect(page.locator("td.of-rest, td.of-photos").filter(visible=True)).to_have_count(0)
    page.get_by_label("Good: AK-17").fill("4")
    page.get_by_label("Damaged: AK-17").fill("1")
    expect(page.locator("td.of-rest, td.of-photos").filter(visible=True)).to_have_count(2)
    assert not visit.scrolls_sideways()
    named = "node => getComputedStyle(node, '::before').content"
    assert page.locator("td:has(.arrival-rest)").evaluate(named) == '"ETA of the rest"'
    for button in (page.locator("#save"), page.locator("[name=move]").first):
        box = button.bounding_box()
        assert box
        assert box["height"] >= 56
    page.get_by_label("Count by scanning").check()
    for code in ("AK-17", "21"):
        page.keyboard.type(code)
        page.keyboard.press("Enter")
    expect(page.locator("#scan-said")).to_contain_text("2 more than the 20 outstanding")  # one came damaged
    assert not visit.scrolls_sideways()
    assert visit.violations() == []
