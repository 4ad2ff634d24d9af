"""When the response clock stands still, and what both teams take out of the count. Each needs the other team's eyes."""

import datetime as dt

from django.db import transaction

from accounts.models import Side, User
from accounts.sides import require_side
from core.errors import Conflict, DomainError
from leads.handoffs import MEETING, WAIVER, YES
from leads.models import Handoff, LeadEvent, Obligation
from leads.projection import Context
from leads.services.leads import void_event
from leads.services.steps import append_step, locked, require_other_side, sentence, sides_of

# Why a promise may not count (metrics-spec 3.2).
EXCLUSIONS = {
    "duplicate": "Duplicate",
    "test": "Test",
    "merged": "Merged",
    "unreachable": "Contact data do not work",
    "outage": "A system was down",
}
ENTERED_BACK = dt.timedelta(hours=24)
LONGEST = dt.timedelta(days=366)
Kind = LeadEvent.Kind


def pause(
    *,
    handoff: Handoff,
    kind: str,
    start: dt.datetime,
    until: dt.datetime,
    actor: User,
    text: str = "",
    context: Context | None = None,
) -> LeadEvent:
    """Stop the clock for an interval: `meeting` booked with the lead, at once; `waiver` once the other team agrees.

    It can't begin more than 24 hours ago, and a meeting can't hold the clock longer than the agreement allows.
    """
    if kind not in (MEETING, WAIVER):
        raise DomainError("pause_unknown", f"Use one of: {MEETING}, {WAIVER}.", field="kind")
    if kind == MEETING:
        require_side(actor, Side.SALES, "books the meetings that pause its clock")
    else:
        text = sentence(text, "Write why the clock should stand still: the other team decides on it.")
    now = dt.datetime.now(dt.UTC)
    if start < now - ENTERED_BACK:
        raise DomainError("pause_too_late", "A pause can't be entered more than 24 hours back.", field="start")
    if until <= start:
        raise DomainError("pause_backwards", "A pause ends after it begins.", field="until")
    if until - start > LONGEST:
        raise DomainError("pause_endless", "A pause lasts a year at most.", field="until")
    context = context or Context()
    with transaction.atomic():
        current = locked(handoff)
        same = LeadEvent.objects.filter(
            lead_id=current.lead_id, about_id=current.entry_id, kind=Kind.PAUSED, field=kind, occurred_at=start, until=until
        ).filter(voiding_events__isnull=True)
        if (known := same.first()) is not None:
            return known
        terms = context.promised.shelf.on(current.entered_day).terms
        if not (terms.pause_meeting if kind == MEETING else terms.pause_waiver):
            raise DomainError("pause_not_agreed", "The agreement knows no such pause.", field="kind")
        if kind == MEETING:
            latest = context.promised.hours(current.team_id).add_working_days(start, terms.meeting_days)
            if latest is not None and until > latest:
                raise DomainError(
                    "pause_too_long",
                    f"A meeting pauses the clock for {terms.meeting_days} working days at most.",
                    field="until",
                )
        return append_step(
            current, Kind.PAUSED, actor=actor, context=context, at=start, text=text.strip(), field=kind, until=until
        )


def book_meeting(*, handoff: Handoff, start: dt.datetime, until: dt.datetime, actor: User, context: Context) -> LeadEvent:
    """Pause the clock until a meeting that a calendar names; one further away holds it as long as the agreement allows."""
    until = _longest(handoff, start, until, context)
    return pause(handoff=handoff, kind=MEETING, start=start, until=until, actor=actor, context=context)


def end_meeting_pause(*, pause: LeadEvent, until: dt.datetime, actor: User, context: Context) -> LeadEvent | None:
    """A meeting was moved or called off: its pause is taken back and said again, from the same beginning, which was entered
    in time, until the new end. None if nothing of it is left or its handoff is gone."""
    with transaction.atomic():
        handoff = Handoff.objects.filter(entry_id=pause.about_id).first()
        if LeadEvent.objects.filter(target=pause).exists():
            return None
        if handoff is not None:
            until = _longest(handoff, pause.occurred_at, until, context)
            if until == pause.until:
                return pause
        void_event(event=pause, actor=actor)
        if handoff is None or until <= pause.occurred_at:
            return None
        current = locked(handoff)
        return append_step(
            current, Kind.PAUSED, actor=actor, context=context, at=pause.occurred_at, field=MEETING, until=until
        )


def _longest(handoff: Handoff, start: dt.datetime, until: dt.datetime, context: Context) -> dt.datetime:
    """The end of a meeting's pause, as far as the agreement of that day lets it go."""
    terms = context.promised.shelf.on(handoff.entered_day).terms
    latest = context.promised.hours(handoff.team_id).add_working_days(start, terms.meeting_days)
    return until if latest is None else min(until, latest)


def ask_exclusion(
    *, handoff: Handoff, promise: str, reason: str, actor: User, text: str = "", context: Context | None = None
) -> LeadEvent:
    """Ask the other team to leave one promise of this handoff out of the count. Until they agree it counts."""
    if reason not in EXCLUSIONS:
        raise DomainError("reason_unknown", f"Use one of: {', '.join(EXCLUSIONS)}.", field="reason")
    if not sides_of(actor):
        require_side(actor, Side.SALES, "or marketing asks to leave a promise out")
    with transaction.atomic():
        current = locked(handoff)
        if not Obligation.objects.filter(entry_id=current.entry_id, promise=promise).exists():
            raise DomainError("promise_unknown", "Nothing is promised here under that name.", field="promise")
        asked = LeadEvent.objects.filter(
            lead_id=current.lead_id, about_id=current.entry_id, kind=Kind.WAIVED, field=promise, voiding_events__isnull=True
        )
        for known in asked.order_by("-id"):
            answer = _answer_to(known)
            if answer is None or answer.new == YES:
                return known
        return append_step(
            current,
            Kind.WAIVED,
            actor=actor,
            context=context or Context(),
            text=text.strip(),
            field=promise,
            reason=reason,
        )


def answer_request(*, request: LeadEvent, actor: User, agreed: bool, context: Context | None = None) -> LeadEvent:
    """The other team's lead agrees to a pause or an exclusion, or not. Said once."""
    if request.kind not in (Kind.PAUSED, Kind.WAIVED) or request.field == MEETING:
        raise DomainError("nothing_asked", "This needs nobody's answer.")
    with transaction.atomic():
        handoff = Handoff.objects.filter(entry_id=request.about_id).first()
        if handoff is None:
            raise Conflict("handoff_gone", "This handoff is no longer there.")
        current = locked(handoff)
        require_other_side(actor, asked_by(request), "The other team's lead answers this.", lead=True)
        if LeadEvent.objects.filter(target=request).exists():
            raise Conflict("taken_back", "This request was taken back.")
        known = _answer_to(request)
        word = YES if agreed else "no"
        if known is not None:
            if known.new == word and known.actor_id == actor.id:
                return known
            raise Conflict("answered_first", "This was answered already.")
        return append_step(current, Kind.CONSENTED, actor=actor, context=context or Context(), about=request, new=word)


def asked_by(request: LeadEvent) -> frozenset[Side]:
    """Whose request it is. They are about sales' promises: of somebody without a side, or who has left, it is sales'."""
    return sides_of(request.actor) or frozenset({Side.SALES})


def _answer_to(request: LeadEvent) -> LeadEvent | None:
    answers = LeadEvent.objects.filter(
        lead_id=request.lead_id, kind=Kind.CONSENTED, about=request, voiding_events__isnull=True
    )
    return answers.order_by("-id").first()
