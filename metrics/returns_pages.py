"""The pages of return: all campaigns, channels or pieces of content beside each other, and one of them by itself."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from django.db.models import Count, Q

from core.periods import Period, add_months
from leads.models import Decision, Handoff, LeadEvent
from leads.services.feedback import FITS
from metrics.campaign_returns import Return, ReturnRow, Returns, campaign_returns
from metrics.codes import text_code
from metrics.cohort_returns import Cohort, cohort_returns
from metrics.credit import DEFAULT_MODEL
from metrics.credit_words import ModelWords, side_by_side, words_of
from metrics.evaluation import SMALL
from metrics.questions import reason_words
from metrics.return_counts import STEPS, stages_of, urls_of, urls_of_leads
from metrics.return_ranges import range_of, scale_of
from metrics.returns_frame import ReturnFrame, channels_of, names_of
from metrics.series import Snapshot
from metrics.templatetags.returns import one_of, per_one

LONGEST_TITLE = 60
MOST_MONTHS = 12
_SENT_BACK = (Decision.RETURNED, Decision.RECYCLED, Decision.DISQUALIFIED)


@dataclass(frozen=True)
class Line:
    """A row of a page: what it cost and earned under the page's model. `per_euro`: gross profit per unit of spend."""

    row: ReturnRow
    name: str
    earned: Return
    url: str
    deals_url: str
    open_url: str
    open_amount: int  # provisional share of what was open at the end of the period
    few: bool  # too few deals to be ranked or named
    counts: Mapping[str, str] = field(default_factory=dict)  # what stands behind a count: of leads, of deals

    @property
    def per_euro(self) -> float | None:
        # What names no campaign was not spent on the touches that name none: the two are no pair.
        return per_euro(self.earned.romi) if self.row.id > 0 else None

    @property
    def bounds(self) -> tuple[float, float] | None:
        if self.per_euro is None or self.earned.low is None:
            return None
        return self.earned.low + 1, self.earned.high + 1

    @property
    def verdict(self) -> str:
        """Where the interval lies to break-even, in a word; open where it crosses it or rests on few deals."""
        if self.bounds is None or self.few:
            return ""
        if self.bounds[0] > 1:
            return "above"
        return "below" if self.bounds[1] < 1 else "open"


def per_euro(romi: float | None) -> float | None:
    """Gross profit per unit of spend: what a return of −100 % to … says in money."""
    return None if romi is None else romi + 1


def line_of(row: ReturnRow, name: str, frame: ReturnFrame, by: str, stages: dict[str, str]) -> Line:
    return Line(
        row=row,
        name=name,
        earned=row.returns[frame.model],
        url=frame.page_url(by, row.id),
        deals_url=frame.deals_url(by, row.id),
        open_url=frame.deals_url(by, row.id, standing="open"),
        open_amount=row.open_amount[frame.model],
        few=row.influenced < SMALL,
        counts=urls_of(frame, by, row.id, name, stages),
    )


def returns_in(snapshot: Snapshot, frame: ReturnFrame, by: str) -> Returns:
    return campaign_returns(snapshot, frame.period, by=by, sales=frame.sales)


def lines_of(snapshot: Snapshot, frame: ReturnFrame, by: str) -> list[Line]:
    """All rows of a period, those that cost something first, by return; then by what they earned."""
    found = returns_in(snapshot, frame, by)
    names = names_of(by, (row.id for row in found.rows))
    stages = stages_of(snapshot, frame)
    lines = [line_of(row, names.get(row.id, f"No. {row.id}"), frame, by, stages) for row in found.rows]
    return sorted(lines, key=lambda line: (line.per_euro is None, -(line.per_euro or 0), -line.earned.profit, line.name))


# --- all of them ----------------------------------------------------------------------------------------------------------


