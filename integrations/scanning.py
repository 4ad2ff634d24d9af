"""Values of a file that a person has to decide on: stages, choices, people and channels that Tandem does not know, and
dates that are none. One reading of the file, no write."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

from accounts.models import Team, User
from campaigns.models import Channel
from core.errors import DomainError
from core.text import clean_text
from funnel.models import Region, Segment
from funnel.rules import check_move
from integrations.csv_reading import open_table
from integrations.errors import RowError
from integrations.fields import Holds, field_of
from integrations.mapping import Mapping, Part
from integrations.rows import Reader
from integrations.values import parse_time
from leads.projection import Context

# More questions than this help nobody: the mapping is wrong, or the values are left to the default.
MOST = 100
_REMEMBERED = 5_000
_STAGES = ("stage", "from_stage")
_NAMES = {"channel": Channel, "segment": Segment, "region": Region, "team": Team}
_PEOPLE = ("owner", "actor", "marketing_owner", "sales_owner")


class _Asked:
    """One field of one part: which of its values are not known."""

    def __init__(self, number: int, part: Part, name: str, index: int, known: Callable[[str], bool], kind: str):
        self.number, self.part, self.name, self.index, self.known, self.kind = number, part, name, index, known, kind
        self.values = part.values.get(name, {})
        self.answers: dict[str, bool] = {}
        self.counts: Counter = Counter()

    def take(self, cells: list[str]) -> None:
        try:
            raw = clean_text(cells[self.index])
        except ValueError:
            return
        text = self.values.get(raw, raw)
        if not text:
            return
        known = self.answers.get(text)
        if known is None:
            known = self.known(text)
            if len(self.answers) < _REMEMBERED:
                self.answers[text] = known
        if not known and (raw in self.counts or len(self.counts) < _REMEMBERED):
            self.counts[raw] += 1


def scan(path: Path, mapping: Mapping, progress: Callable[[int, int], None]) -> dict:
    """{"items": [{part, field, kind, text, rows}], "more": values beyond the limit}, most frequent first in each field."""
    context = Context()
    table = open_table(
        path,
        wanted=mapping.headers(),
        encoding=mapping.encoding,
        delimiter=mapping.delimiter,
        skip_footer=mapping.skip_footer,
    )
    reader = Reader(table, mapping, context.calendar)
    asked = []
    for number, part in enumerate(mapping.parts):
        for name, header in part.columns.items():
            known, kind = _check_of(part, name, context)
            if known:
                asked.append((number, _Asked(number, part, name, table.position(header), known, kind)))
    for done, row in enumerate(table):
        if done % 2_000 == 0:
            progress(done, table.total)
        if row.problem or not reader.wanted(row):
            continue
        for number, item in asked:
            if number == 0 or reader.applies(number, row.cells):
                item.take(row.cells)
    items, more = [], 0
    for _, item in asked:
        for text, rows in item.counts.most_common():
            if len(items) >= MOST:
                more += 1
                continue
            items.append({"part": item.number, "field": item.name, "kind": item.kind, "text": text[:300], "rows": rows})
    return {"items": items, "more": more}


def _check_of(part: Part, name: str, context: Context) -> tuple[Callable[[str], bool] | None, str]:
    spec = field_of(part.entity, name)
    if name in _STAGES:
        return _stage_check(context), "stage"
    if spec.holds == Holds.CHOICE:
        return lambda text: text.lower().replace(" ", "_") in spec.choices, "choice"
    if spec.holds in (Holds.TIME, Holds.DAY):
        return _date_check(part, name, context), "date"
    if name in _PEOPLE:
        known = set()
        for email, person in User.objects.values_list("email", "name"):
            known |= {email.casefold(), person.casefold()}
        return lambda text: part.policy("owner") == "create" or text.casefold() in known, "person"
    if name in _NAMES and part.policy(name) != "empty":
        names = set(_NAMES[name].objects.values_list("name", flat=True))
        return lambda text: text in names, "name"
    return None, ""


def _stage_check(context: Context) -> Callable[[str], bool]:
    version = context.book.newest
    usable = set()
    for stage in (s for v in context.book.versions for s in v.stages.values()):
        try:
            check_move(version, None, stage.id, "", historic=True)
        except DomainError:
            continue
        usable |= {stage.key, stage.name.casefold()}
    return lambda text: text.casefold() in usable


def _date_check(part: Part, name: str, context: Context) -> Callable[[str], bool]:
    forms = part.dates.get(name, ("iso",))

    def known(text: str) -> bool:
        try:
            parse_time(name, text, forms, zone=part.zone, calendar=context.calendar)
        except RowError:
            return False
        return True

    return known
