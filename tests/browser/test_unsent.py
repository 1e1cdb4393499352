"""What was typed outlives the session, with a script and without; in the name of another it is not sent unsaid."""

import pytest
from django.contrib.auth import get_user_model
from django.utils import timezone
from playwright.sync_api import Page, expect

from backorders.orders.models import Note
from tests.backoffice.desk import World, address
from tests.backoffice.test_broken import renamed
from tests.browser.conftest import Open
from tests.browser.hands import LOOKS
from tests.browser.test_new_ways import shot

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
REFUSED = "Failed to load resource"  # what a browser says of an answer that is no success


@pytest.fixture
def world(transactional_db: None) -> World:
    return World(at=timezone.now())


def log_in(page: Page, name: str, *, prefix: str = "") -> None:
    page.locator(f"[name={prefix}username]").fill(name)
    page.locator(f"[name={prefix}password]").fill(name)
    page.keyboard.press("Enter")


def a_note(page: Page, world: World) -> None:
    page.goto(address("order", world.first.pk))
    page.locator("form.note textarea").fill("Calls back\non Friday")


@LOOKS
def test_a_save_after_the_session_ended_is_made_up_for_without_a_script(
    world: World, sit_down: Open, dark: bool, language: str
) -> None:
    visit = sit_down(dark=dark, language=language, script=False)
    page = visit.page
    a_note(page, world)
    page.context.clear_cookies(name="sessionid")
    page.locator("form.note button:not([formaction])").click()
    page.set_viewport_size({"width": 320, "height": 700})
    assert not visit.scrolls_sideways()
    log_in(page, "chief", prefix="unsent-")
    assert not Note.objects.filter(text__contains="Friday").exists()
    page.locator("form.unsent [data-saves]").click()
    expect(page.locator("ol.timeline").first).to_contain_text("Friday")
    assert Note.objects.get(text__contains="Friday").text.split() == ["Calls", "back", "on", "Friday"]
    assert [each for each in visit.complaints if not each.startswith(REFUSED)] == []


def test_what_one_person_typed_is_not_sent_as_another_who_logged_in(world: World, sit_down: Open) -> None:
    visit = sit_down()
    page = visit.page
    mert = get_user_model().objects.create_superuser("mert", first_name="Mert", password="mert")
    page.goto(address("purchase_line_eta", world.line.pk))
    page.wait_for_load_state("networkidle")
    page.context.clear_cookies(name="sessionid")
    page.locator("[name=eta_on]").fill(str(world.today.replace(year=world.today.year + 1)))
    ended = page.locator("#session-ended")
    with page.expect_popup() as opened:
        ended.get_by_role("link").click()
    log_in(opened.value, "mert")
    opened.value.wait_for_url(lambda url: "login" not in url)
    expect(ended).to_contain_text("Now Mert is logged in. What you typed stays here and is not sent in that name")
    assert visit.violations() == []
    page.locator("[name=reason_code]").first.check()
    page.locator("#save").click()
    expect(page.locator(".unsent .problems")).to_contain_text("Typed by chief.")
    assert visit.violations() == []
    world.line.refresh_from_db()
    assert world.line.eta_on != world.today.replace(year=world.today.year + 1)
    page.get_by_role("button", name="Send it again as Mert").click()
    expect(page.locator(".messagelist .success")).to_be_visible()
    assert world.line.revisions.latest("id").change_set.by == mert


@LOOKS
def test_a_save_that_met_a_fault_of_ours_is_made_up_for_with_one_press(
    world: World, sit_down: Open, dark: bool, language: str
) -> None:
    visit = sit_down(dark=dark, language=language)
    page = visit.page
    a_note(page, world)
    expect(page.locator("form.note [name=draft_seen]")).to_have_value("1")
    renamed("orders_note", "elsewhere")
    page.locator("form.note button:not([formaction])").click()
    expect(page.locator("form input[name=text]")).to_have_count(1)
    renamed("elsewhere", "orders_note")
    shot(page, f"broken-{language}")
    assert visit.violations() == []
    page.set_viewport_size({"width": 320, "height": 700})
    assert not visit.scrolls_sideways()
    page.locator("form button").click()
    expect(page.locator("ol.timeline").first).to_contain_text("Friday")
    assert Note.objects.filter(text__contains="Friday").count() == 1
    assert [each for each in visit.complaints if not each.startswith(REFUSED)] == []
