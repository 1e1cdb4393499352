"""Words as lists write them: compared without case, accents, spaces and signs."""

import functools
import unicodedata

_TURKISH = str.maketrans("ıİşŞğĞüÜöÖçÇ", "iisSgGuUoOcC")


@functools.lru_cache(maxsize=50_000)
def folded(text: str) -> str:
    """Return the text as it is compared: "Sevk Tarihi:" and "SEVK TARİHİ" are the same."""
    plain = unicodedata.normalize("NFKD", text.translate(_TURKISH).casefold())
    return "".join(sign for sign in plain if sign.isalnum())


def bare(text: str) -> str:
    """Return the digits of an identifier without what stands around them: "PO-02291" and "P2291" are alike."""
    return "".join(sign for sign in text if sign.isdecimal()).lstrip("0")
