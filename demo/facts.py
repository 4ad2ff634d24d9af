"""What the story is made of: plain data with instants in UTC, no database. Things refer to each other by key."""

import datetime as dt
from dataclasses import dataclass, field


@dataclass
class Step:
    """An event of a lead: created, moved, assigned, amended, merged or lead_voided."""

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
    same_contact_as: int | None = None

    @property
    def created(self) -> dt.datetime:
        return self.steps[0].at


@dataclass
class SpendFact:
    amount: int
    currency: str
    first: dt.date
    last: dt.date
    campaign: str = ""
    channel: str = ""
    replaced_by: int | None = None


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
