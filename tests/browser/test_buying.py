"""A buyer's day in a real browser: dates changed, lists imported and put back, in few clicks or keys."""

import datetime
import re
import threading
import time
from collections.abc import Iterator

import pytest
from django.db import connection
from django.utils import timezone
from playwright.sync_api import expect

from backorders.actions import buying
from backorders.importing import opening
from backorders.importing.models import Import
from backorders.jobs import running
from backorders.jobs.models import Job
from backorders.supply.models import EtaRevision, PurchaseLine, PurchaseOrder
from tests.backoffice.desk import World, address
from tests.browser.conftest import Open
from tests.browser.hands import HANDS, LOOKS, Mouse
from tests.browser.test_desk import in_days, seen
from tests.factories import a_customer, a_product, a_purchase, a_supplier, a_warehouse, an_order
from tests.importing.desk import buyer
from tests.notifications.desk import announce, send

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def world(transactional_db: None) -> World:
    return World(at=timezone.now())


@pytest.fixture
def worker(world: World) -> Iterator[None]:
    """Somebody who does the jobs, as a worker does: a page does of them only what takes a moment."""
    ended = threading.Event()

    def work() -> None:
        while not ended.wait(0.2):
            run_jobs()
        connection.close()

    thread = threading.Thread(target=work, name="worker")
    thread.start()
    yield
    ended.set()
    thread.join()


def a_large_order(world: World, lines: int) -> PurchaseOrder:
    """A purchase order of so many lines, each with a customer who waits for it and was told a date."""
    goods = []
    for number in range(lines):
        product = a_product(f"LMP-{number:03d}", name=f"Nova Lamp {number}")
        goods.append(
            buying.OrderedGoods(
                product, a_warehouse(), 10, world.today + datetime.timedelta(days=12), confidence="confirmed"
            )
        )
    order = buying.order_goods("PO-2291", supplier=a_supplier(), lines=goods, by=None, at=world.at).made
    for number, good in enumerate(goods[:8]):
        an_order((good.product, 2), customer=a_customer(f"Customer {number}"), at=world.at)
    announce(world.at)
    send(world.at + datetime.timedelta(minutes=1))
    return order


@HANDS
def test_b1_one_eta_is_changed_with_a_date_and_three_clicks(world: World, sit_down: Open, hands: type[Mouse]) -> None:
    visit = sit_down()
    page = visit.page
    page.goto(address("purchase_order", world.line.purchase_order_id))
    hand = hands(page)
    hand.press(page.get_by_role("link", name=re.compile("^ETA: ")))
    hand.type(page.get_by_label("New date, or first day"), in_days(world, 40))
    expect(page.locator("#preview")).to_contain_text("3 lines later")
    hand.choose(page.get_by_label("customs", exact=True))
    expect(page.locator("#save")).to_have_text("Save and tell 2 customers")
    hand.press(page.locator("#save"))
    expect(page.locator(".messagelist")).to_contain_text("3 dates moved")
    world.line.refresh_from_db()
    assert str(world.line.eta_on) == in_days(world, 40)
    assert hand.done <= 1 + 3
    assert visit.complaints == []


@HANDS
def test_the_mail_of_a_change_is_seen_before_it_is_saved_with_one_press(
    world: World, sit_down: Open, hands: type[Mouse]
) -> None:
    visit, before = sit_down(), EtaRevision.objects.count()
    page = visit.page
    page.goto(address("purchase_line_eta", world.line.pk))
    hand = hands(page)
    hand.type(page.get_by_label("New date, or first day"), in_days(world, 40))
    hand.press(page.get_by_role("button", name="See the e-mail"))
    expect(page.locator("#letter")).to_contain_text("The mail to Elif Kaya, 1 of 2")
    expect(page.locator("#letter")).to_contain_text("No reason is chosen yet")
    hand.choose(page.get_by_label("customs", exact=True))
    expect(page.locator("#save")).to_have_text("Save and tell 2 customers")
    expect(page.locator("#letter")).not_to_contain_text("No reason is chosen yet")  # it follows what is typed
    expect(page.locator("#letter")).to_contain_text("The mail to Elif Kaya, 1 of 2")
    mail = page.frame_locator("#letter iframe").locator("body")
    expect(mail).to_contain_text("Merhaba Elif Kaya")
    hand.press(page.locator("#letter").get_by_role("button", name="English"))
    expect(mail).to_contain_text("Hello Elif Kaya")
    hand.press(page.get_by_role("button", name="Next customer"))
    expect(mail).to_contain_text("Hello Sami Aydın")
    expect(page.get_by_label("New date, or first day")).to_have_value(in_days(world, 40))
    assert EtaRevision.objects.count() == before
    page.set_viewport_size({"width": 320, "height": 700})
    assert not visit.scrolls_sideways()
    assert visit.violations() == []
    assert visit.complaints == []


