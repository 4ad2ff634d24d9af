"""A few hundred rows at once: read what they refer to with a few queries, plan in memory, write in bulk.

The entity modules plan; nothing is written before every row of the chunk was planned or rejected. The caller holds the
transaction.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

from campaigns.models import Campaign, Channel
from core.errors import DomainError
from core.money import is_currency, to_minor
from core.queries import Rates
from funnel.book import StageInfo
from funnel.rules import check_move
from integrations.drafts import (
    DEAL_EVENT_COLUMNS,
    LEAD_EVENT_COLUMNS,
    DealDraft,
    LeadDraft,
    read_deal_history,
    read_lead_history,
)
from integrations.errors import RowError
from integrations.journal import Journal
from integrations.references import Ref, References
from integrations.rows import Item, Parsed
from integrations.slots import standing_events, standing_touches
from integrations.values import Amount, Moment
from leads.links import Links, load_links, words_of_link
from leads.models import Company, Contact, Deal, DealEvent, ImportBatch, Lead, LeadEvent, Touch
from leads.projection import Context
from leads.services.intake import link_of_lead


@dataclass(frozen=True)
class Run:
    """What all chunks of an import share."""

    context: Context
    rates: Rates
    refs: References
    batch: ImportBatch | None
    actor: object
    now: dt.datetime
    update_existing: bool


@dataclass(eq=False)
class Planned:
    """An event to append once the ids of what it refers to are known: `refs` are event attribute → Ref."""

    draft: LeadDraft | DealDraft
    event: LeadEvent | DealEvent
    order: tuple
    refs: dict[str, Ref] = field(default_factory=dict)


@dataclass(eq=False)
class PlannedTouch:
    """A touch to append: `refs` as in Planned, `link` the words by which somebody came (leads.services.arrivals)."""

    touch: Touch
    draft: LeadDraft | None
    refs: dict[str, Ref]
    link: dict[str, str]


class Chunk:
    def __init__(self, run: Run, rows: Iterable[Parsed]):
        self.run, self.rows, self.journal = run, list(rows), Journal()
        self.leads: dict[tuple[str, str], LeadDraft] = {}
        self.deals: dict[tuple[str, str], DealDraft] = {}
        self.contacts: dict[str, list[Contact]] = defaultdict(list)
        self.leads_by_email: dict[str, list[Lead]] = defaultdict(list)
        self.known_events: dict[tuple[str, str], tuple] = {}
        self.known_touches: dict[tuple[str, str], Touch] = {}
        self.companies: dict[tuple[str, str], Company] = {}
        self.planned_spend: dict[tuple[str, str], tuple] = {}
        self.adopted_campaigns: list[int] = []
        self.planned_campaigns: dict[tuple[str, str], tuple] = {}
        self.planned_contents: dict[str, tuple] = {}
        # What write() stores.
        self.new_contacts: list[Contact] = []
        self.changed_contacts: list[Contact] = []
        self.new_leads: list[LeadDraft] = []
        self.changed_leads: list[LeadDraft] = []
        self.lead_events: list[Planned] = []
        self.new_deals: list[DealDraft] = []
        self.changed_deals: list[DealDraft] = []
        self.deal_events: list[Planned] = []
        self.touches: list[PlannedTouch] = []
        self.actions: list = []  # writes of single rows: spend, companies, campaigns, content
        self._seq = 0
        self._load()

    # --- reading ----------------------------------------------------------------------------------------------

    def _items(self, *entities: str) -> list[Item]:
        return [item for row in self.rows for item in row.items if item.part.entity in entities]

    def _load(self) -> None:
        lead_ids, deal_ids, event_ids, companies = (defaultdict(set) for _ in range(4))
        emails: set[str] = set()
        for row in self.rows:
            for item in row.items:
                part, values = item.part, item.values
                if part.entity == "lead":
                    lead_ids[part.source].add(item.key)
                    emails.add(values.get("email", "").lower())
                if part.entity == "deal":
                    deal_ids[part.source].add(item.key)
                if "lead_external_id" in values:
                    lead_ids[part.source].add(values["lead_external_id"])
                if "deal_external_id" in values:
                    deal_ids[part.source].add(values["deal_external_id"])
                if part.entity == "stage_change":
                    event_ids[part.source] |= {f"stage_change:{item.key}:{slot}" for slot in ("stage", "amount", "created")}
                if "company" in values:
                    companies[part.source].add(values["company"])
        self._load_deals(deal_ids)
        self._load_leads(lead_ids)
        for source, ids in event_ids.items():
            for model in (LeadEvent, DealEvent):
                for external_id, event in standing_events(model, source, ids).items():
                    stage = event.to_stage_id if model is LeadEvent else None
                    self.known_events[source, external_id] = (stage, event.occurred_at)
        for source, words in companies.items():
            self.run.refs.load_companies(source, words)
        for contact in Contact.objects.filter(email__in=emails - {""}).order_by("id"):
            self.contacts[contact.email].append(contact)
        self._load_touches()

    def _load_deals(self, ids: dict[str, set[str]]) -> None:
        by_pk: dict[int, DealDraft] = {}
        for source, wanted in ids.items():
            for deal in Deal.objects.filter(source=source, external_id__in=wanted).select_related("lead"):
                draft = DealDraft(deal, currency=deal.currency, opened_day=deal.created_day)
                by_pk[deal.id] = self.deals[source, deal.external_id] = draft
        if not by_pk:
            return
        history = defaultdict(list)
        for row in DealEvent.objects.filter(deal_id__in=by_pk).order_by("id").values_list(*DEAL_EVENT_COLUMNS):
            history[row[1]].append(row)
        for pk, draft in by_pk.items():
            read_deal_history(draft, history[pk], draft.deal.source)

    def _load_leads(self, ids: dict[str, set[str]]) -> None:
        by_pk: dict[int, LeadDraft] = {}
        for source, wanted in ids.items():
            for lead in Lead.objects.filter(source=source, external_id__in=wanted).select_related("contact"):
                by_pk[lead.id] = self.leads[source, lead.external_id] = LeadDraft(lead)
        for deal in self.deals.values():
            lead = deal.deal.lead
            if lead is not None:
                deal.lead = by_pk.setdefault(lead.id, LeadDraft(lead))
                self.leads.setdefault((lead.source, lead.external_id or ""), deal.lead)
        if not by_pk or not self._items("lead", "stage_change"):
            return
        history = defaultdict(list)
        for row in LeadEvent.objects.filter(lead_id__in=by_pk).order_by("id").values_list(*LEAD_EVENT_COLUMNS):
            history[row[1]].append(row)
        for pk, draft in by_pk.items():
            read_lead_history(draft, history[pk], draft.lead.source, self.same_day)

    def _load_touches(self) -> None:
        keys = defaultdict(set)
        emails = set()
        for item in self._items("touch"):
            keys[item.part.source].add(item.key)
            emails.add(item.values.get("email", "").lower())
        for item in self._items("lead"):
            if words_of_link(item.values):
                keys[item.part.source].add(link_of_lead(item.key))
        for source, wanted in keys.items():
            for external_id, touch in standing_touches(source, wanted).items():
                self.known_touches[source, external_id] = touch
        leads = Lead.objects.filter(contact__email__in=emails - {""}).select_related("contact")
        for lead in leads.order_by("created_at", "id"):
            self.leads_by_email[lead.contact.email].append(lead)

    # --- planning ---------------------------------------------------------------------------------------------

    @cached_property
    def links(self) -> Links:
        """What the words of links mean, read when the first row of the chunk brings some."""
        return load_links()

    def next_seq(self) -> int:
        self._seq += 1
        return self._seq

    def day_of(self, at: dt.datetime) -> dt.date:
        return self.run.context.calendar.day_of(at)

    def same_day(self, one: dt.datetime, other: dt.datetime) -> bool:
        return self.day_of(one) == self.day_of(other)

    def stage(self, name: str, text: str, at: dt.datetime) -> StageInfo:
        """The stage that a word means on a day, by key or by name. RowError if it is none of that day's agreement."""
        book = self.run.context.book
        version = book.on(self.day_of(at))
        word = text.casefold()
        for stages in (version.stages.values(), *(v.stages.values() for v in reversed(book.versions))):
            found = next((s for s in stages if s.key == word), None) or next(
                (s for s in stages if s.name.casefold() == word), None
            )
            if found is not None:
                try:
                    check_move(version, None, found.id, "", historic=True)
                except DomainError as error:
                    raise RowError(name, f"{error.message} (“{text}”)") from error
                return found
        keys = ", ".join(s.key for s in sorted(version.stages.values(), key=lambda s: s.position))
        raise RowError(name, f"“{text}” is no stage; set [values.{name}] in the mapping. Stages: {keys}")

    def first_stage(self, at: dt.datetime) -> StageInfo:
        """Where a lead begins when the file does not say: the start milestone, else the lowest rank."""
        version = self.run.context.book.on(self.day_of(at))
        return version.milestone("start") or version.path()[0]

    def ref(self, item: Item, name: str, kind: str = "") -> Ref | None:
        text = item.values.get(name)
        if not text:
            return None
        return self.run.refs.find(kind or name, text, item.part, self.journal, field=name)

    def instance(self, ref: Ref) -> Campaign | Channel:
        """The row behind a reference that has been made by now."""
        return (Campaign if ref.kind == "campaign" else Channel).objects.get(pk=ref.pk)

    def money(self, item: Item, name: str, fallback: str) -> tuple[int, str] | None:
        """Minor units and currency of an amount: the row's currency, else the sign's, else `fallback`."""
        amount: Amount | None = item.values.get(name)
        if amount is None:
            return None
        currency = str(item.values.get("currency", "")).upper()
        if currency and not is_currency(currency):
            raise RowError("currency", f"“{currency}” is not a currency code")
        if not currency:
            currency = fallback if not amount.currencies or fallback in amount.currencies else amount.currencies[0]
        elif amount.currencies and currency not in amount.currencies:
            raise RowError(name, f"names another currency than {currency}")
        try:
            return to_minor(amount.value, currency), currency
        except (ValueError, ArithmeticError) as error:
            raise RowError(name, "is too large") from error

    def lead_event(self, draft: LeadDraft, item: Item, kind: str, moment: Moment, slot: str | None, **fields) -> Planned:
        event = LeadEvent(
            kind=kind,
            occurred_at=moment.at,
            time_precision=moment.precision,
            actor_id=self.run.actor and self.run.actor.pk,
            source=item.part.source,
            external_id=slot,
            import_batch_id=self.run.batch and self.run.batch.pk,
            **fields,
        )
        order = item.values.get("order", 0) if item.part.entity == "stage_change" else 0
        planned = Planned(draft, event, (moment.at, kind != LeadEvent.Kind.CREATED, order, self.next_seq()))
        self.journal.append(self.lead_events, planned)
        return planned

    def deal_event(self, draft: DealDraft, item: Item, kind: str, moment: Moment, slot: str | None, **fields) -> Planned:
        event = DealEvent(
            kind=kind,
            occurred_at=moment.at,
            time_precision=moment.precision,
            actor_id=self.run.actor and self.run.actor.pk,
            source=item.part.source,
            external_id=slot,
            import_batch_id=self.run.batch and self.run.batch.pk,
            **fields,
        )
        # Taking back comes first, and in a call of its own: it changes which moves of the lead stand.
        planned = Planned(draft, event, (kind != DealEvent.Kind.VOIDED, self.next_seq()))
        self.journal.append(self.deal_events, planned)
        return planned

    def changed(self, draft: LeadDraft | DealDraft, name: str) -> None:
        """Note that an attribute of a stored row is to be written."""
        if draft.is_new:
            return
        drafts = self.changed_leads if isinstance(draft, LeadDraft) else self.changed_deals
        if not draft.changed:
            self.journal.append(drafts, draft)
        if name not in draft.changed:
            draft.changed.add(name)
            self.journal.undo(lambda: draft.changed.discard(name))

    def set_custom(self, draft: LeadDraft | DealDraft, values: dict[str, object]) -> bool:
        """Merge custom fields; True if any differs."""
        row = draft.lead if isinstance(draft, LeadDraft) else draft.deal
        merged = row.custom | values.get("custom", {})
        if merged == row.custom:
            return False
        self.journal.set(row, "custom", merged)
        self.changed(draft, "custom")
        return True
