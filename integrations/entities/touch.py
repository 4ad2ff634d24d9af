"""Touches of both sides. They are never changed: a row that comes again says the same or is rejected."""

from integrations.chunk import Chunk, PlannedTouch
from integrations.errors import RowError
from integrations.rows import Item
from integrations.values import refuse_future
from leads.links import host_of, path_of, words_of_link
from leads.models import CONTACT_KINDS, Lead, Touch


def check(item: Item, reader) -> None:
    values = item.values
    for name in ("kind", "occurred_at"):
        if name not in values:
            raise RowError(name, "is missing")
    if not item.key:
        about = (values.get(name, "") for name in ("lead_external_id", "email", "kind", "campaign", "channel", "content"))
        item.key = f"touch:{reader.occurrence(*about, values['occurred_at'].at.isoformat())}"


def plan(item: Item, chunk: Chunk) -> str:
    values, source = item.values, item.part.source
    moment = refuse_future("occurred_at", values["occurred_at"], chunk.run.now)
    draft, lead = _lead(item, chunk, moment.at)
    known = chunk.known_touches.get((source, item.key))
    if known is not None:
        if (known.kind, known.occurred_at) != (values["kind"], moment.at):
            raise RowError("external_id", "was imported with another kind or time; touches are not changed")
        return "unchanged"
    default_side = "sales" if values["kind"] in CONTACT_KINDS else "marketing"
    touch = Touch(
        side=values.get("side", default_side),
        kind=values["kind"],
        lead=lead,
        contact_id=lead.contact_id if lead else None,
        outcome=values.get("outcome", ""),
        occurred_at=moment.at,
        actor=chunk.run.actor,
        source=source,
        external_id=item.key,
        import_batch=chunk.run.batch,
    )
    refs = {}
    for name in ("channel", "campaign", "content"):
        ref = chunk.ref(item, name)
        if ref is not None:
            refs[f"{name}_id"] = ref
    chunk.journal.append(chunk.touches, PlannedTouch(touch, draft, refs, link_of(values)))
    chunk.journal.put(chunk.known_touches, (source, item.key), touch)
    return "created"


def link_of(values: dict[str, object]) -> dict[str, str]:
    """How somebody came, as far as a row says."""
    beside = {
        "page": path_of(values.get("page", "")),
        "referrer": host_of(values.get("referrer", "")),
        "agent": values.get("user_agent", ""),
    }
    return words_of_link(values) | {name: text for name, text in beside.items() if text}


def _lead(item: Item, chunk: Chunk, at) -> tuple[object, Lead | None]:
    """The lead: by id (it may be new in this chunk), else by e-mail the newest one that existed then."""
    external_id, email = item.values.get("lead_external_id"), item.values.get("email", "").lower()
    if external_id:
        draft = chunk.leads.get((item.part.source, external_id))
        if draft is not None:
            return draft, None
    elif email:
        leads = chunk.leads_by_email[email]
        if leads:
            then = [lead for lead in leads if lead.created_at is not None and lead.created_at <= at]
            return None, (then or leads[:1])[-1]
    if item.part.policy("lead") == "empty":
        return None, None
    field = "lead_external_id" if external_id or "lead_external_id" in item.part.columns else "email"
    raise RowError(field, f"no lead “{(external_id or email)[:60]}” is known" if external_id or email else "is missing")
