"""Writes to companies, contacts, touches and notes."""

import datetime as dt

from django.db import transaction

from accounts.models import User
from core.errors import DomainError
from leads.locks import lock_leads
from leads.models import Company, Contact, Lead, Note, Touch
from leads.services.bulk import append_touches


def ensure_company(*, name: str, source: str = "tandem", external_id: str | None = None, domain: str = "") -> Company:
    """The company of that identity (source and external id, else name), created if it is new."""
    if external_id:
        return Company.objects.get_or_create(
            source=source, external_id=external_id, defaults={"name": name, "domain": domain}
        )[0]
    found = Company.objects.filter(name=name).order_by("id").first()
    return found or Company.objects.create(name=name, domain=domain, source=source)


def ensure_contact(*, name: str = "", email: str = "", phone: str = "", company: Company | None = None) -> Contact | None:
    """The contact with that e-mail address, else a new one; None if nothing personal is known."""
    email = email.strip().lower()
    if not (name or email or phone):
        return None
    if email:
        found = Contact.objects.filter(email=email).order_by("id").first()
        if found:
            return found
    return Contact.objects.create(name=name, email=email, phone=phone, company=company)


def record_touch(
    *, side: str, kind: str, occurred_at: dt.datetime, actor: User | None, lead: Lead | None = None, **fields
) -> Touch:
    """Log a marketing touch or a sales activity. A first sales contact stops the response clock; nothing else does."""
    if kind not in Touch.Kind.values:
        raise DomainError("kind_unknown", f"Use one of: {', '.join(Touch.Kind.values)}.", field="kind")
    touch = Touch(lead=lead, side=side, kind=kind, occurred_at=occurred_at, actor=actor, **fields)
    append_touches([touch])
    return touch


def void_touch(*, touch: Touch, actor: User | None) -> Touch:
    """Take a touch back by a further row."""
    with transaction.atomic():
        lock_leads([touch.lead_id] if touch.lead_id else [])
        if touch.voids_id is not None or Touch.objects.filter(voids=touch).exists():
            raise DomainError("already_voided", "This touch was already taken back.")
        void = Touch(
            lead_id=touch.lead_id,
            side=touch.side,
            kind=touch.kind,
            occurred_at=touch.occurred_at,
            actor=actor,
            voids=touch,
        )
        append_touches([void])
    return void


def add_note(*, lead: Lead, text: str, author: User | None, occurred_at: dt.datetime) -> Note:
    return Note.objects.create(lead=lead, author=author, text=text, occurred_at=occurred_at)
