"""What every record's plain admin has in common: fast on a million rows, read-only where a verb owns the change."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from django.contrib import admin
from django.db import models
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from backorders.backoffice.admin.seen import SeenAdmin
from backorders.backoffice.masking import masked, sees_contacts
from backorders.backoffice.paging import CappedPaginator
from backorders.backoffice.zones import reader_zone
from backorders.searching import holds, matching

# More matches than this in a related table are too vague a search to follow.
RELATED_AT_MOST = 500
# Whoever may not see an address may not guess it by searching either.
CONTACTS = {"email", "phone", "address", "recipient"}
# Fields whose name is no heading for a choice, and what is chosen by them.
FILTERS = {
    "is_active": _("on sale"),
    "is_announced": _("said to the customer"),
    "is_at_risk": _("at risk"),
    "is_business": _("business customer"),
    "is_paid": _("paid"),
    "is_ship_complete": _("sent in one parcel only"),
    "answered_at": _("answered"),
    "delivered_at": _("delivered"),
    "done_at": _("done"),
    "paid_at": _("paid back"),
}


class RecordAdmin(SeenAdmin):
    """The plain admin of one record.

    `search_fields` are columns of the record's own table; `search_related` names, for a foreign key, the columns to
    look in over there. The related rows are found first, so that every condition of the list itself has an index.
    """

    paginator = CappedPaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    list_per_page = 50
    list_max_show_all = 0
    search_related: Mapping[str, Sequence[str]] = {}
    deletable = False
    # How somebody is reached: masked in lists, left out elsewhere for those whose role does not see it.
    contact_fields: Sequence[str] = ()
    # Columns that lead to an act: which permission each needs.
    column_needs: Mapping[str, str] = {}
    # Screens that do what the list is about: (name of the address, label, permission).
    screens: Sequence[tuple[str, Any, str]] = ()

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Show the list under the records' own name."""
        own = {
            "title": capfirst(self.opts.verbose_name_plural),
            "screens": [
                (reverse(f"admin:{name}"), label) for name, label, may in self.screens if request.user.has_perm(may)
            ],
        }
        page = super().changelist_view(request, {**own, **(extra_context or {})})
        with timezone.override(reader_zone()):  # what is listed was asked for in the business's
            return page.render() if isinstance(page, TemplateResponse) else page

    def get_list_display(self, request: HttpRequest) -> "list[Any]":
        """Return the columns this person may use, how people are reached masked where it is not theirs to see."""
        shown = [
            name
            for name in super().get_list_display(request)
            if name not in self.column_needs or request.user.has_perm(self.column_needs[str(name)])
        ]
        if sees_contacts(request.user):
            return shown
        return [self._masked(str(name)) if name in self.contact_fields else name for name in shown]

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """Return the list, its filters named as people say them."""
        made = super().get_changelist_instance(request)
        for spec in made.filter_specs:
            spec.title = FILTERS.get(getattr(spec, "field_path", ""), spec.title)
        return made

    def get_exclude(self, request: HttpRequest, obj: Any = None) -> Any:
        """Leave out how people are reached where it is not this person's to see."""
        hidden = () if sees_contacts(request.user) else self.contact_fields
        return [*(super().get_exclude(request, obj) or ()), *hidden]

    def _masked(self, name: str) -> Callable[[Any], str]:
        def shown(record: Any) -> str:
            return masked(str(getattr(record, name)))

        named: Any = self.model._meta.get_field(name)
        return admin.display(shown, description=named.verbose_name, empty_value="–")

    def get_search_fields(self, request: HttpRequest) -> list[str]:
        """Return every column searched, so that the list shows its search box."""
        related = [f"{name}__{field}" for name, fields in self.search_related.items() for field in fields]
        return [*self.search_fields, *related]

    def get_search_results(
        self, request: HttpRequest, queryset: "models.QuerySet[Any]", search_term: str
    ) -> "tuple[models.QuerySet[Any], bool]":
        """Find the term in the record's own columns or in the related tables."""
        term = search_term.strip()
        if not term:
            return queryset, False
        is_open = sees_contacts(request.user)
        rule = holds([name for name in self.search_fields if is_open or name not in CONTACTS], term)
        for name, columns in self.search_related.items():
            fields = [column for column in columns if is_open or column not in CONTACTS]
            related: Any = self.model._meta.get_field(name).related_model
            found = matching(related._default_manager.order_by(), fields, term)
            rule |= Q(**{f"{name}__in": list(found.values_list("pk", flat=True)[:RELATED_AT_MOST])})
        return queryset.filter(rule), False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nothing is deleted that history may hang on."""
        return self.deletable and super().has_delete_permission(request, obj)


class WhetherFilter(admin.EmptyFieldListFilter):
    """Whether something has happened: the moment is there or not."""

    def choices(self, changelist: Any) -> Iterator[Any]:
        """Yield all, no and yes."""
        for choice, word in zip(super().choices(changelist), (_("All"), _("No"), _("Yes")), strict=True):
            yield {**choice, "display": word}


class LedgerAdmin(RecordAdmin):
    """The plain admin of what verbs write and nobody rewrites: to be read only."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Only a verb adds to it."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody rewrites it."""
        return False


def link(name: str, text: object, *args: object, query: str = "") -> SafeString:
    """Return a link to one of our screens."""
    return format_html('<a href="{}{}">{}</a>', reverse(f"admin:{name}", args=args), query and f"?{query}", text)


def column(description: Any, *, order: str | None = None) -> Callable[[Callable[..., Any]], Any]:
    """Give a list column its heading and, where an index carries it, its order."""
    return admin.display(description=description, ordering=order, empty_value="–")