def overview(snapshot: Snapshot, frame: ReturnFrame, by: str) -> dict:
    """Everything that cost or earned something in a period, with a total that is the ledger's."""
    found = returns_in(snapshot, frame, by)
    lines = lines_of(snapshot, frame, by)
    scale = scale_of(lines)
    spend = sum(line.row.spend for line in lines)
    return {
        "title": title_of_content(lines) if by == "content" else title_of(lines, snapshot.currency),
        "lines": [(line, range_of(line, scale)) for line in lines],
        "cut": any(found is not None and found.cut for found in (range_of(line, scale) for line in lines)),
        "has_spend": by != "content" and any(line.row.spend or line.row.spend_unknown for line in lines),
        "total": {
            "spend": spend,
            "leads": sum(line.row.leads for line in lines),
            "reached": {key: sum(line.row.reached.get(key, 0) for line in lines) for key, _ in STEPS},
            "sourced": sum(line.row.deals for line in lines),
            "open": sum(line.row.open_amount[frame.model] for line in lines),
            "revenue": found.revenue,
            "profit": found.profit,
            "per_euro": found.profit / spend if spend > 0 else None,
        },
        "unknown": found.unknown,
        "estimated": found.estimated,
        "spend_unknown": sum(line.row.spend_unknown for line in lines),
        "explain_profit": frame.explain_url("gross_profit"),
        "explain_revenue": frame.explain_url("won_revenue"),
        "counts": urls_of_leads(frame, stages_of(snapshot, frame)),
    }


def title_of(lines: list[Line], currency: str) -> str:
    """Names the worst below and the best above break-even; nothing whose interval crosses it, nothing on few deals."""
    named = [line for line in lines if line.row.id > 0]
    above = [line for line in named if line.verdict == "above"]
    below = [line for line in named if line.verdict == "below"]
    said = [
        f"{line.name} returns {per_one(line.per_euro, currency)} per {one_of(currency)}"
        for line in (*below[-1:], *above[:1])
    ]
    if below and above:
        both = f"{said[0]}, {above[0].name} {per_one(above[0].per_euro, currency)}"
        said = [both, *said] if len(both) <= LONGEST_TITLE else said
    if said:
        return said[0] if len(said[0]) <= LONGEST_TITLE else said[-1]
    if any(line.per_euro is not None for line in lines):
        return "No return is certainly above or below break-even"
    return "Nothing was spent in this period" if lines else "Nothing was spent or won in this period"


def title_of_content(lines: list[Line]) -> str:
    """A cost line names no piece of content, so pieces have no return: what earned most is named."""
    named = [line for line in lines if line.row.id > 0 and line.earned.profit > 0]
    if not named:
        return "No piece of content has earned anything in this period"
    best = max(named, key=lambda line: line.earned.profit).name
    return f"{best} earned most" if len(best) <= LONGEST_TITLE else "What each piece of content earned"


# --- one of them ----------------------------------------------------------------------------------------------------------


def one_page(snapshot: Snapshot, frame: ReturnFrame, by: str, key: int) -> dict | None:
    """What one campaign or channel cost, brought and earned, under each model; None where the period knows nothing of it."""
    found = returns_in(snapshot, frame, by)
    row = found.row(key)
    if row is None:
        return None
    names = names_of(by, [key])
    line = line_of(row, names[key], frame, by, stages_of(snapshot, frame))
    models = [_model_line(row, model, frame, by) for model in side_by_side(found.models)]
    scale = scale_of([model["line"] for model in models])
    for model in models:
        model["range"] = range_of(model["line"], scale)
    best, worst = max(models, key=_earned), min(models, key=_earned)
    return {
        "line": line,
        "title": _one_title(line, models, snapshot.currency),
        "models": models,
        "differ": (best, worst) if _earned(best) != _earned(worst) else None,
        "cost_per": [
            ("Lead", row.leads, row.cost_per("lead"), line.counts.get("lead", "")),
            *((label, row.reached.get(step, 0), row.cost_per(step), line.counts.get(step, "")) for step, label in STEPS),
            ("Won deal", row.deals, row.cost_per("won"), line.counts["sourced"]),
        ],
        "pipeline_per_spend": row.pipeline_per_spend(frame.model),
        "profit": found.profit,
        "share": line.earned.profit / found.profit if found.profit > 0 else None,
    }


def _earned(model: dict) -> int:
    return model["line"].earned.profit


def _model_line(row: ReturnRow, model: str, frame: ReturnFrame, by: str) -> dict:
    earned = row.returns[model]
    words: ModelWords = words_of(model)
    line = Line(row, words.label, earned, "", "", "", row.open_amount[model], row.influenced < SMALL)
    url = replace(frame, model=model).deals_url(by, row.id)
    return {"words": words, "line": line, "url": url, "chosen": model == DEFAULT_MODEL}


