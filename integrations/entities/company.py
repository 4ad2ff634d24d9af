"""Companies. One that leads or deals brought by name alone takes the id of the row that names it."""

from integrations.chunk import Chunk
from integrations.errors import RowError
from integrations.references import Ref
from integrations.rows import Item
from leads.models import Company
from leads.services.history import change_companies, insert_companies


def check(item: Item, reader) -> None:
    if "name" not in item.values:
        raise RowError("name", "is missing")


def plan(item: Item, chunk: Chunk) -> str:
    values, source = item.values, item.part.source
    identity = (source, item.key or values["name"])
    company = chunk.companies.get(identity) or _stored(item, chunk)
    refs = {f"{name}_id": ref for name in ("segment", "region") if (ref := chunk.ref(item, name)) is not None}
    plain = {name: values[name] for name in ("name", "domain") if name in values}
    if item.key:
        plain |= {"source": source, "external_id": item.key}
    if company is None:
        company = Company(custom=dict(values.get("custom", {})), **({"source": source} | plain))
        promise = Ref("company", values["name"], source)
        chunk.journal.put(chunk.companies, identity, company)
        chunk.run.refs.learn("company", source, [values["name"], *([item.key] if item.key else [])], promise, chunk.journal)
        chunk.journal.append(chunk.actions, lambda: _insert(company, refs, promise, chunk.run.actor))
        return "created"
    if not chunk.run.update_existing:
        return "skipped"
    merged = company.custom | values.get("custom", {})
    changes = {name: value for name, value in plain.items() if getattr(company, name) != value}
    changes |= {"custom": merged} if merged != company.custom else {}
    references = {name: ref for name, ref in refs.items() if ref.pk is None or ref.pk != getattr(company, name)}
    if not changes and not references:
        return "unchanged"
    for name, value in changes.items():
        chunk.journal.set(company, name, value)
    chunk.journal.put(chunk.companies, identity, company)
    fields = {*changes, *(name.removesuffix("_id") for name in references)}
    chunk.journal.append(chunk.actions, lambda: _change(company, references, fields, chunk.run.actor))
    return "updated"


def _stored(item: Item, chunk: Chunk) -> Company | None:
    """By id in the source; else one of that name that has no id yet."""
    source, name = item.part.source, item.values["name"]
    if item.key:
        found = Company.objects.filter(source=source, external_id=item.key).first()
        taken = [company.pk for company in chunk.companies.values() if company.pk]
        nameless = Company.objects.filter(name=name, external_id=None).exclude(id__in=taken)
        return found or nameless.order_by("id").first()
    return Company.objects.filter(name=name).order_by("id").first()


def _insert(company: Company, refs: dict[str, Ref], promise: Ref, actor) -> None:
    for name, ref in refs.items():
        setattr(company, name, ref.pk)
    insert_companies(companies=[company], actor=actor)
    promise.pk = company.pk


def _change(company: Company, refs: dict[str, Ref], fields: set[str], actor) -> None:
    for name, ref in refs.items():
        setattr(company, name, ref.pk)
    change_companies(companies=[company], fields=fields, actor=actor)