@HANDS
def test_an_eta_is_saved_and_whom_it_moves_is_told_later(world: World, sit_down: Open, hands: type[Mouse]) -> None:
    visit = sit_down()
    page = visit.page
    page.goto(address("purchase_line_eta", world.line.pk))
    hand = hands(page)
    hand.type(page.get_by_label("New date, or first day"), in_days(world, 40))
    hand.choose(page.get_by_label("customs", exact=True))
    expect(page.locator("#preview")).to_contain_text("3 lines later")
    hand.press(page.get_by_role("button", name="Save, tell later"))
    expect(page.get_by_role("alert").filter(has_text="Say why")).to_be_visible()
    hand.type(page.get_by_label("Note", exact=True), "I call them all")
    hand.press(page.get_by_role("button", name="Save, tell later"))
    said = page.locator(".messagelist")
    expect(said).to_contain_text("For a day nobody is told by itself")
    assert visit.violations() == []
    hand.press(said.get_by_role("link", name="Not told"))
    expect(page.locator(".queue tbody tr")).to_have_count(3)
    assert announce(timezone.now()) == []
    assert hand.done <= 6
    assert [each for each in visit.complaints if "422" not in each] == []


@HANDS
def test_b2_a_purchase_order_of_40_lines_moves_by_two_weeks_in_five(
    world: World, sit_down: Open, hands: type[Mouse]
) -> None:
    order = a_large_order(world, 40)
    visit = sit_down()
    page = visit.page
    page.goto(address("purchase_order", order.pk))
    hand = hands(page)
    hand.press(page.get_by_role("link", name="Change ETA"))
    hand.press(page.get_by_role("button", name="+2 weeks"))
    expect(page.locator("#preview")).to_contain_text("8 lines later")
    hand.choose(page.get_by_label("production delay"))
    hand.press(page.locator("#save"))
    expect(page.locator(".messagelist")).to_contain_text("8 dates moved")
    assert set(order.lines.values_list("eta_on", flat=True)) == {world.today + datetime.timedelta(days=26)}
    assert hand.done <= 5
    assert visit.complaints == []


def test_a_chip_takes_the_end_of_the_month_and_loses_nothing_that_was_typed(world: World, sit_down: Open) -> None:
    visit = sit_down()
    page = visit.page
    page.goto(address("purchase_line_eta", world.line.pk))
    page.get_by_label("Note", exact=True).fill("by telephone")
    page.get_by_role("button", name="+3 weeks").click()
    chip = page.get_by_role("button", name="End of month")
    end = chip.get_attribute("data-value")
    chip.click()
    expect(page.get_by_label("New date, or first day")).to_have_value(end or "")
    expect(page.get_by_label("a date", exact=True)).to_be_checked()
    page.get_by_label("customs", exact=True).check()
    expect(page.get_by_label("Note", exact=True)).to_have_value("by telephone")
    page.locator("#save").click()
    expect(page.locator(".messagelist")).to_contain_text("Done")
    world.line.refresh_from_db()
    assert str(world.line.eta_on) == end
    assert EtaRevision.objects.latest("id").note == "by telephone"
    assert visit.complaints == []


