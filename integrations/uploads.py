"""Files that people upload: kept under a UUID, within limits, never trusted to be what their name or type says."""

import codecs
import hashlib
import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path
from uuid import UUID

from django.conf import settings

from integrations.csv_reading import Table, first_bytes, open_table
from integrations.errors import FileError

MAX_BYTES = 25 * 1024 * 1024
MAX_ROWS = 200_000
MAX_COLUMNS = 1_000

# Offered when a file is neither marked nor UTF-8: (name, words).
ENCODINGS = (
    ("cp1252", "Western Europe, Windows (cp1252)"),
    ("cp1250", "Central Europe, Windows (cp1250)"),
    ("cp1251", "Cyrillic, Windows (cp1251)"),
    ("mac_roman", "Western Europe, Mac (Mac Roman)"),
    ("utf-16-le", "Unicode, UTF-16"),
    ("cp932", "Japanese, Windows (cp932)"),
)
DELIMITER_WORDS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar"}


def path_of(uuid: UUID) -> Path:
    return settings.UPLOAD_DIR / f"{uuid}.csv"


def clean_name(name: str) -> str:
    """The name as people called it, for showing only: no folders, no control characters."""
    name = unicodedata.normalize("NFC", name).replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(char for char in name if char.isprintable())[-200:].strip() or "file.csv"


def store(uuid: UUID, chunks: Iterable[bytes]) -> int:
    """Write an upload to its place; FileError if it is larger than allowed. Returns its size."""
    path, size = path_of(uuid), 0
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        with path.open("xb") as file:
            for chunk in chunks:
                size += len(chunk)
                if size > MAX_BYTES:
                    raise FileError(
                        f"The file is larger than {MAX_BYTES // 1024 // 1024} MB. Split it and import the parts."
                    )
                file.write(chunk)
        path.chmod(0o600)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return size


def remove(uuid: UUID) -> None:
    path_of(uuid).unlink(missing_ok=True)


class EncodingUnknown(FileError):
    """Neither marked nor UTF-8: a person has to say what it is."""


def look(uuid: UUID, *, encoding: str = "", delimiter: str = "", wanted: Sequence[str] = ()) -> Table:
    """The file as a table, within the limits. EncodingUnknown if a person has to choose, FileError if it can't be read."""
    path = path_of(uuid)
    first_bytes(path)
    if not encoding and not is_utf8(path):
        raise EncodingUnknown("The file does not say how its letters are stored. Choose below how it reads correctly.")
    table = open_table(path, wanted=wanted, encoding=encoding, delimiter=delimiter)
    if table.total > MAX_ROWS:
        raise FileError(f"The file has {table.total:,} rows; {MAX_ROWS:,} is the most. Split it and import the parts.")
    if len(table.header) > MAX_COLUMNS:
        raise FileError(f"The file has {len(table.header):,} columns; {MAX_COLUMNS:,} is the most.")
    if table.total == 0:
        raise FileError("The file has a header and no rows.")
    return table


def is_utf8(path: Path) -> bool:
    """Whether a mark says what it is, or every byte is strict UTF-8. Zeros mean UTF-16 without a mark."""
    decoder, first = codecs.getincrementaldecoder("utf-8")("strict"), True
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            if first and block.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
                return True
            # A handful of zeros is bad cells; every second byte is another encoding.
            if first and block[:200].count(0) * 3 > len(block[:200]):
                return False
            first = False
            try:
                decoder.decode(block)
            except UnicodeDecodeError:
                return False
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def readings(uuid: UUID) -> list[dict]:
    """How the first lines with unusual letters look under each encoding that can read the whole file."""
    data = path_of(uuid).read_bytes()
    lines = [line for line in data.split(b"\n") if any(byte > 127 for byte in line)][:3] or data.split(b"\n")[:2]
    wide = data[:200].count(0) * 3 > len(data[:200])
    found = []
    for name, words in ENCODINGS:
        if wide != (name == "utf-16-le"):
            continue
        try:
            whole = data.decode(name)
        except (UnicodeDecodeError, UnicodeError):
            continue
        shown = whole.splitlines()[:3] if wide else [line.decode(name, "replace") for line in lines]
        found.append({"name": name, "words": words, "lines": [_printable(line)[:160] for line in shown]})
    return found


def _printable(text: str) -> str:
    return "".join(char if char.isprintable() else " " for char in text).strip()


def fingerprint(header: Sequence[str]) -> str:
    """The same headers in any order are the same kind of file."""
    return hashlib.sha256("\x1f".join(sorted(header)).encode()).hexdigest()
