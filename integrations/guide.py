"""The set-up guide of a new company: how far each step is. Reads only; progress comes from the data.

Stored are two things that data can't tell: that a step was put off, and that a text was read or a preset chosen.
"""

import datetime as dt
from dataclasses import dataclass

from accounts.models import Invite, Membership, Role, Side
from accounts.queries import on_day
from core.models import Organisation
from core.queries import calendar, organisation
from funnel.models import Agreement, Target, WorkingCalendar
from funnel.queries import open_version, version_in_force
from integrations.guide_steps import STEPS, Step
from integrations.models import GuideMark
from leads.models import Lead

AWAY = "away"  # the mark that takes the guide out of the navigation


@dataclass(frozen=True)
class Progress:
    """A step and its state: done, skipped or open, with what the data say about it."""

    step: Step
    state: str
    said: str

    @property
    def settled(self) -> bool:
        return self.state != "open"


@dataclass(frozen=True)
class Post:
    """Somebody the company needs: a person who is there, an open invitation, or nobody yet."""

    key: str
    label: str
    side: str
    why: str
    who: tuple[str, ...]
    invited: tuple[str, ...]

    @property
    def filled(self) -> bool:
        return bool(self.who or self.invited)


POSTS = (
    ("marketing", "Marketing lead", "marketing", "signs for marketing"),
    ("sales", "Sales lead", "sales", "signs for sales"),
    ("owner", "Funnel owner", "joint", "answers for the whole funnel, from the first inquiry to the revenue"),
)


@dataclass(frozen=True)
class Guide:
    company: Organisation
    zone: str
    version: Agreement | None
    draft: Agreement | None
    posts: list[Post]
    missing: tuple[str, ...]  # sides that have not signed the version in force
    steps: list[Progress]
    leads: int
    targets: int
    away: bool

    @property
    def may_change(self) -> bool:
        """Whether the first version still takes what these steps choose: nobody has signed it, and no draft is open."""
        return self.version is not None and len(self.missing) == 2 and self.draft is None

    @property
    def minutes_left(self) -> int:
        """About how long the steps take that are not done."""
        return sum(step.step.minutes for step in self.steps if step.state != "done")

    @property
    def done(self) -> int:
        return sum(step.state == "done" for step in self.steps)

    @property
    def next(self) -> str:
        """The first step that is still open; "" when none is."""
        return next((step.step.key for step in self.steps if not step.settled), "")

    def of(self, key: str) -> Progress:
        return next(step for step in self.steps if step.step.key == key)


def guide(now: dt.datetime) -> Guide:
    """How far the company has come: a dozen small queries, whatever its size."""
    days, company = calendar(), organisation()
    today = days.day_of(now)
    version, draft = version_in_force(today), open_version()
    posts = _posts(today, now)
    signed = set(version.signatures.values_list("side", flat=True)) if version else set()
    missing = tuple(side for side in (Side.MARKETING, Side.SALES) if side not in signed)
    signed_by_both = version is not None and not missing
    leads, targets = Lead.objects.count(), Target.objects.filter(agreement__in=[v.id for v in (version, draft) if v]).count()
    marks = dict(GuideMark.objects.values_list("step", "kind"))
    rules = version.entry_rules.count() if version else 0
    lines = version.promises.count() if version else 0
    read = {step for step, kind in marks.items() if kind == GuideMark.Kind.READ}
    hours = WorkingCalendar.objects.filter(team=None).exists()
    said = {
        "company": (True, f"{company.name}, {days.zone_on(today).key}, {company.base_currency}"),
        "stages": (version is not None, _stages_said(version)),
        "criteria": ("criteria" in read or rules > 0, _several(rules, "rule") or "No rules"),
        "promises": ("promises" in read or signed_by_both, _several(lines, "promise") or "No promises"),
        "words": ("words" in read, "Read" if "words" in marks else ""),
        "hours": (hours, "Set" if hours else ""),
        "people": (all(post.filled for post in posts), _people_said(posts)),
        "import": (leads > 0, _several(leads, "lead")),
        "target": (targets > 0, _several(targets, "target")),
        "sign": (signed_by_both, _sign_said(version, missing)),
    }
    steps = []
    for step in STEPS:
        done, words = said[step.key]
        state = "done" if done else "skipped" if marks.get(step.key) == GuideMark.Kind.SKIPPED else "open"
        steps.append(Progress(step, state, words if done else "Put off" if state == "skipped" else _still(step.key, words)))
    return Guide(
        company, days.zone_on(today).key, version, draft, posts, missing, steps, leads, targets, AWAY in marks
    )  # fmt: skip


def _several(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}" if number else ""


def _still(key: str, words: str) -> str:
    """What an open step says: what is missing, never what a preset has brought along unread."""
    return words if key in ("people", "sign") else ""


def _stages_said(version: Agreement | None) -> str:
    return f"{version.stages.filter(retired=False).count()} stages, version {version.number}" if version else ""


def _people_said(posts: list[Post]) -> str:
    empty = [post.label.lower() for post in posts if not post.filled]
    return f"Missing: {', '.join(empty)}" if empty else "All three posts"


def _sign_said(version: Agreement | None, missing: tuple) -> str:
    if version is None:
        return ""
    if not missing:
        return f"Version {version.number} signed by both teams"
    return f"Missing: {' and '.join(side.label.lower() for side in missing)}"


def _posts(today: dt.date, now: dt.datetime) -> list[Post]:
    roles = (Role.TEAM_LEAD, Role.FUNNEL_OWNER)
    held = Membership.objects.filter(on_day(today), role__in=roles, user__is_active=True)
    invites = Invite.objects.filter(used_at=None, revoked_at=None, expires_at__gt=now, role__in=roles)
    people, invited = {}, {}
    for found, rows in (
        (people, held.values_list("role", "team__side", "user__name", "user__email")),
        (invited, invites.values_list("role", "team__side", "email", "email")),
    ):
        for role, side, name, email in rows:
            found.setdefault("owner" if role == Role.FUNNEL_OWNER else side, []).append(name or email)
    return [
        Post(key, label, side, why, tuple(people.get(key, ())), tuple(invited.get(key, ())))
        for key, label, side, why in POSTS
    ]


def in_navigation() -> bool:
    """Whether the guide still has its place there: until an administrator puts it away."""
    return not GuideMark.objects.filter(step=AWAY).exists()
