"""Reads of closed reviews: search in their minutes, and how three things went from review to review."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from core.templatetags.display import DASH, decimal, percent
from reviews.models import Minutes

# A year of weekly reviews.
TREND_OF = 52
# The last ones against those before: one review says little.
RECENT = 4
_SNIPPETS = 3


@dataclass(frozen=True)
class Trend:
    """One line of the history. `values` run from the oldest review to the newest; None where a review has none.

    `last` and `before` are the means of the last reviews and of those before them, pooled, in words.
    """

    key: str
    label: str
    values: list[float | None]
    last: str
    before: str
    direction: int
    meaning: str


def history(query: str = "") -> Sequence[Minutes]:
    """Minutes of the newest review first; with a query those that hold all of its words, in any case."""
    rows = Minutes.objects.order_by("-review__starts_at", "-review_id")
    words = query.casefold().split()
    if not words:
        return rows.defer("text")
    # In Python: a database's own LIKE knows upper and lower case of ASCII at most.
    return [one for one in rows.iterator() if all(word in _plain(one.text) for word in words)]


def found_in(minutes: Minutes, query: str) -> list[str]:
    """The first lines that hold a word of the query."""
    words = query.casefold().split()
    if not words:
        return []
    lines = [line.replace("\\", "").strip("-#| ") for line in minutes.text.splitlines()]
    return [line for line in lines if any(word in line.casefold() for word in words)][:_SNIPPETS]


def _plain(text: str) -> str:
    return text.replace("\\", "").casefold()


def share(part: int, whole: int) -> float | None:
    """None where there was nothing to count: unknown is not zero."""
    return part / whole if whole else None


def trends() -> list[Trend]:
    """Rating, actions done on time and promises kept over the last year, empty below two reviews."""
    rows = list(Minutes.objects.order_by("-review__starts_at", "-review_id").defer("body", "text")[:TREND_OF])[::-1]
    if len(rows) < 2:
        return []
    return [
        _trend("rating", "Rating of the review", rows, _rating, lambda value: f"{decimal(value)} of 10",
               "What those who came gave it, from 1 to 10, without names. Fewer than three ratings are not shown."),
        _trend("on_time", "Actions done on time", rows, _on_time, lambda value: percent(value, 0),
               "Of the actions whose first agreed day came since the review before, the share that was done by that day."),
        _trend("kept", "Promises kept", rows, _kept, lambda value: percent(value, 0),
               "Of both sides’ promises that were measured, the share that was kept at the freeze."),
    ]  # fmt: skip


_Parts = Callable[[Minutes], tuple[int, int]]


def _rating(one: Minutes) -> tuple[int, int]:
    return one.rating_sum, one.rating_count


def _on_time(one: Minutes) -> tuple[int, int]:
    return one.actions_on_time, one.actions_due


def _kept(one: Minutes) -> tuple[int, int]:
    return one.promises_kept, one.promises_closed


def _trend(key: str, label: str, rows: Sequence[Minutes], parts: _Parts, words: Callable, meaning: str) -> Trend:
    last, before = _pooled(rows[-RECENT:], parts), _pooled(rows[-2 * RECENT : -RECENT], parts)
    said = [DASH if value is None else words(value) for value in (last, before)]
    known = last is not None and before is not None and said[0] != said[1]
    return Trend(
        key=key,
        label=label,
        values=[share(*parts(row)) for row in rows],
        last=said[0],
        before=said[1],
        direction=(last > before) - (last < before) if known else 0,
        meaning=meaning,
    )


def _pooled(rows: Sequence[Minutes], parts: _Parts) -> float | None:
    """Cases are added up, so that a review with one action does not weigh as much as one with ten."""
    found = [parts(row) for row in rows]
    return share(sum(part for part, _ in found), sum(whole for _, whole in found))
