"""What customers decide, and what they could not decide twice."""

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import rule

from backorders.actions import deciding, lawful
from backorders.changes.models import ChangeSet
from backorders.orders.models import Decision, OrderLine
from tests.actions.machine.shop import Shop, answer, some
from tests.factories import day


class Choosing(Shop):
    """Customers go on waiting, cancel, take another product, set days, end contracts."""

    def decide(self, verb: Any, *about: Any, twice: bool, **how: Any) -> None:
        """Decide; a second tap on the same button is the same decision."""
        changes = ChangeSet.objects.count()
        key = f"tap {changes} {Decision.objects.count()}"
        done = answer(lambda: verb(*about, key=key, at=self.at, **how))
        if isinstance(done, type):
            assert ChangeSet.objects.count() == changes
        elif twice:
            decided = Decision.objects.count()
            assert verb(*about, key=key, at=self.at, **how).made == done.made
            assert Decision.objects.count() == decided

    @rule(which=some, twice=st.booleans())
    def keep_waiting(self, which: int, twice: bool) -> None:
        if line := self.pick(OrderLine.objects, which):
            self.decide(deciding.keep_waiting, line.order, twice=twice)

    @rule(which=some, whole=st.booleans(), twice=st.booleans())
    def think_better_of_it(self, which: int, whole: bool, twice: bool) -> None:
        if line := self.pick(OrderLine.objects, which):
            self.decide(deciding.cancel, line.order, line=None if whole else line, twice=twice)

    @rule(which=some, twice=st.booleans())
    def take_another(self, which: int, twice: bool) -> None:
        if line := self.pick(OrderLine.objects.open(), which):
            product = next(each for each in self.products if each.pk != line.product_id)
            self.decide(deciding.choose_substitute, line, product=product, twice=twice)

    @rule(which=some, twice=st.booleans())
    def want_what_is_ready(self, which: int, twice: bool) -> None:
        if line := self.pick(OrderLine.objects, which):
            self.decide(deciding.send_ready, line.order, twice=twice)

    @rule(which=some, is_essential=st.booleans(), twice=st.booleans())
    def say_that_the_date_matters(self, which: int, is_essential: bool, twice: bool) -> None:
        if line := self.pick(OrderLine.objects, which):
            self.decide(deciding.mark_essential, line.order, is_essential=is_essential, twice=twice)

    @rule(which=some, until=st.integers(0, 90), twice=st.booleans())
    def set_a_last_day(self, which: int, until: int, twice: bool) -> None:
        if line := self.pick(OrderLine.objects.open(), which):
            self.decide(deciding.set_last_day, line, until=day(until), twice=twice)

    @rule(which=some, until=st.none() | st.integers(0, 90))
    def agree(self, which: int, until: int | None) -> None:
        if line := self.pick(OrderLine.objects.open(), which):
            on = None if until is None else day(until)
            self.attempt(lambda: lawful.agree(line, until=on, by=None, at=self.at))

    @rule(which=some, until=st.integers(0, 90))
    def demand(self, which: int, until: int) -> None:
        if line := self.pick(OrderLine.objects.open(), which):
            self.attempt(lambda: lawful.demand_extra_period(line, until=day(until), by=None, at=self.at))

    @rule(which=some)
    def end_the_contract(self, which: int) -> None:
        if line := self.pick(OrderLine.objects.open(), which):
            self.attempt(lambda: lawful.end_contract(line, by=None, at=self.at))
