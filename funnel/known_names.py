"""The names that exist for a fact: what a rule or a row of points may ask for. Reads only.

Channels and campaigns live beside this app; whoever knows both adds how their names are read (leads.apps).
"""

from collections.abc import Callable, Iterable

from core.errors import DomainError
from funnel.models import Region, Segment

Names = Callable[[], Iterable[str]]


def _segments() -> Iterable[str]:
    return Segment.objects.values_list("name", flat=True)


def _regions() -> Iterable[str]:
    return Region.objects.values_list("name", flat=True)


SOURCES: dict[str, Names] = {
    "segment": _segments,
    "region": _regions,
    "company_segment": _segments,
    "company_region": _regions,
}


def add_names(fact: str, names: Names) -> None:
    """From now on this fact has known names."""
    SOURCES[fact] = names


def split_names(fact: str, typed: str, where: str) -> list[str]:
    """The names typed for a fact, separated by commas; a name that has a comma itself is taken whole.

    DomainError, beginning with `where` it stands, for a name that nothing has. A fact without known names (tier, origin, or
    a company that has no channel yet) takes every word.
    """
    parts = [part.strip() for part in typed.split(",")]
    source = SOURCES.get(fact)
    known = {_plain(name): name for name in source()} if source else {}
    if not known:
        return [part for part in parts if part]
    widest = max(name.count(",") for name in known) + 1
    found, start = [], 0
    while start < len(parts):
        # The longest name first: “Search, paid” before a “Search” that exists too.
        ends = range(min(len(parts), start + widest), start, -1)
        end = next((end for end in ends if _plain(",".join(parts[start:end])) in known), None)
        if end is not None:
            found.append(known[_plain(",".join(parts[start:end]))])
        elif parts[start]:
            message = f"{where}: there is no “{parts[start]}”. Write the name as it stands in its list."
            raise DomainError("name_unknown", message, field="value")
        start = end or start + 1
    return found


def _plain(name: str) -> str:
    """A name without the spaces that nobody sees."""
    return ",".join(" ".join(part.split()) for part in name.split(","))
