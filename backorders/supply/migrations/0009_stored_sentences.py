"""Sentences are stored in every language in texts that stay as they are: no row is written, no table made anew."""

from django.db import migrations

from backorders.sentences import SentenceField


class Migration(migrations.Migration):
    dependencies = [("supply", "0008_damage_photos")]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField("etarevision", "note", SentenceField(blank=True)),
            ]
        ),
    ]
