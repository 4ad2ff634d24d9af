"""What other systems and forms send: leads and moves by their identity, safe to send again (touches: touch_intake).

Data comes as plain values that the edge has checked (leads.api_inputs): names, not rows. A record is known by (source,
external_id); only the fields that are present are changed, and null clears. Every function is one transaction.
"""

import datetime as dt
from dataclasses import dataclass

from django.db import IntegrityError, transaction

from accounts.models import Side, Team, User
from campaigns.services import ensure_campaign, ensure_channel, ensure_content
from core.errors import Conflict, DomainError, StaleVersion
from funnel.book import StageInfo, Version
from funnel.models import Stage
from funnel.services import ensure_region, ensure_segment
from leads.links import load_links, words_of_link
from leads.locks import lock_leads
from leads.models import Contact, Lead, LeadEvent, Precision, Touch
from leads.projection import Context
from leads.queries import visible_contacts, visible_leads
from leads.services.arrivals import Told, append_told
from leads.services.history import change_leads, insert_contacts
from leads.services.leads import amend_lead, assign_lead, create_lead, edit_contact, move_lead
from leads.services.people import ensure_company
from leads.services.tags import set_tags

_ENSURE = {
    "channel": ensure_channel,
    "campaign": ensure_campaign,
    "segment": ensure_segment,
    "region": ensure_region,
    "company": ensure_company,
    "content": ensure_content,
}
_WORDS = ("origin", "tier")
_PERSONAL = ("name", "email", "phone")


class NotHere(DomainError):
    """What the caller names does not exist, or is not theirs to see: both read the same."""

    status = 404

    def __init__(self, field: str, message: str = "Nothing is there, or you may not see it."):
        super().__init__("not_found", message, field=field)


@dataclass(frozen=True, slots=True)
class Moment:
    """An aware instant and how exactly it is known."""

    at: dt.datetime
    precision: str = Precision.INSTANT


@dataclass(frozen=True)
class Taken:
    """What became of a record: created, updated or unchanged."""

    outcome: str
    row: object
    current_stage_changed: bool = False


def now_moment() -> Moment:
    return Moment(dt.datetime.now(dt.UTC))


def named(data: dict, *names: str) -> dict:
    """Rows for the references that `data` gives by name, made if they are new; None where it clears one."""
    return {name: data[name] and _ENSURE[name](name=data[name]) for name in names if name in data}


def find_person(word: str | int | None, *, field: str = "owner") -> User | None:
    """An active person by id or e-mail address; None for null."""
    if word is None:
        return None
    rows = User.objects.filter(is_active=True)
    person = rows.filter(id=word).first() if isinstance(word, int) else rows.filter(email__iexact=word).first()
    if person is None:
        raise DomainError("owner_unknown", f"Nobody active is known as “{word}”.", field=field)
    return person


def find_team(name: str | None) -> Team | None:
    if name is None:
        return None
    team = Team.objects.filter(name=name, retired=False).first()
    if team is None:
        raise DomainError("team_unknown", f"There is no team called “{name}”.", field="team")
    return team


def find_lead(data: dict, *, actor: User) -> Lead:
    """The lead that `data` names by id, or by identity; a merged one is found as its survivor."""
    if data.get("lead") is not None:
        field, pk = "lead", data["lead"]
    else:
        field = "lead_external_id"
        identity = Lead.objects.filter(source=data["source"], external_id=data["lead_external_id"])
        pk = next((merged or pk for pk, merged in identity.values_list("id", "merged_into_id")), None)
    lead = visible_leads(actor).filter(id=pk).first()
    if lead is None:
        raise NotHere(field)
    return lead


def _stage(key: str | None, version: Version, field: str) -> StageInfo:
    info = version.by_key(key) if key else (version.milestone("start") or next(iter(version.path()), None))
    if info is None:
        known = ", ".join(stage.key for stage in sorted(version.stages.values(), key=lambda s: s.position))
        raise DomainError("stage_unknown", f"There is no stage “{key}” on that day. Stages: {known}.", field=field)
    return info


def version_on(at: dt.datetime, context: Context) -> Version:
    if not context.book:
        raise DomainError("agreement_missing", "The stages are not set up yet.")
    return context.book.on(context.calendar.day_of(at))


# --- leads ------------------------------------------------------------------------------------------------------


def upsert_lead(*, data: dict, actor: User, context: Context) -> Taken:
    """Create the lead, or bring the known one of that identity up to date. Its start is said once."""
    lead = _known_lead(data, actor)
    if lead is None:
        try:
            with transaction.atomic():
                return Taken("created", _create_lead(data, actor, context))
        except (Conflict, IntegrityError):
            # Another request brought the same identity in this moment.
            lead = _known_lead(data, actor)
            if lead is None:
                raise
    with transaction.atomic():
        _refuse_other_start(lead, data, context)
        changed = update_lead(lead=lead, data=data, actor=actor)
        changed = _tell_link(lead, data, actor, context) or changed
    return Taken("updated" if changed else "unchanged", lead)