def _one_title(line: Line, models: list[dict], currency: str) -> str:
    """What stands whatever the model; else between what the models lie."""
    values = [model["line"].per_euro for model in models]
    if line.per_euro is None:
        return "Nothing was spent, so there is no return" if line.row.spend <= 0 else "Nothing is known about its return"
    if line.few:
        return f"Too few deals to judge: {line.row.influenced} with a touch of it"
    if min(values) > 1:
        return "Above break-even under every model"
    if max(values) < 1:
        return "Below break-even under every model"
    low, high = (per_one(value, currency) for value in (min(values), max(values)))
    return f"{low} to {high} per {one_of(currency)}: it depends on the model"


# --- what the feedback says -----------------------------------------------------------------------------------------------


def feedback_of(snapshot: Snapshot, period: Period, where: Q) -> dict:
    """What sales decided on the handoffs of some leads in a period, why it sent leads back, and how good it found them.

    `where`: on Lead, prefixed lead__. Counts are everybody's. Three queries.
    """
    begin, end = (snapshot.calendar.start_of_day(day) for day in (period.start, period.end))
    standing = Q(lead__voided=False, lead__merged_into=None)
    handoffs = Handoff.objects.filter(where, standing, entered_at__gte=begin, entered_at__lt=end)
    decided = dict(handoffs.exclude(decision="").values_list("decision").annotate(n=Count("pk")))
    waiting = handoffs.filter(decision="").count()
    reasons = (
        handoffs.filter(decision__in=_SENT_BACK)
        .exclude(reason="")
        .values_list("reason")
        .annotate(n=Count("pk"))
        .order_by("-n")
    )
    words = reason_words(snapshot)
    fits = (
        LeadEvent.objects.filter(where, standing, kind=LeadEvent.Kind.FEEDBACK, occurred_at__gte=begin, occurred_at__lt=end)
        .filter(voiding_events__isnull=True)
        .values_list("new")
        .annotate(n=Count("pk"))
    )
    said = dict(fits)
    total = sum(decided.values())
    return {
        "decided": total,
        "waiting": waiting,
        "decisions": [
            (Decision(key).label, number, number / total) for key, number in sorted(decided.items(), key=_largest)
        ],
        "reasons": [(words.get(text_code(key), (key, key))[1], number) for key, number in reasons],
        "fits": [(label, said[key]) for key, label in FITS.items() if key in said],
        "judged": sum(said.values()),
    }


def _largest(pair: tuple[str, int]) -> tuple[int, str]:
    return -pair[1], pair[0]


# --- what belongs to it ----------------------------------------------------------------------------------------------------


def campaigns_of_channel(snapshot: Snapshot, frame: ReturnFrame, channel: int) -> list[Line]:
    """The campaigns of a channel in a period."""
    lines = lines_of(snapshot, frame, "campaign")
    of = channels_of(line.row.id for line in lines if line.row.id > 0)
    return [line for line in lines if of.get(line.row.id) == channel]


def months_of(snapshot: Snapshot, frame: ReturnFrame, by: str, key: int) -> list[Cohort]:
    """The last months of a period with spend or profit, newest first: a month's money with what its own touches earned."""
    end = frame.period.end
    period = Period(max(frame.period.start, add_months(end.replace(day=1), 1 - MOST_MONTHS)), end)
    found = cohort_returns(snapshot, period, by=by, key=key, model=frame.model, sales=frame.sales)
    return [month for month in reversed(found) if month.spend or month.profit]


# --- whose campaigns do not earn their money ------------------------------------------------------------------------------


def below_break_even(snapshot: Snapshot, frame: ReturnFrame, campaigns: set[int]) -> list[tuple[Line, dict | None]]:
    """Of these campaigns those whose whole interval lies below break-even, dearest first.

    Beside each the model that sees it highest, if that one lies above break-even: the reader should know before acting.
    """
    found = returns_in(snapshot, frame, "campaign")
    rows = []
    for line in lines_of(snapshot, frame, "campaign"):
        if line.row.id not in campaigns or line.verdict != "below":
            continue
        best = max(side_by_side(found.models), key=lambda model: line.row.returns[model].profit)
        value = per_euro(line.row.returns[best].romi)
        rows.append((line, {"words": words_of(best), "value": value} if value is not None and value > 1 else None))
    return sorted(rows, key=lambda pair: -pair[0].row.spend)
