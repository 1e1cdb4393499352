"""The legal case of an order line: under which pack it stands, what happened to it, what runs now and until when."""

from django.db import models
from django.db.models import F, Q

from backorders.delays import law
from backorders.delays.law import Kind, State
from backorders.orders.models import OrderLine

STATE_LABELS = {
    State.ON_TIME: "on time",
    State.NOTICE_DUE: "a notice is due",
    State.OPT_SHORT: "told; silence is consent",
    State.OPT_LONG: "told; silence cancels",
    State.AGREED: "agreed to a date",
    State.AGREED_OPEN: "agreed to wait without a date",
    State.OPT_RENEWED: "told again; silence cancels",
    State.SHIPPED: "shipped",
    State.DUE: "due",
    State.OVERDUE: "overdue",
    State.EXTRA_PERIOD: "a last date was set by the customer",
    State.MAY_TERMINATE: "the customer may end the contract",
    State.TERMINATED: "ended by the customer; money is owed",
    State.DELIVERED: "delivered",
    State.CANCELLED_REFUND_DUE: "cancelled; money is owed",
    State.REFUNDED: "settled",
    State.CLOSED: "exchanged",
}

KIND_LABELS = {
    Kind.CANCEL: "the customer cancelled",
    Kind.END: "the customer ended the contract",
    Kind.DROP: "we cancelled",
    Kind.LAPSE: "cancelled by the passing of time",
    Kind.SHIP: "handed to the carrier",
    Kind.DELIVER: "delivered",
    Kind.EXCHANGE: "exchanged",
    Kind.IN_TIME: "expected in time again",
    Kind.LATE: "expected too late",
    Kind.NOTICE: "the customer was told",
    Kind.CONSENT: "the customer agreed to wait",
    Kind.DEMAND: "the customer set a last date",
    Kind.FLEXIBLE: "the customer said that the date is not essential",
    Kind.ESSENTIAL: "the customer said that the date is essential",
    Kind.REFUND: "the money was paid back",
    Kind.VOID: "made void",
}


def _values(*states: State) -> list[str]:
    return [state.value for state in states]


_OPEN, _OWING = _values(*law.OPEN), _values(*law.OWING)
_WITH_MONEY = [*_OWING, State.REFUNDED.value]
_RUNNING = _values(*(state for state in law.LAPSING if state != State.AGREED_OPEN), State.DUE, State.EXTRA_PERIOD)


class LegalCase(models.Model):
    """A legal case is what the delay law asks of us for one order line of a consumer.

    Its state is what `law.replay` makes of its events; the columns keep the answer for lists and deadlines.
    """

    line = models.OneToOneField(OrderLine, models.PROTECT, primary_key=True, related_name="legal_case")
    pack = models.CharField(max_length=40)
    pack_version = models.PositiveSmallIntegerField()
    lapses = models.BooleanField(help_text="a limit that passes ends it; else only the customer does")
    zone = models.CharField(max_length=60, help_text="time zone where the goods go: its days count")
    transit_days = models.PositiveSmallIntegerField(help_text="working days from our door, when it was opened")
    ordered_on = models.DateField()
    is_essential = models.BooleanField(default=False, help_text="as was said with the order; later words are events")
    is_inherited = models.BooleanField(
        default=False, help_text="its time was over before there was a case, so it got some days anew"
    )
    opened_at = models.DateTimeField()
    limit_on = models.DateField(help_text="last day of the time in which the goods were due at first")
    state = models.CharField(max_length=20, choices=[(state.value, label) for state, label in STATE_LABELS.items()])
    clock_on = models.DateField(null=True, blank=True, help_text="last day of what runs now; empty: nothing does")
    in_time_until = models.DateField(
        null=True, blank=True, help_text="goods expected by this day keep the limit in force"
    )
    revised_on = models.DateField(null=True, blank=True)
    vested_on = models.DateField(null=True, blank=True, help_text="the day on which money became due")
    refund_due_on = models.DateField(null=True, blank=True)
    notice_at = models.DateTimeField(null=True, blank=True, help_text="its newest notice was queued then")
    remind_on = models.DateField(null=True, blank=True, help_text="the customer is asked once more on this day")

    class Meta:
        ordering = ["clock_on", "line"]
        constraints = [
            models.CheckConstraint(
                name="money_is_owed_from_a_day_until_a_day",
                condition=Q(state__in=_WITH_MONEY, vested_on__isnull=False, refund_due_on__gte=F("vested_on"))
                | (~Q(state__in=_WITH_MONEY) & Q(vested_on=None, refund_due_on=None)),
            ),
            models.CheckConstraint(name="the_limit_follows_the_order", condition=Q(limit_on__gte=F("ordered_on"))),
            models.CheckConstraint(
                name="what_runs_has_a_last_day",
                condition=Q(state__in=_RUNNING, clock_on__isnull=False) | (~Q(state__in=_RUNNING) & Q(clock_on=None)),
            ),
            models.CheckConstraint(
                name="a_case_has_the_states_of_its_law",
                condition=(Q(lapses=True) & ~Q(state__in=_values(*law.LASTING)))
                | (Q(lapses=False) & ~Q(state__in=_values(*law.LAPSING))),
            ),
        ]
        indexes = [
            models.Index(name="legal_cases_open", fields=["clock_on", "line"], condition=Q(state__in=_OPEN)),
            models.Index(name="legal_cases_owing", fields=["refund_due_on", "line"], condition=Q(state__in=_OWING)),
            models.Index(
                name="legal_cases_to_tell",
                fields=["line"],
                condition=Q(state__in=_values(State.NOTICE_DUE, State.MAY_TERMINATE), notice_at=None),
            ),
            models.Index(
                name="legal_cases_to_remind", fields=["remind_on", "line"], condition=Q(remind_on__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pack} case of {self.line}"


class LegalEvent(models.Model):
    """A legal event is one thing that happened to a legal case: a notice, an answer, a parcel, a deadline. Append-only.

    `until` is the date it speaks of, `of` the key of what it makes void; `basis` is what a date we stated rested on.
    """

    case = models.ForeignKey(LegalCase, models.PROTECT, related_name="events")
    kind = models.CharField(max_length=10, choices=[(kind.value, label) for kind, label in KIND_LABELS.items()])
    key = models.CharField(max_length=80, help_text="what makes it one: it counts once however often it is heard")
    at = models.DateTimeField()
    on = models.DateField(help_text="the day of it where the goods go")
    until = models.DateField(null=True, blank=True)
    of = models.CharField(max_length=80, blank=True)
    basis = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ["case", "at", "id"]
        constraints = [
            models.UniqueConstraint(name="a_legal_event_counts_once", fields=["case", "key"]),
            models.CheckConstraint(
                name="only_a_void_names_what_it_voids",
                condition=(Q(kind="void") & ~Q(of="")) | (~Q(kind="void") & Q(of="")),
            ),
            models.CheckConstraint(
                name="a_demand_names_its_date", condition=~Q(kind="demand") | Q(until__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.on}"
