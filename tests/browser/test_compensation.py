"""What policies owe for a wait, in a real browser: a policy is written, what it proposes is seen, given or declined."""

import datetime
from decimal import Decimal

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from backorders.actions import awarding
from backorders.allocation.windows import business_day
from backorders.compensation.models import Award, CompensationPolicy
from backorders.notifications.models import Message
from backorders.orders.models import Compensation, OrderLine
from tests.backoffice.desk import address
from tests.browser.conftest import Open
from tests.compensation.policies import a_policy
from tests.factories import TODAY, a_line, a_product, a_purchase, revise

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def a_broken_promise() -> OrderLine:
    """Two of 50.00 that were promised ten days ago and come in twenty; the date has rested for an hour."""
    now = timezone.now()
    placed, today = now - datetime.timedelta(days=20), (business_day(now) - TODAY).days
    product = a_product(price=Decimal(50), cost=Decimal(25))
    purchase = a_purchase(product, 9, eta=today - 10, at=placed)
    line = a_line(product, 2, at=placed)
    revise(purchase, (today + 20, None), at=now - datetime.timedelta(hours=1))
    return line


@pytest.fixture
def proposed(transactional_db: None) -> list[Award]:
    """Two proposals of one policy, of a tenth each."""
    a_policy()
    lines = [a_broken_promise(), a_broken_promise()]
    awarding.run_policies(at=timezone.now())
    return [Award.objects.get(line=line) for line in lines]


def test_a_policy_is_written_beside_what_it_says_and_would_have_cost(sit_down: Open, transactional_db: None) -> None:
    a_broken_promise()
    visit = sit_down()
    page = visit.page
    page.goto(address("policies"))
    page.get_by_role("link", name="Write a policy").click()
    page.get_by_label("Name").fill("Late kettles")
    page.locator("[name=days]").fill("5")
    page.locator("[name=percent]").fill("10")
    page.locator("[name=active_from]").fill(str(business_day(timezone.now()) - datetime.timedelta(days=30)))
    seen = page.locator("#preview")
    expect(seen).to_contain_text("a promise broken by 5 days, 10 % of what waits off the order.")
    expect(seen).to_contain_text("1 of the one promise broken in the last 30 days would have cost 10.00 EUR.")
    assert not CompensationPolicy.objects.exists(), "a preview writes nothing"
    assert visit.violations() == []
    page.locator(".save-bar button[data-saves]").click()
    expect(page.get_by_role("row", name="Late kettles")).to_contain_text("proposes")
    policy = CompensationPolicy.objects.get()
    assert (policy.percent, policy.days, policy.mode) == (10, 5, "propose")
    assert visit.complaints == []


def test_a_proposal_is_looked_at_with_its_mail_and_given(proposed: list[Award], sit_down: Open) -> None:
    award, other = proposed
    visit = sit_down()
    page = visit.page
    page.goto(address("awards"))
    page.get_by_role("link", name=f"Look: {award.line.order.number}").click()
    expect(page.locator("#preview")).to_contain_text("we take this off your order: €10.00")
    expect(page.locator(".lead")).to_contain_text("days late: promised by")
    assert not Compensation.objects.exists()
    page.get_by_role("button", name="Give it").click()
    expect(page.locator(".messagelist")).to_contain_text("Done")
    given = Compensation.objects.get()
    assert (given.line, given.amount, given.kind) == (award.line, Decimal(10), "discount")
    assert set(Award.objects.values_list("line", "state")) == {(award.line_id, "given"), (other.line_id, "proposed")}
    assert not Message.objects.filter(kind="compensated").exists(), "the customer hears with the next mail"
    assert visit.complaints == []


@pytest.mark.parametrize("script", [True, False])
def test_what_is_ticked_is_declined_with_a_reason_or_not_at_all(
    proposed: list[Award], sit_down: Open, script: bool
) -> None:
    award, other = proposed
    visit = sit_down(script=script)
    page = visit.page
    page.goto(address("awards"))
    page.get_by_role("checkbox", name=award.line.order.number).check()
    page.get_by_role("button", name="Do not give what is chosen").click()
    expect(page.get_by_role("alert")).to_contain_text("Say why")
    expect(page.get_by_role("checkbox", name=award.line.order.number)).to_be_checked()
    assert not Award.objects.exclude(state="proposed").exists()
    page.get_by_label("Reason").fill("a voucher by phone")
    page.get_by_role("button", name="Do not give what is chosen").click()
    expect(page.locator(".messagelist")).to_contain_text("Done")
    expect(page.get_by_role("checkbox", name=award.line.order.number)).to_have_count(0)
    expect(page.get_by_role("checkbox", name=other.line.order.number)).to_have_count(1)
    assert set(Award.objects.values_list("line", "state")) == {(award.line_id, "declined"), (other.line_id, "proposed")}
    assert not Compensation.objects.exists()


def test_all_proposals_are_given_with_keys_alone(proposed: list[Award], sit_down: Open) -> None:
    page = sit_down().page
    page.goto(address("awards"))
    page.get_by_role("checkbox", name="All proposals").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Give what is chosen", exact=True)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".messagelist")).to_contain_text("Done")
    assert set(Award.objects.values_list("state", flat=True)) == {"given"}
    assert sorted(Compensation.objects.values_list("line", flat=True)) == sorted(award.line_id for award in proposed)
