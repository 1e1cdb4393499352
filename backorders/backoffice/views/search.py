"""One search box: what is meant exactly leads straight to its page, anything else to what holds it."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _

from backorders.allocation.windows import business_day
from backorders.backoffice import finding
from backorders.backoffice.paging import typed_term
from backorders.backoffice.views.screen import Screen
from backorders.backoffice.workbench.terms import read


class Search(Screen):
    """Everything that holds the term; the part under the search box alone if a script asks."""

    template_name = "backoffice/search.html"
    permission = "orders.view_order"
    title = _("Search")

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Jump to the thing with exactly this number, or to the list that operators ask for."""
        if not self.is_part:
            if url := finding.jump(self.term, person=self.by):
                return redirect(url)
            typed = read(self.term)
            if typed.terms:
                return redirect(finding.lines_address(typed))
        return self.render_to_response(self.get_context_data(**kwargs))

    @property
    def is_part(self) -> bool:
        """Whether only the results are asked for."""
        return bool(self.request.headers.get("HX-Request"))

    @property
    def term(self) -> str:
        """What is searched for."""
        return typed_term(self.request, most=finding.LONGEST)

    def get_template_names(self) -> list[str]:
        """The results alone, or the page."""
        return ["backoffice/search_part.html" if self.is_part else self.template_name]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the first few of each kind."""
        groups = finding.find(self.term, request=self.request, today=business_day(self.at))
        count = sum(len(group.hits) for group in groups)
        found = {"term": self.term, "groups": groups, "count": count}
        return {**found, **kwargs} if self.is_part else super().get_context_data(**found, **kwargs)
