"""How the order's page sends what its customer presses. Staff who look at it have no link: they see it switched off."""

from typing import Any

from django import template
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()


@register.simple_block_tag(takes_context=True)
def sends(context: Any, content: str, name: str, *args: Any, style: str = "", is_checked: bool = True) -> SafeString:
    """Return the fields in a form that sends them to the page `name` behind the link; without a link, switched off.

    Unless it `is_checked` the browser leaves what is wrong with them to us.
    """
    worn = format_html(' class="{}"', style) if style else ""
    if not context["token"]:
        return format_html("<fieldset{} disabled>{}</fieldset>", worn, content)
    to = reverse(f"portal:{name}", args=[context["token"], *args]) + context["lang"]
    hidden = context.template.engine.get_template("portal/form.html").render(context)
    how = worn if is_checked else format_html("{} novalidate", worn)
    return format_html('<form method="post" action="{}"{}>{}{}</form>', to, how, hidden, content)


@register.simple_tag(takes_context=True)
def leads(context: Any, name: str) -> SafeString | str:
    """Return the attribute by which a link leads to the page `name` behind the link.

    Without a link it leads staff to the same page where they may look at that, else nowhere.
    """
    if context["token"]:
        to = reverse(f"portal:{name}", args=[context["token"]])
    elif name in context["looks"]:
        to = reverse("looked_at", args=[context["order"].pk, name])
    else:
        return ""
    return format_html(' href="{}{}"', to, context["lang"])
