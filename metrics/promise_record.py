"""How promises would have been kept in the last 90 days, and what could be promised from it. Reads only.

The clock is the product's own (leads.obligations): the same due times as for a promise in force, without pauses.
"""

import datetime as dt
import itertools
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace

from accounts.models import Team
from core.money import exponent
from core.periods import Period, add_months
from core.queries import Calendar
from funnel.models import WHOLE, HandoffField, PromiseKey
from funnel.presets import PRESET_FIELDS, USUAL
from funnel.promises import PromiseBook, PromiseLine, Worth
from funnel.queries import working_schedules
from leads.handoffs import HandoffState
from leads.models import CONTACT_KINDS, Decision, Handoff, Touch
from leads.obligations import ContactFact, fold_obligations
from leads.timeline import Assignment
from metrics.answers import ask
from metrics.questions import Reader
from metrics.series import Snapshot

DAYS = 90
HORIZON = 180  # days in which an MQL may be won, for what it is worth
LEAST = 20  # below that a share says little: the usual one is proposed
MONTH = 365.25 / 12

_CLOCKED = (PromiseKey.S1, PromiseKey.S2, PromiseKey.S3, PromiseKey.S4)
_FIELDS = {
    HandoffField.NAME: "lead__contact__name",
    HandoffField.EMAIL: "lead__contact__email",
    HandoffField.PHONE: "lead__contact__phone",
    HandoffField.COMPANY: "lead__company_id",
    HandoffField.SEGMENT: "lead__segment_id",
    HandoffField.REGION: "lead__region_id",
    HandoffField.CHANNEL: "lead__channel_id",
    HandoffField.CAMPAIGN: "lead__campaign_id",
    HandoffField.TIER: "lead__tier",
    HandoffField.SCORE: "lead__score",
}


@dataclass(frozen=True)
class Seen:
    """One line judged over the period. `hits` of `n` cases; M1 and M2 have no cases but an amount of their own.

    `promised`: the line stands in the version; otherwise it is `proposed`.
    """

    line: PromiseLine
    n: int | None
    hits: int | None
    promised: bool
    volume: float | None = None

    @property
    def share(self) -> float | None:
        return self.hits / self.n if self.n else None


@dataclass(frozen=True)
class PromiseRecord:
    period: Period
    entries: int
    seen: list[Seen]
    values: dict[str, Worth]
    fields: tuple[str, ...]

    def proposals(self) -> list[PromiseLine]:
        """Lines for what the version does not promise yet."""
        return [one.line for one in self.seen if not one.promised]


def record_of(snapshot: Snapshot, book: PromiseBook, *, now: dt.datetime) -> PromiseRecord:
    """Judge the lines of `book`, and the usual ones where it has none, over the handoffs of the last 90 days."""
    calendar = snapshot.calendar
    today = calendar.day_of(now)
    period = Period(today - dt.timedelta(days=DAYS), today)
    rows = _handoffs(period)
    values = lead_values(snapshot, now=now)
    fields = book.required_fields or tuple(PRESET_FIELDS)
    seen = [
        *_volume(book, rows),
        *_value(book, rows, book.values or values, snapshot.currency),
        _complete(book, rows, fields),
        _quality(book, rows),
        *_clocked(book, rows, calendar, now),
    ]
    return PromiseRecord(period, len(rows), seen, values, fields)


def _handoffs(period: Period) -> list[Handoff]:
    rows = Handoff.objects.filter(entered_day__gte=period.start, entered_day__lt=period.end)
    return list(rows.select_related("lead__contact").order_by("lead_id", "entered_at"))


def _volume(book: PromiseBook, rows: list[Handoff]) -> list[Seen]:
    per_month = {tier: count / DAYS * MONTH for tier, count in Counter(row.lead.tier for row in rows).items()}
    if promised := book.of(PromiseKey.M1):
        named = {line.tier for line in promised}
        other = sum(count for tier, count in per_month.items() if tier not in named)
        return [
            Seen(line, None, None, True, volume=per_month.get(line.tier, 0.0) if line.tier else other + per_month.get("", 0))
            for line in promised
        ]
    tiers = sorted(per_month, key=lambda tier: (tier == "", tier))
    return [
        Seen(replace(USUAL["M1"], tier=tier, volume=max(1, round(per_month[tier]))), None, None, False, per_month[tier])
        for tier in tiers
    ]


def _value(book: PromiseBook, rows: list[Handoff], values: dict[str, Worth], currency: str) -> list[Seen]:
    """Entries of a month times what each is worth; an entry whose tier has no value adds nothing, as when it is measured."""
    worths = [values.get(row.lead.tier) or values.get("") for row in rows]
    if not any(worths):
        return [Seen(line, None, None, True) for line in book.of(PromiseKey.M2)]
    amount = sum(worth.gross_profit for worth in worths if worth) / DAYS * MONTH
    promised = book.of(PromiseKey.M2)
    if promised:
        return [Seen(promised[0], None, None, True, volume=amount)]
    return [Seen(replace(USUAL["M2"], amount=_rounded(amount, currency)), None, None, False, amount)]


def _rounded(amount: float, currency: str) -> int:
    """A promise in hundreds of the currency, at least one."""
    hundred = 100 * 10 ** exponent(currency)
    return max(1, round(amount / hundred)) * hundred


def _complete(book: PromiseBook, rows: list[Handoff], fields: Iterable[str]) -> Seen:
    known = [_FIELDS[name] for name in fields if name in _FIELDS]
    n = len(rows) * len(known)
    hits = sum(_has(row, path) for row in rows for path in known)
    return _judged(book, PromiseKey.M3, n, hits)


def _has(row: Handoff, path: str) -> bool:
    found = row
    for name in path.split("__"):
        found = getattr(found, name, None)
    return found not in (None, "")


