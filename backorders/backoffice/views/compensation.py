"""What is given for a wait by policy: proposals to look at, and to give or decline."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q, QuerySet, Sum
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backorders.actions import compensating
from backorders.actions.done import Done
from backorders.actions.seconding import NeedsApproval
from backorders.allocation.windows import business_day
from backorders.amounts import money
from backorders.backoffice.forms.asking import ReasonForm
from backorders.backoffice.forms.compensation import SeenAmountForm, listed, listing
from backorders.backoffice.paging import page_of
from backorders.backoffice.views.screen import ActScreen, Screen, done_sentence, status_of
from backorders.compensation import reading, words
from backorders.compensation.models import Award, CompensationPolicy
from backorders.compensation.weighing import Purse
from backorders.ids import typed_id, typed_ids
from backorders.refusal import Refused

OPEN = Q(awards__state=Award.State.PROPOSED)
GIVEN = Q(awards__state=Award.State.GIVEN)


class Told(NamedTuple):
    """One policy in words: what it says, whether it is in force, what it proposes, gave, and has left."""

    policy: CompensationPolicy
    sentence: str
    state: str
    tone: str
    proposed: int
    proposed_sum: str
    given: int
    given_sum: str
    left: str


class ProposalShown(NamedTuple):
    """One proposal in words."""

    award: Award
    amount: str
    why: str
    is_ticked: bool


def told(at: Any, *, only_open: bool = False) -> list[Told]:
    """Return every policy in words, in three statements; `only_open`: those that propose something."""
    counts = {
        "proposed": Count("awards", filter=OPEN),
        "proposed_sum": Sum("awards__amount", filter=OPEN, default=0),
        "given": Count("awards", filter=GIVEN),
        "given_sum": Sum("awards__amount", filter=GIVEN, default=0),
    }
    policies: Any = CompensationPolicy.objects.select_related("category").annotate(**counts).order_by("name", "id")
    if only_open:
        policies = policies.filter(proposed__gt=0)
    known = list(policies)
    purses = reading.purses(known, at=at)
    return [_told(policy, purses[policy.pk], at) for policy in known]


def _told(policy: Any, purse: Purse, at: Any) -> Told:
    state, tone = _state(policy, at)
    return Told(
        policy=policy,
        sentence=words.sentence(policy),
        state=state,
        tone=tone,
        proposed=policy.proposed,
        proposed_sum=money(policy.proposed_sum, policy.currency),
        given=policy.given,
        given_sum=money(policy.given_sum, policy.currency),
        left=words.left_words(purse, policy.currency),
    )


def _state(policy: CompensationPolicy, at: Any) -> tuple[str, str]:
    today = business_day(at)
    if policy.active_from > today:
        return _("begins later"), ""
    if policy.active_until is not None and policy.active_until < today:
        return _("ended"), ""
    return (_("gives"), "good") if policy.mode == CompensationPolicy.Mode.GIVE else (_("proposes"), "good")


class Proposals(Screen):
    """What policies propose, with totals and what is left; given or declined in bulk or one by one."""

    template_name = "backoffice/awards.html"
    permission = "compensation.view_award"
    title = gettext_lazy("Compensation")

    @cached_property
    def chosen_policy(self) -> str:
        """The policy the list is narrowed to, or nothing."""
        asked = self.request.POST.get("policy") or self.request.GET.get("policy", "")
        return asked if typed_id(asked) is not None else ""

    @property
    def found(self) -> "QuerySet[Award]":
        """The open proposals, the largest first."""
        mine = Award.objects.filter(state=Award.State.PROPOSED)
        if self.chosen_policy:
            mine = mine.filter(policy=int(self.chosen_policy))
        return mine.order_by("-amount", "id")

    @cached_property
    def ticked(self) -> Mapping[int, Decimal]:
        """The proposals that were chosen, as the list showed them: all of it, or what was ticked."""
        seen = listed(self.request.POST.get("listed", ""))
        if "all" in self.request.POST:
            return seen
        ticked = typed_ids(self.request.POST.getlist("award"))
        return {pk: amount for pk, amount in seen.items() if pk in ticked}

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Give or decline what was chosen, or say why not."""
        verb = VERBS.get(request.POST.get("do", ""))
        if verb is None:
            raise Http404
        if not request.user.has_perm(verb.permission):
            raise PermissionDenied(verb.permission)
        try:
            done = verb.does(self)
        except NeedsApproval as refusal:
            if "ask" in request.POST:
                self.send_for_approval(refusal)
                return HttpResponseRedirect(self.back)
            return self.render_to_response(
                self.get_context_data(refusal=str(refusal), needs_approval=True), status=status_of(refusal)
            )
        except Refused as refusal:
            return self.render_to_response(self.get_context_data(refusal=str(refusal)), status=status_of(refusal))
        messages.success(request, done_sentence(done))
        return HttpResponseRedirect(self.back)

    @property
    def back(self) -> str:
        """The same list."""
        return reverse("admin:awards") + (f"?policy={self.chosen_policy}" if self.chosen_policy else "")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the totals of each policy and one page of proposals."""
        awards = self.found.select_related("policy", "line__product", "line__order__customer")
        page = page_of(awards, self.request)
        amounts = dict(self.found.values_list("id", "amount")[: compensating.MOST_AT_ONCE])
        amounts |= {award.pk: award.amount for award in page.rows}
        shown = [
            ProposalShown(
                award,
                money(award.amount, award.currency),
                words.explained(award.facts, award.currency),
                award.pk in self.ticked,
            )
            for award in page.rows
        ]
        return super().get_context_data(
            page=page,
            shown=shown,
            listing=listing(amounts),
            policies=told(self.at, only_open=True),
            chosen_policy=self.chosen_policy,
            all_is_chosen="all" in self.request.POST,
            **kwargs,
        )


class Verb(NamedTuple):
    """What can be done to chosen proposals, and who may."""

    permission: str
    does: Callable[[Proposals], Done[Any]]


VERBS = {
    "give": Verb("compensating.give", lambda screen: compensating.give(screen.ticked, by=screen.by, at=screen.at)),
    "decline": Verb(
        "compensating.decline",
        lambda screen: compensating.decline(
            list(screen.ticked), reason=screen.request.POST.get("reason", ""), by=screen.by, at=screen.at
        ),
    ),
}


class ShowProposal(ActScreen):
    """One proposal, why it is due, and the mail that would say so."""

    template_name = "backoffice/award.html"
    permission = "compensating.give"
    preview_template = "backoffice/mail_preview.html"
    form_class = SeenAmountForm
    button = gettext_lazy("Give it")
    back_name = gettext_lazy("Compensation")

    @cached_property
    def award(self) -> Award:
        """The proposal."""
        awards = Award.objects.select_related("policy", "line__product", "line__order__customer")
        return get_object_or_404(awards, pk=self.kwargs["pk"])

    def heading(self) -> str:
        """Name the order and the amount."""
        said = {"sum": money(self.award.amount, self.award.currency), "order": self.award.line.order}
        return _("%(sum)s for order %(order)s") % said

    def initial(self) -> dict[str, Any]:
        """Remember the amount that is shown."""
        return {"seen": self.award.amount}

    def looked_ahead(self, form: SeenAmountForm) -> dict[str, Any]:
        """Show the mail."""
        return self._mail()

    def _mail(self) -> dict[str, Any]:
        try:
            return {"mail": compensating.preview_gift(self.award, at=self.at)}
        except Refused as refusal:
            return {"mail": None, "refusal": str(refusal)}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add why it is due, and the mail at once."""
        award = self.award
        lead = f"{award.policy.name}: {words.explained(award.facts, award.currency)}"
        around = {"award": award, "lead": lead, "customer": award.line.order.customer}
        return super().get_context_data(**around, **{**self._mail(), **kwargs})

    def does(self, form: SeenAmountForm) -> Done[Any]:
        """Give it."""
        return compensating.give({self.award.pk: form.cleaned_data["seen"]}, by=self.by, at=self.at)

    def back(self) -> str:
        """Go back to the proposals."""
        return reverse("admin:awards")


class DeclineProposal(ActScreen):
    """Do not give one thing that was proposed, and say why."""

    template_name = "backoffice/act.html"
    permission = "compensating.decline"
    form_class = ReasonForm
    button = gettext_lazy("Do not give it")
    back_name = gettext_lazy("Compensation")

    @cached_property
    def award(self) -> Award:
        """The proposal."""
        return get_object_or_404(Award.objects.select_related("line__order"), pk=self.kwargs["pk"])

    def heading(self) -> str:
        """Name the order and the amount."""
        said = {"sum": money(self.award.amount, self.award.currency), "order": self.award.line.order}
        return _("Not %(sum)s for order %(order)s") % said

    def facts(self, form: ReasonForm) -> list[str]:
        """Say what follows."""
        return [_("It is not proposed again for this wait; the customer hears nothing of it.")]

    def does(self, form: ReasonForm) -> Done[Any]:
        """Decline it."""
        return compensating.decline([self.award.pk], reason=form.cleaned_data["reason"], by=self.by, at=self.at)

    def back(self) -> str:
        """Go back to the proposals."""
        return reverse("admin:awards")
