"""A small company in which a little of everything has happened: for tests that hold for every metric."""

import datetime as dt
import random
from dataclasses import dataclass

import pytest
from django.db import transaction

from accounts import services as accounts
from accounts.models import Role, Side, User
from campaigns import services as campaigns
from core.services import set_up_organisation
from funnel import services as funnel
from funnel.models import Agreement, LeadValue, Promise, Stage
from leads import services as leads
from leads.models import Lead
from leads.services.rebuilding import rebuild_since
from metrics import rollup
from metrics.definitions import METRICS
from tests.metrics.journeys import tell

PERIOD = "2025-02-10/2025-09-01"  # begins inside a week and a quarter
AT = "2025-08-31"
PATHS = [
    "inquiry", "inquiry mql", "inquiry mql recycled", "inquiry mql sal sql", "inquiry sql opportunity", "mql lost",
    "mql sal sql opportunity won", "inquiry mql sal mql sal sql lost", "inquiry mql disqualified", "mql recycled mql sql",
    "sal sql opportunity", "inquiry mql sal sql opportunity lost sql won", "inquiry mql won",
]  # fmt: skip


@dataclass
class Rich:
    leads: list[Lead]
    people: dict[str, User]


def people_of(teams) -> dict[str, User]:
    roles = {
        "administrator": (Role.ADMINISTRATOR, None),
        "funnel_owner": (Role.FUNNEL_OWNER, None),
        "sales_lead": (Role.TEAM_LEAD, teams["Sales"]),
        "rep": (Role.REP, teams["Sales"]),
        "other_rep": (Role.REP, teams["Sales"]),
        "marketer": (Role.REP, teams["Marketing"]),
        "viewer": (Role.VIEWER, None),
    }
    found = {}
    for key, (role, team) in roles.items():
        found[key] = accounts.add_person(email=f"{key}@example.com", name=key, password=None, actor=None)
        accounts.give_role(user=found[key], role=role, team=team, from_day=dt.date(2025, 1, 1), actor=None)
    return found


def build(seed: int = 7, size: int = 90) -> Rich:
    """Leads with every kind of journey, deals with every kind of gap, by a fixed seed."""
    pick = random.Random(seed)  # noqa: S311 - a fixture, not a secret
    teams = {
        "Marketing": accounts.add_team(name="Marketing", side=Side.MARKETING, actor=None),
        "Sales": accounts.add_team(name="Sales", side=Side.SALES, actor=None),
    }
    people = people_of(teams)
    version = Agreement.objects.get()
    Promise.objects.create(agreement=version, key="M1", volume=500, cap=12_000)
    Promise.objects.create(agreement=version, key="M2", amount=100_000_000)
    LeadValue.objects.create(agreement=version, tier="gold", gross_profit=50_000)  # the others have no value
    channels = [campaigns.ensure_channel(name=name) for name in ("Search", "Fair")]
    spring = campaigns.ensure_campaign(name="Spring", channel=channels[0])
    segments = [funnel.ensure_segment(name=name) for name in ("Mid", "Small")]
    region = funnel.ensure_region(name="North")
    journeys = {}
    for i in range(size):
        path, at = (
            pick.choice(PATHS).split(),
            dt.datetime(2025, 1, 15, 8, tzinfo=dt.UTC) + dt.timedelta(days=pick.randint(0, 170)),
        )
        steps = []
        for key in path:
            mark = pick.choices(["", "?"], [25, 1])[0]
            steps.append(f"{key} {mark}{at:%Y-%m-%dT%H:%M}")
            at += dt.timedelta(days=pick.choice([0, 1, 2, 5, 9, 20]), hours=pick.randint(0, 9))
        owner = pick.choice([None, people["rep"], people["other_rep"], people["marketer"], people["rep"]])
        journeys[f"lead {i}"] = (
            ", ".join(steps),
            {
                "channel": pick.choice([None, *channels]),
                "campaign": pick.choice([None, spring]),
                "segment": pick.choice([None, *segments]),
                "region": pick.choice([None, region]),
                "tier": pick.choice(["", "gold"]),
                "origin": pick.choice(["marketing", "marketing", "sales", "partner", "customer"]),
                "owner": owner,
                "team": teams["Sales"] if owner is None and i % 3 == 0 else None,
            },
        )
    told = list(tell(journeys).values())
    for lead in told[::3]:
        leads.record_touch(
            lead=lead, side="sales", kind="call", occurred_at=lead.created_at + dt.timedelta(minutes=pick.randint(1, 4000)),
            actor=None,
        )  # fmt: skip
    add_deals(told, people, segments, pick)
    leads.merge_leads(survivor=told[0], duplicate=told[1], actor=None)
    leads.void_lead(lead=told[2], actor=None)
    rollup.drain()
    return Rich(told, people)


