"""Sentences are stored in every language in texts that stay as they are: no row is written, no table made anew."""

from django.db import migrations

from backorders.sentences import SentenceField


class Migration(migrations.Migration):
    dependencies = [("notifications", "0019_notices_to_the_address_we_had")]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField("message", "last_error", SentenceField(blank=True)),
            ]
        ),
        migrations.AlterField("calltask", "why", SentenceField()),
    ]
