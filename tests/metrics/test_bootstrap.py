"""Intervals of attribution shares: they hold what they claim, follow accounts, and repeat exactly."""

import numpy as np
import pytest

from metrics.methods.bootstrap import additive_intervals, refitted_intervals, sure_enough


def wins(n: int, seed: int, shares=(0.6, 0.3, 0.1)):
    """One credited row of 1 per won deal."""
    player = np.random.default_rng(seed).choice(len(shares), n, p=shares)
    return np.ones(n), player, np.arange(n)


def test_the_interval_covers_the_true_share_about_as_often_as_it_says():
    truth = (0.6, 0.3, 0.1)
    inside = 0
    for seed in range(120):
        low, high = additive_intervals(*wins(200, seed, truth), 3, replicates=200).T
        inside += int(np.count_nonzero((low <= truth) & (truth <= high)))
    assert 0.90 <= inside / 360 <= 0.985


def test_the_spread_is_that_of_a_proportion():
    low, high = additive_intervals(*wins(400, 1), 3)[0]
    assert (high - low) / 2 == pytest.approx(1.96 * np.sqrt(0.6 * 0.4 / 400), rel=0.15)


def test_deals_of_one_account_are_one_case():
    credit, player, cluster = wins(400, 2)
    alone = additive_intervals(credit, player, cluster, 3)
    # The same deals, each ten times over in its account, know no more than once.
    tenfold = additive_intervals(np.repeat(credit, 10), np.repeat(player, 10), np.repeat(cluster, 10), 3)
    assert tenfold == pytest.approx(alone)
    strangers = additive_intervals(np.repeat(credit, 10), np.repeat(player, 10), np.arange(4_000), 3)
    assert np.all(strangers[:, 1] - strangers[:, 0] < 0.5 * (alone[:, 1] - alone[:, 0]))


def test_the_same_facts_give_the_same_interval_every_time():
    assert np.array_equal(additive_intervals(*wins(100, 3), 3), additive_intervals(*wins(100, 3), 3))


def test_refitting_gives_the_same_as_adding_where_the_model_adds_up():
    credit, player, cluster = wins(150, 4)

    def refit(weight):
        return np.bincount(player, credit * weight, 3)

    assert refitted_intervals(refit, cluster, replicates=300) == pytest.approx(
        additive_intervals(credit, player, cluster, 3, replicates=300), abs=0.02
    )


def test_without_credit_nothing_is_claimed():
    nothing = additive_intervals(np.zeros(0), np.zeros(0, int), np.zeros(0, int), 2)
    assert np.all(np.isnan(nothing)) and not sure_enough(500, nothing)


@pytest.mark.parametrize(
    ("won", "half", "shown"), [(100, 0.049, True), (99, 0.01, False), (100, 0.051, False), (5_000, 0.02, True)]
)
def test_data_driven_models_wait_for_a_hundred_wins_and_five_points(won, half, shown):
    assert sure_enough(won, np.array([[0.5 - half, 0.5 + half], [0.2, 0.21]])) is shown
