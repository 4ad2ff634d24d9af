"""A test of a draft as people ask for it: nothing that came later leaks in, and what a worker leaves is gone on with."""

import datetime as dt

import pytest

from accounts.models import User
from campaigns.services import ensure_channel
from core.errors import DomainError
from core.queries import calendar
from funnel.criteria import Condition, EntryRule, Op
from funnel.models import Agreement
from funnel.score import Engagement, ScoreTable
from funnel.services import draft_version, drop_draft, ensure_segment, set_entry_rule, set_points_table
from leads.models import Lead, LeadEvent, Touch
from leads.score import as_of, points_of
from leads.services import append_lead_events, append_touches
from metrics import services
from metrics.backtest_listing import rows_of
from metrics.methods.backtest import CELLS
from metrics.models import Backtest, BacktestPart
from tests.metrics.test_backtest import event

NOW = dt.datetime(2026, 6, 1, 12, tzinfo=dt.UTC)
DAY, HOUR = dt.timedelta(days=1), dt.timedelta(hours=1)
BORN, DECIDED = NOW - 100 * DAY, NOW - 90 * DAY
pytestmark = pytest.mark.django_db


@pytest.fixture
def draft(stages, people) -> Agreement:
    return draft_version(actor=people["administrator"])


@pytest.fixture
def entered(stages):
    """`entered(tier="A")`: a lead that was recorded as it came in and entered MQL ten days later."""

    def add(**attributes) -> Lead:
        lead = Lead.objects.create(**attributes)
        moves = (("created", BORN, "inquiry"), ("moved", DECIDED, "mql"))
        append_lead_events([event(lead, kind, at, at, to_stage=stages[key]) for kind, at, key in moves])
        return lead

    return add


def ask(draft: Agreement, who: User, **other) -> Backtest:
    asked = {
        "draft": draft, "before": Agreement.objects.get(number=1), "stage": draft.stages.get(milestone="mql").stage,
        "actor": who, "from_day": dt.date(2026, 1, 1), "to_day": dt.date(2026, 6, 1), "split_day": dt.date(2026, 4, 1),
        "horizon": 60, "brought_in": True, "now": NOW,
    }  # fmt: skip
    return services.ask_backtest(**(asked | other))


def run(draft: Agreement, who: User, *every: Condition, table: ScoreTable | None = None, **other) -> Backtest:
    """Test the draft with these conditions for MQL, to its end."""
    stage = draft.stages.get(milestone="mql").stage
    set_entry_rule(draft=draft, stage=stage, rule=EntryRule(every), then="ask", actor=who)
    set_points_table(draft=draft, table=table or ScoreTable(), actor=who)
    test = ask(draft, who, **other)
    assert services.run_backtest(test.pk) is True
    return Backtest.objects.get(pk=test.pk)


def told(lead: Lead, at: dt.datetime, recorded: dt.datetime, **more) -> Touch:
    touch = Touch(lead=lead, side="marketing", kind="form", occurred_at=at, **more)
    touch.recorded_at = recorded
    append_touches([touch])
    return touch


def cell(test: Backtest) -> str:
    """Where the only lead stands."""
    (row,) = rows_of(test)[0]
    return CELLS[row["cell"]]


TOUCHED = Condition("touches", Op.AT_LEAST, number=1)
OF_TIER_A = Condition("tier", Op.ONE_OF, values=("A",))
SECOND = dt.timedelta(seconds=1)


@pytest.mark.parametrize(
    ("happened", "recorded", "counts"),
    [
        (DECIDED - DAY, DECIDED - DAY, True),
        (DECIDED, DECIDED, True),
        (DECIDED - DAY, DECIDED + SECOND, False),
        (DECIDED + SECOND, DECIDED + SECOND, False),
    ],
)
def test_a_touch_counts_if_it_had_happened_and_was_recorded_by_the_decision(
    draft, entered, people, happened, recorded, counts
):
    told(entered(), happened, recorded)
    assert cell(run(draft, people["administrator"], TOUCHED)) == ("both" if counts else "only_old")


