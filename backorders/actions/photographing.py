"""Photographing: pictures of damage are kept beside a receipt, before it is booked and after, and forgotten in time."""

import datetime
import hashlib
from collections.abc import Sequence
from typing import NamedTuple

from django.contrib.auth.models import AbstractBaseUser
from django.utils.translation import gettext_lazy as _

from backorders.actions.checking import fitting
from backorders.changes.acting import act
from backorders.pictures import cleaned
from backorders.refusal import Refused
from backorders.supply.models import DamagePhoto, PurchaseLine

MOST = 12  # of one receipt
KEPT = datetime.timedelta(days=3 * 365)  # as long as a supplier can be held to a delivery
UNBOOKED = datetime.timedelta(days=14)  # a receipt that waits for approval is decided by then
BATCH = 50


class TooManyPictures(Refused):
    """A receipt has as many pictures as are kept of one."""


class Sent(NamedTuple):
    """A file as it was sent, and the purchase line whose damage it shows."""

    purchase_line_id: int
    name: str
    data: bytes


@act
def keep_photos(
    sent: Sequence[Sent], *, key: str, by: AbstractBaseUser | None, at: datetime.datetime
) -> list[DamagePhoto]:
    """Keep pictures for the receipt that will be booked under `key`; the same picture twice is one.

    Raises `NotAPicture` and `TooManyPictures`; then nothing of these files is kept.
    """
    lines = PurchaseLine.objects.in_bulk({each.purchase_line_id for each in sent})
    fitting(DamagePhoto, key=key)
    made = []
    for each in sent:
        content, width, height = cleaned(each.data, name=each.name)
        made.append(
            DamagePhoto(
                purchase_line=lines[each.purchase_line_id],
                key=key,
                by=by,  # type: ignore[misc]  # the stubs know only the default user model
                added_at=at,
                content=content,
                width=width,
                height=height,
                digest=hashlib.sha256(content).hexdigest(),
            )
        )
    DamagePhoto.objects.bulk_create(made, ignore_conflicts=True)
    kept = DamagePhoto.objects.filter(key=key)
    if kept.count() > MOST:
        raise TooManyPictures(_("At most %(most)s pictures are kept of a receipt."), most=MOST)
    return list(kept.defer("content"))


@act
def drop_photo(photo: DamagePhoto, *, by: AbstractBaseUser, at: datetime.datetime) -> None:
    """Take away a picture that somebody added to a receipt that is not booked; of a booked one nothing is taken."""
    DamagePhoto.objects.filter(pk=photo.pk, by=by.pk, change_set=None).delete()


def purge_photos(*, at: datetime.datetime) -> int:
    """Forget pictures that were kept long enough, and those whose receipt was never booked; return how many."""
    count = 0
    while purged := _purge_some(at=at):
        count += purged
    return count


@act
def _purge_some(*, at: datetime.datetime) -> int:
    old = DamagePhoto.objects.filter(added_at__lte=at - KEPT)
    old |= DamagePhoto.objects.filter(change_set=None, added_at__lte=at - UNBOOKED)
    ids = list(old.order_by("id").values_list("id", flat=True)[:BATCH])
    DamagePhoto.objects.filter(pk__in=ids).delete()
    return len(ids)
