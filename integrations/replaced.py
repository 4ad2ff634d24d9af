"""Old values of attributes that no event carries (personal data, score, own fields), so that an undo can bring them back."""

from collections.abc import Iterable

from integrations.chunk import Chunk
from integrations.models import ReplacedValue
from leads.models import Contact, Deal, Lead

_PERSONAL = ("name", "email", "phone")


def remember_replaced(chunk: Chunk) -> None:
    """Before the new values of a chunk are written: one query and one insert per table that changes."""
    if chunk.run.batch is None:
        return
    found: list[ReplacedValue] = []
    for kind, model, rows, fields in (
        ("lead", Lead, [d.lead for d in chunk.changed_leads], _fields(chunk.changed_leads)),
        ("deal", Deal, [d.deal for d in chunk.changed_deals], _fields(chunk.changed_deals)),
        ("contact", Contact, chunk.changed_contacts, _PERSONAL),
    ):
        found += _differences(chunk, kind, model, rows, sorted(fields))
    if found:
        ReplacedValue.objects.bulk_create(found, batch_size=1_000, ignore_conflicts=True)


def _fields(drafts: Iterable) -> set[str]:
    return set().union(*(draft.changed for draft in drafts))


def column(model, name: str) -> str:
    """The attribute that holds the stored value: `company_id` for `company`."""
    return model._meta.get_field(name).attname


def plain(value):
    """As JSON keeps it."""
    return value.isoformat() if hasattr(value, "isoformat") else value


def _differences(chunk: Chunk, kind: str, model, rows: list, fields: list[str]) -> list[ReplacedValue]:
    rows = [row for row in rows if row.pk is not None]
    if not rows or not fields:
        return []
    names = [column(model, name) for name in fields]
    before = {row[0]: row[1:] for row in model.objects.filter(pk__in=[r.pk for r in rows]).values_list("pk", *names)}
    found = []
    for row in rows:
        for name, old in zip(names, before[row.pk], strict=True):
            new = row.contact.pk if name == "contact_id" and row.contact else getattr(row, name)
            if plain(old) != plain(new):
                found.append(
                    ReplacedValue(
                        batch=chunk.run.batch, kind=kind, object_id=row.pk, field=name, old=plain(old), new=plain(new)
                    )
                )
    return found
