"""Sentences are stored in every language in texts that stay as they are: no row is written, no table made anew."""

from django.db import migrations

from backorders.sentences import SentenceField


class Migration(migrations.Migration):
    dependencies = [("changes", "0004_limits_of_giving")]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField(
                    "approval", "why", SentenceField(help_text="why it needs a second person, as its asker was told")
                ),
                migrations.AlterField("changeset", "reason", SentenceField(blank=True)),
            ]
        ),
    ]
