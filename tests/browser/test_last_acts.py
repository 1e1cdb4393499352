"""What one did last is taken back from the header of whatever page one is on by now."""

import pytest
from django.contrib.auth import get_user_model
from django.utils import timezone
from playwright.sync_api import expect

from backorders.actions import queueing
from tests.backoffice.desk import World, address
from tests.browser.conftest import Open

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("width", [1366, 360])
def test_the_last_act_is_undone_from_the_header(sit_down: Open, width: int) -> None:
    now = timezone.now()
    world = World(at=now)
    line = world.first.lines.get()
    queueing.hold(line, reason="payment", by=get_user_model().objects.get(username="chief"), at=now)
    visit = sit_down(width=width)
    visit.page.goto(address("outbox"))
    visit.page.locator("#header .jobs summary").click()
    undo = visit.page.locator("#header .tray").get_by_role("button", name="Undo: Put on hold")
    expect(undo).to_be_in_viewport(ratio=1)
    assert visit.violations() == []
    assert not visit.scrolls_sideways()
    undo.click()
    expect(visit.page.locator("ul.messagelist")).to_contain_text("Done.")
    line.refresh_from_db()
    assert not line.is_held
