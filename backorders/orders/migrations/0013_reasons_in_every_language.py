"""Why units were cancelled is a person's own words, or a sentence of ours that is kept in every language."""

from django.db import migrations

from backorders.sentences import SentenceField


class Migration(migrations.Migration):
    dependencies = [("orders", "0012_search_knows_its_cost")]

    operations = [migrations.AlterField("cancellation", "reason", SentenceField(blank=True))]
