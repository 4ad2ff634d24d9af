"""The funnel owner's page: everything that is off plan, not agreed or not to be trusted, from first stage to revenue.

One person answers for the whole funnel (product.md row 3); this is what that person looks at first.
"""

import datetime as dt
from dataclasses import dataclass

from django.db.models import Count, Min

from accounts.models import Membership, Role, Side
from accounts.queries import on_day
from core.periods import working_days
from funnel.book import StageInfo
from funnel.models import Agreement
from funnel.queries import open_version, version_in_force
from funnel.services import missing_sides
from leads.models import NextStep
from metrics.answers import ask
from metrics.dashboard import EVERYBODY, one_number
from metrics.frame import Frame
from metrics.health import Check, data_checks
from metrics.plan import monthly_targets, planned
from metrics.series import Snapshot
from metrics.two_counts import BETWEEN, STATES, two_counts


@dataclass(frozen=True)
class StageOnPlan:
    """Entries into a stage against the plan to date; `gap` is below zero where entries are missing."""

    stage: StageInfo
    value: int
    plan: int
    explain: str

    @property
    def gap(self) -> int:
        return self.value - self.plan

    @property
    def off(self) -> bool:
        """More than 5 % short of plan: less is not worth a name."""
        return self.value < self.plan * 0.95


@dataclass(frozen=True)
class Unsigned:
    """A version that a side has not signed: in force (`from_day`), or put to both teams `waited` working days ago."""

    number: int
    from_day: dt.date | None
    missing: tuple[str, ...]
    waited: int = 0
    trial_until: dt.date | None = None


@dataclass(frozen=True)
class Overdue:
    """Next steps of leads and deals that are past their day, whoever planned them."""

    number: int
    oldest: dt.date | None


@dataclass(frozen=True)
class OwnerPage:
    one: dict
    stages: list[StageOnPlan]
    unsigned: list[Unsigned]
    gaps: list[Check]
    between: list[tuple[str, str, int]]  # leads between both counts: state, its label, how many
    overdue: Overdue
    unanswered: list[str]  # posts that nobody holds

    @property
    def quiet(self) -> bool:
        behind = self.one["gap"] is not None and self.one["gap"] < 0
        off = any(stage.off for stage in self.stages)
        late = any(number for state, _, number in self.between if state == "untouched")
        return not (behind or off or late or self.unsigned or self.gaps or self.overdue.number or self.unanswered)


def owner_page(snapshot: Snapshot, frame: Frame, now: dt.datetime) -> OwnerPage:
    """What the funnel owner sees for a frame: worst first in every list."""
    stages = []
    for stage in snapshot.book.newest.path():
        plan = planned(monthly_targets(snapshot, "stage_inflow", stage.id), frame.to_date)
        if not plan:
            continue
        params = frame.params(stage=stage.key)
        answer = ask("stage_inflow", params, reader=EVERYBODY, now=now, snapshot=snapshot)
        stages.append(StageOnPlan(stage, answer["value"], plan, frame.explain_url("stage_inflow", stage=stage.key)))
    return OwnerPage(
        one=one_number(snapshot, frame),
        stages=sorted(stages, key=lambda s: s.value / s.plan),
        unsigned=_unsigned(snapshot, frame.today),
        gaps=[check for check in data_checks(snapshot, now) if check.state in ("warn", "block")],
        between=_between(snapshot, frame),
        overdue=_overdue(frame.today),
        unanswered=_unanswered(frame.today),
    )


def _unsigned(snapshot: Snapshot, today: dt.date) -> list[Unsigned]:
    """The version in force, while a side is missing, and the one that both teams are asked about."""
    found = []
    for version in (version_in_force(today), open_version()):
        if version is None or version.state == Agreement.State.DRAFT or not (missing := missing_sides(version)):
            continue
        sides = tuple(side.label.lower() for side in missing)
        asked = version.state == Agreement.State.PROPOSED
        waited = working_days(snapshot.calendar.day_of(version.proposed_at), today) if asked else 0
        found.append(Unsigned(version.number, None if asked else version.from_day, sides, waited, version.trial_until))
    return found


def _between(snapshot: Snapshot, frame: Frame) -> list[tuple[str, str, int]]:
    counts = two_counts(snapshot, frame)
    return [(key, label, counts.size(key)) for key, label, _ in STATES if key in BETWEEN] if counts else []


def _overdue(today: dt.date) -> Overdue:
    late = NextStep.objects.filter(done_at=None, due_on__lt=today)
    return Overdue(**late.aggregate(number=Count("id"), oldest=Min("due_on")))


def _unanswered(today: dt.date) -> list[str]:
    """The posts without which somebody is missing when a number is bad: a lead of each team, the funnel owner."""
    roles = (Role.TEAM_LEAD, Role.FUNNEL_OWNER)
    held = Membership.objects.filter(on_day(today), role__in=roles, user__is_active=True)
    there = set(held.values_list("role", "team__side"))
    posts = (
        ("marketing lead", (Role.TEAM_LEAD, Side.MARKETING)),
        ("sales lead", (Role.TEAM_LEAD, Side.SALES)),
        ("funnel owner", (Role.FUNNEL_OWNER, None)),
    )
    return [words for words, (role, side) in posts if not any(r == role and (side is None or s == side) for r, s in there)]
