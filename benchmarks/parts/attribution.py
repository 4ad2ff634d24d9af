"""All models of credit over ten times as many journeys as there are leads, and the worker after one new touch.

Beside the reference package on identical paths where TANDEM_BENCH_REFERENCE names an interpreter that has it.
"""

import csv
import datetime as dt
import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import numpy as np

from benchmarks.bench import Bench, Figure, clock, faster, timed
from leads import services
from leads.models import Deal
from metrics import rollup
from metrics.methods import markov, shapley
from metrics.methods.attribution import credits, model_weights
from metrics.methods.journeys import Journeys

ORDER = 12
TIMES = 10
CHANNELS, CAMPAIGNS, ROUNDS, LONG = 10, 500, 9, 500
FIVE = ("first_touch", "last_touch", "linear", "u_shaped", "time_decay")
OTHERS = ("lead_creation", "w_shaped", "full_path", "position", "mm_u", "decay_7d")
_DAY = 86_400
_PACKAGE = "ChannelAttribution"


def run(bench: Bench) -> Iterator[Figure]:
    number = bench.leads * TIMES
    journeys, won, value = made_up(number)
    by_channel = Journeys(**(vars(journeys) | {"player": journeys.player % CHANNELS}))
    reference = ask_reference(bench, by_channel, won)
    whole = 0.0
    for order in (1, 2, 3):
        effects = _effects(by_channel, won, order)
        seconds = timed(lambda: _effects(by_channel, won, order), times=3)  # noqa: B023
        whole += seconds
        beside = reference.get(str(order))
        ratio = faster(seconds, beside["seconds"]) if beside else None
        yield Figure(
            "attribution", f"Markov order {order}, {CHANNELS} channels, {number:,} journeys", seconds, "s",
            _PACKAGE if beside else "", beside["seconds"] if beside else None, ratio,
            ">= 25x" if beside and order == 1 else "", ratio >= 25 if beside and order == 1 else None,
        )  # fmt: skip
        if beside:
            theirs = np.array([beside["effects"][str(channel)] for channel in range(CHANNELS)])
            yield Figure(
                "attribution", f"order {order}: largest difference of a removal effect",
                float(np.abs(effects - theirs).max()), "", "it simulates, we solve",
            )  # fmt: skip
    # Money is shared where there is some, as in the product: over the won journeys, which are picked out within the time.
    seconds = timed(lambda: shapley.sum_game(by_channel.under(won), value[won]), times=3)
    whole += seconds
    yield Figure("attribution", f"Shapley, {CHANNELS} channels, {np.count_nonzero(won):,} won of them", seconds, "s")
    seconds = timed(lambda: _rules(journeys.under(won), value[won], FIVE), times=3)
    whole += seconds
    beside = reference.get("heuristics", {}).get("seconds")
    yield Figure(
        "attribution", f"five rule models, {CAMPAIGNS} campaigns, to the cent", seconds, "s",
        f"{_PACKAGE}, three" if beside else "", beside, faster(seconds, beside) if beside else None,
    )  # fmt: skip
    limit = number >= 1_000_000
    yield Figure(
        "attribution", "Markov 1 to 3, Shapley and five rule models", whole, "s", target="<= 2 s" if limit else "",
        held=whole <= 2 if limit else None,
    )  # fmt: skip
    seconds = timed(lambda: _rules(journeys.under(won), value[won], OTHERS))
    yield Figure("attribution", f"the other {len(OTHERS)} rule models", seconds, "s")
    seconds = timed(lambda: (_rules(_anew(journeys), value, FIVE), shapley.sum_game(_anew(by_channel), value)))
    yield Figure("attribution", "five rule models and Shapley, had every journey been won", seconds, "s")
    yield from one_touch(bench)


