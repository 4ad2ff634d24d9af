"""Data-driven models: fitted over channels on all ended ways, shown only where the facts are enough."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest
import time_machine

from leads import services
from metrics import credit
from metrics.channel_models import Paths, ended_journeys, markov_fit, markov_of, shapley_fit
from metrics.methods import markov
from metrics.methods.bootstrap import SEED, bounds
from metrics.methods.markov_order import best_order, log_loss
from tests.metrics.attributing import day, world  # noqa: F401 - fixture
from tests.metrics.test_attribution_methods import paths, random_paths


@pytest.fixture
def tiny(world):  # noqa: F811
    """The specification's example: Search then Fair won, Search lost, Fair won."""
    ways = {"Ada": (("Spring", 0.5), ("Hanover", 1)), "Bea": (("Spring", 0.5),), "Cyd": (("Hanover", 0.5),)}
    for name, touches in ways.items():
        lead = world.lead(name)
        for campaign, at in touches:
            world.touch(lead, at, campaign)
        deal = world.deal(lead, amount=100_00, cost=0)
        if name == "Bea":
            services.lose_deal(deal=deal, actor=None, reason="price", occurred_at=day(9))
        else:
            services.win_deal(deal=deal, actor=None, occurred_at=day(9))
    return world


def test_the_example_of_the_specification_from_the_records(tiny):
    snapshot = tiny.now()
    search, fair = (tiny.channels[name].id for name in ("Search", "Fair"))
    fit = markov_fit(snapshot)
    assert (fit.order, fit.journeys, fit.won, fit.rate) == (1, 3, 2, pytest.approx(2 / 3))
    assert {c.channel: c.effect for c in fit.channels} == {search: pytest.approx(0.5), fair: pytest.approx(1)}
    assert {c.channel: c.share for c in fit.channels} == {search: pytest.approx(1 / 3), fair: pytest.approx(2 / 3)}
    shares = {c.channel: c for c in shapley_fit(snapshot).channels}
    assert (shares[search].share, shares[fair].share) == (0.25, 0.75)
    assert (shares[search].by_position, shares[fair].by_position) == ((0.25, 0.0), (0.5, 0.25))


def test_few_wins_show_no_model_and_say_why(tiny):
    for fit in (markov_fit(tiny.now()), shapley_fit(tiny.now())):
        assert not fit.shown
        assert fit.why == "It needs 100 won deals with a touch; there are 2."


def test_a_way_that_goes_on_is_left_out_until_it_has_been_silent_for_long(tiny):
    lead = tiny.lead("Dia", at=9)
    tiny.touch(lead, 8, "Letter")
    alone = tiny.lead("Eve", at=9)
    tiny.touch(alone, 9, "Letter")
    tiny.deal(lead, at=10)
    for after, journeys in ((20, 3), (200, 5)):
        with time_machine.travel(day(after), tick=False):
            snapshot = replace(tiny.now(), written_at=day(after), _memo={})
        assert len(ended_journeys(snapshot).journeys) == journeys


def test_a_lead_that_sales_disqualified_is_a_way_that_led_to_nothing(tiny):
    lead = tiny.lead("Fay", at=9, stage="mql")
    tiny.touch(lead, 8, "Letter")
    services.move_lead(lead, tiny.stages["disqualified"], actor=None, occurred_at=day(12), reason="no_need")
    snapshot = replace(tiny.now(), written_at=dt.datetime(2026, 3, 20, tzinfo=dt.UTC), _memo={})
    found = ended_journeys(snapshot)
    assert (len(found.journeys), int(found.won.sum())) == (4, 2)


def test_markov_paths_share_each_deal_to_the_cent_inside_channels_evenly(tiny):
    lead = tiny.lead("Gus")
    touches = [("Spring", 0.5), ("Spring", 3), ("Hanover", 4)]
    for campaign, at in touches:
        tiny.touch(lead, at, campaign)
    deal = tiny.won(lead, amount=100_01, cost=0)
    snapshot = tiny.now()
    fit = markov_fit(snapshot)
    deals = credit.won_deals(snapshot)
    bookings = credit.wins(snapshot, deals.under(deals["item"] == deal.id))
    lines = credit.lines_of(snapshot, bookings, "markov_path", worth=fit.worth())
    assert lines.revenue.sum() == 100_01
    effect = {c.channel: c.effect for c in fit.channels}
    search, fair = (effect[tiny.channels[name].id] for name in ("Search", "Fair"))
    assert lines.revenue[2] == round(100_01 * fair / (search + fair))
    assert abs(lines.revenue[0] - lines.revenue[1]) <= 1


def many(count: int, seed: int = 1) -> Paths:
    journeys, won = random_paths(count, 4, seed)
    return Paths(journeys, won, np.arange(count))


def test_enough_wins_with_narrow_shares_are_shown():
    fit = markov_of(many(4_000))
    assert fit.shown and fit.why == ""
    assert sum(c.share for c in fit.channels) == pytest.approx(1)
    assert all(c.low <= c.share <= c.high for c in fit.channels)
    # One touch each, half of them by either channel: 55 wins say little about a share of a half.
    wide = markov_of(Paths(paths(*([1 + i % 2] for i in range(220))), np.arange(220) < 110, np.arange(220)))
    assert wide.won >= 100 and not wide.shown
    assert wide.why == "A share is not known to within 5% to either side."


def test_draws_of_accounts_weigh_the_counts_like_fits_of_their_own():
    found = many(300, seed=4)
    account = np.arange(300) // 3
    draws = np.random.default_rng(SEED).poisson(1.0, (20, 100))
    for order in (1, 2):
        effects = markov.resampled_effects(found.journeys, found.won, account, draws, order=order)
        for number, times in enumerate(draws):
            chain = markov.fit(found.journeys, found.won, order=order, weight=times[account])
            assert effects[number] == pytest.approx(markov.removal_effects(chain), abs=1e-9)
    assert np.all(bounds(effects)[:, 0] <= bounds(effects)[:, 1])


def test_the_first_order_stands_unless_the_ways_speak_clearly_against_it():
    journeys, won = random_paths(3_000, 4, seed=2)
    assert best_order(journeys, won) == 1
    # After 1 then 2 always comes a win, after 3 then 2 never: only two steps back tell them apart.
    rng = np.random.default_rng(3)
    told = [[1, 2] if rng.random() < 0.5 else [3, 2] for _ in range(3_000)]
    remembering, by_path = paths(*told), np.array([path[0] == 1 for path in told])
    assert best_order(remembering, by_path) == 2
    assert log_loss(remembering, by_path, 2) < log_loss(remembering, by_path, 1)


def test_few_journeys_keep_the_first_order_whatever_they_say():
    told = [[1, 2] if number % 2 else [3, 2] for number in range(1_999)]
    assert best_order(paths(*told), np.array([path[0] == 1 for path in told])) == 1
