"""Explain this number: words, formula with its figures, comparison, definition, what is left out, data, the rows behind it.

The same order for every metric (ux-guide 4.6).
"""

import datetime as dt
from dataclasses import dataclass, replace

import numpy as np

from accounts.models import User
from core.periods import Period
from core.templatetags.display import count, decimal, money, percent
from funnel.book import Version
from metrics.answers import put
from metrics.counting import Policy, policy_of
from metrics.definitions import METRICS, Basis, Kind, Metric
from metrics.evaluation import SUPPRESS, about_people, horizon_of, select
from metrics.explain_promises import PROMISED, lines_of
from metrics.explain_returns import return_lines
from metrics.listing import Listing, list_behind
from metrics.questions import Reader
from metrics.return_figures import RETURNS
from metrics.segments import MISSING
from metrics.selection import Question
from metrics.series import Snapshot

SHOWN = 10


@dataclass(frozen=True)
class Explanation:
    metric: Metric
    answer: dict
    value: str
    scope: str  # period and filters in words
    formula: list[tuple[str, str]]  # lines that lead to the value; the last one is the value
    compared: list[tuple[str, str]]
    definition: str
    counting: Policy
    versions: list[tuple[str, str, int]]  # where a rate mixes counting versions: since when, its value there, cases
    left_out: list[str]
    data: str
    listing: Listing


def explain(
    snapshot: Snapshot,
    question: Question,
    *,
    reader: Reader,
    user: User,
    filters: dict[str, list[str]],
    offset: int = 0,
    limit: int = SHOWN,
) -> Explanation:
    """Everything the drawer and its page show about one number. The total is everybody's; the list is the reader's."""
    metric = METRICS[question.key]
    found = put(snapshot, replace(question, by=None), reader=reader)
    return Explanation(
        metric=metric,
        answer=found,
        value=value_words(found, snapshot.currency),
        scope=scope_words(snapshot, question, filters),
        formula=_formula(snapshot, metric, question, found),
        compared=_compared(snapshot, metric, question, found, reader),
        definition=_definition(snapshot, metric, found),
        counting=policy_of(metric),
        versions=_versions(snapshot, metric, found),
        left_out=_left_out(metric, question, found),
        data=_data(snapshot, found),
        listing=list_behind(snapshot, question, user, offset=offset, limit=limit, largest_first=metric.unit == "money"),
    )


def value_words(found: dict, currency: str) -> str:
    """A value in its unit, bounds where they stand in its place; a dash where there is none."""
    value, unit = found["value"], found["unit"]
    if "bounds" in found and (value is None or "interval" not in found):
        return " to ".join(percent(bound) for bound in found["bounds"])
    if value is None:
        return "–"
    match unit:
        case "share":
            return percent(value)
        case "money":
            return money(round(value), currency)
        case "days" | "minutes":
            return _many(decimal(value) if value % 1 else count(value), unit)
    return _many(count(value), unit)


ONE = {"entries": "entry", "credits and cancellations": "credit or cancellation"}  # the others lose their s


def _many(shown: str, unit: str) -> str:
    """A number with its unit as people say it: 1 day, 1.0 days, 2 days."""
    return f"{shown} {ONE.get(unit, unit.removesuffix('s')) if shown == '1' else unit}"


def scope_words(snapshot: Snapshot, question: Question, filters: dict[str, list[str]]) -> str:
    """Period, stages and filters: "1 Oct to 22 Nov 2026 · MQL to SAL · channel Webinar"."""
    parts = [_period_words(question)]
    if question.stage is not None:
        name = snapshot.book.name_of(question.stage)
        parts.append(f"{name} to {snapshot.book.name_of(question.to_stage)}" if question.to_stage is not None else name)
    if METRICS[question.key].kind == Kind.CONVERSION:
        horizon = horizon_of(question)
        parts.append("so far" if horizon >= 3_650 else f"within {_many(str(horizon), 'days')}")
    parts += [f"{name} {' or '.join(value or 'unknown' for value in values)}" for name, values in sorted(filters.items())]
    return " · ".join(parts) if filters else " · ".join([*parts, "all leads"])


