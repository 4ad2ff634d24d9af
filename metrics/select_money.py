"""Masks of the money metrics: won deals, revenue, gross profit, win rate, open pipeline, V6, V7 (metrics-spec 2)."""

from dataclasses import replace

import numpy as np

from metrics import codes
from metrics.segments import FAR, MISSING, UNKNOWN_DAY
from metrics.select_funnel import p90_age_of_successful_exits
from metrics.selection import Question, Selection, active_leads, filtered, open_at, pick, stack, stay_at, within

AGE_BUCKETS = ((30, "0-30"), (60, "31-60"), (90, "61-90"), (180, "91-180"), (FAR, "181+"))


def _closed(snapshot, question: Question):
    deal = snapshot["deal"]
    mask = filtered(deal, question, skip=("stage",))
    return deal, mask & within(deal["close"], question), np.where(deal["cknown"] == 1, deal["close"], UNKNOWN_DAY)


def won(snapshot, question: Question) -> Selection:
    """Deals won in the period: the win date is an event date, whatever was edited later."""
    deal, mask, day = _closed(snapshot, question)
    return pick(deal, mask & (deal["status"] == codes.WON), item_kind="deal", day=day, value=deal["base"])


def _credits(snapshot, question: Question, value: np.ndarray, estimated: np.ndarray) -> Selection:
    credit = snapshot["credit"]
    mask = filtered(credit, question, skip=("stage",)) & within(credit["day"], question)
    picked = pick(credit, mask, item_kind="deal", day=credit["day"], value=value, estimated=estimated)
    return replace(picked, item=credit["deal"][mask])


def revenue(snapshot, question: Question) -> Selection:
    """Amounts of deals won in the period, and credits and cancellations posted in it (negative, on their own day)."""
    deal, mask, day = _closed(snapshot, question)
    nothing = np.zeros(len(deal), bool)
    wins = pick(deal, mask & (deal["status"] == codes.WON), item_kind="deal", day=day, value=deal["base"], estimated=nothing)
    credit = snapshot["credit"]
    return stack(wins, _credits(snapshot, question, credit["base"], np.zeros(len(credit), bool)))


def profit(snapshot, question: Question) -> Selection:
    """Gross profit of deals won in the period; a missing cost is estimated by the agreed margin; credits reduce it."""
    deal, mask, day = _closed(snapshot, question)
    value, how = snapshot.profit
    wins = pick(
        deal, mask & (deal["status"] == codes.WON), item_kind="deal", day=day, value=value, estimated=how == codes.ESTIMATED
    )
    credit = snapshot["credit"]
    return stack(wins, _credits(snapshot, question, credit["base"], np.zeros(len(credit), bool)))


def win_rate(snapshot, question: Question) -> Selection:
    """Of the deals closed in the period, those won."""
    deal, mask, day = _closed(snapshot, question)
    return pick(deal, mask, item_kind="deal", day=day, hit=deal["status"] == codes.WON)


def _open(snapshot, question: Question):
    span = snapshot["deal_span"]
    mask = filtered(span, question, skip=("stage",)) & open_at(span["day"], span["until"], question.at_day)
    stage, entered = stay_at(snapshot, span["lead"], question.at_day)
    no_lead = span["lead"] == 0
    stage = np.where(no_lead, 0, stage)
    for name, values in question.where:
        if name == "stage":
            mask = mask & np.isin(stage, values)
    if question.stage is not None:
        mask = mask & (stage == question.stage)
    return span, mask, stage, entered


def open_deals(snapshot, question: Question) -> Selection:
    """Deals open at the end of the day, with their amount; a deal's stage is its lead's."""
    span, mask, stage, _ = _open(snapshot, question)
    picked = pick(span, mask, item_kind="deal", value=span["base"])
    return replace(picked, dims=picked.dims | {"stage": stage[mask]})


def _ages(snapshot, question: Question, span, entered) -> np.ndarray:
    """Age in stage in whole days; a deal without a lead ages from its creation."""
    deal = snapshot["deal"]
    order = np.argsort(deal["item"])
    spot = np.searchsorted(deal["item"][order], span["item"])
    created = deal["day"][order][np.minimum(spot, max(len(order) - 1, 0))] if len(order) else span["day"]
    since = np.where((span["lead"] == 0) | (entered == FAR), created, entered)
    return question.at_day - since.astype(np.int64)


def pipeline_age(snapshot, question: Question) -> Selection:
    """V6: open amount by age in stage."""
    span, mask, stage, entered = _open(snapshot, question)
    ages = _ages(snapshot, question, span, entered)
    bucket = np.searchsorted([limit for limit, _ in AGE_BUCKETS], ages)
    picked = pick(span, mask, item_kind="deal", value=span["base"], age=ages, bucket=bucket)
    return replace(picked, dims=picked.dims | {"stage": stage[mask]})


