"""Who may not change an ETA proposes one where they meet it; a buyer takes it over on the ETA screen, or says no."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from backorders.access.table import PURCHASING, SERVICE, WAREHOUSE
from backorders.chasing.models import StaffProposal
from backorders.inbox.models import Notice
from backorders.supply.models import EtaRevision, PurchaseLine
from tests.backoffice.desk import World, address, filled, somebody, text
from tests.chasing.desk import a_staff_proposal
from tests.compensation.policies import a_policy
from tests.factories import a_user, day, receive, revise

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frozen")]
HEARD = "From: Delta\nthe boat is late"


@pytest.fixture
def agent() -> Client:
    return somebody(SERVICE)


@pytest.fixture
def buyer() -> Client:
    return somebody(PURCHASING)


@pytest.fixture
def world() -> World:
    return World()


def test_who_may_not_change_an_eta_proposes_one_where_they_meet_it(agent: Client, buyer: Client, world: World) -> None:
    url = f'href="{address("propose_eta", world.line.pk)}"'
    change = f'href="{address("purchase_line_eta", world.line.pk)}"'
    pages = [
        address("order", world.first.pk),
        address("purchase_order", world.line.purchase_order_id),
        address("product_supply", world.kettle.pk),
        address("supply_purchaseline_changelist"),
    ]
    for page in pages:
        shown = agent.get(page).content.decode()
        assert url in shown, page
        assert change not in shown, page
    for page in pages[1:]:
        shown = buyer.get(page).content.decode()
        assert change in shown, page
        assert url not in shown, page


@pytest.mark.parametrize(
    ("typed", "ends"),
    [
        ({"how": "date", "eta_on": str(day(40))}, (day(40), day(40))),
        ({"how": "window", "eta_on": str(day(40)), "eta_until": str(day(44))}, (day(40), day(44))),
        ({"how": "shift", "days": 7}, (day(17), day(17))),
        ({"how": "none"}, (None, None)),
    ],
    ids=["date", "window", "moved by days", "no date"],
)
def test_a_proposal_is_kept_as_it_was_typed_and_shows_whom_it_would_move(
    agent: Client, world: World, typed: dict[str, object], ends: tuple[object, object]
) -> None:
    url = address("propose_eta", world.line.pk)
    looked = agent.post(url, filled(agent.get(url), **typed, preview="1"), headers={"HX-Request": "true"})
    assert world.second.number in text(looked)
    assert "If a buyer accepts this" in text(looked)
    assert "Propose and tell" not in text(looked)  # nobody is told before a buyer accepts it
    answer = agent.post(url, filled(agent.get(url), **typed, said=HEARD, confidence="estimate"), follow=True)
    assert "Proposed: no date has changed." in text(answer)
    made = StaffProposal.objects.get()
    assert (made.eta_on, made.eta_until, made.said, made.confidence) == (*ends, HEARD, "estimate")
    assert PurchaseLine.objects.get().version == world.line.version


def test_a_proposal_says_where_it_comes_from_and_is_of_one_date(agent: Client, world: World) -> None:
    url = address("propose_eta", world.line.pk)
    page = agent.get(url)
    assert {value for value, _label in page.context["form"].fields["how"].choices} == {
        "date",
        "window",
        "words",
        "shift",
        "none",
    }
    refused = agent.post(url, filled(page, how="date", eta_on=str(day(40))))
    assert refused.status_code == 422
    assert "Paste what was said" in text(refused)
    understood = agent.post(url, filled(page, how="words", words="next week", said=HEARD))
    assert understood.status_code == 422
    assert "is understood as" in text(understood)
    assert not StaffProposal.objects.exists()


def test_a_buyer_finds_who_proposed_what_and_why_and_takes_it_over(buyer: Client, world: World) -> None:
    made = a_staff_proposal(world.line, by=a_user(SERVICE, first_name="Selin"), said=HEARD, note="by phone", offset=40)
    listed = text(buyer.get(address("proposals")))
    assert "Proposed by colleagues 1" in listed
    assert "by phone" in listed
    assert "the ETA changed since" not in listed
    url = address("accept_proposed_eta", made.pk)
    page = buyer.get(url)
    assert "Selin proposes" in text(page)
    assert "the boat is late" in text(page)
    form = filled(page, reason_code="transport")
    assert (form["how"], form["eta_on"], form["confidence"]) == ("date", day(40), "estimate")
    looked = buyer.post(url, {**form, "preview": "1"}, headers={"HX-Request": "true"})
    assert world.second.number in text(looked)
    assert "Done." in text(buyer.post(url, form, follow=True))
    assert EtaRevision.objects.latest("id").new_on == day(40)
    made.refresh_from_db()
    assert made.state == "accepted"
    assert "Proposed by colleagues" not in text(buyer.get(address("proposals")))
    again = buyer.get(url, follow=True)
    assert "Nothing waits for a decision there any more." in text(again)


def test_a_window_and_no_date_are_filled_in_as_they_were_proposed(buyer: Client, world: World) -> None:
    none = a_staff_proposal(world.line, by=a_user(SERVICE), offset=None)
    window = a_staff_proposal(world.line, by=a_user(SERVICE))
    StaffProposal.objects.filter(pk=window.pk).update(eta_until=day(25))
    forms = [filled(buyer.get(address("accept_proposed_eta", each.pk))) for each in (none, window)]
    assert [form["how"] for form in forms] == ["none", "window"]
    assert forms[1]["eta_until"] == day(25)


def test_a_buyer_says_no_and_who_proposed_it_reads_why(buyer: Client, world: World) -> None:
    agent = a_user(SERVICE, is_staff=True)
    made = a_staff_proposal(world.line, by=agent)
    url = address("decline_proposed_eta", made.pk)
    assert "Say why" in text(buyer.post(url, {"why_not": ""}, follow=True))
    said = text(buyer.post(url, {"why_not": "an old mail"}, follow=True))
    assert "Done." in said
    assert "Nothing waits" not in said
    his = Client()
    his.force_login(agent)
    page = his.get(address("inbox"))
    assert "that you proposed: an old mail" in text(page)
    assert f'href="{address("purchase_order", world.line.purchase_order_id)}"' in page.content.decode()
    Notice.objects.filter(person=agent).update(read_at=None)
    with translation.override("tr"):
        assert "an old mail" in text(his.get(address("inbox")))


def test_what_changed_meanwhile_is_said_and_what_came_is_not_listed(buyer: Client, world: World) -> None:
    made = a_staff_proposal(world.line, by=a_user(SERVICE))
    revise(world.line, (30, None))
    assert "the ETA changed since" in text(buyer.get(address("proposals")))
    assert "the ETA changed since" in text(buyer.get(address("accept_proposed_eta", made.pk)))
    receive(PurchaseLine.objects.get(), 20)
    assert "Proposed by colleagues" not in text(buyer.get(address("proposals")))
    gone = buyer.get(address("accept_proposed_eta", made.pk), follow=True)
    assert "Nothing is outstanding there any more." in text(gone)


def test_only_buyers_decide_and_only_those_at_work_propose(agent: Client, world: World) -> None:
    made = a_staff_proposal(world.line, by=a_user(SERVICE))
    assert agent.get(address("accept_proposed_eta", made.pk)).status_code == 403
    assert agent.post(address("accept_proposed_eta", made.pk)).status_code == 403
    assert agent.post(address("decline_proposed_eta", made.pk), {"why_not": "x"}).status_code == 403
    assert address("accept_proposed_eta", made.pk) not in agent.get(address("proposals")).content.decode()


def test_the_list_of_proposals_takes_no_more_statements_when_it_is_longer(buyer: Client, world: World) -> None:
    def statements() -> int:
        with CaptureQueriesContext(connection) as found:
            buyer.get(address("proposals"))
        return len(found)

    a_staff_proposal(world.line, by=a_user(SERVICE))
    buyer.get(address("proposals"))
    before = statements()
    for _ in range(3):
        a_staff_proposal(world.line, by=a_user(SERVICE))
    assert statements() == before


def test_days_cannot_be_added_to_no_date(agent: Client, buyer: Client, world: World) -> None:
    revise(world.line, (None, None), reason_code="silence")
    url = address("propose_eta", world.line.pk)
    answer = agent.post(url, filled(agent.get(url), how="shift", days=7, said=HEARD))
    assert (answer.status_code, "no date yet that could be moved" in text(answer)) == (422, True)
    url = address("accept_proposed_eta", a_staff_proposal(world.line, by=a_user(SERVICE)).pk)
    answer = buyer.post(url, filled(buyer.get(url), how="shift", days=7, reason_code="transport"))
    assert (answer.status_code, "no date yet that could be moved" in text(answer)) == (422, True)


def test_who_may_not_read_mails_and_policies_proposes_without_them(agent: Client, world: World) -> None:
    a_policy(mode="give")
    storeman = somebody(WAREHOUSE)
    url = address("propose_eta", world.line.pk)
    for person, sees in ((agent, True), (storeman, False)):
        page = person.get(url)
        assert ("See the e-mail" in text(page)) is sees
        month = {"how": "date", "eta_on": str(day(40))}
        looked = person.post(url, filled(page, **month, preview="1"), headers={"HX-Request": "true"})
        assert ("Compensation:" in text(looked)) is sees
        mail = person.post(url, filled(page, **month, letter=""), headers={"HX-Request": "true"})
        assert ("<iframe" in mail.content.decode()) is sees


def test_addresses_in_what_was_heard_are_masked_for_whoever_may_not_see_them(buyer: Client, world: World) -> None:
    made = a_staff_proposal(world.line, by=a_user(SERVICE), said="ada@example.com heard it", note="")
    for page in (address("proposals"), address("accept_proposed_eta", made.pk)):
        assert "ada@example.com" not in text(buyer.get(page))
