"""A seeded company of N leads over two years: each moves five or six times, some come back, some are won.

Events, touches and deals are written column by column; what follows from them (stays, stages, spans, segments) the product
computes itself, so that `rollup --check` finds nothing to say.
"""

import datetime as dt
from dataclasses import dataclass

import numpy as np
from django.db import connection, transaction

from accounts import services as accounts
from accounts.models import Role, Side, User
from benchmarks.loading import follow_sequences, load
from campaigns.models import Campaign, Channel
from campaigns.services import ensure_campaign, ensure_channel, record_spend
from core.periods import date_of
from core.queries import calendar
from core.services import set_up_organisation
from funnel.book import load_book
from funnel.models import Region, Segment
from funnel.services import adopt_preset, ensure_region, ensure_segment
from leads.models import Company, Contact, Deal, DealEvent, Lead, LeadEvent, Touch

SEED = 20_260_101
CHUNK = 20_000
DAY = 86_400
CHANNELS = ("search", "social", "referral", "events", "partners", "e-mail", "direct", "display", "webinars", "outbound")
SEGMENTS = ("industry", "trade", "services", "health", "public")
REGIONS = ("north", "south", "east", "west", "centre", "alps", "coast", "islands", "abroad", "capital")
TIERS = ("", "A", "B", "C")
MOST_MOVES = 8
# Ways through the stages, with how many of a hundred leads go there. Those whose time is not up are cut off today.
WAYS = (
    (16, "inquiry mql sal sql opportunity won"),
    (18, "inquiry mql sal sql opportunity lost"),
    (14, "inquiry mql recycled mql sal sql lost"),
    (12, "inquiry mql sal mql sal sql opportunity won"),
    (12, "inquiry mql sal recycled mql sal disqualified"),
    (12, "inquiry mql sal sql sal sql opportunity lost"),
    (8, "inquiry mql recycled mql recycled mql disqualified"),
    (8, "inquiry mql sal sql opportunity sql opportunity lost"),
)


@dataclass(frozen=True)
class Cast:
    """Who and what the leads refer to."""

    agreement: int
    stage: dict[str, int]
    owners: np.ndarray
    channels: np.ndarray
    campaigns: np.ndarray
    segments: np.ndarray
    regions: np.ndarray