def _day_words(day: dt.date) -> str:
    return f"{day.day} {day:%b %Y}"


def _period_words(question: Question) -> str:
    if METRICS[question.key].basis == Basis.INSTANT:
        return f"end of {_day_words(question.at)}"
    last = question.period.end - dt.timedelta(days=1)
    return (
        _day_words(last) if last <= question.period.start else f"{_day_words(question.period.start)} to {_day_words(last)}"
    )


def _formula(snapshot: Snapshot, metric: Metric, question: Question, found: dict) -> list[tuple[str, str]]:
    """The formula with its figures, line by line; the lines of a sum add up to the last one."""
    value = value_words(found, snapshot.currency)
    if _too_few(question, found):
        return [("Cases", count(found["n"])), (metric.label, value)]
    if found.get("why"):
        return [(metric.label, value)]
    if metric.kind in PROMISED:
        return lines_of(metric, found, value, snapshot.currency)
    if metric.key == "gross_profit":
        return [*_profit_lines(snapshot, question), (metric.label, value)]
    if metric.kind in (Kind.SUM, Kind.COUNT, Kind.DISTINCT):
        return [(f"{_many(count(found['n']), 'rows')} behind the number", ""), (metric.label, value)]
    if metric.kind == Kind.CONVERSION:
        lines = [
            ("Leads in the group", count(found["denominator"])),
            (f"Of them there within {_many(count(found['horizon']), 'days')}, so far", count(found["numerator"])),
        ]
        if found["open"]:
            lines.append(("Still too young to say", count(found["open"])))
        return [*lines, (metric.label, value)]
    if metric.kind in RETURNS:
        return return_lines(metric, found, value, snapshot.currency)
    if "numerator" in found and metric.unit == "share":
        as_text = (lambda v: money(v, snapshot.currency)) if metric.kind == Kind.SHARE_OF_SUM else count
        top, bottom = (part.strip() for part in metric.formula.split("÷")) if "÷" in metric.formula else ("part", "whole")
        return [
            (_sentence(top), as_text(found["numerator"])),
            (_sentence(bottom), as_text(found["denominator"])),
            (metric.label, value),
        ]
    if metric.kind == Kind.MEAN:
        return [
            ("Amounts", money(found["numerator"], snapshot.currency)),
            ("Deals with an amount", count(found["denominator"])),
            (metric.label, value),
        ]
    lines = [("Cases", count(found["n"]))]
    if found.get("open"):
        lines.append(("Of them still open", count(found["open"])))
    for name, label in (("p25", "A quarter within"), ("p75", "Three quarters within"), ("p90", "Nine tenths within")):
        quantile = found.get("quantiles", {}).get(name)
        if quantile is not None:
            lines.append((label, _many(decimal(quantile), metric.unit if metric.unit != "share" else "days")))
    return [*lines, (metric.label, value)]


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _profit_lines(snapshot: Snapshot, question: Question) -> list[tuple[str, str]]:
    """Amount less cost of the deals whose cost is known, the estimated profit of the others, credits: they add up."""
    won = select(snapshot, replace(question, key="won_deals", by=None))
    profit = select(snapshot, replace(question, by=None))
    n = len(won)  # the first n rows of the profit selection are the won deals, in the same order; credits follow
    value, estimated = profit.value[:n], profit.estimated[:n]
    known = (value != MISSING) & ~estimated
    amount = int(won.value[known].sum())
    lines = [
        (f"Amount of {_many(count(np.count_nonzero(known)), 'won deals')} with a cost", money(amount, snapshot.currency)),
        ("less their cost", money(int(value[known].sum()) - amount, snapshot.currency)),
    ]
    if np.any(estimated):
        margin = money(int(value[estimated].sum()), snapshot.currency)
        without = _many(count(np.count_nonzero(estimated)), "won deals")
        lines.append((f"{without} without a cost, at the agreed margin", margin))
    credits = profit.value[n:]
    if len(credits):
        total = int(credits[credits != MISSING].sum())
        lines.append((_many(count(len(credits)), "credits and cancellations"), money(total, snapshot.currency)))
    return lines