def made_up(number: int) -> tuple[Journeys, np.ndarray, np.ndarray]:
    """Seeded journeys of six touches on average: campaigns as players, which of them were won, and what they brought."""
    rng = np.random.default_rng(7)
    lengths = np.minimum(rng.geometric(1 / 6, number), 40)
    starts = np.concatenate(([0], np.cumsum(lengths))).astype(np.int64)
    begun = rng.integers(0, 700 * _DAY, number)
    owner = np.repeat(np.arange(number), lengths)
    at = begun[owner] + rng.integers(0, 60 * _DAY, starts[-1])
    at = at[np.lexsort((at, owner))]
    popular = rng.zipf(1.3, starts[-1]) % CAMPAIGNS
    journeys = Journeys(
        starts=starts,
        player=popular.astype(np.int64),
        at=at,
        lead_at=begun + 20 * _DAY,
        deal_at=begun + 40 * _DAY,
        closed_at=begun + 61 * _DAY,
    )
    return journeys, rng.random(number) < 0.1, rng.integers(1_000_00, 50_000_00, number)


def _effects(journeys: Journeys, won: np.ndarray, order: int) -> np.ndarray:
    return markov.removal_effects(markov.fit(_anew(journeys), won, order=order))


def _anew(journeys: Journeys) -> Journeys:
    """The same journeys without what was worked out of them before."""
    return replace(journeys)


def _rules(journeys: Journeys, totals: np.ndarray, models: tuple[str, ...]) -> None:
    for model in models:
        parts, _ = credits(journeys, totals, model_weights(journeys, model))
        np.bincount(journeys.player, parts, CAMPAIGNS)


def ask_reference(bench: Bench, journeys: Journeys, won: np.ndarray) -> dict:
    """What the reference package says of the same paths, a row each; nothing where there is no package."""
    interpreter = os.environ.get("TANDEM_BENCH_REFERENCE")
    if not interpreter:
        return {}
    file = bench.folder / "paths.csv"
    words = [str(channel) for channel in range(CHANNELS)]
    players = journeys.player.tolist()
    with file.open("w", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(("path", "conversions", "nulls"))
        for (begin, end), hit in zip(pairwise(journeys.starts.tolist()), won.tolist(), strict=True):
            writer.writerow((" > ".join([words[player] for player in players[begin:end]]), int(hit), int(not hit)))
    done = subprocess.run(
        [interpreter, "-m", "benchmarks.reference_attribution", str(file)],
        text=True,
        capture_output=True,
        check=True,
        env=os.environ | {"TANDEM_BENCH_CLOCK": clock()},
    )
    return json.loads(done.stdout[done.stdout.index("{") :])  # the package prints an advert first


def one_touch(bench: Bench) -> Iterator[Figure]:
    """The worker after one more touch on the way to a won deal, nothing else waiting; then on a way of LONG touches."""
    rollup.drain()
    deals = Deal.objects.filter(status=Deal.Status.WON, lead__isnull=False, voided=False, lead__voided=False)
    chosen = list(deals.select_related("lead").order_by("id")[:ROUNDS])
    if not chosen:
        return
    short = _refreshed(chosen)
    yield Figure("attribution", f"refresh after one touch, {deals.count():,} won deals", short, "ms")
    grown = chosen[0]
    for number in range(LONG):
        _touch(grown, dt.timedelta(hours=number + 1))
    rollup.drain()
    long = _refreshed([grown] * ROUNDS)
    yield Figure(
        "attribution", f"refresh after one touch on a way of {LONG}", long, "ms", "on a way of a few", short, short / long
    )


def _refreshed(deals: list[Deal]) -> float:
    """Milliseconds of the worker after one touch on the way to each of the deals, one after the other: their median."""
    seconds = []
    for number, deal in enumerate(deals):
        _touch(deal, dt.timedelta(minutes=number))
        seconds.append(timed(rollup.drain))
    return sorted(seconds)[len(seconds) // 2] * 1e3


def _touch(deal: Deal, before: dt.timedelta) -> None:
    services.record_touch(lead=deal.lead, side="marketing", kind="visit", occurred_at=deal.closed_at - before, actor=None)
