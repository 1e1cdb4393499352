"""What is done about mails: by staff in the outbox and by phone, by providers whose mails come back."""

from hypothesis import strategies as st
from hypothesis.stateful import rule

from backorders.actions import caring, clock, deadlines, hearing, telling
from backorders.notifications.models import UNSENT, CallTask, Message, ProviderEvent, Suppression
from backorders.notifications.tracking import process_events
from backorders.orders.models import OrderLine, Question
from tests.actions.machine.shop import Shop, some


class Mailing(Shop):
    """Mails are kept, let go, hurried, dropped, written by hand; they come back, and customers are called."""

    @rule(which=some, act=st.sampled_from(["hold", "release", "send_now", "cancel"]))
    def step_in(self, which: int, act: str) -> None:
        if message := self.pick(Message.objects.filter(state__in=UNSENT, customer__isnull=False), which):
            why = {"reason": "x"} if act in ("hold", "cancel") else {}
            self.attempt(lambda: getattr(telling, act)([message], **why, by=None, at=self.at))

    @rule(which=st.integers(0, 2))
    def tell_one_now(self, which: int) -> None:
        self.attempt(lambda: telling.tell_now([self.customers[which].pk], by=None, at=self.at))

    @rule(which=some, states_dates=st.booleans())
    def write(self, which: int, states_dates: bool) -> None:
        if line := self.pick(OrderLine.objects, which):
            how = {"text": "x", "states_dates": states_dates, "by": None, "at": self.at}
            self.attempt(lambda: caring.write_message(line.order, **how))

    @rule(which=some)
    def ask(self, which: int) -> None:
        if line := self.pick(OrderLine.objects, which):
            self.attempt(lambda: hearing.ask_question(line.order, text="x", by=None, at=self.at))

    @rule(which=some, settles=st.booleans())
    def answer(self, which: int, settles: bool) -> None:
        if question := self.pick(Question.objects.filter(answered_at=None), which):
            if settles:
                self.attempt(lambda: caring.settle_question(question, reason="x", by=None, at=self.at))
            else:
                self.attempt(lambda: caring.answer_question(question, text="x", by=None, at=self.at))

    @rule(which=some, is_soft=st.booleans())
    def come_back(self, which: int, is_soft: bool) -> None:
        if message := self.pick(Message.objects.filter(state=Message.State.ACCEPTED), which):
            ProviderEvent.objects.create(
                event_key=f"{ProviderEvent.objects.count()}",
                event_type="bounced",
                provider_id=message.provider_id,
                recipient=message.recipient,
                message=message,
                reason="" if is_soft else "bounced",
                occurred_at=self.at,
                received_at=self.at,
            )
            process_events(at=self.at)
            clock.take_up_what_was_told(at=self.at)  # which both run beside it:
            deadlines.keep(at=self.at)  # what came back was not told, and a notice that did was none

    @rule(which=some)
    def call(self, which: int) -> None:
        if task := self.pick(CallTask.objects.filter(done_at=None, customer__isnull=False), which):
            self.attempt(lambda: telling.mark_called(task, by=self.somebody, at=self.at))
            clock.take_up_what_was_told(at=self.at)

    @rule(which=st.integers(0, 2), lifts=st.booleans())
    def mail_again(self, which: int, lifts: bool) -> None:
        customer = self.customers[which]
        if not lifts:
            address = f"{customer.pk}.{self.at:%H%M%S%f%d%m}@example.com"
            self.attempt(lambda: caring.change_address(customer, email=address, by=None, at=self.at))
        elif known := self.pick(Suppression.objects.filter(lifted_at=None), which):
            self.attempt(lambda: telling.lift_suppression(known, reason="x", by=None, at=self.at))
