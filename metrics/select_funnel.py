"""Masks of the funnel metrics F1–F14 and V1–V4, V8 (metrics-spec 1 and 2)."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from core.errors import DomainError
from core.periods import date_of
from metrics import codes
from metrics.methods.quantiles import quantile
from metrics.rows import Rows, ended_since, every, running_at
from metrics.segments import FAR, UNKNOWN_DAY
from metrics.selection import Question, Selection, entered_in, fits, stack, taken, within


def _stage(rows: Rows, question: Question) -> np.ndarray | None:
    return None if question.stage is None else rows["stage"] == question.stage


def _entries(snapshot, question: Question) -> Rows:
    """Stays in the stage that began in the period."""
    rows = entered_in(snapshot["stay"], question)
    return rows.under(_stage(rows, question), fits(rows, question))


def _exits(snapshot, question: Question, *more: tuple[str, int]) -> Rows:
    """Stays in the stage that ended in the period; `more`: columns that must hold a value."""
    rows = ended_since(snapshot["stay"], "lday", question.first)
    masks = [rows[name] == value for name, value in more]
    return rows.under(within(rows["lday"], question), _stage(rows, question), *masks, fits(rows, question))


def _dated(rows: Rows, day: str, known: str) -> Callable[[], np.ndarray]:
    """Days for trends: what happened at an unknown time is in the total and in no bucket."""
    return lambda: np.where(rows[known] == 1, rows[day], UNKNOWN_DAY)


def inflow(snapshot, question: Question) -> Selection:
    """F1: entries into the stage in the period."""
    rows = _entries(snapshot, question)
    return taken(rows, item_kind="entry", day=_dated(rows, "day", "known"))


def _left(rows: Rows, **columns) -> Selection:
    return taken(rows, item_kind="entry", day=_dated(rows, "lday", "lknown"), **columns)


def outflow(snapshot, question: Question) -> Selection:
    """F2: exits from the stage in the period."""
    return _left(_exits(snapshot, question))


def standing(snapshot, question: Question) -> Rows:
    """Stays in the stage that are running at the end of the day."""
    rows = running_at(snapshot["stay"], question.at_day, "lday")
    return rows.under(_stage(rows, question), fits(rows, question))


def balance(snapshot, question: Question) -> Selection:
    """F3: leads in the stage at the end of the day."""
    return taken(standing(snapshot, question), item_kind="entry")


def edge_flow(snapshot, question: Question) -> Selection:
    """F5: exits from the stage straight to another."""
    return _left(_exits(snapshot, question, ("next", question.to_stage)))


def exit_share(snapshot, question: Question) -> Selection:
    """F8: of the exits from the stage, those to `to_stage`."""
    rows = _exits(snapshot, question)
    return _left(rows, hit=lambda: rows["next"] == question.to_stage)


def leakage(snapshot, question: Question) -> Selection:
    """F11: of the exits, those to lost, out or a detour."""
    rows = _exits(snapshot, question)
    return _left(rows, hit=lambda: np.isin(rows["exit"], (codes.LOST, codes.OUT, codes.DETOUR)))


def regression(snapshot, question: Question) -> Selection:
    """F13: of the exits, those back to an earlier stage."""
    rows = _exits(snapshot, question)
    return _left(rows, hit=lambda: rows["exit"] == codes.BACK)


def stalled(snapshot, question: Question) -> Selection:
    """F11, stock form: of the leads in the stage, those older than the p90 age of its successful exits."""
    limit = p90_age_of_successful_exits(snapshot, question.stage, question.at_day)
    rows = standing(snapshot, question)
    if limit is None:
        rows = rows.under(np.zeros(len(rows), bool))
    # A stay that began at an unknown time has no age: it is in the stock, never stalled.
    hit = (question.at_day - rows["day"] > (limit or 0)) & (rows["known"] == 1)
    return taken(rows, item_kind="entry", hit=hit)


def p90_age_of_successful_exits(snapshot, stage: int, day: int) -> int | None:
    """p90 of whole-day ages at exit to a later stage, over exits up to a day; None before the first such exit."""

    def compute():
        age = quantile(ages_at_advance(snapshot, stage, day), 0.9)
        return None if age is None else int(age)

    return snapshot.memo(("p90 exit age", stage, day), compute)


def ages_at_advance(snapshot, stage: int, day: int, leads: np.ndarray | None = None) -> np.ndarray:
    """Whole-day ages at exits to a later stage up to a day, of all leads or of some; without those of unknown ends."""
    rows = every(snapshot["stay"])
    rows = rows.under(rows["stage"] == stage, rows["exit"] == codes.ADVANCE, rows["lday"] <= day)
    rows = rows.under(rows["known"] == 1, rows["lknown"] == 1, None if leads is None else np.isin(rows["lead"], leads))
    return rows["lday"] - rows["day"]


# --- by lead, first reach -------------------------------------------------------------------------------------------


def _reached(snapshot, question: Question, stage: int) -> Rows:
    """Journeys whose first reach of a stage lies in the period; owner, team and version are those of that moment."""
    names = {"owner": f"o:{stage}", "team": f"t:{stage}", "version": f"v:{stage}"}
    rows = every(snapshot["journey"], names)
    rows = rows.under(within(rows[f"r:{stage}"], question))
    return rows.under(fits(rows, question))


def first_reach(snapshot, question: Question) -> Selection:
    """F6: leads whose first reach of the stage, by rank, lies in the period."""
    rows = _reached(snapshot, question, question.stage)
    reached, unknown = f"r:{question.stage}", f"u:{question.stage}"
    return taken(rows, item_kind="lead", day=lambda: np.where(rows[unknown] == 0, rows[reached], UNKNOWN_DAY))


def throughput(snapshot, question: Question) -> Selection:
    """F7: first reaches of the later stage over first reaches of the earlier one, each with its own day, owner and team."""
    earlier, later = first_reach(snapshot, question), first_reach(snapshot, replace(question, stage=question.to_stage))
    return stack(
        earlier.but(hit=np.zeros(len(earlier), bool), base=np.ones(len(earlier), bool)),
        later.but(hit=np.ones(len(later), bool), base=np.zeros(len(later), bool)),
    )


def cohort(snapshot, question: Question) -> Selection:
    """F9, F10, V4: leads whose first reach of `stage` lies in the period, with the age at first reach of `to_stage`."""
    must_be_ordered(snapshot, question)
    start, end = f"r:{question.stage}", f"r:{question.to_stage}"
    rows = _reached(snapshot, question, question.stage)
    everybody = rows.under(rows[start] <= question.today_number)
    members = everybody.under(everybody[f"u:{question.stage}"] == 0)
    no_time = members[f"u:{question.to_stage}"] == 1
    # Somebody that sales started may be set back to MQL later: not a lead that went from the one stage to the other.
    reversed_ = (members[end] < members[start]) & ~no_time
    kept = members.under(~(no_time | reversed_))
    picked = taken(
        kept,
        item_kind="lead",
        day=lambda: kept[start],
        age=lambda: np.where(kept[end] == FAR, FAR, kept[end].astype(np.int64) - kept[start]),
        follow=lambda: question.today_number - kept[start].astype(np.int64),
    )
    leave_out(picked, "reached the stage at an unknown time", len(everybody) - len(members))
    leave_out(picked, "reached the later stage at an unknown time", np.count_nonzero(no_time))
    leave_out(picked, "had reached the later stage before", np.count_nonzero(reversed_))
    return picked


def leave_out(picked: Selection, why: str, number: int) -> None:
    """Say how many rows are not in a selection, and why."""
    if number:
        picked.excluded[why] = int(number)


def must_be_ordered(snapshot, question: Question) -> None:
    """DomainError if the second stage does not come after the first one in the version of the period's last day."""
    version = snapshot.book.on(min(date_of(question.stop - 1), question.today))
    start, end = version.stages.get(question.stage), version.stages.get(question.to_stage)
    if start and end and start.rank is not None and end.rank is not None and start.rank >= end.rank:
        raise DomainError("stages_reversed", f"{end.name} does not come after {start.name}.", field="to_stage")


