"""Macros are written with both texts shown filled, and an answer begins with one in the customer's language."""

import pytest
from django.test import Client

from backorders.access.table import SERVICE
from backorders.actions import hearing, macros
from backorders.notifications.models import Macro, Message
from backorders.orders.models import Question
from tests.backoffice.desk import World, address, fill_in, somebody, text
from tests.factories import AT, a_user

TEXTS = {"name": "In customs", "english": "Order {number} is in customs.", "turkish": "{number} gümrükte, {name}."}


def a_macro(**texts: str) -> Macro:
    return macros.write_macro(None, **{**TEXTS, **texts}, by=a_user(), at=AT).made


def asked(world: World) -> Question:
    return hearing.ask_question(world.first, text="Ne zaman?", by=None, at=AT).made


def test_a_macro_is_shown_filled_before_it_is_kept(desk: Client) -> None:
    assert "No macro was written yet" in text(desk.get(address("macros")))
    url = address("new_macro")
    assert "10482 gümrükte, Örnek Müşteri." in text(fill_in(desk, url, **TEXTS, preview="1"))
    assert "there is no place {when}" in text(fill_in(desk, url, **{**TEXTS, "english": "{when}"}, preview="1"))
    assert not Macro.objects.exists()
    assert fill_in(desk, url, **TEXTS).status_code == 302
    assert "In customs" in text(desk.get(address("macros")))


def test_a_macro_is_changed_and_withdrawn(desk: Client) -> None:
    known = a_macro()
    assert fill_in(desk, address("macro", known.pk), english="Changed").status_code == 302
    known.refresh_from_db()
    assert (known.english, known.version) == ("Changed", 2)
    desk.post(address("withdraw_macro", known.pk))
    assert "No macro was written yet" in text(desk.get(address("macros")))
    assert desk.get(address("macro", known.pk)).status_code == 404


def test_an_answer_begins_with_a_macro_in_the_customers_language(desk: Client) -> None:
    world, known = World(), a_macro()
    question = asked(world)
    url = address("answer_question", world.first.pk, question.pk)
    filled = f"{world.first.number} gümrükte, Elif Kaya."
    page = desk.get(url).content.decode()
    assert f'data-text="{filled}"' in page
    assert desk.get(url, {"macro": known.pk}).context["form"].initial["text"] == filled
    assert desk.get(url, {"macro": "x"}).context["form"].initial["text"] == ""
    assert filled in text(fill_in(desk, f"{url}?macro={known.pk}", preview="1"))
    assert fill_in(desk, f"{url}?macro={known.pk}").status_code == 302
    assert filled in Message.objects.latest("id").text


def test_a_withdrawn_macro_is_not_offered(desk: Client) -> None:
    world, known = World(), a_macro()
    question = asked(world)
    macros.withdraw_macro(known, by=a_user(), at=AT)
    assert "Begin with" not in text(desk.get(address("answer_question", world.first.pk, question.pk)))


@pytest.mark.django_db
def test_the_desk_writes_macros_and_a_manager_withdraws_them() -> None:
    known, agent = a_macro(), somebody(SERVICE)
    assert "Withdraw" not in text(agent.get(address("macros")))
    assert fill_in(agent, address("macro", known.pk), english="Theirs").status_code == 302
    assert agent.post(address("withdraw_macro", known.pk)).status_code == 403
