"""What needs a second person says so on its own form, is sent for approval there, and is decided by another."""

import pytest

from backorders.access.table import ADMINISTRATOR, AUDITOR, MANAGER, PURCHASING, SERVICE
from backorders.actions import selling
from backorders.changes.models import Approval, ApprovalLimit
from tests.backoffice.desk import World, address, fill_in, filled, somebody, text
from tests.factories import AT

pytestmark = pytest.mark.usefixtures("frozen", "db")


def ask_to_expedite(world: World) -> Approval:
    agent, line = somebody(SERVICE), world.second.lines.get()
    url = address("expedite", world.second.pk, line.pk)
    refused = fill_in(agent, url, reason="a wedding")
    assert refused.status_code == 422
    assert "needs a manager" in text(refused)
    assert "Send for approval" in text(refused)
    sent = agent.post(url, {**filled(refused, reason="a wedding"), "ask": "1"}, follow=True)
    assert "Sent for approval." in text(sent)
    return Approval.objects.get()


def test_an_agent_sends_for_approval_and_a_manager_approves() -> None:
    world, manager = World(), somebody(MANAGER)
    approval = ask_to_expedite(world)
    inbox = text(manager.get(address("inbox")))
    assert "asks for approval" in inbox
    page = text(manager.get(address("approval", approval.pk)))
    assert "a wedding" in page
    assert "Ada Example" in page  # whom it would move
    done = manager.post(address("decide_approval", approval.pk, "approve"), {"answer": "fine"}, follow=True)
    assert "See or undo" in text(done)
    assert world.second.lines.get().is_expedited
    assert "Decided" in text(manager.get(address("approvals") + "?show=decided"))


def test_what_a_manager_cancelled_is_taken_back_once_one_approves() -> None:
    world, agent = World(), somebody(SERVICE)
    ApprovalLimit.objects.create(id=1, cancel_value=1)
    change = selling.cancel_order(world.second, reason="x", by=None, at=AT).change_set
    said = text(agent.post(address("undo", change.pk), follow=True))
    assert "Taking this back is above your limits" in said
    assert "Sent for approval." in said
    assert world.second.lines.get().cancelled
    approval = Approval.objects.get()
    decide = address("decide_approval", approval.pk, "approve")
    assert "See or undo" in text(somebody(MANAGER).post(decide, {"answer": "fine"}, follow=True))
    assert not world.second.lines.get().cancelled


def test_a_revert_is_sent_for_approval_from_its_own_page() -> None:
    world, agent = World(), somebody(SERVICE)
    ApprovalLimit.objects.create(id=1, cancel_value=1)
    change = selling.cancel_order(world.second, reason="x", by=None, at=AT).change_set
    refused = agent.post(address("revert", change.pk))
    assert refused.status_code == 422
    assert "Send for approval" in text(refused)
    assert "Sent for approval." in text(agent.post(address("revert", change.pk), {"ask": "1"}, follow=True))
    assert Approval.objects.get().arguments == {"change_set": change.pk}


def test_a_manager_refuses_with_a_reason() -> None:
    world, manager = World(), somebody(MANAGER)
    approval = ask_to_expedite(world)
    url = address("decide_approval", approval.pk, "refuse")
    assert "Say why" in text(manager.post(url, {"answer": ""}, follow=True))
    assert "Refused." in text(manager.post(url, {"answer": "no"}, follow=True))
    assert not world.second.lines.get().is_expedited
    assert "decided before" in text(manager.post(url, {"answer": "no"}, follow=True))


def test_whoever_may_not_decide_sees_no_buttons_and_is_refused() -> None:
    approval = ask_to_expedite(World())
    agent, auditor = somebody(SERVICE), somebody(AUDITOR)
    assert "Approve and do it" not in text(agent.get(address("approval", approval.pk)))
    assert "Approve and do it" not in text(auditor.get(address("approval", approval.pk)))
    assert agent.post(address("decide_approval", approval.pk, "approve")).status_code == 403
    assert agent.post(address("decide_approval", approval.pk, "eat")).status_code == 404


def test_a_fan_out_is_sent_for_approval_from_the_eta_screen() -> None:
    world, buyer, manager = World(), somebody(PURCHASING), somebody(MANAGER)
    ApprovalLimit.objects.create(id=1, recipients=1)
    url = address("purchase_line_eta", world.line.pk)
    new = {"how": "date", "eta_on": "2026-08-03", "reason_code": "customs", "source": "supplier"}
    refused = fill_in(buyer, url, **new)
    assert "more than 1" in text(refused)
    buyer.post(url, {**filled(refused, **new), "ask": "1"})
    approval = Approval.objects.get()
    manager.post(address("decide_approval", approval.pk, "approve"))
    world.line.refresh_from_db()
    assert str(world.line.eta_on) == "2026-08-03"


def test_an_administrator_sets_the_limits() -> None:
    chief = somebody(ADMINISTRATOR)
    new = {"cancel_value": "900", "compensation_value": "90", "stock_units": 9, "recipients": 90, "hours": 24}
    assert chief.post(address("changes_approvallimit_add"), new).status_code == 302
    assert ApprovalLimit.objects.get().recipients == 90
    assert chief.get(address("changes_approvallimit_add")).status_code == 403
    assert somebody(MANAGER).post(address("changes_approvallimit_change", 1), new).status_code == 403
