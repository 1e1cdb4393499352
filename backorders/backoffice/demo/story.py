"""The demo's story: day after day goods are ordered, slip, arrive and leave, and customers are told, up to now."""

import datetime
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.db.models import Count

from backorders.actions import (
    asking,
    awarding,
    buying,
    clock,
    counting,
    deadlines,
    deciding,
    etas,
    hearing,
    placing,
    policymaking,
    proposals,
    receiving,
    revising,
    selling,
    shipping,
    telling,
)
from backorders.backoffice.demo.shop import HABITS, Shop, Wanted, customers, wanted
from backorders.catalog.models import Product
from backorders.chasing.models import DateRequest, RequestLine
from backorders.notifications import announcing, gate, leasing, marking, switch
from backorders.notifications.models import Message
from backorders.orders.models import Order, OrderLine, Shipment
from backorders.supply.models import PurchaseLine, Supplier

SHOP = "demo"

DAYS = 120
DAY = datetime.timedelta(days=1)
SILENT = "The Phone Company"
HELD_UP = "Litware, Inc."
HELD_UP_DAYS = 40
ASKED_DAYS_AGO = 9


class Story:
    """The last `length` days of it, the same for everybody who plays it on the same date."""

    def __init__(self, now: datetime.datetime, *, length: int = DAYS) -> None:
        self.now = now
        self.length = length
        self.today = now.astimezone(ZoneInfo(settings.TIME_ZONE)).date()
        self.chance = random.Random(2016)  # noqa: S311 a story, not a secret
        self.lines = wanted()
        self.demand = Counter[str]()
        for line in self.lines:
            self.demand[line.sku] += line.quantity
        self.arrivals: dict[int, datetime.date] = {}
        self.number = 0

    def days(self) -> Iterator[int]:
        """Play it; yield how many days are left, so that a progress bar can follow."""
        with transaction.atomic():
            self.shop = Shop(self.today)
            self.customers = customers(sorted({line.customer for line in self.lines}))
            self._stock_up()
        orders: dict[int, list[list[Wanted]]] = defaultdict(list)
        for order in {line.order: None for line in self.lines}:
            mine = [line for line in self.lines if line.order == order]
            orders[mine[0].days_ago].append(mine)
        for ago in range(self.length, -1, -1):
            self._play(ago, orders[ago])
            yield ago
        self._end()

    # -- a day

    def _play(self, ago: int, orders: list[list[Wanted]]) -> None:
        morning = self.now - ago * DAY - datetime.timedelta(hours=2)
        today = self.today - ago * DAY
        with transaction.atomic():
            if ago % 14 == 0:
                self._buy(morning, today)
            if ago % 14 == 8 or ago < 2:
                clock.start_day(at=morning)
            self._hear_suppliers(morning, today)
            if ago:
                self._receive(morning, today)
            for number, order in enumerate(orders):
                self._place(order, at=morning + datetime.timedelta(minutes=number))
            deadlines.keep(at=morning + datetime.timedelta(hours=1))  # what the law has ended must not leave
            if today.weekday() < 5 and ago > 1:
                # The last week was busy: some of what lies ready is late.
                self._ship(morning + datetime.timedelta(hours=1), limit=8 if ago > 6 else 1)
            self._deliver_parcels(morning)
            if ago == ASKED_DAYS_AGO:
                self._ask_a_supplier(morning + datetime.timedelta(hours=1))
        if ago > 6 and ago % 3 == 0:  # then nobody had time: some dates have passed unheard
            self._tell(morning + datetime.timedelta(hours=1, minutes=45))

    def _stock_up(self) -> None:
        at = self.now - (self.length + 1) * DAY
        for sku, product in self.shop.products.items():
            units = max(self.demand[sku] // 6, 5)
            for house, share in ((self.shop.main, 0.8), (self.shop.second, 0.2)):
                counted = int(units * share)
                if counted:
                    counting.adjust_stock(product, warehouse=house, counted=counted, reason="opening", by=None, at=at)

    def _buy(self, at: datetime.datetime, today: datetime.date) -> None:
        """Order what two weeks of demand will need, a little less than that from every supplier."""
        mine: dict[str, list[Product]] = defaultdict(list)
        for product in self.shop.products.values():
            mine[self.shop.supplier_of[product.pk].name].append(product)
        for name, products in mine.items():
            self.number += 1
            eta = today + HABITS[name].lead_days * DAY
            goods = [
                buying.OrderedGoods(
                    product,
                    self.shop.main if self.chance.random() < 0.8 else self.shop.second,
                    max(int(self.demand[product.sku] * self.chance.uniform(0.07, 0.12)), 1),
                    eta_on=eta,
                    confidence="confirmed" if self.chance.random() < 0.6 else "estimate",
                )
                for product in products
            ]
            supplier = self.shop.suppliers[name]
            order = buying.order_goods(f"PO-{self.number:04d}", supplier=supplier, lines=goods, by=None, at=at).made
            for line in order.lines.order_by("id"):
                self.arrivals[line.pk] = eta + self._late_days(name, eta) * DAY

    def _late_days(self, supplier: str, eta: datetime.date) -> int:
        """How late goods come: as the supplier is used to, but what one of them sent lately is held at a border."""
        usual = self.chance.randint(*HABITS[supplier].late)
        return HELD_UP_DAYS if supplier == HELD_UP and eta > self.today - 28 * DAY else usual

    def _hear_suppliers(self, at: datetime.datetime, today: datetime.date) -> None:
        """A week before the date some suppliers say that it will be later."""
        due = (
            PurchaseLine.objects.outstanding().filter(eta_on=today + 7 * DAY).select_related("purchase_order__supplier")
        )
        changes = []
        for line in due.order_by("id"):
            comes = self.arrivals.get(line.pk, today)
            habit = HABITS[line.purchase_order.supplier.name]
            if comes > today + 7 * DAY and self.chance.random() < habit.revises:
                changes.append(etas.EtaChange(line.pk, [etas.EtaPart(comes)]))
        if changes:
            revising.revise_eta(changes, reason_code="production", note="supplier's mail", by=None, at=at)

    def _receive(self, at: datetime.datetime, today: datetime.date) -> None:
        lines = PurchaseLine.objects.outstanding().select_related("purchase_order__supplier").order_by("id")
        arrived = []
        for line in lines:
            if self.arrivals.get(line.pk, today + DAY) <= today:
                short = self.chance.random() < HABITS[line.purchase_order.supplier.name].short
                units = max(line.outstanding // 2, 1) if short else line.outstanding
                damaged = 1 if units > 20 and self.chance.random() < 0.05 else 0
                arrived.append(receiving.Arrival(line.pk, units - damaged, damaged=damaged))
                if units < line.outstanding:
                    self.arrivals[line.pk] = today + 9 * DAY
        if arrived:
            receiving.receive(arrived, by=None, at=at)

    def _place(self, order: list[Wanted], *, at: datetime.datetime) -> None:
        new = placing.NewOrder(
            number=order[0].order,
            customer=self.customers[order[0].customer],
            carrier=self.shop.freight if self.chance.random() < 0.2 else self.shop.parcel,
            lines=[placing.NewLine(line.sku, line.quantity, line.price) for line in order],
            shop=SHOP,
            external_id=order[0].order,
            is_paid=True,
            is_ship_complete=len(order) > 1 and self.chance.random() < 0.6,
        )
        placing.place_order(new, by=None, at=at)

    def _ship(self, at: datetime.datetime, *, limit: int) -> None:
        """Ship orders of which everything lies ready, then parts that have lain for long."""
        ready = (
            Order.objects.filter(lines__allocated__gt=0, placed_at__lt=at - DAY).distinct().order_by("placed_at", "id")
        )
        for order in ready[:limit]:
            lines = list(OrderLine.objects.open().filter(order=order).order_by("id"))
            if order.is_ship_complete and any(line.waiting for line in lines):
                continue
            units = [(line.pk, line.allocated) for line in lines if line.allocated]
            shipping.ship(order, units=units, tracking_number=f"TR{order.number}", by=None, at=at)

    def _deliver_parcels(self, at: datetime.datetime) -> None:
        on_their_way = Shipment.objects.filter(delivered_at=None, shipped_at__lt=at - 3 * DAY).order_by("id")
        for parcel in on_their_way:
            shipping.confirm_delivery(parcel, by=None, at=at)

    def _tell(self, at: datetime.datetime) -> None:
        """Announce, and let a provider of the past accept it: what happened long ago is handed to nobody."""
        announcing.announce_due(at=at)
        with transaction.atomic():
            switch.mail_switch(at=at)
            while True:
                lease, batch = leasing.claim(owner="demo", at=at)
                for message in batch:
                    if gate.open_attempt(message, lease, at=at):
                        marking.mark_accepted(message, lease, provider_id=message.headers["Message-ID"], at=at)
                    else:
                        gate.turn_away(message, lease, at=at)
                if not batch:
                    break

    # -- the last hour

    def _end(self) -> None:
        """Leave real work: a late supplier, a cancelled line, a held mail, and a change nobody was told of yet."""
        minutes: Callable[[int], datetime.datetime] = lambda n: self.now - datetime.timedelta(minutes=n)  # noqa: E731
        behind = PurchaseLine.objects.outstanding().filter(eta_on__gte=self.today).annotate(counting=Count("pegs"))
        lines = list(behind.filter(counting__gt=0).order_by("-counting", "id")[:2])[::-1]
        waiting = OrderLine.objects.waiting().filter(placed_at__lt=self.now - 30 * DAY).order_by("placed_at", "id")
        if line := waiting.first():
            selling.cancel_line(line, reason="the customer did not want to wait", source=None, by=None, at=minutes(90))
        for number, purchase in enumerate(lines):
            later = etas.EtaPart((purchase.eta_on or self.today) + (14 + 7 * number) * DAY)
            change = etas.EtaChange(purchase.pk, [later], "estimate")
            revising.revise_eta(
                [change], reason_code="part_shortage", note="by phone", by=None, at=minutes(55 - 53 * number)
            )
            if not number:
                deadlines.keep(at=minutes(25))
                announcing.announce_due(at=minutes(20))
        self._set_policies()
        self._compensate(minutes(3))
        self._answer(at=minutes(75))
        self._ask_a_supplier(minutes(15))
        self._hear(minutes)
        deadlines.keep(at=self.now)
        pending = Message.objects.filter(state=Message.State.PENDING).order_by("id")
        pending = pending.exclude(kind=Message.Kind.ANSWER_NEEDED)  # the law does not wait for a reader
        of_late_lines = pending.filter(lines__line__promise__told_until__lt=self.today).distinct()
        if held := list(dict.fromkeys([*pending[:2], *of_late_lines[:3]])):
            telling.hold(held, reason="demo: to be read first", by=None, at=minutes(10))

    def _hear(self, minutes: Callable[[int], datetime.datetime]) -> None:
        """Customers ask from their page, decide there, and say how it was."""
        waiting = list(OrderLine.objects.waiting().select_related("order").order_by("-placed_at", "-id")[:40])
        orders = list({line.order_id: line.order for line in waiting}.values())
        texts = ("Will it fit a 1.7 m shelf?", "Kapıya kadar getirir misiniz?", "Can I change the colour?")
        for number, (order, text) in enumerate(zip(orders, texts, strict=False)):
            hearing.ask_question(order, text=text, by=None, at=minutes(300 - 90 * number))
        for order in orders[3:5]:
            deciding.keep_waiting(order, at=minutes(40))
        arrived = Order.objects.filter(shipments__delivered_at__isnull=False).distinct().order_by("-placed_at", "-id")
        for order, marks in zip(arrived[:5], ((5, 9), (4, 8), (5, 10), (2, 4), (3, 7)), strict=False):
            hearing.give_feedback(order, occasion="delivered", csat=marks[0], nps=marks[1], at=minutes(200))

    def _compensate(self, at: datetime.datetime) -> None:
        """One policy that proposes, so that there is something to look at before it is given; one customer in ten is
        held out."""
        terms = policymaking.Terms(
            name="Promise broken by a week",
            trigger="late",
            days=7,
            kind="discount",
            currency="EUR",
            percent=10,
            margin_percent=50,
            budget_month=Decimal(250),
            held_out_percent=10,
            active_from=self.today - self.length * DAY,
        )
        policymaking.write_policy(terms, by=None, at=at)
        awarding.propose(at=at)

    def _ask_a_supplier(self, at: datetime.datetime) -> None:
        """Ask the supplier from whom most is to come, and who was not asked yet, for the dates farthest away."""
        lines = PurchaseLine.objects.outstanding().filter(eta_on__gt=self.today, purchase_order__supplier__email__gt="")
        lines = lines.exclude(purchase_order__supplier__name=SILENT).filter(
            purchase_order__supplier__date_requests__isnull=True
        )
        suppliers = lines.order_by().values_list("purchase_order__supplier").annotate(count=Count("pk"))
        if found := suppliers.order_by("-count", "purchase_order__supplier").first():
            asked = lines.filter(purchase_order__supplier=found[0]).order_by("-eta_on", "id")[:3]
            asking.ask_supplier([line.pk for line in asked], by=None, at=at)

    def _answer(self, *, at: datetime.datetime) -> None:
        """The supplier who was asked last week answers: one date moves, the others stand."""
        lines = RequestLine.objects.filter(RequestLine.OPEN, purchase_line__eta_on__gte=self.today)
        answers: list[proposals.LineAnswer] = []
        for line in lines.select_related("purchase_line").order_by("id"):
            eta, until = line.purchase_line.eta_on, line.purchase_line.eta_until
            if not line.purchase_line.outstanding or eta is None:
                continue
            stands = proposals.LineAnswer(line.pk, "confirm", [etas.EtaPart(eta, until)])
            moves = proposals.LineAnswer(
                line.pk, "move", [etas.EtaPart(eta + 12 * DAY)], "transport", "The ship waits before the canal."
            )
            answers.append(stands if answers else moves)
        if answers:
            proposals.propose(DateRequest.objects.get(), answers=answers, key="demo answer", at=at)

    def _set_policies(self) -> None:
        """Not everything is sold in the same way, and the supplier that never says a word is watched."""
        products = list(self.shop.products.values())
        policies = Product.BackorderPolicy
        for product, policy, limit in zip(
            products, (policies.LIMITED, policies.INBOUND, policies.NEVER), (100, None, None), strict=False
        ):
            Product.objects.filter(pk=product.pk).update(backorder_policy=policy, backorder_limit=limit)
        Product.objects.filter(pk=products[-1].pk).update(longest_wait_days=60)
        Supplier.objects.filter(name=SILENT).update(is_at_risk=True)
