"""The joint dashboard: what each card shows and the rule that writes its title. One page for both teams."""

import datetime as dt
from dataclasses import replace

import numpy as np

from core.money import exponent
from core.periods import Period, add_months
from core.templatetags.display import money_short, percent
from metrics import codes
from metrics.answers import ask
from metrics.evaluation import SMALL, select
from metrics.figures import drawn
from metrics.frame import Frame
from metrics.plan import monthly_targets, planned
from metrics.questions import Reader, read_question
from metrics.segments import MISSING
from metrics.series import Snapshot

# Cards show aggregates, which are the same for everybody; no card tells people apart.
EVERYBODY = Reader(frozenset())
TO_DATE = "3650"  # a horizon that no lead outlives: "so far"
MOST_CHANNELS = 6


def _ask(snapshot: Snapshot, frame: Frame, key: str, *, period: Period | None = None, **more: str | list[str]) -> dict:
    params = frame.params(**more)
    if period is not None:
        params |= {"from": period.start.isoformat(), "to": period.end.isoformat()}
    return ask(key, params, reader=EVERYBODY, now=_end_of(frame, snapshot), snapshot=snapshot)


def _end_of(frame: Frame, snapshot: Snapshot) -> dt.datetime:
    """An instant on the frame's today; the day is all that a question takes from it."""
    return snapshot.calendar.start_of_day(frame.today)


def one_number(snapshot: Snapshot, frame: Frame) -> dict:
    """Card A: gross profit of won deals in the period against plan to date and the same days last year."""
    found = _ask(snapshot, frame, "gross_profit")
    by_kind = _ask(snapshot, frame, "gross_profit", by="kind")
    before = _ask(snapshot, frame, "gross_profit", period=frame.to_date.a_year_before())
    targets = {} if frame.filters else monthly_targets(snapshot, "gross_profit")
    to_date, whole = planned(targets, frame.to_date), planned(targets, frame.whole)
    value, then = found["value"], before["value"] if before["n"] else None  # None: nothing but unknown amounts
    estimated = found.get("estimated", 0)
    scale = max(value or 0, to_date or 0, whole or 0, 1)
    return {
        "title": "Gross profit of won deals" + (", period to date" if frame.running else ""),
        "value": value,
        "deals": _ask(snapshot, frame, "won_deals")["value"],
        "unknown": found.get("unknown", 0),
        "estimated": estimated,
        "estimated_share": estimated / value if estimated and value and value > 0 else None,
        "plan_to_date": to_date,
        "plan_whole": whole,
        "gap": None if value is None or to_date is None else value - to_date,
        "of_plan": value / to_date if to_date and value is not None else None,
        "scale": scale,
        "before": then,
        "growth": None if value is None or then is None else value - then,
        "plan_label": "" if to_date is None else f"Plan to date {money_short(to_date, snapshot.currency)}",
        "end_label": "" if whole is None else f"{frame.label} {money_short(whole, snapshot.currency)}",
        "kinds": sorted(by_kind["series"], key=lambda row: codes.DEAL_KINDS.index(row["key"])),
        "credits": _credits(snapshot, frame),
        "explain": frame.explain_url("gross_profit"),
    }


def _credits(snapshot: Snapshot, frame: Frame) -> int:
    """Credits and cancellations posted in the period, base minor units (negative): revenue less the amounts won."""
    question = _question(snapshot, frame, "won_revenue")
    won = select(snapshot, replace(question, key="won_deals")).value
    both = select(snapshot, question).value
    return int(both[both != MISSING].sum()) - int(won[won != MISSING].sum())


def _question(snapshot: Snapshot, frame: Frame, key: str, **more: str | list[str]):
    params = frame.params(**more)
    return read_question(key, params, snapshot=snapshot, now=_end_of(frame, snapshot), reader=EVERYBODY)


def profit_run(snapshot: Snapshot, frame: Frame) -> dict:
    """The one number day by day: cumulated, beside plan and the same days last year."""
    days = [frame.whole.start + dt.timedelta(days=i) for i in range(frame.whole.days)]
    actual = _cumulated(snapshot, frame, frame.to_date, len(days))
    last_year = frame.whole.a_year_before()
    before = (
        _cumulated(snapshot, frame, last_year, len(days)) if _any_profit(snapshot, frame, last_year) else [None] * len(days)
    )
    targets = {} if frame.filters else monthly_targets(snapshot, "gross_profit")
    plan = [planned(targets, Period(frame.whole.start, day + dt.timedelta(days=1))) for day in days]
    now, want, then = (
        actual[frame.to_date.days - 1],
        plan[frame.to_date.days - 1],
        before[min(frame.to_date.days, len(days)) - 1],
    )
    unit = _unit(snapshot)
    return {
        "title": _run_title(snapshot, now, want, then),
        "sub": f"Gross profit since {frame.whole.start.day} {frame.whole.start:%B}, by day of the win, {snapshot.currency}",
        "explain": frame.explain_url("gross_profit", by="week"),
        "chart": drawn(
            "profit-run",
            days=days,
            actual=[None if v is None else v / unit for v in actual],
            plan=[None if v is None else v / unit for v in plan],
            before=[None if v is None else v / unit for v in before],
            unit=snapshot.currency,
            ticks=_month_ticks(frame),
        ),
        "rows": _month_rows(frame, days, actual, plan, before),
    }


