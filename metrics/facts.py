"""From projections to segment rows: one encoding per kind, the same for a whole day and for one lead.

Each `encode_*` takes tuples in the order of its *_SELECT: metrics.fact_queries reads them from the database, metrics.as_of
folds them itself for an as-of question.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator

import numpy as np
from django.db.models.functions import Coalesce

from core.money import convert, spread
from core.periods import day_number
from core.queries import Rates, rates
from funnel.book import Book, load_book
from metrics import codes
from metrics.credit_rules import Reach, current_rules
from metrics.segments import DIMENSIONS, FAR, LAYOUTS, MISSING, PER_STAGE, UNKNOWN_DAY, dtype_of

ByDay = dict[int, dict[str, np.ndarray]]

_DIMS = list(DIMENSIONS)


class Reading:
    """Configuration that encodings need, read once per batch."""

    def __init__(self, book: Book | None = None, rate_book: Rates | None = None, reach: Reach | None = None):
        self.book = book or load_book()
        self.reach = reach or current_rules().reach
        self.rates = rate_book or rates()
        self.counting = {v.id: v.counting_version for v in self.book.versions}
        self._credit: dict[tuple[int, int, int], frozenset[int]] = {}

    def promising(self, day: dt.date) -> int:
        """The agreement whose promises hold for what begins on a day; 0 before the first."""
        version = self.book.on(day) if self.book else None
        return version.id if version is not None and version.from_day <= day else 0

    def credited(self, agreement: int, stage: int, origin: int) -> frozenset[int]:
        key = (agreement, stage, origin)
        found = self._credit.get(key)
        if found is None:
            version = self.book.by_id[agreement]
            found = self._credit[key] = version.credited(stage, codes.ORIGINS[origin])
        return found


def _seconds(start: dt.datetime, end: dt.datetime | None) -> int:
    return -1 if end is None else (end - start) // dt.timedelta(seconds=1)


def _arrays(kind: str, rows: list[tuple], extra: dict[str, list] | None = None) -> dict[str, np.ndarray]:
    names = list(LAYOUTS[kind])
    columns = zip(*rows, strict=True) if rows else ([] for _ in names)
    arrays = {name: np.array(values, dtype_of(kind, name)) for name, values in zip(names, columns, strict=True)}
    for name, values in (extra or {}).items():
        arrays[name] = np.array(values, dtype_of(kind, name))
    return arrays


def split_days(kind: str, days: list[int], rows: list[tuple], extra: dict[str, list] | None = None) -> ByDay:
    """Rows to columns by day."""
    if not rows:
        return {}
    arrays = _arrays(kind, rows, extra)
    numbers = np.array(days, np.int32)
    order = np.argsort(numbers, kind="stable")
    found, starts = np.unique(numbers[order], return_index=True)
    ends = [*starts[1:], len(order)]
    return {
        int(day): {name: array[order[start:end]] for name, array in arrays.items()}
        for day, start, end in zip(found, starts, ends, strict=True)
    }


def dims_of(channel, campaign, segment, region, origin, tier, owner, team) -> tuple[int, ...]:
    return (
        channel or 0,
        campaign or 0,
        segment or 0,
        region or 0,
        codes.ORIGINS.index(origin) if origin else 0,
        codes.text_code(tier or ""),
        owner or 0,
        team or 0,
    )


# --- stays, journeys, detours ---------------------------------------------------------------------------------------

STAY_SELECT = (
    "lead_id", "lead__channel_id", "lead__campaign_id", "lead__segment_id", "lead__region_id", "lead__origin",
    "lead__tier", "owner_id", "team_id", "opening_event_id", "stage_id", "position", "entry_no", "entered_at",
    "entered_day", "entered_precision", "left_at", "left_day", "left_precision", "exit_kind", "next_stage_id",
    "agreement_id", "first_contact_at", "opening_event__source", "opening_event__recorded_at", "lead__created_day",
    "lead__clock_skew", "lead__source_missing",
)  # fmt: skip
_STAY = {name: i for i, name in enumerate(STAY_SELECT)}
# By hand, more than this long after it happened: back-dated (DQ7).
_BACKDATED = dt.timedelta(days=7)
# What a person typed in more than this long after it happened: logged late (DQ6).
_LATE = dt.timedelta(hours=48)


def logged_late(source: str, occurred_at: dt.datetime, recorded_at: dt.datetime) -> bool:
    """Typed in by hand two days after it happened or later. What an import or a mailbox brings is not typed in."""
    return source == "tandem" and recorded_at - occurred_at > _LATE


def encode_stays(rows: Iterable[tuple], reading: Reading) -> ByDay:
    days, out = [], []
    for row in rows:
        (lead, ch, ca, se, re, origin, tier, owner, team, event, stage, _, entry_no, entered_at, entered_day, precision,
         left_at, left_day, left_precision, exit_kind, next_stage, agreement, contact_at, source, recorded_at,
         *_flags) = row  # fmt: skip
        known, left_known = precision != "unknown", left_precision != "unknown"
        out.append(
            (
                lead,
                event,
                *dims_of(ch, ca, se, re, origin, tier, owner, team),
                stage,
                next_stage or 0,
                FAR if left_day is None else day_number(left_day),
                codes.seconds_of(entered_at),
                _seconds(entered_at, left_at) if known and left_known else -1,
                _seconds(entered_at, contact_at),
                min(entry_no, 32_767),
                codes.EXITS.index(exit_kind),
                reading.counting.get(agreement, 0),
                known,
                left_known,
                source == "tandem" and recorded_at - entered_at > _BACKDATED,
                logged_late(source, entered_at, recorded_at),
            )
        )
        days.append(day_number(entered_day))
    return split_days("stay", days, out)


def _by_lead(rows: Iterable[tuple]) -> Iterator[list[tuple]]:
    """Rows of a lead in timeline order; input is grouped by lead."""
    group: list[tuple] = []
    for row in rows:
        if group and group[0][0] != row[0]:
            yield sorted(group, key=lambda r: r[_STAY["position"]])
            group = []
        group.append(row)
    if group:
        yield sorted(group, key=lambda r: r[_STAY["position"]])


def encode_journeys(rows: Iterable[tuple], reading: Reading) -> ByDay:
    """One row per lead at its first entry day: first reach of every stage, with owner, team and version at that reach."""
    days: list[int] = []
    out: list[tuple] = []
    per_stage: dict[str, dict[int, int]] = defaultdict(dict)
    for stays in _by_lead(rows):
        first = stays[0]
        (lead, ch, ca, se, re, origin, tier, owner, team) = first[:9]
        dims = dims_of(ch, ca, se, re, origin, tier, owner, team)
        index = len(out)
        created = first[_STAY["lead__created_day"]]
        out.append(
            (
                lead,
                lead,
                *dims,
                UNKNOWN_DAY
                if first[_STAY["entered_precision"]] == "unknown"
                else day_number(created or first[_STAY["entered_day"]]),
                first[_STAY["lead__clock_skew"]],
                first[_STAY["lead__source_missing"]],
            )
        )
        days.append(day_number(first[_STAY["entered_day"]]))
        reached: set[int] = set()
        for stay in stays:
            stage, agreement = stay[_STAY["stage_id"]], stay[_STAY["agreement_id"]]
            per_stage[f"e:{stage}"][index] = 1
            day, unknown = day_number(stay[_STAY["entered_day"]]), stay[_STAY["entered_precision"]] == "unknown"
            for target in reading.credited(agreement, stage, dims[4]) - reached:
                reached.add(target)
                per_stage[f"r:{target}"][index] = day
                if unknown:
                    per_stage[f"u:{target}"][index] = 1
                per_stage[f"o:{target}"][index] = stay[_STAY["owner_id"]] or 0
                per_stage[f"t:{target}"][index] = stay[_STAY["team_id"]] or 0
                per_stage[f"v:{target}"][index] = reading.counting.get(agreement, 0)
    return split_days("journey", days, out, _dense(per_stage, len(out)))


def encode_detours(rows: Iterable[tuple], reading: Reading) -> ByDay:
    """One row per detour stay, with the next reach of every stage after it (F14)."""
    days: list[int] = []
    out: list[tuple] = []
    per_stage: dict[str, dict[int, int]] = defaultdict(dict)
    for stays in _by_lead(rows):
        for position, stay in enumerate(stays):
            stage, agreement = stay[_STAY["stage_id"]], stay[_STAY["agreement_id"]]
            info = reading.book.by_id[agreement].stages.get(stage)
            if info is None or info.kind != "detour" or stay[_STAY["entered_precision"]] == "unknown":
                continue
            index = len(out)
            dims = dims_of(*stay[1:9])
            out.append((stay[0], stay[_STAY["opening_event_id"]], *dims, stage, reading.counting.get(agreement, 0)))
            days.append(day_number(stay[_STAY["entered_day"]]))
            reached: set[int] = set()
            for later in stays[position + 1 :]:
                known = later[_STAY["entered_precision"]] != "unknown"
                day = day_number(later[_STAY["entered_day"]]) if known else UNKNOWN_DAY
                credited = reading.credited(later[_STAY["agreement_id"]], later[_STAY["stage_id"]], dims[4])
                for target in credited - reached:
                    reached.add(target)
                    per_stage[f"n:{target}"][index] = day
    return split_days("detour", days, out, _dense(per_stage, len(out)))


def _dense(sparse: dict[str, dict[int, int]], n: int) -> dict[str, list[int]]:
    found = {}
    for name, values in sparse.items():
        column = [PER_STAGE[name.partition(":")[0]][1]] * n
        for index, value in values.items():
            column[index] = value
        found[name] = column
    return found


# --- deals, touches, spend ------------------------------------------------------------------------------------------


LEAD_DIMS = ("counted", "d_channel_id", "d_campaign_id", "d_segment_id", "d_region_id", "d_origin", "d_tier")
DEAL_SELECT = (
    *LEAD_DIMS, "owner_id", "team_id", "id", "created_day", "closed_day", "closed_precision", "status", "kind", "currency",
    "amount", "cost", "base_amount", "base_cost", "expected_close",
)  # fmt: skip


def _amount(minor: int | None) -> int:
    return MISSING if minor is None else minor


def encode_deals(rows: Iterable[tuple], reading: Reading) -> ByDay:
    days, out = [], []
    for (lead, *dims, owner, team, deal, created, closed, closed_precision, status, kind, currency, amount, cost, base,
         base_cost, expected) in rows:  # fmt: skip
        out.append(
            (
                lead,
                deal,
                *dims_of(*dims, owner, team),
                FAR if closed is None else day_number(closed),
                closed_precision != "unknown",
                codes.STATUSES.index(status),
                codes.DEAL_KINDS.index(kind),
                codes.text_code(currency),
                _amount(amount),
                _amount(cost),
                _amount(base),
                _amount(base_cost),
                FAR if expected is None else day_number(expected),
            )
        )
        days.append(day_number(created))
    return split_days("deal", days, out)


SPAN_SELECT = (
    *LEAD_DIMS, "deal__owner_id", "deal__team_id", "deal_id", "from_day", "until_day", "deal__kind", "amount", "base_amount",
)  # fmt: skip


def encode_spans(rows: Iterable[tuple], reading: Reading) -> ByDay:
    days, out = [], []
    for lead, *dims, owner, team, deal, from_day, until, kind, amount, base in rows:
        end = FAR if until is None else day_number(until)
        dims = dims_of(*dims, owner, team)
        out.append((lead, deal, *dims, end, codes.DEAL_KINDS.index(kind), _amount(amount), _amount(base)))
        days.append(day_number(from_day))
    return split_days("deal_span", days, out)


CREDIT_SELECT = (
    *LEAD_DIMS, "deal__owner_id", "deal__team_id", "event_id", "deal_id", "day", "deal__kind", "amount", "base_amount",
)  # fmt: skip


def encode_credits(rows: Iterable[tuple], reading: Reading) -> ByDay:
    days, out = [], []
    for lead, *dims, owner, team, event, deal, day, kind, amount, base in rows:
        dims = dims_of(*dims, owner, team)
        out.append((lead, event, *dims, deal, codes.DEAL_KINDS.index(kind), amount, _amount(base)))
        days.append(day_number(day))
    return split_days("credit", days, out)


# A touch without a channel came by its campaign's.
CHANNEL = Coalesce("channel_id", "campaign__channel_id")
TOUCH_SELECT = (
    *LEAD_DIMS, "actor_id", "id", "day", "side", "kind", CHANNEL, "campaign_id", "contact_id", "content_id", "source",
    "occurred_at", "recorded_at",
)  # fmt: skip


def encode_touches(rows: Iterable[tuple], reading: Reading) -> ByDay:
    days, out = [], []
    for (lead, *dims, actor, touch, day, side, kind, channel, campaign, contact, content, source, occurred_at,
         recorded_at) in rows:  # fmt: skip
        out.append(
            (
                lead,
                touch,
                *dims_of(*dims, actor, None),
                codes.SIDES.index(side),
                codes.TOUCH_KINDS.index(kind),
                channel or 0,
                campaign or 0,
                contact or 0,
                content or 0,
                logged_late(source, occurred_at, recorded_at),
            )
        )
        days.append(day_number(day))
    return split_days("touch", days, out)


SPEND_SELECT = ("id", "campaign_id", "channel_id", "status", "kind", "currency", "amount", "service_from", "service_to")


def encode_spend(rows: Iterable[tuple], reading: Reading) -> ByDay:
    """Each cost line spread evenly over its service days, converted per day (R1, X11)."""
    days, out = [], []
    for spend, campaign, channel, status, kind, currency, amount, start, end in rows:
        first, n = day_number(start), (end - start).days + 1
        for offset, part in enumerate(spread(amount, n)):
            rate = reading.rates.on(currency, start + dt.timedelta(days=offset))
            base = MISSING if rate is None else convert(part, currency, reading.rates.base, rate)
            code = codes.spend_code(status, kind)
            out.append((0, spend, campaign or 0, channel or 0, code, codes.text_code(currency), part, base))
            days.append(first + offset)
    return split_days("spend", days, out)
