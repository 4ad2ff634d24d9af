"""Reads of what a review froze. Nothing here computes a number anew: the page of a week shows that week's numbers.

frozen_numbers(review)         rows of the part Numbers, the one number first
frozen_promises(review)        rows of the part Promises, marketing's first
changes_since_last(review)     two waterfalls that balance: open leads and open amount
restatements(review)           what of this review's numbers differs today, as far as it was looked for
restatements_shown_at(review)  what of the review before differs, as it was found for this one
"""

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True)
class NumberRow:
    """One number of the set. `state`: "on", "off" or "" without a plan. `course`: the states of the last reviews, oldest
    first, this one last. `before`: the value of the review before in words, empty if there is none."""

    id: int
    key: str
    metric: str
    label: str
    side: str
    scope: str
    words: str
    plan_words: str
    state: str
    before: str
    course: tuple[str, ...]
    interval: tuple[str, str] | None
    n: int
    status: str
    versions: tuple[int, ...]
    as_of: dt.datetime
    inputs_hash: str
    url: str  # the page of this frozen number, with its rows
    explain: str  # the same question as it is answered today


@dataclass(frozen=True)
class PromiseRow:
    """One promise. Shares are 0 to 1; `status` as metrics.both_sides has it: met, at_risk, breached or "" (nothing due)."""

    id: int
    key: str
    side: str
    label: str
    sentence: str
    promised_words: str
    measured_words: str
    attainment: float | None
    state: str
    status: str
    due: int
    met: int
    missed: int
    excluded: int
    open: int
    course: tuple[str, ...]
    versions: tuple[int, ...]
    signed: bool
    url: str
    explain: str


@dataclass(frozen=True)
class Box:
    """One step of a waterfall. `change` is signed, in leads or base minor units; `end` marks the two balances."""

    key: str
    label: str
    number: int
    change: int
    words: str
    unknown: int
    end: bool
    url: str


@dataclass(frozen=True)
class Waterfall:
    """`boxes` begin with the balance then and end with the balance now: the steps between add up to their difference."""

    measure: str
    title: str
    boxes: tuple[Box, ...]
    since: dt.date | None
    until: dt.date | None


@dataclass(frozen=True)
class RestatedPart:
    cause: str
    label: str
    difference: int | None
    words: str
    number: int
    items: str  # lead or deal
    url: str


@dataclass(frozen=True)
class Restated:
    """A number then and now. `difference` is the sum of the parts; None where one of both values is not defined."""

    number_id: int
    label: str
    then: str
    now: str
    difference: int | None
    words: str
    as_of: dt.datetime
    parts: tuple[RestatedPart, ...]