def _known_lead(data: dict, actor: User) -> Lead | None:
    if not data.get("external_id"):
        return None
    known = Lead.objects.filter(source=data["source"], external_id=data["external_id"]).first()
    if known is not None and not visible_leads(actor).filter(id=known.merged_into_id or known.id).exists():
        raise NotHere("external_id")
    return known


def _create_lead(data: dict, actor: User, context: Context) -> Lead:
    moment = data.get("created_at") or now_moment()
    info = _stage(data.get("stage"), version_on(moment.at, context), "stage")
    refs = named(data, "company", "channel", "campaign", "segment", "region") | _meant(data)
    words = {name: data[name] for name in _WORDS if data.get(name)}
    lead = create_lead(
        stage=Stage(id=info.id, key=info.key),
        occurred_at=moment.at,
        time_precision=moment.precision,
        actor=actor,
        owner=find_person(data.get("owner")),
        team=find_team(data.get("team")),
        source=data["source"],
        external_id=data.get("external_id"),
        contact=_contact(data, actor, refs.get("company")),
        score=data.get("score"),
        custom={key: value for key, value in (data.get("custom") or {}).items() if value is not None},
        context=context,
        **words,
        **refs,
    )
    if data.get("tags"):
        set_tags(lead=lead, names=data["tags"], actor=actor)
    _tell_link(lead, data, actor, context)
    return lead


def _meant(data: dict) -> dict[str, int]:
    """Channel and campaign that the words of the lead's link mean, where the caller does not name them."""
    words = words_of_link(data)
    meaning = load_links().meaning(words) if words else {}
    return {name: meaning[name] for name in ("channel_id", "campaign_id") if name in meaning and not data.get(name[:-3])}


def link_of_lead(external_id: str) -> str:
    """The id of the touch that a lead brings with the words of its link."""
    return f"lead:{external_id}:link"


def _tell_link(lead: Lead, data: dict, actor: User | None, context: Context) -> bool:
    """A lead that brings the words of its link brings its first touch: at its creation, once."""
    words, known_as = words_of_link(data), data.get("external_id") and link_of_lead(data["external_id"])
    if not words or (known_as and Touch.objects.filter(source=data["source"], external_id=known_as).exists()):
        return False
    touch = Touch(
        lead=lead,
        contact_id=lead.contact_id,
        side=Side.MARKETING,
        kind=Touch.Kind.FORM,
        occurred_at=lead.created_at,
        actor=actor,
        source=data["source"],
        external_id=known_as or None,
        **{name: getattr(lead, name) for name in ("channel_id", "campaign_id") if data.get(name[:-3])},
    )
    append_told([Told(touch, data)], context=context, actor=actor)
    return True


def _contact(data: dict, actor: User, company) -> Contact | None:
    """The known contact of that address, its gaps filled; else a new one. Strangers' data stays out of reach."""
    given = {name: data[name] for name in _PERSONAL if data.get(name)}
    if not given:
        return None
    known = visible_contacts(actor).filter(email=given["email"]).order_by("id").first() if "email" in given else None
    if known is not None:
        edit_contact(contact=known, actor=actor, **{name: v for name, v in given.items() if not getattr(known, name)})
        return known
    contact = Contact(company=company, **given)
    insert_contacts(contacts=[contact], actor=actor)
    return contact


def _refuse_other_start(lead: Lead, data: dict, context: Context) -> None:
    """A repeated creation says the same stage and time as the first; anything else would be lost without a word."""
    created = lead.events.filter(kind=LeadEvent.Kind.CREATED).select_related("to_stage").first()
    stage, moment = data.get("stage"), data.get("created_at")
    if stage and created and stage not in (created.to_stage.key, lead.stage and lead.stage.key):
        raise DomainError(
            "stage_differs",
            "This lead exists in another stage. Move it with POST /api/v1/stage-changes/.",
            field="stage",
        )
    if moment and created:
        day_of = context.calendar.day_of
        instant = Precision.INSTANT == moment.precision == created.time_precision
        same = moment.at == created.occurred_at if instant else day_of(moment.at) == day_of(created.occurred_at)
        if not same:
            raise DomainError(
                "created_differs", "This lead exists since another time, which can't be changed.", field="created_at"
            )


