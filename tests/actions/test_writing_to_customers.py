"""What we write to a customer is a message with its dates from the plan; what we give is on record, within bounds."""

import datetime
from decimal import Decimal

import pytest

from backorders.access.checking import NotAllowed
from backorders.access.table import PURCHASING, SERVICE
from backorders.actions import asking, caring, selling, telling, undoing
from backorders.chasing.models import DateRequest
from backorders.notifications.models import CallTask, Message, SupplierLink
from backorders.orders.models import Compensation, OrderLine
from backorders.refusal import Refused, Stale
from tests.actions.desk import stored
from tests.chasing.desk import Asked
from tests.factories import AT, a_customer, a_line, a_product, a_purchase, a_user, an_order, later, revise
from tests.notifications.desk import announce, books_are_clean, inbox, promise, send, tell, windows

pytestmark = pytest.mark.django_db

QUIET = datetime.timedelta(minutes=5)


def told_line(units: int = 2, **fields: object) -> OrderLine:
    """A line of two whose customer was told a date."""
    product = a_product("AK-17", name="Aria Kettle")
    a_purchase(product, 20)
    line = a_line(product, units, **fields)
    tell(AT)
    return line


def moved(line: OrderLine) -> OrderLine:
    """The line after its date moved by ten days, an hour later."""
    revise(line.product.purchase_lines.get(), (20, None), at=later(hours=1))
    return line


def test_a_message_states_the_expected_dates_and_counts_as_told_once_it_left() -> None:
    line = moved(told_line())
    made = caring.write_message(line.order, text="As you asked.", by=a_user(), at=later(hours=1)).made
    assert "As you asked." in made.text
    assert made.text.count("Arrives:") == 1
    assert made.text.count("Before:") == 1
    assert windows(line)["gap"] is False
    assert windows(line)["told"] != windows(line)["expected"]
    assert announce(later(hours=2)) == []
    send(later(hours=2))
    assert windows(line)["told"] == windows(line)["expected"]
    assert books_are_clean()


def test_a_message_rests_for_the_quiet_time() -> None:
    line = told_line()
    made = caring.write_message(line.order, text="Hello", by=a_user(), at=later(hours=1)).made
    assert made.not_before == later(hours=1) + QUIET
    sent = len(inbox())
    send(later(hours=1))
    assert len(inbox()) == sent
    send(later(hours=1) + QUIET)
    assert inbox()[-1][0] == line.order.customer.email


def test_a_message_without_dates_leaves_the_gap_open() -> None:
    line = moved(told_line())
    made = caring.write_message(line.order, text="Hello", states_dates=False, by=a_user(), at=later(hours=1)).made
    assert "Arrives:" not in made.text
    assert windows(line)["gap"] is True
    assert [message.kind for message in announce(later(hours=2))] == ["later"]


def test_two_messages_with_the_same_words_are_two_messages() -> None:
    order = told_line().order
    for _ in range(2):
        caring.write_message(order, text="Hello", by=a_user(), at=later(hours=1))
    assert Message.objects.filter(kind="message").count() == 2


def test_the_same_key_writes_once() -> None:
    order = told_line().order
    made = {caring.write_message(order, text="Hello", key="k", by=None, at=later(hours=1)).made for _ in range(2)}
    assert len(made) == 1


def test_a_mail_with_the_same_date_that_waits_is_taken_back() -> None:
    line = moved(told_line())
    waiting = announce(later(hours=2))[0]
    caring.write_message(line.order, text="Hello", by=a_user(), at=later(hours=2))
    waiting.refresh_from_db()
    assert waiting.state == "superseded"
    send(later(hours=3))
    assert [subject for _, subject in inbox()][1:] == [Message.objects.get(kind="message").subject]
    assert books_are_clean()


def test_a_message_whose_date_moves_before_it_left_is_not_sent_and_its_writer_is_asked_to_call() -> None:
    line = told_line()
    made = caring.write_message(line.order, text="Hello", by=a_user(), at=later(hours=1)).made
    revise(line.product.purchase_lines.get(), (20, None), at=later(hours=1))
    send(later(hours=2))
    made.refresh_from_db()
    assert made.state == "superseded"
    assert "write it again" in CallTask.objects.get(message=made).why
    assert [message.kind for message in announce(later(hours=2))] == ["later"]
    assert books_are_clean()


def test_an_undone_message_never_leaves() -> None:
    line = moved(told_line())
    done = caring.write_message(line.order, text="Hello", by=a_user(), at=later(hours=1))
    undoing.undo(done.change_set, by=None, at=later(hours=1))
    assert Message.objects.get(pk=done.made.pk).state == "superseded"
    assert not CallTask.objects.exists()
    assert windows(line)["gap"] is True
    assert books_are_clean()


def test_a_message_that_left_cannot_be_undone() -> None:
    done = caring.write_message(told_line().order, text="Hello", by=a_user(), at=AT)
    send(later(hours=1))
    assert undoing.objection_to_undo(done.change_set) == "The customer was already told by mail."


