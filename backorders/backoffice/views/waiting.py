"""The workbench: who waits, by harm, and the search that finds them."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from backorders.allocation.windows import business_day
from backorders.backoffice import waiting
from backorders.backoffice.views.screen import Screen


class WaitingLines(Screen):
    """Every line that waits, in the view the address names."""

    template_name = "backoffice/waiting.html"
    permission = "orders.view_orderline"
    title = _("Waiting lines")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the views with their counts, and one page of rows."""
        asked = self.request.GET
        view = waiting.BY_NAME.get(asked.get("view", ""), waiting.VIEWS[0])
        term = asked.get("q", "").strip()
        number = page_number(asked.get("page", ""))
        today = business_day(self.at)
        rows, is_more = waiting.page(view, term=term, number=number, today=today)
        return super().get_context_data(
            tabs=waiting.tabs(today=today),
            view=view,
            term=term,
            rows=rows,
            number=number,
            first=(number - 1) * waiting.PER_PAGE + 1,
            last=(number - 1) * waiting.PER_PAGE + len(rows),
            is_more=is_more,
            today=today,
            **kwargs,
        )


def page_number(text: str) -> int:
    """Return the page asked for; the first one if that makes no sense."""
    return min(max(int(text), 1), 200) if text.isdecimal() else 1
