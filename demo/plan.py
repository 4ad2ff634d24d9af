"""Money around the deals: spend, exchange rates, and a plan that the company is a little behind."""

import calendar
import datetime as dt
import math

from core.periods import add_months
from demo import catalogue
from demo.chance import ZONE
from demo.facts import CampaignFact, DealFact, LeadFact, SpendFact

BEHIND = 0.93  # quarter to date against plan
MONTHS_BACK, MONTHS_AHEAD = 12, 6


def months_between(start: dt.date, end: dt.date) -> list[tuple[dt.date, dt.date]]:
    """First and last day of each month, cut at both ends (inclusive)."""
    found, first = [], start
    while first <= end:
        last = first.replace(day=calendar.monthrange(first.year, first.month)[1])
        found.append((first, min(last, end)))
        first = last + dt.timedelta(days=1)
    return found


def tell_spend(start: dt.date, today: dt.date, campaigns: list[CampaignFact], scale: float) -> list[SpendFact]:
    """Cost lines by month for what runs always, one line for what happens once. The running month ends today."""
    spend: list[SpendFact] = []
    span = {c.name: c for c in campaigns}

    def minor(euros: float) -> int:
        return round(euros * scale) * 100

    for plan in catalogue.CAMPAIGNS:
        if not plan.spend:
            continue
        first, last = span[plan.name].starts, min(span[plan.name].ends, today)
        if plan.once:
            spend.append(SpendFact(minor(plan.spend), "EUR", first, last, campaign=plan.name))
            continue
        for begin, end in months_between(first, last):
            euros = plan.spend * ((end - begin).days + 1) / 30.4 * (0.9 + 0.2 * math.sin(begin.month))
            spend.append(SpendFact(minor(euros), "EUR", begin, end, campaign=plan.name))
    for channel, euros in catalogue.OTHER_SPEND:
        for begin, end in months_between(start, today):
            spend.append(SpendFact(minor(euros * ((end - begin).days + 1) / 30.4), "EUR", begin, end, channel=channel))
    for kind, label, euros in catalogue.COMPANY_COST:
        for begin, end in months_between(start, today):
            part = minor(euros * ((end - begin).days + 1) / 30.4)
            spend.append(SpendFact(part, "EUR", begin, end, kind=kind, label=label))
    for _, _, name, euros, _, currency in catalogue.FAIRS:
        for fair in (c for c in campaigns if c.name.startswith(name)):
            last = min(fair.starts + dt.timedelta(days=2), today)
            spend.append(SpendFact(minor(euros), currency, fair.starts, last, campaign=fair.name))
    # One invoice was booked wrong and put right: the older line is voided, never edited.
    spend[0].replaced_by = round(spend[0].amount * 0.92)
    return spend


def tell_rates(start: dt.date, today: dt.date) -> list[tuple[str, dt.date, str]]:
    """Weekly rates with a slow swing, from the week before the history on."""
    rates = []
    for currency, middle in catalogue.RATES.items():
        day, week = start - dt.timedelta(days=7), 0
        while day <= today:
            rates.append((currency, day, f"{middle * (1 + 0.025 * math.sin(week / 8)):.6f}"))
            day, week = day + dt.timedelta(days=7), week + 1
    return rates


def profit_of(deal: DealFact, segment: str) -> float:
    """Gross profit in euro cents, good enough to size a plan by."""
    priced = [s.amount for s in deal.steps if s.kind in ("opened", "amount") and s.amount is not None]
    rate = 1.0 if deal.currency == "EUR" else catalogue.RATES.get(deal.currency)
    if not priced or rate is None:
        return 0.0
    margin = catalogue.SEGMENTS[segment][2] if segment else catalogue.OTHER_MARGIN
    cost = deal.last("cost")
    return rate * (priced[-1] - cost.amount if cost else priced[-1] * margin / 10_000)


def plan_targets(
    leads: list[LeadFact], deals: list[DealFact], start: dt.date, today: dt.date
) -> list[tuple[str, str, dt.date, int]]:
    """(metric, stage, month, value) for the last twelve and the next six months, in the shape of a growing year."""
    segment_of = {lead.key: lead.segment for lead in leads}
    profit: list[tuple[dt.date, float]] = []
    won: list[tuple[dt.date, float]] = []
    for deal in deals:
        if deal.steps[-1].kind in ("won", "credited", "cancelled"):
            day = deal.last("won").at.astimezone(ZONE).date()
            segment = segment_of.get(deal.lead, "") if deal.lead is not None else deal.segment
            profit.append((day, profit_of(deal, segment)))
            won += [(day, 1.0)] if deal.lead is not None else []
    mqls = [
        (step.at.astimezone(ZONE).date(), 1.0)
        for lead in leads
        for step in lead.steps
        if step.kind == "moved" and step.stage == "mql"
    ]
    this_month = today.replace(day=1)
    months = [add_months(this_month, i) for i in range(-MONTHS_BACK, MONTHS_AHEAD + 1)]
    # Nobody planned for months before the company began to keep book.
    months = [m for m in months if m >= start.replace(day=1)]
    targets = []
    for metric, stage, facts, grain in (
        ("gross_profit", "", profit, 100_000),
        ("stage_inflow", "mql", mqls, 1),
        ("stage_inflow", "won", won, 1),
    ):
        level = _level(facts, start, today)
        targets += [(metric, stage, m, max(grain, round(level * _shape(m, today) / grain) * grain)) for m in months]
    return targets


def _shape(month: dt.date, today: dt.date) -> float:
    """A month's share of a usual month: steady growth, and half of the season (deals close later than leads come)."""
    ahead = (month.year - today.year) * 12 + month.month - today.month
    return (1 + 0.012 * ahead) * (1 + 0.5 * (catalogue.SEASON[month.month - 1] - 1))


def _level(facts: list[tuple[dt.date, float]], start: dt.date, today: dt.date) -> float:
    """The size of a usual month of the plan, so that the quarter to date is a little behind it.

    A quarter that has only begun says little; then, and for its extremes, the last year decides.
    """
    quarter = dt.date(today.year, (today.month - 1) // 3 * 3 + 1, 1)
    year = max(start, today - dt.timedelta(days=365))
    usual = _ratio(facts, year, today)
    now = _ratio(facts, quarter, today) if (today - quarter).days >= 20 else usual
    return min(max(now, usual * 0.7), usual * 1.4) / BEHIND


def _ratio(facts: list[tuple[dt.date, float]], first: dt.date, today: dt.date) -> float:
    """What happened from `first` to today per usual month of the plan's shape, part months by days."""
    shape = 0.0
    for begin, end in months_between(first, today):
        length = calendar.monthrange(begin.year, begin.month)[1]
        shape += _shape(begin.replace(day=1), today) * ((end - begin).days + 1) / length
    return sum(value for day, value in facts if first <= day <= today) / shape
