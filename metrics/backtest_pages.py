"""A backtest as its page tells it: headline, cells, shares and what remains unknown, in words."""

import datetime as dt
from dataclasses import dataclass

from core.templatetags.display import count, percent
from funnel.models import Agreement
from metrics.backtest import digest
from metrics.methods.backtest import CELLS
from metrics.models import Backtest

# Fewer than this: counts and interval, no share (X13).
SMALL = 20
CELL_WORDS = {
    "both": ("Entered, and the draft agrees", "Kept"),
    "only_old": ("Entered, the draft would not take them", "Given up"),
    "only_new": ("Did not enter, the draft would take them", "New"),
    "neither": ("Did not enter, and the draft agrees", "Left alone"),
}
LEFT_OUT = {
    "unsure": "entered at a time that nobody knows",
    "not_ours": "were started by sales or a customer and never came through this stage",
    "brought_in": "were brought in with their history and are left out as asked",
}
OUTCOME_WORDS = (("sql", "SQL"), ("won", "Won"))
SPAN_WORDS = (("all", "All days"), ("build", "First part"), ("test", "Second part"))


@dataclass(frozen=True)
class Share:
    """A share with what it rests on. `point` is None for few leads: only counts and intervals are shown then."""

    n: int
    hits: int
    low: float | None
    high: float | None
    drawn: tuple[float, float] | None = None
    open: int = 0

    @property
    def point(self) -> float | None:
        return self.hits / self.n if self.n >= SMALL else None


def share_of(raw: dict) -> Share:
    low, high = raw["interval"] or (None, None)
    drawn = tuple(raw["drawn"]) if raw.get("drawn") else None
    return Share(raw["n"], raw["hits"], low, high, drawn, raw.get("open", 0))


def headline(test: Backtest) -> str:
    """The result in a sentence."""
    cells = test.result["cells"]
    new = cells["both"] + cells["only_new"]
    old = cells["both"] + cells["only_old"]
    if not test.result["judged"]:
        return "No lead was decided on in these days"
    return f"The draft would have taken {count(new)} {'lead' if new == 1 else 'leads'}; {count(old)} really entered"


def shown(test: Backtest) -> dict:
    """Everything the result's page needs, beside the test itself."""
    raw = test.result
    cells = raw["cells"]
    work = raw["workload"]
    spread = max(work["weeks"] * work["people"], 0)
    return {
        "headline": headline(test),
        "small": raw["judged"] < SMALL,
        "points_off": points_off(test),
        "cells": [(key, CELL_WORDS[key][0], CELL_WORDS[key][1], cells[key]) for key in CELLS],
        "changed_lead_share": _ratio(cells["only_old"] + cells["only_new"], raw["judged"]),
        "months": [(dt.date.fromisoformat(f"{month}-01"), old, new, new - old) for month, old, new in raw["months"]],
        "most": max((max(old, new) for _, old, new in raw["months"]), default=0) or 1,
        "weekly": {
            "people": work["people"],
            "old": work["old"] / work["weeks"],
            "new": work["new"] / work["weeks"],
            "old_each": work["old"] / spread if spread else None,
            "new_each": work["new"] / spread if spread else None,
        },
        "conversion": [
            (
                label,
                [
                    (words, [share_of(raw["conversion"][span][cell][name]) for name, _ in OUTCOME_WORDS])
                    for cell, words in (("both", "Kept"), ("only_old", "Given up"))
                ],
            )
            for span, label in SPAN_WORDS
        ],
        "brackets": [(label, _bracket(raw["bracket"][name])) for name, label in OUTCOME_WORDS],
        "parts": [(label, raw["by"][name]) for name, label in (("channel", "channel"), ("segment", "segment"))],
        "bands": [(b["low"], b["high"], share_of(b["build"]), share_of(b["test"])) for b in raw["bands"]],
        "left_out": [(number, LEFT_OUT[why]) for why, number in raw["left_out"].items() if number],
        "agree": _ratio(raw["before"]["agree"], raw["judged"]),
        "rule_before": raw["before"]["asks"],
        "entered_by_rule": _ratio(raw["before"]["entered"], cells["both"] + cells["only_old"]),
    }


_ONE_ROW = "1 row of its points has no history and counts"


def points_off(test: Backtest) -> list[str]:
    """What a threshold on an incomplete score does to the result, a sentence for each version it concerns."""
    found = test.result.get("points_off", {})
    versions = (("draft", test.agreement.number), ("before", test.before.number))
    return [_points_off(number, off) for which, number in versions if (off := found.get(which))]


def _points_off(number: int, off: dict) -> str:
    rows = f"{off['rows']} rows of its points have no history and count" if off["rows"] > 1 else _ONE_ROW
    spans = [f"{off[way]} points {way}" for way in ("higher", "lower") if off[way]]
    return (
        f"Version {number} asks for the score, but {rows} as 0 here. A score of then may lie up to {' or '.join(spans)}, "
        "so whom it takes here is a rough guide only."
    )


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _bracket(raw: dict) -> dict:
    return {"share": share_of(raw), "lower": raw["lower"], "upper": raw["upper"]}


def changed_since(test: Backtest) -> bool:
    """Whether what the version asks is no longer what was tested."""
    return digest(test.stage_id, test.before, test.agreement) != test.asked


def summary(version: Agreement) -> dict | None:
    """The newest finished test of a version in two lines, or None."""
    test = (
        version.backtests.filter(state=Backtest.State.DONE)
        .select_related("before", "agreement", "stage")
        .order_by("-id")
        .first()
    )
    if test is None:
        return None
    given_up = share_of(test.result["conversion"]["all"]["only_old"]["sql"])
    cells = test.result["cells"]
    lines = [f"{count(cells['only_old'])} that entered would be given up, {count(cells['only_new'])} would be new."]
    if given_up.point is not None:
        lines.append(f"Of those given up {percent(given_up.point, 0)} became SQL.")
    lines += points_off(test)
    return {"test": test, "headline": headline(test), "lines": lines, "changed": changed_since(test)}