def add_deals(told, people, segments, pick) -> None:
    version = funnel.draft_version(actor=None)
    funnel.set_margin(agreement=version, segment=segments[0], from_day=dt.date(2025, 1, 1), basis_points=3000, actor=None)
    funnel.put_in_force(agreement=version, from_day=dt.date(2025, 1, 2), actor=None)
    rebuild_since(dt.date(2025, 1, 2))  # what begins in the past reaches what has happened
    for i in range(45):
        lead = told[3 + i] if i % 4 else None
        opened = dt.datetime(2025, 2, 1, 9, tzinfo=dt.UTC) + dt.timedelta(days=pick.randint(0, 120))
        deal = leads.open_deal(
            lead=lead, occurred_at=opened, amount=pick.choice([None, 0, 100_000, 250_050, 999_999]),
            cost=pick.choice([None, 40_000]), currency=pick.choice(["EUR", "EUR", "USD"]), actor=None,
            owner=pick.choice([None, people["rep"], people["rep"], people["other_rep"]]),
            kind=pick.choice(["new", "expansion", "renewal"]), segment=pick.choice([None, *segments]),
            expected_close=pick.choice([None, dt.date(2025, 8, 1), dt.date(2025, 12, 1)]),
        )  # fmt: skip
        closed = opened + dt.timedelta(days=pick.randint(0, 60))
        match i % 5:
            case 0 | 1:
                leads.win_deal(
                    deal=deal, occurred_at=closed, actor=None, time_precision=pick.choice(["instant", "instant", "unknown"])
                )
                if deal.amount and i % 2:
                    leads.credit_deal(deal=deal, amount=1_000, occurred_at=closed + dt.timedelta(days=3), actor=None)
            case 2:
                leads.lose_deal(deal=deal, reason="price", occurred_at=closed, actor=None)


@pytest.fixture(scope="module")
def rich_of_module(django_db_setup, django_db_blocker):
    """Built once for a module, in one transaction that is rolled back at its end."""
    with django_db_blocker.unblock(), transaction.atomic():
        set_up_organisation(name="Testfirma", tz="Europe/Berlin", base_currency="EUR", from_day=dt.date(2025, 1, 1))
        funnel.adopt_preset(preset="b2b", from_day=dt.date(2025, 1, 1), actor=None)
        yield build()
        transaction.set_rollback(True)


@pytest.fixture
def rich(rich_of_module, db) -> Rich:
    """The rich company; what a test changes is undone."""
    return rich_of_module


def sensible(key: str) -> dict[str, str]:
    """Parameters with which a metric can be asked: the stages that it insists on, and nothing else."""
    metric = METRICS[key]
    params = {}
    if metric.stage == "?":
        params["stage"] = "mql"
    if metric.to_stage == "?":
        params["to_stage"] = "sql"
    return params


def dated(key: str) -> dict[str, str]:
    """The same with fixed days."""
    if METRICS[key].basis == "instant":
        return sensible(key) | {"at": AT}
    start, end = PERIOD.split("/")
    return sensible(key) | {"from": start, "to": end}


def stage_keys() -> list[str]:
    return list(Stage.objects.order_by("id").values_list("key", flat=True))
