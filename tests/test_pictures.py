"""Pictures are kept as they look and as nothing else: no metadata, no second payload, nothing that fills the memory."""

import io
import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from backorders import pictures
from tests.supply.pictures import a_file, telling_exif


@pytest.mark.parametrize("kind", pictures.FORMATS)
def test_what_is_seen_stays(kind: str) -> None:
    kept = pictures.cleaned(a_file(kind), name="x")
    with Image.open(io.BytesIO(kept.content)) as image:
        assert (image.format, image.size) == ("JPEG", (64, 32)) == ("JPEG", (kept.width, kept.height))
        red, green, blue = image.convert("RGB").getpixel((5, 5))  # type: ignore[misc]
        assert red > 240
        assert max(green, blue) < 20


def test_where_and_with_what_it_was_taken_goes_and_it_stands_upright() -> None:
    given_to_us = a_file(exif=telling_exif())
    assert b"Telltale" in given_to_us
    kept = pictures.cleaned(given_to_us, name="x")
    assert (kept.width, kept.height) == (32, 64)
    assert b"Telltale" not in kept.content
    with Image.open(io.BytesIO(kept.content)) as image:
        assert dict(image.getexif()) == {}


def test_what_hangs_behind_the_picture_goes() -> None:
    assert b"<script>" not in pictures.cleaned(a_file() + b"<script>alert(1)</script>", name="x").content


def test_what_is_transparent_becomes_white_and_what_is_large_becomes_small() -> None:
    file = io.BytesIO()
    Image.new("RGBA", (3000, 100), (0, 0, 0, 0)).save(file, "PNG")
    kept = pictures.cleaned(file.getvalue(), name="x")
    assert kept.width == pictures.LONGEST_SIDE
    with Image.open(io.BytesIO(kept.content)) as image:
        assert min(image.convert("RGB").getpixel((9, 9))) > 250  # type: ignore[arg-type,type-var]


def a_bomb(side: int) -> bytes:
    """A PNG that says it is enormous, in a few bytes."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("file", "sentence"),
    [
        (b"", "no picture"),
        (b"%PDF-1.7", "no picture"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "no picture"),
        (a_file("GIF"), "no picture"),
        (a_file("TIFF"), "no picture"),
        (a_file()[:200], "no picture"),
        (a_bomb(8_000), "50 million pixels"),
        (a_bomb(60_000), "no picture"),
        (b"\xff\xd8" + bytes(pictures.MOST_BYTES), "15 MB"),
    ],
    ids=["empty", "pdf", "svg", "gif", "tiff", "cut off", "bomb", "larger bomb", "too many bytes"],
)
def test_what_is_no_picture_is_refused_by_name(file: bytes, sentence: str) -> None:
    with pytest.raises(pictures.NotAPicture, match=sentence) as refusal:
        pictures.cleaned(file, name="dent.jpg")
    assert str(refusal.value).startswith("dent.jpg")


@given(st.binary(max_size=400), st.integers(0, 300))
def test_a_broken_file_is_a_picture_or_refused_and_never_anything_else(noise: bytes, place: int) -> None:
    file = a_file("PNG")
    try:
        kept = pictures.cleaned(file[:place] + noise + file[place + len(noise) :], name="x")
    except pictures.NotAPicture:
        return
    assert kept.content.startswith(b"\xff\xd8")
