"""Leads: a `created` event, moves when the file names another stage than before, corrections of dimensions."""

from integrations.chunk import Chunk, PlannedTouch
from integrations.drafts import LeadDraft, same
from integrations.entities.touch import link_of
from integrations.errors import RowError
from integrations.rows import Item, snapshot_instant
from integrations.values import Moment, refuse_future
from leads.links import words_of_link
from leads.models import Contact, Lead, LeadEvent, Precision, Touch
from leads.services.intake import link_of_lead

_REFERENCES = ("channel", "campaign", "segment", "region")
_WORDS = ("origin", "tier")
_PERSONAL = ("name", "email", "phone")


def check(item: Item, reader) -> None:
    if not item.key:
        raise RowError("external_id", "is missing")


def plan(item: Item, chunk: Chunk) -> str:
    draft = chunk.leads.get((item.part.source, item.key))
    if draft is None:
        _create(item, chunk)
        return "created"
    if not chunk.run.update_existing:
        return "skipped"
    return "updated" if _update(draft, item, chunk) else "unchanged"


def _create(item: Item, chunk: Chunk) -> None:
    values = item.values
    created = created_moment(item, chunk, "created_at")
    named = values.get("stage")
    stage = chunk.stage("stage", named, created.at) if named else chunk.first_stage(created.at)
    add_lead(item, chunk, item.key, created, stage.id, owner=chunk.ref(item, "owner"), team=chunk.ref(item, "team"))
    draft = chunk.leads[item.part.source, item.key]
    lead = draft.lead
    for name in _WORDS:
        if name in values:
            setattr(lead, name, values[name])
    lead.given_score = values.get("score")
    lead.custom = dict(values.get("custom", {}))
    lead.contact = _contact(item, chunk)
    for name in (*_REFERENCES, "company"):
        ref = chunk.ref(item, name)
        if ref is not None:
            draft.refs[f"{name}_id"] = ref
    _explain(draft, item, chunk)
    _tell_link(draft, item, chunk)


def _explain(draft: LeadDraft, item: Item, chunk: Chunk) -> None:
    """Channel and campaign that the words of the lead's link mean, where the file does not name them."""
    words = words_of_link(item.values)
    meaning = chunk.links.meaning(words) if words else {}
    for name in ("channel_id", "campaign_id"):
        if name in meaning and name not in draft.refs:
            setattr(draft.lead, name, meaning[name])


def _tell_link(draft: LeadDraft, item: Item, chunk: Chunk) -> bool:
    """A lead that brings the words of its link brings its first touch: at its creation, once."""
    key, source = link_of_lead(item.key), item.part.source
    if not words_of_link(item.values) or draft.created is None or (source, key) in chunk.known_touches:
        return False
    touch = Touch(
        side="marketing",
        kind=Touch.Kind.FORM,
        occurred_at=draft.created[0],
        actor=chunk.run.actor,
        source=source,
        external_id=key,
        import_batch=chunk.run.batch,
    )
    refs = {name: draft.refs[name] for name in ("channel_id", "campaign_id") if name in draft.refs}
    chunk.journal.append(chunk.touches, PlannedTouch(touch, draft, refs, link_of(item.values)))
    chunk.journal.put(chunk.known_touches, (source, key), touch)
    return True


def created_moment(item: Item, chunk: Chunk, name: str) -> Moment:
    """When a record began: its date, else the snapshot's day as an unknown time."""
    moment = item.values.get(name)
    if moment is None:
        at = snapshot_instant(item.part, chunk.run.context.calendar)
        if at is None:
            raise RowError(name, "is missing; a new record needs a date, or [snapshot] at in the mapping")
        moment = Moment(at, Precision.UNKNOWN)
    return refuse_future(name, moment, chunk.run.now)


