"""Every number says how it counts: what skips, moves back, returns and merges do to it (product.md, "nobody has" 11)."""

import pytest

from metrics.counting import policy_of
from metrics.definitions import METRICS
from tests.metrics.journeys import figure, tell

MARCH = "2025-03-01/2025-04-01"


@pytest.mark.parametrize("metric", METRICS.values(), ids=list(METRICS))
def test_every_metric_has_a_rule_for_every_case(metric):
    policy = policy_of(metric)
    assert policy.line.startswith("Counted per ") and policy.per.startswith("per ")
    assert policy.per in policy.line
    assert [name for name, _ in policy.rules] == ["Skipped stages", "Moves back", "Coming back", "Merged leads"]
    assert all(rule.endswith(".") for _, rule in policy.rules)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("key", "says", "stage", "value"),
    [
        ("stage_inflow", "does not count here", "sal", 0),
        ("first_reach", "counts as reached", "sal", 1),
        ("stage_inflow", "enters it again", "mql", 2),
        ("first_reach", "does not count again", "mql", 1),
    ],
)
def test_what_the_rule_says_is_what_is_counted(company, key, says, stage, value):
    tell({"Anna": "inquiry 2025-03-01, mql 2025-03-02, sql 2025-03-05, mql 2025-03-08, sql 2025-03-12"})
    assert any(says in rule for _, rule in policy_of(METRICS[key]).rules)
    assert figure(key, MARCH, stage=stage)["value"] == value


@pytest.mark.django_db
def test_the_explanation_of_a_number_shows_its_rule_in_full(browser):
    page = browser("viewer").get("/explain/stage_inflow/?stage=mql").content.decode()
    policy = policy_of(METRICS["stage_inflow"])
    assert policy.line in page
    assert all(rule in page for _, rule in policy.rules)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("card", "keys"),
    [
        ("run", ["gross_profit"]),
        ("funnel", ["cohort_conversion"]),
        ("trend", ["stage_inflow", "cohort_conversion"]),
        ("ageing", ["stage_balance"]),
        ("promises", ["quality"]),
        ("handoffs", ["acceptance_rate"]),
        ("channels", ["won_revenue"]),
        ("channels", ["profit_by_w_shape"]),
    ],
)
def test_every_chart_of_the_dashboard_says_what_it_counts(browser, card, keys):
    tell({"Anna": "inquiry 2025-03-01, mql 2025-03-02, sql 2025-03-05"})
    page = browser("viewer").get(f"/cards/{card}/").content.decode()
    assert [policy_of(METRICS[key]).per in page for key in keys] == [True] * len(keys)
