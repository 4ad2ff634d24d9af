"""Masks of the funnel metrics F1–F14 and V1–V4, V8 (metrics-spec 1 and 2)."""

from dataclasses import replace

import numpy as np

from core.errors import DomainError
from core.periods import date_of
from metrics import codes
from metrics.segments import FAR, UNKNOWN_DAY
from metrics.selection import Question, Selection, filtered, open_at, pick, stack, within


def _stays(snapshot, question: Question):
    stay = snapshot["stay"]
    mask = filtered(stay, question)
    if question.stage is not None:
        mask = mask & (stay["stage"] == question.stage)
    return stay, mask


def _dated(days: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Days for trends: what happened at an unknown time is in the total and in no bucket."""
    return np.where(known.astype(bool), days, UNKNOWN_DAY)


def inflow(snapshot, question: Question) -> Selection:
    """F1: entries into the stage in the period."""
    stay, mask = _stays(snapshot, question)
    return pick(stay, mask & within(stay["day"], question), item_kind="entry", day=_dated(stay["day"], stay["known"]))


def _exits(snapshot, question: Question, **columns) -> Selection:
    stay, mask = _stays(snapshot, question)
    day = _dated(stay["lday"], stay["lknown"])
    return pick(stay, mask & within(stay["lday"], question), item_kind="entry", day=day, **columns)


def outflow(snapshot, question: Question) -> Selection:
    """F2: exits from the stage in the period."""
    return _exits(snapshot, question)


def balance(snapshot, question: Question) -> Selection:
    """F3: leads in the stage at the end of the day."""
    stay, mask = _stays(snapshot, question)
    return pick(stay, mask & open_at(stay["day"], stay["lday"], question.at_day), item_kind="entry")


def edge_flow(snapshot, question: Question) -> Selection:
    """F5: exits from the stage straight to another."""
    stay, mask = _stays(snapshot, question)
    mask = mask & within(stay["lday"], question) & (stay["next"] == question.to_stage)
    return pick(stay, mask, item_kind="entry", day=_dated(stay["lday"], stay["lknown"]))


def exit_share(snapshot, question: Question) -> Selection:
    """F8: of the exits from the stage, those to `to_stage`."""
    return _exits(snapshot, question, hit=snapshot["stay"]["next"] == question.to_stage)


def leakage(snapshot, question: Question) -> Selection:
    """F11: of the exits, those to lost, out or a detour."""
    return _exits(snapshot, question, hit=np.isin(snapshot["stay"]["exit"], (codes.LOST, codes.OUT, codes.DETOUR)))


def regression(snapshot, question: Question) -> Selection:
    """F13: of the exits, those back to an earlier stage."""
    return _exits(snapshot, question, hit=snapshot["stay"]["exit"] == codes.BACK)


def stalled(snapshot, question: Question) -> Selection:
    """F11, stock form: of the leads in the stage, those older than the p90 age of its successful exits."""
    stay, mask = _stays(snapshot, question)
    limit = p90_age_of_successful_exits(snapshot, question.stage, question.at_day)
    age = question.at_day - stay["day"]
    # A stay that began at an unknown time has no age: it is in the stock, never stalled.
    hit = np.zeros(len(stay), bool) if limit is None else (age > limit) & (stay["known"] == 1)
    picked = pick(stay, mask & open_at(stay["day"], stay["lday"], question.at_day), item_kind="entry", hit=hit)
    return picked if limit is not None else picked.where(np.zeros(len(picked), bool))


def p90_age_of_successful_exits(snapshot, stage: int, day: int) -> int | None:
    """p90 of whole-day ages at exit to a later stage, over exits up to a day; None before the first such exit."""

    def compute():
        stay = snapshot["stay"]
        done = (stay["stage"] == stage) & (stay["exit"] == codes.ADVANCE) & (stay["lday"] <= day)
        done &= (stay["known"] == 1) & (stay["lknown"] == 1)
        ages = np.sort((stay["lday"] - stay["day"])[done])
        return None if len(ages) == 0 else int(ages[int(0.9 * (len(ages) - 1))])

    return snapshot.memo(("p90 exit age", stage, day), compute)


# --- by lead, first reach -------------------------------------------------------------------------------------------


def _at_reach(snapshot, question: Question, stage: int):
    """The journey table as seen at the first reach of a stage: owner, team and version are those of that moment."""
    journey = snapshot["journey"]
    columns = dict(journey.columns) | {
        "owner": journey[f"o:{stage}"],
        "team": journey[f"t:{stage}"],
        "version": journey[f"v:{stage}"],
    }
    view = type(journey)(journey.kind, journey.days, journey.starts, columns)
    return view, filtered(view, question)


def first_reach(snapshot, question: Question) -> Selection:
    """F6: leads whose first reach of the stage, by rank, lies in the period."""
    journey, mask = _at_reach(snapshot, question, question.stage)
    reached, known = journey[f"r:{question.stage}"], journey[f"u:{question.stage}"] == 0
    return pick(journey, mask & within(reached, question), item_kind="lead", day=_dated(reached, known))


def throughput(snapshot, question: Question) -> Selection:
    """F7: first reaches of the later stage over first reaches of the earlier one, each with its own day, owner and team."""
    earlier, later = first_reach(snapshot, question), first_reach(snapshot, replace(question, stage=question.to_stage))
    return stack(
        replace(earlier, hit=np.zeros(len(earlier), bool), base=np.ones(len(earlier), bool)),
        replace(later, hit=np.ones(len(later), bool), base=np.zeros(len(later), bool)),
    )


def cohort(snapshot, question: Question) -> Selection:
    """F9, F10, V4: leads whose first reach of `stage` lies in the period, with the age at first reach of `to_stage`."""
    _ordered(snapshot, question)
    journey, mask = _at_reach(snapshot, question, question.stage)
    start, end = journey[f"r:{question.stage}"], journey[f"r:{question.to_stage}"]
    everybody = mask & within(start, question) & (start <= question.today_number)
    no_start = everybody & (journey[f"u:{question.stage}"] == 1)
    members = everybody & ~no_start
    no_time = members & (journey[f"u:{question.to_stage}"] == 1)
    # Somebody that sales started may be set back to MQL later: not a lead that went from the one stage to the other.
    reversed_ = members & (end < start) & ~no_time
    members &= ~(no_time | reversed_)
    age = np.where(end == FAR, FAR, end.astype(np.int64) - start)
    follow = question.today_number - start.astype(np.int64)
    picked = pick(journey, members, item_kind="lead", day=start, age=age, follow=follow)
    for why, mask in (
        ("reached the stage at an unknown time", no_start),
        ("reached the later stage at an unknown time", no_time),
        ("had reached the later stage before", reversed_),
    ):
        if np.any(mask):
            picked.excluded[why] = int(np.count_nonzero(mask))
    return picked


def _ordered(snapshot, question: Question) -> None:
    version = snapshot.book.on(min(date_of(question.stop - 1), question.today))
    start, end = version.stages.get(question.stage), version.stages.get(question.to_stage)
    if start and end and start.rank is not None and end.rank is not None and start.rank >= end.rank:
        raise DomainError("stages_reversed", f"{end.name} does not come after {start.name}.", field="to_stage")


def skip_rate(snapshot, question: Question) -> Selection:
    """F12: of the leads that reached the stage by rank in the period, those that never entered it."""
    journey, mask = _at_reach(snapshot, question, question.stage)
    reached, known = journey[f"r:{question.stage}"], journey[f"u:{question.stage}"] == 0
    hit = journey[f"e:{question.stage}"] == 0
    members = mask & within(reached, question)
    picked = pick(journey, members & known, item_kind="lead", day=reached, hit=hit)
    if np.any(members & ~known):
        picked.excluded["reached the stage at an unknown time"] = int(np.count_nonzero(members & ~known))
    return picked


def recycle_yield(snapshot, question: Question) -> Selection:
    """F14: entries into the detour in the period, with the age at the next reach of `to_stage` after it."""
    detour = snapshot["detour"]
    mask = filtered(detour, question) & (detour["stage"] == question.stage) & within(detour["day"], question)
    mask &= detour["day"] <= question.today_number
    start, end = detour["day"].astype(np.int64), detour[f"n:{question.to_stage}"]
    no_time = mask & (end == UNKNOWN_DAY)
    picked = pick(
        detour,
        mask & ~no_time,
        item_kind="entry",
        day=detour["day"],
        age=np.where(end == FAR, FAR, end - start),
        follow=question.today_number - start,
    )
    if np.any(no_time):
        picked.excluded["reached the later stage at an unknown time"] = int(np.count_nonzero(no_time))
    return picked


# --- durations ------------------------------------------------------------------------------------------------------


def completed_stays(snapshot, question: Question) -> Selection:
    """V1: stays in the stage that ended in the period, with their length in seconds. Unknown ends are left out."""
    stay, mask = _stays(snapshot, question)
    ended = mask & within(stay["lday"], question)
    picked = pick(
        stay, ended & (stay["dwell"] >= 0), item_kind="entry", day=stay["lday"], age=stay["dwell"], cause=stay["exit"]
    )
    left_out = int(np.count_nonzero(ended & (stay["dwell"] < 0)))
    if left_out:
        picked.excluded["began or ended at an unknown time"] = left_out
    return picked


def all_stays(snapshot, question: Question) -> Selection:
    """V2, V3: stays that began in the period, with whole-day age at exit or up to today, cause 0 if still open."""
    stay, mask = _stays(snapshot, question)
    began = mask & within(stay["day"], question)
    known = (stay["known"] == 1) & ((stay["lknown"] == 1) | (stay["lday"] == FAR))
    left = stay["lday"] <= question.today_number
    age = np.where(left, stay["lday"], question.today_number).astype(np.int64) - stay["day"]
    picked = pick(stay, began & known, item_kind="entry", day=stay["day"], age=age, cause=np.where(left, stay["exit"], 0))
    left_out = int(np.count_nonzero(began & ~known))
    if left_out:
        picked.excluded["began or ended at an unknown time"] = left_out
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
    stay, mask = _stays(snapshot, question)
    began = mask & within(stay["day"], question)
    contacted = stay["contact"] >= 0
    followed = np.maximum(_followed_until(snapshot, question) - stay["at"], 0) // 60
    picked = pick(
        stay,
        began & (stay["known"] == 1),
        item_kind="entry",
        day=stay["day"],
        age=np.where(contacted, stay["contact"] // 60, followed),
        follow=followed,
        cause=contacted.astype(np.int8),
        hit=contacted,
    )
    left_out = int(np.count_nonzero(began & (stay["known"] == 0)))
    if left_out:
        picked.excluded["entered at an unknown time"] = left_out
    return picked
