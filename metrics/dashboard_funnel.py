"""Card D: the funnel of the leads that started in the period, and how far those of an earlier period had got by then."""

import datetime as dt

from core.templatetags.display import percent
from metrics.counting import policy_of
from metrics.dashboard import TO_DATE, ask, comparable, gap_reason
from metrics.definitions import METRICS
from metrics.evaluation import SMALL
from metrics.frame import Frame
from metrics.plan import monthly_targets, planned
from metrics.series import Snapshot


def funnel(snapshot: Snapshot, frame: Frame) -> dict:
    """Card D: of the leads that started in the period, how many got how far, and how fast (cohort view).

    `before` of a row: how far the leads of the earlier period had got on that period's same day. `plan` is about
    entries in the period, as targets are; a stage without targets has none.
    """
    path = [stage for stage in snapshot.book.newest.path() if not stage.retired]
    start = path[0]
    reaches = comparable(snapshot, frame.before)
    rows: list[dict] = []
    for previous, stage in zip([None, *path], path, strict=False):
        row = _reached(snapshot, frame, start, stage)
        if reaches:
            row["before"] = _reached_before(snapshot, frame, start, stage)
            row["change"] = row["count"] - row["before"]
        if previous is not None:
            step = {"stage": previous.key, "to_stage": stage.key}
            row["conversion"] = ask(snapshot, frame, "cohort_conversion", **step)
            row["shows_range"] = _shows_range(row["conversion"])
            row["explain_conversion"] = frame.explain_url("cohort_conversion", **step)
            row["days"] = ask(snapshot, frame, "time_to_convert", **step)
            row["explain_days"] = frame.explain_url("time_to_convert", **step)
            row["of_previous"] = row["count"] / rows[-1]["count"] if rows[-1]["count"] else None
            row["of_start"] = row["count"] / rows[0]["count"] if rows[0]["count"] else None
        row |= _on_plan(snapshot, frame, stage)
        rows.append(row | {"stage": stage, "value": row["count"], "team": stage.side, "few": _few(row)})
    narrowest = _narrowest(rows)
    for row in rows:
        row["hot"] = row is narrowest
    has_plan = any(row["plan"] is not None for row in rows)
    direct = _direct(snapshot, frame)
    # The line of what sales started has its place beside the outline, and is no part of it.
    outline = [*rows, (None, "sales")] if direct else rows
    return {
        "title": _funnel_title(rows, narrowest),
        "sub": f"Leads that started in {frame.label}, as far as they got; conversion in 90 days, "
        f"{policy_of(METRICS['cohort_conversion']).per}, a skipped stage as reached",
        "rows": rows,
        "planned": has_plan,
        "outline": outline,
        "rest": 5 + has_plan + reaches,
        "reaches": reaches,
        "before_label": frame.before_label,
        "no_before": "" if reaches else gap_reason(snapshot),
        "direct": direct,
        "explain": frame.explain_url("cohort_conversion", stage=start.key, to_stage=path[-1].key),
        "pair": _pair_query(frame, rows, narrowest),
        "signed": snapshot.book.newest.signed,
        "version": snapshot.book.newest.number,
    }


def _reached(snapshot: Snapshot, frame: Frame, start, stage) -> dict:
    """How many of the leads that started got to a stage, and the address that explains it."""
    if stage is start:
        reached = ask(snapshot, frame, "first_reach", stage=stage.key)
        return {"count": reached["value"], "explain": frame.explain_url("first_reach", stage=stage.key)}
    so_far = {"stage": start.key, "to_stage": stage.key, "horizon": TO_DATE}
    reached = ask(snapshot, frame, "cohort_conversion", **so_far)
    return {"count": reached["numerator"], "explain": frame.explain_url("cohort_conversion", **so_far)}


def _reached_before(snapshot: Snapshot, frame: Frame, start, stage) -> int:
    """The same for the earlier period, followed up to its own last day only: both groups are of one age."""
    then = {"period": frame.before, "today": frame.before.end - dt.timedelta(days=1)}
    if stage is start:
        return ask(snapshot, frame, "first_reach", stage=stage.key, **then)["value"]
    so_far = {"stage": start.key, "to_stage": stage.key, "horizon": TO_DATE}
    return ask(snapshot, frame, "cohort_conversion", **so_far, **then)["numerator"]


def _on_plan(snapshot: Snapshot, frame: Frame, stage) -> dict:
    """Entries against the plan to date. Targets are the whole company's: a filtered page shows none."""
    targets = {} if frame.filters else monthly_targets(snapshot, "stage_inflow", stage.id)
    plan = planned(targets, frame.to_date)
    if not plan:
        return {"plan": None}
    entered = ask(snapshot, frame, "stage_inflow", stage=stage.key)["value"]
    return {
        "plan": plan,
        "entered": entered,
        "of_plan": entered / plan,
        "plan_scale": max(entered, plan),
        "explain_plan": frame.explain_url("stage_inflow", stage=stage.key),
    }


def _pair_query(frame: Frame, rows: list[dict], narrowest: dict | None) -> str:
    """The step whose two views are worth comparing: the narrowest, else the first."""
    if len(rows) < 2:
        return ""
    at = rows.index(narrowest) if narrowest else 1
    return frame.query(from_stage=rows[at - 1]["stage"].key, to_stage=rows[at]["stage"].key)


def _few(row: dict) -> bool:
    return "conversion" in row and row["conversion"]["n"] < SMALL


def _shows_range(conversion: dict) -> bool:
    """Whether a share needs its range beside it: few leads, or some too young. Where nothing is decided there is none."""
    return "interval" in conversion and (conversion["n"] < SMALL or conversion["status"] == "immature")


def _narrowest(rows: list[dict]) -> dict | None:
    """The step with the smallest conversion among those with enough leads to be named (X13)."""
    steps = [r for r in rows if "conversion" in r and not r["few"] and r["conversion"]["value"] is not None]
    return min(steps, key=lambda r: r["conversion"]["value"], default=None)


def _funnel_title(rows: list[dict], narrowest: dict | None) -> str:
    if not rows[0]["count"]:
        return "No lead has started in this period yet"
    if narrowest is None:
        started = rows[0]["count"]
        return f"{started:,} lead{'s' if started != 1 else ''} started, {rows[-1]['count']:,} won so far"
    before = rows[rows.index(narrowest) - 1]["stage"].name
    share = percent(narrowest["conversion"]["value"], 0)
    return f"The narrowest step is {before} to {narrowest['stage'].name}: {share} go on"


def _direct(snapshot: Snapshot, frame: Frame) -> dict | None:
    """Leads that sales or a customer started: a line of its own, they never were marketing's (architecture 4)."""
    version = snapshot.book.newest
    entry, end = version.milestone("sal") or version.milestone("sql"), version.milestone("won")
    if entry is None or end is None:
        return None
    reach = {"stage": entry.key, "origin": ["sales", "customer"]}
    found = ask(snapshot, frame, "first_reach", **reach)
    if not found["value"]:
        return None
    won = reach | {"to_stage": end.key, "horizon": TO_DATE}
    return {
        "stage": entry,
        "count": found["value"],
        "won": ask(snapshot, frame, "cohort_conversion", **won)["numerator"],
        "explain": frame.explain_url("first_reach", **reach),
        "explain_won": frame.explain_url("cohort_conversion", **won),
    }
