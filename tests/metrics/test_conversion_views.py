"""The strict and the reached view of conversion: what each counts, why they differ, and where a person chooses."""

import datetime as dt
import re

import pytest

from metrics import rollup
from metrics.pair_bridge import Names, bridges
from metrics.questions import Reader, read_question
from metrics.series import current
from tests.metrics.journeys import NOW, crowd, figure, tell

pytestmark = pytest.mark.django_db

MARCH = {"from": "2025-03-01", "to": "2025-04-01"}


def test_in_order_a_lead_that_skips_a_stage_does_not_arrive_and_by_reach_it_does(company):
    tell(
        {
            "all": "inquiry 2025-03-01, mql 2025-03-02, sal 2025-03-03, sql 2025-03-04",
            "skips": "inquiry 2025-03-01, mql 2025-03-02, sql 2025-03-04",
            "made good": "inquiry 2025-03-01, sql 2025-03-02, mql 2025-03-03, sal 2025-03-04, sql 2025-03-06",
            "other order": "inquiry 2025-03-01, sal 2025-03-02, mql 2025-03-03, sql 2025-03-04",
            "stays": "inquiry 2025-03-01",
        }
    )
    ask = {"period": "2025-03-01/2025-04-01", "stage": "inquiry", "to_stage": "sql"}
    strict, reached = figure("conversion_in_order", **ask), figure("cohort_conversion", **ask)
    assert (strict["numerator"], strict["denominator"]) == (2, 5)
    assert (reached["numerator"], reached["denominator"]) == (4, 5)


def said(lines) -> list[tuple[str, int]]:
    return [(line.words, line.number) for line in lines]


def test_each_lead_stands_in_the_line_that_says_why_the_views_differ(company):
    tell(
        crowd(4, "inquiry 2025-03-01, mql 2025-03-02, sal 2025-03-03, sql 2025-03-04", "through")
        | crowd(3, "inquiry 2025-03-01, mql 2025-03-02, sql 2025-03-04", "skips")
        | crowd(2, "inquiry 2025-02-20, mql 2025-02-21, sal 2025-02-22, sql 2025-03-04", "earlier")
        | crowd(1, "inquiry 2025-03-01, mql 2025-03-30, sal 2025-03-31, sql 2025-04-04", "later")
        | crowd(1, "inquiry 2025-03-01, sql 2025-03-05", "never in MQL")
        | {"from sales": ("sql 2025-03-05", {"origin": "sales"})}
    )
    rollup.drain()
    question = read_question(
        "cohort_conversion", MARCH | {"stage": "mql", "to_stage": "sql"}, snapshot=current(), now=NOW, reader=Reader()
    )
    came, went = bridges(current(), question, Names("mql", "sql"))
    assert said(came) == [
        ("In order: entered mql in the period for the first time", 8),
        ("skipped mql, which counts as reached", 1),
        ("Cohort: reached mql in the period", 9),
        ("Period: reached mql in the period", 9),
    ]
    assert said(went) == [
        ("In order: entered every stage up to sql within 90 days", 5),
        ("skipped mql", 1),
        ("skipped a stage between, or sql itself", 3),
        ("Cohort: reached sql within 90 days of mql", 9),
        ("reached sql after the period", -1),
        ("never were in mql: they began later on the way", 1),
        ("had reached mql before the period", 2),
        ("Period: reached sql in the period", 11),
    ]


PAIR = "/funnel/pair/?period=12m&from_stage=inquiry&to_stage=sql"


@pytest.mark.parametrize(
    ("address", "share", "key"),
    [(PAIR, "1 of 2", "cohort_conversion"), (f"{PAIR}&view=in_order", "0 of 2", "conversion_in_order"),
     (f"{PAIR}&view=nonsense", "1 of 2", "cohort_conversion")],
)  # fmt: skip
def test_the_view_is_chosen_on_the_page_and_carried_in_its_address(browser, address, share, key):
    today = dt.datetime.now(dt.UTC).date()
    day = (today - dt.timedelta(days=20)).isoformat()
    tell({"skips": f"inquiry {day}, sql {day}", "stays": f"inquiry {day}"})
    rollup.drain()
    page = browser("viewer").get(address).content.decode()
    words = " ".join(re.sub(r"<[^>]+>", " ", page).split())
    chosen = "in_order" if "in_order" in address else "reached"
    assert re.search(rf'<option value="{chosen}" selected>', page)
    assert f"{share} leads" in words
    assert f"/explain/{key}/" in page
