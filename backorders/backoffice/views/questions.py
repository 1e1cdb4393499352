"""Answering what customers asked: by mail, or saying why no mail is needed; and writing down what they ask by phone."""

from typing import Any

from django.shortcuts import get_object_or_404
from django.utils.functional import cached_property
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backorders.actions import caring, hearing
from backorders.actions.done import Done
from backorders.backoffice.forms.asking import ReasonForm
from backorders.backoffice.forms.caring import AnswerForm, PhoneQuestionForm
from backorders.backoffice.macros import Offered, macros_of
from backorders.backoffice.views.caring import Mailing, resting
from backorders.backoffice.views.order_acts import OrderAct
from backorders.notifications.emails import Rendered
from backorders.notifications.models import Message
from backorders.orders.models import Question


class OfQuestion(OrderAct):
    """An act on one question of an order."""

    @cached_property
    def question(self) -> Question:
        """The question."""
        return get_object_or_404(Question.objects.select_related("order"), pk=self.kwargs["question"], order=self.order)


class AnswerQuestion(OfQuestion, Mailing):
    """Answer a question by mail."""

    template_name = "backoffice/answer.html"
    permission = "caring.answer_question"
    form_class = AnswerForm
    button = gettext_lazy("Put into the outbox")

    def heading(self) -> str:
        """Name the order."""
        return _("Answer the question about order %(order)s") % {"order": self.order}

    def initial(self) -> dict[str, Any]:
        """Start with the question, and with the macro that the link named."""
        wanted = self.request.GET.get("macro", "")
        return {"asked": self.question.text, "text": next((m.text for m in self.macros if str(m.pk) == wanted), "")}

    @cached_property
    def macros(self) -> list[Offered]:
        """The macros that the answer can begin with."""
        return macros_of(self.order)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the macros."""
        return super().get_context_data(macros=self.macros, **kwargs)

    def mail(self, form: AnswerForm) -> Rendered:
        """The question and its answer with the dates."""
        said = form.cleaned_data
        return caring.preview_answer(self.question, text=said["text"], states_dates=said["states_dates"], at=self.at)

    def does(self, form: AnswerForm) -> Done[Question]:
        """Answer it."""
        said = form.cleaned_data
        return caring.answer_question(
            self.question, text=said["text"], states_dates=said["states_dates"], key=said["key"], by=self.by, at=self.at
        )

    def done_sentence(self, done: Done[Question]) -> SafeString:
        """Say where the answer is now."""
        return resting(Message.objects.get(pk=done.change_set.before["message"]), done.change_set.pk)


class SettleQuestion(OfQuestion):
    """Close a question without a mail."""

    permission = "caring.settle_question"
    form_class = ReasonForm
    button = gettext_lazy("Close the question")

    def heading(self) -> str:
        """Name the order."""
        return _("Close the question about order %(order)s without a mail") % {"order": self.order}

    def initial(self) -> dict[str, Any]:
        """Start empty: whoever answered it meanwhile is told by the verb."""
        return {}

    def does(self, form: ReasonForm) -> Done[Question]:
        """Close it."""
        return caring.settle_question(self.question, reason=form.cleaned_data["reason"], by=self.by, at=self.at)


class WriteQuestion(OrderAct):
    """Write down what a customer asks by phone, if it cannot be answered at once."""

    permission = "hearing.ask_question"
    form_class = PhoneQuestionForm
    button = gettext_lazy("Keep the question")

    def heading(self) -> str:
        """Name the order."""
        return _("A question by phone about order %(order)s") % {"order": self.order}

    def initial(self) -> dict[str, Any]:
        """Start empty."""
        return {}

    def does(self, form: PhoneQuestionForm) -> Done[Question]:
        """Keep it."""
        said = form.cleaned_data
        phone = Question.Channel.PHONE
        return hearing.ask_question(
            self.order, text=said["text"], channel=phone, key=said["key"], by=self.by, at=self.at
        )
