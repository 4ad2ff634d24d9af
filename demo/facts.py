"""What the story is made of: plain data with instants in UTC, no database. Things refer to each other by key."""

import datetime as dt
from dataclasses import dataclass, field


@dataclass
class Step:
    """An event of a lead: created, moved, assigned, amended, merged, lead_voided, or a step of a handoff.

    `about`: the entry of the handoff, or the request that is answered. `text` becomes a note.
    """

    at: dt.datetime
    kind: str
    stage: str = ""
    from_stage: str = ""
    reason: str = ""
    owner: str = ""
    team: str = ""
    actor: str = ""
    old_channel: str = ""
    new_channel: str = ""
    other: int | None = None
    about: "Step | None" = None
    field: str = ""
    old: str = ""
    new: str = ""
    until: dt.datetime | None = None
    text: str = ""


@dataclass
class TouchFact:
    at: dt.datetime
    side: str
    kind: str
    channel: str = ""
    campaign: str = ""
    content: str = ""
    actor: str = ""
    outcome: str = ""
    source: str = "tandem"
    external_id: str | None = None
    logged_at: dt.datetime | None = None  # at once, if nothing is said


@dataclass
class NoteFact:
    at: dt.datetime
    author: str
    text: str


@dataclass
class Money:
    """An event of a deal, in minor units of its currency."""

    at: dt.datetime
    kind: str
    amount: int | None = None
    owner: str = ""
    reason: str = ""


@dataclass
class DealFact:
    key: str
    name: str
    company: str
    currency: str
    kind: str = "new"
    origin: str = "marketing"
    lead: int | None = None
    renews: str | None = None
    term_start: dt.date | None = None
    term_end: dt.date | None = None
    expected_close: dt.date | None = None
    channel: str = ""
    segment: str = ""
    region: str = ""
    owner: str = ""
    contact_role: str = ""
    steps: list[Money] = field(default_factory=list)

    def last(self, kind: str) -> Money | None:
        return next((s for s in reversed(self.steps) if s.kind == kind), None)


@dataclass
class CompanyFact:
    name: str
    domain: str
    segment: str
    region: str


@dataclass
class LeadFact:
    key: int
    name: str
    email: str
    phone: str
    company: str
    origin: str
    tier: str
    score: int | None
    channel: str
    campaign: str
    segment: str
    region: str
    steps: list[Step] = field(default_factory=list)
    touches: list[TouchFact] = field(default_factory=list)
    notes: list[NoteFact] = field(default_factory=list)
    need: str = ""
    same_contact_as: int | None = None

    @property
    def created(self) -> dt.datetime:
        return self.steps[0].at


@dataclass
class PlanFact:
    """A next step that somebody wants to take on a day."""

    lead: int
    who: str
    what: str
    due_on: dt.date
    remind_on: dt.date | None = None


@dataclass
class SpendFact:
    amount: int
    currency: str
    first: dt.date
    last: dt.date
    campaign: str = ""
    channel: str = ""
    replaced_by: int | None = None
    kind: str = "programme"
    label: str = ""


@dataclass
class CampaignFact:
    name: str
    channel: str
    starts: dt.date
    ends: dt.date
    weight: float


@dataclass
class Story:
    company: str
    start: dt.date
    second_version_from: dt.date
    now: dt.datetime
    companies: dict[str, CompanyFact]
    campaigns: list[CampaignFact]
    leads: list[LeadFact]
    deals: list[DealFact]
    spend: list[SpendFact]
    rates: list[tuple[str, dt.date, str]]
    targets: list[tuple[str, str, dt.date, int]]
    plans: list[PlanFact]
