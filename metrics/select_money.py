"""Masks of the money metrics: won deals, revenue, gross profit, win rate, open pipeline, V6, V7 (metrics-spec 2)."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np

from metrics import codes
from metrics.methods.quantiles import quantile
from metrics.rows import Rows, among, between, distinct, every, places, running_at
from metrics.segments import FAR, MISSING, UNKNOWN_DAY
from metrics.select_funnel import ages_at_advance, p90_age_of_successful_exits, standing
from metrics.selection import Question, Selection, active_leads, entered_in, fits, stack, stay_at, taken, within

AGE_BUCKETS = ((30, "0-30"), (60, "31-60"), (90, "61-90"), (180, "91-180"), (FAR, "181+"))


def _closed(snapshot, question: Question, *more: tuple[str, int]) -> Rows:
    """Deals closed in the period; `more`: columns that must hold a value."""
    rows = every(snapshot["deal"])
    masks = [rows[name] == value for name, value in more]
    return rows.under(within(rows["close"], question), *masks, fits(rows, question, skip=("stage",)))


def _won(snapshot, question: Question) -> Rows:
    return _closed(snapshot, question, ("status", codes.WON))


def _closing(rows: Rows, **columns) -> Selection:
    day = lambda: np.where(rows["cknown"] == 1, rows["close"], UNKNOWN_DAY)  # noqa: E731 - read only if somebody asks
    return taken(rows, item_kind="deal", day=day, **columns)


def won(snapshot, question: Question) -> Selection:
    """Deals won in the period: the win date is an event date, whatever was edited later."""
    rows = _won(snapshot, question)
    return _closing(rows, value=lambda: rows["base"])


def _with_credits(snapshot, question: Question, wins: Selection) -> Selection:
    """With the credits and cancellations posted in the period below the wins: negative, on their own day."""
    rows = entered_in(snapshot["credit"], question)
    rows = rows.under(fits(rows, question, skip=("stage",)))
    credits = taken(
        rows,
        item_kind="deal",
        item=lambda: rows["deal"],
        day=lambda: rows["day"],
        value=lambda: rows["base"],
        estimated=lambda: np.zeros(len(rows), bool),
    )
    return stack(wins, credits)


def revenue(snapshot, question: Question) -> Selection:
    """Amounts of deals won in the period, and credits and cancellations posted in it (negative, on their own day)."""
    rows = _won(snapshot, question)
    wins = _closing(rows, value=lambda: rows["base"], estimated=lambda: np.zeros(len(rows), bool))
    return _with_credits(snapshot, question, wins)


def profit(snapshot, question: Question) -> Selection:
    """Gross profit of deals won in the period; a missing cost is estimated by the agreed margin; credits reduce it."""
    rows = _won(snapshot, question)
    wins = _closing(
        rows,
        value=lambda: snapshot.profit[0][rows.numbers],
        estimated=lambda: snapshot.profit[1][rows.numbers] == codes.ESTIMATED,
    )
    return _with_credits(snapshot, question, wins)


def win_rate(snapshot, question: Question) -> Selection:
    """Of the deals closed in the period, those won."""
    rows = _closed(snapshot, question)
    return _closing(rows, hit=lambda: rows["status"] == codes.WON)


@dataclass(frozen=True)
class _Open:
    """Deals open at the end of a day; a deal's stage is its lead's, and none if it has no lead."""

    rows: Rows
    leads: np.ndarray
    stays: Callable[[], tuple[np.ndarray, np.ndarray]]  # stage and entry day of each deal's lead

    @property
    def stage(self) -> np.ndarray:
        return np.where(self.leads == 0, 0, self.stays()[0])

    @property
    def entered(self) -> np.ndarray:
        return self.stays()[1]

    def selected(self, **columns) -> Selection:
        picked = taken(self.rows, item_kind="deal", **columns)
        return picked.but(dims=picked.dims | {"stage": lambda: self.stage})


def _open(snapshot, question: Question) -> _Open:
    rows = running_at(snapshot["deal_span"], question.at_day, "until")
    rows = rows.under(fits(rows, question, skip=("stage",)))
    found = _at(snapshot, question, rows)
    wanted = [values for name, values in question.where if name == "stage"]
    if question.stage is not None:
        wanted.append((question.stage,))
    if wanted:
        stage = found.stage
        found = _at(snapshot, question, rows.under(*(among(stage, values) for values in wanted)))
    return found


def _at(snapshot, question: Question, rows: Rows) -> _Open:
    leads = rows["lead"]
    return _Open(rows, leads, cache(lambda: stay_at(snapshot, leads, question.at_day)))


def open_deals(snapshot, question: Question) -> Selection:
    """Deals open at the end of the day, with their amount; a deal's stage is its lead's."""
    deals = _open(snapshot, question)
    return deals.selected(value=lambda: deals.rows["base"])


def _of_deal(snapshot, items: np.ndarray, column: str, absent: np.ndarray) -> np.ndarray:
    """A column of the deals with these ids; `absent` where there is no such deal."""
    deal = snapshot["deal"]
    spot = places(deal["item"], items)
    return np.where(spot < 0, absent, deal[column][spot]) if len(deal) else absent


def _ages(snapshot, question: Question, deals: _Open) -> np.ndarray:
    """Age in stage in whole days; a deal without a lead ages from its creation."""
    entered = deals.entered
    created = _of_deal(snapshot, deals.rows["item"], "day", deals.rows["day"])
    since = np.where((deals.leads == 0) | (entered == FAR), created, entered)
    return question.at_day - since.astype(np.int64)


def pipeline_age(snapshot, question: Question) -> Selection:
    """V6: open amount by age in stage."""
    deals = _open(snapshot, question)
    ages = _ages(snapshot, question, deals)
    bucket = np.searchsorted([limit for limit, _ in AGE_BUCKETS], ages)
    return deals.selected(value=deals.rows["base"], age=ages, bucket=bucket)


def stale_share(snapshot, question: Question) -> Selection:
    """V7: of the open amount, that older than the p90 age of won deals at its stage or without activity for 30 days."""
    deals = _open(snapshot, question)
    ages, stage = _ages(snapshot, question, deals), deals.stage
    limits = np.full(len(ages), FAR, np.int64)
    for s in distinct(stage):
        limit = _p90_of_won(snapshot, int(s), question.at_day)
        if limit is not None:
            limits[stage == s] = limit
    active = np.isin(deals.leads, active_leads(snapshot, question.at_day)) & (deals.leads != 0)
    fresh = (deals.rows["day"] > question.at_day - 30) | active
    return deals.selected(value=deals.rows["base"], hit=(ages > limits) | ~fresh)


def _p90_of_won(snapshot, stage: int, day: int) -> int | None:
    """p90 of whole-day ages that won deals had in a stage when they left it; without a lead, of deal ages at the win."""

    def compute():
        rows = every(snapshot["deal"])
        wins = rows.under(rows["status"] == codes.WON, rows["close"] <= day)
        if stage == 0:
            alone = wins.under(wins["lead"] == 0)
            ages = alone["close"] - alone["day"]
        else:
            ages = ages_at_advance(snapshot, stage, day, wins["lead"])
        age = quantile(ages, 0.9)
        return None if age is None else int(age)

    return snapshot.memo(("p90 of won", stage, day), compute)


# --- data quality ---------------------------------------------------------------------------------------------------


def _created(snapshot, question: Question, *, hit: str) -> Selection:
    """Leads created in the period; one whose creation has no known time counts where it was placed, in no bucket."""
    rows = every(snapshot["journey"])
    placed = np.where(rows["created"] == UNKNOWN_DAY, rows["day"], rows["created"])
    rows = rows.under(within(placed, question), fits(rows, question))
    return taken(rows, item_kind="lead", day=lambda: rows["created"], hit=lambda: rows[hit] == 1)


def missing_source(snapshot, question: Question) -> Selection:
    """DQ1: of the leads created in the period, those with neither channel nor campaign at creation."""
    return _created(snapshot, question, hit="nosource")


def clock_skew(snapshot, question: Question) -> Selection:
    """DQ5: of the leads created in the period, those whose creation was dated after a later event."""
    return _created(snapshot, question, hit="skew")


def backdated(snapshot, question: Question) -> Selection:
    """DQ7: of the entries in the period, those entered by hand more than seven days after they happened."""
    rows = entered_in(snapshot["stay"], question)
    rows = rows.under(fits(rows, question))
    day = np.where(rows["known"] == 1, rows["day"], UNKNOWN_DAY)
    return taken(rows, item_kind="entry", day=day, hit=rows["backdated"] == 1)


def stale_leads(snapshot, question: Question) -> Selection:
    """DQ3: of the leads open on the path, those beyond twice the p90 age and without activity for 30 days."""
    path = [s.id for s in snapshot.book.on(question.at).path() if s.kind == "path"]
    rows = standing(snapshot, question)
    rows = rows.under(np.isin(rows["stage"], path))
    limits = np.full(len(rows), FAR, np.int64)
    for stage in path:
        limit = p90_age_of_successful_exits(snapshot, stage, question.at_day)
        if limit is not None:
            limits[rows["stage"] == stage] = 2 * limit
    age = question.at_day - rows["day"].astype(np.int64)
    active = np.isin(rows["lead"], active_leads(snapshot, question.at_day))
    return taken(rows, item_kind="entry", hit=(age > limits) & (rows["known"] == 1) & ~active)


def deal_gaps(snapshot, question: Question) -> Selection:
    """DQ9: of the open deals, those without an amount or with an expected close in the past."""
    deals = _open(snapshot, question)
    rows = deals.rows
    expected = _of_deal(snapshot, rows["item"], "expected", np.full(len(rows), FAR, np.int32))
    return deals.selected(hit=(rows["amount"] == MISSING) | (expected < question.at_day))


def no_rate(snapshot, question: Question) -> Selection:
    """DQ11: of the deals with an amount created up to the day, those whose currency has no dated rate."""
    rows = between(snapshot["deal"], None, question.at_day + 1)
    rows = rows.under(rows["amount"] != MISSING, fits(rows, question, skip=("stage",)))
    return taken(rows, item_kind="deal", hit=lambda: rows["base"] == MISSING)
