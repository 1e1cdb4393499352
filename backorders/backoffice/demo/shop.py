"""The demo's shop: its warehouses, suppliers, products and customers, read from the slice beside it."""

import csv
import datetime
from decimal import Decimal
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from backorders.catalog.models import Category, Product, Substitute
from backorders.orders.models import Carrier, Customer
from backorders.supply.models import Holiday, Supplier, SupplierProduct, Warehouse

DATA = Path(__file__).parent / "data"


class Habit(NamedTuple):
    """How a supplier keeps its word: days late (from, to), how often it revises, how often it delivers short."""

    late: tuple[int, int]
    revises: float
    short: float
    lead_days: int


# Each supplier fails in its own way, so that every screen has something to show.
HABITS = {
    "Fabrikam, Inc.": Habit((2, 12), 0.6, 0.2, 18),  # late, and says so
    "Litware, Inc.": Habit((-1, 1), 0.1, 0.0, 16),  # punctual, until lately
    "Graphic Design Institute": Habit((0, 4), 0.0, 0.4, 10),  # delivers short
    "The Phone Company": Habit((8, 25), 0.0, 0.0, 21),  # late without a word
    "Northwind Electric Cars": Habit((-3, 3), 0.3, 0.1, 28),
}
CATEGORIES = {
    "Fabrikam, Inc.": "Clothing",
    "Litware, Inc.": "Packaging",
    "Graphic Design Institute": "Mugs",
    "The Phone Company": "USB novelties",
    "Northwind Electric Cars": "Toys",
}


class Wanted(NamedTuple):
    """One line of a historic order."""

    order: str
    days_ago: int
    customer: str
    sku: str
    quantity: int
    price: Decimal


def wanted() -> list[Wanted]:
    """Return the lines of the slice, oldest first."""
    with (DATA / "orders.csv").open(newline="") as file:
        rows = csv.DictReader(file)
        return [
            Wanted(r["order"], int(r["days_ago"]), r["customer"], r["sku"], int(r["quantity"]), Decimal(r["price"]))
            for r in rows
        ]


class Shop:
    """Everything that stands before the first order."""

    def __init__(self, today: datetime.date) -> None:
        self.main = Warehouse.objects.create(code="IST", name="Istanbul", rank=1)
        self.second = Warehouse.objects.create(code="IZM", name="Izmir", rank=2)
        for house in (self.main, self.second):
            for offset, name in ((-60, "Stocktaking"), (20, "Works holiday")):
                Holiday.objects.create(warehouse=house, on=today + datetime.timedelta(days=offset), name=name)
        self.parcel = Carrier.objects.create(
            name="Parcel", transit_days=2, tracking_link="https://tracking.example/{number}"
        )
        self.freight = Carrier.objects.create(name="Freight", transit_days=4)
        self.suppliers = {
            name: Supplier.objects.create(
                name=name,
                email=f"sales{number}@example.com",
                lead_time_days=habit.lead_days,
                language="tr" if number % 2 else "en",
            )
            for number, (name, habit) in enumerate(HABITS.items())
        }
        self.products = self._products()
        self._substitutes()

    @cached_property
    def supplier_of(self) -> dict[int, Supplier]:
        """Who each product is bought from, by product id."""
        sources = SupplierProduct.objects.select_related("supplier")
        return {source.product_id: source.supplier for source in sources}

    def _products(self) -> dict[str, Product]:
        categories = {name: Category.objects.create(name=name) for name in CATEGORIES.values()}
        products = {}
        with (DATA / "products.csv").open(newline="") as file:
            for row in csv.DictReader(file):
                supplier = self.suppliers[row["supplier"]]
                product = Product.objects.create(
                    sku=row["sku"],
                    name=row["name"],
                    category=categories[CATEGORIES[supplier.name]],
                    price=Decimal(row["price"]),
                    cost=Decimal(row["cost"]),
                    weight_grams=int(row["grams"]),
                )
                SupplierProduct.objects.create(supplier=supplier, product=product, cost=product.cost)
                products[product.sku] = product
        return products

    def _substitutes(self) -> None:
        """Neighbouring sizes and colours stand in for each other."""
        skus = sorted(self.products)
        for sku, other in pairwise(skus):
            if self.products[sku].category_id == self.products[other].category_id:
                Substitute.objects.create(product=self.products[sku], substitute=self.products[other])


class Place(NamedTuple):
    """Where a customer lives, and whether it is a shop or a person there: which law of delays there is."""

    jurisdiction: str
    is_business: bool
    time_zone: str


# In turn. Shops of the home market, whose contract decides, and consumers under each pack.
PLACES = [
    Place("TR", True, "Europe/Istanbul"),
    Place("US", False, "America/New_York"),
    Place("TR", True, "Europe/Istanbul"),
    Place("DE", False, "Europe/Berlin"),
    Place("TR", True, "Europe/Istanbul"),
    Place("US", True, "America/New_York"),
    Place("GB", False, "Europe/London"),
    Place("TR", True, "Europe/Istanbul"),
]


def customers(names: list[str]) -> dict[str, Customer]:
    """Return the customers by name: at home two in three read Turkish, one in twelve is a VIP, one cannot be mailed."""
    made = {}
    for number, name in enumerate(names):
        place = PLACES[number % len(PLACES)]
        made[name] = Customer.objects.create(
            name=name,
            email="not an address" if number == 5 else f"customer{number}@example.com",
            phone=f"+90 000 000 {number // 100:02d} {number % 100:02d}",
            language="en" if number % 3 == 0 or place.jurisdiction != "TR" else "tr",
            tier=Customer.Tier.VIP if number % 12 == 0 else number % 3,
            **place._asdict(),
        )
    return made
