"""What we ask suppliers about their dates, what they answer, and how often they are asked."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from backorders.changes.models import ChangeSet
from backorders.supply.models import Confidence, EtaRevision, PurchaseLine, Supplier


class ChasePolicy(models.Model):
    """A chase policy is when one supplier is asked for dates, and which answers need nobody to look at them.

    Days are working days unless they say otherwise. A supplier without one has the default policy.
    """

    supplier = models.OneToOneField(Supplier, models.PROTECT, primary_key=True, related_name="chase_policy")
    is_chased = models.BooleanField("asked by the clock", default=True)
    ask_unconfirmed_after_days = models.PositiveSmallIntegerField(
        default=3, help_text="a date that is not confirmed is asked for after so many days"
    )
    ask_before_due_days = models.PositiveSmallIntegerField(
        default=5, help_text="a date is asked for once more so many days before it"
    )
    ask_old_after_days = models.PositiveSmallIntegerField(
        default=30, help_text="a date of which nothing was said for so many calendar days is asked for"
    )
    ask_again_after_days = models.PositiveSmallIntegerField(
        default=3, help_text="at most one mail in so many days, reminders included"
    )
    most_mails = models.PositiveSmallIntegerField(
        default=3, help_text="so many mails about the same; then somebody has to call"
    )
    answer_within_days = models.PositiveSmallIntegerField(
        default=5, help_text="a date whose question is not answered for longer is not believed any more"
    )
    believed_for_days = models.PositiveSmallIntegerField(
        default=180, help_text="a date that was not repeated for so many calendar days is not believed any more"
    )
    takes_confirmations = models.BooleanField(
        "takes confirmations", default=False, help_text="an answer that the date stands needs nobody to accept it"
    )
    takes_days = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="neither does an answer that moves the date by at most so many calendar days"
    )

    class Meta:
        ordering = ["supplier"]
        verbose_name_plural = "chase policies"
        constraints = [
            models.CheckConstraint(
                name="nobody_is_chased_without_pause",
                condition=Q(ask_again_after_days__gte=1) & Q(answer_within_days__gte=1) & Q(most_mails__gte=1),
            )
        ]

    def __str__(self) -> str:
        return f"chase of {self.supplier}"


class DateRequest(models.Model):
    """A date request is what we ask one supplier at a time: its lines, and how often we wrote about them.

    While it is open, whatever else is to be asked of that supplier joins it.
    """

    supplier = models.ForeignKey(Supplier, models.PROTECT, related_name="date_requests")
    opened_at = models.DateTimeField()
    mailed_at = models.DateTimeField(null=True, blank=True, help_text="empty: to be mailed (again) as soon as possible")
    mails = models.PositiveSmallIntegerField(default=0)
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-opened_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                name="a_supplier_has_one_open_request", fields=["supplier"], condition=Q(closed_at=None)
            )
        ]

    def __str__(self) -> str:
        return f"request {self.pk} to {self.supplier}"


class RequestLine(models.Model):
    """A request line is one purchase line whose date was asked for, why, and whether that is answered.

    Ended: nothing is to be answered any more, because the goods came or the date was learnt another way.
    """

    class Why(models.TextChoices):
        PAST_DUE = "past_due", "the date has passed"
        UNCONFIRMED = "unconfirmed", "the date is not confirmed"
        BEFORE_DUE = "before_due", "the date is near"
        LONG_AGO = "long_ago", "the date was said long ago"
        BY_HAND = "by_hand", "a buyer asked"

    request = models.ForeignKey(DateRequest, models.PROTECT, related_name="lines")
    purchase_line = models.ForeignKey(PurchaseLine, models.PROTECT, related_name="requests")
    why = models.CharField(max_length=12, choices=Why)
    asked_at = models.DateTimeField()
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    answered_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    OPEN: ClassVar[Q] = Q(answered_at=None, ended_at=None)

    class Meta:
        ordering = ["request", "id"]
        constraints = [
            models.UniqueConstraint(
                name="a_purchase_line_is_asked_for_once",
                fields=["purchase_line"],
                condition=Q(answered_at=None, ended_at=None),
            )
        ]

    def __str__(self) -> str:
        return f"{self.purchase_line} in {self.request}"


class EtaProposal(models.Model):
    """An ETA proposal is what a supplier answered of one purchase line, until a buyer (or the rule) decided on it.

    `parts` are [first day or null, last day or null, units or null], as `etas.EtaPart`; a refusal has none. What was
    seen is how the purchase line stood when the supplier answered.
    """

    class Answer(models.TextChoices):
        CONFIRM = "confirm", "the date stands"
        MOVE = "move", "another date"
        SPLIT = "split", "several dates"
        REFUSE = "refuse", "will not come"

    class State(models.TextChoices):
        WAITING = "waiting", "waits for a decision"
        ACCEPTED = "accepted", "accepted"
        REJECTED = "rejected", "rejected"
        REPLACED = "replaced", "replaced by a newer answer"

    line = models.ForeignKey(RequestLine, models.PROTECT, related_name="proposals")
    answer = models.CharField(max_length=8, choices=Answer)
    parts = models.JSONField(default=list, blank=True)
    reason_code = models.CharField(max_length=20, choices=EtaRevision.ReasonCode)
    note = models.CharField(max_length=500, blank=True)
    reference = models.CharField(max_length=40)
    at = models.DateTimeField()
    seen_version = models.PositiveIntegerField()
    seen_on = models.DateField(null=True, blank=True)
    seen_until = models.DateField(null=True, blank=True)
    seen_quantity = models.PositiveIntegerField()
    answer_change = models.ForeignKey(ChangeSet, models.PROTECT, related_name="proposals_made")
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    decision = models.TextField(blank=True, help_text="why it was rejected, or what else was said to it")
    change_set = models.ForeignKey(
        ChangeSet, models.PROTECT, null=True, blank=True, related_name="proposals_accepted", help_text="what it became"
    )

    class Meta:
        ordering = ["-at", "-id"]
        constraints = [
            models.UniqueConstraint(name="one_proposal_of_a_line_waits", fields=["line"], condition=Q(state="waiting")),
            models.CheckConstraint(
                name="a_proposal_is_decided_once_and_dated",
                condition=Q(state="waiting", decided_at=None) | (~Q(state="waiting") & Q(decided_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="only_what_was_accepted_became_something",
                condition=Q(state="accepted", change_set__isnull=False) | (~Q(state="accepted") & Q(change_set=None)),
            ),
        ]
        indexes = [models.Index(name="proposals_waiting", fields=["at"], condition=Q(state="waiting"))]

    def __str__(self) -> str:
        return f"{self.get_answer_display()}: {self.line.purchase_line}"


class StaffProposal(models.Model):
    """A staff proposal is the ETA of one purchase line that somebody who does not change ETAs heard of.

    It is not the supplier's word: the supplier is asked on, no date is confirmed, and nobody takes it over but a buyer.
    What was seen is the ETA that the purchase line had then.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "waits for a decision"
        ACCEPTED = "accepted", "accepted"
        DECLINED = "declined", "declined"
        REPLACED = "replaced", "replaced by a newer one of the same person"
        ENDED = "ended", "nothing is outstanding any more"

    purchase_line = models.ForeignKey(PurchaseLine, models.PROTECT, related_name="staff_proposals")
    eta_on = models.DateField(null=True, blank=True)
    eta_until = models.DateField(null=True, blank=True, help_text="with neither day: that there is no date")
    confidence = models.CharField(max_length=12, choices=Confidence)
    said = models.CharField(max_length=2000, blank=True, help_text="what it comes from, word for word")
    note = models.CharField(max_length=500, blank=True)
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="eta_proposals")
    at = models.DateTimeField()
    seen_on = models.DateField(null=True, blank=True)
    seen_until = models.DateField(null=True, blank=True)
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    decision = models.TextField(blank=True, help_text="why it was declined")
    change_set = models.ForeignKey(
        ChangeSet, models.PROTECT, null=True, blank=True, related_name="+", help_text="what it became"
    )

    class Meta:
        ordering = ["-at", "-id"]
        constraints = [
            models.UniqueConstraint(
                name="a_person_proposes_one_eta_of_a_line",
                fields=["purchase_line", "proposed_by"],
                condition=Q(state="waiting"),
            ),
            models.CheckConstraint(
                name="a_proposed_eta_ends_on_or_after_its_first_day",
                condition=Q(eta_on=None, eta_until=None) | Q(eta_on__isnull=False, eta_until__gte=models.F("eta_on")),
            ),
            models.CheckConstraint(name="a_proposed_eta_says_why", condition=~Q(said="") | ~Q(note="")),
            models.CheckConstraint(
                name="a_staff_proposal_is_decided_once_and_dated",
                condition=Q(state="waiting", decided_at=None) | (~Q(state="waiting") & Q(decided_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="a_person_decides_on_a_staff_proposal",
                condition=~Q(state__in=("accepted", "declined")) | Q(decided_by__isnull=False),
            ),
            models.CheckConstraint(
                name="only_an_accepted_staff_proposal_became_something",
                condition=Q(state="accepted", change_set__isnull=False) | (~Q(state="accepted") & Q(change_set=None)),
            ),
            models.CheckConstraint(
                name="a_declined_staff_proposal_says_why", condition=~Q(state="declined") | ~Q(decision="")
            ),
        ]
        indexes = [models.Index(name="staff_proposals_waiting", fields=["at"], condition=Q(state="waiting"))]

    def __str__(self) -> str:
        return f"{self.purchase_line}: {self.eta_on or 'no date'}"
