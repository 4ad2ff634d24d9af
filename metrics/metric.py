"""What the declaration of a metric says."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from metrics.selection import Question, Selection


class Basis(StrEnum):
    PERIOD = "period"  # what happened in the period, whoever it happened to
    COHORT = "cohort"  # what became of those who entered in the period
    INSTANT = "instant"  # a stock at the end of a day


class Kind(StrEnum):
    COUNT = "count"
    SUM = "sum"
    MEAN = "mean"
    RATIO = "ratio"
    SHARE_OF_SUM = "share_of_sum"
    DURATION = "duration"  # exact quantiles of completed durations
    STAY = "stay"  # median with open members censored, and the curve by cause
    CONVERSION = "conversion"  # first-reach incidence at a horizon
    CYCLE = "cycle"  # durations of those who got there, with the incidence curve
    RESPONSE = "response"  # minutes, never-answered ones censored
    WINDOWS = "windows"  # closed windows of a promise: kept ÷ due, excluded ones apart
    QUALITY = "quality"  # the share that was accepted ÷ the share that was promised
    CONTEXT = "context"  # fields that were there ÷ fields that were required
    VOLUME = "volume"  # entries ÷ the target so far
    WORTH = "worth"  # value of the entries ÷ the target so far
    ACCEPTANCE = "acceptance"  # a share that gives way to its bounds while much is open
    BOUNDS = "bounds"
    RETURN = "return"  # (brought − spent) ÷ spent
    COST_PER = "cost_per"  # spent ÷ how many were brought
    DISTINCT = "distinct"  # how many different items: one may stand in several groups
    SHARES = "shares"  # one share per group, all of the same whole


@dataclass(frozen=True)
class Metric:
    """One metric. `stage` and `to_stage` name the milestone that is meant when none is given; "?" means a stage must be
    given, "*" that none means all stages, "" that the metric has none."""

    key: str
    spec: str
    label: str
    words: str
    formula: str
    unit: str
    basis: Basis
    kind: Kind
    owner: str
    fact: str
    select: Callable[[object, Question], Selection]
    stage: str = ""
    to_stage: str = ""
    left_out: str = ""
    version: int = 1
    # Data-quality checks (metrics-spec 11): from these shares on, a number that depends on it is marked or greyed.
    warn: float | None = None
    block: float | None = None
    # The line of the agreement that it measures. What is promised is told apart by versions of the agreement, everything
    # else by counting versions.
    promise: str = ""
    lacks: tuple[str, ...] = ()  # dimensions of its fact that its own rows do not have

    @property
    def by_agreement(self) -> bool:
        """Whether its facts are told apart by versions of the agreement: promises, and the reasons that one lists."""
        return bool(self.promise) or self.kind == Kind.SHARES
