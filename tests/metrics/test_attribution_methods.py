"""Attribution as mathematics: the tables of metrics-spec 5.2 and 5.3 to the digit, and each model against brute force."""

import itertools
from fractions import Fraction

import numpy as np
import pytest

from core.money import split
from metrics.methods import markov, shapley
from metrics.methods.attribution import RULES, Rule, credits, model_weights, rule_weights, split_many
from metrics.methods.journeys import NEVER, Journeys, without_repeats

DAY = 86_400


def journeys(*told, players=None) -> Journeys:
    """Journeys from (times of the touches, lead creation, deal creation, close)."""
    lengths = [len(times) for times, *_ in told]
    count = sum(lengths)
    return Journeys(
        starts=np.concatenate(([0], np.cumsum(lengths))).astype(np.int64),
        player=np.array(players if players is not None else range(count), np.int64),
        at=np.array([at for times, *_ in told for at in times], np.int64),
        lead_at=np.array([lead for _, lead, _, _ in told], np.int64),
        deal_at=np.array([deal for *_, deal, _ in told], np.int64),
        closed_at=np.array([close for *_, close in told], np.int64),
    )


def paths(*told) -> Journeys:
    """Journeys of which only the order of the players matters."""
    return journeys(*[(range(len(p)), 0, 0, 99) for p in told], players=[player for p in told for player in p])


def fractions(weights) -> list[str]:
    whole = int(sum(weights))
    return [str(Fraction(int(weight), whole)) for weight in weights]


SHORT = {
    "1 touch": (([0], 0, 0, 9), "1", "1", "1"),
    "2: FT, LC=OC=CW": (([0, 1], 1, 1, 9), "1/2 1/2", "1/3 2/3", "1/4 3/4"),
    "2: FT=LC, OC=CW": (([0, 2], 1, 3, 9), "4/5 1/5", "2/3 1/3", "1/2 1/2"),
    "3: FT, LC, OC=CW": (([0, 1, 2], 1, 2, 9), "2/5 2/5 1/5", "1/3 1/3 1/3", "1/4 1/4 1/2"),
    "3: FT=LC, other, OC=CW": (([0, 1, 2], 0, 2, 9), "4/5 1/10 1/10", "3/5 1/10 3/10", "9/20 1/10 9/20"),
    "5: FT, LC, other, OC, CW": (
        ([0, 1, 2, 3, 4], 1, 3, 9),
        "2/5 2/5 1/15 1/15 1/15",
        "3/10 3/10 1/20 3/10 1/20",
        "9/40 9/40 1/10 9/40 9/40",
    ),
}


@pytest.mark.parametrize("name", SHORT)
def test_short_journeys_share_as_the_table_says(name):
    told, *expected = SHORT[name]
    found = [" ".join(fractions(rule_weights(journeys(told), RULES[m]))) for m in ("u_shaped", "w_shaped", "full_path")]
    assert found == expected


def test_the_worked_example_adds_up_in_revenue_and_in_profit():
    five = journeys(([0, 1, 2, 3, 4], 1, 3, 9))
    weights = rule_weights(five, RULES["full_path"])
    revenue, profit = (credits(five, np.array([total]), weights) for total in (18_000_01, 7_200_01))
    assert revenue[0].tolist() == [4_050_01, 4_050_00, 1_800_00, 4_050_00, 4_050_00]
    assert profit[0].tolist() == [1_620_01, 1_620_00, 720_00, 1_620_00, 1_620_00]
    assert (revenue[1].tolist(), profit[1].tolist()) == ([0], [0])


@pytest.mark.parametrize(("half_life", "shares"), [(7, [1.5, 2.4, 4.8, 28.5, 62.9]), (30, [12.7, 14.3, 16.8, 25.5, 30.7])])
def test_time_decay_halves_with_every_half_life(half_life, shares):
    aged = journeys(([0, 5 * DAY, 12 * DAY, 30 * DAY, 38 * DAY], 0, 0, 38 * DAY))
    weights = model_weights(aged, "time_decay", half_life_days=half_life)
    assert [round(100 * w / weights.sum(), 1) for w in weights] == shares
    # Where the deal closes long after the last touch the shares stay as they are.
    later = journeys(([0, 5 * DAY, 12 * DAY, 30 * DAY, 38 * DAY], 0, 0, 400 * DAY))
    assert model_weights(later, "time_decay", half_life_days=half_life).tolist() == weights.tolist()


