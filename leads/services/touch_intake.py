"""Touches that other systems send, by their identity and with the words of the link that led to them; safe to send again."""

from django.db import IntegrityError, transaction

from accounts.models import User
from leads.models import CONTACT_KINDS, Lead, Touch
from leads.projection import Context
from leads.queries import visible_leads
from leads.services.arrivals import Told, append_told
from leads.services.intake import Moment, NotHere, Taken, already_taken, find_lead, named, now_moment


def take_touch(*, data: dict, actor: User, context: Context) -> Taken:
    """Record a touch once. By e-mail it belongs to the newest visible lead of that address that existed then."""
    moment = data.get("occurred_at") or now_moment()
    lead = _touched_lead(data, actor, moment)
    repeated = _repeated_touch(data, lead)
    if repeated is not None:
        return repeated
    side = data.get("side") or ("sales" if data["kind"] in CONTACT_KINDS else "marketing")
    try:
        with transaction.atomic():
            touch = Touch(
                lead=lead,
                contact_id=lead.contact_id if lead else None,
                side=side,
                kind=data["kind"],
                outcome=data.get("contact_outcome") or "",
                occurred_at=moment.at,
                actor=actor,
                source=data["source"],
                external_id=data.get("external_id"),
                **named(data, "channel", "campaign", "content", *(() if lead else ("company",))),
            )
            append_told([Told(touch, data)], context=context, actor=actor)
    except IntegrityError:
        repeated = _repeated_touch(data, lead)
        if repeated is None:
            raise
        return repeated
    return Taken("created", touch)


def _touched_lead(data: dict, actor: User, moment: Moment) -> Lead | None:
    if data.get("lead") is not None or data.get("lead_external_id"):
        return find_lead(data, actor=actor)
    if not data.get("email"):
        return None
    leads = visible_leads(actor).filter(contact__email=data["email"]).order_by("-created_at", "-id")
    lead = leads.filter(created_at__lte=moment.at).first() or leads.last()
    if lead is None:
        raise NotHere("email", "No lead with this address is there, or you may not see it.")
    return lead


def _repeated_touch(data: dict, lead: Lead | None) -> Taken | None:
    if not data.get("external_id"):
        return None
    touch = Touch.objects.filter(source=data["source"], external_id=data["external_id"]).select_related("lead").first()
    if touch is None:
        return None
    given = data.get("occurred_at")
    counted = touch.lead and (touch.lead.merged_into_id or touch.lead_id)
    same = touch.kind == data["kind"] and counted == (lead and lead.id)
    if not same or (given is not None and given.at != touch.occurred_at):
        raise already_taken("touch")
    return Taken("unchanged", touch)
