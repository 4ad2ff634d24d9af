"""Deciding on a handoff: sales' answer, marketing's completion, the dispute and its end."""

import datetime as dt

from django.db import transaction

from accounts.models import Role, Side, User
from accounts.queries import standing
from accounts.sides import require_side
from core.errors import Conflict, DomainError, NotAllowed, StaleVersion
from funnel.book import StageInfo, Version
from funnel.models import HandoffField, Milestone, Reason, Stage, StageKind
from leads.handoff_queries import contest_deadline, missing_fields
from leads.handoffs import REOPENED
from leads.models import Decision, Handoff, HandoffStanding, Lead, LeadEvent
from leads.projection import Context
from leads.services.leads import assign_lead, move_lead
from leads.services.steps import append_step, locked, require_other_side, sentence, sides_of

_UNDECIDED = (HandoffStanding.OPEN, HandoffStanding.RETURNED)
_STANDS = (HandoffStanding.DECIDED, HandoffStanding.RETURNED)
_KIND_OF = {Decision.RECYCLED: StageKind.DETOUR, Decision.DISQUALIFIED: StageKind.OUT}
Kind = LeadEvent.Kind


def decide(
    *,
    handoff: Handoff,
    decision: str,
    actor: User,
    reason: str = "",
    note: str = "",
    until: dt.date | None = None,
    expected_version: int | None = None,
    context: Context | None = None,
) -> Handoff:
    """Sales' answer to a handoff. The same answer by the same person again changes nothing.

    Accepted moves the lead to the stage of that milestone and gives it to the actor if nobody of sales has it; recycled
    (`until`: the day from which it may come again) and disqualified move it too. Returned keeps the stage, and the clock is
    marketing's. Raises DomainError for the rule it breaks, NotAllowed for the other side, Conflict if somebody decided
    first, StaleVersion if `expected_version` is not the lead's.
    """
    if decision not in Decision.values:
        raise DomainError("decision_unknown", f"Use one of: {', '.join(Decision.values)}.", field="decision")
    require_side(actor, Side.SALES, "decides on a handoff")
    context = context or Context()
    with transaction.atomic():
        current = locked(handoff)
        if current.decision == decision and current.decided_by_id == actor.id:
            return current
        if expected_version is not None and expected_version != current.lead.version:
            raise StaleVersion("version_stale", "This lead has changed since you opened it. Look again before you decide.")
        if current.state not in _UNDECIDED or current.decision == decision:
            raise Conflict("decided_first", _who_decided(current))
        _answer(current, Decision(decision), actor, reason, note, until, context)
    return Handoff.objects.select_related("lead").get(pk=handoff.pk)


def _who_decided(handoff: Handoff) -> str:
    who = (handoff.decided_by and handoff.decided_by.name) or "Somebody"
    return f"{who} decided first: {Decision(handoff.decision).label.lower()}. Look again before you decide."


def _answer(handoff: Handoff, decision: Decision, actor: User, reason, note, until, context: Context) -> None:
    version = context.book.on(context.calendar.day_of(dt.datetime.now(dt.UTC)))
    match decision:
        case Decision.ACCEPTED:
            _take_on(handoff, actor, context)
            stage = version.milestone(Milestone.SAL)
            if stage is None or stage.retired:
                append_step(handoff, Kind.ACCEPTED, actor=actor, context=context, text=note)
                return
            _move(handoff.lead, stage, actor, "", note, None, context)
        case Decision.RETURNED:
            _agreed_reason(version, reason)
            text = sentence(note, "Write at least one sentence so that marketing can act on it.")
            append_step(handoff, Kind.RETURNED, actor=actor, context=context, text=text, reason=reason)
        case Decision.RECYCLED | Decision.DISQUALIFIED:
            _move(
                handoff.lead, _stage_for(decision, version), actor, reason, note, _until(decision, until, context), context
            )


def _stage_for(decision: Decision, version: Version) -> StageInfo:
    stage = version.milestone(Milestone.SAL) if decision == Decision.ACCEPTED else version.of_kind(_KIND_OF[decision])
    if stage is None or stage.retired:
        raise DomainError(
            "stage_missing", f"The agreement has no stage for {decision.label.lower()} leads.", field="decision"
        )
    return stage


def _until(decision: Decision, until: dt.date | None, context: Context) -> dt.datetime | None:
    if decision != Decision.RECYCLED:
        return None
    if until is None or until <= context.calendar.day_of(dt.datetime.now(dt.UTC)):
        raise DomainError("until_missing", "Say from which day on marketing may hand this lead over again.", field="until")
    return context.calendar.start_of_day(until)


def _agreed_reason(version: Version, reason: str) -> None:
    agreed = version.reasons.get(Reason.Use.RETURN, {})
    if not reason:
        raise DomainError("reason_missing", "Returning a lead needs a reason.", field="reason")
    if agreed and reason not in agreed:
        options = ", ".join(sorted(agreed))
        raise DomainError("reason_unknown", f"“{reason}” is not an agreed reason. Use one of: {options}.", field="reason")


def _move(lead: Lead, stage: StageInfo, actor: User, reason, note, until, context: Context) -> None:
    # The lead is locked: its version is the newest, so the move can't lose a race.
    move_lead(lead, Stage(id=stage.id, key=stage.key), actor=actor, reason=reason, note=note, until=until, context=context)


