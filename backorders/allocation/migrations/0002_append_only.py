from django.db import migrations

from backorders.changes.appending import append_only


class Migration(migrations.Migration):
    dependencies = [("allocation", "0001_initial")]

    operations = [
        append_only("allocation_promisechange"),
    ]
