"""What sales did with a lead and what it thinks of it: contacts with their evidence, feedback, and that it was read."""

import datetime as dt

from django.db import IntegrityError, transaction

from accounts.models import Side, User
from accounts.sides import require_side
from campaigns.models import Campaign, Content
from core.errors import Conflict, DomainError
from funnel.models import StageKind
from leads.models import CONTACT_KINDS, Handoff, Lead, LeadEvent, Touch
from leads.projection import Context
from leads.services.bulk import append_touches
from leads.services.leads import must_stand
from leads.services.steps import append_step, locked, sentence

# Where a contact is known from. What a machine brings carries the id by which it can be found again.
EVIDENCE = {"click": "tandem", "api": "api", "mail": "mail", "calendar": "calendar"}
OUTCOMES = {
    "reached": "Reached",
    "replied": "Replied",
    "no_answer": "No answer",
    "voicemail": "Left a message",
    "sent": "Sent",
    "wrong_number": "Contact data do not work",
}
AFTER_CONTACT, AT_CLOSE = "contact", "close"
MOMENTS = {AFTER_CONTACT: "After the first contact", AT_CLOSE: "At the close"}
FITS = {"good": "Good", "partly": "Partly", "no": "No"}
_CLOSED = (StageKind.WON, StageKind.LOST, StageKind.OUT, StageKind.DETOUR)
Kind = LeadEvent.Kind


def log_contact(
    *,
    lead: Lead,
    kind: str,
    actor: User,
    outcome: str = "",
    occurred_at: dt.datetime | None = None,
    evidence: str = "click",
    external_id: str | None = None,
    campaign: Campaign | None = None,
    content: Content | None = None,
    context: Context | None = None,
) -> Touch:
    """Log that a person of sales tried to reach the lead or talked to them. Only this stops the response clock.

    `content` is what was used, `campaign` what it was for.
    `external_id` is the evidence's own id (mail message, calendar entry, call); the same one again changes nothing.
    """
    if kind not in CONTACT_KINDS:
        raise DomainError("kind_unknown", f"Use one of: {', '.join(CONTACT_KINDS)}.", field="kind")
    if outcome and outcome not in OUTCOMES:
        raise DomainError("outcome_unknown", f"Use one of: {', '.join(OUTCOMES)}.", field="outcome")
    if evidence not in EVIDENCE:
        raise DomainError("evidence_unknown", f"Use one of: {', '.join(EVIDENCE)}.", field="evidence")
    if evidence in ("mail", "calendar") and not external_id:
        raise DomainError("evidence_missing", "Name the message or the entry that shows it.", field="external_id")
    require_side(actor, Side.SALES, "logs its contacts")
    must_stand(lead)
    known = _known_contact(lead, kind, EVIDENCE[evidence], external_id)
    if known is not None:
        return known
    touch = Touch(
        lead=lead,
        contact_id=lead.contact_id,
        side=Side.SALES,
        kind=kind,
        outcome=outcome,
        occurred_at=occurred_at or dt.datetime.now(dt.UTC),
        actor=actor,
        source=EVIDENCE[evidence],
        external_id=external_id,
        campaign=campaign,
        channel=campaign and campaign.channel,
        content=content,
    )
    try:
        with transaction.atomic():
            append_touches([touch], context=context)
    except IntegrityError:
        known = _known_contact(lead, kind, EVIDENCE[evidence], external_id)
        if known is None:
            raise
        return known
    return touch


def _known_contact(lead: Lead, kind: str, source: str, external_id: str | None) -> Touch | None:
    if not external_id:
        return None
    known = Touch.objects.filter(source=source, external_id=external_id).select_related("lead").first()
    if known is None:
        return None
    if known.kind != kind or known.lead is None or lead.id not in (known.lead_id, known.lead.merged_into_id):
        raise Conflict(
            "external_id_taken", "Another contact came with this id; history is not rewritten.", field="external_id"
        )
    return known


def give_feedback(
    *,
    handoff: Handoff,
    moment: str,
    fit: str,
    actor: User,
    reason: str = "",
    text: str = "",
    context: Context | None = None,
) -> LeadEvent:
    """Sales tells marketing what the lead was: after the first contact and at the close. Three fields.

    `fit`: good, partly or no; less than good needs an agreed reason or a sentence. The same words again change nothing.
    """
    if moment not in MOMENTS:
        raise DomainError("moment_unknown", f"Use one of: {', '.join(MOMENTS)}.", field="moment")
    if fit not in FITS:
        raise DomainError("fit_unknown", f"Use one of: {', '.join(FITS)}.", field="fit")
    require_side(actor, Side.SALES, "gives feedback on a handoff")
    context = context or Context()
    version = context.book.on(context.calendar.day_of(dt.datetime.now(dt.UTC)))
    agreed = {key for reasons in version.reasons.values() for key in reasons}
    if reason and agreed and reason not in agreed:
        raise DomainError("reason_unknown", f"“{reason}” is not an agreed reason.", field="reason")
    if fit != "good" and not reason:
        text = sentence(text, "Choose a reason or write one sentence, so that marketing can act on it.")
    with transaction.atomic():
        current = locked(handoff)
        _moment_has_come(current, moment, context)
        mine = LeadEvent.objects.filter(
            lead_id=current.lead_id, about_id=current.entry_id, kind=Kind.FEEDBACK, field=moment, voiding_events__isnull=True
        ).select_related("note")
        known = mine.order_by("-id").first()
        said = known and (known.actor_id, known.new, known.reason, known.note.text if known.note else "")
        if said == (actor.id, fit, reason, text.strip()):
            return known
        return append_step(
            current, Kind.FEEDBACK, actor=actor, context=context, text=text.strip(), field=moment, new=fit, reason=reason
        )


def _moment_has_come(handoff: Handoff, moment: str, context: Context) -> None:
    if moment == AFTER_CONTACT:
        touches = Touch.objects.filter(
            lead_id__in=[handoff.lead_id, *handoff.lead.merged_leads.values_list("id", flat=True)],
            side=Side.SALES,
            kind__in=CONTACT_KINDS,
            occurred_at__gte=handoff.entered_at,
            voids__isnull=True,
            voided_by__isnull=True,
        )
        if not handoff.decision and not touches.exists():
            raise DomainError("no_contact_yet", "Feedback comes after the first contact. Log the contact first.")
        return
    stage = context.book.newest.stages.get(handoff.lead.stage_id)
    if stage is None or stage.kind not in _CLOSED:
        raise DomainError("not_closed_yet", "Closing feedback comes when the lead is won, lost, recycled or disqualified.")


def read_feedback(*, handoff: Handoff, actor: User, context: Context | None = None) -> Handoff:
    """Marketing says that it has read what sales wrote. Once is enough."""
    require_side(actor, Side.MARKETING, "reads sales' feedback")
    with transaction.atomic():
        current = locked(handoff)
        if current.feedback_at is None:
            raise DomainError("no_feedback_yet", "Sales has not given feedback on this lead yet.")
        told = LeadEvent.objects.filter(
            lead_id=current.lead_id, about_id=current.entry_id, voiding_events__isnull=True
        ).order_by("-id")
        newest = told.filter(kind__in=(Kind.FEEDBACK, Kind.FEEDBACK_READ)).first()
        if newest is None or newest.kind == Kind.FEEDBACK:
            append_step(current, Kind.FEEDBACK_READ, actor=actor, context=context or Context())
    return Handoff.objects.select_related("lead").get(pk=handoff.pk)
