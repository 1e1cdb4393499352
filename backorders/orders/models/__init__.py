"""Who waits, since when."""

from backorders.orders.models.cancellations import Cancellation, Refund
from backorders.orders.models.care import Compensation, Offer
from backorders.orders.models.carriers import Carrier, parcel_url
from backorders.orders.models.customers import Customer
from backorders.orders.models.lines import Order, OrderLine, OrderLineQuerySet
from backorders.orders.models.shipments import Shipment, ShipmentLine
from backorders.orders.models.words import Decision, Feedback, Note, Question

__all__ = [
    "Cancellation",
    "Carrier",
    "Compensation",
    "Customer",
    "Decision",
    "Feedback",
    "Note",
    "Offer",
    "Order",
    "OrderLine",
    "OrderLineQuerySet",
    "Question",
    "Refund",
    "Shipment",
    "ShipmentLine",
    "parcel_url",
]