def skip_rate(snapshot, question: Question) -> Selection:
    """F12: of the leads that reached the stage by rank in the period, those that never entered it."""
    rows = _reached(snapshot, question, question.stage)
    known = rows.under(rows[f"u:{question.stage}"] == 0)
    picked = taken(
        known,
        item_kind="lead",
        day=lambda: known[f"r:{question.stage}"],
        hit=lambda: known[f"e:{question.stage}"] == 0,
    )
    leave_out(picked, "reached the stage at an unknown time", len(rows) - len(known))
    return picked


def recycle_yield(snapshot, question: Question) -> Selection:
    """F14: entries into the detour in the period, with the age at the next reach of `to_stage` after it."""
    rows = entered_in(snapshot["detour"], question)
    rows = rows.under(_stage(rows, question), rows["day"] <= question.today_number, fits(rows, question))
    no_time = rows[f"n:{question.to_stage}"] == UNKNOWN_DAY
    kept = rows.under(~no_time)
    start, end = kept["day"].astype(np.int64), kept[f"n:{question.to_stage}"]
    picked = taken(
        kept,
        item_kind="entry",
        day=kept["day"],
        age=np.where(end == FAR, FAR, end - start),
        follow=question.today_number - start,
    )
    leave_out(picked, "reached the later stage at an unknown time", np.count_nonzero(no_time))
    return picked


