"""Ids of events that an undo took back: a further import of the same rows writes them anew, under `ID~1`, `ID~2` and so on.

Events are append-only and their ids unique, so the second life of a row needs an id of its own; readers see the plain one.
"""

from collections.abc import Iterable, Sequence

from leads.models import DealEvent, LeadEvent, Touch
from leads.services.undo import UNDO

# A row that was imported and undone more often than this in one source is refused by the unique id instead.
MOST_LIVES = 50


def standing_events(model: type[LeadEvent] | type[DealEvent], source: str, ids: Iterable[str]) -> dict:
    """Plain id → event, for those that no undo has taken back."""
    return _standing(model, {"voiding_events__external_id__startswith": UNDO}, source, set(ids))


def standing_touches(source: str, ids: Iterable[str]) -> dict[str, Touch]:
    return _standing(Touch, {"voided_by__external_id__startswith": UNDO}, source, set(ids))


def _standing(model, undone: dict, source: str, ids: set[str]) -> dict:
    if not ids:
        return {}
    rows = {row.external_id: row for row in model.objects.filter(source=source, external_id__in=ids)}
    if not rows:
        return {}
    gone = _gone(model, undone, [row.pk for row in rows.values()])
    found = {name: row for name, row in rows.items() if row.pk not in gone}
    again = {f"{name}~{life}": name for name in rows.keys() - found.keys() for life in range(1, MOST_LIVES)}
    if again:
        later = list(model.objects.filter(source=source, external_id__in=again))
        gone = _gone(model, undone, [row.pk for row in later])
        found |= {again[row.external_id]: row for row in later if row.pk not in gone}
    return found


def _gone(model, undone: dict, pks: list[int]) -> set[int]:
    return set(model.objects.filter(pk__in=pks, **undone).values_list("pk", flat=True))


def free_ids(rows: Sequence[LeadEvent | DealEvent | Touch]) -> None:
    """Give rows about to be stored the first free life of their id. Only an undo leaves ids that are taken here."""
    if not rows:
        return
    model = type(rows[0])
    named = [row for row in rows if row.external_id]
    by_source: dict[str, set[str]] = {}
    for row in named:
        by_source.setdefault(row.source, set()).add(row.external_id)
    for source, ids in by_source.items():
        known = model.objects.filter(source=source)
        taken = set(known.filter(external_id__in=ids).values_list("external_id", flat=True))
        if not taken:
            continue
        lives = [f"{name}~{life}" for name in taken for life in range(1, MOST_LIVES)]
        taken |= set(known.filter(external_id__in=lives).values_list("external_id", flat=True))
        for row in named:
            if row.source == source and row.external_id in taken:
                life = next((n for n in range(1, MOST_LIVES) if f"{row.external_id}~{n}" not in taken), MOST_LIVES)
                row.external_id = f"{row.external_id}~{life}"
