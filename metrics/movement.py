"""Cards about movement: inflow and conversion by month, open leads by age, what changed since last week."""

import datetime as dt
import math
from dataclasses import dataclass

import numpy as np

from core.periods import Period, add_months, day_number
from core.templatetags.display import percent
from metrics.answers import ask
from metrics.dashboard import EVERYBODY
from metrics.evaluation import SMALL, select
from metrics.figures import drawn
from metrics.frame import Frame
from metrics.questions import read_question
from metrics.select_funnel import p90_age_of_successful_exits
from metrics.series import Snapshot

MONTHS = 12
AGES = ((7, "up to 7 d"), (30, "8–30 d"), (90, "31–90 d"), (None, "over 90 d"))
WEEK = dt.timedelta(days=7)
# A difference of two counts is a finding when it is this many standard deviations from nothing (Poisson).
NOTEWORTHY = 2.0


def _now(snapshot: Snapshot, frame: Frame) -> dt.datetime:
    return snapshot.calendar.start_of_day(frame.today)


def _ask(snapshot: Snapshot, frame: Frame, key: str, period: Period, **more: str) -> dict:
    params = frame.params(**more) | {"from": period.start.isoformat(), "to": period.end.isoformat()}
    return ask(key, params, reader=EVERYBODY, now=_now(snapshot, frame), snapshot=snapshot)


def trend(snapshot: Snapshot, frame: Frame) -> dict | None:
    """Leads that reached MQL by month, and the share of each month's that reached SQL within 90 days.

    None where no stage carries both milestones. A month whose youngest lead is not yet 90 days old is drawn lighter.
    """
    version = snapshot.book.newest
    start, end = version.milestone("mql"), version.milestone("sql")
    if start is None or end is None:
        return None
    last = add_months(frame.today.replace(day=1), 1)
    year = Period(add_months(last, -MONTHS), min(last, frame.today + dt.timedelta(days=1)))
    reached = _ask(snapshot, frame, "first_reach", year, stage=start.key, by="month")["series"]
    shares = _ask(snapshot, frame, "cohort_conversion", year, stage=start.key, to_stage=end.key, by="month")["series"]
    by_month = {row["key"]: row for row in shares}
    rows = []
    for row in (r for r in reached if r["key"]):
        share = by_month.get(row["key"], {})
        month = dt.date.fromisoformat(row["key"])
        period = Period(month, min(add_months(month, 1), year.end))
        own = {"from": period.start.isoformat(), "to": period.end.isoformat()}
        rows.append(
            {
                "month": month,
                "count": row["value"],
                "share": share.get("value"),
                "n": share.get("n", 0),
                "few": share.get("n", 0) < SMALL,
                "young": share.get("status") == "immature",
                "explain": frame.explain_url("first_reach", **own, stage=start.key),
                "explain_share": frame.explain_url("cohort_conversion", **own, stage=start.key, to_stage=end.key),
            }
        )
    return {
        "title": _trend_title(rows, start.name, end.name),
        "sub": f"Leads that reached {start.name} by month, and % of them at {end.name} within 90 days",
        "explain": frame.explain_url("first_reach", stage=start.key, by="month"),
        "rows": rows,
        "names": (start.name, end.name),
        "chart": drawn(
            "inflow-trend",
            months=[row["month"] for row in rows],
            counts=[row["count"] for row in rows],
            shares=[None if row["share"] is None else row["share"] * 100 for row in rows],
            firm=[not (row["young"] or row["few"]) for row in rows],
            links=[row["explain"] for row in rows],
        ),
    }


def _trend_title(rows: list[dict], start: str, end: str) -> str:
    """The latest three mature months against the three before, if their shares differ beyond chance; else inflow."""
    mature = [row for row in rows if not row["young"] and row["share"] is not None and row["n"]]
    if len(mature) >= 6:
        late, early = (_pooled(part) for part in (mature[-3:], mature[-6:-3]))
        spread = math.sqrt(sum(s * (1 - s) / n for s, n in (late, early) if n))
        if spread and min(late[1], early[1]) >= SMALL and abs(late[0] - early[0]) >= NOTEWORTHY * spread:
            way = "up" if late[0] > early[0] else "down"
            return f"{start} to {end} is {way}: {percent(late[0], 0)} after {percent(early[0], 0)}"
    return f"{start} to {end}: no change beyond the usual ups and downs"


def _pooled(rows: list[dict]) -> tuple[float, int]:
    n = sum(row["n"] for row in rows)
    return (sum(row["share"] * row["n"] for row in rows) / n if n else 0.0), n


def ageing(snapshot: Snapshot, frame: Frame) -> dict:
    """Open leads of each path stage by days in it, as of today."""
    stages = [stage for stage in snapshot.book.newest.path() if stage.kind == "path"]
    today = day_number(frame.today)
    rows = []
    for stage in stages:
        params = {name: value for name, value in frame.params(stage=stage.key).items() if name not in ("from", "to")}
        question = read_question("stage_balance", params, snapshot=snapshot, now=_now(snapshot, frame), reader=EVERYBODY)
        entered = _entered(snapshot, select(snapshot, question).item)
        ages = today - entered
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
        "sub": "Leads in each stage today, by days in it",
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


def _entered(snapshot: Snapshot, items: np.ndarray) -> np.ndarray:
    """Entry days of stays by their opening event."""
    stay = snapshot["stay"]
    order = np.argsort(stay["item"], kind="stable")
    return stay["day"][order[np.searchsorted(stay["item"][order], items)]].astype(np.int64)


def _ageing_title(rows: list[dict]) -> str:
    """The stage in which most leads wait longer than nine in ten of those that moved on."""
    named = [row for row in rows if row["stalled"] and row["total"] >= SMALL]
    if not named:
        total = sum(row["total"] for row in rows)
        return f"{total:,} lead{'s are' if total != 1 else ' is'} open; none waits unusually long"
    worst = max(named, key=lambda row: row["stalled"])
    return f"{worst['stalled']:,} of {worst['total']:,} wait longer than usual in {worst['stage'].name}"


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


def changes(snapshot: Snapshot, frame: Frame) -> dict:
    """The largest changes of the last seven complete days against the seven before, most surprising first."""
    week = Period(frame.today - WEEK, frame.today)
    version = snapshot.book.newest
    aside = [stage for kind in ("lost", "out", "detour") if (stage := version.of_kind(kind)) is not None]
    found = []
    for stage in [*version.path(), *aside]:
        now, before = (
            _ask(snapshot, frame, "stage_inflow", period, stage=stage.key)["value"] for period in (week, week.previous())
        )
        span = {"from": week.start.isoformat(), "to": week.end.isoformat()}
        url = frame.explain_url("stage_inflow", **span, stage=stage.key)
        found.append(Change(f"into {stage.name}", stage.side, now, before, url))
    found.sort(key=lambda change: (-change.weight, change.label))
    return {"title": _change_title(found), "sub": "Entries in the last 7 days against the 7 before", "rows": found[:5]}


def _change_title(found: list[Change]) -> str:
    top = found[0] if found else None
    if top is None or top.weight < NOTEWORTHY:
        return "Since last week: nothing beyond the usual"
    more = "more" if top.difference > 0 else "fewer"
    return f"{abs(top.difference):,} {more} {top.label} than the week before"
