from django.db import migrations

from backorders.changes.appending import append_only


class Migration(migrations.Migration):
    dependencies = [("supply", "0001_initial")]

    operations = [
        append_only("supply_etarevision"),
        append_only("supply_receipt"),
        append_only("supply_stockmovement"),
    ]