def oracle(rule: Rule, length: int, held: dict[str, int]) -> list[Fraction]:
    """Section 5.2's one rule for short journeys, word by word."""
    shares = [Fraction(0)] * length
    special = set()
    for name, row in held.items():
        if row >= 0 and getattr(rule, name):
            shares[row] += getattr(rule, name)
            special.add(row)
    others = [row for row in range(length) if row not in special]
    for row in others:
        shares[row] = Fraction(rule.other, len(others))
    whole = sum(shares)
    return [share / whole for share in shares] if whole else shares


def random_journeys(count: int, seed: int, longest: int = 12) -> Journeys:
    rng = np.random.default_rng(seed)
    told = []
    for _ in range(count):
        times = sorted(rng.integers(0, 40, rng.integers(0, longest + 1)).tolist())
        lead, deal = (NEVER if rng.random() < 0.2 else int(rng.integers(0, 45)) for _ in range(2))
        told.append((times, lead, deal, max([*times, 44])))
    return journeys(*told)


@pytest.mark.parametrize("model", [*RULES, "custom"])
def test_every_rule_equals_its_words_on_random_journeys(model):
    custom = Rule(first=1, creation=2, opening=3, closing=4, other=5)
    rule, told = RULES.get(model, custom), random_journeys(400, seed=3)
    weights, held = model_weights(told, model, custom=custom), told.milestones()
    for number in range(len(told)):
        begin, end = told.starts[number], told.starts[number + 1]
        own = [int(w) for w in weights[begin:end]]
        places = {name: int(rows[number] - begin) if rows[number] >= 0 else -1 for name, rows in held.items()}
        expected = oracle(rule, end - begin, places)
        assert [Fraction(w, sum(own)) if sum(own) else Fraction(0) for w in own] == expected, (number, places)


def test_no_cent_is_lost_over_200_000_random_deals():
    rng = np.random.default_rng(7)
    lengths = rng.integers(0, 9, 200_000)
    starts = np.concatenate(([0], np.cumsum(lengths)))
    weights = rng.integers(0, 1_000, starts[-1])
    totals = rng.integers(-(10**9), 10**9, 200_000)
    parts = split_many(totals, weights, starts)
    owner = np.repeat(np.arange(200_000), lengths)
    given = np.bincount(owner, parts, 200_000).astype(np.int64)
    weighed = np.bincount(owner, weights, 200_000) > 0
    assert np.array_equal(given, np.where(weighed, totals, 0))
    assert np.array_equal(split_many(-totals, weights, starts), -parts)
    for number in rng.choice(np.nonzero(weighed)[0], 2_000, replace=False):
        rows = slice(starts[number], starts[number + 1])
        assert parts[rows].tolist() == split(int(totals[number]), weights[rows].tolist())


def test_amounts_beyond_64_bits_of_room_are_split_exactly_too():
    starts, weights = np.array([0, 3]), np.array([2**40, 2**40, 2**40 - 1])
    total = 10**15 + 1
    assert split_many(np.array([total]), weights, starts).tolist() == split(total, weights.tolist())


def test_what_no_touch_earned_stays_with_the_deal():
    """No touch at all; and a model whose only milestone nobody holds."""
    told = journeys(([], 0, 0, 9), ([5], NEVER, NEVER, 9), ([5, 6], 5, 6, 9))
    parts, lost = credits(told, np.array([100, 200, 300]), model_weights(told, "lead_creation"))
    assert (parts.tolist(), lost.tolist()) == ([0, 300, 0], [100, 200, 0])


def test_repeats_within_half_an_hour_collapse_to_the_first():
    group = np.array([1, 1, 2, 1, 1, 1])
    at = np.array([0, 1_000, 1_000, 1_799, 1_800, 4_000])
    assert without_repeats(group, at).tolist() == [True, False, True, False, True, True]


