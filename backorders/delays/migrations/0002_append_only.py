from django.db import migrations

from backorders.changes.appending import append_only


class Migration(migrations.Migration):
    dependencies = [("delays", "0001_cases")]

    operations = [
        append_only("delays_legalevent"),
    ]
