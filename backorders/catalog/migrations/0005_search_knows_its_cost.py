from django.db import migrations

from backorders.searching import search_indexes


class Migration(migrations.Migration):
    dependencies = [("catalog", "0004_honest_words")]

    operations = [
        search_indexes("catalog_product", "sku", "name"),
    ]
