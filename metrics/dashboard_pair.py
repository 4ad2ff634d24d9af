"""Two views of one pair of stages side by side: what became of a cohort, and what happened in a period (F9, F10, F7).

The cohort is counted by reach, or strictly in order; what lies between the three is told as numbers that add up.
"""

import datetime as dt
from dataclasses import dataclass

from core.errors import DomainError
from core.periods import Period, buckets
from core.templatetags.display import percent
from funnel.book import StageInfo
from metrics.counting import policy_of
from metrics.dashboard import ask, comparable, gap_reason, question_of
from metrics.definitions import METRICS
from metrics.evaluation import DEFAULT_HORIZON, SMALL
from metrics.frame import Frame
from metrics.pair_bridge import Line, Names, bridges
from metrics.selection import Question
from metrics.series import Snapshot

# Two shares closer than this are the same in words.
CLOSE = 0.02
MOST_MONTHS = 12
REACHED, IN_ORDER = "reached", "in_order"
VIEWS = ((REACHED, "as reached, by rank"), (IN_ORDER, "strictly in order"))


def read_pair(snapshot: Snapshot, start: str, end: str) -> tuple[StageInfo, StageInfo]:
    """The two stages by key; without any, the first and the last one of the path. DomainError if they are not in order."""
    path = path_of(snapshot)
    if not start and not end:
        return path[0], path[-1]
    by_key = {stage.key: stage for stage in path}
    for key, field in ((start, "from_stage"), (end, "to_stage")):
        if key not in by_key:
            raise DomainError("stage_unknown", f"There is no stage “{key[:40]}” on the way to Won.", field=field)
    if by_key[start].rank >= by_key[end].rank:
        raise DomainError(
            "stages_reversed", f"{by_key[end].name} does not come after {by_key[start].name}.", field="to_stage"
        )
    return by_key[start], by_key[end]


def read_view(text: str) -> str:
    """How the cohort is counted; by reach unless the address says otherwise."""
    return text if text in dict(VIEWS) else REACHED


def path_of(snapshot: Snapshot) -> list[StageInfo]:
    return [stage for stage in snapshot.book.newest.path() if not stage.retired]


def pair(snapshot: Snapshot, frame: Frame, start: StageInfo, end: StageInfo, view: str = REACHED) -> dict:
    """Both numbers of a pair, why they differ, their course by month, and the addresses that explain them."""
    step = {"stage": start.key, "to_stage": end.key}
    path = path_of(snapshot)
    # From the first stage to the last it is F10, the same rule under the name that people know it by.
    whole_way = start is path[0] and end.milestone == "won"
    cohort_key, cohort_of = ("end_to_end_conversion", {}) if whole_way else ("cohort_conversion", step)
    if view == IN_ORDER:
        cohort_key, cohort_of = "conversion_in_order", step
    cohort = ask(snapshot, frame, cohort_key, **cohort_of)
    period = ask(snapshot, frame, "throughput_ratio", **step)
    reaches = comparable(snapshot, frame.before)
    then = frame.before.end - dt.timedelta(days=1)
    return {
        "title": _title(cohort, period, start, end),
        "cohort": cohort
        | {
            "few": cohort["n"] < SMALL,
            "code": METRICS[cohort_key].spec,
            "rule": policy_of(METRICS[cohort_key]).line,
            "before": ask(snapshot, frame, cohort_key, period=frame.before, today=then, **cohort_of)["value"]
            if reaches
            else None,
            "explain": frame.explain_url(cohort_key, **cohort_of),
            "list": _csv(frame, cohort_key, cohort_of),
        },
        "period": period
        | {
            "few": period["denominator"] < SMALL,
            "before": ask(snapshot, frame, "throughput_ratio", period=frame.before, **step)["value"] if reaches else None,
            "explain": frame.explain_url("throughput_ratio", **step),
            "explain_from": frame.explain_url("first_reach", stage=start.key),
            "explain_to": frame.explain_url("first_reach", stage=end.key),
            "list": _csv(frame, "throughput_ratio", step),
        },
        "reasons": _reasons(cohort, period, start, end, view),
        "bridges": pair_bridges(snapshot, frame, start, end),
        "rows": _by_month(snapshot, frame, step, "cohort_conversion" if view == REACHED else cohort_key),
        "no_before": "" if reaches else gap_reason(snapshot),
        "horizon": DEFAULT_HORIZON,
    }


