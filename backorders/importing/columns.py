"""Which column holds what: known by its name, by what the same supplier sent last time, or by its cells."""

import datetime
from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from backorders.importing.reading import Row
from backorders.importing.values import read_days, read_units
from backorders.importing.words import folded

ORDER, LINE, SKU, QUANTITY, ETA, UNTIL = "order", "line", "sku", "quantity", "eta", "until"
ROLES = (ORDER, LINE, SKU, QUANTITY, ETA, UNTIL)
HEADER_WITHIN = 10

_NAMES = {
    ORDER: "po|po no|po number|po ref|purchase order|purchase order number|order|order no|order number|your order|"
    "your po|your order no|customer po|siparis|siparis no|siparis numarasi|satin alma siparisi|sas no|sas|bestellung|"
    "bestellnummer",
    LINE: "line|line id|line no|po line|pos|position|purchase line|satir|satir no|kalem|kalem no|sira no",
    SKU: "sku|item|item no|item number|article|article no|part|part no|part number|product|product code|code|"
    "material|stock code|model|urun|urun kodu|stok kodu|malzeme|malzeme kodu|parca no|kod|artikel",
    QUANTITY: "qty|quantity|units|pcs|pieces|amount|open qty|outstanding|order qty|miktar|adet|kalan|"
    "kalan miktar|menge",
    ETA: "eta|date|new date|new eta|delivery date|ship date|shipping date|arrival|arrival date|due date|due|"
    "expected date|expected|confirmed date|promised date|promise date|delivery|tarih|yeni tarih|teslim tarihi|teslim|"
    "sevk tarihi|sevkiyat tarihi|tahmini varis|termin|termin tarihi|varis tarihi|onaylanan tarih|liefertermin",
    UNTIL: "until|to|eta until|latest|last day|end|end date|bitis|bitis tarihi|en gec|son tarih",
}
ALIASES = {folded(name): role for role, names in _NAMES.items() for name in names.split("|")}


def header_of(rows: Sequence[Row]) -> int | None:
    """Return the index of the row that names the columns, or None: it names a date and what it is the date of."""
    for index, row in enumerate(rows[:HEADER_WITHIN]):
        roles = {ALIASES[name] for cell in row if (name := folded(cell)) in ALIASES}
        if ETA in roles and roles & {ORDER, LINE, SKU}:
            return index
    return None


def guessed(
    rows: Sequence[Row],
    header: int | None,
    *,
    remembered: dict[str, str],
    orders: set[str],
    skus: set[str],
    today: datetime.date,
) -> list[str]:
    """Return a role (or nothing) for every column.

    `remembered` are the roles of the same supplier's columns by folded name, `orders` and `skus` the folded numbers
    and SKUs that its cells may hold.
    """
    width = max((len(row) for row in rows), default=0)
    names = [folded(cell) for cell in rows[header]] if header is not None else []
    names += [""] * (width - len(names))
    below = rows[(header + 1 if header is not None else 0) :]
    columns = [[row[index] for row in below if index < len(row) and row[index]] for index in range(width)]
    roles = [remembered.get(name, "") if name in remembered else ALIASES.get(name, "") for name in names]
    roles = _once(roles)
    looks = {
        ORDER: lambda cell: folded(cell) in orders,
        SKU: lambda cell: folded(cell) in skus,
        ETA: lambda cell: not cell.isdecimal() and bool(read_days(cell, today=today)),
        QUANTITY: lambda cell: bool(read_units(cell)),
    }
    for role, look in looks.items():
        if role not in roles and header is None:
            free = [index for index in range(width) if not roles[index] and columns[index]]
            likely = [(sum(map(look, columns[index])) / len(columns[index]), -index) for index in free]
            if likely and (best := max(likely))[0] >= 0.6:
                roles[-best[1]] = role
    return roles


def named(rows: Sequence[Row], header: int | None, width: int) -> list[str]:
    """Return what each column is called; nothing where the list does not say."""
    names = list(rows[header]) if header is not None else []
    return [str(name) for name in (names + [""] * width)[:width]]


def _once(roles: list[str]) -> list[str]:
    """Keep the first column of every role."""
    return [role if role not in roles[:index] else "" for index, role in enumerate(roles)]


def missing(roles: Sequence[str]) -> Any:
    """Return what these roles of columns leave unsaid that is needed, or nothing."""
    if ETA not in roles:
        return _("Say which column holds the new date.")
    if not set(roles) & {ORDER, LINE, SKU}:
        return _("Say which column holds the purchase order, its line or the SKU.")
    return ""


def remembered_header(listed: Sequence[Sequence[str]], known: Mapping[str, str]) -> int | None:
    """Return the row that names the columns as this supplier's list did before."""
    for index, row in enumerate(listed[:HEADER_WITHIN]):
        named = {folded(cell) for cell in row} - {""}
        if named and named <= set(known):
            return index
    return None
