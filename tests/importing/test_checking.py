"""A dry run names what is wrong by what repairs it, one decision repairs a group, and nothing is written before."""

import pytest

from backorders.importing import opening, working
from backorders.importing.models import ColumnMemory
from backorders.importing.reading import Unreadable
from backorders.jobs import running
from backorders.supply.models import EtaRevision
from tests.factories import AT, a_supplier, day, later, receive
from tests.importing.desk import a_purchase_order, buyer, decided, etas, finished, opened, states

pytestmark = pytest.mark.django_db

D20, D30 = f"{day(20):%d.%m.%Y}", f"{day(30):%d.%m.%Y}"


def listed(*rows: str, header: str = "PO;SKU;Qty;ETA") -> str:
    return "\n".join([header, *rows])


def test_a_clean_list_is_ready_and_nothing_is_written_yet() -> None:
    lines = a_purchase_order("PO-1", ("AK-17", 60), ("AK-10", 20))
    said = EtaRevision.objects.count()
    mine = opened(listed(f"PO-1;AK-17;60;{D20}", f"po 1;ak-10;20;{day(10):%d.%m.%Y}"))
    assert states(mine) == ["ready", "same"]
    assert etas(*lines) == [day(10), day(10)]
    assert EtaRevision.objects.count() == said


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        (f"P01;AK-17;60;{D20}", "order_similar"),
        (f"PO-9;AK-17;60;{D20}", "order_unknown"),
        (f"PO-2;AK-17;60;{D20}", "order_closed"),
        (f"PO-1;AK-99;60;{D20}", "sku_unknown"),
        (f"PO-1;17;60;{D20}", "sku_similar"),
        (f";;60;{D20}", "nothing_named"),
        ("PO-1;AK-17;60;", "date_empty"),
        ("PO-1;AK-17;60;soon", "date_unreadable"),
        ("PO-1;AK-17;60;03/04/2027", "date_order"),
        (f"PO-1;AK-17;60;{day(-1):%d.%m.%Y}", "date_early"),
        (f"PO-1;AK-17;60;{day(200):%d.%m.%Y}", "date_far"),
        (f"PO-1;AK-17;60;{day(3000):%d.%m.%Y}", "date_impossible"),
        (f"PO-1;AK-17;80;{D20}", "quantity_over"),
        (f"PO-1;AK-17;20;{D20}", "quantity_under"),
        (f"PO-1;AK-17;a few;{D20}", "quantity_unreadable"),
        (f"PO-1;AK-17;=1+1;{D20}", "formula"),
        (f"PO-1;{'x' * 3000};60;{D20}", "cut"),
        (f"PO-3;;;{D20}", "several"),
    ],
    ids=lambda value: value if value.replace("_", "").isalpha() else "",
)
def test_each_thing_that_can_be_wrong_has_its_name(row: str, problem: str) -> None:
    a_purchase_order("PO-1", ("AK-17", 60))
    receive(a_purchase_order("PO-2", ("AK-17", 5))[0], 5)
    a_purchase_order("PO-3", ("AK-17", 5), ("AK-18", 6))
    assert states(opened(listed(row))) == [problem]


def test_one_decision_repairs_every_row_of_its_group() -> None:
    a_purchase_order("PO-0001", ("AK-17", 60))
    a_purchase_order("PO-0002", ("AK-10", 20))
    mine = opened(listed(f"P1;AK-17;60;{D20}", f"P2;AK-10;20;{D20}", f"ours;AK-10;20;{D30}"))
    assert states(mine) == ["order_similar", "order_similar", "order_unknown"]
    assert states(decided(mine, "order_similar", "use")) == ["ready", "ready", "order_unknown"]
    assert states(decided(mine, "order_unknown", "to:PO-0001", "ours")) == ["ready", "ready", "sku_unknown"]


def test_a_group_can_be_left_out_and_decisions_taken_back() -> None:
    a_purchase_order("PO-1", ("AK-17", 60))
    mine = opened(listed(f"PO-9;AK-17;60;{D20}", f"PO-1;AK-17;60;{D20}"))
    assert [row.state for row in decided(mine, "order_unknown", "skip", "PO-9").rows.order_by("number")] == [
        "skipped",
        "ready",
    ]
    opening.take_back_decisions(mine, by=buyer(), at=AT)
    assert states(finished(mine)) == ["order_unknown", "ready"]


@pytest.mark.parametrize(("order", "on"), [("dmy", (2026, 8, 7)), ("mdy", (2026, 7, 8))])
def test_the_order_of_day_and_month_is_asked_once_and_remembered(order: str, on: tuple[int, int, int]) -> None:
    lines = a_purchase_order("PO-1", ("AK-17", 60), ("AK-10", 20))
    supplier = a_supplier("Delta")
    mine = opened(listed("PO-1;AK-17;60;07/08/2026", "PO-1;AK-10;20;07/08/2026"), supplier=supplier)
    assert states(mine) == ["date_order", "date_order"]
    mine = decided(mine, "date_order", order)
    assert [row.eta_on.timetuple()[:3] for row in mine.rows.all() if row.eta_on] == [on, on]
    again = opened(listed("PO-1;AK-17;60;08/07/2026"), supplier=supplier)
    assert (again.are_columns_matched, states(again)) == (True, ["ready"])
    assert lines


