"""A word of the glossary where it is used: dotted underline, and its meanings one click away."""

import datetime as dt
import html
import itertools
import re

from django import template
from django.template.loader import render_to_string
from django.utils.html import conditional_escape
from django.utils.safestring import mark_safe

from accounts.queries import today_for
from funnel.models import GlossaryTerm
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
        # A template that hands on what it has not been given hands on an empty text.
        if words is None or words == "":
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
    return mark_safe("".join(_parts(held, found, text or word, "")))  # noqa: S308 - escaped by the templates


@register.simple_tag(takes_context=True)
def glossed(context, text: str, scope: str = "") -> str:
    """A heading in which every word of the glossary opens its meaning, the first time it stands there.

    `scope`: a word that sets the heading of a part of a page apart from those of other parts.
    """
    held, menus, seen = _glossary(context), [], set()
    text, end, shown = str(text or ""), 0, ""
    for match in _pattern(held).finditer(text):
        found = held["forms"][match["word"].casefold()]
        if found.key in seen:
            continue
        seen.add(found.key)
        button, menu = _parts(held, found, match[0], scope)
        menus.append(menu)
        shown += conditional_escape(text[end : match.start()]) + button
        end = match.end()
    # The meanings stand behind the heading, whose own text so stays in one piece.
    return mark_safe(shown + conditional_escape(text[end:]) + "".join(menus))  # noqa: S308 - every part is escaped


@register.simple_block_tag(takes_context=True)
def gloss(context, content: str, scope: str = "") -> str:
    """`{% gloss "deals" %}{{ n }} deal{{ n|pluralize }}{% endgloss %}`: as `glossed`, of a text that takes several tags.

    ValueError for markup inside: it belongs outside, or it would be shown as text.
    """
    if "<" in content:
        raise ValueError(f"Markup in a text whose words open: {content[:80]}")
    return glossed(context, " ".join(html.unescape(content).split()), scope)


def _pattern(held: dict) -> re.Pattern:
    """Any word of the glossary, or its plural. An entry such as “kept, missed, at risk” is several words."""
    if "pattern" not in held:
        held["forms"] = {
            form.strip().casefold(): found
            for found in held["words"].values()
            for form in found.word.split(",")
            if form.strip()
        }
        forms = "|".join(re.escape(form) for form in sorted(held["forms"], key=len, reverse=True))
        held["pattern"] = re.compile(rf"\b(?P<word>{forms})s?\b" if forms else r"(?!)", re.IGNORECASE)
    return held["pattern"]


def _parts(held: dict, found: GlossaryTerm, text: str, scope: str) -> tuple[str, str]:
    """The button and the meaning that it opens."""
    number = next(held["ids"])
    parts = {
        "term": found,
        "text": text,
        "id": f"term-{scope}-{found.key}-{number}" if scope else f"term-{found.key}-{number}",
    }
    # Without the files' last line breaks, which would stand as spaces before a comma.
    return tuple(render_to_string(f"console/parts/term_{part}.html", parts).strip() for part in ("button", "menu"))


@register.filter
def hundredths(basis_points: int) -> str:
    """3050 -> 30.5"""
    return f"{basis_points / 100:g}"
