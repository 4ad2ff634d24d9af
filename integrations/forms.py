"""Step 2 as a form: from a mapping to what the page shows, and from what is posted to a mapping."""

from copy import deepcopy
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo, available_timezones

from core.queries import Calendar
from core.text import clean_text
from integrations import dates, uploads
from integrations.errors import RowError
from integrations.fields import FIELDS, REQUIRED, WITH_CUSTOM, Holds
from integrations.models import ImportJob
from integrations.uploads import MAX_COLUMNS
from integrations.values import parse_amount
from integrations.words import LABELS, choice, label

SAMPLE_ROWS = 2_000
_FIXED_TEXT = ("channel", "campaign", "segment", "region", "currency", "tier")
_KEEP = (
    "entity",
    "source",
    "encoding",
    "delimiter",
    "thousands",
    "values",
    "unknown",
    "filter",
    "on_existing",
    "file_order",
)
_COMMON = ("iso", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y %H:%M", "%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M", "%d %b %Y")
_FOOTER_ROWS = 12


@dataclass
class Sample:
    """The first rows of a file, by column, and how many lines at its end are no rows."""

    columns: list[list[str]]
    footer: int = 0

    def of(self, index: int | None) -> list[str]:
        return [] if index is None else self.columns[index]


def sample(job: ImportJob) -> Sample:
    mapping = job.mapping
    table = uploads.look(job.uuid, encoding=mapping.get("encoding", ""), delimiter=mapping.get("delimiter", ""))
    columns: list[list[str]] = [[] for _ in table.header]
    tail: list[bool] = []
    for number, row in enumerate(table):
        thin = len(table.header) > 2 and sum(1 for cell in row.cells if cell.strip()) <= 1
        tail = [*tail[-_FOOTER_ROWS:], thin]
        if number < SAMPLE_ROWS and not row.problem and not thin:
            for values, cell in zip(columns, row.cells, strict=True):
                try:
                    values.append(clean_text(cell))
                except ValueError:
                    values.append("")
    footer = next((i for i, thin in enumerate(reversed(tail)) if not thin), len(tail))
    return Sample(columns, footer if footer < table.total else 0)


@dataclass
class ColumnsForm:
    """What step 2 shows. `errors` are (field, sentence); a page with errors has stored nothing."""

    job: ImportJob
    mapping: dict
    sample: Sample
    stages: list  # StageInfo in the order of the funnel
    calendar: Calendar
    errors: dict[str, str] = field(default_factory=dict)
    asked_dates: dict[str, list[str]] = field(default_factory=dict)

    # --- from the page ------------------------------------------------------------------------------------------

    def read(self, post) -> dict:
        """The mapping that the page says; fills `errors`."""
        old, header = self.mapping, self.job.header
        found = {name: deepcopy(old[name]) for name in _KEEP if name in old}
        found |= {"columns": {}, "constants": {}, "dates": {}}
        self._read_reading(post, found)
        for name in (*FIELDS[self.job.entity], *(n for n in old["columns"] if n.startswith("custom."))):
            said = post.get(f"col-{name}", "")
            always = post.get(f"always-{name}", "").strip()[:120]
            if said.startswith("="):
                found["constants"][name] = said[1:]
            elif (index := _index(said, header)) is not None:
                found["columns"][name] = header[index]
                self._read_dates(post, name, index, found["dates"], f"fmt-{name}")
            elif always:
                found["constants"][name] = always
        if self.job.entity in WITH_CUSTOM:
            for text in post.getlist("keep"):
                if (index := _index(text, header)) is not None and header[index]:
                    found["columns"].setdefault(f"custom.{header[index][:100]}", header[index])
        self._read_stage_dates(post, found)
        self._require(found)
        self._read_decimal(post, found)
        for name in ("constants", "dates"):
            if not found[name]:
                del found[name]
        return found

    def _read_reading(self, post, found: dict) -> None:
        zone = post.get("timezone", "").strip()
        if zone and zone not in available_timezones():
            self.errors["timezone"] = "That is not a time zone. Example: Europe/Berlin."
        elif zone:
            found["timezone"] = zone
        footer = post.get("skip_footer", "").strip()
        if footer.isascii() and footer.isdigit() and int(footer[:6]):
            found["skip_footer"] = int(footer[:6])
        if post.get("newest_first"):
            found["file_order"] = "newest_first"
        elif found.get("file_order"):
            del found["file_order"]
        if day := post.get("snapshot", "").strip():
            found["snapshot"] = {"at": day}

    def _zone(self, mapping: dict) -> ZoneInfo | None:
        return ZoneInfo(mapping["timezone"]) if mapping.get("timezone") else None

    def _read_dates(self, post, name: str, index: int, found: dict, key: str, holds: Holds | None = None) -> None:
        if (holds or FIELDS[self.job.entity].get(name, FIELDS["lead"]["name"]).holds) not in (Holds.TIME, Holds.DAY):
            return
        said = post.get(key, "")
        if said and post.get(f"was-{key}") == str(index):
            found[name] = said.split("|")[:10]
            return
        forms = self._formats(index, self.mapping.get("dates", {}).get(name))
        if forms:
            found[name] = forms
            return
        taken, rivals = self._proposal(index)
        if taken:
            found[name] = taken
        elif rivals:
            found[name] = rivals[:1]
            self.asked_dates[key] = rivals
            self.errors[key] = "These dates can be read in more than one way. Choose which one is meant."
        elif any(self.sample.of(index)):
            self.errors[key] = "No known form of a date fits this column. Choose the form, or another column."

    def _proposal(self, index: int) -> tuple[list[str], list[str]]:
        return dates.propose(self.sample.of(index), zone=self._zone(self.mapping), calendar=self.calendar)

    def _formats(self, index: int, known: list[str] | None) -> list[str]:
        """The formats of the mapping, if they read every date of the sample."""
        values = [value for value in dict.fromkeys(self.sample.of(index)) if value][:200]
        zone = self._zone(self.mapping)
        if known and all(any(dates.readable(v, form, zone, self.calendar) for form in known) for v in values):
            return list(known)
        return []

    def _read_stage_dates(self, post, found: dict) -> None:
        """When a lead reached each stage, from a column per stage: each is an entity of its own in the mapping."""
        emits = [part for part in self.mapping.get("emit", []) if not self._is_stage_date(part)]
        for stage in self.stages if self.job.entity == "lead" else ():
            index = _index(post.get(f"stage-{stage.key}", ""), self.job.header)
            if index is None:
                continue
            forms: dict[str, list[str]] = {}
            self._read_dates(post, "occurred_at", index, forms, f"stagefmt-{stage.key}", Holds.TIME)
            name = self.job.header[index]
            part = {"entity": "stage_change", "when": name, "columns": {"occurred_at": name}}
            emits.append(part | {"constants": {"stage": stage.key}} | ({"dates": forms} if forms else {}))
        if emits:
            found["emit"] = emits

    def _is_stage_date(self, part: dict) -> bool:
        return (
            self.job.entity == "lead"
            and part["entity"] == "stage_change"
            and set(part.get("columns", {})) == {"occurred_at"}
            and set(part.get("constants", {})) == {"stage"}
        )

    def _require(self, found: dict) -> None:
        filled = found["columns"].keys() | found["constants"].keys()
        for group in REQUIRED[self.job.entity]:
            if not filled & set(group):
                names = " or ".join(f"“{label(name)}”" for name in group)
                self.errors[f"col-{group[0]}"] = f"Choose a column for {names}: without it a row can't be stored."
        needs_date = {"lead": ("created_at",), "deal": ("created_at",)}.get(self.job.entity, ())
        for name in needs_date:
            if name not in filled and "snapshot" not in found:
                self.errors[f"col-{name}"] = (
                    "Choose the column with the day of creation, or say below on which day the file was exported."
                )

    def _read_decimal(self, post, found: dict) -> None:
        said = post.get("decimal", "")
        if said in (".", ","):
            found["decimal"] = said
            return
        choice_ = self.decimal_of(found)
        if choice_ == "ask":
            self.errors["decimal"] = "These amounts can be read in two ways. Choose the decimal sign."
        elif choice_:
            found["decimal"] = choice_

    def decimal_of(self, mapping: dict) -> str:
        """The decimal sign under which all amounts can be read: ".", ",", "" if it makes no difference, else "ask"."""
        values = [v for name in ("amount", "cost") for v in self._values_of(mapping, name)]
        if not values:
            return ""
        reads = {sign: [_amount(value, sign) for value in values] for sign in (".", ",")}
        if reads["."] == reads[","]:
            return ""
        good = {sign: sum(amount is not None for amount in found) for sign, found in reads.items()}
        if good["."] == good[","]:
            return "ask"
        return max(good, key=good.get)

    def _values_of(self, mapping: dict, name: str) -> list[str]:
        header = mapping["columns"].get(name)
        return [v for v in dict.fromkeys(self.sample.of(_place(header, self.job.header))) if v][:400] if header else []

    # --- to the page --------------------------------------------------------------------------------------------

    def columns(self) -> list[dict]:
        """The file's columns as choices; one of a name that stands twice can't be chosen."""
        header = self.job.header[:MAX_COLUMNS]
        return [
            {
                "index": i,
                "name": name or f"(column {i + 1} without a name)",
                "usable": bool(name) and header.count(name) == 1,
            }
            for i, name in enumerate(header)
        ]

    def fields(self) -> list[dict]:
        mapping, needed = self.mapping, {name for group in REQUIRED[self.job.entity] for name in group}
        names = [*FIELDS[self.job.entity], *(name for name in mapping["columns"] if name.startswith("custom."))]
        rows = [self._field(name, name in needed) for name in names]
        return sorted(rows, key=lambda row: not (row["needed"] or row["chosen"] is not None or row["fixed"]))

    def _field(self, name: str, needed: bool) -> dict:
        spec = FIELDS[self.job.entity].get(name)
        chosen = _place(self.mapping["columns"].get(name), self.job.header)
        fixed = self.mapping.get("constants", {}).get(name, "")
        if name in ("stage", "from_stage"):
            options = [(stage.key, stage.name) for stage in self.stages]
        else:
            options = [(word, choice(word)) for word in spec.choices] if spec else []
        is_date = spec is not None and spec.holds in (Holds.TIME, Holds.DAY)
        return {
            "name": name,
            "label": label(name),
            "help": LABELS[name][1] if name in LABELS else "your own field",
            "needed": needed,
            "chosen": chosen,
            "fixed": fixed,
            "options": options,
            "fixable": name in _FIXED_TEXT,
            "samples": [v for v in dict.fromkeys(self.sample.of(chosen)) if v][:3],
            "error": self.errors.get(f"col-{name}", ""),
            "date": self._date(f"fmt-{name}", chosen, self.mapping.get("dates", {}).get(name)) if is_date else None,
        }

    def _date(self, key: str, index: int | None, known: list[str] | None) -> dict | None:
        if index is None:
            return None
        rivals = self.asked_dates.get(key, [])
        current = [] if rivals else (self._formats(index, known) or known or [])
        if not current and not rivals:
            current, rivals = self._proposal(index)
        value = next((v for v in self.sample.of(index) if v), "")
        lists = [current] if current else []
        lists += [[form] for form in (rivals or _COMMON) if [form] != current]
        telling = self._telling(index, rivals) or value
        return {
            "key": key,
            "was": index,
            "ask": not current,
            "error": self.errors.get(key, ""),
            "options": [("|".join(forms), " or ".join(dates.words(f) for f in forms), forms == current) for forms in lists],
            "examples": [self._example(telling, form) for form in (rivals or current)][:3],
        }

    def _telling(self, index: int, rivals: list[str]) -> str:
        """A value that two readings take for different days."""
        zone = self._zone(self.mapping)
        for value in self.sample.of(index) if rivals else ():
            if value and len({dates.readable(value, form, zone, self.calendar) for form in rivals}) > 1:
                return value
        return ""

    def _example(self, value: str, form: str) -> tuple[str, str]:
        at = dates.readable(value, form, self._zone(self.mapping), self.calendar)
        if at is None:
            return value[:40], ""
        local = at.astimezone(self.calendar.zone_at(at))
        clock = f", {local:%H:%M}" if (local.hour, local.minute) != (0, 0) else ""
        return value[:40], f"{local.day} {local:%b %Y}{clock}"

    def stage_dates(self) -> list[dict]:
        if self.job.entity != "lead":
            return []
        known = {p["constants"]["stage"]: p for p in self.mapping.get("emit", []) if self._is_stage_date(p)}
        found = []
        for stage in self.stages:
            part = known.get(stage.key)
            chosen = _place(part["columns"]["occurred_at"], self.job.header) if part else None
            forms = (part or {}).get("dates", {}).get("occurred_at")
            found.append({"stage": stage, "chosen": chosen, "date": self._date(f"stagefmt-{stage.key}", chosen, forms)})
        return found

    def unused(self) -> list[dict]:
        """Columns that nothing uses; they may be kept as own fields."""
        used = set(self.mapping["columns"].values())
        used |= {part.get("when") for part in self.mapping.get("emit", [])}
        return [column for column in self.columns() if column["usable"] and column["name"] not in used]


def _index(text: str, header: list[str]) -> int | None:
    if not (text.isascii() and text.isdigit()) or len(text) > 4 or int(text) >= len(header):
        return None
    index = int(text)
    return index if header[index] and header.count(header[index]) == 1 else None


def _place(name: str | None, header: list[str]) -> int | None:
    return header.index(name) if name and header.count(name) == 1 else None


def _amount(text: str, sign: str):
    try:
        return parse_amount("", text, decimal=sign, thousands=None).value
    except RowError:
        return None
