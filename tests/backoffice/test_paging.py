"""A listing that was read ahead says what the listing itself says, whatever slice of it is taken."""

from hypothesis import given
from hypothesis import strategies as st

from backorders.backoffice.paging import Ahead


class Counted(list[int]):
    """A list that knows how often a slice of it was taken."""

    reads = 0

    def __getitem__(self, cut):  # type: ignore[no-untyped-def, override]
        self.reads += 1
        return super().__getitem__(cut)


@given(length=st.integers(0, 30), depth=st.integers(1, 20), start=st.integers(0, 40), size=st.integers(1, 40))
def test_a_slice_is_the_listings_own(length: int, depth: int, start: int, size: int) -> None:
    rows = list(range(length))
    assert Ahead(rows, depth)[start : start + size] == rows[start : start + size]


@given(length=st.integers(0, 30), cuts=st.lists(st.tuples(st.integers(0, 9), st.integers(1, 11)), min_size=1))
def test_what_lies_within_the_depth_is_read_once(length: int, cuts: list[tuple[int, int]]) -> None:
    rows = Counted(range(length))
    ahead = Ahead(rows, 20)
    for start, size in cuts:
        assert ahead[start : start + size] == list.__getitem__(rows, slice(start, start + size))
    assert rows.reads == 1
