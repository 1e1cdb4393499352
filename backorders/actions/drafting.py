"""Drafting: what somebody has begun to write about an order is kept for them until it is written or thrown away."""

import datetime

from django.contrib.auth.models import AbstractBaseUser
from django.utils.translation import gettext_lazy as _

from backorders.access.checking import check
from backorders.actions.checking import BadText, a_text
from backorders.changes.acting import act
from backorders.desk.models import Draft
from backorders.orders.models import Order
from backorders.refusal import Stale

LONGEST = 20_000
BETWEEN = "\n\n· · ·\n\n"
VERBS = {Draft.Kind.NOTE: "caring.write_note", Draft.Kind.MESSAGE: "caring.write_message"}


class DraftWentOn(Stale):
    """The same person wrote on in another window: its words are kept, these are not yet."""


@act
def keep_draft(
    order: Order,
    *,
    kind: str,
    text: str,
    seen_version: int = 0,
    joins: bool = False,
    by: AbstractBaseUser,
    at: datetime.datetime,
) -> Draft | None:
    """Keep what was written so far; an empty text throws the draft away. `seen_version` is nought where none was seen.

    Where another window kept something else meanwhile, nothing is overwritten: with `joins` the texts are put one
    under the other, without it `DraftWentOn` is raised. Raises `BadText`.
    """
    check(VERBS[Draft.Kind(kind)], by=by)
    if len(text) > LONGEST:
        raise BadText(_("A draft of more than %(longest)s characters is not kept."), longest=LONGEST)
    text = a_text(text)
    mine = Draft.objects.select_for_update(of=("self",)).filter(person=by.pk, order=order, kind=kind)
    known = mine.first()
    if known and known.version != seen_version and known.text != text:
        if not joins:
            raise DraftWentOn(_("You wrote on in another window. Its words are kept; open the order anew to see them."))
        text = f"{known.text}{BETWEEN}{text}" if text.strip() else known.text
    if not text.strip():
        mine.delete()
        return None
    if known is None:
        return Draft.objects.create(person_id=by.pk, order=order, kind=kind, text=text, kept_at=at)
    known.text, known.version, known.kept_at = text, known.version + (known.text != text), at
    known.save(update_fields=["text", "version", "kept_at"])
    return known
