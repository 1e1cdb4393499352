"""The outbox in a real browser: reports of the provider are tried again, rules of telling show what they come to."""

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from backorders.notifications.models import ProviderEvent
from backorders.notifications.policy import Rules, rules_in_force
from tests.backoffice.desk import World, address
from tests.browser import staging
from tests.browser.conftest import Open

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def world(transactional_db: None) -> World:
    return World(at=timezone.now())


def test_reports_that_were_set_aside_are_found_from_the_outbox_and_tried_again(world: World, sit_down: Open) -> None:
    staging.reports(world)
    page = sit_down(width=360).page
    page.goto(address("outbox"))
    page.get_by_role("link", name="Reports of the provider 2").click()
    page.get_by_label("Complained").check()
    page.get_by_role("button", name="Try the ticked ones again").click()
    expect(page.get_by_text("1 of 1 reports were worked on.")).to_be_visible()
    page.get_by_role("button", name="Try 1 set aside again").click()
    expect(page.get_by_text("Everything that the provider said was worked on.")).to_be_visible()
    assert not ProviderEvent.objects.exclude(problem="").exists()


def test_rules_of_telling_show_what_they_come_to_while_they_are_typed(world: World, sit_down: Open) -> None:
    page = sit_down(width=360).page
    page.goto(address("outbox"))
    page.get_by_role("link", name="When we write to customers").click()
    preview = page.locator("#preview")
    expect(preview).to_contain_text("In the last 30 days 0 dates moved.")
    page.get_by_label("Without news a customer hears after").fill("7")
    page.get_by_label("Mails about dates rest from").fill("21")
    expect(preview).to_contain_text("shows here before anything is saved")  # quiet hours without an end
    page.get_by_label("Mails about dates rest until").fill("8")
    expect(preview).to_contain_text("In the last 30 days 0 dates moved.")
    page.get_by_role("button", name="Write by these rules").click()
    expect(page.get_by_text("Done.")).to_be_visible()
    assert rules_in_force() == Rules(silence_days=7, quiet_from=21, quiet_until=8)


def test_a_place_is_put_where_the_cursor_is_in_the_text_worked_on_last(world: World, sit_down: Open) -> None:
    visit = sit_down(width=360)
    page = visit.page
    page.goto(address("new_macro"))
    page.get_by_role("textbox", name="English").fill("Order  is in customs.")
    page.get_by_role("textbox", name="English").evaluate("field => field.setSelectionRange(6, 6)")
    page.get_by_role("button", name="Insert {number}").click()
    expect(page.get_by_role("textbox", name="English")).to_have_value("Order {number} is in customs.")
    page.get_by_role("textbox", name="Turkish").fill("gümrükte: ")
    page.get_by_role("button", name="Insert {number}").click()
    expect(page.get_by_role("textbox", name="Turkish")).to_have_value("gümrükte: {number}")
    expect(page.locator("#preview")).to_contain_text("gümrükte: 10482")
    assert visit.violations() == []
    assert not visit.scrolls_sideways()
