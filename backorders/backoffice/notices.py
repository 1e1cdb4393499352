"""Notices in the reader's words, and where each leads."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from django.apps import apps
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from backorders.access.checking import in_words
from backorders.access.table import CAPABILITIES, group_names, roles_with
from backorders.backoffice.jobs import KINDS
from backorders.changes.acts import act_name
from backorders.desk.models import Follow
from backorders.inbox.models import Notice

Kind = Notice.Kind
COUNTED = (Kind.CALL, Kind.SUPPLIER_CALL, Kind.PROPOSAL)  # their sentences say how many


class Shown(NamedTuple):
    """One notice as its reader sees it."""

    notice: Notice
    sentence: str
    url: str
    way: str

    @property
    def about(self) -> str:
        """What it is about, as the inbox groups it; nothing where it is about no one thing."""
        words = self.notice.words
        return str(next(filter(None, map(words.get, ("name", "number", "product", "supplier"))), ""))

    @property
    def times(self) -> int:
        """How often it came, where the sentence does not say how much it is."""
        notice = self.notice
        says_count = notice.kind in COUNTED or notice.words.get("thing") == Follow.Thing.VIEW
        return 1 if says_count else notice.count


class Group(NamedTuple):
    """Notices about one thing, in the order they came in."""

    about: str
    shown: list[Shown]


PLACES = {
    Follow.Thing.ORDER: "order",
    Follow.Thing.PRODUCT: "product_supply",
    Follow.Thing.PURCHASE_ORDER: "purchase_order",
    Follow.Thing.VIEW: "saved_lines",
}


def grouped(found: Iterable[Notice]) -> list[Group]:
    """Return notices by what they are about, that with the first of them first; those about no one thing at the end."""
    groups: dict[str, list[Shown]] = {}
    for each in map(shown, found):
        groups.setdefault(each.about, []).append(each)
    return sorted((Group(about, of_it) for about, of_it in groups.items()), key=lambda group: not group.about)


def shown(notice: Notice) -> Shown:
    """Return a notice with its sentence and the way to what it is about."""
    words, number = notice.words, notice.object_id
    match notice.kind:
        case Kind.ACCESS_ASKED:
            said = {"person": words.get("person", ""), "what": label_of(words.get("permission", ""))}
            sentence = _("%(person)s asks for access: %(what)s.") % said
            return Shown(notice, sentence, reverse("admin:auth_user_change", args=[number]), _("Open the person"))
        case Kind.APPROVAL_ASKED:
            said = {"person": words.get("person", ""), "about": words.get("about", "")}
            sentence = _("%(person)s asks for approval: %(about)s") % said
            return Shown(notice, sentence, reverse("admin:approval", args=[number]), _("Look and decide"))
        case Kind.APPROVAL_DECIDED:
            outcome = {"approved": _("Approved"), "refused": _("Refused"), "expired": _("Expired")}
            sentence = f"{outcome.get(words.get('state', ''), '')}: {words.get('about', '')}"
            return Shown(notice, sentence, reverse("admin:approval", args=[number]), _("Open the request"))
        case Kind.SUPPLIER_CALL:
            sentence = ngettext(
                "%(count)s supplier is to be called.", "%(count)s suppliers are to be called.", notice.count
            )
            return Shown(notice, sentence % {"count": notice.count}, reverse("admin:proposals"), _("Open the answers"))
        case Kind.SUPPLIER_SILENT:
            said = {"count": words.get("mails", 0), "supplier": words.get("supplier", "")}
            sentence = ngettext(
                "%(supplier)s has not answered %(count)s mail, and no other leaves by itself: somebody has to call.",
                "%(supplier)s has not answered %(count)s mails, and no other leaves by itself: somebody has to call.",
                said["count"],
            )
            return Shown(notice, sentence % said, reverse("admin:proposals"), _("Open the answers"))
        case Kind.PROPOSAL:
            said = {"count": notice.count, "supplier": words.get("supplier", "")}
            sentence = ngettext(
                "%(supplier)s answered of %(count)s line.", "%(supplier)s answered of %(count)s lines.", notice.count
            )
            return Shown(notice, sentence % said, reverse("admin:proposals"), _("Open the answers"))
        case Kind.ETA_PROPOSED:
            said = {"person": words.get("person", ""), "line": words.get("line", "")}
            sentence = _("%(person)s proposes an ETA of %(line)s.") % said
            url = reverse("admin:accept_proposed_eta", args=[number or 0])
            return Shown(notice, sentence, url, _("Look and decide"))
        case Kind.ETA_DECIDED:
            said = {name: words.get(name, "") for name in ("person", "line", "reason")}
            sentence = _("%(person)s accepted the ETA of %(line)s that you proposed.") % said
            if words.get("state") != "accepted":
                sentence = _("%(person)s declined the ETA of %(line)s that you proposed: %(reason)s") % said
            url = reverse("admin:purchase_order", args=[number or 0])
            return Shown(notice, sentence, url, _("Purchase order"))
        case Kind.SHORT:
            said = {"number": words.get("number", ""), "count": words.get("units", 0)}
            sentence = ngettext(
                "%(number)s came short by %(count)s unit: when does the rest come?",
                "%(number)s came short by %(count)s units: when does the rest come?",
                said["count"],
            )
            url = reverse("admin:purchase_order_eta", args=[number or 0])
            return Shown(notice, sentence % said, url, _("Set the ETA of the rest"))
        case Kind.UNCOVERED:
            said = {"product": words.get("product", ""), "count": words.get("units", 0), "person": words.get("person")}
            sentence = ngettext(
                "No purchase order covers %(count)s unit of %(product)s: it has to be bought (%(person)s asks).",
                "No purchase order covers %(count)s units of %(product)s: they have to be bought (%(person)s asks).",
                said["count"],
            )
            covered = {True: _("Settled: %(order)s covers it."), False: _("Settled: nothing is uncovered any more.")}
            settled = covered[bool(words.get("settled"))] % {"order": words["settled"]} if "settled" in words else ""
            told = f"{sentence % said} {settled}".strip()
            return Shown(notice, told, reverse("admin:product_supply", args=[number or 0]), _("Supply"))
        case Kind.FOLLOWED:
            url = reverse(f"admin:{PLACES[words.get('thing', Follow.Thing.ORDER)]}", args=[number or 0])
            return Shown(notice, _followed(notice), url, _("Open"))
        case Kind.JOB:
            said = {"job": KINDS.get(words.get("kind", "")) or _("A job"), "about": words.get("about", "")}
            ended = {"done": _("%(job)s is done: %(about)s."), "stopped": _("%(job)s was stopped: %(about)s.")}
            sentence = ended.get(words.get("state", ""), _("%(job)s failed: %(about)s.")) % said
            return Shown(notice, sentence, reverse("admin:job", args=[number or 0]), _("Open the job"))
    sentence = ngettext("%(count)s customer is to be called.", "%(count)s customers are to be called.", notice.count)
    return Shown(notice, sentence % {"count": notice.count}, reverse("admin:calls"), _("Open the calls"))


def _followed(notice: Notice) -> str:
    words = notice.words
    if words.get("thing") == Follow.Thing.VIEW:
        said = ngettext("%(count)s new line in “%(name)s”.", "%(count)s new lines in “%(name)s”.", notice.count)
        return said % {"count": notice.count, "name": words.get("name", "")}
    parts = [act_name(name) for name in words.get("acts", ())]
    parts += [_("the expected date moved")] if words.get("is_move") else []
    return f"{words.get('name', '')}: {', '.join(parts)}."


def label_of(permission: str) -> str:
    """Return what a permission allows, in the reader's words: a verb's label, or a kind of record."""
    if permission in CAPABILITIES:
        return str(CAPABILITIES[permission].label)
    app, _dot, codename = permission.partition(".")
    way, _bar, model = codename.partition("_")
    try:
        names = apps.get_model(app, model)._meta.verbose_name_plural
    except LookupError:
        return _("this page")
    return (_("see %(records)s") if way == "view" else _("change %(records)s")) % {"records": names}


def who_has(permission: str) -> str:
    """Return the roles that have a permission, in the reader's words."""
    return in_words(group_names(roles_with(permission)))


def permission_of_page(name: str) -> str:
    """Return the permission of a page of the plain admin by its name: "orders_order_change"; nothing if it is none."""
    parts: list[Any] = name.rsplit("_", 2)
    ways = {"changelist": "view", "change": "view", "history": "view", "add": "add", "delete": "delete"}
    return f"{parts[0]}.{ways[parts[2]]}_{parts[1]}" if len(parts) == 3 and parts[2] in ways else ""
