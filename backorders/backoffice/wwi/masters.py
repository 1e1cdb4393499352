"""Who and what: suppliers, products with their sources, customers, and the one warehouse and carrier of the sample."""

from backorders.backoffice.wwi.folder import Folder
from backorders.catalog.models import Category, Product
from backorders.orders.models import Carrier, Customer
from backorders.supply.models import StockLevel, Supplier, SupplierProduct, Warehouse

HOUSE = "WWI"
CARRIER = "WWI delivery"


def bring_masters(folder: Folder) -> None:
    """Write everything that stands before the first order."""
    category = Category.objects.create(name="Wide World Importers", usual_early_days=0, usual_late_days=7)
    house = Warehouse.objects.create(code=HOUSE, name="Wide World Importers")
    Carrier.objects.create(name=CARRIER, transit_days=1)
    suppliers = Supplier.objects.bulk_create(
        Supplier(name=supplier.name, contact_name=supplier.contact, phone=supplier.phone)
        for supplier in folder.suppliers.values()
    )
    ours = dict(zip(folder.suppliers, suppliers, strict=True))
    items = list(folder.items.values())
    products = Product.objects.bulk_create(
        Product(
            sku=f"WWI-{item.id:03d}",
            name=item.name,
            category=category,
            price=item.price,
            cost=item.cost,
            currency="USD",
            weight_grams=item.grams,
        )
        for item in items
    )
    SupplierProduct.objects.bulk_create(
        SupplierProduct(supplier=ours[item.supplier], product=product, cost=item.cost, lead_time_days=item.lead_days)
        for item, product in zip(items, products, strict=True)
    )
    StockLevel.objects.bulk_create(StockLevel(product=product, warehouse=house) for product in products)
    Customer.objects.bulk_create(
        Customer(
            name=customer.name,
            # Nobody of the sample exists: the address is ours, in a domain that does not either, and nothing is mailed.
            email=f"customer{customer.id}@wwi.example",
            is_written_to=False,
            phone=customer.phone,
            is_business=True,
            jurisdiction="US",
            time_zone="America/New_York",
            external_id=f"wwi-{customer.id}",
        )
        for customer in folder.customers.values()
    )
