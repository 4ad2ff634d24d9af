"""A company to which anything may happen in any order: the rules that the property tests play."""

import datetime as dt
import functools
from decimal import Decimal

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from accounts import services as accounts
from accounts.models import Role, Side
from campaigns import services as campaigns
from campaigns.models import Spend
from core.errors import DomainError
from core.services import record_rate, set_up_organisation
from funnel import services as funnel
from funnel.models import Reason, Stage
from leads import services
from leads.models import Deal, DealEvent, Lead, LeadEvent, Precision, Touch
from metrics import rollup

START = dt.datetime(2025, 12, 20, 9, tzinfo=dt.UTC)
# Few instants, so that things meet: the same instant, the same day, midnight in Berlin, the clock change of March.
MOMENTS = st.builds(
    lambda day, hour: START.replace(hour=0) + dt.timedelta(days=day, hours=hour),
    st.integers(0, 100),
    st.sampled_from([0, 9, 9.5, 12, 22.5, 23, 23.5]),
)
PRECISIONS = st.sampled_from([Precision.INSTANT, Precision.INSTANT, Precision.DAY, Precision.UNKNOWN])
PICK = st.integers(0, 1_000)
AMOUNTS = st.sampled_from([0, 1, 99_999, 1_000_000])
CURRENCIES = st.sampled_from(["EUR", "USD"])
KINDS_TOLD = st.sampled_from(["moved", "moved", "assigned", "created"])
SIDES = st.sampled_from(["sales", "sales", "marketing"])


def expect_refusals(function):
    """A rule of the business may refuse; then nothing has happened."""

    @functools.wraps(function)
    def call(self, **arguments):
        try:
            function(self, **arguments)
        except DomainError:
            pass

    return call


