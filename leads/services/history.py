"""Bulk doors for what comes from files: rows without events of their own (batches, companies, contacts, attributes).

Events still go through `append_lead_events`, `append_deal_events` and `append_touches`. Callers hold one transaction
around a chunk, so that a record never stands without the events that explain it.
"""

import datetime as dt
from collections.abc import Collection, Sequence

from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce

from accounts.models import User
from core.bulk_rows import insert_rows
from core.stale import note_stale
from leads.locks import hold_leads, lock_deals
from leads.models import Company, Contact, Deal, ImportBatch, Lead, StageEntry
from leads.projection import Context, refresh_deals
from leads.services.scoring import note_scores, take_given

_BATCH = 500


def start_batch(*, entity: str, source: str, file_name: str, actor: User | None) -> ImportBatch:
    """Note that an import of a file begins."""
    return ImportBatch.objects.create(entity=entity, source=source, file_name=file_name[-255:], actor=actor)


def note_batch(*, batch: ImportBatch, counts: dict, rejects_file: str = "") -> None:
    """How far a running import is."""
    ImportBatch.objects.filter(id=batch.id).update(counts=counts, rejects_file=rejects_file[-255:])


def reopen_batch(*, batch: ImportBatch) -> None:
    """A run of it died; the next one tells its own counts."""
    ImportBatch.objects.filter(id=batch.id).update(
        state=ImportBatch.State.RUNNING, counts={}, rejects_file="", finished_at=None
    )


def finish_batch(*, batch: ImportBatch, state: str, counts: dict, rejects_file: str = "") -> None:
    ImportBatch.objects.filter(id=batch.id).update(
        state=state, counts=counts, rejects_file=rejects_file[-255:], finished_at=dt.datetime.now(dt.UTC)
    )


def insert_companies(*, companies: Sequence[Company], actor: User | None) -> None:
    insert_rows(companies)


def change_companies(*, companies: Sequence[Company], fields: Collection[str], actor: User | None) -> None:
    """Store attributes that the caller set on these rows."""
    if companies and fields:
        Company.objects.bulk_update(companies, sorted(fields), batch_size=_BATCH)
        note_scores(Lead.objects.filter(company__in=[row.id for row in companies]).values_list("id", flat=True))


def insert_contacts(*, contacts: Sequence[Contact], actor: User | None) -> None:
    insert_rows(contacts)


def change_contacts(*, contacts: Sequence[Contact], actor: User | None) -> None:
    """Personal data stands outside the events, so that erasure keeps the counts true."""
    if contacts:
        Contact.objects.bulk_update(contacts, ["name", "email", "phone"], batch_size=_BATCH)
        note_scores(Lead.objects.filter(contact__in=[row.id for row in contacts]).values_list("id", flat=True))


def insert_leads(*, leads: Sequence[Lead], actor: User | None) -> None:
    """New leads without history; their `created` events follow in the same transaction."""
    take_given(leads)
    insert_rows(leads)


def change_leads(*, leads: Sequence[Lead], fields: Collection[str], actor: User | None) -> None:
    """Store attributes that are neither projected nor dimensions (contact, company, given score, custom)."""
    allowed = {"contact", "company", "given_score", "custom"}
    if not set(fields) <= allowed:
        raise ValueError(f"only {sorted(allowed)} are changed without an event")
    if leads and fields:
        hold_leads(lead.id for lead in leads)
        ids = [lead.id for lead in leads]
        who = {"contact", "company"} & set(fields)
        companies = set(_companies_of(ids)) if who else set()
        given = "given_score" in fields and take_given(leads)
        Lead.objects.bulk_update(leads, sorted({*fields, *(["score"] if given else [])}), batch_size=_BATCH)
        Lead.objects.filter(id__in=ids).update(version=F("version") + 1)
        note_scores(ids)
        if who:
            # Whose touches lie on the way to its deals hangs on who the lead is. Where everybody of a company counts, so do
            # those of the company's other deals: of the one that it left, too.
            firsts = StageEntry.objects.filter(lead_id__in=ids, position=0)
            note_stale([*firsts.values_list("lead_id", "entered_day"), *_deals_of(companies | set(_companies_of(ids)))])


def _companies_of(leads: Sequence[int]) -> QuerySet:
    return Lead.objects.filter(id__in=leads, company__isnull=False).values_list("company_id", flat=True)


def _deals_of(companies: Collection[int]) -> QuerySet:
    """Surviving lead (or None) and opening day of the deals of these companies."""
    of_lead = Q(lead__company_id__in=companies) | Q(lead__merged_into__company_id__in=companies)
    of_companies = Q(company_id__in=companies) | Q(of_lead, company=None)
    return (
        Deal.objects.filter(of_companies, created_day__isnull=False)
        .values_list(Coalesce("lead__merged_into_id", "lead_id"), "created_day")
        .distinct()
    )


def insert_deals(*, deals: Sequence[Deal], actor: User | None) -> None:
    """New deals without history; their `opened` events follow in the same transaction."""
    insert_rows(deals)


def change_deals(
    *, deals: Sequence[Deal], fields: Collection[str], actor: User | None, context: Context | None = None
) -> None:
    """Store attributes of deals that no event carries; the days of their facts become stale."""
    allowed = {"name", "company", "kind", "expected_close", "channel", "campaign", "segment", "region", "origin", "custom"}
    allowed |= {"term_start", "term_end"}
    if not set(fields) <= allowed:
        raise ValueError(f"only {sorted(allowed)} are changed without an event")
    if deals and fields:
        ids = [deal.id for deal in deals]
        hold_leads(deal.lead_id for deal in deals if deal.lead_id)
        lock_deals(ids)
        Deal.objects.bulk_update(deals, sorted(fields), batch_size=_BATCH)
        Deal.objects.filter(id__in=ids).update(version=F("version") + 1)
        refresh_deals(ids, context=context)