def update_lead(*, lead: Lead, data: dict, actor: User, expected_version: int | None = None) -> bool:
    """Bring a lead's attributes and owner up to what `data` says; True if anything changed. `lead` is refreshed."""
    with transaction.atomic():
        current = lock_leads([lead.id]).get(lead.id)
        if expected_version is not None and current.version != expected_version:
            raise StaleVersion("version_stale", "This lead has changed since you read it. Read it again.")
        before = current.version
        refs = named(data, "company", "channel", "campaign", "segment", "region")
        company = {"company": refs.pop("company")} if "company" in refs else {}
        words = {name: data[name] or "" for name in _WORDS if name in data}
        amend_lead(lead=lead, actor=actor, **refs, **words)
        _update_plain(lead, data, actor, company)
        _update_owner(lead, data, actor)
        if "tags" in data:
            set_tags(lead=lead, names=data["tags"] or (), actor=actor)
        lead.refresh_from_db()
    return lead.version != before


def _update_plain(lead: Lead, data: dict, actor: User, company: dict) -> None:
    """Company, score, own fields and the contact: changed without an event."""
    fields = {name for name, row in company.items() if lead.company_id != (row and row.id)}
    if fields:
        lead.company = company["company"]
    if "score" in data and data["score"] != lead.given_score:
        lead.given_score = data["score"]
        fields.add("given_score")
    custom = merged_custom(lead.custom, data.get("custom"))
    if custom != lead.custom:
        lead.custom = custom
        fields.add("custom")
    if _update_contact(lead, data, actor):
        fields.add("contact")  # also when only the contact's own row changed: the lead's version tells its readers
    change_leads(leads=[lead], fields=fields, actor=actor)


def merged_custom(old: dict, new: dict | None) -> dict:
    """Own fields: present keys are set, null removes one."""
    return {key: value for key, value in {**old, **(new or {})}.items() if value is not None}


def _update_contact(lead: Lead, data: dict, actor: User) -> bool:
    given = {name: data[name] or "" for name in _PERSONAL if name in data}
    if not given:
        return False
    email = given.get("email")
    if lead.contact is None or (email and email != lead.contact.email):
        other = visible_contacts(actor).filter(email=email).order_by("id").first() if email else None
        if lead.contact is None or other is not None:
            before, lead.contact = lead.contact_id, _contact(data, actor, lead.company)
            return lead.contact_id != before
    return edit_contact(contact=lead.contact, actor=actor, **given)


def _update_owner(lead: Lead, data: dict, actor: User) -> None:
    owner = find_person(data["owner"]) if "owner" in data else lead.owner
    team = find_team(data["team"]) if "team" in data else None
    other_owner = (owner and owner.id) != lead.owner_id
    other_team = "team" in data and (team and team.id) != lead.team_id and not (team is None and owner is not None)
    if other_owner or other_team:
        assign_lead(lead=lead, actor=actor, owner=owner, team=team)


# --- moves ------------------------------------------------------------------------------------------------------


def take_move(*, data: dict, actor: User, context: Context) -> Taken:
    """Move a lead through its one door. A move of a known identity is not made again."""
    lead = find_lead(data, actor=actor)
    moment = data.get("occurred_at") or now_moment()
    info = _stage(data["to_stage"], version_on(moment.at, context), "to_stage")
    slot = f"stage_change:{data['external_id']}:stage" if data.get("external_id") else None
    repeated = _repeated_move(slot, lead, info, data)
    if repeated is not None:
        return repeated
    try:
        with transaction.atomic():
            moved = move_lead(
                lead,
                Stage(id=info.id, key=info.key),
                actor=actor,
                occurred_at=moment.at,
                reason=data.get("reason") or "",
                note=data.get("note") or "",
                expected_version=data.get("version"),
                time_precision=moment.precision,
                source=data["source"],
                external_id=slot,
                context=context,
            )
    except (DomainError, IntegrityError):
        # The same move may have come twice at once; then the other one made it.
        repeated = _repeated_move(slot, lead, info, data)
        if repeated is None:
            raise
        return repeated
    return Taken("created", moved.event, current_stage_changed=moved.current_stage_changed)


def _repeated_move(slot: str | None, lead: Lead, info: StageInfo, data: dict) -> Taken | None:
    if slot is None:
        return None
    event = LeadEvent.objects.filter(source=data["source"], external_id=slot).select_related("lead").first()
    if event is None:
        return None
    given = data.get("occurred_at")
    same_lead = lead.id in (event.lead_id, event.lead.merged_into_id)
    if not same_lead or event.to_stage_id != info.id or (given is not None and given.at != event.occurred_at):
        raise already_taken("stage change")
    return Taken("unchanged", event)


def already_taken(what: str) -> Conflict:
    return Conflict(
        "external_id_taken", f"Another {what} came with this external_id; history is not rewritten.", field="external_id"
    )
