"""Two counts, one list: what marketing counts as MQL, what sales has taken on of it, and the leads in between.

Both numbers come from the masks of `first_reach`, so they equal the dashboard's. Every lead of marketing's count is in
exactly one state; the states add up to it.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from core.periods import day_number
from funnel.book import StageInfo
from leads.models import CONTACT_KINDS, Lead
from metrics import codes
from metrics.dashboard import EVERYBODY
from metrics.evaluation import SMALL, select
from metrics.frame import Frame
from metrics.methods.intervals import wilson
from metrics.questions import name_groups, read_question
from metrics.segments import FAR
from metrics.selection import Question, Selection, stay_at
from metrics.series import Snapshot

# State of a lead of marketing's count: key, label, what it says. The first three are sales' count, the rest lies in between.
STATES = (
    ("accepted", "Accepted", "Sales took the lead on: it reached {sal} or a later stage."),
    ("contacted", "Contacted", "Not accepted, but a person of sales tried to reach it or talked to it after it became MQL."),
    ("said", "Contacted, says the CRM", "Neither is logged; the lead status in the CRM's export says that sales was there."),
    ("waiting", "Waiting", "Still within the {days} days agreed for {mql}."),
    ("untouched", "Never touched", "Past the {days} days agreed for {mql}, without any contact by sales."),
    ("returned", "Returned or recycled", "Went back to marketing without sales taking it on."),
    ("lost", "Lost or disqualified", "Closed without sales taking it on."),
)
KEYS = tuple(key for key, _, _ in STATES)
TAKEN = KEYS[:3]
BETWEEN = KEYS[3:]

# Lead statuses that CRMs ship with, letters only, and what they say of a lead that is neither accepted nor contacted.
STATUS_SAYS = {
    "attemptedtocontact": "said", "connected": "said", "inprogress": "said", "opendeal": "said", "workingcontacted": "said",
    "unqualified": "lost", "closednotconverted": "lost", "badtiming": "returned",
}  # fmt: skip
STATUS_FIELDS = ("lead_status", "status")
_CONTACTS = tuple(codes.TOUCH_KINDS.index(str(kind)) for kind in CONTACT_KINDS)
_SALES = codes.SIDES.index("sales")
_AT_ONCE = 2_000
BY = ("channel", "segment", "region")
MOST_GROUPS = 12


@dataclass(frozen=True)
class Counts:
    """`marketing`: the leads that reached MQL in the period, `state` their index in STATES, row by row. `sales`: the leads
    that reached SAL in the period, whenever they became MQL."""

    mql: StageInfo
    sal: StageInfo
    marketing: Selection
    state: np.ndarray
    stage: np.ndarray  # where each of them is today
    sales: Selection
    sales_from: np.ndarray  # 0: also in marketing's count, 1: MQL in another period, 2: never MQL

    def part(self, key: str) -> Selection | None:
        """The leads behind one number of the page, by its key; None for a key that is none."""
        if key == "mql":
            return self.marketing
        if key in ("taken", "between"):
            return self.marketing.where(np.isin(self.state, [KEYS.index(k) for k in (TAKEN if key == "taken" else BETWEEN)]))
        if key in KEYS:
            return self.marketing.where(self.state == KEYS.index(key))
        if key == "sal":
            return self.sales
        if key in SALES_FROM:
            return self.sales.where(self.sales_from == SALES_FROM.index(key))
        return None

    def size(self, key: str) -> int:
        return len(self.part(key))


# Where the leads come from that sales accepted in the period.
SALES_FROM = ("sal_same", "sal_other", "sal_own")


def two_counts(snapshot: Snapshot, frame: Frame) -> Counts | None:
    """Both counts for a frame; None where no stage carries MQL, or none after it belongs to sales."""
    version = snapshot.book.newest
    mql, sal = version.milestone("mql"), version.milestone("sal") or version.milestone("sql")
    if mql is None or sal is None or mql.rank is None or sal.rank is None or sal.rank <= mql.rank:
        return None
    marketing, sales = reached(snapshot, frame, mql), reached(snapshot, frame, sal)
    stage, entered = stay_at(snapshot, marketing.lead, day_number(frame.today))
    state = _states(snapshot, frame, mql, sal, marketing, stage, entered)
    known = ever_reached(snapshot, sales.lead, mql)
    inside = np.isin(sales.lead, marketing.lead)
    return Counts(
        mql=mql,
        sal=sal,
        marketing=marketing,
        state=state,
        stage=stage,
        sales=sales,
        sales_from=np.where(inside, 0, np.where(known, 1, 2)),
    )


def reached(snapshot: Snapshot, frame: Frame, stage: StageInfo) -> Selection:
    """Leads whose first reach of a stage lies in the frame: the selection behind the dashboard's number."""
    return select(snapshot, question_of(snapshot, frame, stage))


def question_of(snapshot: Snapshot, frame: Frame, stage: StageInfo, **more: list[str]) -> Question:
    """The dashboard's question for the first reaches of a stage; `more` narrows it."""
    params = frame.params(stage=stage.key, **more)
    now = snapshot.calendar.start_of_day(frame.today)
    return read_question("first_reach", params, snapshot=snapshot, now=now, reader=EVERYBODY)


