"""What an exchange put on top of what had been paid stands with the line, for exchanges of before too."""

from decimal import Decimal
from typing import Any

from django.db import migrations, models


def fill(apps: Any, _schema_editor: Any) -> None:
    """Follow what was owed on top through the splits and exchanges of paid orders, oldest first."""
    acts = apps.get_model("changes", "ChangeSet").objects.filter(act__in=("split", "substitute")).order_by("id")
    order_lines = apps.get_model("orders", "OrderLine").objects
    paid: dict[int, Decimal] = {}
    for act, was in acts.values_list("act", "before"):
        moves = (
            [(was["line"], was["new_line"])] if act == "substitute" else [(pk, to) for pk, to, _units in was["lines"]]
        )
        lines = order_lines.filter(order__is_paid=True).in_bulk({pk for move in moves for pk in move})
        for pk, to in moves:
            if pk != to and pk in lines and to in lines:
                paid[to] = min(paid.get(pk, lines[pk].price), lines[to].price)
                order_lines.filter(pk=to).update(owed_on_top=lines[to].price - paid[to])


class Migration(migrations.Migration):
    dependencies = [
        ("changes", "0005_stored_sentences"),
        ("orders", "0015_earlier_gifts_name_their_units"),
    ]

    operations = [
        migrations.AddField(
            model_name="orderline",
            name="owed_on_top",
            field=models.DecimalField(
                db_default=Decimal(0),
                decimal_places=2,
                default=Decimal(0),
                help_text="of a unit's price: what an exchange put on top of what had been paid, and nobody collected",
                max_digits=12,
            ),
        ),
        migrations.AddConstraint(
            model_name="orderline",
            constraint=models.CheckConstraint(
                condition=models.Q(("owed_on_top__gte", 0), ("owed_on_top__lte", models.F("price"))),
                name="owed_on_top_is_a_part_of_the_price",
            ),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
