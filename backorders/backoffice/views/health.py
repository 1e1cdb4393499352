"""The health of the machine, for whoever keeps it running."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from backorders.backoffice import health
from backorders.backoffice.views.screen import Screen


class Health(Screen):
    """What runs and what stands still."""

    template_name = "backoffice/health.html"
    permission = "health.see"
    title = _("Health")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the signs, the clock's runs and the outbox by age."""
        signs, tasks, outbox = (read(at=self.at) for read in (health.signs, health.tasks, health.outbox))
        troubles = sum(each.tone == "bad" for each in [*signs, *tasks])
        return super().get_context_data(
            signs=signs, tasks=tasks, outbox=outbox, troubles=troubles, now=self.at, **kwargs
        )
