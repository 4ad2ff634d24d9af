"""My day of sales: decide, contact, follow up, give feedback."""

import datetime as dt
import itertools
from collections.abc import Sequence
from typing import NamedTuple

from django.db.models import Count, Exists, F, OuterRef, Q

from funnel.models import StageKind
from leads.day_queries import CALL, Promise, owed_about, own_leads, thing_owed
from leads.models import Handoff, HandoffStanding, Lead, LeadEvent, Obligation, Touch
from leads.pages.clocks import Clocks
from leads.pages.filters import Surroundings
from leads.pages.my_day import Row, Section, follow_up, kept_words, on_the_way, section_of
from leads.pages.my_day_content import content_to_use, previews_for
from leads.pages.my_day_ready import ready
from leads.services.feedback import AT_CLOSE

# How long a closed lead is asked about; nothing is promised about it, so it never counts as late.
ASKED_AT_CLOSE = dt.timedelta(days=7)
_RELATED = ("contact", "company", "campaign", "channel")


class Owed(NamedTuple):
    """An obligation as far as its place in the list needs it."""

    id: int
    entry_id: int
    lead_id: int
    promise: str
    due_at: dt.datetime


def sections_of_sales(around: Surroundings) -> list[Section]:
    """What waits for a salesperson, in the order of a handoff's life."""
    now, mine = around.now, own_leads(around.user)
    owed = owed_about(mine, on_their_way=on_the_way(around), now=now).order_by("due_at", "id")
    first: dict[tuple[str, int], Owed] = {}
    for one in itertools.starmap(Owed, owed.values_list("id", "entry_id", "lead_id", "promise", "due_at")):
        # What is due first stands for both.
        first.setdefault(thing_owed(one.entry_id, one.promise), one)
    waiting = Handoff.objects.filter(lead__in=mine.values("id"), state=HandoffStanding.OPEN)
    entries = dict(waiting.values_list("entry_id", "lead_id"))
    decide = [(entry, _due(first.get((Promise.S3, entry)))) for entry in entries]
    calls = [(entry, one.due_at) for (what, entry), one in first.items() if what == CALL]
    feedback = [(entry, one.due_at) for (what, entry), one in first.items() if what == Promise.S4]
    closing = _closing(around, {one.lead_id for (what, _), one in first.items() if what == Promise.S4})
    lead_of = (
        entries | {entry: one.lead_id for (_, entry), one in first.items()} | {entry: lead for entry, lead, _ in closing}
    )
    look = _Lookup(around, lead_of, first)
    until = around.calendar.end_of_day(around.today)
    found = [
        section_of("decide", "Decide", decide, lambda some: look.rows("decide", some), until=until),
        section_of("contact", "Contact", calls, lambda some: look.rows("call", some), until=until),
        follow_up(around),
        ready(around, mine),
        section_of(
            "feedback",
            "Feedback",
            [*feedback, *((entry, None) for entry, _, _ in closing)],
            lambda some: look.rows("feedback", some, closed={entry: at for entry, _, at in closing}),
            until=until,
        ),
        content_to_use(around),
        previews_for(around, "sales"),
    ]
    return [section for section in found if section is not None]


def _due(one: Owed | None) -> dt.datetime | None:
    return one.due_at if one is not None else None


def _closing(around: Surroundings, asked: set[int]) -> list[tuple[int, int, dt.datetime]]:
    """Handoffs of leads that were won or lost these days and of which marketing has not heard: entry, lead, when."""
    ends = [s.id for s in around.stages.values() if s.kind in (StageKind.WON, StageKind.LOST)]
    leads = own_leads(around.user).filter(stage_id__in=ends, stage_since__gt=around.now - ASKED_AT_CLOSE)
    told = LeadEvent.objects.filter(
        lead_id=OuterRef("lead_id"), kind=LeadEvent.Kind.FEEDBACK, field=AT_CLOSE, voiding_events__isnull=True
    )
    rows = Handoff.objects.filter(~Exists(told), lead__in=leads.values("id")).order_by("entered_at")
    newest = {lead: (entry, lead, at) for entry, lead, at in rows.values_list("entry_id", "lead_id", "lead__stage_since")}
    return [one for lead, one in newest.items() if lead not in asked]


class _Lookup:
    """What the shown rows say: leads, clocks and the last thing a lead did, each read once for all rows of a section."""

    def __init__(self, around: Surroundings, lead_of: dict[int, int], owed: dict[tuple[str, int], Owed]):
        self.around, self.lead_of, self.owed = around, lead_of, owed
        self.clocks = Clocks(around.now)

    def rows(self, kind: str, entries: Sequence[int], closed: dict[int, dt.datetime] | None = None) -> list[Row]:
        ids = [self.lead_of[entry] for entry in entries]
        leads = Lead.objects.select_related(*_RELATED).in_bulk(ids)
        why = last_touches(ids) if kind != "feedback" else {}
        promise = {"decide": Promise.S3, "call": CALL, "feedback": Promise.S4}[kind]
        shown = {entry: one.id for entry in entries if (one := self.owed.get((promise, entry))) is not None}
        owed = Obligation.objects.in_bulk(list(shown.values()))
        return [
            self._row(kind, entry, leads[self.lead_of[entry]], owed.get(shown.get(entry)), why, closed or {})
            for entry in entries
        ]

    def _row(self, kind, entry, lead: Lead, one: Obligation | None, why: dict[int, str], closed) -> Row:
        stage = self.around.stages.get(lead.stage_id)
        about = why.get(lead.pk, "")
        if kind == "feedback":
            about = f"now {stage.name}" if stage else ""
        elif kind == "call" and one is not None and one.promise == Promise.S2:
            about = "keep trying" + (f" · {about}" if about else "")
        clock = self.clocks.of(one) if one is not None else None
        return Row(
            kind=kind,
            key=lead.pk if kind == "call" else entry,
            due_at=clock.due_at if clock else None,
            lead=lead,
            clock=clock,
            late=bool(clock and clock.late),
            about=(about,) if about else (),
            said=str((lead.custom or {}).get("need") or "").strip(),
            since=closed.get(entry),
        )


def last_touches(lead_ids: Sequence[int]) -> dict[int, str]:
    """The last thing each lead did that marketing knows of, in a few words."""
    rows = Touch.objects.filter(lead_id__in=lead_ids, side="marketing", voids__isnull=True, voided_by__isnull=True)
    rows = rows.order_by("occurred_at", "id").values_list("lead_id", "kind", "content__name", "campaign__name")
    return {
        lead_id: ": ".join(part for part in (str(Touch.Kind(kind).label), content or campaign) if part)
        for lead_id, kind, content, campaign in rows
    }


def first_contacts_today(around: Surroundings) -> tuple[int, int, int]:
    """Of the first contacts of one's own leads that are due today: closed windows, kept ones, still open ones."""
    rows = Obligation.objects.filter(
        lead__in=own_leads(around.user).values("id"), promise=Promise.S1, due_day=around.today, excluded=""
    )
    found = rows.aggregate(
        all=Count("id"),
        closed=Count("id", filter=Q(met_at__isnull=False) | Q(due_at__lte=around.now)),
        kept=Count("id", filter=Q(met_at__lte=F("due_at"))),
    )
    return found["closed"], found["kept"], found["all"] - found["closed"]


def promise_of_sales(around: Surroundings) -> tuple[str, int]:
    """The day's promise in words, and how many were missed today."""
    closed, kept, running = first_contacts_today(around)
    return kept_words(closed, kept, running, "first contact"), closed - kept
