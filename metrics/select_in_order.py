"""Conversion in order, the strict view (metrics-spec 1.3): a lead arrives only through every stage of the way."""

import numpy as np

from core.periods import date_of
from metrics.rows import Rows, every, places
from metrics.segments import FAR
from metrics.select_funnel import leave_out, must_be_ordered
from metrics.selection import Question, Selection, entered_in, fits, taken

_NEVER = np.iinfo(np.int64).max


def conversion_in_order(snapshot, question: Question) -> Selection:
    """F9, strict: leads whose first entry into `stage` lies in the period, with the age at which they had entered every
    stage up to `to_stage`, each at or after the entry into the one before."""
    must_be_ordered(snapshot, question)
    rows = entered_in(snapshot["stay"], question)
    began = rows.under(
        rows["stage"] == question.stage, rows["entry"] == 1, rows["day"] <= question.today_number, fits(rows, question)
    )
    dated = began.under(began["known"] == 1)
    passes = [_passes(snapshot, stage, dated["lead"]) for stage in _way(snapshot, question)[1:]]
    no_time = np.zeros(len(dated), bool)
    for stays, member in passes:
        no_time[member[stays["known"] == 0]] = True
    at, day = dated["at"].astype(np.int64), dated["day"].astype(np.int64)
    for stays, member in passes:
        at, day = _next(stays, member, at)
    age = np.where(at == _NEVER, FAR, day - dated["day"])[~no_time]
    kept = dated.under(~no_time)
    picked = taken(
        kept,
        item_kind="lead",
        day=lambda: kept["day"],
        age=age,
        follow=lambda: question.today_number - kept["day"].astype(np.int64),
    )
    leave_out(picked, "entered the stage at an unknown time", len(began) - len(dated))
    leave_out(picked, "entered a stage on the way at an unknown time", np.count_nonzero(no_time))
    return picked


def stages_between(snapshot, question: Question) -> list[int]:
    """The stages of the way after `stage`, up to and with `to_stage`."""
    return _way(snapshot, question)[1:]


def _way(snapshot, question: Question) -> list[int]:
    """The stages from the first to the second one, as the version of the period's last day has them."""
    version = snapshot.book.on(min(date_of(question.stop - 1), question.today))
    ids = [stage.id for stage in version.path() if not stage.retired or stage.id in (question.stage, question.to_stage)]
    if question.stage in ids and question.to_stage in ids:
        return ids[ids.index(question.stage) : ids.index(question.to_stage) + 1]
    return [question.stage, question.to_stage]


def _passes(snapshot, stage: int, leads: np.ndarray) -> tuple[Rows, np.ndarray]:
    """The stays of some leads in a stage, and the place of each one's lead among them."""
    rows = every(snapshot["stay"])
    rows = rows.under(rows["stage"] == stage)
    member = places(leads, rows["lead"])
    return rows.under(member >= 0), member[member >= 0]


def _next(stays: Rows, member: np.ndarray, at: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Second and day of each member's earliest entry at or after the one before; never and far where there is none."""
    later = stays["at"] >= at[member]
    then, day = np.full(len(at), _NEVER), np.full(len(at), FAR, np.int64)
    np.minimum.at(then, member[later], stays["at"][later])
    np.minimum.at(day, member[later], stays["day"][later])
    return then, day
