"""How customers are reached is shown to those who reach them; others see that there is an address, not which."""

import re
from typing import Any

ADDRESS = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]+@(?:[\w-]+\.)+[\w-]+")
LINK = re.compile(r"(/o/)[\w-]{8,}")  # a customer's own way to the status page opens it to whoever has it


def sees_contacts(person: Any) -> bool:
    """Whether this person sees how customers are reached."""
    return bool(person.has_perm("contacts.see"))


def masked(text: str) -> str:
    """Return an address or a phone number with what tells it apart left out: "a…@…", "… 14"."""
    if not text:
        return ""
    name, at, _host = text.partition("@")
    return f"{name[:1]}…@…" if at else f"… {text[-2:]}"


def masked_words(text: str) -> str:
    """Return a text with every address and every customer's link in it masked."""
    return LINK.sub(r"\1…", ADDRESS.sub(lambda found: masked(found[0]), text))
