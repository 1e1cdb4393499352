"""What nothing on its way covers: those who buy are asked for it, once while they have not read it, until it is."""

import datetime
from collections.abc import Iterable

from django.contrib.auth.models import AbstractBaseUser
from django.db.models import QuerySet, Sum
from django.utils.translation import gettext_lazy as _

from backorders.access.people import name_of
from backorders.access.table import CAPABILITIES
from backorders.allocation.locking import lock_products
from backorders.allocation.models import Promise
from backorders.catalog.models import Product
from backorders.changes.acting import act
from backorders.inbox.models import Notice
from backorders.inbox.posting import administrators, post
from backorders.refusal import Refused


class NothingToBuy(Refused):
    """Everything that is waited for is covered, or the buyers were asked for as many units and have not read it."""


def uncovered_of(products: Iterable[int]) -> QuerySet[Promise]:
    """Return the promises of lines of these products (ids) with waiting units that no supply reaches."""
    return Promise.objects.filter(product__in=products, uncovered__gt=0, line__waiting__gt=0)


def asked_for(product: Product) -> Notice | None:
    """Return what lies unread with a buyer about units of the product that nothing covers, if it does."""
    return Notice.objects.filter(key=_key(product), read_at=None).order_by("-at", "-id").first()


@act
def ask_to_buy(product: Product, *, by: AbstractBaseUser | None, at: datetime.datetime) -> int:
    """Let those who buy find in their inbox how many units of a product nothing covers; return how many hear of it.

    Raises `NothingToBuy`.
    """
    lock_products([product.pk])
    units = uncovered_of([product.pk]).aggregate(units=Sum("uncovered"))["units"] or 0
    known = asked_for(product)
    if not units:
        raise NothingToBuy(_("Everything that is waited for is covered."))
    if known is not None and known.words.get("units") == units:
        raise NothingToBuy(_("The buyers were asked already, and have not read it."))
    to = administrators(CAPABILITIES["buying.order_goods"].roles)
    words = {"product": str(product), "units": units, "person": name_of(by) if by else ""}
    post(Notice.Kind.UNCOVERED, to=to, key=_key(product), object_id=product.pk, words=words, at=at)
    return len(to)


@act
def settle_covered(products: Iterable[int] | None = None, *, how: str = "", at: datetime.datetime) -> int:
    """Let nobody read on that units have to be bought which are covered; return how many notices that settled.

    Of `products` (ids), or of all; `how` is the purchase order that covers them, if one does. Where fewer units are
    left uncovered than were asked for, the notice says how many. Three statements, however many notices there are.
    """
    unread = Notice.objects.filter(kind=Notice.Kind.UNCOVERED, read_at=None)
    if products is not None:
        unread = unread.filter(object_id__in=list(products))
    found = list(unread.order_by("id"))
    asked = {notice.object_id for notice in found if notice.object_id}
    rows_left = uncovered_of(asked).order_by().values_list("product").annotate(units=Sum("uncovered")) if asked else ()
    left = dict(rows_left)
    changed = [notice for notice in found if left.get(notice.object_id, 0) < notice.words.get("units", 0)]
    for notice in changed:
        units = left.get(notice.object_id, 0)
        notice.words = {**notice.words, "units": units} if units else {**notice.words, "settled": how}
        notice.read_at = None if units else max(at, notice.at)
    Notice.objects.bulk_update(changed, ["words", "read_at"])
    return sum(notice.read_at is not None for notice in changed)


def _key(product: Product) -> str:
    return f"to buy:{product.pk}"
