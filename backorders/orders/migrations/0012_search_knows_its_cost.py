from django.db import migrations

from backorders.searching import search_indexes


class Migration(migrations.Migration):
    dependencies = [("orders", "0011_lost_parcels")]

    operations = [
        search_indexes("orders_order", "number", "external_id"),
        search_indexes("orders_customer", "name", "email", "phone"),
        search_indexes("orders_shipment", "tracking_number"),
    ]