@pytest.mark.parametrize(("taken_back", "counts"), [(DECIDED, False), (DECIDED + SECOND, True)])
def test_what_was_taken_back_later_was_still_known(draft, entered, people, taken_back, counts):
    lead = entered()
    touch = told(lead, BORN, BORN)
    told(lead, BORN, taken_back, voids=touch)
    assert cell(run(draft, people["administrator"], TOUCHED)) == ("both" if counts else "only_old")


@pytest.mark.parametrize(("corrected", "counts"), [(DECIDED, True), (DECIDED + SECOND, False)])
def test_a_correction_counts_from_when_it_was_recorded(draft, entered, people, corrected, counts):
    lead = entered(tier="B")
    append_lead_events([event(lead, "amended", BORN, corrected, field="tier", old="B", new="A")])
    assert Lead.objects.get(pk=lead.pk).tier == "A"
    assert cell(run(draft, people["administrator"], OF_TIER_A)) == ("both" if counts else "only_old")


def test_the_score_is_that_of_the_decision(draft, entered, people):
    lead = entered(score=99)
    told(lead, DECIDED - 31 * DAY, DECIDED - 31 * DAY)
    told(lead, DECIDED - DAY, DECIDED + DAY)
    table = ScoreTable((), (Engagement("form", 40, None, 31),))
    test = run(draft, people["administrator"], Condition("score", Op.AT_LEAST, number=20), table=table)
    assert rows_of(test)[0]["points"].tolist() == [20]
    assert cell(test) == "both"
    assert cell(run(draft, people["administrator"], Condition("score", Op.AT_LEAST, number=21), table=table)) == "only_old"


def test_a_touch_is_as_old_for_the_score_as_at_the_end_of_the_day_of_the_decision(draft, entered, people):
    """By the company's clocks the day of the decision, 3 March at 13:00, began 13 hours before and lasts 11 more."""
    table = ScoreTable((), (Engagement("form", 40, None, 1),))
    lead = entered()
    told(lead, DECIDED - 20 * HOUR, DECIDED - 20 * HOUR)  # 20 hours old at the decision, 31 at the end of its day
    test = run(draft, people["administrator"], Condition("score", Op.AT_LEAST, number=20), table=table)
    assert rows_of(test)[0]["points"].tolist() == [20]
    # So old was every lead's score of that day, which is the one that a rule asked for.
    cal = calendar()
    assert points_of([lead.pk], table, as_of(cal, cal.day_of(DECIDED))) == {lead.pk: 20}
    told(lead, DECIDED + HOUR, DECIDED + HOUR)  # the same day, and still not known
    test = run(draft, people["administrator"], Condition("score", Op.AT_LEAST, number=20), table=table)
    assert rows_of(test)[0]["points"].tolist() == [20]


def test_the_result_is_told_by_the_channel_and_segment_that_were_known_at_the_decision(draft, entered, people):
    old, new = ensure_channel(name="Fairs"), ensure_channel(name="Search")
    trade, health = ensure_segment(name="Trade"), ensure_segment(name="Health")
    lead = entered(channel=old, segment=trade)
    later = DECIDED + SECOND
    told_later = [("channel_id", old.pk, new.pk), ("segment_id", trade.pk, health.pk)]
    append_lead_events(
        [event(lead, "amended", later, later, field=name, old=str(was), new=str(now)) for name, was, now in told_later]
    )
    lead.refresh_from_db()
    assert (lead.channel_id, lead.segment_id) == (new.pk, health.pk)
    by = run(draft, people["administrator"], OF_TIER_A).result["by"]
    assert by == {"channel": [["Fairs", 0, 1, 0, 0]], "segment": [["Trade", 0, 1, 0, 0]]}


