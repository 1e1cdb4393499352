"""The workbench: who waits, by harm; a list, its parts that refresh by themselves, and the list as a file."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy

from backorders.allocation.windows import business_day
from backorders.backoffice.paging import PER_PAGE, Ahead, Listing, Page, page_of
from backorders.backoffice.preferences import preference_of
from backorders.backoffice.views.screen import Screen
from backorders.backoffice.workbench import answering, asking, columns, counting, exporting, lists, markup, rows
from backorders.backoffice.workbench.among import AT_MOST
from backorders.backoffice.workbench.asking import Asked
from backorders.backoffice.workbench.terms import read
from backorders.desk import selecting
from backorders.desk.following import followed
from backorders.desk.models import Follow, SavedView
from backorders.ids import typed_id, typed_ids
from backorders.orders.models import Customer, Order, OrderLine
from backorders.supply.models import PurchaseLine

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class OfLines(Screen):
    """A screen about the list that the address names."""

    permission = "orders.view_orderline"

    @property
    def today(self) -> Any:
        """The business day of the request."""
        return business_day(self.at)

    @cached_property
    def asked(self) -> Asked:
        """What the address asks for."""
        return asking.asked(self.request.GET, person=self.by, today=self.today)


class WaitingLines(OfLines):
    """Every line that waits, in the view the address names."""

    template_name = "backoffice/waiting.html"
    title = gettext_lazy("Waiting lines")

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the list; what the filter form asks for becomes an address of its own."""
        if (text := asking.added(request.GET)) is not None:
            return redirect(f"{request.path}?{self.asked._replace(typed=read(text)).query}")
        return super().get(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the views with their counts, and one page of rows."""
        asked = self.asked
        page = page_of(self._found, self.request)
        shown = rows.rows(page.rows, today=self.today)
        tabs = counting.tabs(asked.seen)
        number = self._number(tabs, page)
        return super().get_context_data(
            tabs=tabs,
            saved=self._saved(),
            asked=asked,
            view=asked.view,
            page=page,
            rows=self._written(shown),
            columns=self.columns,
            choices=[(column, column in self.columns) for column in columns.COLUMNS],
            number=number,
            is_counted=number <= counting.COUNTED,
            summary=self._summary(page, shown),
            selected=self._selected(),
            people=assignable(self.by),
            causes=OrderLine._meta.get_field("cause").choices,
            tiers=Customer.Tier.names,
            cleared=typed_id(self.request.GET.get("cleared", "")),
            empty=None if page.rows else self._empty(tabs),
            now=self.at,
            **kwargs,
        )

    @cached_property
    def listing(self) -> Any:
        """The list's ids; read once, what it knows of answers that are due is kept."""
        return self.asked.listing

    @cached_property
    def _found(self) -> Listing:
        """The same; of what was searched for as much is read at once as is counted."""
        is_searched = self.asked.filtered.condition is not None
        return Ahead(self.listing, counting.COUNTED + 1) if is_searched else self.listing

    @cached_property
    def columns(self) -> Sequence[columns.Column]:
        """The columns the list is shown with."""
        preference = preference_of(self.request)
        return columns.shown(self.asked.columns, self.saved_columns, preference.columns if preference else "")

    saved_columns = ""

    def _due(self) -> dict[int, Any]:
        """Return the days by which answers are due, where the list is about them."""
        if self.asked.view is lists.NEEDS:
            return dict(self.listing.due)
        return answering.due(self.today) if self.asked.view.name == "answer_due" else {}

    def _written(self, found: list[rows.Waiting]) -> list[dict[str, Any]]:
        """Return the rows as they are written; the template only puts them one under the other."""
        words, ticked = markup.words(self.asked.query), self._ticked or ()
        writer = rows.Writer(due=self._due(), is_stale=self.asked.view.name == "stale")
        silent = rows.Writer(due={}, is_stale=True)
        made = []
        for row in found:
            shown = writer.shown(row)
            if not shown["marks"] and self.asked.view is lists.NEEDS:  # of all that needs action only silence is left
                shown = silent.shown(row)
            made.append({**shown, "html": markup.row(shown, words, columns=self.columns, ticked=ticked)})
        return made

    @cached_property
    def _ticked(self) -> set[int] | None:
        name = self.request.GET.get("selection", "")
        ids = selecting.frozen(name, by=self.by) if name else None
        return set(ids) if ids is not None else None

    def _selected(self) -> dict[str, Any] | None:
        if self._ticked is None:
            return None
        ids = list(self._ticked)
        return {
            "name": self.request.GET["selection"],
            "number": len(ids),
            "values": counting.summary(counting.entries(ids), today=self.today).values,
            "customers": counting.customers(ids),
        }

    def _number(self, tabs: Iterable[counting.Tab], page: Page) -> int:
        """How many lines the list has, up to the cap."""
        if self.asked.filtered.condition is None:
            return next(tab.number for tab in tabs if tab.name == self.asked.view.name)
        if page.number == 1 and not page.is_more:
            return len(page.rows)
        return len(self._found[: counting.COUNTED + 1])

    def _summary(self, page: Page, shown: list[rows.Waiting]) -> counting.Summary | None:
        """What a list of one page comes to; a longer one is added up after the page is there."""
        if page.number > 1 or page.is_more or not shown:
            return None
        added = [(row.placed_at, row.value, row.currency) for row in shown]
        return counting.summary(added, today=self.today)

    def _saved(self) -> list[SavedView]:
        return list(saved_views(self.by))

    def _empty(self, tabs: Iterable[counting.Tab]) -> dict[str, Any]:
        """Say why there is nothing: too narrow a filter, nothing to do, or nothing there at all."""
        if self.asked.chips:
            return {"kind": "narrow", "count": len(self.asked.chips)}
        waiting = next(tab for tab in tabs if tab.name == "all")
        if not waiting.number and not Order.objects.exists():
            return {"kind": "nothing"}
        coming = PurchaseLine.objects.outstanding().filter(eta_on__gte=self.today).order_by("eta_on", "id")
        return {"kind": "done", "waiting": waiting, "next": coming.select_related("purchase_order").first()}


class SavedLines(WaitingLines):
    """A saved view under its own address."""

    @cached_property
    def view(self) -> SavedView:
        """The saved view; nobody sees another person's own ones."""
        views = saved_views(self.by).annotate(is_followed=followed(Follow.Thing.VIEW, by=self.by))
        saved: SavedView = get_object_or_404(views, pk=self.kwargs["pk"])
        return saved

    @cached_property
    def asked(self) -> Asked:
        """What the view was saved with."""
        data = self.request.GET.copy()
        data["view"], data["q"] = self.view.view, self.view.filters
        return asking.asked(data, person=self.by, today=self.today)

    @property
    def saved_columns(self) -> str:  # type: ignore[override]
        """The columns the view was saved with."""
        return self.view.columns

    def heading(self) -> str:
        """Call it by its name."""
        return self.view.name

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add whether this person may delete it."""
        may = self.view.owner_id == self.by.pk or self.by.is_superuser
        return super().get_context_data(saved_view=self.view, may_delete=may, **kwargs)


class NewLines(OfLines):
    """How many lines came to the top of a list since it was shown; the list itself never moves under the cursor."""

    template_name = "backoffice/waiting_new.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Count what is on the first page now and was not shown."""
        seen = set(typed_ids(self.request.GET.get("seen", "").split(",")))
        new = [pk for pk in self.asked.listing[:PER_PAGE] if pk not in seen]
        return {"number": len(new), "query": self.asked.query, "now": self.at}


class SummaryOfLines(OfLines):
    """What a long list comes to, added up after the page was there."""

    template_name = "backoffice/waiting_summary.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add up as many lines as one works through."""
        ids = self.asked.ids
        is_more = len(ids) >= AT_MOST
        return {
            "summary": counting.summary(counting.entries(ids), today=self.today),
            "is_more": is_more,
            "is_part": True,
        }


class ExportLines(OfLines):
    """A list, or a selection of it, as a file."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Answer with the file."""
        name = request.GET.get("selection", "")
        ids = selecting.frozen(name, by=self.by) if name else self.asked.ids
        if ids is None:
            raise Http404
        file = f"{self.asked.view.name}-{self.today.isoformat()}.{kwargs['form']}"
        headers = {"Content-Disposition": f'attachment; filename="{file}"'}
        if kwargs["form"] == "xlsx":
            return HttpResponse(exporting.as_xlsx(ids, today=self.today), content_type=XLSX, headers=headers)
        written = list(exporting.as_csv(ids, today=self.today))  # while the reader's language still holds
        return StreamingHttpResponse(written, content_type="text/csv; charset=utf-8", headers=headers)


def saved_views(person: User) -> Any:
    """Return the saved views a person sees: their own and the team's."""
    return SavedView.objects.filter(Q(owner=person) | Q(is_team=True)).select_related("owner").order_by("name", "id")


def assignable(person: User) -> list[User]:
    """Return who may look after a line, for whoever may say so."""
    if not person.has_perm("handling.assign"):
        return []
    return list(User.objects.filter(is_staff=True, is_active=True).order_by("username")[:100])


def address_of(view: str, text: str = "", **more: str) -> str:
    """Return the address of a list."""
    return f"{reverse('admin:waiting_lines')}?{asking.query(view, text, **more)}"
