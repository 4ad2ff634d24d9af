"""My day of marketing: complete what came back, learn what sales decided, look at campaigns, hand over."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Count, F, Q

from accounts.models import User
from core.templatetags.display import percent
from funnel.criteria import EntryRule, read_rule
from funnel.models import Agreement, HandoffField, Milestone, Reason, StageInVersion, StageKind, StageRule
from funnel.promises import PromiseShelf
from funnel.queries import HELD, promises, working_hours
from leads.criteria import meeting
from leads.day_queries import cares_for, marketers, steps_said, to_complete
from leads.handoff_queries import missing_fields, visible_handoffs
from leads.models import Decision, Handoff, Lead, LeadEvent
from leads.pages.filters import Surroundings
from leads.pages.my_day import Row, Section, fold, follow_up, section_of
from leads.pages.my_day_content import content_to_answer, previews_for
from leads.queries import visible_leads
from leads.services.feedback import FITS

Kind = LeadEvent.Kind
_RELATED = ("lead__contact", "lead__company", "lead__campaign", "decided_by", "owner")
# A share of fewer cases is never named (rule 8 of the charts).
ENOUGH = 20
CAMPAIGNS_OVER = dt.timedelta(days=30)
CAME_IN = dt.timedelta(days=30)
MOST_DAYS_OFF = dt.timedelta(days=14)
# How long feedback waits to be read before it leaves the list.
UNREAD_FOR = dt.timedelta(days=14)
_SENT_BACK = (Decision.RETURNED, Decision.DISQUALIFIED)
_COLUMNS = {"segment": "segment_id", "region": "region_id", "channel": "channel_id", "campaign": "campaign_id"}


class Marketer:
    """What all sections of a marketer's day share."""

    def __init__(self, around: Surroundings):
        self.around, self.user = around, around.user
        self.team = marketers(around.today)
        self.shelf: PromiseShelf = promises()
        self.reasons = dict(Reason.objects.order_by("agreement__from_day").values_list("key", "label"))

    @property
    def since(self) -> dt.datetime:
        """Since yesterday; after days off since the last working day before them."""
        hours, day = working_hours(team_id=None), self.around.today - dt.timedelta(days=1)
        first = day - MOST_DAYS_OFF
        while day > first and not hours.is_working_day(day):
            day -= dt.timedelta(days=1)
        return self.around.calendar.start_of_day(day)

    def missing(self, handoff: Handoff) -> tuple[str, ...]:
        required = self.shelf.on(handoff.entered_day).required_fields
        return tuple(HandoffField(name).label for name in missing_fields(handoff.lead, required))


def sections_of_marketing(marketer: Marketer) -> list[Section]:
    found = [
        _complete(marketer),
        _learn(marketer),
        follow_up(marketer.around),
        content_to_answer(marketer.around),
        previews_for(marketer.around, "marketing"),
        _campaigns(marketer),
        _hand_over(marketer),
    ]
    return [section for section in found if section is not None]


# --- returned leads -----------------------------------------------------------------------------------------


def _complete(marketer: Marketer) -> Section | None:
    waiting = to_complete(marketer.user, marketer.team).values_list("entry_id", "returned_at")

    def make(entries: Sequence[int]) -> list[Row]:
        rows = Handoff.objects.select_related(*_RELATED).in_bulk(entries)
        said = _said(Kind.RETURNED, rows.values())
        return [_returned_row(rows[entry], said.get(entry, ""), marketer) for entry in entries]

    # Sales waits for each of them: the clock is marketing's, so all of them are due now.
    until = marketer.around.calendar.end_of_day(marketer.around.today)
    return section_of("complete", "Complete", list(waiting), make, until=until, sub="Sales waits for these")


def _returned_row(handoff: Handoff, said: str, marketer: Marketer) -> Row:
    reason = marketer.reasons.get(handoff.reason, handoff.reason)
    who = f"returned by {handoff.decided_by}" if handoff.decided_by_id else "returned by sales"
    return Row(
        kind="complete",
        key=handoff.pk,
        due_at=handoff.returned_at,
        lead=handoff.lead,
        about=tuple(part for part in (reason, who) if part),
        said=said,
        missing=marketer.missing(handoff),
        since=handoff.returned_at,
    )


def _said(kind: str, handoffs: Iterable[Handoff]) -> dict[int, str]:
    """The newest sentence of a kind about each handoff."""
    about = {handoff.pk: handoff.lead_id for handoff in handoffs}
    rows = LeadEvent.objects.filter(lead_id__in=about.values(), kind=kind, about_id__in=about, note__isnull=False)
    return dict(rows.order_by("id").values_list("about_id", "note__text"))


