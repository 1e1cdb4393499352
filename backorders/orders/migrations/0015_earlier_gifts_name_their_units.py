"""Gifts from before `covers` name the units that were open when they were given.

They are reckoned back from what is written down, change by change: what a line is for now, with what was split off it
since, as it was before its quantity was raised, without what had been cancelled or had left by then. What was undone
since counts as if it had not happened; what was changed past the verbs is not known.
"""

from typing import Any

from django.db import migrations

Change = tuple[int, str, dict[str, Any]]


def fill(apps: Any, _schema_editor: Any) -> None:
    """Fill `covers` where it is empty, from the newest gift to the oldest."""
    gifts = list(apps.get_model("orders", "Compensation").objects.filter(covers={}).order_by("-change_set_id", "-id"))
    if not gifts:
        return
    changes = _happened(apps.get_model("changes", "ChangeSet"), since=gifts[-1].change_set_id)
    orders = {gift.order_id for gift in gifts} | {was["made"] for _pk, act, was in changes if act == "split"}
    found = apps.get_model("orders", "OrderLine").objects.filter(order__in=orders).order_by("id")
    lines = {pk: (order, quantity) for pk, order, quantity in found.values_list("id", "order", "quantity")}
    for gift in gifts:
        while changes and changes[0][0] > gift.change_set_id:
            _rewind(lines, changes.pop(0))
        units = {pk: quantity for pk, (order, quantity) in lines.items() if order == gift.order_id}
        if gift.line_id:
            units = {pk: quantity for pk, quantity in units.items() if pk == gift.line_id}
        gone = _gone(apps, gift, list(units))
        gift.covers = {str(pk): max(quantity - gone.get(pk, 0), 0) for pk, quantity in units.items()}
        gift.save(update_fields=["covers"])


def _happened(change_sets: Any, *, since: int) -> list[Change]:
    """What changed how many units lines are, newest first; of what was undone only that an exchange made a line."""
    acts = change_sets.objects.filter(act__in=("split", "substitute", "change_quantity"), pk__gt=since)
    undone = set(change_sets.objects.filter(undoes__in=acts).values_list("undoes", flat=True))
    found = acts.order_by("-id").values_list("id", "act", "before")
    return [change for change in found if change[0] not in undone or change[1] == "substitute"]


def _rewind(lines: dict[int, tuple[int, int]], change: Change) -> None:
    """Let a change not have happened; `lines` are (order, quantity) by id."""
    _pk, act, was = change
    if act == "substitute":
        lines.pop(was["new_line"], None)
    elif act == "change_quantity":
        if was["line"] in lines:
            lines[was["line"]] = (lines[was["line"]][0], was["quantity"])
    else:
        for pk, to, units in was["lines"]:
            if pk in lines:
                lines[pk] = (was["order"], lines[pk][1] + (units if to != pk else 0))


def _gone(apps: Any, gift: Any, lines: list[int]) -> dict[int, int]:
    """How many units of these lines had been cancelled, or had left and were not lost, when a gift was given."""
    gone: dict[int, int] = {}
    before = {"line__in": lines, "change_set__lt": gift.change_set_id}
    cancelled = apps.get_model("orders", "Cancellation").objects.filter(**before)
    parcels = apps.get_model("orders", "ShipmentLine").objects.filter(line__in=lines, shipment__shipped_at__lte=gift.at)
    left = parcels.exclude(shipment__lost_at__lte=gift.at)
    for pk, units in [*cancelled.values_list("line", "quantity"), *left.values_list("line", "quantity")]:
        gone[pk] = gone.get(pk, 0) + units
    return gone


class Migration(migrations.Migration):
    dependencies = [
        ("changes", "0005_stored_sentences"),
        ("orders", "0014_what_money_off_is_given_for"),
    ]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
