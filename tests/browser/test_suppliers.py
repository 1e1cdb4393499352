"""A supplier on a phone without a login and without scripts, and the buyer who accepts what it answered."""

import datetime
import os
import re
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from backorders.actions import asking, proposals
from backorders.actions.etas import EtaPart
from backorders.chasing.models import DateRequest, EtaProposal, RequestLine
from backorders.notifications.links import hashed
from backorders.notifications.models import SupplierLink
from backorders.supply.models import PurchaseLine, Supplier
from tests.backoffice.desk import World, address
from tests.browser.conftest import Open
from tests.browser.test_desk import in_days
from tests.factories import a_product, a_purchase

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

TOKEN = "the-suppliers-token"
PHONE = 360


@pytest.fixture
def world(transactional_db: None) -> World:
    return World(at=timezone.now())


def asked(world: World) -> DateRequest:
    """The world's supplier is asked of two lines."""
    supplier = world.line.purchase_order.supplier
    Supplier.objects.filter(pk=supplier.pk).update(email="supplier@example.com")
    product = a_product("LAMP", name="Nova Lamp, brass, with a name that is a good deal longer than a phone is wide")
    other = a_purchase(product, 8, supplier=supplier, eta=None, at=world.at)
    request = asking.ask_supplier([world.line.pk, other.pk], by=None, at=world.at).made[0]
    SupplierLink.objects.update(token_hash=hashed(TOKEN))
    return request


def look(page: Page, name: str) -> None:
    """Keep a picture where somebody wants to look at it."""
    if folder := os.environ.get("LOOKS"):
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_a_supplier_answers_on_a_phone(world: World, sit_down: Open, script: bool, dark: bool) -> None:
    request = asked(world)
    visit = sit_down(width=PHONE, dark=dark, script=script)
    page = visit.page
    name = f"supplier-{'dark' if dark else 'light'}-{'script' if script else 'plain'}"
    page.goto(f"/s/{TOKEN}/")
    look(page, f"{name}-1-lines")
    if script:
        assert visit.violations() == []
    assert not visit.scrolls_sideways()
    first = page.locator("fieldset").nth(0)
    first.get_by_text("Another date").click()
    first.get_by_label("New date").fill(in_days(world, 40))
    second = page.locator("fieldset").nth(1)
    second.get_by_text("In parts, on several dates").click()
    second.get_by_label("Units, part 1").fill("5")
    page.get_by_role("button", name="Look at the answer before it is sent").click()
    expect(page.get_by_text("at least two parts")).to_be_visible()
    look(page, f"{name}-2-wrong")
    if script:
        assert visit.violations() == []
    second.get_by_label("On, part 1").fill(in_days(world, 20))
    second.get_by_label("Units, part 2").fill("3")
    second.get_by_label("On, part 2").fill(in_days(world, 50))
    page.get_by_role("button", name="Look at the answer before it is sent").click()
    expect(page.get_by_role("heading", name="Is this your answer?")).to_be_visible()
    look(page, f"{name}-3-check")
    if script:
        assert visit.violations() == []
    page.get_by_role("button", name="Send the answer").click()
    expect(page.get_by_role("heading", name="Your answer is with us")).to_be_visible()
    look(page, f"{name}-4-done")
    if script:
        assert visit.violations() == []
    assert not visit.scrolls_sideways()
    page.get_by_role("link", name="Back to the lines").click()
    look(page, f"{name}-5-answered")
    said = EtaProposal.objects.filter(line__request=request, state="waiting").values_list("answer", flat=True)
    assert sorted(said) == ["move", "split"]
    assert [each for each in visit.complaints if "422" not in each] == []


def test_a_buyer_accepts_an_answer_with_three_clicks(world: World, sit_down: Open) -> None:
    request = asked(world)
    line = RequestLine.objects.get(request=request, purchase_line=world.line)
    day = world.today + datetime.timedelta(days=40)
    said = proposals.LineAnswer(line.pk, "move", [EtaPart(day)], "production", "the mould broke")
    proposals.propose(request, answers=[said], key="k", at=world.at)
    visit = sit_down()
    page = visit.page
    page.goto(address("proposals"))
    look(page, "answers-list")
    assert visit.violations() == []
    page.get_by_role("link", name=re.compile("^Look and decide")).click()
    expect(page.locator("#preview")).to_contain_text("lines later")
    look(page, "answers-decide")
    assert visit.violations() == []
    assert not visit.scrolls_sideways()
    page.get_by_role("button", name=re.compile("^Accept what is ticked and tell")).click()
    expect(page.get_by_text("Done.")).to_be_visible()
    assert PurchaseLine.objects.get(pk=world.line.pk).eta_on == day
    assert visit.complaints == []


@pytest.mark.parametrize("language", ["en", "tr"])
def test_the_buyers_screens_fit_a_phone_and_the_dark(world: World, sit_down: Open, language: str) -> None:
    request = asked(world)
    line = RequestLine.objects.get(request=request, purchase_line=world.line)
    said = proposals.LineAnswer(line.pk, "refuse", (), "other", "out of production")
    proposals.propose(request, answers=[said], key="k", at=world.at)
    visit = sit_down(width=PHONE, dark=True, language=language)
    for place in (address("proposals"), address("decide_answers", request.pk)):
        visit.page.goto(place)
        look(visit.page, f"phone-{language}-{place.strip('/').replace('/', '-')}")
        assert visit.violations() == []
        assert not visit.scrolls_sideways()
    assert visit.complaints == []