# --- Markov -------------------------------------------------------------------------------------------------------------

A, B = 1, 2
TINY, TINY_WON = paths([A, B], [A], [B]), np.array([True, False, True])


def random_paths(count: int, players: int, seed: int) -> tuple[Journeys, np.ndarray]:
    rng = np.random.default_rng(seed)
    told = [rng.integers(1, players + 1, rng.integers(1, 8)).tolist() for _ in range(count)]
    return paths(*told), rng.random(count) < 0.3


def brute_force(told: Journeys, won, order: int, without: int | None = None, value=None) -> float:
    """Chance to convert from START, by following the probability mass step by step in dictionaries."""
    counts: dict[tuple, dict] = {}
    for number in range(len(told)):
        state = (0,) * order
        for player in told.player[told.starts[number] : told.starts[number + 1]].tolist():
            after = (*state[1:], player)
            counts.setdefault(state, {}).setdefault(after, 0)
            counts[state][after] += 1
            state = after
        end = ("conv", number) if won[number] and value is not None else "conv" if won[number] else "null"
        counts.setdefault(state, {}).setdefault(end, 0)
        counts[state][end] += 1
    mass, converted = {(0,) * order: 1.0}, 0.0
    for _ in range(400):
        moved: dict = {}
        for state, share in mass.items():
            whole = sum(counts[state].values())
            for after, n in counts[state].items():
                part = share * n / whole
                if after == "conv":
                    converted += part
                elif isinstance(after, tuple) and after[0] == "conv":
                    converted += part * value[after[1]]
                elif after != "null" and without not in after:
                    moved[after] = moved.get(after, 0.0) + part
        mass = moved
    return converted


def test_the_tiny_example_of_the_specification():
    for order in (1, 2, 3):
        chain = markov.fit(TINY, TINY_WON, order=order)
        assert markov.conversion(chain) == pytest.approx(2 / 3)
    effects = markov.removal_effects(markov.fit(TINY, TINY_WON))
    assert effects.tolist() == pytest.approx([0.5, 1.0])
    assert (2 * markov.shares(effects)).tolist() == pytest.approx([2 / 3, 4 / 3])


@pytest.mark.parametrize("order", [1, 2, 3])
def test_the_closed_form_equals_following_the_mass_step_by_step(order):
    told, won = random_paths(300, 4, seed=order)
    chain = markov.fit(told, won, order=order)
    whole = brute_force(told, won, order)
    assert markov.conversion(chain) == pytest.approx(whole) == pytest.approx(won.mean())
    expected = [1 - brute_force(told, won, order, without=player) / whole for player in (1, 2, 3, 4)]
    found = markov.removal_effects(chain)
    assert found.tolist() == pytest.approx(expected, abs=1e-9)
    assert np.all((found >= -1e-12) & (found <= 1 + 1e-12))


def test_removal_effects_in_money_weigh_the_wins():
    told, won = random_paths(200, 3, seed=11)
    value = np.random.default_rng(2).integers(1, 1_000, 200)
    chain = markov.fit(told, won, value=value)
    whole = brute_force(told, won, 1, value=value)
    assert markov.conversion(chain) == pytest.approx(whole) == pytest.approx((value * won).mean())
    expected = [1 - brute_force(told, won, 1, without=player, value=value) / whole for player in (1, 2, 3)]
    assert markov.removal_effects(chain).tolist() == pytest.approx(expected)


def test_a_player_that_opens_every_journey_cannot_be_missed():
    told, won = random_paths(100, 3, seed=5)
    opened = paths(*[[9, *told.player[b:e].tolist()] for b, e in itertools.pairwise(told.starts)])
    for order in (1, 2, 3):
        chain = markov.fit(opened, won, order=order)
        assert markov.removal_effects(chain)[list(chain.players).index(9)] == pytest.approx(1)


def test_repeating_a_touch_does_not_change_the_first_order():
    told, won = random_paths(200, 3, seed=6)
    doubled = paths(*[[p for p in told.player[b:e].tolist() for _ in range(2)] for b, e in itertools.pairwise(told.starts)])
    plain, twice = (markov.removal_effects(markov.fit(one, won)) for one in (told, doubled))
    assert twice.tolist() == pytest.approx(plain.tolist())


