"""One row of the list as HTML, put together here: fifty rows of template tags take longer than all the rest of a page.

Every value from outside goes through `escape`; what is not escaped is our own words, numbers and addresses.
"""

from collections.abc import Callable, Collection, Sequence
from typing import Any, NamedTuple

from django.urls import reverse
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from backorders.backoffice.workbench.columns import Column
from backorders.backoffice.workbench.rows import Mark

Cell = Callable[[dict[str, Any], "Words"], str]


class Words(NamedTuple):
    """The words that every row says, in the reader's language, and the addresses it leads to."""

    choose: str
    peek: str
    rank: str
    told: str
    expected: str
    slip: str
    wait: str
    value: str
    ready: str
    ordered: str
    reason: str
    tier_name: str
    owner: str
    estimate: str
    order: str
    line: str


def words(query: str = "") -> Words:
    """Return them, once for a page. The addresses have a nought where the row's own number goes.

    `query` is that of the list: with it an order's page knows the way back, and what comes before and after.
    """
    said = [_("Choose"), _("Peek"), _("Why this rank"), _("Told"), _("Expected"), _("Slip"), _("Wait"), _("Value")]
    said += (_("Ready"), _("Ordered on"), _("Reason"), _("Tier"), _("Owner"))
    shown = (escape(word) for word in [*said, _("estimate")])
    order = reverse("admin:order", args=[0]) + (f"?{query}" if query else "")
    return Words._make([*shown, order, reverse("admin:peek", args=[0])])


def row(shown: dict[str, Any], said: Words, *, columns: Sequence[Column], ticked: Collection[int]) -> SafeString:
    """Return a row as it stands in the table; `shown` is what `rows.Writer.shown` made."""
    line, order, sku = shown["line"], escape(shown["order"]), escape(shown["sku"])
    is_ticked = line in ticked
    currency = escape(shown["currency"])
    cells = [CELLS[column.name](shown, said) for column in columns if column.name != "needs"]
    needs = _needs(shown, said) if any(column.name == "needs" for column in columns) else ""
    here = said.order.replace("/0/", f"/{shown['order_id']}/")
    peek = said.line.replace("/0/", f"/{line}/")
    vip = ' <span class="badge vip">VIP</span>' if shown["is_vip"] else ""
    owner = f' <span class="owner">@{escape(shown["owner"])}</span>' if shown["owner"] else ""
    return mark_safe(  # noqa: S308 everything from outside is escaped above or right here
        f'<tr data-line="{line}" data-customer="{shown["customer_id"]}" data-worth="{shown["worth"]}" '
        f'data-currency="{currency}"{_class(is_ticked)}>'
        f'<td class="tick"><input type="checkbox" form="bulk" name="line" value="{line}" '
        f'aria-label="{said.choose} {order} {sku}"{" checked" if is_ticked else ""}></td>'
        f'{needs}<th scope="row" class="wraps"><a href="{escape(here)}">{order}</a> '
        f"{escape(shown['customer'])}{vip}{owner}</th>"
        f'{"".join(cells)}<td class="peek"><a href="{peek}" data-peeks>{said.peek}'
        f'<span class="visually-hidden"> {order}</span></a></td></tr>\n'
    )


def _needs(shown: dict[str, Any], said: Words) -> str:
    return (
        f'<td class="needs"><details class="why"><summary title="{said.rank}">{marks(shown["marks"])}</summary>'
        f"<p>{escape(shown['why'])}</p></details></td>"
    )


def _item(shown: dict[str, Any], said: Words) -> str:
    name = f'<span class="sku">{escape(shown["sku"])}</span> {escape(shown["product"])}'
    return f'<td class="item"><span class="name">{name} ×&nbsp;{shown["units"]}</span></td>'


def _expected(shown: dict[str, Any], said: Words) -> str:
    estimate = f' <span class="quiet below">{said.estimate}</span>' if shown["is_estimate"] else ""
    return f'<td data-label="{said.expected}">{escape(shown["expected"])}{estimate}</td>'


def _plain(name: str, *, css: str = "") -> Cell:
    label = {"ordered_on": "ordered"}.get(name, name)
    return lambda shown, said: (
        f'<td{css} data-label="{getattr(said, label)}">{escape(shown[name] if shown[name] is not None else "–")}</td>'
    )


NUMBER = ' class="number"'
CELLS: dict[str, Cell] = {
    "item": _item,
    "told": _plain("told"),
    "expected": _expected,
    "slip": _plain("slip", css=NUMBER),
    "wait": _plain("wait", css=NUMBER),
    "value": lambda shown, said: (
        f'<td class="number" data-label="{said.value}">{escape(shown["value"])} {escape(shown["currency"])}</td>'
    ),
    "ready": _plain("ready", css=NUMBER),
    "ordered": _plain("ordered_on"),
    "reason": _plain("reason"),
    "tier": _plain("tier_name"),
    "owner": _plain("owner"),
}


def marks(shown: Sequence[Mark]) -> str:
    """Return the marks as badges: a sign for those who see no colours, then the word."""
    badges = (f'<span class="badge {mark.tone}">{_sign(mark)}{escape(mark.label)}</span>' for mark in shown)
    return "".join(badges) or '<span class="badge">–</span>'


def _sign(mark: Mark) -> str:
    return f'<span aria-hidden="true">{mark.sign}</span> ' if mark.sign else ""


def _class(is_ticked: bool) -> str:
    return ' class="ticked"' if is_ticked else ""
