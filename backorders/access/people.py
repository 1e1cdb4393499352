"""People of the staff, as colleagues name them."""

from django.contrib.auth.models import AbstractBaseUser


def name_of(person: AbstractBaseUser) -> str:
    """Return what colleagues call somebody: the full name, or the name they log in with."""
    return person.get_full_name() or person.get_username()  # type: ignore[attr-defined]