# --- what sales said ----------------------------------------------------------------------------------------


def _learn(marketer: Marketer) -> Section | None:
    """Decisions since yesterday, and feedback that marketing has not read yet: newest first."""
    around, soon = marketer.around, marketer.around.now + dt.timedelta(minutes=5)
    mine = visible_handoffs(marketer.user).filter(cares_for(marketer.user, marketer.team))
    decided = mine.filter(decided_at__gte=marketer.since, decided_at__lt=soon).exclude(decision=Decision.RETURNED)
    moments = dict(decided.values_list("entry_id", "decided_at"))
    told: dict[int, LeadEvent] = {}
    events = steps_said((Kind.FEEDBACK, Kind.FEEDBACK_READ), around.now - UNREAD_FOR, soon)
    for event in events.select_related("note").order_by("id"):
        told[event.about_id] = event
    for entry in mine.filter(entry_id__in=list(told)).values_list("entry_id", flat=True):
        moments[entry] = max(told[entry].occurred_at, moments.get(entry, told[entry].occurred_at))
    read = {entry for entry, event in told.items() if event.kind == Kind.FEEDBACK_READ}
    unread = [entry for entry in moments if entry not in read]

    def make(entries: Sequence[int]) -> list[Row]:
        rows = Handoff.objects.select_related(*_RELATED).in_bulk(entries)
        said = _said_when_decided(rows.values())
        return [
            _answer_row(rows[entry], told.get(entry), said.get(entry, ""), moments[entry], marketer) for entry in entries
        ]

    ordered = sorted(unread, key=lambda entry: (moments[entry], entry), reverse=True)
    return fold(
        "learn",
        "Learn",
        ordered,
        make,
        sub="Decided since the last working day, and feedback that nobody has read",
        presses=False,
    )


def _said_when_decided(handoffs: Iterable[Handoff]) -> dict[int, str]:
    """The sentence for marketing that came with the move out of MQL."""
    moments = {(handoff.lead_id, handoff.decided_at): handoff.pk for handoff in handoffs}
    moves = LeadEvent.objects.filter(
        lead_id__in=[lead for lead, _ in moments], kind=Kind.MOVED, note__isnull=False, voiding_events__isnull=True
    )
    rows = moves.order_by("id").values_list("lead_id", "occurred_at", "note__text")
    return {moments[lead, at]: text for lead, at, text in rows if (lead, at) in moments}


def _answer_row(handoff: Handoff, event: LeadEvent | None, decided: str, when: dt.datetime, marketer: Marketer) -> Row:
    about = []
    if handoff.decision:
        reason = marketer.reasons.get(handoff.reason, handoff.reason)
        about.append(Decision(handoff.decision).label + (f": {reason.lower()}" if reason else ""))
    if event is not None:
        fit = FITS.get(event.new, event.new).lower()
        why = marketer.reasons.get(event.reason, event.reason)
        about.append(f"feedback: {fit} fit" + (f", {why.lower()}" if why else ""))
    return Row(
        kind="learn" if event is not None else "decided",
        key=handoff.pk,
        lead=handoff.lead,
        about=tuple(about),
        said=event.note.text if event is not None and event.note_id else decided,
        since=when,
    )


# --- campaigns ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class CampaignRow:
    """A campaign of which sales sent back most of what it decided on lately."""

    key: int
    name: str
    words: str
    kind: str = "campaign"
    due_at: None = None


def _campaigns(marketer: Marketer) -> Section | None:
    since = marketer.around.now - CAMPAIGNS_OVER
    rows = (
        Handoff.objects.filter(decided_at__gte=since, lead__campaign__isnull=False, lead__voided=False)
        .filter(_own_campaign(marketer.user, "lead__campaign__"))
        .values("lead__campaign_id", "lead__campaign__name")
        .annotate(decided=Count("entry_id"), back=Count("entry_id", filter=Q(decision__in=_SENT_BACK)))
        .filter(decided__gte=ENOUGH, back__gt=F("decided") / 2.0)
    )
    worst = sorted(rows, key=lambda row: (-row["back"] / row["decided"], row["lead__campaign__name"]))
    sub = "Sales sent back more than half of what it decided on in the last 30 days"
    return fold("campaigns", "Campaigns", worst, lambda some: map(_campaign_row, some), sub=sub, presses=False)