def add_lead(
    item: Item, chunk: Chunk, external_id: str, created: Moment, stage_id: int, *, owner=None, team=None
) -> LeadDraft:
    """A new lead in its first stage, findable by the rows and parts that follow."""
    source, journal = item.part.source, chunk.journal
    slot = f"lead:{external_id}:created"
    draft = LeadDraft(
        Lead(source=source, external_id=external_id),
        is_new=True,
        created=(created.at, created.precision),
        said_stage=stage_id,
        said_owner=owner,
        said_team=team,
        slots={slot},
    )
    journal.put(chunk.leads, (source, external_id), draft)
    journal.append(chunk.new_leads, draft)
    planned = chunk.lead_event(draft, item, LeadEvent.Kind.CREATED, created, slot, to_stage_id=stage_id)
    planned.refs |= {f"{name}_id": ref for name, ref in (("owner", owner), ("team", team)) if ref is not None}
    draft.add_stage(created.at, chunk.next_seq(), stage_id, journal)
    return draft


def _update(draft: LeadDraft, item: Item, chunk: Chunk) -> bool:
    _check_creation(draft, item, chunk)
    changed = [
        _move(draft, item, chunk),
        _assign(draft, item, chunk),
        _amend(draft, item, chunk),
        _attributes(draft, item, chunk),
        _edit_contact(draft, item, chunk),
        _tell_link(draft, item, chunk),
    ]
    return any(changed)


def _check_creation(draft: LeadDraft, item: Item, chunk: Chunk) -> None:
    moment: Moment | None = item.values.get("created_at")
    if moment is None or draft.created is None or draft.created[1] == Precision.UNKNOWN:
        return
    if not chunk.same_day(moment.at, draft.created[0]):
        before = chunk.day_of(draft.created[0])
        raise RowError("created_at", f"was {before} when this lead was first imported; the day of creation is not changed")


def _move(draft: LeadDraft, item: Item, chunk: Chunk) -> bool:
    """A move when the file names another stage than it did before, if the lead is not there already at that time."""
    values, run = item.values, chunk.run
    named = values.get("stage")
    if not named:
        return False
    moment = values.get("stage_changed_at")
    if moment is None:
        at = snapshot_instant(item.part, run.context.calendar)
        moment = None if at is None else Moment(at, Precision.DAY)
    stage = chunk.stage("stage", named, run.now if moment is None else moment.at)
    if stage.id == draft.said_stage:
        return False
    if moment is None:
        before = run.context.book.name_of(draft.said_stage)
        raise RowError(
            "stage_changed_at", f"is missing: the stage was {before} before and is {stage.name} now; when did it change?"
        )
    refuse_future("stage_changed_at", moment, run.now)
    at = draft.placed(moment.at, moment.precision, chunk.same_day)
    if draft.stage_at(at) == stage.id:
        return False
    slot = draft.slot(f"lead:{item.key}", "moved", chunk.journal)
    chunk.lead_event(draft, item, LeadEvent.Kind.MOVED, moment, slot, from_stage_id=draft.stage_at(at), to_stage_id=stage.id)
    draft.add_stage(at, chunk.next_seq(), stage.id, chunk.journal)
    chunk.journal.set(draft, "said_stage", stage.id)
    return True


def _assign(draft: LeadDraft, item: Item, chunk: Chunk) -> bool:
    owner, team = chunk.ref(item, "owner"), chunk.ref(item, "team")
    new_owner = owner is not None and not same(draft.said_owner, owner)
    new_team = team is not None and not same(draft.said_team, team)
    if not (new_owner or new_team):
        return False
    at = snapshot_instant(item.part, chunk.run.context.calendar)
    moment = Moment(chunk.run.now, Precision.INSTANT) if at is None else Moment(at, Precision.DAY)
    slot = draft.slot(f"lead:{item.key}", "assigned", chunk.journal)
    planned = chunk.lead_event(draft, item, LeadEvent.Kind.ASSIGNED, refuse_future("owner", moment, chunk.run.now), slot)
    for name, ref in (("owner", owner), ("team", team)):
        said = getattr(draft, f"said_{name}")
        if ref is not None:
            planned.refs[f"{name}_id"] = ref
            chunk.journal.set(draft, f"said_{name}", ref)
        elif name == "owner" and isinstance(said, int):
            # A new team's queue keeps the person whom the file named before.
            planned.event.owner_id = said
    return True