def test_what_has_no_history_is_not_asked_and_named(draft, entered, people):
    entered(score=5)
    conditions = (Condition("email", Op.KNOWN), Condition("score", Op.AT_LEAST, number=60), OF_TIER_A)
    test = run(draft, people["administrator"], *conditions)
    assert test.result["unasked"]["draft"] == ["E-mail address is known", "Score: at least 60"]
    assert cell(test) == "only_old"  # the tier is asked all the same


def test_a_lead_that_never_entered_is_judged_as_old_as_the_others_were(draft, entered, people, stages):
    entered()
    other = Lead.objects.create()
    append_lead_events([event(other, "created", BORN, BORN, to_stage=stages["inquiry"])])
    told(other, BORN + 10 * DAY, BORN + 10 * DAY)
    gone = Lead.objects.create()
    moves = (("created", BORN, "inquiry"), ("moved", BORN + 2 * DAY, "disqualified"))
    append_lead_events([event(gone, kind, at, at, to_stage=stages[key]) for kind, at, key in moves])
    told(gone, BORN + 3 * DAY, BORN + 3 * DAY)
    rows, _ = rows_of(run(draft, people["administrator"], TOUCHED))
    assert [CELLS[row["cell"]] for row in rows] == ["only_old", "only_new", "neither"]


def test_leads_brought_in_with_their_history_can_be_left_out(draft, people, stages):
    lead = Lead.objects.create()
    moves = (("created", BORN, "inquiry"), ("moved", DECIDED, "mql"))
    brought = NOW - 20 * DAY
    append_lead_events([event(lead, kind, at, brought, to_stage=stages[key]) for kind, at, key in moves])
    told(lead, BORN, brought)
    test = run(draft, people["administrator"], TOUCHED)
    assert (test.result["brought"], cell(test)) == (1, "both")
    test = run(draft, people["administrator"], TOUCHED, brought_in=False)
    assert (test.result["judged"], test.result["left_out"]["brought_in"]) == (0, 1)
    # What is told of it a week after it was brought in did not come with it.
    told(lead, BORN, brought + 7 * DAY)
    two = Condition("touches", Op.AT_LEAST, number=2)
    assert cell(run(draft, people["administrator"], two)) == "only_old"


def test_the_result_counts_shares_and_a_bracket(draft, people, stages, entered):
    """30 entered with a touch, 20 of them became SQL; 25 without; 30 with a touch never entered, 6 went straight to SQL."""
    leads = [entered() for _ in range(55)]
    sql = [event(lead, "moved", DECIDED + 20 * DAY, DECIDED + 20 * DAY, to_stage=stages["sql"]) for lead in leads[:20]]
    late = [event(leads[20], "moved", DECIDED + 61 * DAY, DECIDED + 61 * DAY, to_stage=stages["sql"])]
    others = [Lead.objects.create() for _ in range(30)]
    born = [event(lead, "created", BORN, BORN, to_stage=stages["inquiry"]) for lead in others]
    skips = [event(lead, "moved", BORN + 5 * DAY, BORN + 5 * DAY, to_stage=stages["sql"]) for lead in others[:6]]
    append_lead_events([*sql, *late, *born, *skips])
    for lead in (*leads[:30], *others):
        told(lead, BORN, BORN)
    test = run(draft, people["administrator"], TOUCHED)
    result = test.result
    assert result["cells"] == {"both": 30, "only_old": 25, "only_new": 30, "neither": 0}
    kept, given_up = (result["conversion"]["all"][name]["sql"] for name in ("both", "only_old"))
    assert (kept["hits"], kept["n"], kept["open"]) == (20, 30, 0)
    assert (given_up["hits"], given_up["n"]) == (0, 25)
    low, high = kept["interval"]
    assert (round(low, 3), round(high, 3)) == (0.488, 0.808)  # Wilson's, by hand
    assert 0.4 < kept["drawn"][0] < 20 / 30 < kept["drawn"][1] < 0.9
    assert result["conversion"]["test"]["both"]["sql"]["n"] == 0
    assert (result["bracket"]["sql"]["lower"], result["bracket"]["sql"]["upper"]) == (0.2, pytest.approx(20 / 55))
    assert [row for row in result["months"] if row[1] or row[2]] == [["2026-02", 0, 6], ["2026-03", 55, 54]]
    assert result["workload"] == {"weeks": pytest.approx(152 / 7), "people": 1, "old": 55, "new": 60}


