"""What is stored as a sentence is read in the language of whoever reads it, whoever caused it."""

import pytest
from django.db import connection
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override
from hypothesis import given
from hypothesis import strategies as st

from backorders import rows
from backorders.actions import bookkeeping, deciding, keeping, selling, undoing
from backorders.changes.models import ChangeSet
from backorders.notifications.calling import ask_to_call
from backorders.notifications.models import CallTask, Message, Suppression
from backorders.orders.models import Cancellation
from backorders.refusal import said
from backorders.sentences import SentenceField
from tests.factories import AT, a_customer, a_line, a_product, a_purchase, revise
from tests.notifications.desk import tell
from tests.portal.desk import Waiter

SHIPPED = said(_("takes back: %(act)s"), act=_("Shipped"))
pytestmark = pytest.mark.django_db


def in_both(read: object) -> tuple[str, str]:
    with override("en"):
        english = str(read)
    with override("tr"):
        return english, str(read)


@pytest.mark.parametrize("way", ["create", "rows", "update"])
def test_a_sentence_is_kept_in_every_language_however_it_is_written(way: str) -> None:
    change = ChangeSet(act="undo", source="system", at=AT, reason="" if way == "update" else SHIPPED)
    with override("tr"):
        if way == "rows":
            rows.create(change)
        else:
            change.save()
        if way == "update":
            ChangeSet.objects.filter(pk=change.pk).update(reason=SHIPPED)
    stored = ChangeSet.objects.get(pk=change.pk).reason
    assert in_both(stored) == ("takes back: Shipped", "geri aldığı: Sevk edildi")


def test_what_is_read_and_saved_again_loses_no_language() -> None:
    change = ChangeSet.objects.create(act="undo", source="system", at=AT, reason=SHIPPED)
    for language in ("tr", "en"):
        with override(language):
            ChangeSet.objects.get(pk=change.pk).save()
    assert in_both(ChangeSet.objects.get(pk=change.pk).reason) == in_both(SHIPPED)


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")))
def test_own_words_are_kept_as_they_are(words: str) -> None:
    field = SentenceField()
    assert field.get_prep_value(words) == words
    read = field.from_db_value(words, None, connection)
    assert read == words
    assert not isinstance(read, Promise)


def test_an_undo_says_in_turkish_what_it_takes_back() -> None:
    purchase = a_purchase(a_product(), 5)
    change = revise(purchase, (20, None)).change_set
    undone = undoing.undo(change, by=None, at=AT).change_set
    assert in_both(ChangeSet.objects.get(pk=undone.pk).reason) == (
        "takes back: ETA changed",
        "geri aldığı: Tahmini varış değişti",
    )
    note = purchase.revisions.order_by("-id")[0].note
    assert in_both(note)[1].startswith("geri aldığı")


def test_a_system_act_says_why_in_turkish() -> None:
    change = bookkeeping.repair_books(by=None, at=AT)
    assert in_both(ChangeSet.objects.get(pk=change.pk).reason)[1] == "defterler yeniden kuruldu"


def test_a_call_says_in_turkish_why_it_is_needed() -> None:
    customer = a_customer(email="ada@example.com")
    Suppression.objects.create(address="ada@example.com", reason="bounce", at=AT)
    a_line(a_product(stock=5), 1, customer=customer)
    tell(AT)
    task = CallTask.objects.get()
    assert in_both(task.why)[0].startswith("The address is not mailed any more")
    assert in_both(task.why)[1].startswith("Bu adrese artık posta gönderilmiyor")
    assert in_both(Message.objects.get().last_error) == in_both(task.why)


def test_a_call_that_a_person_asked_for_keeps_their_words() -> None:
    a_line(a_product(stock=5), 1)
    tell(AT)
    ask_to_call([Message.objects.get().pk], why="Please call: {urgent}", at=AT)
    assert in_both(CallTask.objects.get().why) == ("Please call: {urgent}",) * 2


@pytest.mark.parametrize("language", ["en", "tr"])
def test_lines_are_named_in_the_readers_language(language: str) -> None:
    line, purchase = a_line(a_product(stock=1), 1), a_purchase(a_product("B-2"), 1)
    with override(language):
        word = {"en": "line", "tr": "satır"}[language]
        assert str(line) == f"{line.order} {word} {line.pk}"
        assert str(purchase) == f"{purchase.purchase_order} {word} {purchase.pk}"


def test_why_units_were_cancelled_is_read_in_the_readers_language_and_own_words_stay() -> None:
    waiter, line = Waiter(), a_line(a_product("AK-20"), 2)
    with override("tr"):
        deciding.cancel(waiter.fresh(), key="k", at=AT)
        selling.cancel_line(line, reason="{vazgeçti}", by=None, at=AT)
    by_customer = Cancellation.objects.filter(line__order=waiter.order)
    assert by_customer
    for cancelled in by_customer:
        assert in_both(cancelled.reason) == ("chosen by the customer", in_both(keeping.BY_CUSTOMER)[1])
    assert in_both(line.cancellations.get().reason) == ("{vazgeçti}", "{vazgeçti}")
