"""Ways to a deal: the touches that count for it, in order (metrics-spec 5.1). Leads without a deal have theirs, too.

The same encoding serves the rollup, which reads some deals from the database, and an as-of question, which folds them all.
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from core.periods import day_number
from metrics import codes
from metrics.credit_rules import Reach
from metrics.facts import ByDay, split_days
from metrics.segments import MISSING

PLACES = 1_000_000  # more touches than any way has
REPEAT = dt.timedelta(minutes=30)


class Way(NamedTuple):
    """What a way leads to. `people`: contacts, and minus the leads of those without a name. `deal` 0: a lead without one."""

    deal: int
    lead: int
    day: dt.date  # under which its rows stand: the deal's opening, else the lead's first entry
    account: int
    people: frozenset[int]
    lead_at: dt.datetime | None
    deal_at: dt.datetime | None
    closed_at: dt.datetime | None


class Step(NamedTuple):
    """A touch that stands."""

    id: int
    person: int
    side: str
    kind: str
    channel: int | None
    campaign: int | None
    content: int | None
    at: dt.datetime


def steps_of(way: Way, told: Mapping[int, Iterable[Step]], lookback: int) -> list[Step]:
    """The touches of a way in order (time, id): from the look-back on, up to the close, repeats collapsed.

    A repeat has the person, campaign and kind of one that stayed less than half an hour before.
    """
    begin = (way.deal_at or way.lead_at) and (way.deal_at or way.lead_at) - dt.timedelta(days=lookback)
    eligible = [
        step
        for person in way.people
        for step in told.get(person, ())
        if (begin is None or step.at >= begin) and (way.closed_at is None or step.at <= way.closed_at)
    ]
    stayed: dict[tuple, dt.datetime] = {}
    found = []
    for step in sorted(eligible, key=lambda step: (step.at, step.id)):
        group = (step.person, step.campaign, step.kind, step.side)
        if group in stayed and step.at - stayed[group] < REPEAT:
            continue
        stayed[group] = step.at
        found.append(step)
    return found


def encode_paths(ways: Iterable[Way], told: Mapping[int, Iterable[Step]], reach: Reach) -> ByDay:
    """One row per touch of each way. `told`: all touches by person; touches of one instant keep the order of their ids."""
    days: list[int] = []
    rows: list[tuple] = []
    for way in ways:
        day = day_number(way.day)
        for place, step in enumerate(steps_of(way, told, reach.lookback)):
            rows.append(
                (
                    way.lead,
                    way.deal * PLACES + place,
                    way.deal,
                    step.id,
                    step.person,
                    way.account,
                    step.channel or 0,
                    step.campaign or 0,
                    step.content or 0,
                    codes.SIDES.index(step.side),
                    codes.TOUCH_KINDS.index(step.kind),
                    codes.seconds_of(step.at),
                    _instant(way.lead_at),
                    _instant(way.deal_at),
                    _instant(way.closed_at),
                )
            )
            days.append(day)
    return split_days("path", days, rows)


def _instant(at: dt.datetime | None) -> int:
    return MISSING if at is None else codes.seconds_of(at)