def _compared(snapshot: Snapshot, metric: Metric, question: Question, found: dict, reader: Reader) -> list[tuple[str, str]]:
    """The same question for the period before, of equal length, and for the same days of last year."""
    if question.period is None or metric.basis == Basis.INSTANT or question.as_of is not None:
        return []
    rows = []
    for label, period in (
        ("Period before, same length", question.period.previous()),
        ("Same days last year", question.period.a_year_before()),
    ):
        other = put(snapshot, replace(question, period=period, by=None), reader=reader)
        if other["n"] and not _too_few(question, other):
            rows.append((f"{label} ({_span(period)})", value_words(other, snapshot.currency)))
    return rows


def _span(period: Period) -> str:
    return f"{_day_words(period.start)} to {_day_words(period.end - dt.timedelta(days=1))}"


def _number_of(version: Version, metric: Metric) -> int:
    """The number by which a metric tells versions apart."""
    return version.number if metric.by_agreement else version.counting_version


def _definition(snapshot: Snapshot, metric: Metric, found: dict) -> str:
    """Which version of the agreement gave the stages their meaning, and whether both sides have signed it."""
    versions = found.get("definition_version") or []
    sentences = []
    for number in versions:
        held = [v for v in snapshot.book.versions if _number_of(v, metric) == number]
        if not held:
            continue
        newest = held[-1]
        state = "agreed by marketing and sales" if newest.signed else "not agreed yet"
        sentences.append(f"version {newest.number}, {state}, in force since {_day_words(newest.from_day)}")
    words = _sentence("; ".join(sentences)) + "." if sentences else "No agreement yet."
    kind = "versions" if metric.by_agreement else "counting versions"
    return words + (f" The period holds two {kind}, so the value is mixed." if found["status"] == "mixed" else "")


def _too_few(question: Question, found: dict) -> bool:
    return about_people(question) and found["n"] < SUPPRESS


def _versions(snapshot: Snapshot, metric: Metric, found: dict) -> list[tuple[str, str, int]]:
    """Each version's own value where the whole mixes several (X7)."""
    rows = []
    for row in found.get("versions", []):
        held = [v for v in snapshot.book.versions if _number_of(v, metric) == int(row["key"])]
        label = f"Counted from {_day_words(held[0].from_day)} on" if held else "Counted before the first version"
        rows.append((label, value_words(row | {"unit": found["unit"]}, snapshot.currency), row["n"]))
    return rows


def _left_out(metric: Metric, question: Question, found: dict) -> list[str]:
    lines = [f"The value: fewer than {SUPPRESS} cases say nothing about a person."] if _too_few(question, found) else []
    lines += [f"The value: {found['why']}"] if found.get("why") else []
    lines += [f"{n:,}: {why}." for why, n in sorted(found.get("excluded", {}).items())]
    if found.get("unknown"):
        lines.append(f"{found['unknown']:,} with an unknown amount: they count as unknown, never as zero.")
    if found["status"] == "immature" and metric.kind in PROMISED:
        lines.append("The value: more than 15 % of the handoffs are still open, so only its bounds are known.")
    elif found["status"] == "immature":
        lines.append("Some members are too young for the horizon; they are followed up to their age.")
    if metric.left_out:
        lines.append(metric.left_out)
    lines.append("Leads that were taken out as tests; merged leads count once.")
    return lines


def _data(snapshot: Snapshot, found: dict) -> str:
    at = snapshot.as_of or snapshot.written_at
    if at is None:
        return "Nothing has been computed yet."
    local = at.astimezone(snapshot.calendar.zone_at(at))
    words = "As it was known on" if snapshot.as_of else "Computed"
    return f"{words} {_day_words(local.date())}, {local:%H:%M} ({local.tzname()}), generation {snapshot.generation}."
