"""The set-up guide of a new company: its steps, and how far each is. Reads only; progress comes from the data.

Stored are two things that data can't tell: that a step was put off, and that a text was read.
"""

import datetime as dt
from dataclasses import dataclass

from accounts.models import Invite, Membership, Role, Side
from accounts.queries import on_day
from core.models import Organisation
from core.queries import calendar, organisation
from funnel.models import Agreement, Target
from funnel.queries import open_version, version_in_force
from integrations.models import GuideMark
from leads.models import Lead


@dataclass(frozen=True)
class Step:
    """`why` it matters and what happens `then`; minutes it takes."""

    key: str
    title: str
    minutes: int
    why: str
    then: str


STEPS = (
    Step(
        "company", "Name, zone, currency", 1,
        "Days, weeks and money are counted in your company’s own calendar and currency, the same for both teams.",
        "Every page and every export uses them.",
    ),
    Step(
        "stages", "Stages with written definitions", 3,
        "Most quarrels about numbers are about words: a stage counts only as well as it is defined.",
        "Leads move through these stages; every number names the version of them that it used.",
    ),
    Step(
        "words", "Reasons and words", 2,
        "The same word means different things in each team. Here each meaning stands beside the agreed one.",
        "People choose from these reasons; the words explain themselves wherever they appear.",
    ),
    Step(
        "people", "People who answer for it", 3,
        "A lead of each team signs the definitions, and one person answers for the whole funnel.",
        "They get a link that works once and for 7 days.",
    ),
    Step(
        "import", "First import", 5,
        "Your own leads with their original dates show at once where both teams count differently.",
        "A trial run shows every row before anything is stored; an import can be undone for 7 days.",
    ),
    Step(
        "target", "First target", 1,
        "A number without a plan is neither good nor bad.",
        "The dashboard shows it beside the gross profit and the MQL of each month.",
    ),
    Step(
        "sign", "Signatures of both leads", 2,
        "Definitions that both teams signed are the only ones nobody can argue with later.",
        "Numbers say “agreed by both teams” instead of “not agreed yet”.",
    ),
)  # fmt: skip
KEYS = tuple(step.key for step in STEPS)
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
    leads, targets = Lead.objects.count(), Target.objects.filter(agreement__in=[v.id for v in (version, draft) if v]).count()
    marks = dict(GuideMark.objects.values_list("step", "kind"))
    said = {
        "company": (True, f"{company.name}, {days.zone_on(today).key}, {company.base_currency}"),
        "stages": (version is not None, _stages_said(version)),
        "words": (marks.get("words") == GuideMark.Kind.READ, "Read" if "words" in marks else ""),
        "people": (all(post.filled for post in posts), _people_said(posts)),
        "import": (leads > 0, f"{leads:,} {'lead' if leads == 1 else 'leads'}" if leads else ""),
        "target": (targets > 0, f"{targets:,} {'target' if targets == 1 else 'targets'}" if targets else ""),
        "sign": (version is not None and not missing, _sign_said(version, missing)),
    }
    steps = []
    for step in STEPS:
        done, words = said[step.key]
        state = "done" if done else "skipped" if marks.get(step.key) == GuideMark.Kind.SKIPPED else "open"
        steps.append(Progress(step, state, words if done or state == "open" else "Put off"))
    return Guide(
        company, days.zone_on(today).key, version, draft, posts, missing, steps, leads, targets, AWAY in marks
    )  # fmt: skip


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
