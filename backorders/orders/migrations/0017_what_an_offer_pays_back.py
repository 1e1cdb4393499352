"""Offers state what goes back. Those from before say what their mails said: the whole difference."""

from typing import Any

from django.db import migrations, models
from django.db.models import F


def fill(apps: Any, _schema_editor: Any) -> None:
    """Fill `back` with the whole difference, nothing where the price is not lower."""
    offers = apps.get_model("orders", "Offer").objects
    for pk, quantity, less in offers.annotate(less=F("line__price") - F("line__owed_on_top") - F("price")).values_list(
        "pk", "quantity", "less"
    ):
        if less > 0:
            offers.filter(pk=pk).update(back=less * quantity)


class Migration(migrations.Migration):
    dependencies = [
        ("orders", "0016_owed_on_top"),
    ]

    operations = [
        migrations.AddField(
            model_name="offer",
            name="back",
            field=models.DecimalField(
                decimal_places=2,
                default=0,
                help_text="of a lower price for all units, without what was given off before: "
                "what goes back if it is paid",
                max_digits=12,
            ),
            preserve_default=False,
        ),
        migrations.AddConstraint(
            model_name="offer",
            constraint=models.CheckConstraint(
                name="what_an_offer_pays_back_is_not_negative", condition=models.Q(back__gte=0)
            ),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
