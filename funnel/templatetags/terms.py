"""A word of the glossary where it is used: dotted underline, and its meanings one click away."""

import datetime as dt
import itertools

from django import template
from django.template.loader import render_to_string
from django.utils.html import conditional_escape
from django.utils.safestring import mark_safe

from accounts.queries import today_for
from funnel.queries import words_in_force

register = template.Library()
_HELD = "_glossary"


def _glossary(context) -> dict:
    """The words in force today, read once per rendering, and the numbers of the popovers given out so far."""
    # The lowest layer is shared by everything that is rendered into one page; `get` would ask the highest.
    shared = context.render_context.dicts[0]
    held = shared.get(_HELD)
    if held is None:
        # A page that is kept for everybody brings its words along.
        words = context.get("glossary")
        if words is None:
            words = words_in_force(today_for(dt.datetime.now(dt.UTC)))
        held = shared[_HELD] = {"words": words, "ids": itertools.count(1)}
    return held


@register.simple_tag(takes_context=True)
def term(context, word: str, text: str = "") -> str:
    """`{% term "MQL" %}`, or `{% term "MQL" stage.name %}` to show another text. A word nobody defined stays plain."""
    held = _glossary(context)
    found = held["words"].get(str(word or "").casefold())
    if found is None:
        return conditional_escape(text or word)
    parts = {"term": found, "text": text or word, "id": f"term-{found.key}-{next(held['ids'])}"}
    # Without the file's last line break, which would stand as a space before a comma.
    return mark_safe(render_to_string("console/parts/term.html", parts).strip())  # noqa: S308 - escaped by the template


@register.filter
def hundredths(basis_points: int) -> str:
    """3050 -> 30.5"""
    return f"{basis_points / 100:g}"
