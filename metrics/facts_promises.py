"""From handoffs and obligations to segment rows. Nothing here depends on the clock: times are stored, judged when read."""

import datetime as dt
from collections.abc import Iterable

from core.periods import day_number
from core.queries import Calendar
from leads.handoff_context import known_fields
from leads.handoff_projection import owed_day
from metrics import codes
from metrics.facts import ByDay, Reading, dims_of, split_days
from metrics.segments import MISSING

LEAD_COLUMNS = (
    "lead_id", "lead__channel_id", "lead__campaign_id", "lead__segment_id", "lead__region_id", "lead__origin", "lead__tier",
)  # fmt: skip
HANDOFF_SELECT = (
    *LEAD_COLUMNS, "owner_id", "team_id", "entry_id", "agreement_id", "entered_day", "entered_at", "precision",
    "assigned_at", "state", "decision", "first_decision", "decided_at", "reason", "returned_at", "contested_at", "ruled_at",
    "feedback_at", "feedback_read_at", "first_contact_at", "decide_by", "decision_excluded", "entry__field", "entry__new",
)  # fmt: skip
OBLIGATION_SELECT = (
    *LEAD_COLUMNS, "owner_id", "team_id", "entry_id", "promise", "agreement_id", "started_at", "due_at", "due_day", "met_at",
    "paused_seconds", "excluded", "late_logged",
)  # fmt: skip
ITEMS_A_HANDOFF = 8  # an obligation's item is its handoff's event times this, plus the promise


def _at(instant: dt.datetime | None) -> int:
    return MISSING if instant is None else codes.micros_of(instant)


def _known(field: str, new: str) -> int:
    """Bits of the fields that were filled in at the entry; -1 where nobody noted them."""
    names = known_fields(field, new)
    if names is None:
        return -1
    return sum(1 << i for i, name in enumerate(codes.HANDOFF_FIELDS) if name in names)


def encode_handoffs(rows: Iterable[tuple], reading: Reading) -> ByDay:
    days, out = [], []
    for (lead, ch, ca, se, re, origin, tier, owner, team, entry, agreement, day, entered_at, precision, assigned, state,
         decision, first, decided, reason, returned, contested, ruled, feedback, read, contact, due, excluded, field,
         new) in rows:  # fmt: skip
        out.append(
            (
                lead,
                entry,
                *dims_of(ch, ca, se, re, origin, tier, owner, team),
                reading.counting.get(agreement, 0),
                reading.promising(day),
                codes.micros_of(entered_at),
                codes.PRECISIONS.index(precision),
                _at(assigned),
                codes.STANDINGS.index(state),
                codes.DECISIONS.index(decision),
                codes.DECISIONS.index(first),
                _at(decided),
                codes.text_code(reason),
                _at(returned),
                _at(contested),
                _at(ruled),
                _at(feedback),
                _at(read),
                _at(contact),
                _at(due),
                codes.text_code(excluded or ""),
                _known(field, new),
            )
        )
        days.append(day_number(day))
    return split_days("handoff", days, out)


def encode_obligations(rows: Iterable[tuple], reading: Reading, calendar: Calendar) -> ByDay:
    """One row per promise of a handoff under its due day; while its clock stands still, under the day it began."""
    days, out = [], []
    for (lead, ch, ca, se, re, origin, tier, owner, team, entry, promise, agreement, started, due, due_day, met, paused,
         excluded, late) in rows:  # fmt: skip
        code = codes.PROMISES.index(promise)
        out.append(
            (
                lead,
                entry * ITEMS_A_HANDOFF + code,
                *dims_of(ch, ca, se, re, origin, tier, owner, team),
                agreement,
                code,
                codes.micros_of(started),
                _at(due),
                _at(met),
                paused,
                codes.text_code(excluded),
                late,
            )
        )
        days.append(day_number(owed_day(due_day, started, calendar)))
    return split_days("obligation", days, out)
