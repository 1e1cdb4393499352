from django.db import migrations

from backorders.notifications.sealing import sealed


class Migration(migrations.Migration):
    dependencies = [("notifications", "0002_next_updates")]

    operations = [sealed()]
