"""Whatever comes with a request as an id names a row that may exist, or none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backorders.ids import typed_id, typed_ids


@pytest.mark.parametrize("text", ["", "x", "-1", "1.0", " 1", "²", "9" * 19, "9" * 5000])
def test_what_is_no_id_names_nothing(text: str) -> None:
    assert typed_id(text) is None


@given(st.integers(0, 10**18 - 1))
def test_an_id_is_read_as_it_is(pk: int) -> None:
    assert typed_id(str(pk)) == pk


@given(st.lists(st.text()))
def test_any_texts_are_ids_of_a_database_or_none(texts: list[str]) -> None:
    assert all(0 <= pk < 2**63 for pk in typed_ids(texts))


def test_ids_keep_their_order() -> None:
    assert typed_ids(["7", "x", "3", "9" * 19]) == [7, 3]