# --- durations ------------------------------------------------------------------------------------------------------


def completed_stays(snapshot, question: Question) -> Selection:
    """V1: stays in the stage that ended in the period, with their length in seconds. Unknown ends are left out."""
    ended = _exits(snapshot, question)
    rows = ended.under(ended["dwell"] >= 0)
    picked = taken(rows, item_kind="entry", day=lambda: rows["lday"], age=lambda: rows["dwell"], cause=lambda: rows["exit"])
    leave_out(picked, "began or ended at an unknown time", len(ended) - len(rows))
    return picked


def all_stays(snapshot, question: Question) -> Selection:
    """V2, V3: stays that began in the period, with whole-day age at exit or up to today, cause 0 if still open."""
    began = _entries(snapshot, question)
    rows = began.under((began["known"] == 1) & ((began["lknown"] == 1) | (began["lday"] == FAR)))
    left = rows["lday"] <= question.today_number
    age = np.where(left, rows["lday"], question.today_number).astype(np.int64) - rows["day"]
    picked = taken(rows, item_kind="entry", day=lambda: rows["day"], age=age, cause=np.where(left, rows["exit"], 0))
    leave_out(picked, "began or ended at an unknown time", len(began) - len(rows))
    return picked


def _followed_until(snapshot, question: Question) -> int:
    """Up to which second unanswered leads were followed: the as-of instant, else the last write or today's midnight."""
    end = snapshot.calendar.end_of_day(question.today)
    if question.as_of is not None:
        end = min(end, question.as_of)
    elif snapshot.written_at is not None:
        end = min(end, max(snapshot.written_at, snapshot.calendar.start_of_day(question.today)))
    return codes.seconds_of(end)


def speed_to_lead(snapshot, question: Question) -> Selection:
    """V8: entries into MQL in the period, with minutes to the first sales contact; never contacted ones are censored."""
    began = _entries(snapshot, question)
    rows = began.under(began["known"] == 1)
    contacted = rows["contact"] >= 0
    followed = np.maximum(_followed_until(snapshot, question) - rows["at"], 0) // 60
    picked = taken(
        rows,
        item_kind="entry",
        day=lambda: rows["day"],
        age=np.where(contacted, rows["contact"] // 60, followed),
        follow=followed,
        cause=contacted.astype(np.int8),
        hit=contacted,
    )
    leave_out(picked, "entered at an unknown time", len(began) - len(rows))
    return picked
