"""Pages with a little history behind them, asked by signed-in people."""

import pytest
from django.core.cache import cache

from accounts.services import create_token
from campaigns import services as campaigns
from leads import services as leads
from metrics import series
from metrics.rollup import drain


@pytest.fixture(autouse=True)
def nothing_held():
    series._held.clear()
    cache.clear()
    yield
    series._held.clear()
    cache.clear()


@pytest.fixture
def api_key():
    def headers(user) -> dict[str, str]:
        return {"Authorization": f"Bearer {create_token(user=user, name='test', actor=None)[1]}"}

    return headers


@pytest.fixture
def history(stages, at):
    """`history(3)`: three leads, each through another channel to a won deal, with names that a spreadsheet would run."""

    def add(number: int) -> None:
        for i in range(number):
            person = leads.ensure_contact(name=f"=cmd|{i}", email=f"p{number}{i}@example.com")
            lead = leads.create_lead(
                stage=stages["inquiry"],
                occurred_at=at(3, 2 + i),
                channel=campaigns.ensure_channel(name=f"Channel {number}{i}"),
                contact=person,
                actor=None,
            )
            leads.move_lead(lead, stages["sql"], actor=None, occurred_at=at(3, 10 + i))
            deal = leads.open_deal(
                lead=lead, name=f"+deal {i}", occurred_at=at(3, 12), amount=900_00, cost=300_00, actor=None
            )
            leads.win_deal(deal=deal, occurred_at=at(3, 20 + i), actor=None)
        drain()

    return add
