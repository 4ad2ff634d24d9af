"""Which import mappings name a value of the agreement or bring a fact: those used here, and those that come with Tandem."""

from collections.abc import Callable, Collection, Iterator

from django.urls import reverse

from integrations.matching import SOURCE_WORDS, shipped
from integrations.models import SavedMapping
from integrations.used_in_lines import Line


def mapped_values(fields: Collection[str], value: str) -> list[Line]:
    """Mappings that write `value` into one of these fields: as a translation of a file's own words, or for every row."""
    return _lines(lambda part: any(value in _written(part, name) for name in fields))


def mapped_fields(facts: Collection[str]) -> list[Line]:
    """Mappings that bring one of these facts of a lead (funnel.criteria.FACTS)."""
    wanted = {f"custom.{fact}" if fact == "need" else fact for fact in facts}
    return _lines(lambda part: bool(wanted & {*part.get("columns", {}), *part.get("constants", {})}))


def _written(part: dict, field: str) -> set[str]:
    fixed = part.get("constants", {}).get(field)
    return {*part.get("values", {}).get(field, {}).values(), *([fixed] if fixed else [])}


def _lines(asks: Callable[[dict], bool]) -> list[Line]:
    page, found = reverse("import"), []
    for saved in SavedMapping.objects.order_by("source", "entity", "id"):
        if any(asks(part) for part in _parts(saved.mapping)):
            found.append(Line(_words(saved.entity, saved.source), page, note="A mapping that was used here."))
    for mapping in shipped().values():
        if any(asks(part) for part in _parts(mapping)):
            words = _words(mapping["entity"], SOURCE_WORDS.get(mapping["source"], mapping["source"]))
            found.append(Line(words, page, note="A mapping that comes with Tandem."))
    return found


def _words(entity: str, source: str) -> str:
    return f"Import of {entity.replace('_', ' ')}s from {source}"


def _parts(mapping: dict) -> Iterator[dict]:
    """What a mapping makes of a row: its main entity, and what it emits beside."""
    yield mapping
    yield from mapping.get("emit", [])
