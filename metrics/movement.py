"""Cards about movement: inflow and conversion by month, open leads by age, what changed since last week."""

import datetime as dt
import math
from dataclasses import dataclass

import numpy as np

from core.periods import Period, add_months, day_number
from core.templatetags.display import percent
from metrics.counting import policy_of
from metrics.dashboard import TO_DATE, ask, comparable, question_of
from metrics.definitions import METRICS
from metrics.evaluation import SMALL
from metrics.figures import drawn
from metrics.frame import Frame
from metrics.plan import monthly_targets, planned
from metrics.select_funnel import p90_age_of_successful_exits, standing
from metrics.series import Snapshot
from metrics.version_breaks import changes_within, course

MONTHS = 12
AGES = ((7, "up to 7 d"), (30, "8–30 d"), (90, "31–90 d"), (None, "over 90 d"))
WEEK = dt.timedelta(days=7)
# A difference of two counts is a finding when it is this many standard deviations from nothing (Poisson).
NOTEWORTHY = 2.0


def trend(snapshot: Snapshot, frame: Frame) -> dict | None:
    """Entries into MQL by month against plan and the year before, and the share of each month's leads at SQL in 90 days.

    None where no stage carries both milestones. A month whose youngest lead is not yet 90 days old is drawn lighter. With
    fewer than 20 leads in most months a share would be noise: the small form counts those at SQL so far (X13).
    """
    version = snapshot.book.newest
    start, end = version.milestone("mql"), version.milestone("sql")
    if start is None or end is None:
        return None
    last = add_months(frame.today.replace(day=1), 1)
    year = Period(add_months(last, -MONTHS), min(last, frame.today + dt.timedelta(days=1)))
    then = Period(add_months(year.start, -MONTHS), year.start)
    pair = {"stage": start.key, "to_stage": end.key, "by": "month"}
    inflow = _by_month(ask(snapshot, frame, "stage_inflow", period=year, stage=start.key, by="month"))
    shares = _by_month(ask(snapshot, frame, "cohort_conversion", period=year, **pair))
    so_far = _by_month(ask(snapshot, frame, "cohort_conversion", period=year, horizon=TO_DATE, **pair))
    before = _by_month(ask(snapshot, frame, "stage_inflow", period=then, stage=start.key, by="month"))
    targets = {} if frame.filters else monthly_targets(snapshot, "stage_inflow", start.id)
    rows = []
    for month, row in inflow.items():
        period = Period(month, min(add_months(month, 1), year.end))
        own = {"from": period.start.isoformat(), "to": period.end.isoformat()}
        earlier = Period(add_months(month, -MONTHS), add_months(month, 1 - MONTHS))
        share = shares.get(month, {})
        rows.append(
            {
                "month": month,
                "count": row["value"],
                "plan": planned(targets, Period(month, add_months(month, 1))),
                "before": before[earlier.start]["value"] if comparable(snapshot, earlier) else None,
                "share": share.get("value"),
                "n": share.get("n", 0),
                "arrived": so_far.get(month, {}).get("numerator", 0),
                "few": share.get("n", 0) < SMALL,
                "young": share.get("status") == "immature",
                "explain": frame.explain_url("stage_inflow", **own, stage=start.key),
                "explain_share": frame.explain_url("cohort_conversion", **own, stage=start.key, to_stage=end.key),
            }
        )
    changes = changes_within(snapshot, year)

    def whole_month(month: dt.date) -> dict:
        period = Period(month, min(add_months(month, 1), year.end))
        return ask(snapshot, frame, "cohort_conversion", period=period, stage=start.key, to_stage=end.key)

    line = course(snapshot, rows, changes, whole_month)
    for row in rows:
        row["parts"] = [point for point in line if point.month == row["month"] and point.version is not None]
    small = sum(row["few"] for row in rows) * 2 > len(rows)
    compared = any(row["before"] is not None for row in rows)
    measure = f"at {end.name} so far" if small else f"% at {end.name} in 90 d"
    per_entry, per_lead = (policy_of(METRICS[key]).per for key in ("stage_inflow", "cohort_conversion"))
    return {
        "title": _small_title(rows, start.name, end.name) if small else _trend_title(rows, start.name, end.name),
        "sub": f"{start.name} {per_entry}; {measure}, {per_lead}",
        "explain": frame.explain_url("stage_inflow", stage=start.key, by="month"),
        "rows": rows,
        "small": small,
        "drawn": any(row["count"] or row["plan"] or row["before"] or row["n"] for row in rows),
        "planned": any(row["plan"] is not None for row in rows),
        "compared": compared,
        "names": (start.name, end.name),
        "change": biggest_change(snapshot, frame),
        "changes": changes,
        "chart": drawn(
            "inflow-trend",
            months=[row["month"] for row in rows],
            counts=[row["count"] for row in rows],
            plan=[row["plan"] for row in rows],
            before=[row["before"] for row in rows],
            line=None if small else line,
            arrived=[row["arrived"] for row in rows],
            links=[row["explain"] for row in rows],
            links_arrived=[row["explain_share"] for row in rows],
            changes=[(version.from_day, f"v{version.number}") for version in changes],
        ),
    }


def _by_month(answer: dict) -> dict[dt.date, dict]:
    """Rows of a series by the first day of their month; what happened at an unknown time has no month."""
    return {dt.date.fromisoformat(row["key"]): row for row in answer["series"] if row["key"]}


