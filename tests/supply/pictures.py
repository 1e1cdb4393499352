"""Pictures as tests need them: made by Pillow in memory, with or without what has no business in them."""

import io
from typing import Any

from PIL import Image

from backorders.actions import photographing
from backorders.supply.models import DamagePhoto, PurchaseLine

GPS, MAKE, TURNED = 0x8825, 0x010F, 0x0112


def a_file(kind: str = "JPEG", *, size: tuple[int, int] = (64, 32), colour: str = "red", **saved: Any) -> bytes:
    """A picture of one colour as the bytes of a file."""
    file = io.BytesIO()
    Image.new("RGB", size, colour).save(file, kind, **saved)
    return file.getvalue()


def telling_exif() -> Image.Exif:
    """Metadata that say with what and where a picture was taken, and that it lies on its side."""
    exif = Image.Exif()
    exif[MAKE], exif[TURNED] = "Telltale", 6
    exif.get_ifd(GPS)[1] = "N"
    return exif


def a_photo(line: PurchaseLine, *, key: str = "k", **who: Any) -> DamagePhoto:
    """A picture kept for the receipt with this key."""
    kept = photographing.keep_photos([photographing.Sent(line.pk, "dent.jpg", a_file())], key=key, **who)
    return DamagePhoto.objects.get(pk=kept[0].pk)
