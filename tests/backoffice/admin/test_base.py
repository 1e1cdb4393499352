"""The plain lists: filters are headed and answered as people say them, acts stand where somebody may do them."""

import re

import pytest
from django.contrib import admin
from django.test import Client, RequestFactory
from django.utils.translation import override

from backorders.access.table import AUDITOR, PURCHASING
from tests.backoffice.desk import World, address, somebody, text
from tests.factories import a_user

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("language", "known"), [("en", "sent in one parcel only"), ("tr", "ödendi")])
def test_filters_are_headed_as_people_say_them(language: str, known: str) -> None:
    request = RequestFactory().get("/")
    request.user = a_user(is_superuser=True)
    with override(language):
        lists = [mine.get_changelist_instance(request) for mine in admin.site._registry.values() if mine.list_filter]
        titles = {str(spec.title) for each in lists for spec in each.filter_specs}
    assert known in titles
    assert not [title for title in titles if title.startswith("is ") or title.endswith(" at")]


def test_a_moment_is_asked_for_by_yes_and_no(frozen: None) -> None:
    World()
    page = text(somebody(PURCHASING, is_superuser=True).get(address("orders_shipment_changelist")))
    assert "Delivered All No Yes" in page
    assert "By delivered" not in page


def test_a_purchase_line_offers_what_its_reader_may_do(frozen: None) -> None:
    world = World()

    def acts(client: Client) -> list[str]:
        page = client.get(address("supply_purchaseline_changelist")).content.decode()
        cell = re.search(r'<td class="field-acts">(.*?)</td>', page)
        return re.findall(r'href="([^"]*)"', cell[1]) if cell else []

    assert acts(somebody(AUDITOR)) == []
    mine = acts(somebody(PURCHASING))
    assert address("purchase_line_eta", world.line.pk) in mine
    assert address("close_purchase_line", world.line.pk) in mine