def ever_reached(snapshot: Snapshot, leads: np.ndarray, stage: StageInfo) -> np.ndarray:
    """Mask of the leads that got as far as a stage at any time."""
    journey = snapshot["journey"]
    return np.isin(leads, journey["lead"][journey[f"r:{stage.id}"] != FAR])


def _states(snapshot, frame: Frame, mql, sal, marketing: Selection, stage, entered) -> np.ndarray:
    """Index into STATES of each lead of marketing's count."""
    version = snapshot.book.newest
    info = {s.id: s for s in version.stages.values()}
    closed = [i for i, s in info.items() if s.kind in ("lost", "out")]
    behind = [i for i, s in info.items() if s.kind == "detour" or (s.rank is not None and s.rank < mql.rank)]
    accepted = ever_reached(snapshot, marketing.lead, sal)
    contacted = _last_contact(snapshot, marketing.lead, frame) >= marketing.day
    days = day_number(frame.today) - entered.astype(np.int64)
    late = np.zeros(len(marketing), bool) if mql.target_days is None else days > float(mql.target_days)
    state = np.where(late, KEYS.index("untouched"), KEYS.index("waiting"))
    state[np.isin(stage, behind)] = KEYS.index("returned")
    state[np.isin(stage, closed)] = KEYS.index("lost")
    waits = ~(accepted | contacted) & np.isin(state, (KEYS.index("waiting"), KEYS.index("untouched")))
    for row, status in _statuses(marketing.lead, waits):
        state[row] = KEYS.index(STATUS_SAYS.get(_letters(status), KEYS[state[row]]))
    state[contacted] = KEYS.index("contacted")
    state[accepted] = KEYS.index("accepted")
    return state


def _last_contact(snapshot: Snapshot, leads: np.ndarray, frame: Frame) -> np.ndarray:
    """Day number of the last contact by sales up to today; far in the past where there is none."""
    touch = snapshot["touch"]
    mask = (touch["side"] == _SALES) & np.isin(touch["kind"], _CONTACTS) & (touch["day"] <= day_number(frame.today))
    last = np.full(len(leads), np.iinfo(np.int64).min)
    if len(leads) and np.any(mask):
        order = np.argsort(leads, kind="stable")
        spot = np.minimum(np.searchsorted(leads[order], touch["lead"][mask]), len(leads) - 1)
        ours = leads[order][spot] == touch["lead"][mask]
        np.maximum.at(last, order[spot[ours]], touch["day"][mask][ours])
    return last


def attributes(leads: np.ndarray, *columns: str) -> Iterator[tuple]:
    """(id, columns ...) of leads by id, some thousand to a query. Not narrowed to a reader: counts are everybody's."""
    for start in range(0, len(leads), _AT_ONCE):
        yield from Lead.objects.filter(id__in=leads[start : start + _AT_ONCE].tolist()).values_list("id", *columns)


def _statuses(leads: np.ndarray, mask: np.ndarray) -> Iterator[tuple[int, str]]:
    """(row, lead status of the CRM) for the rows under a mask whose import kept one."""
    rows = {int(leads[row]): int(row) for row in np.nonzero(mask)[0]}
    for lead, custom in attributes(leads[mask], "custom"):
        status = status_of(custom)
        if status:
            yield rows[lead], status


def status_of(custom: dict) -> str:
    """The CRM's own lead status, as its export told it."""
    return next((str(custom[name]) for name in STATUS_FIELDS if custom.get(name)), "")


def _letters(text: str) -> str:
    return "".join(char for char in text.casefold() if char.isalpha())


def by_dimension(snapshot: Snapshot, counts: Counts, by: str) -> list[dict]:
    """Both counts for each value of a dimension, largest first: every lead of marketing's count is in one row."""
    taken = np.isin(counts.state, [KEYS.index(key) for key in TAKEN])
    ids = counts.marketing.dims[by]
    found = []
    for value in np.unique(ids):
        mask = ids == value
        found.append({"_id": int(value), "mql": int(np.count_nonzero(mask)), "taken": int(np.count_nonzero(mask & taken))})
    rows = sorted(name_groups(found, by, snapshot), key=lambda row: (-row["mql"], row["label"]))
    if len(rows) > MOST_GROUPS:
        rest = rows[MOST_GROUPS - 1 :]
        others = {"key": None, "label": f"{len(rest)} others"}
        rows = [*rows[: MOST_GROUPS - 1], others | {name: sum(row[name] for row in rest) for name in ("mql", "taken")}]
    for row in rows:
        row |= {"between": row["mql"] - row["taken"], "share": row["taken"] / row["mql"], "few": row["mql"] < SMALL}
        row["range"] = wilson(row["taken"], row["mql"])
    return rows


def finding(counts: Counts) -> str:
    """The title of the page's card."""
    mql, between = counts.size("mql"), counts.size("between")
    if not mql:
        return f"No lead became {counts.mql.name} in this period"
    if not between:
        return f"Both teams count the same {mql:,} leads" if mql > 1 else "Both teams count the same lead"
    name = max(BETWEEN, key=lambda key: (counts.size(key), -KEYS.index(key)))
    label = next(label for key, label, _ in STATES if key == name).lower()
    if between == 1:
        return f"1 of {mql:,} lies in between: {label}"
    return f"{between:,} of {mql:,} lie in between, most of them {label}"
