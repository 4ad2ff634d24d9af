"""A draft tried on history: every lead judged as it was known when it was decided on, old decision beside new (spec 4.2).

`judge` does a run of leads and packs a row for each of them; `summed_up` makes the result of all rows. The rows are kept, so
that a number's list is its rows.
"""

import datetime as dt
import hashlib
import json
import zlib
from dataclasses import dataclass

import numpy as np

from accounts.models import Membership, Role, Side
from accounts.queries import on_day
from campaigns.models import Channel
from core.periods import date_of, day_number
from core.queries import Calendar
from funnel.book import Book
from funnel.criteria import EntryRule, write_rule
from funnel.models import Agreement, Segment
from funnel.queries import entry_rules, points_table
from funnel.score import ScoreTable, write_table
from metrics.backtest_decisions import Ask, Decided, decided
from metrics.backtest_events import events_of
from metrics.backtest_known import SPLIT_BY, Reader, Tried, with_history
from metrics.codes import micros_of
from metrics.methods import backtest as method
from metrics.methods.backtest import BOTH, CELLS, DAY, NEITHER, ONLY_NEW, ONLY_OLD, UNKNOWN
from metrics.methods.intervals import wilson

OUTCOMES = ("sql", "won")
SPANS = ("all", "build", "test")
# A lead that was judged. Outcomes: 1 got there in time, 0 did not, -1 was not followed for long enough.
ROW = np.dtype([
    ("lead", "<i8"), ("account", "<i8"), ("channel", "<i8"), ("segment", "<i8"), ("day", "<i4"), ("points", "<i4"),
    ("cell", "i1"), ("before", "i1"), ("brought", "i1"), ("waiting", "i1"), ("sql", "i1"), ("won", "i1"),
])  # fmt: skip


@dataclass(frozen=True)
class Contest:
    """What the version before asked of a lead that enters the stage, and what the draft asks."""

    before: Tried
    draft: Tried


def contest(stage: int, before: Agreement, draft: Agreement) -> Contest:
    """Both versions as they can be asked. Of the draft the score is shown too, whether or not its rule asks for it."""
    old, new = (entry_rules(agreement.id).get(stage, (EntryRule(), ""))[0] for agreement in (before, draft))
    scored = any(one.fact == "score" for one in (*old.every, *old.some))
    return Contest(
        with_history(old, points_table(before.id) if scored else ScoreTable()),
        with_history(new, points_table(draft.id)),
    )


def digest(stage: int, *versions: Agreement) -> str:
    """Changes whenever what is tested does: the rules of the stage, or how leads are scored."""
    asked = []
    for agreement in versions:
        rule, _ = entry_rules(agreement.id).get(stage, (EntryRule(), ""))
        asked.append([write_rule(rule), write_table(points_table(agreement.id))])
    return hashlib.sha256(json.dumps([stage, asked]).encode()).hexdigest()


def judge(
    ask: Ask, ids: range, age: int | None, tried: Contest, reader: Reader, book: Book, calendar: Calendar
) -> tuple[np.ndarray, dict[str, int]]:
    """Rows of the leads with these ids that were decided on in these days, and how many were left out, by why."""
    events = events_of(ids, moves=reader.moves)
    leads = decided(ask, ids, age, events, book, calendar)
    rows = np.zeros(len(leads), ROW)
    if len(leads):
        known = reader.known(leads, events)
        before, _ = _says(tried.before, known)
        after, points = _says(tried.draft, known)
        rows["cell"], rows["before"], rows["points"] = method.cells_of(leads.entered, after), before, points
        rows["lead"], rows["account"] = leads.lead, leads.account
        for name in SPLIT_BY:
            rows[name] = np.where(known.facts[name] == UNKNOWN, 0, known.facts[name])
        rows["day"], rows["brought"], rows["waiting"] = leads.day, leads.brought, leads.waiting
        for name in OUTCOMES:
            rows[name] = _became(leads, getattr(leads, name), ask)
    return rows, leads.left_out


def _says(tried: Tried, known: method.Known) -> tuple[np.ndarray, np.ndarray]:
    """What a version says of each lead, and its score (0 without a table)."""
    points = method.points_of(tried.table, known)
    facts = {**known.facts, "score": points}
    return method.meeting(tried.rule, method.Known(known.size, facts, known.codes, known.touches, known.kinds)), points


def _became(leads: Decided, reached: np.ndarray, ask: Ask) -> np.ndarray:
    end = leads.at + ask.horizon * DAY
    followed = end <= micros_of(ask.as_of)
    hit = (reached != UNKNOWN) & (reached >= leads.at) & (reached <= end)
    return np.where(followed, hit, -1)


def pack(rows: np.ndarray) -> bytes:
    return zlib.compress(rows.tobytes(), 1)


def unpack(payload: bytes | memoryview) -> np.ndarray:
    return np.frombuffer(zlib.decompress(bytes(payload)), ROW)


# --- the result ---


