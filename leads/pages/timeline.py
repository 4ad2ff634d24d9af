"""The timeline of a lead as people read it: what both teams did, newest first, with what was taken back."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import QuerySet, Value

from campaigns.models import Campaign, Channel
from funnel.book import Book
from funnel.models import Region, Segment
from leads.handoffs import STEPS
from leads.models import CONTACT_KINDS, UTM, FilterRule, LeadEvent, Note, Origin, Precision, Tag, Touch
from leads.pages.handoff_words import evidence_words, reason_words, words_of_step
from leads.pages.routing_words import reason_of
from leads.services.arrivals import RECORDED_ANEW
from leads.services.feedback import OUTCOMES
from leads.timeline import TAG

SHORT = 60
TABS = {"all": "All", "marketing": "Marketing", "sales": "Sales", "stage": "Stage and owner", "notes": "Notes"}
# How long a person may take back their own step without the right to correct history.
UNDO_FOR = dt.timedelta(minutes=15)
# What the lists offer to undo right after it was done there.
DOABLE = (LeadEvent.Kind.LEAD_VOIDED, LeadEvent.Kind.MOVED, LeadEvent.Kind.ASSIGNED)
# What a person may take back alone, as long as it was their own and it is fresh.
_OWN = (LeadEvent.Kind.MOVED, LeadEvent.Kind.ASSIGNED, LeadEvent.Kind.AMENDED, *STEPS)
_TABLES = {"channel_id": Channel, "campaign_id": Campaign, "segment_id": Segment, "region_id": Region, "tag": Tag}
_FIELDS = {
    "channel_id": "Channel",
    "campaign_id": "Campaign",
    "segment_id": "Segment",
    "region_id": "Region",
    "origin": "Started by",
    "tier": "Tier",
}
# What nobody did by hand: where it came from, in words.
_SOURCES = {"tandem": "", "capture": "web form"}
LeadKind = LeadEvent.Kind


@dataclass
class Item:
    at: dt.datetime
    precision: str
    tab: str
    side: str
    text: str
    detail: str = ""
    who: str = ""
    note: str = ""
    event: LeadEvent | None = None
    touch: Touch | None = None
    taken_back: str = ""
    undo: bool = False
    touch_undo: bool = False

    @property
    def order(self):
        return self.at, self.event.id if self.event else 0


def read_timeline(
    ids: list[int], *, book: Book, user, now: dt.datetime, may_work: bool, may_correct: bool, everything: bool
):
    """Items and whether there are more. Three queries, and one for the names of corrected attributes."""
    limit = None if everything else SHORT
    events = _cut(
        LeadEvent.objects.filter(lead_id__in=ids).select_related(
            "actor", "owner", "team", "note", "routed", "lead__contact", "other_lead__contact"
        ),
        limit,
    )
    touches = _cut(
        Touch.objects.filter(lead_id__in=ids, voids__isnull=True)
        .exclude(voided_by__outcome=RECORDED_ANEW)
        .select_related("actor", "campaign", "content", "channel", "arrival", "voided_by__actor"),
        limit,
    )
    notes = _cut(Note.objects.filter(lead_id__in=ids).select_related("author"), limit)
    names = _names(events)
    voids = {e.target_id: e for e in events if e.kind == LeadKind.VOIDED}
    dead = {target for target, void in voids.items() if void.id not in voids}
    items = []
    for event in events:
        if event.kind == LeadKind.VOIDED:
            continue
        item = _event_item(event, book, names, ids[0])
        if event.id in dead:
            who = voids[event.id].actor
            item.taken_back = f"taken back by {who}" if who else "taken back"
        else:
            item.undo = may_undo(event, user=user, now=now, may_work=may_work, may_correct=may_correct)
        items.append(item)
    told = {event.note_id for event in events}
    for touch in touches:
        item = _touch_item(touch)
        if (void := getattr(touch, "voided_by", None)) is not None:
            item.taken_back = _why_taken_back(void)
            items.append(item)
            continue
        own = may_work and touch.actor_id == user.id and now - touch.recorded_at <= UNDO_FOR
        item.touch_undo = may_correct or own
        items.append(item)
    items += [
        Item(n.occurred_at, Precision.INSTANT, "notes", "joint", "Note", who=_name(n.author), note=n.text)
        for n in notes
        if n.id not in told
    ]
    items.sort(key=lambda item: item.order, reverse=True)
    more = limit is not None and len(items) > limit
    return items[:limit], more


def _cut(rows: QuerySet, limit: int | None) -> list:
    rows = rows.order_by("-occurred_at", "-id")
    return list(rows if limit is None else rows[: limit + 1])


def may_undo(event: LeadEvent, *, user, now: dt.datetime, may_work: bool, may_correct: bool) -> bool:
    """Whether this person may take the event back: their own for a quarter of an hour, others' with the right to."""
    if event.kind in (LeadKind.CREATED, LeadKind.VOIDED) or event.source == "deal":
        return False
    if may_correct:
        return True
    own = event.actor_id == user.id and now - event.recorded_at <= UNDO_FOR
    return may_work and own and event.kind in _OWN


