"""Whatever stands behind the question mark of an address, a list answers with a page."""

import pytest
from django.test import Client

from tests.backoffice.desk import World, address

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("odd", ["\x00", "a\x00b", "9" * 5000, "\u202eabc", "9999-12-31", "-1", "1e308"])
@pytest.mark.parametrize(
    ("name", "args"),
    [("waiting_lines", ()), ("export_lines", ("csv",)), ("purchase_orders", ()), ("expected", ()), ("search", ())],
)
def test_a_list_answers(desk: Client, name: str, args: tuple[str, ...], odd: str) -> None:
    World()
    asked = dict.fromkeys(("q", "page", "selection", "view", "show", "seen", "cleared"), odd)
    assert desk.get(address(name, *args), asked).status_code in (200, 302, 404)
