"""My day: what one person has to do, most urgent first, and how far the day is. The same from 1 row to 500."""

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from accounts.models import Role, Side, Team, User
from accounts.queries import standing
from core.templatetags.display import TEAM_WORDS
from leads.day_queries import due_count
from leads.models import Lead, NextStep
from leads.pages.clocks import Clock
from leads.pages.filters import Surroundings
from leads.queries import open_steps

# Rows of a section in sight: what is due today or late, and never fewer than the first ones.
AT_LEAST, AT_MOST, FOLDED = 5, 20, 10
_STAND_FOR_BOTH = frozenset({Role.FUNNEL_OWNER, Role.ADMINISTRATOR})
_MORNING_ENDS, _DAY_ENDS = 12, 18
# What the first row of a section is, where nothing is due yet.
NOUNS = {"decide": "handoff", "contact": "contact", "follow": "step", "feedback": "feedback", "content": "request"}
_STEP_RELATED = ("lead__contact", "lead__company", "deal__company")


_NO_TIME = {"0 min late": "just late", "0 min left": "due at once"}
# From the keys of the rows that are shown to the rows.
Make = Callable[[Sequence], Iterable]


@dataclass(frozen=True)
class Row:
    """One thing to do. `kind` says which: its buttons, its link and its words follow from it."""

    kind: str
    key: int  # what the buttons act on: the handoff's entry, the lead or the step
    due_at: dt.datetime | None = None
    lead: Lead | None = None
    step: NextStep | None = None
    clock: Clock | None = None
    about: tuple[str, ...] = ()
    said: str = ""  # in somebody's own words
    missing: tuple[str, ...] = ()
    since: dt.datetime | None = None
    to_stage: int | None = None  # where its button moves the lead
    late: bool = False
    first: bool = False  # of all rows of the page it presses most

    @property
    def left(self) -> str:
        """Working time that is left, or by how much it is late. Nothing of either passes while nobody works."""
        words = self.clock.left_words if self.clock else ""
        return _NO_TIME.get(words, words)

    @property
    def name(self) -> str:
        return str(self.lead.contact or self.lead) if self.lead else ""


@dataclass(frozen=True)
class Section:
    """Rows of one kind. `more`: further ones that are not even folded away."""

    key: str
    title: str
    rows: Sequence[Row]
    folded: Sequence[Row] = ()
    more: int = 0
    sub: str = ""
    total: int = 0
    next_due: dt.datetime | None = None  # of the first folded one
    presses: bool = True  # whether its first row may be the next thing to do

    @property
    def later(self) -> int:
        """How many are out of sight."""
        return self.total - len(self.rows)


@dataclass(frozen=True)
class Done:
    """What the person did today. `undo`: address that takes it back, with the fields it needs."""

    text: str
    name: str
    href: str
    at: dt.datetime
    undo: str = ""
    undo_field: str = ""


@dataclass(frozen=True)
class Day:
    side: str
    both_sides: bool
    greeting: str
    sections: list[Section]
    done: list[Done]
    due: int  # what the header counts
    promise: str
    teams: list[Team]
    leads_team: bool
    quiet: str = ""  # nothing is due: what to say instead
    quiet_next: dt.datetime | None = None
    quiet_what: str = ""

    @property
    def total(self) -> int:
        return self.due + len(self.done)

    @property
    def side_words(self) -> list[tuple[str, str]]:
        return [(side, TEAM_WORDS[side]) for side in ("sales", "marketing")]


def most_urgent_first(sections: Sequence[Section]) -> list[Section]:
    """Sections in the order of what presses most in each; the very first row of all is marked."""
    ordered = sorted(
        sections, key=lambda s: (not s.presses, _due(s) is None, _due(s) or dt.datetime.max.replace(tzinfo=dt.UTC))
    )
    if not ordered or not ordered[0].presses:
        return ordered
    first = ordered[0]
    return [replace(first, rows=[replace(first.rows[0], first=True), *first.rows[1:]]), *ordered[1:]]


_NEVER = dt.datetime.max.replace(tzinfo=dt.UTC)


def _due(section: Section) -> dt.datetime | None:
    return section.rows[0].due_at


