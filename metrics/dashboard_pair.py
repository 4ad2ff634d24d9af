"""Two views of one pair of stages side by side: what became of a cohort, and what happened in a period (F9, F10, F7)."""

import datetime as dt

from core.errors import DomainError
from core.periods import Period, buckets
from core.templatetags.display import percent
from funnel.book import StageInfo
from metrics.dashboard import ask, comparable, gap_reason
from metrics.evaluation import DEFAULT_HORIZON, SMALL
from metrics.frame import Frame
from metrics.series import Snapshot

# Two shares closer than this are the same in words.
CLOSE = 0.02
MOST_MONTHS = 12


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


def path_of(snapshot: Snapshot) -> list[StageInfo]:
    return [stage for stage in snapshot.book.newest.path() if not stage.retired]


def pair(snapshot: Snapshot, frame: Frame, start: StageInfo, end: StageInfo) -> dict:
    """Both numbers of a pair, why they differ, their course by month, and the addresses that explain them."""
    step = {"stage": start.key, "to_stage": end.key}
    path = path_of(snapshot)
    # From the first stage to the last it is F10, the same rule under the name that people know it by.
    whole_way = start is path[0] and end.milestone == "won"
    cohort_key, cohort_of = ("end_to_end_conversion", {}) if whole_way else ("cohort_conversion", step)
    cohort = ask(snapshot, frame, cohort_key, **cohort_of)
    period = ask(snapshot, frame, "throughput_ratio", **step)
    reaches = comparable(snapshot, frame.before)
    then = frame.before.end - dt.timedelta(days=1)
    return {
        "title": _title(cohort, period, start, end),
        "cohort": cohort
        | {
            "few": cohort["n"] < SMALL,
            "code": "F10" if whole_way else "F9",
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
        "reasons": _reasons(cohort, period, start, end),
        "rows": _by_month(snapshot, frame, step),
        "no_before": "" if reaches else gap_reason(snapshot),
        "horizon": DEFAULT_HORIZON,
    }


def _csv(frame: Frame, key: str, step: dict) -> str:
    address, query = frame.explain_url(key, **step).split("?")
    return f"{address}leads.csv?{query}"


def _title(cohort: dict, period: dict, start: StageInfo, end: StageInfo) -> str:
    """What the two views say together; few leads are counted, not compared."""
    if not cohort["n"] and not period["denominator"]:
        return f"No lead reached {start.name} in this period"
    if cohort["value"] is None or period["value"] is None:
        return "Only one of the two views has leads in this period"
    if min(cohort["n"], period["denominator"]) < SMALL:
        return f"{cohort['numerator']:,} of {cohort['n']:,} leads went on to {end.name} so far"
    if abs(cohort["value"] - period["value"]) < CLOSE:
        return f"Both views agree: about {percent(cohort['value'], 0)} go on to {end.name}"
    higher = "Period" if period["value"] > cohort["value"] else "Cohort"
    low, high = sorted((cohort["value"], period["value"]))
    return f"{higher} view reads higher: {percent(high, 0)} against {percent(low, 0)}"


def _reasons(cohort: dict, period: dict, start: StageInfo, end: StageInfo) -> list[str]:
    """Why two right numbers differ, in words; each sentence only where it holds."""
    found = [
        f"The cohort view follows the {cohort['n']:,} leads that reached {start.name} in the period and counts those that "
        f"got to {end.name}, whenever that was.",
        f"The period view divides {period['numerator']:,} that reached {end.name} in the period by "
        f"{period['denominator']:,} that reached {start.name}. They are different leads, so it may exceed 100%.",
    ]
    if left_out := sum(cohort.get("excluded", {}).values()):
        found.append(
            f"{left_out:,} that reached {start.name} are no part of the cohort: they had reached {end.name} before, or at a "
            "time that is not known."
        )
    if cohort["status"] == "immature":
        found.append(
            f"{cohort['open']:,} of the cohort are younger than {cohort['horizon']} days and have not got there. They count "
            "up to their age, so the share may still move."
        )
    if period["denominator"] and cohort["numerator"] != period["numerator"]:
        more = period["numerator"] - cohort["numerator"]
        if more > 0:
            found.append(
                f"At least {more:,} that reached {end.name} in the period had reached {start.name} before it, or never did."
            )
        else:
            found.append(f"At least {-more:,} of the cohort reached {end.name} after the period ended.")
    return found


def _by_month(snapshot: Snapshot, frame: Frame, step: dict) -> list[dict]:
    months = list(buckets(frame.to_date, "month"))[-MOST_MONTHS:]
    if len(months) < 2:
        return []
    span = Period(months[0].start, months[-1].end)
    cohort, period = (
        {row["key"]: row for row in ask(snapshot, frame, key, period=span, by="month", **step)["series"]}
        for key in ("cohort_conversion", "throughput_ratio")
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
                "explain": frame.explain_url("cohort_conversion", **own),
                "explain_period": frame.explain_url("throughput_ratio", **own),
            }
        )
    return rows
