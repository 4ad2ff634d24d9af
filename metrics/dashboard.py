"""What every card of the joint dashboard asks in the same way, and card A: the one number and its course."""

import datetime as dt
from dataclasses import replace

import numpy as np

from core.money import exponent
from core.periods import Period, add_months, date_of
from core.templatetags.display import digits_short_of, money_short, percent
from metrics import codes
from metrics.answers import put
from metrics.counting import policy_of
from metrics.definitions import METRICS
from metrics.evaluation import SMALL, select
from metrics.figures import drawn
from metrics.frame import Frame
from metrics.plan import monthly_targets, planned, without_target
from metrics.questions import Reader, read_question
from metrics.segments import FAR, MISSING, UNKNOWN_DAY
from metrics.selection import Question
from metrics.series import Snapshot

# Cards show aggregates, which are the same for everybody; no card tells people apart.
EVERYBODY = Reader(frozenset())
TO_DATE = "3650"  # a horizon that no lead outlives: "so far"


def question_of(
    snapshot: Snapshot,
    frame: Frame,
    key: str,
    *,
    period: Period | None = None,
    today: dt.date | None = None,
    **more: str | list[str],
) -> Question:
    """A question under the filters of the frame, by default about its period. `today`: up to when everything is followed."""
    span = {} if "at" in more else _span(period or frame.to_date)
    now = snapshot.calendar.start_of_day(today or frame.today)
    question = read_question(key, span | more, snapshot=snapshot, now=now, reader=EVERYBODY)
    # The filters' names were looked up once for the page.
    return replace(question, where=(*frame.where, *question.where))


def _span(period: Period) -> dict[str, str]:
    return {"from": period.start.isoformat(), "to": period.end.isoformat()}


def ask(snapshot: Snapshot, frame: Frame, key: str, **more) -> dict:
    """The answer to `question_of`."""
    return put(snapshot, question_of(snapshot, frame, key, **more), reader=EVERYBODY)


def year_to(end: dt.date) -> Period:
    """The 365 days before a day."""
    return Period(end - dt.timedelta(days=365), end)


def records_from(snapshot: Snapshot) -> dt.date | None:
    """The first day of which anything is known; what was before is unknown, not zero."""

    def compute():
        columns = (snapshot["stay"]["day"], snapshot["deal"]["close"])
        known = [c[(c != UNKNOWN_DAY) & (c != FAR)] for c in columns]
        firsts = [int(c.min()) for c in known if len(c)]
        return date_of(min(firsts)) if firsts else None

    return snapshot.memo(("records_from",), compute)


def comparable(snapshot: Snapshot, period: Period) -> bool:
    """Whether the records reach back to the start of a period."""
    first = records_from(snapshot)
    return first is not None and first <= period.start


def gap_reason(snapshot: Snapshot) -> str:
    """Why there is nothing to compare with."""
    first = records_from(snapshot)
    return f"Nothing to compare with: the records begin on {first.day} {first:%B %Y}" if first else "Nothing is recorded yet"


def one_number(snapshot: Snapshot, frame: Frame) -> dict:
    """Card A: gross profit of won deals in the period against plan to date and an earlier period."""
    found = ask(snapshot, frame, "gross_profit")
    deals = ask(snapshot, frame, "won_deals")["value"]
    reaches = comparable(snapshot, frame.before)
    before = ask(snapshot, frame, "gross_profit", period=frame.before)["value"] if reaches else None
    targets = _targets(snapshot, frame)
    to_date, whole = planned(targets, frame.to_date), planned(targets, frame.whole)
    value = found["value"]  # None: nothing but unknown amounts
    estimated = found.get("estimated", 0)
    scale = max(value or 0, to_date or 0, whole or 0, 1)
    kinds, credits = _parts(snapshot, frame)
    return {
        "title": "Gross profit of won deals" + (", period to date" if frame.running else ""),
        "value": value,
        "deals": deals,
        "unknown": found.get("unknown", 0),
        "estimated": estimated,
        "estimated_share": estimated / value if estimated and value and value > 0 else None,
        "plan_to_date": to_date,
        "plan_whole": whole,
        "gap": None if value is None or to_date is None else value - to_date,
        "of_plan": value / to_date if to_date and value is not None else None,
        "of_plan_digits": digits_short_of(value / to_date, 1) if to_date and value is not None else 0,
        "scale": scale,
        "before": before,
        "growth": None if value is None or before is None else value - before,
        "no_before": "" if reaches else gap_reason(snapshot),
        "year": rolling_year(snapshot, frame) if deals < SMALL else None,
        "no_plan": no_plan_reason(targets, frame) if to_date is None else "",
        "plan_label": "" if to_date is None else f"Plan to date {money_short(to_date, snapshot.currency)}",
        "end_label": "" if whole is None else f"{frame.label} {money_short(whole, snapshot.currency)}",
        "kinds": kinds,
        "credits": credits,
        "explain": frame.explain_url("gross_profit"),
    }


def _targets(snapshot: Snapshot, frame: Frame) -> dict[dt.date, int]:
    """Targets of the one number. They are the whole company's: a filtered page has none."""
    return {} if frame.filters else monthly_targets(snapshot, "gross_profit")