def summed_up(rows: np.ndarray, ask: Ask, split: dt.date, tried: Contest, left_out: dict[str, int], today: dt.date) -> dict:
    """Everything the page shows, as JSON. Shares are ratios, intervals pairs; None is not known."""
    cell = rows["cell"]
    new = (cell == BOTH) | (cell == ONLY_NEW)
    old = (cell == BOTH) | (cell == ONLY_OLD)
    build = rows["day"] < day_number(split)
    people = len(
        set(Membership.objects.filter(on_day(today), team__side=Side.SALES, role=Role.REP, user__is_active=True)
            .values_list("user_id", flat=True))
    )  # fmt: skip
    weeks = ((ask.last - ask.first).days + 1) / 7
    return {
        "judged": len(rows),
        "left_out": left_out,
        "brought": int(rows["brought"].sum()),
        "waiting": int(rows["waiting"].sum()),
        "cells": {name: int(np.count_nonzero(cell == i)) for i, name in enumerate(CELLS)},
        "before": {
            "asks": bool(tried.before.rule),
            "yes": int(rows["before"].sum()),
            "entered": int(np.count_nonzero(old & (rows["before"] == 1))),
            "agree": int(np.count_nonzero(new == (rows["before"] == 1))),
        },
        "months": _months(rows["day"], old, new, ask),
        "workload": {"weeks": weeks, "people": people, "old": int(old.sum()), "new": int(new.sum())},
        "conversion": _conversion(rows, build),
        "bracket": {name: _bracket(rows, name, tried.draft.scores) for name in OUTCOMES},
        "by": {
            "channel": _parts(rows, "channel", dict(Channel.objects.values_list("id", "name"))),
            "segment": _parts(rows, "segment", dict(Segment.objects.values_list("id", "name"))),
        },
        "bands": _bands(rows, build) if tried.draft.scores else [],
        "unasked": {"before": list(tried.before.unasked), "draft": list(tried.draft.unasked)},
        "points_off": {"before": tried.before.off, "draft": tried.draft.off},
        "scores": tried.draft.scores,
    }


def _months(day: np.ndarray, old: np.ndarray, new: np.ndarray, ask: Ask) -> list[list]:
    """[month, decided yes, the draft says yes], every month of the test."""
    days, place = np.unique(day, return_inverse=True)
    months = [date_of(int(number)).isoformat()[:7] for number in days]
    found: dict[str, list[int]] = {}
    first = ask.first.replace(day=1)
    while first <= ask.last:
        found[first.isoformat()[:7]] = [0, 0]
        first = (first + dt.timedelta(days=32)).replace(day=1)
    for i, mask in enumerate((old, new)):
        for month, number in zip(months, np.bincount(place[mask], minlength=len(days)).tolist(), strict=True):
            found[month][i] += number
    return [[month, *numbers] for month, numbers in found.items()]


def _conversion(rows: np.ndarray, build: np.ndarray) -> dict:
    """Of each span, cell with worked leads and outcome: how many were followed, got there, and both intervals."""
    spans = {"all": np.ones(len(rows), bool), "build": build, "test": ~build}
    cells = {"both": rows["cell"] == BOTH, "only_old": rows["cell"] == ONLY_OLD}
    keys = [(span, cell, name) for span in SPANS for cell in cells for name in OUTCOMES]
    counted = np.stack([spans[span] & cells[cell] & (rows[name] >= 0) for span, cell, name in keys], axis=1)
    hits = np.stack([counted[:, i] & (rows[name] == 1) for i, (_, _, name) in enumerate(keys)], axis=1)
    _, cluster = np.unique(rows["account"], return_inverse=True)
    drawn = method.ratio_intervals(hits, counted, cluster)
    found: dict = {}
    for i, (span, cell, name) in enumerate(keys):
        size = int(np.count_nonzero(spans[span] & cells[cell]))
        told = _share(int(hits[:, i].sum()), int(counted[:, i].sum()))
        told |= {"open": size - told["n"], "drawn": None if np.isnan(drawn[i, 0]) else drawn[i].tolist()}
        found.setdefault(span, {}).setdefault(cell, {})[name] = told
    return found


def _share(hits: int, n: int) -> dict:
    return {"n": n, "hits": hits, "interval": wilson(hits, n)}


def _bracket(rows: np.ndarray, name: str, scores: bool) -> dict:
    """What leads that only the draft would take might become: at least what they became unworked, at most what worked leads
    of their score or channel became."""
    wanted = (rows["cell"] == ONLY_NEW) & (rows[name] >= 0)
    worked = ((rows["cell"] == BOTH) | (rows["cell"] == ONLY_OLD)) & (rows[name] >= 0)
    group = np.floor_divide(rows["points"], method.BAND) if scores else rows["channel"]
    upper = method.expected_alike(group, worked, rows[name] == 1, wanted, near=scores)
    found = _share(int(np.count_nonzero(wanted & (rows[name] == 1))), int(np.count_nonzero(wanted)))
    lower = found["hits"] / found["n"] if found["n"] else None
    # Unworked leads that fared better than worked ones alike: the bracket is no narrower than either says.
    return found | {"lower": lower, "upper": None if upper is None or lower is None else max(upper, lower)}


def _parts(rows: np.ndarray, column: str, names: dict[int, str]) -> list[list]:
    """[name, both, only old, only new, neither], most leads first; what is not known is a part of its own."""
    found = []
    for key in np.unique(rows[column]).tolist():
        counts = np.bincount(rows["cell"][rows[column] == key], minlength=NEITHER + 1).tolist()
        found.append([names.get(key, "Not known"), *counts])
    return sorted(found, key=lambda part: (-sum(part[1:]), part[0]))


def _bands(rows: np.ndarray, build: np.ndarray) -> list[dict]:
    """What worked leads became by their score by the draft, in build and test time."""
    worked = ((rows["cell"] == BOTH) | (rows["cell"] == ONLY_OLD)) & (rows["sql"] >= 0)
    found: dict[int, dict] = {}
    for span, mask in (("build", build), ("test", ~build)):
        for band in method.bands_of(rows["points"], worked & mask, rows["sql"] == 1):
            found.setdefault(band.low, {"low": band.low, "high": band.high})[span] = _share(band.hits, band.counted)
    empty = _share(0, 0)
    return [{"build": empty, "test": empty} | found[low] for low in sorted(found)]