def _quality(book: PromiseBook, rows: list[Handoff]) -> Seen:
    decided = [row.decision for row in rows if row.decision in (Decision.ACCEPTED, Decision.RECYCLED, Decision.DISQUALIFIED)]
    return _judged(book, PromiseKey.M4, len(decided), decided.count(Decision.ACCEPTED))


def _judged(book: PromiseBook, key: str, n: int, hits: int) -> Seen:
    """The general line of a key that is no matter of the clock."""
    if line := book.line(key):
        return Seen(line, n, hits, True)
    return Seen(_proposed(USUAL[key], n, hits), n, hits, False)


def _proposed(line: PromiseLine, n: int, hits: int) -> PromiseLine:
    """The usual line with the share that was reached, in whole per cent; with few cases or none kept, as it is."""
    if n < LEAST or hits == 0:
        return line
    return replace(line, share=max(100, hits * WHOLE // n // 100 * 100))


def _clocked(book: PromiseBook, rows: list[Handoff], calendar: Calendar, now: dt.datetime) -> list[Seen]:
    trial = [line for key in _CLOCKED for line in (book.of(key) or [USUAL[key]])]
    judge = replace(book, agreement_id=0, lines=tuple(trial), terms=replace(book.terms, routing_seconds=None))
    hours = working_schedules([None, *Team.objects.values_list("id", flat=True)])
    contacts = _contacts({row.lead_id for row in rows})
    due, met = Counter(), Counter()
    for row, following in itertools.zip_longest(rows, rows[1:]):
        until = following.entered_at if following is not None and following.lead_id == row.lead_id else None
        owed = fold_obligations(
            _state(row, until),
            contacts[row.lead_id],
            tier=row.lead.tier,
            book=judge,
            hours=hours.__getitem__,
            day_of=calendar.day_of,
        )
        for one in owed:
            if one.due_at is not None and one.due_at <= now:
                which = (one.promise, judge.line(one.promise, row.lead.tier).tier)
                due[which] += 1
                met[which] += one.met_at is not None and one.met_at <= one.due_at
    found = []
    for line in trial:
        n, hits = due[line.key, line.tier], met[line.key, line.tier]
        promised = bool(book.of(line.key))
        found.append(Seen(line if promised else _proposed(line, n, hits), n, hits, promised))
    return found


def _state(row: Handoff, until: dt.datetime | None) -> HandoffState:
    held = row.assigned_at is not None or row.owner_id is not None
    holder = (Assignment(row.assigned_at or row.entered_at, row.owner_id, row.team_id),) if held else ()
    same = {name: getattr(row, name) for name in HandoffState.__dataclass_fields__ if hasattr(row, name)}
    extra = {"until": until, "decided_with": None, "explained": False, "pauses": (), "holders": holder, "excluded": {}}
    return HandoffState(**(same | extra))


def _contacts(lead_ids: set[int]) -> dict[int, list[ContactFact]]:
    found = defaultdict(list)
    rows = Touch.objects.filter(side="sales", kind__in=CONTACT_KINDS, voids__isnull=True, voided_by__isnull=True)
    ids = sorted(lead_ids)
    for start in range(0, len(ids), 900):
        part = rows.filter(lead_id__in=ids[start : start + 900])
        for lead_id, *fact in part.values_list("lead_id", *ContactFact.__dataclass_fields__):
            found[lead_id].append(ContactFact(*fact))
    for facts in found.values():
        facts.sort()
    return found


def lead_values(snapshot: Snapshot, *, now: dt.datetime) -> dict[str, Worth]:
    """What an MQL of each tier is worth: the share won within 180 days × the mean gross profit of a won deal.

    MQLs of the twelve months that are 180 days old or older; deals won in the last twelve months. A tier without a won
    deal whose profit is known has no value: unknown is not zero.
    """
    today = snapshot.calendar.day_of(now)
    end = today - dt.timedelta(days=HORIZON)
    mature = {"from": add_months(end, -12).isoformat(), "to": end.isoformat()}
    year = {"from": add_months(today, -12).isoformat(), "to": today.isoformat()}
    reach = mature | {"stage": "mql", "to_stage": "won", "horizon": str(HORIZON)}
    if not snapshot.book or not all(snapshot.book.on(end).milestone(name) for name in ("mql", "won")):
        return {}
    shares = _by_tier(snapshot, "cohort_conversion", reach, now)
    won, profits, revenues = (_by_tier(snapshot, key, year, now) for key in ("won_deals", "gross_profit", "won_revenue"))
    found = {}
    for tier, share in shares.items():
        profit, deals = _mean(profits.get(tier), won.get(tier))
        revenue, _ = _mean(revenues.get(tier), won.get(tier))
        if share["value"] is None or profit is None:
            continue
        found[tier] = Worth(
            gross_profit=max(0, round(share["value"] * profit)),
            revenue=None if revenue is None else max(0, round(share["value"] * revenue)),
            basis=f"{share['value'] * 100:.1f} % of {share['n']:,} MQLs won within {HORIZON} days, {deals:,} won deals",
        )
    return found


def _by_tier(snapshot: Snapshot, key: str, params: dict, now: dt.datetime) -> dict[str, dict]:
    answer = ask(key, params | {"by": "tier"}, reader=Reader(), now=now, snapshot=snapshot)
    return {row["key"]: row for row in answer.get("series", [])}


def _mean(money: dict | None, won: dict | None) -> tuple[float | None, int]:
    """Money per won deal, over the deals whose money is known, and how many these are."""
    if money is None or won is None or money["value"] is None:
        return None, 0
    deals = won["n"] - money.get("unknown", 0)
    return (money["value"] / deals, deals) if deals > 0 else (None, 0)
