"""The worker: stale notes in, segments of the next generation out (architecture 5).

Facts are read and packed outside a write transaction. One short transaction then checks the lease, writes each segment only
if it still is the one that was read, deletes exactly the notes that were read and raises the generation. Any miss rolls
everything back. A crash loses nothing, a second run gives the same bytes, a worker that lost its lease writes nothing.
"""

import datetime as dt
import secrets
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from django.db import IntegrityError, transaction
from django.db.models import F
from django.db.models.functions import Coalesce

from accounts.queries import team_digest
from campaigns.models import ChannelChange, Spend
from core.bulk_rows import insert_rows
from core.failpoints import failpoint
from core.models import StaleNote
from core.periods import day_number
from core.queries import calendar
from core.stale import note_stale
from leads.handoff_projection import owed_day
from leads.handoff_queries import windows_closed
from leads.models import Deal, DealCredit, DealSpan, Handoff, Obligation, StageEntry, Touch
from leads.services.rebuilding import rebuild_teams
from metrics.fact_queries import READERS
from metrics.facts import Reading
from metrics.ledger import credit_digest, postings_due
from metrics.models import CreditPosting, RollupState, Segment
from metrics.path_queries import concerned, deals_under, read_paths
from metrics.segments import KINDS, empty, join, pack, unpack, without

LEASE = dt.timedelta(seconds=60)
# One round: so many notes are read, and so many whole days or patched leads are recomputed in one transaction.
MAX_NOTES = 20_000
MAX_DAYS = 120
MAX_LEADS = 500
# Ways hang on other days than those of a note, and are laid where they stand.
_READERS = READERS | {"path": read_paths}


class LeaseLost(RuntimeError):
    """Another worker took over while this one computed; nothing was written."""


class Overtaken(RuntimeError):
    """A segment changed between reading and writing; nothing was written, the notes are still there."""


@dataclass
class Round:
    """What one transaction will do."""

    note_ids: list[int] = field(default_factory=list)
    whole: set[dt.date] = field(default_factory=set)
    patches: dict[dt.date, set[int]] = field(default_factory=lambda: defaultdict(set))


def drain(*, report: Callable[[int], None] | None = None, until: float | None = None) -> int:
    """Work until no note is left; returns how many were worked off. Returns early if another worker holds the lease.

    `until`: a time.monotonic() after which no further round begins.
    """
    done = 0
    while (token := take_lease()) is not None:
        try:
            follow_teams(token)
            follow_credit(token)
            follow_channels()
            while worked := run_round(token):
                done += worked
                if report is not None:
                    report(StaleNote.objects.count())
                if until is not None and time.monotonic() > until:
                    return done
            follow_clock(token)
        except LeaseLost:
            return done
        finally:
            give_back(token)
        # A writer whose hint met the held lease was turned away: its note is worked off here, not by the next sweep.
        if not (StaleNote.objects.exists() or ChannelChange.objects.exists()):
            return done
    return done


def take_lease() -> str | None:
    """A token that lets this process write, or None if another one may. A dead owner's lease ends by itself."""
    RollupState.objects.get_or_create(id=1)
    token, now = secrets.token_hex(16), dt.datetime.now(dt.UTC)
    free = RollupState.objects.filter(id=1, lease_token="") | RollupState.objects.filter(id=1, lease_until__lt=now)
    return token if free.update(lease_token=token, lease_until=now + LEASE) else None


def give_back(token: str) -> None:
    RollupState.objects.filter(id=1, lease_token=token).update(lease_token="", lease_until=None)


def follow_teams(token: str) -> None:
    """Bring owners' teams in line after a change of memberships, which may reach back to facts already counted."""
    digest = team_digest()
    mine = RollupState.objects.filter(id=1, lease_token=token)
    if mine.exclude(teams_digest=digest).exists():
        rebuild_teams()
        mine.update(teams_digest=digest, lease_until=dt.datetime.now(dt.UTC) + LEASE)


def follow_credit(token: str) -> None:
    """Lay all ways anew and post what differs after the agreed margins or the rules of credit changed."""
    digest = credit_digest()
    mine = RollupState.objects.filter(id=1, lease_token=token)
    if mine.exclude(credit_digest=digest).exists():
        days = Segment.objects.filter(kind__in=("deal", "journey")).values_list("day", flat=True)
        with transaction.atomic():
            note_stale((None, day) for day in days.distinct())
            mine.update(credit_digest=digest, lease_until=dt.datetime.now(dt.UTC) + LEASE)


def follow_channels() -> None:
    """Note the touches that take their campaign's channel where that is another one now."""
    changes = dict(ChannelChange.objects.values_list("id", "campaign_id"))
    if changes:
        touches = Touch.objects.filter(campaign_id__in=set(changes.values()), channel=None, voids=None)
        rows = touches.values_list(Coalesce("lead__merged_into_id", "lead_id"), "day").distinct()
        with transaction.atomic():
            note_stale(rows.iterator(chunk_size=5_000))
            ChannelChange.objects.filter(id__in=list(changes)).delete()


def follow_clock(token: str) -> None:
    """Begin a generation when a window closed since the last one: no fact has changed, but what was running is missed now.

    Whoever reads the next generation judges the due times as of its moment. Done once: the next look begins there.
    """
    now = dt.datetime.now(dt.UTC)
    mine = RollupState.objects.filter(id=1, lease_token=token)
    since = mine.values_list("written_at", flat=True).first()
    if since is not None and windows_closed(since, now):
        mine.update(generation=F("generation") + 1, written_at=now, lease_until=now + LEASE)