def the_list(world: World, order: PurchaseOrder) -> str:
    """Fifty rows with three kinds of problems in them."""
    later = world.today + datetime.timedelta(days=40)
    day, unclear = f"{later:%d.%m.%Y}", f"{4 if later.month == 5 else 5:02d}/{later:%m/%Y}"
    rows = ["Sipariş No\tStok Kodu\tMiktar\tSevk Tarihi"]
    for number, line in enumerate(order.lines.select_related("product").order_by("id")):
        written = "P2291" if number % 10 == 3 else "PO-2291"
        quantity = 80 if number % 10 == 5 else 10
        when = unclear if number % 10 == 7 else day
        rows.append(f"{written}\t{line.product.sku}\t{quantity}\t{when}")
    return "\n".join(rows)


@HANDS
def test_b3_fifty_pasted_rows_are_repaired_in_three_groups_and_applied_in_six(
    world: World, worker: None, sit_down: Open, hands: type[Mouse]
) -> None:
    order = a_large_order(world, 50)
    visit = sit_down()
    page = visit.page
    page.goto(address("imports"))
    hand = hands(page)
    hand.type(page.get_by_label("Paste the supplier's list"), the_list(world, order))
    hand.press(page.get_by_role("button", name="Read the list"))
    hand.press(page.get_by_role("button", name="Check the list"))
    expect(page.get_by_role("heading", name="Decide first")).to_contain_text("3")
    steps = hand.done
    for choice in ("Use these", "Day first", "All outstanding units"):
        hand.press(page.get_by_role("button", name=choice))
        expect(page.get_by_role("button", name=choice)).to_have_count(0)
    repairs = hand.done - steps
    apply = page.get_by_role("button", name=re.compile("^Apply 50 rows"))
    hand.press(apply)
    expect(page.locator(".done-panel")).to_contain_text("50 rows changed")
    assert EtaRevision.objects.filter(source="import").count() == 50
    assert hand.done - repairs <= 6
    assert visit.complaints == []


@HANDS
def test_b4_an_import_is_undone_with_one(world: World, worker: None, sit_down: Open, hands: type[Mouse]) -> None:
    mine = an_applied_import(world)
    visit = sit_down()
    page = visit.page
    page.goto(address("import", mine.pk))
    hand = hands(page)
    hand.press(page.get_by_role("button", name="Undo everything"))
    expect(page.locator(".done-panel")).to_contain_text("1 row put back")
    world.line.refresh_from_db()
    assert world.line.eta_on == world.today + datetime.timedelta(days=10)
    assert hand.done == 1
    assert visit.complaints == []


def an_import(world: World, *, eta: str = "", names: str = "PO\tSKU\tETA", rows: str = "") -> Import:
    """A list about the world's purchase line, matched; what is checked of it is checked by whoever runs jobs."""
    rows = rows or f"{world.line.purchase_order}\tAK-17\t{eta or in_days(world, 40)}\nPO-0\tX\tsoon"
    text = f"{names}\n{rows}\n"
    return opening.open_import(text.encode(), name="weekly", supplier=None, by=buyer(), at=timezone.now())


def a_checked_import(world: World, *, eta: str = "", rows: str = "") -> Import:
    mine = an_import(world, eta=eta, rows=rows)
    if not mine.are_columns_matched:
        opening.match_columns(
            mine, roles=mine.columns, header=mine.header, confidence="confirmed", by=buyer(), at=timezone.now()
        )
    run_jobs()
    return finished(mine)


def an_applied_import(world: World) -> Import:
    mine = a_checked_import(world)
    opening.start_applying(mine, reason_code="production", note="", by=buyer(), at=timezone.now())
    run_jobs()
    return finished(mine)


def finished(mine: Import) -> Import:
    """The import when its job has ended, whoever did it."""
    deadline = time.monotonic() + 30
    while Job.objects.filter(object_id=mine.pk, ended_at=None).exists():
        assert time.monotonic() < deadline, "nobody does the job"
        time.sleep(0.05)
    mine.refresh_from_db()
    return mine


def run_jobs() -> None:
    running.run_due(clock=timezone.now, until=timezone.now() + datetime.timedelta(minutes=1))


def a_waiting_job(world: World) -> Import:
    mine = a_checked_import(world)
    opening.start_applying(mine, reason_code="production", note="", by=buyer(), at=timezone.now())
    return mine