def _amend(draft: LeadDraft, item: Item, chunk: Chunk) -> bool:
    """Dimensions that differ from what stands are corrected by an event each; all facts of the lead are re-labelled."""
    lead, changed = draft.lead, False
    moment = Moment(chunk.run.now, Precision.INSTANT)
    for name in _REFERENCES:
        ref = chunk.ref(item, name)
        field = f"{name}_id"
        if ref is None or same(draft.refs.get(field, getattr(lead, field)), ref):
            continue
        old = draft.refs.get(field) or getattr(lead, field)
        changed = True
        if not draft.is_new:
            planned = chunk.lead_event(draft, item, LeadEvent.Kind.AMENDED, moment, None, field=field)
            planned.refs["new"] = ref
            if isinstance(old, int):
                planned.event.old = str(old)
            elif old is not None:
                planned.refs["old"] = old
        chunk.journal.put(draft.refs, field, ref)
    for name in _WORDS:
        new, old = item.values.get(name), getattr(lead, name)
        if new is None or new == old:
            continue
        changed = True
        if not draft.is_new:
            chunk.lead_event(draft, item, LeadEvent.Kind.AMENDED, moment, None, field=name, old=old, new=new)
        chunk.journal.set(lead, name, new)
    return changed


def _attributes(draft: LeadDraft, item: Item, chunk: Chunk) -> bool:
    changed = chunk.set_custom(draft, item.values)
    score = item.values.get("score")
    if score is not None and score != draft.lead.given_score:
        chunk.journal.set(draft.lead, "given_score", score)
        chunk.changed(draft, "given_score")
        changed = True
    company = chunk.ref(item, "company")
    if company is not None and not same(draft.refs.get("company_id", draft.lead.company_id), company):
        chunk.journal.put(draft.refs, "company_id", company)
        chunk.changed(draft, "company")
        changed = True
    return changed


def _personal(item: Item) -> dict[str, str]:
    found = {name: item.values[name] for name in _PERSONAL if name in item.values}
    if "email" in found:
        found["email"] = found["email"].lower()
    return found


def _contact(item: Item, chunk: Chunk) -> Contact | None:
    """The contact of a new lead: one with that address whose other data do not contradict, else a new one."""
    personal = _personal(item)
    if not personal:
        return None
    for contact in chunk.contacts[personal.get("email", "")] if personal.get("email") else ():
        if all(getattr(contact, name) == value for name, value in personal.items()):
            return contact
    contact = Contact(**personal)
    chunk.journal.append(chunk.new_contacts, contact)
    if contact.email:
        chunk.journal.append(chunk.contacts[contact.email], contact)
    return contact


def _edit_contact(draft: LeadDraft, item: Item, chunk: Chunk) -> bool:
    """Change the lead's personal data. A contact that other leads share is left to them: this lead gets its own."""
    personal, contact = _personal(item), draft.lead.contact
    if not personal or (contact is not None and all(getattr(contact, n) == v for n, v in personal.items())):
        return False
    if contact is None or Lead.objects.filter(contact=contact).exclude(id=draft.lead.id).exists():
        kept = {} if contact is None else {name: getattr(contact, name) for name in _PERSONAL}
        own = Contact(**(kept | personal))
        chunk.journal.append(chunk.new_contacts, own)
        chunk.journal.set(draft.lead, "contact", own)
        chunk.changed(draft, "contact")
        return True
    for name, value in personal.items():
        chunk.journal.set(contact, name, value)
    if contact.pk is not None and contact not in chunk.changed_contacts:
        chunk.journal.append(chunk.changed_contacts, contact)
    return True