def no_plan_reason(targets: dict[dt.date, int], frame: Frame) -> str:
    """Which months lack a target where others have one; empty where no month has one, or all do."""
    missing = without_target(targets, frame.to_date) if targets else []
    if not missing:
        return ""
    names = [f"{month:%b %Y}" for month in missing]
    gapless = len(missing) > 2 and add_months(missing[0], len(missing) - 1) == missing[-1]
    words = f"{names[0]} to {names[-1]}" if gapless else " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
    return f"No target for {words}, so {frame.label} has no plan{' yet' if frame.running else ''}"


def rolling_year(snapshot: Snapshot, frame: Frame) -> dict:
    """Gross profit and wins of the 365 days to the frame's last day: what a company with few wins reads (X13)."""
    year = year_to(frame.to_date.end)
    return {
        "value": ask(snapshot, frame, "gross_profit", period=year)["value"],
        "deals": ask(snapshot, frame, "won_deals", period=year)["value"],
        "explain": frame.explain_url("gross_profit", **_span(year)),
    }


def _parts(snapshot: Snapshot, frame: Frame) -> tuple[list[dict], int]:
    """What adds up to the one number: profit of the deals won, by kind and before credits, and the credits (negative)."""
    question = question_of(snapshot, frame, "gross_profit")
    selection = select(snapshot, question)
    won = len(select(snapshot, replace(question, key="won_deals")))  # the wins stand first, the credits below them
    known = selection.value != MISSING
    kinds = selection.dims["kind"][:won]
    rows = [
        {"label": name.capitalize(), "value": int(selection.value[:won][own & known[:won]].sum())}
        for code, name in enumerate(codes.DEAL_KINDS)
        if np.any((own := kinds == code) & known[:won])
    ]
    return rows, int(selection.value[won:][known[won:]].sum())


def profit_run(snapshot: Snapshot, frame: Frame) -> dict:
    """The one number day by day: cumulated, beside plan and the same days last year."""
    days = [frame.whole.start + dt.timedelta(days=i) for i in range(frame.whole.days)]
    actual = _cumulated(snapshot, frame, frame.to_date, len(days))
    reaches = comparable(snapshot, frame.whole_before)
    before = _cumulated(snapshot, frame, frame.whole_before, len(days)) if reaches else [None] * len(days)
    targets = _targets(snapshot, frame)
    plan = [planned(targets, Period(frame.whole.start, day + dt.timedelta(days=1))) for day in days]
    now, want, then = (
        actual[frame.to_date.days - 1],
        plan[frame.to_date.days - 1],
        before[min(frame.to_date.days, len(days)) - 1],
    )
    unit = _unit(snapshot)
    return {
        "title": _run_title(snapshot, frame, now, want, then, no_plan_reason(targets, frame)),
        "sub": f"Gross profit since {frame.whole.start.day} {frame.whole.start:%B}, by day of the win, "
        f"{policy_of(METRICS['gross_profit']).per}, {snapshot.currency}",
        "explain": frame.explain_url("gross_profit", by="week"),
        "chart": drawn(
            "profit-run",
            days=days,
            actual=[None if v is None else v / unit for v in actual],
            plan=[None if v is None else v / unit for v in plan],
            before=[None if v is None else v / unit for v in before],
            before_name=frame.before_label,
            unit=snapshot.currency,
            ticks=_month_ticks(frame),
        ),
        "rows": _month_rows(frame, days, actual, plan, before),
        "planned": any(value is not None for value in plan),
        "drawn": any(value for values in (actual, plan, before) for value in values),
        "before_label": frame.before_label if reaches else "",
    }


def _unit(snapshot: Snapshot) -> int:
    """Minor units in one unit of the base currency; charts are drawn in whole units."""
    return 10 ** exponent(snapshot.currency)


def _cumulated(snapshot: Snapshot, frame: Frame, period: Period, length: int) -> list[int | None]:
    """Running sums by day of the period; None after its end."""
    question = replace(question_of(snapshot, frame, "gross_profit"), period=period)
    selection = select(snapshot, question)
    known = selection.value != MISSING
    sums = np.zeros(period.days, np.int64)
    inside = known & (selection.day >= period.first) & (selection.day < period.stop)
    np.add.at(sums, selection.day[inside] - period.first, selection.value[inside])
    running = [int(v) for v in np.cumsum(sums)]
    return (running + [None] * length)[:length]


def _run_title(snapshot: Snapshot, frame: Frame, now: int, want: int | None, then: int | None, no_plan: str) -> str:
    """The larger of the two distances that can be named; nothing within 5 % is a finding."""
    if want:
        gap = now - want
        if abs(gap) <= want * 0.05:
            return "Within 5% of plan to date"
        return f"{money_short(abs(gap), snapshot.currency)} {'ahead of' if gap > 0 else 'behind'} plan to date"
    if then:
        growth = now / then - 1
        return f"{percent(abs(growth), 0)} {'above' if growth >= 0 else 'below'} {frame.before_words}"
    if then == 0:
        return f"{money_short(now, snapshot.currency)}, after nothing {frame.before_words}"
    return no_plan or "No plan and no earlier period to compare with yet"


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