def _campaign_row(counted: dict) -> CampaignRow:
    back, decided = counted["back"], counted["decided"]
    return CampaignRow(
        key=counted["lead__campaign_id"],
        name=counted["lead__campaign__name"],
        words=f"{percent(back / decided, 0)} returned or disqualified: {back} of {decided}",
    )


def _own_campaign(user: User, prefix: str) -> Q:
    return Q(**{f"{prefix}marketing_owner": user}) | Q(**{f"{prefix}marketing_owner__isnull": True})


# --- ready to be handed over --------------------------------------------------------------------------------


def _hand_over(marketer: Marketer) -> Section | None:
    """Leads one stage before MQL that came in lately and are complete, the highest score first."""
    around = marketer.around
    mql, stage = mql_and_before(around)
    required = marketer.shelf.on(around.today).required_fields
    leads = visible_leads(marketer.user).filter(stage_id=stage, stage_since__gt=around.now - CAME_IN)
    leads = leads.filter(_own_campaign(marketer.user, "campaign__"))
    leads = leads.filter(_complete_in(required) if required else Q(score__isnull=False))
    rule = _rule_of(mql, around.today)
    if rule:
        leads = meeting(leads, rule, around.now)
    ids = leads.order_by(F("score").desc(nulls_last=True), "id").values_list("id", flat=True)

    def make(some: Sequence[int]) -> list[Row]:
        rows = Lead.objects.select_related("contact", "company", "campaign").in_bulk(some)
        return [_ready_row(rows[pk], mql) for pk in some]

    why = "with every field that a handoff needs" if required else "with a score"
    met = ", meeting what the agreement asks for an MQL" if rule else ""
    sub = f"Came in within 30 days, {why}{met}; the highest score first"
    return fold("over", "Hand over", list(ids), make, sub=sub, presses=False) if stage else None


def _rule_of(stage: int | None, today: dt.date) -> EntryRule | None:
    """The entry rule of a stage in the version in force."""
    held = Agreement.objects.filter(state__in=HELD, from_day__lte=today).order_by("-from_day").values("id")[:1]
    raw = StageRule.objects.filter(agreement_id__in=held, stage_id=stage).values_list("rule", flat=True).first()
    return read_rule(raw) if raw else None


def _ready_row(lead: Lead, mql: int | None) -> Row:
    score = f"score {lead.score}" if lead.score is not None else ""
    about = tuple(part for part in (score, str(lead.campaign or "")) if part)
    return Row(kind="over", key=lead.pk, lead=lead, about=about, since=lead.stage_since, to_stage=mql)


def mql_and_before(around: Surroundings) -> tuple[int | None, int | None]:
    """The MQL stage of the version in force, and the stage on the path right before it."""
    held = Agreement.objects.filter(state__in=HELD)
    now = held.filter(from_day__lte=around.today).order_by("-from_day").values("id")[:1]
    path = StageInVersion.objects.filter(agreement_id__in=now, kind=StageKind.PATH, retired=False).order_by("-rank")
    ranks = list(path.values_list("stage_id", "rank", "milestone"))
    mql = next(((stage, rank) for stage, rank, milestone in ranks if milestone == Milestone.MQL), None)
    if mql is None:
        return None, None
    return mql[0], next((stage for stage, rank, _ in ranks if rank < mql[1]), None)


def _complete_in(required: Sequence[str]) -> Q:
    """Leads of which each of these fields is known: the same rule as `missing_fields`, asked of the database."""
    found = Q()
    for name in required:
        if name in _COLUMNS:
            found &= Q(**{f"{_COLUMNS[name]}__isnull": False})
        elif name == HandoffField.COMPANY:
            found &= Q(company__isnull=False)
        elif name == HandoffField.SCORE:
            found &= Q(score__isnull=False)
        elif name == HandoffField.TIER:
            found &= ~Q(tier="")
        elif name == HandoffField.NEED:
            found &= Q(custom__need__isnull=False) & ~Q(custom__need="")
        else:
            found &= Q(contact__isnull=False) & ~Q(**{f"contact__{name}": ""})
    return found


def promise_of_marketing(marketer: Marketer) -> str:
    """Of the leads handed over today, how many came with every field they need."""
    user, today = marketer.user, marketer.around.today
    today = visible_handoffs(user).filter(cares_for(user, marketer.team), entered_day=today)
    rows = list(today.select_related("lead__contact"))
    if not rows or not any(marketer.shelf.on(row.entered_day).required_fields for row in rows):
        return ""
    complete = sum(not marketer.missing(row) for row in rows)
    return f"handed over complete {complete} of {len(rows)}"