def _names(events: Iterable[LeadEvent]) -> dict[tuple[str, str], str]:
    """Names behind the ids of corrected attributes, in one query for all four tables."""
    wanted: dict[str, set[str]] = {}
    for event in events:
        if event.kind == LeadKind.AMENDED and event.field.startswith(TAG):
            wanted.setdefault("tag", set()).add(event.field.removeprefix(TAG))
        elif event.kind == LeadKind.AMENDED and event.field in _TABLES:
            wanted.setdefault(event.field, set()).update(value for value in (event.old, event.new) if value)
    parts = [
        _TABLES[field]
        .objects.filter(pk__in=[int(v) for v in values])
        .annotate(of=Value(field))
        .values_list("of", "pk", "name")
        for field, values in wanted.items()
    ]
    if not parts:
        return {}
    rows = parts[0].union(*parts[1:]) if len(parts) > 1 else parts[0]
    return {(field, str(pk)): name for field, pk, name in rows}


def _name(user) -> str:
    return str(user) if user else ""


def _event_item(event: LeadEvent, book: Book, names, lead_id: int) -> Item:
    item = Item(event.occurred_at, event.time_precision, "stage", "joint", event.get_kind_display(), event=event)
    item.who = _name(event.actor) or _SOURCES.get(event.source, event.source)
    version = book.by_id.get(event.agreement_id) or (book.newest if book else None)
    stage = version.stages.get(event.to_stage_id) if version and event.to_stage_id else None
    if stage:
        item.side = stage.side
    word = stage.name if stage else (book.name_of(event.to_stage_id) if event.to_stage_id else "")
    match event.kind:
        case LeadKind.CREATED:
            item.text = f"Came in as {word}" if word else "Came in"
        case LeadKind.MOVED:
            before = book.name_of(event.from_stage_id) if event.from_stage_id else ""
            item.text = f"Moved from {before} to {word}" if before else f"Moved to {word}"
            item.detail = reason_words(version, event.reason)
        case LeadKind.ASSIGNED:
            to = " in ".join(str(x) for x in (event.owner, event.team) if x)
            item.text = f"Given to {to}" if to else "Owner removed"
            if (routed := getattr(event, "routed", None)) is not None:
                item.detail = reason_of(routed)
        case LeadKind.AMENDED if event.field.startswith(TAG):
            name = names.get(("tag", event.field.removeprefix(TAG)), "–")
            item.text = f"Tagged “{name}”" if event.new else f"Tag “{name}” taken off"
        case LeadKind.AMENDED:
            old, new = (_value(event.field, v, names) for v in (event.old, event.new))
            item.text = f"{_FIELDS.get(event.field, event.field)} corrected: {old} → {new}"
        case LeadKind.MERGED:
            item.text = f"{event.lead.contact or event.lead} was merged into this lead"
        case LeadKind.LEAD_VOIDED:
            item.text = "Taken out of every number"
        case _ if (step := words_of_step(event)) is not None:
            item.side, item.text = step.side, step.text
            item.tab = step.side if step.side in TABS else "stage"
            item.detail = reason_words(version, event.reason) if event.kind != LeadKind.WAIVED else ""
    if event.lead_id != lead_id and event.kind != LeadKind.MERGED:
        item.detail = " · ".join(part for part in (item.detail, f"of merged lead {event.lead_id}") if part)
    if event.note_id:
        item.note = event.note.text
    return item


def _value(field: str, value: str, names) -> str:
    if field in _TABLES:
        return names.get((field, value), "none") if value else "none"
    return dict(Origin.choices).get(value, value) or "none"


def _why_taken_back(void: Touch) -> str:
    reason = dict(FilterRule.Reason.choices).get(void.outcome)
    if reason:
        return f"taken back: {reason.lower()}"
    return f"taken back by {void.actor}" if void.actor else "taken back"


def _link_words(touch: Touch) -> list[str]:
    """The words of a link that nobody has explained: what is known of where it came from."""
    arrival = getattr(touch, "arrival", None)
    if arrival is None or touch.campaign_id or touch.channel_id:
        return []
    words = [f"{name}={word}" for name in UTM if (word := getattr(arrival, name))]
    return words or ([arrival.referrer] if arrival.referrer else [])


def _touch_item(touch: Touch) -> Item:
    where = [str(x) for x in (touch.campaign, touch.content) if x] or ([str(touch.channel)] if touch.channel else [])
    where += _link_words(touch)
    outcome = touch.outcome.replace("_", " ")
    text = touch.get_kind_display()
    personal = touch.kind in CONTACT_KINDS
    if personal and outcome:
        text = f"{text}: {OUTCOMES.get(touch.outcome, outcome).lower()}"
    elif outcome:
        where.append(outcome)
    if personal and touch.side == "sales":
        where.append(evidence_words(touch.source))
    return Item(
        touch.occurred_at,
        Precision.INSTANT,
        touch.side,
        touch.side,
        text,
        " · ".join(where),
        _name(touch.actor),
        touch=touch,
    )


def just_done(text: str, around) -> Item | None:
    """What this person did to a lead a moment ago, for the notice on a list that offers to undo it."""
    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        return None
    mine = LeadEvent.objects.filter(actor=around.user, kind__in=DOABLE, recorded_at__gte=around.now - UNDO_FOR)
    event = mine.filter(pk=int(text), voiding_events__isnull=True).select_related("lead__contact", "owner", "team").first()
    if event is None:
        return None
    who = event.lead.contact or event.lead
    match event.kind:
        case LeadKind.LEAD_VOIDED:
            words = f"{who} is taken out of every list and number."
        case LeadKind.MOVED:
            stage = around.stages.get(event.to_stage_id)
            words = f"{who} is moved to {stage.name if stage else 'another stage'}."
        case _:
            to = " in ".join(str(x) for x in (event.owner, event.team) if x)
            words = f"{who} is given to {to}." if to else f"{who} has no owner now."
    return Item(event.occurred_at, event.time_precision, "stage", "joint", words, event=event)
