"""Viewing: the lists a person keeps under a name, and how they want the desk to look and listen."""

import datetime
import zoneinfo
from collections.abc import Mapping

from django.contrib.auth.models import AbstractBaseUser
from django.utils.translation import gettext_lazy as _

from backorders.actions.checking import fitting
from backorders.changes.acting import act
from backorders.desk.models import Preference, SavedView
from backorders.refusal import Refused

MOST_VIEWS = 50


class ViewWithoutName(Refused):
    """A view is found by its name."""


class TooManyViews(Refused):
    """One person keeps more views than anybody finds again."""


class NotYours(Refused):
    """A view of somebody else, which only they or an administrator may change."""


class NoSuchZone(Refused):
    """A time zone that nobody knows."""


class KeyTaken(Refused):
    """Two commands on one key, or a key that is none."""


@act
def save_view(
    name: str,
    *,
    view: str,
    filters: str = "",
    columns: str = "",
    is_team: bool = False,
    is_pinned: bool = True,
    by: AbstractBaseUser,
    at: datetime.datetime,
) -> SavedView:
    """Keep a list with its filters and columns under a name; the same name of the same person is kept anew.

    Raises `ViewWithoutName`, `TooManyViews`, `BadText`.
    """
    name = " ".join(name.split())
    if not name:
        raise ViewWithoutName(_("Give the view a name."))
    fitting(SavedView, name=name, view=view, filters=filters, columns=columns)
    if SavedView.objects.filter(owner=by).exclude(name=name).count() >= MOST_VIEWS:  # type: ignore[misc]
        raise TooManyViews(_("You keep %(most_views)s views already. Delete one first."), most_views=MOST_VIEWS)
    kept = {
        "view": view,
        "filters": filters,
        "columns": columns,
        "is_team": is_team,
        "is_pinned": is_pinned,
        "made_at": at,
    }
    saved, _made = SavedView.objects.update_or_create(owner=by, name=name, defaults=kept)  # type: ignore[misc]
    return saved


@act
def delete_view(saved: SavedView, *, by: AbstractBaseUser) -> None:
    """Forget a saved view: one's own, or anybody's as an administrator. Raises `NotYours`."""
    if saved.owner_id != by.pk and not getattr(by, "is_superuser", False):
        raise NotYours(
            _("“%(saved_name)s” belongs to %(saved_owner)s: only they can delete it."),
            saved_name=saved.name,
            saved_owner=saved.owner,
        )
    saved.delete()


@act
def prefer(
    *,
    theme: str,
    density: str,
    language: str,
    home: str,
    digest: str = Preference.Digest.OFF,
    time_zone: str = "",
    are_keys_on: bool,
    keys: Mapping[str, str],
    by: AbstractBaseUser,
    at: datetime.datetime,
) -> Preference:
    """Keep how a person wants the desk. `keys` maps commands to other keys than the usual.

    An empty time zone is the business's. Raises `KeyTaken`, `NoSuchZone`.
    """
    if any(len(key) != 1 or key.isspace() for key in keys.values()):
        raise KeyTaken(_("A key is one letter, digit or sign."))
    fitting(Preference, theme=theme, density=density, language=language, home=home, digest=digest)
    if time_zone and time_zone not in zoneinfo.available_timezones():
        raise NoSuchZone(_("There is no time zone of this name."))
    looks = {"theme": theme, "density": density, "language": language, "home": home}
    kept = {**looks, "digest": digest, "time_zone": time_zone, "saved_at": at}
    preference, _made = Preference.objects.update_or_create(
        person=by,  # type: ignore[misc]
        defaults={**kept, "are_keys_on": are_keys_on, "keys": dict(keys)},
    )
    return preference


@act
def prefer_columns(columns: str, *, by: AbstractBaseUser, at: datetime.datetime) -> Preference:
    """Keep which columns of the waiting lines a person sees ("item,told"); none: the usual ones. Raises `BadText`."""
    fitting(Preference, columns=columns)
    preference, _made = Preference.objects.update_or_create(
        person=by,  # type: ignore[misc]
        defaults={"columns": columns, "saved_at": at},
    )
    return preference