def sides_for(user: User) -> list[str]:
    """Which sides' days a person may look at, the own one first; both for those who answer for the whole funnel."""
    own = sorted(standing(user).sides - {Side.JOINT}, key=[Side.SALES, Side.MARKETING].index)
    found = [str(side) for side in own]
    if standing(user).roles & _STAND_FOR_BOTH or not found:
        found += [side for side in ("sales", "marketing") if side not in found]
    return found


def greeting(user: User, around: Surroundings) -> str:
    hour = around.now.astimezone(around.zone).hour
    part = "morning" if hour < _MORNING_ENDS else "afternoon" if hour < _DAY_ENDS else "evening"
    first = (user.name or "").split()
    return f"Good {part} {first[0]}." if first else f"Good {part}."


def on_the_way(around: Surroundings) -> list[int]:
    return [stage.id for stage in around.stages.values() if stage.open]


def count_due(around: Surroundings) -> int:
    return due_count(around.user, on_their_way=on_the_way(around), days=around.calendar, now=around.now)


def section_of(
    key: str,
    title: str,
    found: Sequence[tuple[int, dt.datetime | None]],
    make: Make,
    *,
    until: dt.datetime,
    sub: str = "",
) -> Section | None:
    """What presses most comes first, and all that is due before `until` is in sight. None when there is nothing.

    `found`: all there are, each with its due time, in any order.
    """
    ordered = sorted(found, key=lambda one: (one[1] is None, one[1] or until))
    due = sum(1 for _, at in ordered if at is not None and at < until)
    section = fold(key, title, [one for one, _ in ordered], make, seen=due, sub=sub)
    if section is None or not section.folded:
        return section
    return replace(section, next_due=section.folded[0].due_at)


def fold(
    key: str,
    title: str,
    ordered: Sequence,
    make: Make,
    *,
    seen: int = 0,
    sub: str = "",
    presses: bool = True,
) -> Section | None:
    """The first rows in sight, some more folded away; only these are looked up."""
    if not ordered:
        return None
    seen = min(max(seen, AT_LEAST), AT_MOST)
    rows = list(make(ordered[: seen + FOLDED]))
    more = max(len(ordered) - seen - FOLDED, 0)
    return Section(key, title, rows[:seen], rows[seen:], more, sub, len(ordered), presses=presses)


def follow_up(around: Surroundings) -> Section | None:
    """One's own next steps, also those of deals; one that is due on a day is due at its end."""
    days = around.calendar
    steps = open_steps(around.user).values_list("id", "due_on")
    found = [(pk, days.end_of_day(due_on) - dt.timedelta(seconds=1)) for pk, due_on in steps]

    def make(shown: Sequence[int]) -> list[Row]:
        rows = NextStep.objects.select_related(*_STEP_RELATED).in_bulk(shown)
        return [_step_row(rows[pk], around) for pk in shown]

    return section_of("follow", "Follow up", found, make, until=days.end_of_day(around.today))


def _step_row(step: NextStep, around: Surroundings) -> Row:
    due_at = around.calendar.end_of_day(step.due_on) - dt.timedelta(seconds=1)
    return Row(kind="step", key=step.pk, due_at=due_at, step=step, lead=step.lead, late=step.due_on < around.today)


def quiet_words(sections: Sequence[Section], missed_today: int, done: int) -> tuple[str, dt.datetime | None, str]:
    """What to say when nothing is due, when the next thing is, and what it is."""
    coming = [(row.due_at, s.key) for s in sections if s.presses for row in s.rows[:1] if row.due_at is not None]
    at, key = min(coming, default=(None, ""))
    if not coming and not done:
        return "Nothing is due.", None, ""
    return ("Nothing more is due today." if missed_today else "All promises kept today."), at, NOUNS.get(key, "")


def kept_words(closed: int, kept: int, running: int, what: str) -> str:
    """“first contact 3 of 4 in time”; what is still open cannot be missed yet."""
    if not closed:
        return f"{what}: {running} still open" if running else ""
    rest = f", {running} still open" if running else ""
    return f"{what} {kept} of {closed} in time{rest}"