def _take_on(handoff: Handoff, actor: User, context: Context) -> None:
    """Accepting names a person of sales, if nobody of sales has the lead yet."""
    lead = handoff.lead
    side = context.promised.side_of(lead.team_id)
    if Side.SALES in sides_of(actor) and (lead.owner_id is None or side == Side.MARKETING):
        assign_lead(lead=lead, owner=actor, actor=actor)


def resubmit(*, handoff: Handoff, actor: User, note: str = "", context: Context | None = None) -> Handoff:
    """Marketing hands a returned lead over again, complete: the same handoff, and the clock is sales' again."""
    require_side(actor, Side.MARKETING, "completes a returned lead")
    context = context or Context()
    with transaction.atomic():
        current = locked(handoff)
        if current.state == HandoffStanding.OPEN and _last_step(current).kind == Kind.RESUBMITTED:
            return current
        if current.state != HandoffStanding.RETURNED:
            raise Conflict("not_returned", "This lead does not wait for marketing any more.")
        required = context.promised.shelf.on(current.entered_day).required_fields
        if missing := missing_fields(current.lead, required):
            names = ", ".join(HandoffField(name).label for name in missing)
            raise DomainError("still_missing", f"Still missing: {names}.", field=missing[0])
        append_step(current, Kind.RESUBMITTED, actor=actor, context=context, text=note.strip())
    return Handoff.objects.select_related("lead").get(pk=handoff.pk)


def _last_step(handoff: Handoff) -> LeadEvent:
    """The newest step about this handoff; the opening event itself if there is none."""
    steps = LeadEvent.objects.filter(lead_id=handoff.lead_id, about_id=handoff.entry_id, voiding_events__isnull=True)
    return steps.order_by("-id").first() or handoff.entry


def contest(*, handoff: Handoff, actor: User, text: str, context: Context | None = None) -> Handoff:
    """Dispute a decision, from the other side, within the working days that the agreement gives."""
    context = context or Context()
    text = sentence(text, "Write at least one sentence: why should this be decided otherwise?")
    with transaction.atomic():
        current = locked(handoff)
        # Sales decides; where nobody is named, the decision is theirs.
        require_other_side(
            actor, sides_of(current.decided_by) or frozenset({Side.SALES}), "A decision is contested by the other team."
        )
        if current.state == HandoffStanding.CONTESTED:
            if LeadEvent.objects.filter(about_id=current.entry_id, kind=Kind.CONTESTED, actor=actor).exists():
                return current
            raise Conflict("contested_first", "Your team has contested this decision already.")
        if current.state not in _STANDS:
            raise DomainError("nothing_to_contest", "There is no decision that could be contested.")
        deadline = contest_deadline(current, context.promised)
        if deadline is not None and dt.datetime.now(dt.UTC) > deadline:
            raise DomainError("decision_stands", "The time to contest this decision is over; it stands.")
        append_step(current, Kind.CONTESTED, actor=actor, context=context, text=text)
    return Handoff.objects.select_related("lead").get(pk=handoff.pk)


def arbitrate(
    *,
    handoff: Handoff,
    ruling: str,
    actor: User,
    text: str,
    reason: str = "",
    until: dt.date | None = None,
    context: Context | None = None,
) -> Handoff:
    """The funnel owner ends a dispute: the decision as it should be, or "open" for a return that does not stand.

    The text is kept as a precedent of the definition. A lead that still is where the decision put it moves accordingly.
    """
    if Role.FUNNEL_OWNER not in standing(actor).roles:
        raise NotAllowed("funnel_owner_only", "The funnel owner ends a dispute.")
    context = context or Context()
    text = sentence(text, "Write the reason for your ruling: it stands as an example beside the definition.")
    with transaction.atomic():
        current = locked(handoff)
        before = current.decision
        if current.state != HandoffStanding.CONTESTED:
            if current.ruled_at is not None and ruling in (current.decision, REOPENED):
                return current
            raise Conflict("nothing_contested", "Nobody contests this decision any more.")
        allowed = [d for d in Decision.values if d != Decision.RETURNED or before == Decision.RETURNED]
        allowed += [REOPENED] if current.returned_at is not None else []
        if ruling not in allowed:
            raise DomainError("ruling_unknown", f"Use one of: {', '.join(allowed)}.", field="ruling")
        where = current.lead.stage_id
        version = context.book.on(context.calendar.day_of(dt.datetime.now(dt.UTC)))
        append_step(current, Kind.ARBITRATED, actor=actor, context=context, text=text, old=before, new=ruling, reason=reason)
        if ruling not in (before, REOPENED) and _still_there(where, Decision(before), version):
            decision = Decision(ruling)
            current.lead.refresh_from_db()
            moment = _until(decision, until, context)
            stage = _stage_for(decision, version)
            if stage.id != where:
                _move(current.lead, stage, actor, reason, "", moment, context)
    return Handoff.objects.select_related("lead").get(pk=handoff.pk)


def _still_there(stage_id: int | None, decision: Decision, version: Version) -> bool:
    """Whether the lead is still in the stage into which the decision put it."""
    info = version.stages.get(stage_id)
    if info is None:
        return False
    if decision in _KIND_OF:
        return info.kind == _KIND_OF[decision]
    return info.milestone in (Milestone.MQL, Milestone.SAL)
