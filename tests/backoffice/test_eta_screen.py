"""The ETA screen: the preview says what saving does, and a save on changed data is refused with the difference."""

import datetime
import re

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from backorders.access.table import PURCHASING
from backorders.actions import buying, revising_many, telling
from backorders.allocation.models import Promise
from backorders.changes.models import ChangeSet
from backorders.jobs import running
from backorders.jobs.models import Job
from backorders.notifications.announcing import announce_due
from backorders.notifications.models import Message
from backorders.supply.models import EtaRevision, PurchaseLine
from tests.backoffice.desk import World, address, fill_in, filled, somebody, text
from tests.factories import AT, a_customer, a_product, a_purchase, a_supplier, an_order, day, expected, later, revise

LATER = {"how": "date", "reason_code": "part_shortage"}


def of(line: PurchaseLine) -> str:
    return address("purchase_line_eta", line.pk)


def etas(line: PurchaseLine) -> list[tuple[datetime.date | None, datetime.date | None, int]]:
    lines = PurchaseLine.objects.filter(purchase_order=line.purchase_order_id).order_by("id")
    return [(line.eta_on, line.eta_until, line.quantity) for line in lines]


def test_the_preview_names_who_moves_and_how_many_will_be_told_and_saves_nothing(desk: Client) -> None:
    world = World()
    url = of(world.line)
    form = filled(desk.get(url), **LATER, eta_on=day(31), preview="1")
    response = desk.post(url, form, headers={"HX-Request": "true"})
    said = text(response)
    assert "3 lines later" in said
    assert "2 customers will be told." in said
    assert "1 has no valid address and must be called." in said
    assert "Save and tell 2 customers" in said
    assert "Elif Kaya" in said
    assert "<html" not in response.content.decode()
    assert etas(world.line) == [(day(10), day(10), 20)]


@pytest.mark.parametrize(
    ("eta", "end"),
    [(10, "2026-06-30"), (29, "2026-07-31"), (None, "2026-06-30"), (230, "2027-01-31")],
    ids=["this month", "its last day", "no date", "next year"],
)
def test_a_chip_offers_the_end_of_the_month_that_lies_after_what_holds(desk: Client, eta: int | None, end: str) -> None:
    page = desk.get(of(a_purchase(a_product(), 5, eta=eta)))
    assert f'data-way="date" data-name="eta_on" data-value="{end}"' in page.content.decode()


def test_without_a_script_the_preview_is_the_whole_page_with_what_was_typed(desk: Client) -> None:
    world = World()
    response = fill_in(desk, of(world.line), **LATER, eta_on=day(31), preview="1")
    assert "3 lines later" in text(response)
    assert f'value="{day(31)}"' in response.content.decode()


def test_saving_moves_what_the_preview_showed(desk: Client) -> None:
    world = World()
    line = world.first.lines.get()
    before = expected(line)
    response = fill_in(desk, of(world.line), **LATER, eta_on=day(31), note="weekly list")
    assert response.status_code == 302
    assert etas(world.line) == [(day(31), day(31), 20)]
    assert before is not None
    assert (expected(line) or before)[1] > before[1] + datetime.timedelta(days=15)
    revision = EtaRevision.objects.latest("id")
    assert (revision.reason_code, revision.note, revision.source) == ("part_shortage", "weekly list", "supplier")
    assert "3 dates moved" in text(desk.get(response["Location"]))


