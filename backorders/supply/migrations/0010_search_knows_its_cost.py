from django.db import migrations

from backorders.searching import search_indexes


class Migration(migrations.Migration):
    dependencies = [("supply", "0009_stored_sentences")]

    operations = [
        search_indexes("supply_purchaseorder", "number"),
        search_indexes("supply_supplier", "name"),
    ]