def _small_title(rows: list[dict], start: str, end: str) -> str:
    """Counts over the whole twelve months: what a few leads a month can say."""
    arrived, n = sum(row["arrived"] for row in rows), sum(row["n"] for row in rows)
    if not n:
        return f"No lead has reached {start} in twelve months"
    return f"{arrived:,} of {n:,} {start}s of 12 months are at {end} so far"


def _trend_title(rows: list[dict], start: str, end: str) -> str:
    """The latest three mature months against the three before, if their shares differ beyond chance; else inflow."""
    mature = [row for row in rows if not row["young"] and row["share"] is not None and row["n"]]
    if len(mature) >= 6:
        late, early = (_pooled(part) for part in (mature[-3:], mature[-6:-3]))
        spread = math.sqrt(sum(s * (1 - s) / n for s, n in (late, early) if n))
        if spread and min(late[1], early[1]) >= SMALL and abs(late[0] - early[0]) >= NOTEWORTHY * spread:
            way = "up" if late[0] > early[0] else "down"
            return f"{start} to {end} is {way}: {percent(late[0], 0)} after {percent(early[0], 0)}"
    return f"{start} to {end}: as usual"


def _pooled(rows: list[dict]) -> tuple[float, int]:
    n = sum(row["n"] for row in rows)
    return (sum(row["share"] * row["n"] for row in rows) / n if n else 0.0), n


def ageing(snapshot: Snapshot, frame: Frame) -> dict:
    """Open leads of each path stage by days in it, as of today."""
    stages = [stage for stage in snapshot.book.newest.path() if stage.kind == "path"]
    today = day_number(frame.today)
    rows = []
    for stage in stages:
        question = question_of(snapshot, frame, "stage_balance", at=frame.today.isoformat(), stage=stage.key)
        ages = today - standing(snapshot, question)["day"]
        edges = np.searchsorted([limit for limit, _ in AGES[:-1]], ages)
        limit = p90_age_of_successful_exits(snapshot, stage.id, today)
        rows.append(
            {
                "stage": stage,
                "total": len(ages),
                "parts": [int(np.count_nonzero(edges == i)) for i in range(len(AGES))],
                "stalled": None if limit is None else int(np.count_nonzero(ages > limit)),
                "usual": limit,
                "explain": frame.explain_today_url("stage_balance", stage=stage.key),
            }
        )
    return {
        "title": _ageing_title(rows),
        "sub": f"Open today by days in stage, {policy_of(METRICS['stage_balance']).per}",
        "drawn": any(row["total"] for row in rows),
        "ages": [label for _, label in AGES],
        "rows": rows,
        "explain": frame.explain_today_url("stage_balance"),
        "chart": drawn(
            "open-ages",
            stages=[row["stage"].name for row in rows],
            teams=[row["stage"].side for row in rows],
            ages=[label for _, label in AGES],
            parts=[row["parts"] for row in rows],
            links=[row["explain"] for row in rows],
        ),
    }


def _ageing_title(rows: list[dict]) -> str:
    """The stage in which most leads wait longer than nine in ten of those that moved on.

    With few leads in every such stage none of them is named, but their number is never denied.
    """
    held = [row for row in rows if row["total"]]
    if not held:
        return "No lead is open"
    named = [row for row in held if row["stalled"] and row["total"] >= SMALL]
    if named:
        worst = max(named, key=lambda row: row["stalled"])
        return f"{worst['stalled']:,} of {worst['total']:,} wait longer than usual in {worst['stage'].name}"
    total, long = sum(row["total"] for row in held), sum(row["stalled"] or 0 for row in held)
    opened = f"{total:,} lead{'s are' if total != 1 else ' is'} open"
    if long:
        return f"{opened}; {long:,} wait{'s' if long == 1 else ''} longer than usual"
    if any(row["usual"] is None for row in held):
        return f"{opened}; not every stage says yet how long is usual"
    return f"{opened}; none waits unusually long"


@dataclass(frozen=True)
class Change:
    """One count of the last seven complete days beside the seven before."""

    label: str
    team: str
    now: int
    before: int
    explain: str

    @property
    def difference(self) -> int:
        return self.now - self.before

    @property
    def weight(self) -> float:
        """Standard deviations from no change, as if both were Poisson counts of one rate."""
        total = self.now + self.before
        return abs(self.difference) / math.sqrt(total) if total else 0.0


def biggest_change(snapshot: Snapshot, frame: Frame) -> dict:
    """The most surprising change of the last seven complete days against the seven before, in words, and its explanation."""
    week = Period(frame.today - WEEK, frame.today)
    version = snapshot.book.newest
    aside = [stage for kind in ("lost", "out", "detour") if (stage := version.of_kind(kind)) is not None]
    found = []
    for stage in [*version.path(), *aside]:
        now, before = (
            ask(snapshot, frame, "stage_inflow", period=days, stage=stage.key)["value"] for days in (week, week.previous())
        )
        span = {"from": week.start.isoformat(), "to": week.end.isoformat()}
        url = frame.explain_url("stage_inflow", **span, stage=stage.key)
        found.append(Change(f"into {stage.name}", stage.side, now, before, url))
    top = min(found, key=lambda change: (-change.weight, change.label), default=None)
    return {"text": _change_words(top), "top": top}


def _change_words(top: Change | None) -> str:
    if top is None or top.weight < NOTEWORTHY:
        return "nothing beyond the usual"
    more = "more" if top.difference > 0 else "fewer"
    return f"{abs(top.difference):,} {more} {top.label} than before"