@pytest.mark.parametrize(
    ("typed", "becomes"),
    [
        ({"how": "date", "eta_on": day(12)}, [(day(12), day(12), 20)]),
        ({"how": "window", "eta_on": day(12), "eta_until": day(15)}, [(day(12), day(15), 20)]),
        ({"how": "shift", "days": 7}, [(day(17), day(17), 20)]),
        ({"how": "shift", "days": -3}, [(day(7), day(7), 20)]),
        ({"how": "none"}, [(None, None, 20)]),
        (
            {"how": "split", "parts-0-quantity": 12, "parts-0-eta_on": day(12), "parts-1-quantity": 8},
            [(day(12), day(12), 12), (None, None, 8)],
        ),
    ],
    ids=lambda value: value["how"] if isinstance(value, dict) else "",
)
def test_everything_a_supplier_can_say_can_be_typed(desk: Client, typed: dict[str, object], becomes: object) -> None:
    world = World()
    assert fill_in(desk, of(world.line), reason_code="production", **typed).status_code == 302
    assert etas(world.line) == becomes


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"how": "date"}, "Give a date, or choose “no date”."),
        ({"how": "window", "eta_on": day(12)}, "Give the last day of the window."),
        ({"how": "shift"}, "Say by how many days."),
        ({"how": "date", "eta_on": day(-1)}, "The ETA 31 May 2026 is before the order date 1 Jun 2026."),
        ({"how": "window", "eta_on": day(12), "eta_until": day(11)}, "before it starts"),
        ({"how": "split", "parts-0-quantity": 12, "parts-1-quantity": 9}, "the parts are 21 units, but 20"),
        ({"how": "date", "eta_on": "31.02.2026"}, "Enter a valid date."),
        ({"how": "date", "eta_on": day(12), "seen": "made up"}, "This form was altered on its way."),
    ],
    ids=lambda value: value["how"] if isinstance(value, dict) else "",
)
def test_what_cannot_be_is_refused_and_stays_typed(desk: Client, typed: dict[str, object], sentence: str) -> None:
    world = World()
    response = fill_in(desk, of(world.line), reason_code="production", note="keep me", **typed)
    assert response.status_code == 422
    assert sentence in text(response)
    assert "keep me" in text(response)
    assert etas(world.line) == [(day(10), day(10), 20)]


def test_the_second_of_two_people_is_told_what_the_first_did(desk: Client) -> None:
    world = World()
    url = of(world.line)
    opened = filled(desk.get(url), **LATER, eta_on=day(31))
    revise(world.line, (20, None))
    response = desk.post(url, opened)
    assert response.status_code == 409
    assert f"its ETA is now {day(20):%-d %b %Y}" in text(response)
    assert etas(world.line) == [(day(20), day(20), 20)]
    again = desk.post(url, filled(response))
    assert again.status_code == 302
    assert etas(world.line) == [(day(31), day(31), 20)]


def test_a_form_sent_twice_acts_once(desk: Client) -> None:
    world = World()
    form = filled(desk.get(of(world.line)), **LATER, eta_on=day(31))
    assert [desk.post(of(world.line), form).status_code for _ in range(2)] == [302, 302]
    assert ChangeSet.objects.filter(act="revise_eta").count() == 1


def test_a_whole_purchase_order_moves_at_once_and_its_undated_lines_stay(desk: Client) -> None:
    lamp, chair = a_product(), a_product()
    goods = [
        buying.OrderedGoods(lamp, a_purchase(lamp, 1).warehouse, 5, day(3)),
        buying.OrderedGoods(chair, a_purchase(chair, 1).warehouse, 6),
        buying.OrderedGoods(lamp, a_purchase(lamp, 1).warehouse, 7, day(9), day(11)),
    ]
    supplier = a_purchase(lamp, 1).purchase_order.supplier
    order = buying.order_goods("PO-9", supplier=supplier, lines=goods, by=None, at=AT).made
    url = address("purchase_order_eta", order.pk)
    assert fill_in(desk, url, how="shift", days=14, reason_code="transport").status_code == 302
    assert etas(order.lines.first()) == [(day(17), day(17), 5), (None, None, 6), (day(23), day(25), 7)]


def test_a_selection_stays_what_was_ticked(desk: Client) -> None:
    lamp = a_product()
    ticked, other = a_purchase(lamp, 5, eta=3), a_purchase(lamp, 5, eta=4)
    chosen = {"action": "change_eta", "_selected_action": [ticked.pk]}
    opened = desk.post(address("supply_purchaseline_changelist"), chosen)
    assert opened.status_code == 302
    assert "ETA of 1 purchase line" in text(desk.get(opened["Location"]))
    assert fill_in(desk, opened["Location"], how="date", eta_on=day(30), reason_code="customs").status_code == 302
    assert (etas(ticked)[0][0], etas(other)[0][0]) == (day(30), day(4))


def test_nothing_outstanding_leads_back_to_the_list(desk: Client) -> None:
    line = a_purchase(a_product(), 5, at=AT)
    PurchaseLine.objects.update(cancelled=5)
    response = desk.get(of(line), follow=True)
    assert "Nothing is outstanding there any more." in text(response)


