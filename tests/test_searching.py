"""Search folds Turkish letters both ways, on either database, and takes nothing for a pattern."""

import pytest

from backorders.orders.models import Customer
from backorders.searching import matching
from tests.factories import a_customer

pytestmark = pytest.mark.django_db

NAMES = ("Işıl Şengül", "İğdır Çelik", "Ilgin Sengul", "Ada 100% Lovelace", "Ομέγα", "李雷")


@pytest.mark.parametrize(
    ("term", "found"),
    [
        ("isil", {"Işıl Şengül"}),
        ("IŞIL", {"Işıl Şengül"}),
        ("ışıl", {"Işıl Şengül"}),
        ("igdir", {"İğdır Çelik"}),
        ("İĞDIR", {"İğdır Çelik"}),
        ("iğdır", {"İğdır Çelik"}),
        ("çelik", {"İğdır Çelik"}),
        ("celik", {"İğdır Çelik"}),
        ("ılgın", {"Ilgin Sengul"}),
        ("sengül", {"Işıl Şengül", "Ilgin Sengul"}),
        ("ŞENGÜL", {"Işıl Şengül", "Ilgin Sengul"}),
        ("is", {"Işıl Şengül"}),
        ("00%", {"Ada 100% Lovelace"}),
        ("0_%", set()),
        ("Ομέγα", {"Ομέγα"}),
        ("李雷", {"李雷"}),
        ("lovelace", {"Ada 100% Lovelace"}),
    ],
)
def test_a_name_is_found_however_its_letters_are_typed(term: str, found: set[str]) -> None:
    for name in NAMES:
        a_customer(name)
    assert {customer.name for customer in matching(Customer.objects.all(), ["name", "email"], term)} == found
