"""What changed between two reviews, as two waterfalls: open leads, and the amount of open deals.

Each end is a state as it was known then. Every lead and deal that was open at one of them stands in the boxes that lead from
one to the other, so the boxes add up by themselves; what was learned late about the time before has a box of its own.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Container, Iterator
from dataclasses import dataclass, field

import numpy as np

from core.periods import day_number
from funnel.models import StageKind
from metrics import codes
from metrics.rows import between, running_at
from metrics.segments import MISSING
from metrics.selection import stay_at
from metrics.series import Snapshot

LEADS, AMOUNT = "leads", "amount"
OPENING, CLOSING = "opening", "closing"
# Box to its words, in the order of the waterfall.
BOXES: dict[str, dict[str, str]] = {
    LEADS: {
        OPENING: "Open before",
        "new": "New",
        "back": "Came back",
        "late": "Recorded late",
        "on": "Moved on",
        "returned": "Moved back",
        "won": "Won",
        "lost": "Lost",
        "aside": "Set aside",
        "out": "Disqualified",
        "gone": "Merged or taken out",
        CLOSING: "Open now",
    },
    AMOUNT: {
        OPENING: "Open before",
        "new": "New",
        "back": "Reopened",
        "late": "Recorded late",
        "up": "Amount up",
        "down": "Amount down",
        "rate": "Currency rate",
        "won": "Won",
        "lost": "Lost",
        "gone": "Taken out",
        CLOSING: "Open now",
    },
}
_OUTCOMES = {StageKind.WON: "won", StageKind.LOST: "lost", StageKind.DETOUR: "aside", StageKind.OUT: "out"}


@dataclass
class BoxSum:
    """One box while it fills: ids of leads or deals, what they add, how many of them have no known amount."""

    change: int = 0
    unknown: int = 0
    ids: list[int] = field(default_factory=list)

    def add(self, item: int, change: int | None) -> None:
        self.ids.append(item)
        self.change += change or 0
        self.unknown += change is None


@dataclass(frozen=True)
class Moment:
    """Facts as they were known at a freeze, and the last day of which they tell."""

    snapshot: Snapshot
    day: dt.date

    @property
    def number(self) -> int:
        return day_number(self.day)


def waterfall(then: Moment, now: Moment) -> Iterator[tuple[str, str, BoxSum]]:
    """(measure, box, sum) of every box that holds something, and of both ends of both measures, in the order of BOXES."""
    for measure, boxes in ((LEADS, _leads(then, now)), (AMOUNT, _amounts(then, now))):
        for box in BOXES[measure]:
            if box in (OPENING, CLOSING) or boxes[box].ids:
                yield measure, box, boxes[box]


# --- leads ------------------------------------------------------------------------------------------------------------


def _leads(then: Moment, now: Moment) -> dict[str, BoxSum]:
    boxes: dict[str, BoxSum] = defaultdict(BoxSum)
    before, after = _open_leads(then), _open_leads(now)
    known, entered = _first_days(then), _first_days(now)
    ended = _outcomes(now, [lead for lead in (before.keys() | entered.keys()) if lead not in after])
    ranks = {stage.id: stage.rank for stage in now.snapshot.book.on(now.day).stages.values()}
    for lead, stage in before.items():
        boxes[OPENING].add(lead, 1)
        if lead not in after:
            boxes[ended.get(lead, "gone")].add(lead, -1)
        elif moved := _way(ranks.get(stage), ranks.get(after[lead])):
            boxes[moved].add(lead, 0)
    for lead in after:
        boxes[CLOSING].add(lead, 1)
        if lead not in before:
            boxes[_came(lead, known, entered, then.number)].add(lead, 1)
    for lead, day in entered.items():  # came and went between both reviews
        if lead not in before and lead not in after and lead not in known and day > then.number and lead in ended:
            boxes["new"].add(lead, 1)
            boxes[ended[lead]].add(lead, -1)
    return boxes


def _open_leads(at: Moment) -> dict[int, int]:
    """Stage of every lead that is on the path at the end of the day."""
    path = [stage.id for stage in at.snapshot.book.on(at.day).path() if stage.kind == StageKind.PATH]
    rows = running_at(at.snapshot["stay"], at.number, "lday")
    rows = rows.under(np.isin(rows["stage"], path))
    return dict(zip(rows["lead"].tolist(), rows["stage"].tolist(), strict=True))


def _first_days(at: Moment) -> dict[int, int]:
    """First day of every lead that is known up to the day."""
    rows = between(at.snapshot["journey"], None, at.number + 1)
    return dict(zip(rows["lead"].tolist(), rows["day"].tolist(), strict=True))


def _outcomes(at: Moment, leads: list[int]) -> dict[int, str]:
    """How leads that are not open stand at the end of the day, by box."""
    ids = np.array(sorted(leads), np.int64)
    stages, _ = stay_at(at.snapshot, ids, at.number)
    kinds = {stage.id: stage.kind for stage in at.snapshot.book.on(at.day).stages.values()}
    found = zip(ids.tolist(), (_OUTCOMES.get(kinds.get(stage)) for stage in stages.tolist()), strict=True)
    return {lead: box for lead, box in found if box is not None}


def _way(before: int | None, after: int | None) -> str:
    if before is None or after is None or before == after:
        return ""
    return "on" if after > before else "returned"


def _came(item: int, known: Container[int], entered: dict[int, int], border: int) -> str:
    """Why something is open now that was not open before."""
    if item in known:
        return "back"
    return "new" if entered.get(item, border) > border else "late"


# --- deals ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Deal:
    status: int
    created: int
    closed: int
    base: int | None


def _amounts(then: Moment, now: Moment) -> dict[str, BoxSum]:
    boxes: dict[str, BoxSum] = defaultdict(BoxSum)
    before, after = _open_deals(then), _open_deals(now)
    known, deals = _deals(then), _deals(now)
    created = {item: deal.created for item, deal in deals.items()}
    for item, (amount, own) in before.items():
        boxes[OPENING].add(item, amount)
        if item in after:
            _changed(boxes, item, amount, after[item][0], same=own is not None and own == after[item][1])
        else:
            _closed(boxes, item, amount, deals.get(item))
    for item, (amount, _) in after.items():
        boxes[CLOSING].add(item, amount)
        if item not in before:
            boxes[_came(item, known, created, then.number)].add(item, amount)
    for item, deal in deals.items():  # opened and closed between both reviews, or never heard of before it was closed
        if item in before or item in after or not then.number < deal.closed <= now.number:
            continue
        if item not in known or known[item].closed != deal.closed:
            boxes[_came(item, known, created, then.number)].add(item, deal.base)
            _closed(boxes, item, deal.base, deal)
    return boxes


def _changed(boxes: dict[str, BoxSum], item: int, before: int | None, after: int | None, *, same: bool) -> None:
    """An amount that went up or down; `same`: in its own currency it did not, so its rate did."""
    change = (after or 0) - (before or 0)
    if change:
        boxes["rate" if same else "up" if change > 0 else "down"].add(item, change)


def _closed(boxes: dict[str, BoxSum], item: int, amount: int | None, deal: _Deal | None) -> None:
    """A deal leaves with the amount it was closed at; what that differs from the last one went up or down before."""
    if deal is None or deal.status == codes.OPEN:
        boxes["gone"].add(item, None if amount is None else -amount)
        return
    final = amount if deal.base is None else deal.base
    _changed(boxes, item, amount, final, same=False)
    boxes["won" if deal.status == codes.WON else "lost"].add(item, None if final is None else -final)


def _open_deals(at: Moment) -> dict[int, tuple[int | None, int | None]]:
    """Amount in the base currency and in its own of every deal open at the end of the day."""
    rows = running_at(at.snapshot["deal_span"], at.number, "until")
    columns = (rows["item"].tolist(), rows["base"].tolist(), rows["amount"].tolist())
    return {item: (_known(base), _known(own)) for item, base, own in zip(*columns, strict=True)}


def _deals(at: Moment) -> dict[int, _Deal]:
    rows = between(at.snapshot["deal"], None, at.number + 1)
    columns = (rows[name].tolist() for name in ("item", "status", "day", "close", "base"))
    return {item: _Deal(status, day, close, _known(base)) for item, status, day, close, base in zip(*columns, strict=True)}


def _known(minor: int) -> int | None:
    return None if minor == MISSING else minor