def test_a_run_goes_on_where_it_was_left(draft, entered, people, monkeypatch):
    monkeypatch.setattr("metrics.services.backtests.LEADS_AT_ONCE", 2)
    for _ in range(5):
        told(entered(), BORN, BORN)
    test = ask(draft, people["administrator"])
    numbers = [pk - 1 for pk in Lead.objects.values_list("pk", flat=True)]
    pieces = len({number // 2 for number in range(min(numbers), max(numbers) + 1)})
    assert services.sweep_backtests(now=NOW) == [test.pk]
    assert services.run_backtest(test.pk, until=0) is False
    assert services.sweep_backtests(now=NOW) == [test.pk]
    assert services.run_backtest(test.pk) is True
    done = Backtest.objects.get(pk=test.pk)
    assert (done.state, done.result["judged"], done.parts.count()) == ("done", 5, pieces)
    assert services.run_backtest(test.pk) is True  # twice is once
    assert services.sweep_backtests(now=NOW) == []
    again = ask(draft, people["administrator"])
    services.run_backtest(again.pk)
    assert Backtest.objects.get(pk=again.pk).inputs == done.inputs


def test_a_draft_that_changed_meanwhile_is_not_tested_as_it_was_not_asked(draft, entered, people):
    entered()
    test = ask(draft, people["administrator"])
    set_entry_rule(draft=draft, stage=test.stage, rule=EntryRule((TOUCHED,)), then="ask", actor=people["administrator"])
    services.run_backtest(test.pk)
    assert Backtest.objects.get(pk=test.pk).state == "stopped"


def test_one_test_of_a_version_at_a_time_and_a_stopped_one_keeps_nothing(draft, entered, people):
    entered()
    test = ask(draft, people["administrator"])
    with pytest.raises(DomainError, match="is running"):
        ask(draft, people["administrator"])
    services.stop_backtest(backtest=test, now=NOW)
    services.run_backtest(test.pk)
    assert Backtest.objects.get(pk=test.pk).state == "stopped"
    assert BacktestPart.objects.count() == 0
    ask(draft, people["administrator"])


@pytest.mark.parametrize(
    ("other", "field"),
    [
        ({"to_day": dt.date(2026, 6, 2)}, "to_day"),
        ({"from_day": dt.date(2026, 5, 25), "split_day": dt.date(2026, 5, 26)}, "from_day"),
        ({"split_day": dt.date(2026, 1, 1)}, "split_day"),
        ({"horizon": 0}, "horizon"),
        ({"from_day": dt.date(1, 1, 2)}, "from_day"),
        ({"from_day": dt.date(2016, 5, 30)}, "from_day"),
    ],
)
def test_days_that_do_not_fit_are_named(draft, people, other, field):
    with pytest.raises(DomainError) as refused:
        ask(draft, people["administrator"], **other)
    assert refused.value.field == field


def test_ten_years_are_tested(draft, entered, people):
    entered()
    test = run(draft, people["administrator"], TOUCHED, from_day=dt.date(2016, 6, 1))
    months = test.result["months"]
    assert (len(months), months[0][0], months[-1][0]) == (121, "2016-06", "2026-06")


def test_a_dropped_draft_takes_its_tests_along(draft, entered, people):

    entered()
    run(draft, people["administrator"], TOUCHED)
    drop_draft(draft=draft, actor=people["administrator"])
    assert (Backtest.objects.count(), BacktestPart.objects.count()) == (0, 0)
    assert LeadEvent.objects.count() == 2
