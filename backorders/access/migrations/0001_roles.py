"""The six roles are groups; what each may do stands in the code (access/table.py)."""

from django.db import migrations

GROUPS = ("Customer service", "Purchasing", "Warehouse", "Manager", "Auditor", "Administrator")


def make(apps, schema_editor):
    group = apps.get_model("auth", "Group")
    for name in GROUPS:
        group.objects.get_or_create(name=name)


class Migration(migrations.Migration):
    dependencies = [("auth", "0012_alter_user_first_name_max_length")]
    operations = [migrations.RunPython(make, migrations.RunPython.noop)]