def test_what_people_type_is_text_in_the_mail_and_nothing_else() -> None:
    order = told_line().order
    typed = "{% include 'x' %} {{ part.number }} <script>alert(1)</script> & {number}"
    made = caring.write_message(order, text=typed, by=a_user(), at=AT).made
    assert "{{ part.number }}" in made.text
    assert "&lt;script&gt;" in made.html
    assert "<script>" not in made.html


def test_the_preview_is_what_will_be_written() -> None:
    line = moved(told_line())
    shown = caring.preview_message(line.order, text="Hello", states_dates=True, at=later(hours=1))
    made = caring.write_message(line.order, text="Hello", by=a_user(), at=later(hours=1)).made
    assert (shown.subject, shown.text.splitlines()[0]) == (made.subject, made.text.splitlines()[0])


@pytest.mark.parametrize("text", ["", "  \n ", "x" * 4001, "a\x00b"])
def test_empty_endless_and_broken_texts_are_refused(text: str) -> None:
    order = told_line().order
    with pytest.raises(Refused):
        caring.write_message(order, text=text, by=a_user(), at=AT)
    assert not Message.objects.filter(kind="message").exists()


def give(order: object, amount: str = "3.50", **how: object) -> object:
    known = {"kind": "discount", "reason": "a long wait", "by": None, "at": later(hours=1)}
    return caring.compensate(order, amount=Decimal(amount), **{**known, **how})  # type: ignore[arg-type]


def test_a_compensation_is_on_record_and_the_customer_hears_of_it() -> None:
    line = told_line(is_paid=True)
    made = give(line.order, line=line).made  # type: ignore[attr-defined]
    assert (made.amount, made.currency, made.line) == (Decimal("3.50"), "EUR", line)
    send(later(hours=2))
    assert "€3.50" in Message.objects.get(kind="compensated").text
    assert caring.given_so_far(line.order.customer) == [("EUR", Decimal("3.5"))]
    assert books_are_clean()


def test_a_compensation_may_be_given_in_silence() -> None:
    give(told_line().order, tells=False)
    assert not Message.objects.filter(kind="compensated").exists()


@pytest.mark.parametrize("amount", ["0", "-1", "20.01", "0.001", "NaN"])
def test_no_more_is_given_than_the_order_is_worth(amount: str) -> None:
    order = told_line().order  # 2 at 10.00
    with pytest.raises(caring.TooMuch):
        give(order, amount)
    assert not Compensation.objects.exists()


def test_no_more_is_given_for_a_line_than_the_line_is_worth() -> None:
    order = an_order((a_product(price=10), 2), (a_product(price=90), 1))
    line, other = order.lines.order_by("id")
    give(order, "15", line=line)
    what = {"kind": "discount", "amount": Decimal(6), "line": line}
    before = stored()
    for act in (
        lambda: caring.preview_compensation(order, **what, at=later(hours=1)),
        lambda: give(order, "6", line=line),
    ):
        with pytest.raises(caring.TooMuch, match=r"worth 20.*15.*6 more is too much.*whole order"):
            act()
    assert stored() == before
    give(order, "5", line=line)
    give(order, "80")
    with pytest.raises(caring.TooMuch, match="Order"):
        give(order, "11", line=other)


def test_what_was_given_before_counts() -> None:
    order = told_line().order
    give(order, "15")
    with pytest.raises(caring.TooMuch, match="15"):
        give(order, "6")


def test_what_was_cancelled_is_worth_nothing() -> None:
    line = told_line()  # 2 at 10.00
    selling.cancel_line(line, quantity=1, reason="x", by=None, at=later(minutes=1))
    give(line.order, "10")
    with pytest.raises(caring.TooMuch, match="worth 10"):
        give(line.order, "0.01")


def test_an_undone_compensation_is_gone_with_its_mail() -> None:
    done = give(told_line().order)
    undoing.undo(done.change_set, by=None, at=later(hours=1))  # type: ignore[attr-defined]
    assert not Compensation.objects.exists()
    assert Message.objects.get(kind="compensated").state == "superseded"


def test_a_compensation_on_an_order_that_changed_is_refused() -> None:
    line = told_line()
    seen = line.order.version
    give(line.order)
    with pytest.raises(Stale):
        give(line.order, seen_version=seen)


def test_an_edited_message_leaves_with_the_new_words_and_the_same_dates() -> None:
    line = moved(told_line())
    made = caring.write_message(line.order, text="Helo", by=a_user(), at=later(hours=1)).made
    anew = telling.edit(made, text="Hello", by=a_user(), at=later(hours=1)).made
    made.refresh_from_db()
    assert (made.state, anew.state) == ("superseded", "pending")
    assert "Hello" in anew.text
    assert "Arrives:" in anew.text
    send(later(hours=2))
    assert windows(line)["told"] == windows(line)["expected"]
    assert books_are_clean()