def days_of(leads: int) -> int:
    """Two years; fewer for a company so small that most days would be empty."""
    return min(730, max(120, leads // 10))


def make_company(leads: int, *, now: dt.datetime, seed: int = SEED) -> None:
    """Set the company up and write what happened to its leads. Projections and segments are not there yet."""
    with transaction.atomic():
        cast = _cast(now, days_of(leads))
    random = np.random.default_rng(seed)
    days = _LocalDays(now, days_of(leads))
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA foreign_keys=OFF")
            cursor.execute("PRAGMA synchronous=OFF")
    companies = max(leads // 4, 1)
    ids = np.arange(1, companies + 1)
    with transaction.atomic():
        load(Company, id=ids, name=[f"Company {i}" for i in ids], domain=[f"company-{i}.example" for i in ids])
    event = deal = deal_event = 1
    for start in range(0, leads, CHUNK):
        chunk = _Chunk(cast, random, days, start + 1, min(start + CHUNK, leads) + 1)
        with transaction.atomic():
            chunk.people(companies)
            event = chunk.moves(event)
            chunk.touches()
            deal, deal_event = chunk.deals(deal, deal_event)
    follow_sequences(Company, Contact, Lead, LeadEvent, Deal, DealEvent)
    connection.close()  # the settings of the product hold again


def _cast(now: dt.datetime, days: int) -> Cast:
    first = now.date() - dt.timedelta(days=days + 60)
    set_up_organisation(name="Bench", tz="Europe/Berlin", base_currency="EUR", from_day=first)
    adopt_preset(preset="b2b", from_day=first, actor=None)
    owners = []
    for name, side in (("Marketing", Side.MARKETING), ("Sales", Side.SALES)):
        team = accounts.add_team(name=name, side=side, actor=None)
        for i in range(20):
            address = f"{name.lower()}-{i}@bench.example"
            user = accounts.add_person(email=address, name=f"{name} {i}", password=None, actor=None)
            accounts.give_role(user=user, role=Role.REP, team=team, from_day=first, actor=None)
            owners.append(user.id)
    chief = accounts.add_person(email="owner@bench.example", name="Funnel owner", password=None, actor=None)
    accounts.give_role(user=chief, role=Role.FUNNEL_OWNER, from_day=first, actor=None)
    for name in CHANNELS:
        channel = ensure_channel(name=name)
        for i in range(10):
            ensure_campaign(name=f"{name} {i}", channel=channel)
        for month in range(days // 30):
            start = first + dt.timedelta(days=60 + 30 * month)
            end = start + dt.timedelta(days=29)
            record_spend(
                amount=900_000 + month, currency="EUR", service_from=start, service_to=end, channel=channel, actor=None
            )
    for name in SEGMENTS:
        ensure_segment(name=name)
    for name in REGIONS:
        ensure_region(name=name)

    def ids(model) -> np.ndarray:
        return np.array(model.objects.order_by("id").values_list("id", flat=True))

    version = load_book().newest
    stages = {stage.key: stage.id for stage in version.stages.values()}
    return Cast(version.id, stages, np.array(owners), ids(Channel), ids(Campaign), ids(Segment), ids(Region))


class _LocalDays:
    """The company's day of an instant, by table: in Europe clocks change on the hour."""

    def __init__(self, now: dt.datetime, days: int):
        self.end, self.span = int(now.timestamp()), days * DAY
        self.first = self.end // 3600 - (days + 90) * 24
        cal = calendar()
        hours = range(self.first, self.end // 3600 + 2)
        days = [cal.day_of(dt.datetime.fromtimestamp(hour * 3600, dt.UTC)) for hour in hours]
        self.days = np.array([(day - date_of(0)).days for day in days], np.int64)

    def of(self, seconds: np.ndarray) -> np.ndarray:
        """Midnight UTC of the local calendar day, in seconds, as `load` wants days."""
        return self.days[seconds // 3600 - self.first] * DAY


class _Chunk:
    """The leads from `first` up to `stop`, all columns at once."""

    def __init__(self, cast: Cast, random: np.random.Generator, days: _LocalDays, first: int, stop: int):
        self.cast, self.random, self.days = cast, random, days
        self.ids = np.arange(first, stop)
        n = self.size = len(self.ids)
        ways = [way.split() for _, way in WAYS]
        table = np.zeros((len(ways), MOST_MOVES + 1), np.int64)
        for i, way in enumerate(ways):
            table[i, : len(way)] = [cast.stage[key] for key in way]
        lengths = np.array([len(way) for way in ways])
        share = np.array([part for part, _ in WAYS], float)
        self.way = random.choice(len(ways), n, p=share / share.sum())
        # More leads from year to year; a lead's moves follow each other by hours to weeks.
        self.created = days.end - days.span + (np.sqrt(random.random(n)) * days.span).astype(np.int64)
        gaps = (random.exponential(5 * DAY, (n, MOST_MOVES)) + 1_800).astype(np.int64)
        self.at = np.column_stack([self.created, self.created[:, None] + np.cumsum(gaps, axis=1)])
        order = np.arange(MOST_MOVES + 1)
        self.happened = (order[None, :] < lengths[self.way][:, None]) & (self.at <= days.end)
        self.stages = table[self.way]
        self.owner = random.choice(cast.owners, n)
        self.channel = random.integers(0, len(cast.channels), n)
        self.campaign = self.channel * 10 + random.integers(0, 10, n)

    def people(self, companies: int) -> None:
        cast, random, n = self.cast, self.random, self.size
        company = random.integers(1, companies + 1, n)
        load(
            Contact, id=self.ids, company_id=company, name=[f"Person {i}" for i in self.ids],
            email=[f"person-{i}@company-{c}.example" for i, c in zip(self.ids, company, strict=True)],
        )  # fmt: skip
        load(
            Lead, id=self.ids, source="bench", external_id=[f"L{i}" for i in self.ids], contact_id=self.ids,
            company_id=company, channel_id=cast.channels[self.channel], campaign_id=cast.campaigns[self.campaign],
            segment_id=random.choice(cast.segments, n), region_id=random.choice(cast.regions, n), origin="marketing",
            tier=random.choice(TIERS, n).tolist(), score=(scores := random.integers(0, 100, n)), given_score=scores,
            version=1,
        )  # fmt: skip

    def moves(self, event: int) -> int:
        """The created event and the moves of each lead; returns the next free key."""
        lead, step = np.nonzero(self.happened)
        size = len(lead)
        before = self.stages[lead, np.maximum(step - 1, 0)].tolist()
        load(
            LeadEvent, id=np.arange(event, event + size), lead_id=self.ids[lead],
            kind=np.where(step == 0, "created", "moved").tolist(),
            from_stage_id=[None if s == 0 else b for s, b in zip(step.tolist(), before, strict=True)],
            to_stage_id=self.stages[lead, step],
            owner_id=[o if s == 0 else None for s, o in zip(step.tolist(), self.owner[lead].tolist(), strict=True)],
            occurred_at=self.at[lead, step], agreement_id=self.cast.agreement, source="bench",
        )  # fmt: skip
        return event + size

    def touches(self) -> None:
        """Three touches of marketing before the lead was there, and for six in ten a call after they became MQL."""
        cast, random, n = self.cast, self.random, self.size
        lead = np.repeat(np.arange(n), 3)
        at = self.created[lead] - random.integers(0, 20 * DAY, len(lead))
        campaign = random.integers(0, len(cast.campaigns), len(lead))
        load(
            Touch, lead_id=self.ids[lead], contact_id=self.ids[lead], side="marketing",
            kind=random.choice(["visit", "form", "ad", "webinar"], len(lead)).tolist(),
            channel_id=cast.channels[campaign // 10], campaign_id=cast.campaigns[campaign],
            occurred_at=at, day=self.days.of(at), source="bench",
        )  # fmt: skip
        mql = self.at[:, 1] + random.exponential(DAY / 4, n).astype(np.int64)
        called = np.nonzero(self.happened[:, 1] & (random.random(n) < 0.6) & (mql <= self.days.end))[0]
        load(
            Touch, lead_id=self.ids[called], contact_id=self.ids[called], side="sales", kind="call",
            actor_id=self.owner[called], occurred_at=mql[called], day=self.days.of(mql[called]), source="bench",
        )  # fmt: skip

    def deals(self, deal: int, event: int) -> tuple[int, int]:
        """A deal for each lead that became an opportunity; seven in ten of the closed ones know their cost."""
        cast, random = self.cast, self.random
        opened = self.happened & (self.stages == cast.stage["opportunity"])
        lead = np.nonzero(opened.any(axis=1))[0]
        size, step = len(lead), opened.argmax(axis=1)[lead]
        amount = np.maximum(random.lognormal(9.5, 0.8, size), 500).astype(np.int64) * 100
        ids, at = np.arange(deal, deal + size), self.at[lead, step]
        load(Deal, id=ids, source="bench", lead_id=self.ids[lead], name=[f"Deal {i}" for i in ids], origin="marketing")
        close = {}
        for kind in ("won", "lost"):
            closed = (self.happened & (self.stages == cast.stage[kind]))[lead]
            close[kind] = np.nonzero(closed.any(axis=1))[0], closed.argmax(axis=1)
        cost = (amount * random.uniform(0.3, 0.8, size)).astype(np.int64)
        known = np.nonzero(random.random(size) < 0.7)[0]
        parts = [("opened", np.arange(size), at, {"amount": amount, "base_amount": amount, "currency": "EUR"})]
        parts[0][3]["owner_id"] = self.owner[lead]
        parts.append(("cost", known, at[known] + 60, {"amount": cost[known], "base_cost": cost[known]}))
        has_cost = np.zeros(size, bool)
        has_cost[known] = True
        for kind, (rows, steps) in close.items():
            base_cost = [int(c) if has else None for c, has in zip(cost[rows], has_cost[rows], strict=True)]
            more = {"base_amount": amount[rows], "base_cost": base_cost}
            parts.append((kind, rows, self.at[lead[rows], steps[rows]], more))
        for kind, rows, when, more in parts:
            inside = when <= self.days.end
            keep = {name: _under(values, inside) for name, values in more.items()}
            number = int(np.count_nonzero(inside))
            load(
                DealEvent, id=np.arange(event, event + number), deal_id=ids[rows][inside], kind=kind,
                occurred_at=when[inside], source="bench", **keep,
            )  # fmt: skip
            event += number
        return deal + size, event


def _under(values, mask: np.ndarray):
    if isinstance(values, list):
        return [value for value, keep in zip(values, mask.tolist(), strict=True) if keep]
    return values if isinstance(values, str) else values[mask]


def chief() -> User:
    """Somebody who may see everything."""
    return User.objects.get(email="owner@bench.example")