class Company(RuleBasedStateMachine):
    """Subclasses say when a database is emptied and what must hold at the end."""

    @initialize(margin_of_seconds=st.integers(0, 59))
    def set_up(self, margin_of_seconds):
        set_up_organisation(name="Testfirma", tz="Europe/Berlin", base_currency="EUR", from_day=START.date())
        version = funnel.adopt_preset(preset="b2b", from_day=START.date(), actor=None)
        self.stages = list(Stage.objects.order_by("id"))
        self.reasons = {r.use: r.key for r in Reason.objects.filter(agreement=version)}
        # From February on, SAL and SQL have changed places: what happened before keeps its version.
        draft = funnel.draft_version(actor=None)
        funnel.reorder_path(draft=draft, keys=["inquiry", "mql", "sql", "sal", "opportunity", "won"], actor=None)
        funnel.put_in_force(agreement=draft, from_day=dt.date(2026, 2, 1), actor=None)
        marketing = accounts.add_team(name="Marketing", side=Side.MARKETING, actor=None)
        sales = accounts.add_team(name="Sales", side=Side.SALES, actor=None)
        self.people = [
            accounts.add_person(email=f"p{i}@example.com", name=f"P{i}", password=None, actor=None) for i in range(3)
        ]
        first = accounts.give_role(user=self.people[0], role=Role.REP, team=sales, from_day=START.date(), actor=None)
        accounts.end_role(membership=first, until_day=dt.date(2026, 1, 20), actor=None)
        accounts.give_role(user=self.people[0], role=Role.REP, team=marketing, from_day=dt.date(2026, 2, 1), actor=None)
        accounts.give_role(user=self.people[1], role=Role.REP, team=sales, from_day=dt.date(2026, 1, 5), actor=None)
        self.teams = [marketing, sales]
        self.channels = [campaigns.ensure_channel(name=name) for name in ("Search", "Fair")]
        self.campaign = campaigns.ensure_campaign(name="Spring", channel=self.channels[0])
        self.segment, self.region = funnel.ensure_segment(name="Mid"), funnel.ensure_region(name="North")
        rollup.drain()

    # --- picking -----------------------------------------------------------------------------------------------------

    def lead(self, pick) -> Lead:
        leads = list(Lead.objects.order_by("id"))
        return leads[pick % len(leads)]

    def deal(self, pick) -> Deal:
        deals = list(Deal.objects.order_by("id"))
        return deals[pick % len(deals)]

    def person(self, pick):
        return [None, *self.people][pick % 4]

    has_leads = precondition(lambda self: Lead.objects.exists())
    has_deals = precondition(lambda self: Deal.objects.exists())

    # --- leads -------------------------------------------------------------------------------------------------------

    @rule(at=MOMENTS, precision=PRECISIONS, pick=PICK, origin=st.sampled_from(["marketing", "sales", "customer"]))
    @expect_refusals
    def create(self, at, precision, pick, origin):
        services.create_lead(
            stage=self.stages[0 if pick % 3 else pick % len(self.stages)],
            occurred_at=at,
            time_precision=precision,
            owner=self.person(pick),
            team=self.teams[pick % 2] if pick % 5 == 0 else None,
            origin=origin,
            channel=[None, *self.channels][pick % 3],
            campaign=self.campaign if pick % 7 == 0 else None,
            tier="gold" if pick % 2 else "",
            actor=None,
        )

    @has_leads
    @rule(pick=PICK, to=PICK, at=MOMENTS | st.none(), use=st.sampled_from(["return", "recycle", "disqualify", "lost", ""]))
    @expect_refusals
    def move(self, pick, to, at, use):
        stage = self.stages[to % len(self.stages)]
        services.move_lead(self.lead(pick), stage, actor=None, occurred_at=at, reason=self.reasons.get(use, ""))

    @has_leads
    @rule(
        pick=PICK, to=PICK, at=MOMENTS, precision=PRECISIONS, kind=st.sampled_from(["moved", "moved", "assigned", "created"])
    )
    def tell(self, pick, to, at, precision, kind):
        """What an import brings: late, out of order, known to the day or not at all, against the rules of moves."""
        lead = self.lead(pick)
        if kind == "created" and LeadEvent.objects.filter(lead=lead, kind="created").exists():
            kind = "moved"
        event = LeadEvent(lead=lead, kind=kind, occurred_at=at, time_precision=precision, source="import")
        if kind == "assigned":
            event.owner = self.person(to)
        else:
            event.to_stage = self.stages[to % len(self.stages)]
        services.append_lead_events([event])

    @has_leads
    @rule(pick=PICK, to=PICK, at=MOMENTS)
    @expect_refusals
    def assign(self, pick, to, at):
        team = self.teams[to % 2] if to % 3 == 0 else None
        services.assign_lead(
            lead=self.lead(pick), owner=None if team else self.person(to), team=team, occurred_at=at, actor=None
        )

    @has_leads
    @rule(pick=PICK, what=st.sampled_from(["channel", "campaign", "segment", "region", "origin", "tier"]), value=PICK)
    @expect_refusals
    def amend(self, pick, what, value):
        options = {
            "channel": [None, *self.channels],
            "campaign": [None, self.campaign],
            "segment": [None, self.segment],
            "region": [None, self.region],
            "origin": ["marketing", "sales", "customer", "partner"],
            "tier": ["", "gold", "silver"],
        }[what]
        services.amend_lead(lead=self.lead(pick), actor=None, **{what: options[value % len(options)]})

    @precondition(lambda self: Lead.objects.count() > 1)
    @rule(one=PICK, other=PICK)
    @expect_refusals
    def merge(self, one, other):
        services.merge_leads(survivor=self.lead(one), duplicate=self.lead(other), actor=None)

    @precondition(lambda self: Lead.objects.filter(merged_into__isnull=False).exists())
    @rule(pick=PICK)
    @expect_refusals
    def unmerge(self, pick):
        merged = list(Lead.objects.filter(merged_into__isnull=False).order_by("id"))
        services.unmerge_lead(lead=merged[pick % len(merged)], actor=None)

    @has_leads
    @rule(pick=PICK)
    @expect_refusals
    def void_event(self, pick):
        events = list(LeadEvent.objects.exclude(kind="created").order_by("id"))
        if events:
            services.void_event(event=events[pick % len(events)], actor=None)

    @has_leads
    @rule(pick=PICK)
    @expect_refusals
    def void_lead(self, pick):
        services.void_lead(lead=self.lead(pick), actor=None)

    # --- touches -----------------------------------------------------------------------------------------------------

    @rule(pick=PICK, at=MOMENTS, side=SIDES, kind=st.sampled_from(["call", "form"]))
    def touch(self, pick, at, side, kind):
        lead = self.lead(pick) if pick % 6 and Lead.objects.exists() else None
        services.record_touch(
            side=side,
            kind=kind,
            occurred_at=at,
            lead=lead,
            actor=self.person(pick),
            channel=[None, *self.channels][pick % 3],
        )

    @precondition(lambda self: Touch.objects.exists())
    @rule(pick=PICK)
    @expect_refusals
    def void_touch(self, pick):
        touches = list(Touch.objects.order_by("id"))
        services.void_touch(touch=touches[pick % len(touches)], actor=None)

    # --- deals -------------------------------------------------------------------------------------------------------

    @rule(pick=PICK, at=MOMENTS, amount=AMOUNTS | st.none(), cost=AMOUNTS | st.none(), currency=CURRENCIES)
    def open_deal(self, pick, at, amount, cost, currency):
        services.open_deal(
            lead=self.lead(pick) if pick % 5 and Lead.objects.exists() else None,
            occurred_at=at,
            amount=amount,
            cost=cost,
            currency=currency,
            owner=self.person(pick),
            segment=self.segment if pick % 2 else None,
            actor=None,
        )

    @has_deals
    @rule(pick=PICK, at=MOMENTS | st.none(), amount=AMOUNTS, what=st.sampled_from(
        ["amount", "cost", "win", "lose", "reopen", "credit", "cancel"]))  # fmt: skip
    @expect_refusals
    def deal_step(self, pick, at, amount, what):
        deal = self.deal(pick)
        common = {"deal": deal, "actor": None, "occurred_at": at}
        match what:
            case "amount":
                services.set_deal_amount(amount=amount, **common)
            case "cost":
                services.set_deal_cost(cost=amount, **common)
            case "win":
                services.win_deal(**common)
            case "lose":
                services.lose_deal(reason="price", **common)
            case "reopen":
                services.reopen_deal(**common)
            case "credit":
                services.credit_deal(amount=amount, **common)
            case "cancel":
                services.cancel_deal(amount=amount, **common)

    @has_deals
    @rule(pick=PICK)
    @expect_refusals
    def void_deal_event(self, pick):
        events = list(DealEvent.objects.exclude(kind="opened").order_by("id"))
        if events:
            services.void_deal_event(event=events[pick % len(events)], actor=None)

    @has_deals
    @rule(pick=PICK)
    @expect_refusals
    def void_deal(self, pick):
        services.void_deal(deal=self.deal(pick), actor=None)

    @rule(day=MOMENTS, rate=st.sampled_from(["0.9", "1.1"]))
    def late_rate(self, day, rate):
        record_rate(currency="USD", day=day.date(), rate=Decimal(rate), source="test")
        services.convert_missing_rates(actor=None)

    # --- spend -------------------------------------------------------------------------------------------------------

    @rule(
        at=MOMENTS,
        days=st.sampled_from([0, 2, 30]),
        amount=st.sampled_from([10_001, -50]),
        currency=CURRENCIES,
    )
    def spend(self, at, days, amount, currency):
        day = at.date()
        campaigns.record_spend(
            amount=amount, currency=currency, service_from=day, service_to=day + dt.timedelta(days=days), actor=None,
            campaign=self.campaign,
        )  # fmt: skip

    @precondition(lambda self: Spend.objects.exists())
    @rule(pick=PICK)
    @expect_refusals
    def void_spend(self, pick):
        lines = list(Spend.objects.order_by("id"))
        campaigns.void_spend(spend=lines[pick % len(lines)], actor=None)

    # --- the worker --------------------------------------------------------------------------------------------------

    @rule()
    def drain(self):
        rollup.drain()
