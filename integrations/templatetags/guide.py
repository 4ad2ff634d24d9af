"""The set-up guide's place in the navigation."""

from django import template
from django.urls import reverse

from integrations.guide import in_navigation

register = template.Library()


@register.simple_tag(takes_context=True)
def guide_place(context) -> dict | None:
    """The entry, until the guide is put away: one query, asked for administrators only."""
    if not in_navigation():
        return None
    url = reverse("start")
    return {"label": "Set-up", "url": url, "current": context["request"].path.startswith(url)}