def test_a_date_that_touches_nobody_says_so_and_promises_no_mail(desk: Client) -> None:
    line = a_purchase(a_product(), 5)
    response = fill_in(desk, of(line), how="date", eta_on=day(40), preview="1")
    assert "Nobody is affected." in text(response)
    assert "and tell" not in text(response)


def test_it_says_before_when_no_mail_leaves(desk: Client) -> None:
    said = text(fill_in(desk, of(World(at=AT - datetime.timedelta(days=3)).line), **LATER, eta_on=day(31), preview="1"))
    assert re.search(
        r"No mail leaves before 1 Jun \d\d:05 ?; if the change is undone by then, nobody hears of it.", said
    )


def test_lines_that_stay_inside_what_was_announced_are_said_to_concern_nobody(desk: Client) -> None:
    world = World()
    assert "No customer has to hear of it." not in text(
        fill_in(desk, of(world.line), **LATER, eta_on=day(31), preview="1")
    )
    said = text(fill_in(desk, of(world.line), **LATER, eta_on=day(9), preview="1"))
    assert "No customer has to hear of it." in said
    assert "0 customers will be told." not in said
    assert "No mail leaves before" not in said


def test_the_difference_is_shown_with_who_made_it_and_what_was_typed_stays(desk: Client) -> None:
    world = World(at=AT - datetime.timedelta(hours=1))
    url = of(world.line)
    opened = filled(desk.get(url), **LATER, eta_on=day(31))
    mert = get_user_model().objects.create_superuser("mert", first_name="Mert")
    revise(world.line, (20, None), by=mert, at=AT - datetime.timedelta(minutes=2))
    response = desk.post(url, opened)
    said = text(response)
    assert "Somebody changed this since you opened it" in said
    assert "changed by Mert 2 minutes ago: Thu 11 Jun → Sun 21 Jun Review the change" in said
    assert f'value="{day(31)}"' in response.content.decode()


def test_another_allocation_is_tried_from_the_preview_and_what_was_typed_is_kept(desk: Client) -> None:
    world = World()
    url = of(world.line)
    came_from = address("supply_purchaseline_changelist") + "?when=outstanding"
    typed = filled(desk.get(url), **LATER, eta_on=day(31), note="weekly list", next=came_from)
    part = desk.post(url, {**typed, "preview": "1"}, headers={"HX-Request": "true"})
    line = world.second.lines.get()
    assert f'name="adjust" value="{line.pk}"' in part.content.decode()
    led = desk.post(url, {**typed, "adjust": line.pk})
    assert led["Location"].startswith(address("reallocate", world.second.pk, line.pk))
    before = desk.get(led["Location"]).context["form"].fields["chosen"].choices[0][0]
    done = fill_in(desk, led["Location"], chosen=before, reason="a new shop opens")
    assert (done.status_code, done["Location"]) == (302, f"{url}?typed=1")
    back = desk.get(done["Location"])
    assert 'value="weekly list"' in back.content.decode() or "weekly list" in text(back)
    assert "3 lines later" in text(back)
    assert back.context["back"] == came_from
    assert desk.post(done["Location"], filled(back, next=came_from)).status_code == 302
    assert etas(world.line) == [(day(31), day(31), 20)]
    assert f'value="{day(31)}"' not in desk.get(f"{url}?typed=1").content.decode()


def test_only_who_may_put_a_line_before_another_is_offered_it(frozen: None, db: None) -> None:
    world = World()
    buyer = somebody(PURCHASING)
    shown = fill_in(buyer, of(world.line), **LATER, eta_on=day(31), preview="1")
    assert "3 lines later" in text(shown)
    assert 'name="adjust"' not in shown.content.decode()


@pytest.mark.parametrize("nonsense", ["", "x", "9" * 30])
def test_another_allocation_of_no_line_is_not_found(desk: Client, nonsense: str) -> None:
    url = of(World().line)
    assert desk.post(url, {**filled(desk.get(url), **LATER), "adjust": nonsense}).status_code == 404


