"""Pictures of damage belong to one receipt, are its evidence, and are forgotten in time."""

import datetime

import pytest

from backorders.access.checking import NotAllowed
from backorders.access.table import SERVICE
from backorders.actions import photographing, receiving
from backorders.actions.photographing import Sent
from backorders.pictures import NotAPicture
from backorders.supply.models import DamagePhoto, PurchaseLine
from tests.factories import AT, a_product, a_purchase, a_user, later
from tests.supply.pictures import a_file, a_photo

pytestmark = pytest.mark.django_db

WHO = {"by": None, "at": AT}
SECOND = datetime.timedelta(seconds=1)


def booked(line: PurchaseLine, key: str = "k") -> object:
    return receiving.receive([receiving.Arrival(line.pk, 1, damaged=1)], key=key, **WHO).change_set


def test_booking_gives_pictures_their_change_set_and_others_none() -> None:
    line = a_purchase(a_product(), 4)
    mine, other = a_photo(line, **WHO), a_photo(line, key="other", **WHO)
    change = booked(line)
    mine.refresh_from_db()
    other.refresh_from_db()
    assert (mine.change_set, other.change_set) == (change, None)


def test_the_same_picture_of_the_same_damage_is_kept_once() -> None:
    line = a_purchase(a_product(), 4)
    for _ in range(2):
        a_photo(line, **WHO)
    assert DamagePhoto.objects.count() == 1


def test_one_file_too_many_keeps_none_of_them_and_one_bad_file_none_of_its_call() -> None:
    line = a_purchase(a_product(), 4)
    colours = [f"#{number:02x}8040" for number in range(0, 26 * 9, 9)]
    sent = [Sent(line.pk, "x", a_file(colour=colour)) for colour in colours]
    photographing.keep_photos(sent[: photographing.MOST], key="k", **WHO)
    with pytest.raises(photographing.TooManyPictures):
        photographing.keep_photos(sent[photographing.MOST :][:1], key="k", **WHO)
    with pytest.raises(NotAPicture):
        photographing.keep_photos([sent[0], Sent(line.pk, "x", b"nothing")], key="other", **WHO)
    assert DamagePhoto.objects.count() == photographing.MOST


def test_only_whoever_added_a_picture_takes_it_away_and_only_before_it_is_booked() -> None:
    line, clerk = a_purchase(a_product(), 4), a_user()
    photo = a_photo(line, by=clerk, at=AT)
    photographing.drop_photo(photo, by=a_user(), at=AT)
    assert DamagePhoto.objects.exists()
    booked(line)
    photographing.drop_photo(photo, by=clerk, at=AT)
    assert DamagePhoto.objects.exists()
    unbooked = a_photo(line, key="other", by=clerk, at=AT)
    photographing.drop_photo(unbooked, by=clerk, at=AT)
    assert not DamagePhoto.objects.filter(key="other").exists()


def test_whoever_may_not_receive_adds_nothing() -> None:
    with pytest.raises(NotAllowed):
        a_photo(a_purchase(a_product(), 4), by=a_user(SERVICE), at=AT)


def test_evidence_is_kept_for_three_years_and_what_was_never_booked_for_two_weeks() -> None:
    line = a_purchase(a_product(), 4)
    a_photo(line, **WHO)
    booked(line)
    a_photo(line, key="never booked", **WHO)
    assert photographing.purge_photos(at=AT + photographing.UNBOOKED - SECOND) == 0
    assert photographing.purge_photos(at=AT + photographing.UNBOOKED) == 1
    assert photographing.purge_photos(at=later(days=3 * 365) - SECOND) == 0
    assert DamagePhoto.objects.get().key == "k"
    assert photographing.purge_photos(at=AT + photographing.KEPT) == 1
    assert not DamagePhoto.objects.exists()
