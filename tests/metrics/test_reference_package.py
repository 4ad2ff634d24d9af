"""The models beside a widely used package on the same generated paths: reference_paths.py says how its answer was got."""

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from metrics.methods import markov
from metrics.methods.attribution import model_weights
from metrics.methods.journeys import Journeys
from tests.metrics.reference_paths import CHANNELS, generated

# The package simulates; so much noise is left in its removal effects.
NOISE = 0.003


@pytest.fixture(scope="module")
def reference() -> dict:
    return json.loads((Path(__file__).parent / "reference_markov.json").read_text())


@pytest.fixture(scope="module")
def asked() -> tuple[Journeys, np.ndarray]:
    told = generated()
    starts = np.concatenate(([0], np.cumsum([len(path) for path, _ in told]))).astype(np.int64)
    at = np.concatenate([np.arange(len(path)) for path, _ in told])
    player = np.array([CHANNELS.index(channel) for path, _ in told for channel in path], np.int64)
    end = np.full(len(told), 99)
    return Journeys(starts, player, at, end, end, end), np.array([won for _, won in told])


@pytest.mark.parametrize("order", [1, 2, 3])
def test_removal_effects_equal_the_package_within_its_noise(order, asked, reference):
    theirs = reference[str(order)]["effects"]
    ours = markov.removal_effects(markov.fit(*asked, order=order))
    assert max(abs(ours[number] - theirs[channel]) for number, channel in enumerate(CHANNELS)) < NOISE


def test_the_orders_differ_by_more_than_that_noise(asked):
    """Else the comparison could not tell one order from another."""
    effects = [markov.removal_effects(markov.fit(*asked, order=order)) for order in (1, 2, 3)]
    assert all(np.abs(one - other).max() > 10 * NOISE for one, other in pairwise(effects))


@pytest.mark.parametrize(
    ("model", "theirs"), [("first_touch", "first_touch"), ("last_touch", "last_touch"), ("linear", "linear_touch")]
)
def test_first_last_and_linear_equal_the_package(model, theirs, asked, reference):
    journeys, won = asked
    weights = model_weights(journeys, model)
    whole = np.bincount(journeys.journey, weights)[journeys.journey]
    shares = np.bincount(journeys.player, np.where(won[journeys.journey], weights / whole, 0))
    expected = [reference["heuristics"]["models"][theirs][channel] for channel in CHANNELS]
    assert shares == pytest.approx(expected, rel=1e-9)