def test_a_paragraph_is_put_above_a_mail_of_the_system() -> None:
    line = moved(told_line())
    waiting = announce(later(hours=2))[0]
    anew = telling.edit(waiting, text="I spoke to the supplier myself.", by=a_user(), at=later(hours=2)).made
    assert anew.kind == "later"
    assert "I spoke to the supplier myself." in anew.text
    assert "I spoke to the supplier myself." in anew.html
    assert "New date:" in anew.text
    assert promise(line).gap_since is None
    send(later(hours=3))
    assert len(inbox()) == 2
    assert books_are_clean()


def test_a_held_message_stays_held_when_it_is_edited() -> None:
    moved(told_line())
    waiting = announce(later(hours=2))[0]
    telling.hold([waiting], reason="look first", by=None, at=later(hours=2))
    waiting.refresh_from_db()
    assert telling.edit(waiting, text="Hello", by=a_user(), at=later(hours=2)).made.state == "held"


def test_what_left_is_not_edited() -> None:
    told_line()
    with pytest.raises(telling.NotInTheOutbox):
        telling.edit(Message.objects.get(), text="Hello", by=a_user(), at=later(hours=2))


def test_a_message_of_an_act_is_not_edited() -> None:
    give(told_line().order)
    with pytest.raises(telling.NotEditable):
        telling.edit(Message.objects.get(kind="compensated"), text="Hello", by=a_user(), at=later(hours=2))


def test_a_mail_to_a_supplier_gets_ones_words_above_what_it_asks() -> None:
    asked = Asked()
    asking.ask_supplier([asked.purchase.pk], by=None, at=later(minutes=1))
    waiting = Message.objects.get(kind="date_request", state="pending")
    key, mails = waiting.dedupe_key, DateRequest.objects.get().mails
    telling.hold([waiting], reason="look first", by=None, at=later(minutes=2))
    waiting.refresh_from_db()
    with pytest.raises(NotAllowed):
        telling.edit_to_supplier(waiting, text="Hello", by=a_user(SERVICE), at=later(minutes=3))
    buyer = a_user(PURCHASING)
    done = telling.edit_to_supplier(waiting, text="Call me: <b>Elif</b>", by=buyer, at=later(minutes=3))
    waiting.refresh_from_db()
    anew = done.made
    assert (waiting.state, anew.state, anew.supplier, anew.dedupe_key) == ("superseded", "held", asked.supplier, key)
    assert "Call me: <b>Elif</b>" in anew.text
    assert "&lt;b&gt;Elif" in anew.html
    assert asked.product.name in anew.text
    assert (done.change_set.act, anew.personal_text.text) == ("edit_message", "Call me: <b>Elif</b>")
    assert DateRequest.objects.get().mails == mails
    links = SupplierLink.objects.filter(request=asked.request, message=anew)
    assert links.count() == 1
    telling.release([anew], by=None, at=later(minutes=4))
    assert send(later(hours=1))["accepted"] == 1
    with pytest.raises(telling.NotInTheOutbox):
        telling.edit_to_supplier(anew, text="Too late", by=a_user(), at=later(hours=2))


def test_who_buys_edits_no_message_to_a_customer_and_each_verb_takes_its_own_mails_alone() -> None:
    asked = Asked()
    theirs = Message.objects.get(kind="date_request", supplier=asked.supplier)
    order = asked.waiting.order
    mine = caring.write_message(order, text="Helo", states_dates=False, by=a_user(), at=later(hours=1)).made
    with pytest.raises(NotAllowed):
        telling.edit(mine, text="Hello", by=a_user(PURCHASING), at=later(hours=1))
    with pytest.raises(TypeError):
        telling.edit_to_supplier(mine, text="Hello", by=a_user(PURCHASING), at=later(hours=1))
    with pytest.raises(TypeError):
        telling.edit(theirs, text="Hello", by=a_user(SERVICE), at=later(hours=1))
    mine.refresh_from_db()
    theirs.refresh_from_db()
    assert (mine.state, theirs.state) == ("pending", "pending")


def test_a_question_that_was_answered_meanwhile_is_not_asked_anew() -> None:
    asked = Asked()
    waiting = Message.objects.get(kind="date_request", state="pending")
    asking.withdraw(asked.request, reason="by phone", by=None, at=later(minutes=1))
    with pytest.raises(telling.NotInTheOutbox):
        telling.edit_to_supplier(waiting, text="Hello", by=a_user(), at=later(minutes=2))
    assert not Message.objects.filter(state="pending", kind="date_request").exists()


def test_a_customer_without_an_address_is_to_be_called_with_the_message() -> None:
    line = told_line(customer=a_customer(email="nowhere"))
    made = caring.write_message(line.order, text="Hello", by=a_user(), at=AT).made
    assert made.state == "suppressed"
    assert CallTask.objects.filter(message=made).exists()


def test_an_order_without_lines_cannot_be_written_about() -> None:
    order = an_order((a_product(), 1))
    OrderLine.objects.filter(order=order).update(order=an_order((a_product(), 1)))
    with pytest.raises(caring.NothingToSay):
        caring.write_message(order, text="Hello", by=a_user(), at=AT)