def test_what_moves_very_many_lines_is_left_to_a_job_that_shows_how_far_it_is(
    desk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(revising_many, "AT_ONCE", 2)
    world = World()
    response = fill_in(desk, of(world.line), **LATER, eta_on=day(31))
    job = Job.objects.get()
    assert response["Location"] == address("job", job.pk)
    assert etas(world.line) == [(day(10), day(10), 20)]
    waits = text(desk.get(response["Location"]))
    assert "Change of ETAs" in waits
    assert "All of it is saved, or nothing." in waits
    running.run_due(clock=lambda: AT, until=later(hours=1))
    assert etas(world.line) == [(day(31), day(31), 20)]
    assert (
        address("change_set", ChangeSet.objects.get(act="revise_eta").pk)
        in desk.get(response["Location"]).content.decode()
    )


def an_order_of_three() -> list[PurchaseLine]:
    lamp = a_product()
    goods = [buying.OrderedGoods(lamp, a_purchase(lamp, 1).warehouse, units, day(9)) for units in (5, 6, 7)]
    order = buying.order_goods("PO-9", supplier=a_supplier(), lines=goods, by=None, at=AT).made
    return list(order.lines.order_by("id"))


def test_a_line_with_a_date_of_its_own_takes_that_one(desk: Client) -> None:
    lines = an_order_of_three()
    url = address("purchase_order_eta", lines[0].purchase_order_id)
    own = {f"own_{lines[1].pk}": day(40)}
    assert fill_in(desk, url, how="shift", days=14, reason_code="transport", **own).status_code == 302
    assert [on for on, *_ in etas(lines[0])] == [day(23), day(40), day(23)]


def test_line_by_line_only_what_was_typed_changes(desk: Client) -> None:
    lines = an_order_of_three()
    url = address("purchase_order_eta", lines[0].purchase_order_id)
    assert "Give at least one line its own date." in text(fill_in(desk, url, how="each", reason_code="transport"))
    own = {f"own_{lines[2].pk}": day(40)}
    assert fill_in(desk, url, how="each", reason_code="transport", **own).status_code == 302
    assert [on for on, *_ in etas(lines[0])] == [day(9), day(9), day(40)]


def test_odd_dates_are_pointed_out_before_they_are_saved(desk: Client) -> None:
    world = World()
    far = text(fill_in(desk, of(world.line), **LATER, eta_on=day(200), preview="1"))
    assert "is more than 180 days away." in far
    sunday = text(fill_in(desk, of(world.line), **LATER, eta_on=day(20), preview="1"))
    assert "On Sun 21 Jun the warehouse does not receive." in sunday


def test_words_are_saved_only_after_it_was_shown_how_they_are_understood(desk: Client) -> None:
    world = World()
    said = {"how": "words", "reason_code": "production", "words": "KW 27"}
    first = fill_in(desk, of(world.line), **said)
    assert first.status_code == 422
    assert "“KW 27” is understood as 29 Jun – 3 Jul. Save again to keep it." in text(first)
    assert etas(world.line) == [(day(10), day(10), 20)]
    meaning = first.context["form"].meaning
    assert f'name="understood" value="{meaning}"' in first.content.decode()
    second = desk.post(of(world.line), {**filled(first), "understood": meaning})
    assert second.status_code == 302
    assert etas(world.line) == [(day(28), day(32), 20)]


def test_the_preview_echoes_the_words_in_either_language(desk: Client) -> None:
    world = World()
    form = filled(desk.get(of(world.line)), how="words", words="temmuz ortası", preview="1")
    said = text(desk.post(of(world.line), form, headers={"HX-Request": "true"}))
    assert "“temmuz ortası” is understood as 11–20 Jul" in said
    assert "3 lines later" in said


@pytest.mark.parametrize(
    ("words", "why"),
    [("soon", "That is not understood."), ("", "Say it in words"), ("03/04", "That can be 3 Apr 2027 / ")],
)
def test_words_without_one_meaning_are_refused(desk: Client, words: str, why: str) -> None:
    world = World()
    refused = fill_in(desk, of(world.line), how="words", reason_code="production", words=words)
    assert refused.status_code == 422
    assert why in text(refused)
    assert etas(world.line) == [(day(10), day(10), 20)]


def test_words_that_were_typed_over_since_they_were_shown_are_shown_anew(desk: Client) -> None:
    world = World()
    said = {"how": "words", "reason_code": "production", "understood": "2026-06-29/2026-07-03"}
    assert fill_in(desk, of(world.line), **said, words="KW 28").status_code == 422
    assert etas(world.line) == [(day(10), day(10), 20)]


def test_who_is_told_later_stands_among_the_not_told_for_a_day(desk: Client) -> None:
    world = World()
    url = of(world.line)
    refused = fill_in(desk, url, **LATER, eta_on=day(31), later="1")
    assert refused.status_code == 422
    assert "Say why" in text(refused)
    assert etas(world.line) == [(day(10), day(10), 20)]
    done = fill_in(desk, url, **LATER, eta_on=day(31), later="1", note="I call them all")
    assert "For a day nobody is told by itself: Not told" in text(desk.get(done["Location"]))
    assert Promise.objects.untold().count() == 3
    before = Message.objects.count()
    assert announce_due(at=later(hours=12)).messages == 0
    assert telling.tell_now([world.first.customer_id], by=None, at=later(hours=12)).made.messages == 1
    announce_due(at=later(hours=25))
    assert Message.objects.count() == before + 3


def test_a_date_that_presses_is_told_all_the_same(desk: Client) -> None:
    world = World()
    Promise.objects.filter(line__order=world.first).update(told_from=day(1), told_until=day(1))
    fill_in(desk, of(world.line), **LATER, eta_on=day(31), later="1", note="I call them all")
    assert announce_due(at=later(hours=1)).messages == 1


def test_a_date_of_a_supplier_that_does_not_answer_is_warned_of(desk: Client) -> None:
    world = World()
    url, warning = of(world.line), "with “no date” customers hear by when we write next"
    form = {**filled(desk.get(url)), "reason_code": "silence", "preview": "1"}
    assert warning in text(desk.post(url, {**form, "how": "date", "eta_on": day(40)}))
    assert warning not in text(desk.post(url, {**form, "how": "none"}))
    assert warning not in text(desk.post(url, {**form, "how": "date", "eta_on": day(40), "reason_code": "customs"}))


@pytest.mark.parametrize(
    ("opened_from", "leads"),
    [
        ("/admin/waiting/?view=late", "/admin/waiting/?view=late"),
        ("http://testserver/admin/waiting/?view=late", "/admin/waiting/?view=late"),
        ("https://elsewhere.example/admin/waiting/", ""),
        ("http://testserver//elsewhere.example/", ""),
        ("//elsewhere.example/admin/waiting/", ""),
        ("http://testserver/admin/login/?next=/admin/", ""),
        ("http://testserver/admin/waiting/act/", ""),
        ("javascript:alert(1)", ""),
        ("http://testserver/nowhere/", ""),
        ("", ""),
    ],
)
def test_it_leads_back_to_the_page_it_was_opened_from_if_that_is_one_of_ours(
    desk: Client, opened_from: str, leads: str
) -> None:
    world = World()
    url, elsewhere = address("purchase_line_eta", world.line.pk), address("supply_purchaseline_changelist")
    leads = leads or f"{elsewhere}?when=outstanding"
    page = desk.get(url, headers={"Referer": opened_from})
    assert f'<a href="{leads}" class="button" data-command="close">' in page.content.decode()
    form = filled(page, how="date", eta_on=day(20), reason_code="customs")
    assert desk.post(url, {**form, "next": opened_from})["Location"] == leads


@pytest.mark.parametrize("is_part", [True, False], ids=["with a script", "without"])
def test_who_moves_beyond_the_first_fifty_is_shown_with_a_press(desk: Client, is_part: bool) -> None:
    kettle = a_product()
    line = a_purchase(kettle, 200, eta=10)
    for number in range(60):
        an_order((kettle, 1), customer=a_customer(f"Number {number:02d}"))
    form = filled(desk.get(of(line)), **LATER, eta_on=day(31))

    def shown(first: int) -> tuple[str, set[str], int]:
        with CaptureQueriesContext(connection) as asked:
            response = desk.post(
                of(line), {**form, "preview": first}, headers={"HX-Request": "true"} if is_part else {}
            )
        return response.content.decode(), set(re.findall(r"Number \d\d", text(response))), len(asked)

    page, names, statements = shown(1)
    assert "1–50 of 60 lines that move" in re.sub(r"\s+", " ", page)
    assert 'name="preview" value="51"' in page
    after, others, again = shown(51)
    assert "51–60 of 60 lines that move" in re.sub(r"\s+", " ", after)
    assert 'name="preview" value="1"' in after
    assert (len(names), len(others), names & others) == (50, 10, set())
    assert again <= statements