def test_progress_is_followed_until_it_ends_without_loading_the_page(world: World, sit_down: Open) -> None:
    mine = a_waiting_job(world)
    visit = sit_down()
    page = visit.page
    page.goto(address("import", mine.pk))
    expect(page.locator(".progress-panel")).to_contain_text("Queued")
    assert page.locator("#jobs-count").text_content() == "1"
    run_jobs()
    expect(page.locator(".done-panel")).to_contain_text("1 row changed")
    assert visit.complaints == []


def test_a_job_is_stopped_from_the_header_of_any_page(world: World, sit_down: Open) -> None:
    mine = a_waiting_job(world)
    page = sit_down().page
    page.goto(address("outbox"))
    page.locator(".menu.jobs summary").click()
    page.get_by_role("button", name=re.compile("^Stop: Import of ETAs")).click()
    expect(page).to_have_url(re.compile("outbox"))
    page.goto(address("import", mine.pk))
    run_jobs()
    assert not EtaRevision.objects.filter(source="import").exists()


def test_a_key_leads_from_problem_to_problem_and_arrows_from_cell_to_cell(world: World, sit_down: Open) -> None:
    order = world.line.purchase_order
    rows = [f"{order}\tAK-17\tsoon", f"{order}\tNL-02\t{in_days(world, 40)}", f"{order}\tAK-17\tlater"]
    mine = a_checked_import(world, rows="\n".join(rows))
    visit = sit_down()
    page = visit.page
    page.goto(address("import", mine.pk))
    date, sku = page.get_by_label("New date, row 2"), page.get_by_label("SKU, row 3")
    expect(date).to_be_visible()
    groups = page.locator(".groups li")
    for place in range(groups.count()):
        page.keyboard.press("e")
        expect(groups.nth(place).locator(":focus")).to_have_count(1)
    page.keyboard.press("e")
    expect(date).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_label("New date, row 3")).to_be_focused()
    page.keyboard.press("ArrowLeft")
    expect(sku).to_be_focused()
    page.keyboard.type("AK")
    page.keyboard.press("ArrowRight")  # at the end of what was typed: the next cell
    expect(page.get_by_label("New date, row 3")).to_be_focused()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Escape")
    expect(sku).to_have_value("NL-02")
    page.keyboard.press("e")  # goes on behind the row that was left
    expect(page.get_by_label("New date, row 4")).to_be_focused()
    page.keyboard.type(in_days(world, 40))
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Check what was typed")).to_be_focused()
    with page.expect_response(re.compile(r"/type/")):
        page.keyboard.press("Enter")
    assert mine.rows.get(number=4).edits == {"eta": in_days(world, 40)}
    expect(page.locator("h1")).to_contain_text("weekly")
    assert visit.violations() == []
    assert visit.complaints == []


def test_arrows_keep_their_column_between_rows_with_a_problem_and_rows_that_are_ready(
    world: World, sit_down: Open
) -> None:
    order, more = world.line.purchase_order, a_purchase(world.kettle, 5, eta=None, at=world.at).purchase_order
    rows = [f"{order}\tAK-17\t{in_days(world, 40)}", f"{order}\tAK-99\tsoon", f"{more}\tAK-17\t{in_days(world, 40)}"]
    mine = a_checked_import(world, rows="\n".join(rows))
    page = sit_down().page
    page.goto(address("import", mine.pk))
    page.get_by_label("New date, row 2").focus()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_label("New date, row 3")).to_be_focused()
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_label("SKU, row 3")).to_be_focused()
    page.keyboard.press("ArrowUp")  # of a row that is ready the SKU is known: there is nowhere to go
    expect(page.get_by_label("SKU, row 3")).to_be_focused()
    page.get_by_label("New date, row 2").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    expect(page.get_by_label("New date, row 4")).to_be_focused()
    for _ in range(3):  # over the cells of the row with a problem
        page.keyboard.press("Shift+Tab")
    expect(page.get_by_label("Purchase order, row 3")).to_be_focused()
    page.keyboard.press("Shift+Tab")  # the link of row 2; its cells do not take Tab, since those of row 4 do
    page.keyboard.press("Shift+Tab")
    expect(page.locator("input.cell:focus")).to_have_count(0)
    page.get_by_label("New date, row 2").fill(in_days(world, 50))
    page.keyboard.press("Control+Enter")
    expect(page.get_by_label("New date, row 2")).to_have_value(in_days(world, 50))
    assert mine.rows.get(number=2).edits == {"eta": in_days(world, 50)}


