"""What the page of one lead shows. Reads only; the number of queries does not depend on how much happened."""

import datetime as dt
from dataclasses import dataclass

from django.db.models import Q

from accounts.permissions import Perm
from accounts.queries import has_perm
from core.errors import DomainError
from core.templatetags.display import duration
from funnel.book import Book, StageInfo, Version
from funnel.models import StageKind
from funnel.rules import check_move, reason_use
from leads.models import Deal, Lead, LeadEvent, NextStep, StageEntry, Tag
from leads.pages.clocks import add_waiting
from leads.pages.filters import Surroundings
from leads.pages.handoff import HandoffCard, read_handoff
from leads.pages.leads import decorate
from leads.pages.score import ScoreShown, read_score
from leads.pages.timeline import UNDO_FOR, Item, read_timeline
from leads.queries import visible_leads

_RELATED = ("contact", "company", "channel", "campaign", "segment", "region", "owner", "team", "stage")


def find_visible(user, pk: int) -> tuple[Lead | None, Lead | None]:
    """The lead, or the survivor that it was merged into; both None if this person may not see it."""
    leads = visible_leads(user).select_related(*_RELATED)
    lead = leads.filter(pk=pk).first()
    if lead is not None:
        return lead, None
    survivor_id = Lead.objects.filter(pk=pk, merged_into__isnull=False).values_list("merged_into_id", flat=True).first()
    return None, leads.filter(pk=survivor_id).first() if survivor_id else None


@dataclass(frozen=True)
class Step:
    """A stage of the bar."""

    stage: StageInfo
    state: str  # done, skipped, current, ahead
    day: dt.date | None


@dataclass(frozen=True)
class Criteria:
    """The written definition of the current stage, in the version that held when the lead came into it."""

    stage: StageInfo
    version: Version
    since: dt.date
    newer: Version | None


@dataclass(frozen=True)
class LeadPage:
    lead: Lead
    path: list[Step]
    beside: StageInfo | None
    criteria: Criteria | None
    following: StageInfo | None
    deals: list[Deal]
    steps: list[NextStep]
    done_steps: list[NextStep]
    items: list[Item]
    more: bool
    merged: list[Lead]
    colleagues: int
    undo: Item | None
    value: int | None  # open and won deals in the base currency; None if no amount is known
    tags: list[Tag]
    handoff: HandoffCard | None
    score: ScoreShown


def read_lead(lead: Lead, around: Surroundings, book: Book, *, tab: str, everything: bool, done: int | None) -> LeadPage:
    user = around.user
    merged = list(Lead.objects.filter(merged_into=lead).select_related("contact", "company"))
    ids = [lead.id, *(m.id for m in merged)]
    stays = list(StageEntry.objects.filter(lead=lead).order_by("position"))
    work, correct = has_perm(user, Perm.WORK_LEADS), has_perm(user, Perm.CORRECT_HISTORY)
    items, more = read_timeline(
        ids, book=book, user=user, now=around.now, may_work=work, may_correct=correct, everything=everything
    )
    steps = list(
        NextStep.objects.filter(Q(lead_id__in=ids) | Q(deal__lead_id__in=ids))
        .select_related("who", "deal")
        .order_by("due_on")
    )
    deals = Deal.objects.filter(lead_id__in=ids, voided=False).select_related("owner").order_by("-created_at", "-id")
    known = [d.base_amount for d in deals if d.status != Deal.Status.LOST and d.base_amount is not None]
    decorate(lead, around)
    add_waiting([lead], around.now)
    others = visible_leads(user).filter(company=lead.company_id).exclude(pk=lead.pk) if lead.company_id else None
    version = book.on(around.today) if book else None
    path, beside = _path(lead, version, stays) if version else ([], None)
    score = read_score(lead, version, around)
    return LeadPage(
        lead=lead,
        path=path,
        beside=beside,
        criteria=_criteria(book, stays, around.today),
        following=_following(lead, version) if version else None,
        deals=list(deals),
        steps=[s for s in steps if s.done_at is None],
        done_steps=[s for s in steps if s.done_at is not None][-5:],
        items=[item for item in items if tab == "all" or item.tab == tab],
        more=more,
        merged=merged,
        colleagues=others.count() if others is not None else 0,
        undo=_fresh(items, done, around),
        value=sum(known) if known else None,
        handoff=read_handoff(lead, ids, around, book, score),
        score=score,
        tags=list(Tag.objects.filter(lead_tags__lead=lead).order_by("name")),
    )


