"""The mapping file: TOML to a checked, frozen Mapping. Everything unknown or contradictory is refused with a sentence."""

import codecs
import datetime as dt
import difflib
import re
import tomllib
import zoneinfo
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from core.text import clean_text
from integrations.errors import FileError
from integrations.fields import DEFAULT_POLICY, FIELDS, NEVER_CREATED, POLICIES, REQUIRED, WITH_CUSTOM, Holds, field_of

_PART_KEYS = {"entity", "source", "timezone", "columns", "constants", "dates", "values", "unknown", "filter", "snapshot"}
_FILE_KEYS = {"delimiter", "encoding", "decimal", "thousands", "skip_footer", "file_order", "on_existing", "emit"}
_DELIMITER_WORDS = {"tab": "\t", "comma": ",", "semicolon": ";", "pipe": "|"}
_NAMED_DATES = ("iso", "epoch_ms", "excel")


@dataclass(frozen=True)
class Part:
    """What one entity takes from a row."""

    entity: str
    source: str
    columns: dict[str, str]
    constants: dict[str, str] = field(default_factory=dict)
    dates: dict[str, tuple[str, ...]] = field(default_factory=dict)
    values: dict[str, dict[str, str]] = field(default_factory=dict)
    unknown: dict[str, str] = field(default_factory=dict)
    filter: dict[str, frozenset[str]] = field(default_factory=dict)
    zone: zoneinfo.ZoneInfo | None = None
    snapshot: dt.date | None = None
    when: str = ""
    emitted: bool = False

    def policy(self, reference: str) -> str:
        """create, reject or empty: for a value of this reference field that Tandem does not know."""
        return self.unknown.get(reference, DEFAULT_POLICY[reference])

    def headers(self) -> set[str]:
        return set(self.columns.values()) | set(self.filter) | ({self.when} if self.when else set())


@dataclass(frozen=True)
class Mapping:
    """How a file is read and what its rows are. `parts`: the main entity first, then the emitted ones."""

    parts: tuple[Part, ...]
    encoding: str = ""
    delimiter: str = ""
    decimal: str | None = None
    thousands: str | None = None
    skip_footer: int = 0
    newest_first: bool = False
    update_existing: bool = True
    # Lines that a person skips in this one import; no mapping file says so.
    left_out: frozenset[int] = frozenset()

    @property
    def main(self) -> Part:
        return self.parts[0]

    def headers(self) -> set[str]:
        """Every header of the file that the mapping uses."""
        return set().union(*(part.headers() for part in self.parts))