def run_round(token: str) -> int:
    """One round of at most MAX_DAYS days or MAX_LEADS leads; returns the number of notes it worked off."""
    round_ = _plan()
    if not round_.note_ids:
        return 0
    failpoint("rollup.after_plan")
    written, postings = _compute(round_)
    failpoint("rollup.after_compute")
    now = dt.datetime.now(dt.UTC)
    try:
        with transaction.atomic():
            mine = RollupState.objects.filter(id=1, lease_token=token)
            if not mine.update(generation=F("generation") + 1, written_at=now, lease_until=now + LEASE):
                raise LeaseLost
            _write(written, RollupState.objects.get(id=1).generation)
            insert_rows(postings)
            failpoint("rollup.after_segments")
            for start in range(0, len(round_.note_ids), 900):
                StaleNote.objects.filter(id__in=round_.note_ids[start : start + 900]).delete()
            failpoint("rollup.before_commit")
        failpoint("rollup.after_commit")
    except Overtaken:
        return run_round(token)
    return len(round_.note_ids)


def _plan() -> Round:
    """The oldest notes, grouped, as far as one round goes."""
    notes = list(StaleNote.objects.order_by("id").values_list("id", "lead_id", "day")[:MAX_NOTES])
    whole = {day for _, lead, day in notes if lead is None}
    round_ = Round(whole=set(sorted(whole)[:MAX_DAYS]))
    if round_.whole:
        # All notes of these days, also those further back: a file of many chunks leaves one per chunk and day, and a day
        # that kept some of them would be recomputed once for every so many.
        on_days = StaleNote.objects.filter(day__in=round_.whole).order_by("id")
        round_.note_ids = list(on_days.values_list("id", flat=True))
        return round_
    leads: set[int] = set()
    for note, lead, day in notes:
        if lead in leads or len(leads) < MAX_LEADS:
            leads.add(lead)
            round_.patches[day].add(lead)
            round_.note_ids.append(note)
    return round_


Written = list[tuple[str, dt.date, bytes, int | None]]  # kind, day, payload, generation that was read (None: no segment)


def _compute(round_: Round) -> tuple[Written, list[CreditPosting]]:
    reading, laid = Reading(), {}
    ways = _ways(round_, reading)
    written: Written = []
    days = round_.whole | set(round_.patches) | set(ways)
    segments = Segment.objects.filter(day__in=days).values_list("kind", "day", "generation", "payload")
    stored = {(kind, day): (generation, payload) for kind, day, generation, payload in segments}
    for kind in KINDS:
        patches = ways if kind == "path" else round_.patches
        leads = sorted(set().union(*patches.values()))
        wanted = np.array(leads, np.int64)
        whole = _READERS[kind](sorted(round_.whole), None, reading) if round_.whole else {}
        patched = _READERS[kind](sorted(patches), leads, reading) if patches else {}
        if kind == "path":
            laid = whole | patched
        for day in sorted(round_.whole | set(patches)):
            generation, payload = stored.get((kind, day), (None, None))
            number = day_number(day)
            if day in round_.whole:
                rows = whole.get(number, empty(kind))
            elif kind == "spend":
                continue
            else:
                # Every lead of the round was read for every day of it, so all their rows of the day are replaced.
                old = unpack(payload) if payload is not None else empty(kind)
                others = without(old, wanted)
                if number not in patched and len(others["lead"]) == len(old["lead"]):
                    continue  # most kinds of most days: nothing of these leads was or is there
                rows = join(kind, [others, patched.get(number, empty(kind))])
            if generation is None and not len(rows["lead"]):
                continue
            packed = pack(kind, rows)
            if payload is None or bytes(payload) != packed:
                written.append((kind, day, packed, generation))
    deals = deals_under(sorted(round_.whole), None)
    deals |= deals_under(sorted(ways), sorted(set().union(*ways.values())))
    return written, postings_due(deals, laid, reading)


def _ways(round_: Round, reading: Reading) -> dict[dt.date, set[int]]:
    """Where ways are to be laid anew, beside those of whole days: where they stand now, and where they stood."""
    found = concerned(round_.whole, round_.patches, reading.reach)
    for day, leads in round_.patches.items():
        found[day] |= leads
    return {day: leads for day, leads in found.items() if day not in round_.whole}


def _write(written: Written, generation: int) -> None:
    new = []
    for kind, day, payload, read in written:
        if read is None:
            new.append(Segment(kind=kind, day=day, generation=generation, payload=payload))
        elif not Segment.objects.filter(kind=kind, day=day, generation=read).update(generation=generation, payload=payload):
            raise Overtaken
    try:
        Segment.objects.bulk_create(new, batch_size=100)
    except IntegrityError as error:
        raise Overtaken from error


def note_everything() -> int:
    """Leave a note for every day that has or should have a segment. Returns the number of days."""
    company = calendar()
    days = set(Segment.objects.values_list("day", flat=True).distinct())
    for model, column in (
        (StageEntry, "entered_day"),
        (Deal, "created_day"),
        (DealSpan, "from_day"),
        (DealCredit, "day"),
        (Touch, "day"),
        (Handoff, "entered_day"),
        (Obligation, "due_day"),
    ):
        days |= set(model.objects.filter(**{f"{column}__isnull": False}).values_list(column, flat=True).distinct())
    still = Obligation.objects.filter(due_day__isnull=True).values_list("due_day", "started_at")
    days |= {owed_day(*times, company) for times in still.iterator()}
    for start, end in Spend.objects.values_list("service_from", "service_to").distinct():
        days |= {start + dt.timedelta(days=i) for i in range((end - start).days + 1)}
    return note_stale((None, day) for day in days)
