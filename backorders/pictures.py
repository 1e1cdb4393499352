"""Pictures from outside: looked at by decoding, and written anew, so that nothing but what is seen on them is kept.

No metadata (place, camera, author), no second payload behind the picture, no size that fills the memory. Knows nothing
of goods; Pillow decodes.
"""

import io
from typing import NamedTuple

from django.utils.translation import gettext_lazy as _
from PIL import Image, ImageOps

from backorders.refusal import Refused

MOST_BYTES = 15_000_000
MOST_PIXELS = 50_000_000  # the largest a telephone takes; what unpacks to more is no photograph
LONGEST_SIDE = 2048  # pixels kept: a dent and a label are read on it
QUALITY = 85
FORMATS = ("JPEG", "PNG", "WEBP")


class NotAPicture(Refused):
    """The file is no picture that we read, or too large for one."""


class Picture(NamedTuple):
    """A picture as it is kept: a JPEG without metadata, at most `LONGEST_SIDE` pixels wide and high."""

    content: bytes
    width: int
    height: int


def cleaned(data: bytes, *, name: str) -> Picture:
    """Return the picture in a file called `name`, turned upright and written anew. Raises `NotAPicture`."""
    if len(data) > MOST_BYTES:
        raise NotAPicture(_("%(name)s is larger than 15 MB. Nothing of it was kept."), name=name)
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            if image.width * image.height > MOST_PIXELS:
                raise NotAPicture(_("%(name)s has more than 50 million pixels. Nothing of it was kept."), name=name)
            image.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
            upright = ImageOps.exif_transpose(image)
            upright.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
            plain = Image.new("RGB", upright.size, "white")
            shape = upright.convert("RGBA")
            plain.paste(shape, mask=shape)
    except (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise NotAPicture(
            _("%(name)s is no picture that can be read: send a JPEG, PNG or WebP. Nothing of it was kept."), name=name
        ) from None
    written = io.BytesIO()
    plain.save(written, "JPEG", quality=QUALITY, optimize=True)
    return Picture(written.getvalue(), *plain.size)
