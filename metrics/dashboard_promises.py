"""Card E: both sides' promises at the same size, and what each side kept of them in the period."""

from dataclasses import dataclass

from core.templatetags.display import digits_short_of, percent
from funnel.promises import MARKETING, SALES
from metrics.both_sides import AT_RISK, BREACHED, MET, BothSides, Line, Side, both_promises
from metrics.counting import policy_of
from metrics.definitions import METRICS
from metrics.evaluation import SMALL
from metrics.frame import Frame
from metrics.series import Snapshot

# What a row shows: a closed period's promise was kept or missed; while the period runs, a missed one can still be made good.
KEPT, MISSED, RISK = "kept", "missed", "at_risk"
SHORT = {
    "M1": "MQLs handed over",
    "M2": "Value of the MQLs",
    "M3": "Context complete at handoff",
    "M4": "Accepted of those decided",
    "S1": "First contact in time",
    "S2": "Tried often enough",
    "S3": "Decided in time, with reason",
    "S4": "Feedback in time",
}


@dataclass(frozen=True)
class Row:
    """One promise over all its tiers: `measured` and `promised` in the unit."""

    label: str
    sentences: list[str]
    unit: str
    measured: float | None
    promised: float | None
    state: str | None  # kept, at_risk, missed; None where nothing was due or too little for a verdict
    due: int
    met: int
    few: bool
    explain: str

    @property
    def scale(self) -> float:
        """What the bullet's full length means: shares are of one, targets of what was promised or delivered."""
        return 1.0 if self.unit == "share" else max(self.measured or 0, self.promised or 0, 1)

    @property
    def digits(self) -> int:
        """Decimals of a share: as few as let a promise that is not kept look so."""
        return digits_short_of(self.measured, self.promised)


def promises_card(snapshot: Snapshot, frame: Frame) -> dict:
    """Both sides of the agreement over the period's days so far: measured, promised, kept or missed."""
    both = both_promises(snapshot, frame.to_date, today=frame.today, where=frame.where)
    sides = [(side.side, _rows(frame, side)) for side in (both.marketing, both.sales)]
    unsigned = [line for side in (both.marketing, both.sales) for line in side.lines if not line.signed]
    return {
        "title": _title(dict(sides)),
        "sub": f"{_sub(frame, both, bool(unsigned))}; {policy_of(METRICS['quality']).per}",
        "sides": sides,
        "drawn": any(rows for _, rows in sides),
    }


def _sub(frame: Frame, both: BothSides, unsigned: bool) -> str:
    words = f"{frame.label}{' to date' if frame.running else ''}"
    if unsigned:
        return f"{words}; not agreed yet: a side has not signed"
    return words if both.joint is None else f"{words}; together {percent(both.joint, 0)} of what was promised"


def _rows(frame: Frame, side: Side) -> list[Row]:
    """A row per promise in the agreement's order; tiers and versions are added up."""
    sentences: dict[str, list[str]] = {}
    for line in side.lines:
        sentences.setdefault(line.key, []).append(line.sentence)
    return [_row(frame, promise, sentences[promise.key]) for promise in side.promises]


def _row(frame: Frame, promise: Line, sentences: list[str]) -> Row:
    # A volume is a target, not a share of cases: it needs no least number.
    few = promise.unit == "share" and promise.due < SMALL
    return Row(
        label=SHORT[promise.key],
        sentences=sentences,
        unit=promise.unit,
        measured=promise.measured,
        promised=promise.promised,
        state=None if few else _state(promise.status, frame.running),
        due=promise.due,
        met=promise.met,
        few=few,
        explain=frame.explain_url(promise.metric),
    )


def _state(status: str | None, running: bool) -> str | None:
    if status is None:
        return None
    if status == MET:
        return KEPT
    return RISK if running and status in (AT_RISK, BREACHED) else MISSED


def _title(sides: dict[str, list[Row]]) -> str:
    """How many promises each side keeps; what has too few cases for a verdict is not counted."""
    told = {side: [row for row in rows if row.state is not None] for side, rows in sides.items()}
    if not any(sides.values()):
        return "No promises are agreed yet"
    if not any(told.values()):
        return "Too little fell due for a verdict"
    kept = {side: sum(row.state == KEPT for row in rows) for side, rows in told.items()}
    if all(told.values()) and all(kept[side] == len(told[side]) for side in told):
        return "Both sides keep all their promises"
    names = {MARKETING: "Marketing", SALES: "Sales"}
    first, *rest = [side for side in (MARKETING, SALES) if told[side]]
    title = f"{names[first]} keeps {kept[first]} of {len(told[first])} promises"
    return title + "".join(f", {names[side].lower()} {kept[side]} of {len(told[side])}" for side in rest)
