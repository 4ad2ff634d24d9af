"""The header's entries."""

from django import template
from django.urls import NoReverseMatch, reverse

register = template.Library()

# The places of the header that exist, in order: url name, label, icon. A new page adds its line.
PLACES = [
    ("dashboard", "Dashboard", "dashboard"),
    ("leads", "Leads", "leads"),
    ("my_day", "My day", "my-day"),
    ("campaigns", "Campaigns", "campaigns"),
    ("review_home", "Review", "review"),
    ("import", "Import", "import"),
    ("console", "Console", "console"),
]

# Where few go, and not every day: a phone's bar has five places, and keeps these behind the last one.
RARE = {"campaigns", "import", "console"}

# What waits in a place for those with a right: where its number is read. Apart from the page, which so costs no query more.
COUNTS = {
    "my_day": ("my_day_count", "work_leads"),
    "review_home": ("review_issues_waiting", "answer_issues"),
}


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
        count, perm = COUNTS.get(name, ("", ""))
        found.append(
            {
                "label": label,
                "url": url,
                "icon": icon_name,
                "current": current,
                "rare": name in RARE,
                "count": reverse(count) if count else "",
                "perm": perm,
            }
        )
    return found
