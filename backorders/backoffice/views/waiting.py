"""The workbench: who waits, by harm, and the search that finds them."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from backorders.allocation.windows import business_day
from backorders.backoffice import waiting
from backorders.backoffice.paging import page_of
from backorders.backoffice.views.screen import Screen


class WaitingLines(Screen):
    """Every line that waits, in the view the address names."""

    template_name = "backoffice/waiting.html"
    permission = "orders.view_orderline"
    title = _("Waiting lines")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the views with their counts, and one page of rows."""
        view = waiting.BY_NAME.get(self.request.GET.get("view", ""), waiting.VIEWS[0])
        term = self.request.GET.get("q", "").strip()
        today = business_day(self.at)
        page = page_of(waiting.keys(view, term=term, today=today), self.request)
        return super().get_context_data(
            tabs=waiting.tabs(today=today),
            view=view,
            term=term,
            page=page,
            rows=[waiting.as_shown(row) for row in waiting.rows(page.rows, today=today)],
            **kwargs,
        )