def stale_share(snapshot, question: Question) -> Selection:
    """V7: of the open amount, that older than the p90 age of won deals at its stage or without activity for 30 days."""
    span, mask, stage, entered = _open(snapshot, question)
    ages = _ages(snapshot, question, span, entered)
    limits = np.full(len(span), FAR, np.int64)
    for s in np.unique(stage[mask]):
        limit = _p90_of_won(snapshot, int(s), question.at_day)
        if limit is not None:
            limits[stage == s] = limit
    active = np.isin(span["lead"], active_leads(snapshot, question.at_day)) & (span["lead"] != 0)
    fresh = (span["day"] > question.at_day - 30) | active
    picked = pick(span, mask, item_kind="deal", value=span["base"], hit=(ages > limits) | ~fresh)
    return replace(picked, dims=picked.dims | {"stage": stage[mask]})


def _p90_of_won(snapshot, stage: int, day: int) -> int | None:
    """p90 of whole-day ages that won deals had in a stage when they left it; without a lead, of deal ages at the win."""

    def compute():
        deal = snapshot["deal"]
        wins = (deal["status"] == codes.WON) & (deal["close"] <= day)
        if stage == 0:
            ages = (deal["close"] - deal["day"])[wins & (deal["lead"] == 0)]
        else:
            stay = snapshot["stay"]
            done = (stay["stage"] == stage) & (stay["exit"] == codes.ADVANCE) & (stay["lday"] <= day)
            done &= (stay["known"] == 1) & (stay["lknown"] == 1) & np.isin(stay["lead"], deal["lead"][wins])
            ages = (stay["lday"] - stay["day"])[done]
        ages = np.sort(ages)
        return None if len(ages) == 0 else int(ages[int(0.9 * (len(ages) - 1))])

    return snapshot.memo(("p90 of won", stage, day), compute)


# --- data quality ---------------------------------------------------------------------------------------------------


def _created(snapshot, question: Question, *, hit: str) -> Selection:
    """Leads created in the period; one whose creation has no known time counts where it was placed, in no bucket."""
    journey = snapshot["journey"]
    placed = np.where(journey["created"] == UNKNOWN_DAY, journey["day"], journey["created"])
    mask = filtered(journey, question) & within(placed, question)
    return pick(journey, mask, item_kind="lead", day=journey["created"], hit=journey[hit] == 1)


def missing_source(snapshot, question: Question) -> Selection:
    """DQ1: of the leads created in the period, those with neither channel nor campaign at creation."""
    return _created(snapshot, question, hit="nosource")


def clock_skew(snapshot, question: Question) -> Selection:
    """DQ5: of the leads created in the period, those whose creation was dated after a later event."""
    return _created(snapshot, question, hit="skew")


def backdated(snapshot, question: Question) -> Selection:
    """DQ7: of the entries in the period, those entered by hand more than seven days after they happened."""
    stay = snapshot["stay"]
    mask = filtered(stay, question) & within(stay["day"], question)
    day = np.where(stay["known"] == 1, stay["day"], UNKNOWN_DAY)
    return pick(stay, mask, item_kind="entry", day=day, hit=stay["backdated"] == 1)


def stale_leads(snapshot, question: Question) -> Selection:
    """DQ3: of the leads open on the path, those beyond twice the p90 age and without activity for 30 days."""
    stay = snapshot["stay"]
    path = [s.id for s in snapshot.book.on(question.at).path() if s.kind == "path"]
    mask = filtered(stay, question) & open_at(stay["day"], stay["lday"], question.at_day) & np.isin(stay["stage"], path)
    if question.stage is not None:
        mask &= stay["stage"] == question.stage
    age = question.at_day - stay["day"].astype(np.int64)
    limits = np.full(len(stay), FAR, np.int64)
    for stage in path:
        limit = p90_age_of_successful_exits(snapshot, stage, question.at_day)
        if limit is not None:
            limits[stay["stage"] == stage] = 2 * limit
    active = np.isin(stay["lead"], active_leads(snapshot, question.at_day))
    return pick(stay, mask, item_kind="entry", hit=(age > limits) & (stay["known"] == 1) & ~active)


def deal_gaps(snapshot, question: Question) -> Selection:
    """DQ9: of the open deals, those without an amount or with an expected close in the past."""
    span, mask, stage, _ = _open(snapshot, question)
    deal = snapshot["deal"]
    order = np.argsort(deal["item"])
    spot = np.minimum(np.searchsorted(deal["item"][order], span["item"]), max(len(order) - 1, 0))
    expected = deal["expected"][order][spot] if len(order) else np.full(len(span), FAR)
    hit = (span["amount"] == MISSING) | (expected < question.at_day)
    picked = pick(span, mask, item_kind="deal", hit=hit)
    return replace(picked, dims=picked.dims | {"stage": stage[mask]})


def no_rate(snapshot, question: Question) -> Selection:
    """DQ11: of the deals with an amount created up to the day, those whose currency has no dated rate."""
    deal = snapshot["deal"]
    mask = filtered(deal, question, skip=("stage",)) & (deal["day"] <= question.at_day) & (deal["amount"] != MISSING)
    return pick(deal, mask, item_kind="deal", hit=deal["base"] == MISSING)
