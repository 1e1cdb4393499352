"""Whom there may be something to tell now, read from state.

Every question is one statement, over an index that holds only what is to be done; the pure rules decide again.
"""

import datetime

from django.db.models import Q, QuerySet

from backorders.allocation.models import Promise
from backorders.allocation.windows import business_day
from backorders.notifications import noticing
from backorders.notifications.letters import ABOUT_DATES
from backorders.notifications.models import HEARD, LaterWord, Message, NextUpdate
from backorders.notifications.policy import TellingPolicy
from backorders.orders.models import Cancellation, Compensation, Customer, Offer, Order, Shipment

ARRIVED = Shipment.objects.filter(is_arrival_announced=False, delivered_at__isnull=False)


def due_customers(*, at: datetime.datetime, policy: TellingPolicy) -> list[int]:
    """Return the ids of the customers to whom there may be something to say now, in order.

    Customers of a history are never written to.
    """
    due = [
        _gaps_at_rest(at, policy).values_list("customer_id", flat=True),
        Order.objects.filter(is_confirmed=False).values_list("customer_id", flat=True),
        Shipment.objects.filter(is_announced=False).values_list("order__customer_id", flat=True),
        ARRIVED.values_list("order__customer_id", flat=True),
        rested_offers(at, policy).values_list("line__order__customer_id", flat=True),
        Cancellation.objects.filter(is_announced=False).values_list("line__order__customer_id", flat=True),
        Compensation.objects.filter(is_announced=False, line__isnull=False, at__lte=at - policy.quiet).values_list(
            "order__customer_id", flat=True
        ),
        NextUpdate.objects.filter(on__lte=business_day(at)).values_list("line__order__customer_id", flat=True),
        noticing.due(today=business_day(at)).values_list("line__order__customer_id", flat=True),
    ]
    found = {customer for ids in due for customer in ids.order_by().distinct().iterator()}
    if found:
        found.difference_update(Customer.objects.filter(is_written_to=False).values_list("id", flat=True))
    return sorted(found)


def rested_offers(at: datetime.datetime, policy: TellingPolicy) -> "QuerySet[Offer]":
    """Offers that nobody took back within the quiet time."""
    return Offer.objects.filter(is_announced=False, at__lte=at - policy.quiet)


def _gaps_at_rest(at: datetime.datetime, policy: TellingPolicy) -> "QuerySet[Promise]":
    """Gaps that may have come to rest and whose customer is not under the cap, nor to hear later from staff; the pure
    rules decide again."""
    words = words_within(at, policy)
    imminent = Q(told_from__lte=business_day(at + policy.imminent)) | Q(
        told_at=None, announced_from__lte=business_day(at + policy.imminent)
    )
    at_rest = Q(changed_at__lte=at - policy.quiet_if_imminent) | Q(gap_since__lte=at - policy.longest_quiet)
    later = LaterWord.objects.filter(until__gt=at)
    may_hear = ~Q(customer__in=words.values("customer")) & ~Q(customer__in=later.values("customer"))
    return Promise.objects.untold().filter(at_rest).filter(imminent | may_hear)


def words_within(at: datetime.datetime, policy: TellingPolicy) -> "QuerySet[Message]":
    """What customers may have heard of dates within the time of the cap; what bounced, nobody did."""
    words = Message.objects.filter(created_at__gt=at - policy.cap, kind__in=ABOUT_DATES, state__in=HEARD)
    return words.exclude(delivery=Message.Delivery.BOUNCED)
