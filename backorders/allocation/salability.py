"""Whether a product may be sold before it arrived: its backorder policy, its longest wait, its supplier's risk; pure.

Sentences complete what names the product, in the language of their reader.
"""

import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from backorders.allocation.joining import Joined
from backorders.allocation.windows import Window
from backorders.catalog.models import Product
from backorders.refusal import said


def objection(
    product: Product, waits: int, joined: Joined, *, waiting: int, leans_on_risk: bool, today: datetime.date
) -> Any:
    """Return nothing if `waits` more units of a product may wait, else the sentence why not.

    `joined` is how they would be supplied, `waiting` how many units of it wait already (read only where the policy
    counts them), `leans_on_risk` whether they would rest on a supplier at risk.
    """
    if not waits:
        return ""
    policy = product.backorder_policy
    if policy == Product.BackorderPolicy.NEVER:
        return said(
            _("only %(available)s available, and it is not sold before it arrives."), available=joined.allocated
        )
    limit = product.backorder_limit or 0
    if policy == Product.BackorderPolicy.LIMITED and waiting + waits > limit:
        return said(_("%(waiting)s units wait already, and at most %(limit)s may."), waiting=waiting, limit=limit)
    if policy == Product.BackorderPolicy.INBOUND and joined.uncovered:
        return said(_("%(uncovered)s more than what is on its way."), uncovered=joined.uncovered)
    return _wait_objection(product, joined.own, today) or (
        _("its supplier is at risk, so no new backorders lean on it.") if leans_on_risk else ""
    )


def _wait_objection(product: Product, window: Window | None, today: datetime.date) -> Any:
    longest = product.longest_wait_days
    if longest is None:
        return ""
    if window is None:
        return said(_("no date can be given, and nobody is to wait longer than %(longest)s days."), longest=longest)
    waits = (window.last - today).days
    if waits <= longest:
        return ""
    return said(_("it would take %(days)s days, and at most %(longest)s are allowed."), days=waits, longest=longest)
