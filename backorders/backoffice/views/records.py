"""All records, for the long tail that has no screen of its own."""

from django.utils.translation import gettext_lazy as _

from backorders.backoffice.views.screen import Screen


class Records(Screen):
    """The plain records, by app."""

    template_name = "backoffice/records.html"
    title = _("All records")