def _path(lead: Lead, version: Version, stays: list[StageEntry]) -> tuple[list[Step], StageInfo | None]:
    """The path of the version in force with the place of the lead on it, and the stage beside it where it stands instead."""
    entered = {stay.stage_id: stay.entered_day for stay in stays}
    current = version.stages.get(lead.stage_id)
    reached = current.rank if current and current.rank is not None else 0
    if reached == 0:
        reached = max((version.stages[i].rank or 0 for i in entered if i in version.stages), default=0) + 1
    steps = []
    for stage in version.path():
        if stage.retired and stage.id not in entered and stage.id != lead.stage_id:
            continue
        if stage.id == lead.stage_id:
            state = "current"
        elif stage.rank < reached:
            state = "done" if stage.id in entered else "skipped"
        else:
            state = "ahead"
        steps.append(Step(stage, state, entered.get(stage.id) if state != "ahead" else None))
    return steps, current if current and current.rank is None else None


def _criteria(book: Book, stays: list[StageEntry], today: dt.date) -> Criteria | None:
    if not stays or not book:
        return None
    stay = stays[-1]
    version = book.by_id.get(stay.agreement_id) or book.on(stay.entered_day)
    info = version.stages.get(stay.stage_id)
    if info is None:
        return None
    now = book.on(today)
    other = now.stages.get(stay.stage_id)
    changed = other is not None and other.definition != info.definition
    return Criteria(info, version, stay.entered_day, now if changed else None)


def _following(lead: Lead, version: Version) -> StageInfo | None:
    """The next stage of the path, if the agreement lets the lead go there in one click. Won comes with a won deal."""
    current = version.stages.get(lead.stage_id)
    if current is None or current.rank is None:
        return None
    ahead = next((s for s in version.path() if s.rank > current.rank and not s.retired), None)
    if ahead is None or ahead.kind == StageKind.WON or (current.id, ahead.id) in version.forbidden:
        return None
    return ahead


def _fresh(items: list[Item], done: int | None, around: Surroundings) -> Item | None:
    """The step that this person just took, for the notice that offers to undo it."""
    return next(
        (
            item
            for item in items
            if item.event is not None
            and item.event.id == done
            and item.event.actor_id == around.user.id
            and item.undo
            and around.now - item.event.recorded_at <= UNDO_FOR
        ),
        None,
    )


@dataclass(frozen=True)
class Way:
    """A stage that the lead may be moved to, and the list of reasons that such a move needs one from."""

    stage: StageInfo
    use: str
    words: str


def ways_on(version: Version, stage_id: int | None) -> list[Way]:
    """The stages that the agreement allows a move to from here, in screen order."""
    found = []
    for stage in sorted(version.stages.values(), key=lambda s: s.position):
        use = reason_use(version, stage_id, stage)
        agreed = version.reasons.get(use, {}) if use else {}
        try:
            check_move(version, stage_id, stage.id, next(iter(agreed), "other") if use else "")
        except DomainError:
            continue
        found.append(Way(stage, use or "", _use_words(use)))
    return found


def _use_words(use: str | None) -> str:
    return {"return": "back", "recycle": "not now", "disqualify": "out", "lost": "lost"}.get(use or "", "")


def reasons_of(version: Version, ways: list[Way]) -> list[tuple[str, str, list[tuple[str, str]]]]:
    """Lists of reasons by use: (use, title, choices). A use without an agreed list takes “Other”."""
    titles = {
        "return": "Back to an earlier stage",
        "recycle": "Not now",
        "disqualify": "Will not buy",
        "lost": "Lost",
    }
    uses = dict.fromkeys(way.use for way in ways if way.use)
    return [(use, titles.get(use, use), list(version.reasons.get(use, {}).items()) or [("other", "Other")]) for use in uses]


def who_was_first(lead: Lead, around: Surroundings, book: Book) -> str:
    """Who changed the lead meanwhile and how: said to the person whose form is older than that."""
    last = LeadEvent.objects.filter(Q(lead=lead) | Q(other_lead=lead)).select_related("actor").order_by("-id").first()
    who = str(last.actor) if last and last.actor else "Somebody"
    if last is not None and last.kind == LeadEvent.Kind.MOVED:
        what = f"moved this lead to {book.name_of(last.to_stage_id)}"
    else:
        what = "changed this lead"
    ago = duration(around.now - last.recorded_at) if last else ""
    return f"{who} {what} {ago} ago. Your text is kept below. Compare and save again."