def test_a_list_is_pasted_anywhere_on_the_page_that_takes_it(world: World, sit_down: Open) -> None:
    visit = sit_down()
    page = visit.page
    page.goto(address("imports"))
    page.locator("h1").click()
    paste = """([place, text]) => {
        const data = new DataTransfer();
        data.setData("text/plain", text);
        const event = new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true });
        document.querySelector(place).dispatchEvent(event);
    }"""
    page.evaluate(paste, ["h1", "PO\tSKU\tETA"])
    box = page.get_by_label("Paste the supplier's list")
    expect(box).to_have_value("PO\tSKU\tETA")
    expect(box).to_be_focused()
    page.evaluate(paste, ["#palette-box", "10482"])  # a field keeps what is pasted into it
    expect(box).to_have_value("PO\tSKU\tETA")
    assert visit.complaints == []


def test_without_a_script_an_import_goes_all_the_way(world: World, worker: None, sit_down: Open) -> None:
    page = sit_down(script=False).page
    page.goto(address("imports"))
    page.get_by_label("Paste the supplier's list").fill(
        f"PO\tSKU\tETA\n{world.line.purchase_order}\tAK-17\t{in_days(world, 40)}"
    )
    page.get_by_role("button", name="Read the list").click()
    page.get_by_role("button", name="Check the list").click()
    page.get_by_role("button", name=re.compile("^Apply 1 row")).click()
    expect(page.locator(".done-panel")).to_contain_text("1 row changed")


def pages(world: World) -> list[str]:
    """The pages of a buyer's day, each in the states it can be in."""
    applied = an_applied_import(world)
    PurchaseLine.objects.filter(pk=world.line.pk).update(
        eta_on=world.today - datetime.timedelta(days=2), eta_until=world.today - datetime.timedelta(days=2)
    )
    world.line.refresh_from_db()
    checked = a_checked_import(world, eta=in_days(world, 50))
    opened = an_import(world, eta=in_days(world, 60), names="Bezug\tTeil\tWann")
    waiting = a_waiting_job(world)
    order = world.line.purchase_order_id
    return [
        address("imports"),
        address("import", opened.pk),
        address("import", checked.pk),
        address("import", checked.pk) + "?show=error",
        address("import", checked.pk) + "?show=undone",
        address("import", waiting.pk),
        address("import", applied.pk),
        address("jobs"),
        address("expected"),
        address("expected") + "?view=no_date",
        address("expected") + "?view=all&q=nothing",
        address("expected") + "?as=calendar",
        address("purchase_orders"),
        address("purchase_orders") + "?q=nothing",
        address("purchase_order", order),
        address("purchase_order_eta", a_large_order(world, 3).pk),
        address("product_supply", world.kettle.pk),
        address("product_supply", a_product("NONE-1").pk),
    ]


@LOOKS
def test_every_page_is_accessible_and_keeps_the_policy(world: World, sit_down: Open, dark: bool, language: str) -> None:
    visit = sit_down(dark=dark, language=language)
    for url in pages(world):
        seen(visit, url)
        assert visit.complaints == [], url
        assert visit.violations() == [], url
        visit.complaints.clear()


def test_no_page_scrolls_sideways_on_a_narrow_screen(world: World, sit_down: Open) -> None:
    visit = sit_down(width=320)
    for url in pages(world):
        seen(visit, url)
        assert not visit.scrolls_sideways(), url


def test_the_page_of_an_import_is_light(world: World, sit_down: Open) -> None:
    page = sit_down().page
    sizes: list[int] = []
    page.on("response", lambda response: sizes.append(len(response.body()) if response.status == 200 else 0))
    seen_visit = address("import", a_checked_import(world).pk)
    page.goto(seen_visit)
    page.wait_for_load_state("networkidle")
    assert len(sizes) <= 20
    assert sum(sizes) < 400_000  # before compression, which halves it and more
