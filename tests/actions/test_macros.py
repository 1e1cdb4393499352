"""Macros are kept in both languages with their places, never with a date, and nobody overwrites a newer one."""

import pytest

from backorders.access.checking import NotAllowed
from backorders.access.table import PURCHASING, SERVICE
from backorders.actions import macros
from backorders.changes.models import ChangeSet
from backorders.notifications.models import Macro
from backorders.notifications.wordings import DATED, BadWording
from backorders.refusal import Refused, Stale
from tests.factories import AT, a_user, later

pytestmark = pytest.mark.django_db

TEXTS = {"name": "In customs", "english": "Order {number} is in customs.", "turkish": "{number} gümrükte."}


def written(**texts: str) -> Macro:
    return macros.write_macro(None, **{**TEXTS, **texts}, by=a_user(SERVICE), at=AT).made


def test_a_macro_is_used_at_once_and_changed_with_what_it_said_kept() -> None:
    made = written()
    assert made.text_in("tr") == "{number} gümrükte."
    assert made.text_in("en") == made.text_in("de") == "Order {number} is in customs."
    again = macros.write_macro(made, **{**TEXTS, "english": "New"}, seen_version=1, by=a_user(), at=later(days=1)).made
    assert (again.pk, again.version, again.english) == (made.pk, 2, "New")
    assert ChangeSet.objects.latest("id").before["english"] == TEXTS["english"]


@pytest.mark.parametrize("place", [*DATED, "was", "firstname"])
def test_no_date_and_nothing_unknown_is_named_in_it(place: str) -> None:
    with pytest.raises(BadWording, match=place):
        written(turkish=f"x {{{place}}}")
    assert not Macro.objects.exists()


@pytest.mark.parametrize("text", ["we are sorry", "özür dileriz", "a { brace", "x\x00"])
def test_no_apology_no_lone_brace_and_nothing_that_cannot_be_kept(text: str) -> None:
    with pytest.raises(Refused):
        written(english=text)


@pytest.mark.parametrize("missing", ["name", "english", "turkish"])
def test_it_has_a_name_and_both_texts(missing: str) -> None:
    with pytest.raises(macros.BadMacro):
        written(**{missing: "  "})


def test_what_is_too_long_is_refused() -> None:
    for texts in ({"name": "x" * 61}, {"english": "x" * 4001}):
        with pytest.raises(Refused, match="longer"):
            written(**texts)


def test_two_in_use_have_two_names_and_a_withdrawn_one_leaves_its_own() -> None:
    first, other = written(), written(name="Other")
    with pytest.raises(macros.BadMacro, match="of this name"):
        written()
    with pytest.raises(macros.BadMacro, match="of this name"):
        macros.write_macro(other, **TEXTS, by=a_user(), at=AT)
    macros.withdraw_macro(first, by=a_user(), at=AT)
    assert written().pk != first.pk


def test_nobody_overwrites_a_newer_one_or_one_that_was_withdrawn() -> None:
    made = written()
    macros.write_macro(made, **TEXTS, seen_version=1, by=a_user(), at=AT)
    with pytest.raises(Stale):
        macros.write_macro(made, **TEXTS, seen_version=1, by=a_user(), at=AT)
    macros.withdraw_macro(made, by=a_user(), at=AT)
    with pytest.raises(macros.WithdrawnBefore):
        macros.withdraw_macro(made, by=a_user(), at=AT)
    with pytest.raises(macros.WithdrawnBefore):
        macros.write_macro(made, **TEXTS, by=a_user(), at=AT)


def test_who_writes_no_mails_writes_no_macros_and_the_desk_withdraws_none() -> None:
    with pytest.raises(NotAllowed):
        macros.write_macro(None, **TEXTS, by=a_user(PURCHASING), at=AT)
    with pytest.raises(NotAllowed):
        macros.withdraw_macro(written(), by=a_user(SERVICE), at=AT)