def _unit(snapshot: Snapshot) -> int:
    """Minor units in one unit of the base currency; charts are drawn in whole units."""
    return 10 ** exponent(snapshot.currency)


def _cumulated(snapshot: Snapshot, frame: Frame, period: Period, length: int) -> list[int | None]:
    """Running sums by day of the period; None after its end."""
    question = replace(_question(snapshot, frame, "gross_profit"), period=period)
    selection = select(snapshot, question)
    known = selection.value != MISSING
    sums = np.zeros(period.days, np.int64)
    inside = known & (selection.day >= period.first) & (selection.day < period.stop)
    np.add.at(sums, selection.day[inside] - period.first, selection.value[inside])
    running = [int(v) for v in np.cumsum(sums)]
    return (running + [None] * length)[:length]


def _any_profit(snapshot: Snapshot, frame: Frame, period: Period) -> bool:
    return len(select(snapshot, replace(_question(snapshot, frame, "gross_profit"), period=period))) > 0


def _run_title(snapshot: Snapshot, now: int, want: int | None, then: int | None) -> str:
    """The larger of the two distances that can be named; nothing within 5 % is a finding."""
    if want:
        gap = now - want
        if abs(gap) <= want * 0.05:
            return "Within 5% of plan to date"
        return f"{money_short(abs(gap), snapshot.currency)} {'ahead of' if gap > 0 else 'behind'} plan to date"
    if then:
        growth = now / then - 1
        return f"{percent(abs(growth), 0)} {'above' if growth >= 0 else 'below'} the same days last year"
    return "No plan and no earlier year to compare with yet"


def _month_ticks(frame: Frame) -> list[tuple[dt.date, str]]:
    """First days of the period's months; every second or third of a long one."""
    months, month = [], frame.whole.start
    while month < frame.whole.end:
        months.append(month)
        month = add_months(month, 1)
    step = 1 if len(months) <= 4 else 2 if len(months) <= 8 else 3
    return [(m, f"{m.day} {m:%b}") for m in months[::step]]


def _month_rows(frame: Frame, days, actual, plan, before) -> list[dict]:
    """The chart's table: the last day of each month and today."""
    ends = {i for i, day in enumerate(days) if i + 1 == len(days) or days[i + 1].day == 1} | {frame.to_date.days - 1}
    return [{"day": days[i], "actual": actual[i], "plan": plan[i], "before": before[i]} for i in sorted(ends)]


def funnel(snapshot: Snapshot, frame: Frame) -> dict:
    """Card D: of the leads that started in the period, how many got how far, and how fast (cohort view)."""
    path = [stage for stage in snapshot.book.newest.path() if not stage.retired]
    start = path[0]
    rows = []
    for previous, stage in zip([None, *path], path, strict=False):
        if previous is None:
            reached = _ask(snapshot, frame, "first_reach", stage=stage.key)
            row = {"count": reached["value"], "explain": frame.explain_url("first_reach", stage=stage.key)}
        else:
            so_far = {"stage": start.key, "to_stage": stage.key, "horizon": TO_DATE}
            step = {"stage": previous.key, "to_stage": stage.key}
            reached = _ask(snapshot, frame, "cohort_conversion", **so_far)
            row = {"count": reached["numerator"], "explain": frame.explain_url("cohort_conversion", **so_far)}
            row["conversion"] = _ask(snapshot, frame, "cohort_conversion", **step)
            row["explain_conversion"] = frame.explain_url("cohort_conversion", **step)
            row["days"] = _ask(snapshot, frame, "time_to_convert", **step)
            row["explain_days"] = frame.explain_url("time_to_convert", **step)
            row["of_previous"] = row["count"] / rows[-1]["count"] if rows[-1]["count"] else None
            row["of_start"] = row["count"] / rows[0]["count"] if rows[0]["count"] else None
        rows.append(row | {"stage": stage, "value": row["count"], "team": stage.side, "few": _few(row)})
    narrowest = _narrowest(rows)
    for row in rows:
        row["hot"] = row is narrowest
    return {
        "title": _funnel_title(rows, narrowest),
        "sub": f"Leads that started in {frame.label}, as far as they got; conversion within 90 days, counted by rank",
        "rows": rows,
        "direct": _direct(snapshot, frame),
        "explain": frame.explain_url("cohort_conversion", stage=start.key, to_stage=path[-1].key),
        "signed": snapshot.book.newest.signed,
        "version": snapshot.book.newest.number,
    }


def _few(row: dict) -> bool:
    return "conversion" in row and row["conversion"]["n"] < SMALL


