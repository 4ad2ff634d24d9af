"""A mapping as the text of a mapping file, for `manage.py import_csv` and for people to keep."""

import json
import re

_BARE = re.compile(r"[A-Za-z0-9_-]+")


def to_toml(mapping: dict) -> str:
    """TOML of a mapping that `mapping.read_mapping` accepts."""
    lines = _plain(mapping)
    for name, table in _tables(mapping):
        lines += ["", f"[{name}]", *_plain(table)]
    for part in mapping.get("emit", []):
        lines += ["", "[[emit]]", *_plain(part)]
        for name, table in _tables(part):
            lines += [f"[emit.{name}]", *_plain(table)]
    return "\n".join(lines) + "\n"


def _plain(table: dict) -> list[str]:
    return [f"{_key(name)} = {_value(value)}" for name, value in table.items() if not _is_table(value) and name != "emit"]


def _tables(mapping: dict) -> list[tuple[str, dict]]:
    found = []
    for name, value in mapping.items():
        if not isinstance(value, dict):
            continue
        inner = {key: item for key, item in value.items() if isinstance(item, dict)}
        if len(inner) < len(value):
            found.append((_key(name), {key: item for key, item in value.items() if not isinstance(item, dict)}))
        found += [(f"{_key(name)}.{_key(key)}", item) for key, item in inner.items()]
    return found


def _is_table(value) -> bool:
    return isinstance(value, dict)


def _key(text: str) -> str:
    return text if _BARE.fullmatch(text) else _value(text)


def _value(value) -> str:
    if isinstance(value, list | tuple):
        return f"[{', '.join(_value(item) for item in value)}]"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    # JSON's strings are TOML's basic strings but for DEL, which JSON leaves as it is.
    return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")