def test_weights_count_a_journey_as_often_as_they_say():
    told, won = random_paths(60, 3, seed=8)
    times = np.random.default_rng(3).integers(0, 3, 60)
    repeated = [told.player[told.starts[i] : told.starts[i + 1]].tolist() for i in range(60) for _ in range(times[i])]
    by_weight = markov.removal_effects(markov.fit(told, won, weight=times, order=2))
    by_hand = markov.removal_effects(markov.fit(paths(*repeated), np.repeat(won, times), order=2))
    assert by_weight.tolist() == pytest.approx(by_hand.tolist())


def test_without_a_win_nobody_has_an_effect():
    told, _ = random_paths(20, 3, seed=9)
    effects = markov.removal_effects(markov.fit(told, np.zeros(20, bool)))
    assert effects.tolist() == markov.shares(effects).tolist() == [0.0, 0.0, 0.0]


def test_a_chain_too_large_to_solve_is_refused():
    told = paths(*[[i, i + 1] for i in range(1, 2 * markov.MAX_STATES, 2)])
    with pytest.raises(markov.TooManyStates):
        markov.fit(told, np.ones(len(told), bool))


# --- Shapley ------------------------------------------------------------------------------------------------------------


def enumerated(told: Journeys, totals, players: list[int]) -> list[float]:
    """The Shapley value by its definition, over every order of arrival of the players."""
    sets = [frozenset(told.player[b:e].tolist()) for b, e in itertools.pairwise(told.starts)]
    worth = {}
    for size in range(len(players) + 1):
        for members in itertools.combinations(players, size):
            inside = frozenset(members)
            worth[inside] = sum(int(t) for t, own in zip(totals, sets, strict=True) if own <= inside)
    orders = list(itertools.permutations(players))
    found = dict.fromkeys(players, Fraction(0))
    for order in orders:
        before = frozenset()
        for player in order:
            after = before | {player}
            found[player] += Fraction(worth[after] - worth[before], len(orders))
            before = after
    return [float(found[player]) for player in players]


def test_shapley_of_the_tiny_example_and_its_order():
    won = paths([A, B], [B])
    _, player, position, credit = shapley.sum_game(won, np.array([100, 100]))
    table = {(int(p), int(at)): int(c) for p, at, c in zip(player, position, credit, strict=True) if p == A}
    assert table == {(A, 1): 50}
    of_b = {at: int(credit[(player == B) & (position == at)].sum()) for at in (1, 2)}
    assert of_b == {1: 100, 2: 50}


@pytest.mark.parametrize("count", [3, 6])
def test_shapley_equals_its_definition_over_all_orders(count):
    told, _ = random_paths(50, count, seed=count)
    totals = 5_040 * np.random.default_rng(4).integers(1, 500, 50)  # divisible by every number of players: no rounding
    _, player, _, credit = shapley.sum_game(told, totals)
    found = [int(credit[player == number].sum()) for number in range(1, count + 1)]
    assert found == pytest.approx(enumerated(told, totals, list(range(1, count + 1))))


def test_shapley_equals_the_sum_over_all_sets_for_ten_players():
    told, _ = random_paths(40, 10, seed=10)
    totals = 5_040 * np.random.default_rng(5).integers(1, 500, 40)
    _, player, _, credit = shapley.sum_game(told, totals)
    sets = [frozenset(told.player[b:e].tolist()) for b, e in itertools.pairwise(told.starts)]
    masks = [sum(1 << (p - 1) for p in own) for own in sets]
    worth = [sum(int(t) for t, m in zip(totals, masks, strict=True) if m & inside == m) for inside in range(1 << 10)]
    factorial = [1]
    for i in range(1, 11):
        factorial.append(factorial[-1] * i)
    for number in range(10):
        value = Fraction(0)
        for inside in range(1 << 10):
            if not inside >> number & 1:
                size = inside.bit_count()
                share = Fraction(factorial[size] * factorial[9 - size], factorial[10])
                value += share * (worth[inside | 1 << number] - worth[inside])
        assert int(credit[player == number + 1].sum()) == value