def _csv(frame: Frame, key: str, step: dict) -> str:
    address, query = frame.explain_url(key, **step).split("?")
    return f"{address}leads.csv?{query}"


def _leads(number: int) -> str:
    return f"{number:,} lead{'s' if number != 1 else ''}"


def _title(cohort: dict, period: dict, start: StageInfo, end: StageInfo) -> str:
    """What the two views say together; few leads are counted, not compared."""
    if not cohort["n"] and not period["denominator"]:
        return f"No lead reached {start.name} in this period"
    if cohort["value"] is None or period["value"] is None:
        return "Only one of the two views has leads in this period"
    if min(cohort["n"], period["denominator"]) < SMALL:
        return f"{cohort['numerator']:,} of {_leads(cohort['n'])} went on to {end.name} so far"
    if abs(cohort["value"] - period["value"]) < CLOSE:
        return f"Both views agree: about {percent(cohort['value'], 0)} go on to {end.name}"
    higher = "Period" if period["value"] > cohort["value"] else "Cohort"
    low, high = sorted((cohort["value"], period["value"]))
    return f"{higher} view reads higher: {percent(high, 0)} against {percent(low, 0)}"


def _reasons(cohort: dict, period: dict, start: StageInfo, end: StageInfo, view: str) -> list[str]:
    """What each view asks, and what can still move; each sentence only where it holds."""
    way = "got to" if view == REACHED else "went through every stage up to"
    came = "reached" if view == REACHED else "entered"
    found = [
        f"The cohort view follows the {_leads(cohort['n'])} that {came} {start.name} in the period and counts those that "
        f"{way} {end.name}, whenever that was.",
        f"The period view divides {period['numerator']:,} that reached {end.name} in the period by "
        f"{period['denominator']:,} that reached {start.name}. They are different leads, so it may exceed 100%.",
    ]
    if cohort["status"] == "immature":
        verb = "is" if cohort["open"] == 1 else "are"
        plain = percent(cohort["numerator"] / cohort["denominator"]) if cohort["denominator"] else ""
        found.append(
            f"{cohort['open']:,} of the cohort {verb} younger than {cohort['horizon']} days and not there yet. They count "
            f"up to their age: {plain} are there by now, {percent(cohort['value'])} at the pace so far."
        )
    return found


@dataclass(frozen=True)
class Bridge:
    """The three views of the leads at one of the two stages, with what lies between them. `key`: came or went."""

    key: str
    name: str
    lines: list[Line]


def pair_question(snapshot: Snapshot, frame: Frame, start: StageInfo, end: StageInfo) -> Question:
    """The cohort's question (F9) that the lines between the views are about."""
    return question_of(snapshot, frame, "cohort_conversion", stage=start.key, to_stage=end.key)


def pair_bridges(snapshot: Snapshot, frame: Frame, start: StageInfo, end: StageInfo) -> list[Bridge]:
    """Those who came to the first stage, and those who went on to the second one."""
    came, went = bridges(snapshot, pair_question(snapshot, frame, start, end), Names(start.name, end.name))
    return [Bridge("came", f"Who came to {start.name}", came), Bridge("went", f"Who went on to {end.name}", went)]


def chosen_line(found: list[Bridge], part: str) -> Line | None:
    """The line that an address names, such as `came-skipped`; None if this pair has no such line in its period."""
    return next((line for bridge in found for line in bridge.lines if part == f"{bridge.key}-{line.key}"), None)


def _by_month(snapshot: Snapshot, frame: Frame, step: dict, cohort_key: str) -> list[dict]:
    months = list(buckets(frame.to_date, "month"))[-MOST_MONTHS:]
    if len(months) < 2:
        return []
    span = Period(months[0].start, months[-1].end)
    cohort, period = (
        {row["key"]: row for row in ask(snapshot, frame, key, period=span, by="month", **step)["series"]}
        for key in (cohort_key, "throughput_ratio")
    )
    rows = []
    for month in months:
        key = month.start.replace(day=1).isoformat()
        own = {"from": month.start.isoformat(), "to": month.end.isoformat(), **step}
        rows.append(
            {
                "month": month.start,
                "cohort": cohort.get(key, {}),
                "few": cohort.get(key, {}).get("n", 0) < SMALL,
                "period": period.get(key, {}),
                "explain": frame.explain_url(cohort_key, **own),
                "explain_period": frame.explain_url("throughput_ratio", **own),
            }
        )
    return rows
