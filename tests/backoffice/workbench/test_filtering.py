"""Every operator finds what it names; what makes no sense is left out with a sentence."""

from typing import Any

import pytest

from backorders.actions import handling, queueing
from backorders.allocation.models import Promise
from backorders.orders.models import OrderLine
from tests.backoffice.desk import World
from tests.backoffice.workbench.desk import asked, listed, somebody
from tests.factories import AT, a_customer, a_product, a_purchase, a_supplier, an_order, day, revise

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frozen")]


class Lines:
    """A lamp that comes from Delta, a chair that nobody brings, and a VIP who waits for both."""

    def __init__(self) -> None:
        self.lamp = a_product("LMP-1", name="Nova Işık", price=100)
        self.chair = a_product("CHR-1", name="Orbit Chair", price=9)
        self.lot = a_purchase(self.lamp, 50, eta=10, supplier=a_supplier("Delta Şti"))
        self.light = an_order((self.lamp, 6), customer=a_customer("Işıl Şen"))
        self.seat = an_order((self.chair, 1), customer=a_customer("Bob", tier=3))
        self.held = an_order((self.lamp, 1), customer=a_customer("Cem"))
        queueing.hold(self.held.lines.get(), reason="x", by=None, at=AT)
        queueing.expedite(self.light.lines.get(), reason="x", by=None, at=AT)
        handling.assign([self.light.lines.get().pk], to=somebody(), by=None, at=AT)
        handling.snooze([self.seat.lines.get().pk], until=None, by=None, at=AT)
        OrderLine.objects.filter(order=self.seat).update(cause="launch")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("isil", "light"),
        ("ŞEN", "light"),
        ("LMP", "light held"),
        ("sku:lmp-1", "light held"),
        ("sku:ışık", "light held"),
        ("supplier:delta", "light"),
        ('supplier:"delta sti"', "light"),
        ("value:>500", "light"),
        ("value:<=9", "seat"),
        ("tutar:100", "held"),
        ("tier:vip", "seat"),
        ("owner:me", "light"),
        ("owner:nobody", "seat held"),
        ("owner:ELIF", "light"),
        ("cause:launch", "seat"),
        ("neden:yok", "light held"),
        ("status:held", "held"),
        ("status:expedited", "light"),
        ("status:snoozed", "seat"),
        ("status:no_date", "seat"),
        ("durum:tarihsiz", "seat"),
        ("eta:none", "seat"),
        ("eta:>2026-06-01", "light held"),
        ("eta:<2026-06-01", ""),
        ("wait:<1", "light seat held"),
        ("wait:0", "light seat held"),
        ("wait:>3", ""),
        ("told:none", "light seat held"),
        ("isil value:>500 owner:me", "light"),
        ("isil value:<500", ""),
        ("sku:unheard-of", ""),
    ],
)
def test_an_operator_finds_what_it_names(text: str, found: str) -> None:
    lines = Lines()
    assert set(listed("all", text)) == {getattr(lines, name).number for name in found.split()}


def test_a_purchase_order_finds_those_who_count_on_it() -> None:
    lines = Lines()
    assert listed("all", f"po:{lines.lot.purchase_order.number}") == [lines.light.number]


def test_told_no_is_what_the_customer_does_not_know() -> None:
    world = World()
    revise(world.line, (31, None))
    assert set(listed("all", "told:no")) == set(listed("not_told"))
    assert listed("all", "told:<2026-06-01") == []


def test_filters_hold_in_the_merged_list_as_well() -> None:
    lines = Lines()
    Promise.objects.filter(line__order=lines.light).update(told_until=day(-1), told_from=day(-2), told_at=AT)
    assert listed("needs", "sku:lmp") == [lines.light.number]
    assert listed("needs", "sku:chr") == []  # set aside


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("status:weird", "There is no status “weird”"),
        ("tier:wood", "There is no tier “wood”"),
        ("cause:rain", "There is no reason “rain”"),
        ("value:>much", "“much” is not a number"),
        ("eta:<soon", "“soon” is not a date"),
        ("wait:>99999", "“99999” is not a number of days"),
    ],
)
def test_what_makes_no_sense_is_said_and_left_out(text: str, sentence: str) -> None:
    Lines()
    made = asked("all", f"{text} sku:chr")
    assert sentence in made.filtered.problems[0]
    assert len(made.ids) == 1


@pytest.mark.parametrize("text", ["%", "'", "\\", "sku:'; --", "value:>0x", "x" * 400, "🫖", "((("])
def test_no_text_breaks_the_search(text: str) -> None:
    Lines()
    assert isinstance(asked("needs", text).ids, list)


def test_chips_lead_to_the_list_without_them() -> None:
    made = asked("late", "elif sku:lmp value:>5")
    assert [chip.text for chip in made.chips] == ["elif", "sku:lmp", "value:>5"]
    without: dict[str, Any] = {chip.text: chip.without for chip in made.chips}
    assert without["sku:lmp"] == "view=late&q=elif+value%3A%3E5"
