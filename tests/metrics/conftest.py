"""A short busy history for the tests of the worker: a little of every kind of fact."""

import datetime as dt

import pytest

from campaigns import services as campaigns
from leads import services
from leads.models import Lead
from metrics import as_of, series
from tests.metrics.rich_company import rich, rich_of_module  # noqa: F401 - fixtures for all tests of this folder


@pytest.fixture(autouse=True)
def nothing_held():
    """A reader keeps its snapshot per database name; the tests' database is emptied between tests."""
    series._held.clear()
    as_of._folded.clear()
    yield
    series._held.clear()
    as_of._folded.clear()


@pytest.fixture
def busy(stages, at):
    """`busy()` adds three leads with moves, a merge, a contact, two deals and a cost line, and says which leads."""

    def add() -> list[Lead]:
        channel = campaigns.ensure_channel(name="Search")
        leads = [
            services.create_lead(stage=stages["inquiry"], occurred_at=at(3, day), channel=channel, actor=None)
            for day in (2, 3, 4)
        ]
        for lead, day in zip(leads, (5, 6, 7), strict=True):
            services.move_lead(lead, stages["sql"], actor=None, occurred_at=at(3, day))
        services.record_touch(side="sales", kind="call", occurred_at=at(3, 8), lead=leads[0], actor=None)
        won = services.open_deal(lead=leads[0], occurred_at=at(3, 9), amount=100_00, cost=40_00, actor=None)
        services.win_deal(deal=won, occurred_at=at(3, 12), actor=None)
        services.open_deal(lead=leads[1], occurred_at=at(3, 9), amount=50_00, actor=None)
        services.merge_leads(survivor=leads[0], duplicate=leads[2], actor=None)
        campaigns.record_spend(
            amount=100_01, currency="EUR", service_from=dt.date(2026, 3, 1), service_to=dt.date(2026, 3, 7), actor=None
        )
        return leads

    return add
