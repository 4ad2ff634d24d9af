"""A company whose deals have ways: helpers for the tests of credit and returns."""

import datetime as dt

import pytest

from campaigns import services as campaigns
from leads import services
from leads.models import DealContact
from metrics import rollup, series

ZERO = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)


def day(number: float) -> dt.datetime:
    """Noon so many days after 1 March 2026; fractions are hours and minutes."""
    return ZERO + dt.timedelta(days=number)


class World:
    """`touch`, `lead`, `deal` and `won` in few words; `now()` is what readers see after the worker was there."""

    def __init__(self, stages):
        self.stages = stages
        self.channels = {name: campaigns.ensure_channel(name=name) for name in ("Search", "Fair", "Mail")}
        self.campaigns = {
            name: campaigns.ensure_campaign(name=name, channel=self.channels[channel])
            for name, channel in (("Spring", "Search"), ("Hanover", "Fair"), ("Letter", "Mail"))
        }

    def lead(self, name: str = "Ada", at: float = 0.75, stage: str = "inquiry", **more):
        contact = services.ensure_contact(name=name, email=f"{name.lower()}@example.com") if name else None
        return services.create_lead(stage=self.stages[stage], occurred_at=day(at), contact=contact, actor=None, **more)

    def touch(self, lead=None, at: float = 0, campaign: str | None = "Spring", *, side="marketing", kind="visit", **more):
        of = self.campaigns[campaign] if campaign else None
        return services.record_touch(
            side=side, kind=kind, occurred_at=day(at), lead=lead, actor=None, campaign=of,
            channel=of.channel if of else None, **more,
        )  # fmt: skip

    def deal(self, lead=None, at: float = 2, amount: int | None = 100_00, cost: int | None = 40_00, **more):
        return services.open_deal(lead=lead, occurred_at=day(at), amount=amount, cost=cost, actor=None, **more)

    def won(self, lead=None, at: float = 2, close: float = 9, **more):
        deal = self.deal(lead, at, **more)
        services.win_deal(deal=deal, actor=None, occurred_at=day(close))
        deal.refresh_from_db()
        return deal

    def takes_part(self, deal, contact) -> None:
        """A person with a part in a deal, as an import of deals brings it."""
        DealContact.objects.create(deal=deal, contact=contact, role="decides")
        services.append_deal_events([])
        rollup.note_everything()

    def now(self):
        rollup.drain()
        return series.current()


@pytest.fixture
def world(stages):
    return World(stages)