def test_a_supplier_s_columns_are_remembered_whatever_they_are_called() -> None:
    a_purchase_order("PO-1", ("AK-17", 60))
    delta = a_supplier("Delta")
    text = f"Unser Bezug;Wann;Bemerkung\nPO-1;{D20};x"
    mine = opening.open_import(text.encode(), name="x", supplier=delta, by=buyer(), at=AT)
    assert (mine.header, mine.columns) == (None, ["order", "eta", ""]) or mine.columns
    opening.match_columns(mine, roles=["order", "eta", ""], header=0, confidence="confirmed", by=buyer(), at=AT)
    assert states(finished(mine)) == ["ready"]
    again = opening.open_import(text.encode(), name="x", supplier=delta, by=buyer(), at=AT)
    assert (again.columns, again.header, again.are_columns_matched) == (["order", "eta", ""], 0, True)
    assert ColumnMemory.objects.get().roles == {"unserbezug": "order", "wann": "eta", "bemerkung": ""}


def test_columns_are_guessed_by_what_is_in_them_where_nothing_names_them() -> None:
    a_purchase_order("PO-1", ("AK-17", 60), ("AK-10", 20))
    mine = opened(f"AK-17\t60\tPO-1\t{D20}\nAK-10\t20\tPO-1\t{D30}\n")
    assert mine.columns == ["sku", "quantity", "order", "eta"]
    assert states(mine) == ["ready", "ready"]


def test_parts_of_a_quantity_are_one_split_and_the_rest_keeps_its_date_if_somebody_says_so() -> None:
    a_purchase_order("PO-1", ("AK-17", 60), ("AK-10", 20))
    mine = opened(listed(f"PO-1;AK-17;40;{D20}", f"PO-1;AK-17;20;{D30}", f"PO-1;AK-10;5;{D20}"))
    assert states(mine) == ["ready", "ready", "quantity_under"]
    assert states(decided(mine, "quantity_under", "part")) == ["ready", "ready", "ready"]


def test_rows_that_contradict_each_other_wait_for_a_decision_and_repetitions_are_left_out() -> None:
    a_purchase_order("PO-1", ("AK-17", 60), ("AK-10", 20))
    rows = (f"PO-1;AK-17;60;{D20}", f"PO-1;AK-17;60;{D30}", f"PO-1;AK-10;20;{D20}", f"PO-1;AK-10;20;{D20}")
    mine = opened(listed(*rows))
    assert states(mine) == ["twice", "twice", "ready", "repeated"]
    mine = decided(mine, "twice", "last")
    assert [row.state for row in mine.rows.order_by("number")] == ["skipped", "ready", "ready", "skipped"]


def test_what_is_typed_over_a_cell_counts() -> None:
    a_purchase_order("PO-1", ("AK-17", 60))
    mine = opened(listed("PO-1;AK-17;60;soon"))
    opening.type_over(mine, edits={2: {"eta": D20}}, by=buyer(), at=AT)
    assert states(finished(mine)) == ["ready"]


def test_a_line_is_found_by_its_own_number_as_our_template_writes_it() -> None:
    line, _ = a_purchase_order("PO-1", ("AK-17", 60), ("AK-17", 30))
    assert states(opened(f"Line;New ETA\n{line.pk};{D20}\n")) == ["ready"]
    assert states(opened(f"Line;New ETA\nPO-1/{line.pk};{D20}\n9999;{D20}\n")) == ["ready", "line_unknown"]


def test_of_another_supplier_s_orders_a_list_says_nothing() -> None:
    a_purchase_order("PO-1", ("AK-17", 60))
    assert states(opened(listed(f"PO-1;AK-17;60;{D20}"), supplier=a_supplier("Gamma"))) == ["order_closed"]


@pytest.mark.parametrize(
    ("roles", "sentence"),
    [
        (["order", "", "", ""], "which column holds the new date"),
        (["", "", "", "eta"], "purchase order, its line or the SKU"),
        (["order", "order", "", "eta"], "cannot hold the same"),
        (["made up", "", "", "eta"], "no such kind"),
    ],
)
def test_columns_that_say_too_little_are_refused(roles: list[str], sentence: str) -> None:
    mine = opening.open_import(listed(f"PO-1;A;1;{D20}").encode(), name="x", supplier=None, by=buyer(), at=AT)
    with pytest.raises(opening.NotMatched, match=sentence):
        opening.match_columns(mine, roles=roles, header=0, confidence="confirmed", by=buyer(), at=AT)


def test_an_empty_paste_is_refused_and_an_empty_list_ends_with_a_sentence() -> None:
    with pytest.raises(Unreadable):
        opening.open_import(b"\n", name="x", supplier=None, by=buyer(), at=AT)
    mine = opened("PO;SKU;Qty;ETA\n")
    assert mine.job is not None
    assert mine.job.failure == "The list has no rows below its header."


@pytest.mark.parametrize("seconds", [14, 16, 18])
def test_a_check_that_is_interrupted_again_and_again_comes_to_its_end(
    monkeypatch: pytest.MonkeyPatch, seconds: int
) -> None:
    monkeypatch.setattr(working, "CHUNK", 2)
    lines = a_purchase_order("PO-1", *[(f"S-{number}", 5) for number in range(9)])
    mine = opened(listed(*[f"PO-1;{line.product.sku};5;{D20}" for line in lines]))
    opening.check_again(mine, by=buyer(), at=AT)
    for _ in range(40):
        moments = iter(range(1_000))
        running.run_due(clock=lambda: later(seconds=next(moments)), until=later(seconds=3 + seconds))  # noqa: B023
    mine.refresh_from_db()
    assert mine.job is not None
    assert mine.job.state == "done"
    assert states(mine) == ["ready"] * 9
