"""A number to raise issues from, and the people who do it."""

import datetime as dt

import pytest
import time_machine
from django.core.cache import cache

from leads import services as leads
from metrics import rollup, series
from tests.reviews.raising import NEW, NOW, SENTENCE


@pytest.fixture(autouse=True)
def at_a_fixed_time():
    series._held.clear()
    cache.clear()
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock
    series._held.clear()


@pytest.fixture
def wins(stages):
    """Two won deals of this quarter."""
    for day in (1, 2):
        lead = leads.create_lead(stage=stages["sql"], occurred_at=NOW - dt.timedelta(days=9), actor=None)
        deal = leads.open_deal(lead=lead, occurred_at=NOW - dt.timedelta(days=8), amount=100_00, cost=40_00, actor=None)
        leads.win_deal(deal=deal, occurred_at=NOW - dt.timedelta(days=day), actor=None)
    rollup.drain()


@pytest.fixture
def send(browser):
    """`send("member")`: opens the form of the won deals and raises an issue with it."""

    def post(who: str, *, query: str = "metric=won_deals", hx: bool = False, **typed):
        headers = {"HX-Request": "true"} if hx else {}
        page = browser(who).get(f"{NEW}?{query}", headers=headers)
        data = {"shown": page.context["form"]["shown"].value(), "wrong": "low", "sentence": SENTENCE} | typed
        return browser(who).post(NEW, data, headers=headers)

    return post
