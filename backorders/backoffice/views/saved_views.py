"""Saved views: a list kept under a name, and forgotten again."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _

from backorders.actions import viewing
from backorders.backoffice.views.screen import Screen
from backorders.backoffice.views.waiting import address_of, saved_views
from backorders.backoffice.workbench import columns, lists
from backorders.refusal import Refused


class SaveView(Screen):
    """Keep the list that is shown under a name."""

    http_method_names = ["post", "options"]
    permission = "orders.view_orderline"

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Keep it and show it under its own address."""
        data = request.POST
        view, filters = lists.BY_NAME.get(data.get("view", ""), lists.NEEDS), data.get("q", "")
        named = columns.written(data.get("columns", "").split(","))
        try:
            saved = viewing.save_view(
                data.get("name", ""),
                view=view.name,
                filters=filters,
                columns=named,
                is_team="is_team" in data,
                is_pinned="is_pinned" in data,
                by=self.by,
                at=self.at,
            )
        except Refused as refusal:
            messages.error(request, str(refusal))
            return redirect(address_of(view.name, filters))
        messages.success(request, _("View “%(name)s” is kept.") % {"name": saved.name})
        return redirect("admin:saved_lines", saved.pk)


class KeepColumns(Screen):
    """Show the list with the columns that were ticked; if asked to, keep them as this person's own."""

    http_method_names = ["post", "options"]
    permission = "orders.view_orderline"

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Lead to the list whose address names them; to keep none brings the usual ones back."""
        named = columns.written(request.POST.getlist("column"))
        view = lists.BY_NAME.get(request.POST.get("view", ""), lists.NEEDS)
        filters = request.POST.get("q", "")
        if "keep" not in request.POST:
            return redirect(address_of(view.name, filters, **({"columns": named} if named else {})))
        viewing.prefer_columns(named, by=self.by, at=self.at)
        messages.success(request, _("These are your columns now.") if named else _("The usual columns are back."))
        return redirect(address_of(view.name, filters))


class DeleteView(Screen):
    """Forget a saved view."""

    http_method_names = ["post", "options"]
    permission = "orders.view_orderline"

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Forget it, or say whose it is."""
        saved = get_object_or_404(saved_views(self.by), pk=kwargs["pk"])
        try:
            viewing.delete_view(saved, by=self.by)
        except Refused as refusal:
            messages.error(request, str(refusal))
            return redirect("admin:saved_lines", saved.pk)
        messages.success(request, _("View “%(name)s” is deleted.") % {"name": saved.name})
        return redirect(address_of(saved.view, saved.filters))
