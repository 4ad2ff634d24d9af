"""The header's entries."""

from django import template
from django.urls import NoReverseMatch, reverse

register = template.Library()

# The places of the header that exist, in order: url name, label, icon. A new page adds its line.
PLACES = [
    ("dashboard", "Dashboard", "dashboard"),
    ("leads", "Leads", "leads"),
    ("import", "Import", "import"),
    ("console", "Console", "console"),
]


@register.simple_tag(takes_context=True)
def main_nav(context) -> list[dict]:
    """The header's entries: those of the view (context variable `nav`), else PLACES."""
    if context.get("nav") is not None:
        return context["nav"]
    match = getattr(context.get("request"), "resolver_match", None)
    found = []
    for name, label, icon_name in PLACES:
        try:
            url = reverse(name)
        except NoReverseMatch:
            continue
        current = bool(match) and (match.url_name == name or (url != "/" and context["request"].path.startswith(url)))
        found.append({"label": label, "url": url, "icon": icon_name, "current": current})
    return found
