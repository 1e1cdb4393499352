from django.db import migrations

from backorders.searching import search_indexes


class Migration(migrations.Migration):
    dependencies = [("catalog", "0002_search_indexes")]

    operations = [
        search_indexes("catalog_product", "sku", "name"),
    ]