def _narrowest(rows: list[dict]) -> dict | None:
    """The step with the smallest conversion among those with enough leads to be named (X13)."""
    steps = [r for r in rows if "conversion" in r and not r["few"] and r["conversion"]["value"] is not None]
    return min(steps, key=lambda r: r["conversion"]["value"], default=None)


def _funnel_title(rows: list[dict], narrowest: dict | None) -> str:
    if not rows[0]["count"]:
        return "No lead has started in this period yet"
    if narrowest is None:
        return f"{rows[0]['count']:,} leads started, {rows[-1]['count']:,} won so far"
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
    found = _ask(snapshot, frame, "first_reach", **reach)
    if not found["value"]:
        return None
    won = reach | {"to_stage": end.key, "horizon": TO_DATE}
    return {
        "stage": entry,
        "count": found["value"],
        "won": _ask(snapshot, frame, "cohort_conversion", **won)["numerator"],
        "explain": frame.explain_url("first_reach", **reach),
        "explain_won": frame.explain_url("cohort_conversion", **won),
    }


def channels(snapshot: Snapshot, frame: Frame) -> dict:
    """Won revenue and gross profit by channel, best first. With few wins in the period, of the last twelve months (X13)."""
    in_period = _ask(snapshot, frame, "won_deals")["value"]
    asked = frame
    small = in_period < SMALL
    if small and frame.to_date.days < 365:
        frame = replace(frame, label="the last 12 months", to_date=_year_to(frame.to_date.end))
    profit = {row["key"]: row for row in _ask(snapshot, frame, "gross_profit", by="channel")["series"]}
    revenue = {row["key"]: row for row in _ask(snapshot, frame, "won_revenue", by="channel")["series"]}
    deals = {row["key"]: row for row in _ask(snapshot, frame, "won_deals", by="channel")["series"]}
    rows = [
        {
            "key": key,
            "label": row["label"] if key else "No channel",
            "profit": row["value"],
            "revenue": revenue.get(key, {}).get("value", 0),
            "deals": deals.get(key, {}).get("n", 0),
            "estimated": row.get("estimated", 0),
            "unknown": row.get("unknown", 0),
            "explain": frame.explain_url("gross_profit", channel=key),
            "explain_revenue": frame.explain_url("won_revenue", channel=key),
            "explain_deals": frame.explain_url("won_deals", channel=key),
        }
        for key, row in profit.items()
    ]
    rows.sort(key=lambda r: (r["profit"] is None, -(r["profit"] or 0), r["label"]))
    shown = rows if len(rows) <= MOST_CHANNELS else [*rows[: MOST_CHANNELS - 1], _others(rows[MOST_CHANNELS - 1 :])]
    return {
        "title": _channel_title(snapshot, rows, in_period, frame is not asked),
        "sub": f"Gross profit of deals won in {frame.label} by the channel of their lead, {snapshot.currency}",
        "rows": shown,
        "total": {
            "profit": _added(rows, "profit"),
            "revenue": _added(rows, "revenue"),
            "deals": sum(r["deals"] for r in rows),
            "estimated": sum(r["estimated"] for r in rows),
        },
        "small": small,
        "in_period": in_period,
        "deals_explain": asked.explain_url("won_deals"),
        "explain": frame.explain_url("gross_profit", by="channel"),
        "scale": max((row["profit"] or 0 for row in shown), default=0),
    }


def _others(rows: list[dict]) -> dict:
    found = {"key": "others", "label": f"{len(rows)} others", "explain": "", "explain_revenue": "", "explain_deals": ""}
    for name in ("deals", "estimated", "unknown"):
        found[name] = sum(row[name] for row in rows)
    return found | {name: _added(rows, name) for name in ("profit", "revenue")}


def _added(rows: list[dict], name: str) -> int | None:
    """The sum of what is known; None where rows exist and nothing is."""
    known = [row[name] for row in rows if row[name] is not None]
    return sum(known) if known or not rows else None


def _year_to(end: dt.date) -> Period:
    """The 365 days before a day."""
    return Period(end - dt.timedelta(days=365), end)


def _channel_title(snapshot: Snapshot, rows: list[dict], in_period: int, widened: bool) -> str:
    """Names the best channel only if it stands on enough deals; a small company reads what was won."""
    if not rows:
        return "No deal won in this period yet"
    if widened:
        return f"{_deals(in_period)} won in the period, {_deals(sum(row['deals'] for row in rows))} in 12 months"
    best = rows[0]
    if best["deals"] >= SMALL and best["key"] and best["profit"] is not None:
        return f"{best['label']} earned most: {money_short(best['profit'], snapshot.currency)}"
    total = sum(row["deals"] for row in rows)
    return f"{_deals(total)} won, from {len(rows)} channel{'s' if len(rows) != 1 else ''}"


def _deals(number: int) -> str:
    return f"{number:,} deal{'s' if number != 1 else ''}"