def load_mapping(path: Path) -> Mapping:
    """Read a mapping file. FileError with one sentence if it can't be used."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise FileError(f"The mapping {path.name} can't be opened: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise FileError(f"The mapping {path.name} is not UTF-8.") from error
    try:
        return read_mapping(tomllib.loads(text.replace("\r\n", "\n")))
    except tomllib.TOMLDecodeError as error:
        raise FileError(f"The mapping {path.name} is not valid TOML: {error}.") from error
    except FileError as error:
        raise FileError(f"Mapping {path.name}: {error}") from error


def read_mapping(raw: dict) -> Mapping:
    """Check a parsed mapping."""
    _known(raw, _PART_KEYS | _FILE_KEYS, "")
    main = _part(raw, None, "")
    emits = raw.get("emit", [])
    if not isinstance(emits, list) or not all(isinstance(item, dict) for item in emits):
        raise FileError("write further entities as [[emit]], with double brackets.")
    parts = [main]
    for number, item in enumerate(emits, 1):
        where = f"[[emit]] number {number}"
        _known(item, _PART_KEYS | {"when"}, where)
        parts.append(_part(item, main, where))
    footer = raw.get("skip_footer", 0)
    if type(footer) is not int or footer < 0:
        raise FileError("skip_footer is a whole number of lines, 0 or more.")
    return Mapping(
        parts=tuple(parts),
        encoding=_encoding(_text(raw, "encoding")),
        delimiter=_delimiter(_text(raw, "delimiter", strip=False)),
        decimal=_one_of(raw, "decimal", (".", ",")),
        thousands=_one_of(raw, "thousands", (",", ".", " ", "'", "")),
        skip_footer=footer,
        newest_first=_one_of(raw, "file_order", ("oldest_first", "newest_first")) == "newest_first",
        update_existing=_one_of(raw, "on_existing", ("update", "skip")) != "skip",
    )


def _part(raw: dict, main: Part | None, where: str) -> Part:
    """One entity; an emitted one takes what it does not say itself from the main one."""
    entity = _text(raw, "entity")
    if entity not in FIELDS:
        raise FileError(f"{_at(where)}entity is one of: {', '.join(FIELDS)}.")
    source = _text(raw, "source") or (main.source if main else "")
    if not source:
        raise FileError("source is missing: the name of the system that the file comes from, for example “hubspot”.")
    if len(source) > 60:
        raise FileError("source is longer than 60 characters.")
    columns = {name: clean_text(header) for name, header in _strings(raw, "columns", where).items()}
    constants = _constants(raw, where)
    for name in (*columns, *constants):
        _field_known(entity, name, where)
    if both := sorted(columns.keys() & constants.keys()):
        raise FileError(f"{_at(where)}“{both[0]}” stands in columns and in constants; keep one.")
    if not columns and main is None:
        raise FileError("[columns] is missing: Tandem field = header in the file.")
    implied = {"lead": "lead_external_id", "deal": "deal_external_id"}.get(main.entity, "") if main else ""
    for group in REQUIRED[entity]:
        if not set(group) & (columns.keys() | constants.keys()) and implied not in group:
            raise FileError(f"{_at(where)}a {entity} needs {' or '.join(group)} in [columns] or [constants].")
    return Part(
        entity=entity,
        source=source,
        columns=columns,
        constants=constants,
        dates=(main.dates if main else {}) | _dates(raw, entity, where),
        values=(main.values if main else {}) | _values(raw, entity, where),
        unknown=(main.unknown if main else {}) | _unknown(raw, where),
        filter=_filter(raw, where),
        zone=_zone(_text(raw, "timezone"), where) or (main.zone if main else None),
        snapshot=_snapshot(raw, where) or (main.snapshot if main else None),
        when=clean_text(_text(raw, "when")),
        emitted=main is not None,
    )


def _at(where: str) -> str:
    return f"{where}: " if where else ""


def _known(raw: dict, keys: set[str], where: str) -> None:
    for key in raw:
        if key not in keys:
            raise FileError(f"{_at(where)}unknown key “{key}”.{_hint(key, keys)}")


def _hint(word: str, words: Iterable[str]) -> str:
    close = difflib.get_close_matches(word, list(words), n=1)
    return f" Did you mean “{close[0]}”?" if close else f" Known: {', '.join(sorted(words))}."


def _field_known(entity: str, name: str, where: str) -> None:
    if field_of(entity, name) is None:
        names = [*FIELDS[entity], *(["custom.NAME"] if entity in WITH_CUSTOM else [])]
        raise FileError(f"{_at(where)}{entity} has no field “{name}”.{_hint(name, names)}")


def _text(raw: dict, key: str, *, strip: bool = True) -> str:
    value = raw.get(key, "")
    if not isinstance(value, str):
        raise FileError(f"{key} is a text in quotes.")
    return value.strip() if strip else value


def _one_of(raw: dict, key: str, allowed: tuple[str, ...]) -> str | None:
    if key not in raw:
        return None
    if raw[key] not in allowed:
        raise FileError(f"{key} is one of: {', '.join(repr(word) for word in allowed)}.")
    return raw[key]


def _table(raw: dict, key: str, where: str) -> dict:
    value = raw.get(key, {})
    if not isinstance(value, dict):
        raise FileError(f"{_at(where)}{key} is a table: write [{key}] and the entries below it.")
    return value


def _flat(table: dict, prefix: str = "") -> dict[str, object]:
    """`custom.product` without quotes is a nested table in TOML; it means the same as in quotes."""
    flat: dict[str, object] = {}
    for key, value in table.items():
        if key == "custom" and isinstance(value, dict):
            flat |= {f"custom.{name}": inner for name, inner in value.items()}
        else:
            flat[key] = value
    return flat


def _strings(raw: dict, key: str, where: str) -> dict[str, str]:
    table = _flat(_table(raw, key, where))
    for name, value in table.items():
        if not isinstance(value, str):
            raise FileError(f"{_at(where)}{key}.{name} is a text in quotes.")
    return table


def _constants(raw: dict, where: str) -> dict[str, str]:
    found = {}
    for name, value in _flat(_table(raw, "constants", where)).items():
        if isinstance(value, dt.date):
            found[name] = value.isoformat()
        elif isinstance(value, str | int | float) and not isinstance(value, bool):
            found[name] = str(value)
        else:
            raise FileError(f"{_at(where)}constants.{name} is a text, a number or a date.")
    return found


def _dates(raw: dict, entity: str, where: str) -> dict[str, tuple[str, ...]]:
    found = {}
    for name, value in _table(raw, "dates", where).items():
        _field_known(entity, name, where)
        if field_of(entity, name).holds not in (Holds.TIME, Holds.DAY):
            raise FileError(f"{_at(where)}dates.{name}: “{name}” is not a date.")
        forms = (value,) if isinstance(value, str) else value
        if not isinstance(forms, list | tuple) or not forms or not all(isinstance(form, str) for form in forms):
            raise FileError(f'{_at(where)}dates.{name} is a list of formats, for example ["%d.%m.%Y"].')
        for form in forms:
            _check_form(form, name, where)
        found[name] = tuple(forms)
    return found


def _check_form(form: str, name: str, where: str) -> None:
    if form in _NAMED_DATES:
        return
    sample = dt.datetime(2001, 2, 3, tzinfo=dt.UTC)
    try:
        # A format that loses year, month or day reads back as another date.
        read = dt.datetime.strptime(sample.strftime(form), form).replace(tzinfo=dt.UTC)
    except (ValueError, re.error):
        read = None
    if read is None or read.date() != sample.date():
        raise FileError(
            f"{_at(where)}dates.{name}: “{form}” is not a date format with year, month and day. "
            f"Use {', '.join(_NAMED_DATES)} or strptime codes like %d.%m.%Y."
        )


def _values(raw: dict, entity: str, where: str) -> dict[str, dict[str, str]]:
    found = {}
    for name, table in _flat(_table(raw, "values", where)).items():
        _field_known(entity, name, where)
        if not isinstance(table, dict) or not all(isinstance(value, str) for value in table.values()):
            raise FileError(f'{_at(where)}values.{name} is a table: "value in the file" = "value in Tandem".')
        found[name] = {clean_text(key): value for key, value in table.items()}
    return found


def _unknown(raw: dict, where: str) -> dict[str, str]:
    found = _strings(raw, "unknown", where)
    for name, policy in found.items():
        if name not in DEFAULT_POLICY:
            raise FileError(f"{_at(where)}unknown.{name}: not a reference.{_hint(name, DEFAULT_POLICY)}")
        if policy not in POLICIES or (policy == "create" and name in NEVER_CREATED):
            allowed = [word for word in POLICIES if word != "create" or name not in NEVER_CREATED]
            raise FileError(f"{_at(where)}unknown.{name} is one of: {', '.join(allowed)}.")
    return found


def _filter(raw: dict, where: str) -> dict[str, frozenset[str]]:
    found = {}
    for header, wanted in _table(raw, "filter", where).items():
        words = [wanted] if isinstance(wanted, str) else wanted
        if not isinstance(words, list) or not words or not all(isinstance(word, str) for word in words):
            raise FileError(f'{_at(where)}filter.{header} is a list of values; "*" is any that is not empty.')
        found[clean_text(header)] = frozenset(words)
    return found


def _snapshot(raw: dict, where: str) -> dt.date | None:
    table = _table(raw, "snapshot", where)
    _known(table, {"at"}, f"{where} [snapshot]".strip())
    at = table.get("at")
    if isinstance(at, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", at):
        try:
            at = dt.date.fromisoformat(at)
        except ValueError:
            pass
    if at is not None and (not isinstance(at, dt.date) or isinstance(at, dt.datetime)):
        raise FileError(f"{_at(where)}snapshot.at is a date like 2026-11-01.")
    return at


def _zone(name: str, where: str) -> zoneinfo.ZoneInfo | None:
    if not name:
        return None
    if name not in zoneinfo.available_timezones():
        raise FileError(f"{_at(where)}“{name}” is not a time zone. Example: Europe/Berlin.")
    return zoneinfo.ZoneInfo(name)


def _encoding(name: str) -> str:
    if not name:
        return ""
    try:
        info = codecs.lookup(name)
    except LookupError as error:
        raise FileError(f"“{name}” is not an encoding. Examples: utf-8, cp1252, utf-16-le.") from error
    # Some codecs turn bytes into bytes (zlib, hex); they are no encoding of text.
    if not info._is_text_encoding or info.name in ("idna", "punycode", "undefined", "unicode_escape", "raw_unicode_escape"):
        raise FileError(f"“{name}” is not an encoding of text files. Examples: utf-8, cp1252, utf-16-le.")
    return "utf-8-sig" if info.name == "utf-8" else info.name


def _delimiter(text: str) -> str:
    text = _DELIMITER_WORDS.get(text.strip().lower(), text)
    if text and (len(text) != 1 or text in '"\r\n\x00'):
        raise FileError('delimiter is one character, for example "," or ";" or "\\t".')
    return text
