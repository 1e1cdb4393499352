"""What customers ask is kept with a time to answer, answered once by mail, and found by those who answer."""

from typing import Any

import pytest

from backorders.actions import caring, hearing, undoing
from backorders.actions.hearing import BadMark, NothingAsked
from backorders.actions.keys import KeyTaken
from backorders.backoffice.workbench import answering
from backorders.changes.models import Source
from backorders.notifications.models import Message
from backorders.orders.models import Feedback, OrderLine, Question
from tests.factories import AT, TODAY, a_line, a_product, a_purchase, a_user, later
from tests.notifications.desk import announce

pytestmark = pytest.mark.django_db


@pytest.fixture
def line() -> OrderLine:
    product = a_product(name="Aria Kettle")
    a_purchase(product, 5, eta=20)
    line = a_line(product, 2, number="10482")
    announce(AT)
    return line


def ask(line: OrderLine, **how: Any) -> Question:
    return hearing.ask_question(line.order, **{"text": "When?", "by": None, "at": AT, **how}).made


def test_a_question_is_the_customer_s_and_has_a_time_to_be_answered_by(line: OrderLine) -> None:
    asked = ask(line, key="k")
    assert asked.change_set.source == Source.CUSTOMER
    assert asked.answer_due_at == later(hours=4)
    assert ask(line, key="k") == asked
    with pytest.raises(KeyTaken):
        ask(line, key="k", text="Another?")


def test_whoever_wrote_it_down_is_named(line: OrderLine) -> None:
    who = a_user()
    asked = ask(line, channel="phone", by=who)
    assert (asked.change_set.by, asked.channel) == (who, "phone")


@pytest.mark.parametrize("text", ["", "   ", "x" * 4001])
def test_a_question_without_words_or_with_too_many_is_refused(line: OrderLine, text: str) -> None:
    with pytest.raises(NothingAsked):
        ask(line, text=text)
    assert not Question.objects.exists()


def test_it_stands_among_the_answers_due_until_it_is_answered(line: OrderLine) -> None:
    asked = ask(line)
    assert answering.due(TODAY) == {line.pk: TODAY}
    assert list(OrderLine.objects.filter(pk__in=answering.lines(TODAY))) == [line]
    caring.answer_question(asked, text="Next week.", by=a_user(), at=later(hours=1))
    assert answering.due(TODAY) == {}


def test_the_answer_is_mailed_with_the_question_and_the_dates(line: OrderLine) -> None:
    asked = ask(line, text="Is it <b>really</b> coming?")
    who = a_user()
    caring.answer_question(asked, text="It is.", key="a", by=who, at=later(hours=1))
    caring.answer_question(asked, text="It is.", key="a", by=who, at=later(hours=1))
    mail = Message.objects.get(kind="question_answer")
    assert "Is it <b>really</b> coming?" in mail.text
    assert "&lt;b&gt;" in mail.html
    assert "It is." in mail.text
    assert "June 2026" in mail.text
    asked.refresh_from_db()
    assert (asked.answer, asked.answered_by, asked.answered_at) == ("It is.", who, later(hours=1))


def test_a_question_is_answered_once(line: OrderLine) -> None:
    asked = ask(line)
    caring.settle_question(asked, reason="by phone", by=a_user(), at=later(hours=1))
    with pytest.raises(caring.AnsweredBefore):
        caring.answer_question(asked, text="Late.", by=a_user(), at=later(hours=2))
    assert not Message.objects.filter(kind="question_answer").exists()


def test_undoing_an_answer_opens_the_question_again(line: OrderLine) -> None:
    asked = ask(line)
    who = a_user()
    done = caring.answer_question(asked, text="It is.", by=who, at=later(hours=1))
    undoing.undo(done.change_set, by=who, at=later(hours=1, minutes=1))
    asked.refresh_from_db()
    assert asked.answered_at is None
    assert Message.objects.get(kind="question_answer").state == "superseded"


def test_feedback_is_kept_once_for_an_occasion(line: OrderLine) -> None:
    first = hearing.give_feedback(line.order, occasion="delivered", csat=4, at=AT)
    again = hearing.give_feedback(line.order, occasion="delivered", csat=1, at=AT)
    assert first == again
    assert Feedback.objects.get().csat == 4


@pytest.mark.parametrize("marks", [{"csat": 0}, {"csat": 6}, {"nps": 11}, {"nps": -1}])
def test_a_mark_that_is_on_no_scale_is_refused(line: OrderLine, marks: dict[str, int]) -> None:
    with pytest.raises(BadMark):
        hearing.give_feedback(line.order, occasion="delivered", at=AT, **marks)
    with pytest.raises(NothingAsked):
        hearing.give_feedback(line.order, occasion="delivered", at=AT)
