"""The ETA screen: the preview says what saving does, and a save on changed data is refused with the difference."""

import datetime

import pytest
from django.test import Client

from backorders.actions import buying
from backorders.changes.models import ChangeSet
from backorders.supply.models import EtaRevision, PurchaseLine
from tests.backoffice.desk import World, address, fill_in, filled, text
from tests.factories import AT, a_product, a_purchase, day, expected, revise

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
        ({"how": "date", "eta_on": day(-1)}, "The ETA 2026-05-31 is before the order date 2026-06-01."),
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
    assert f"its ETA is now {day(20)}" in text(response)
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
