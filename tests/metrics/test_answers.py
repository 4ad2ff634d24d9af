"""What holds for answers as such: days and weeks of the company, unknown times, statuses, versions, both teams' eyes."""

import datetime as dt
import json

import pytest

from accounts.models import Side, Team
from campaigns.services import ensure_campaign
from core.errors import DomainError
from core.models import CompanyZone, Organisation
from core.services import set_up_organisation
from funnel import services as funnel
from funnel.models import Stage
from metrics import rollup, series
from metrics.answers import ask
from metrics.definitions import METRICS
from metrics.questions import Reader, reader_of
from metrics.selection import BY_DIMENSION
from tests.metrics.journeys import NOW, by_key, crowd, figure, instant, tell
from tests.metrics.rich_company import PERIOD, dated

pytestmark = pytest.mark.django_db

MARCH = "2025-03-01/2025-04-01"


# --- days, weeks, quarters ----------------------------------------------------------------------------------------------


def test_days_are_the_company_s_not_utc_s(company):
    tell({"late": "inquiry 2025-07-01T00:30", "later": "inquiry 2025-07-01T23:30"})  # 30 June 22:30 UTC
    assert by_key(figure("stage_inflow", "2025-06-30/2025-07-03", by="day")) == {
        "2025-06-30": 0, "2025-07-01": 2, "2025-07-02": 0,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("week_start", "keys"),
    [(0, {"2025-03-03": 1, "2025-03-10": 2}), (6, {"2025-03-02": 1, "2025-03-09": 2}), (5, {"2025-03-08": 3})],
)
def test_a_week_s_key_is_its_first_day_wherever_weeks_begin(company, week_start, keys):
    Organisation.objects.update(week_start=week_start)
    tell({"saturday": "inquiry 2025-03-08", "monday": "inquiry 2025-03-10", "tuesday": "inquiry 2025-03-11"})
    found = by_key(figure("stage_inflow", "2025-03-08/2025-03-12", by="week"))
    assert found == keys


def test_first_and_last_bucket_hold_days_of_the_period_alone_under_the_key_of_the_whole(company):
    tell(
        {
            "before": "inquiry 2025-03-09",
            "in": "inquiry 2025-03-10",
            "last": "inquiry 2025-04-09",
            "out": "inquiry 2025-04-10",
        }
    )
    assert by_key(figure("stage_inflow", "2025-03-10/2025-04-10", by="month")) == {"2025-03-01": 1, "2025-04-01": 1}
    stock = figure("stage_balance", by="month", **{"from": "2025-03-10", "to": "2025-04-10"})
    assert by_key(stock) == {"2025-03-01": 2, "2025-04-01": 3}


def test_a_change_of_zone_keeps_the_days_before_it(db):
    set_up_organisation(name="Mover", tz="Europe/Berlin", base_currency="EUR", from_day=dt.date(2025, 1, 1))
    CompanyZone.objects.create(from_day=dt.date(2025, 4, 1), tz="America/New_York")
    funnel.adopt_preset(preset="b2b", from_day=dt.date(2025, 1, 1), actor=None)
    tell({"old": "inquiry 2025-03-20T00:30", "new": "inquiry 2025-04-20T04:30"})  # 22:30 of 19 April in New York
    found = by_key(figure("stage_inflow", "2025-03-01/2025-05-01", by="day"))
    assert {day: n for day, n in found.items() if n} == {"2025-03-20": 1, "2025-04-19": 1}


# --- unknown times ------------------------------------------------------------------------------------------------------


def test_unknown_times_count_in_totals_and_stock_and_in_no_bucket_duration_or_cohort(company):
    tell(
        {
            "dated": "inquiry 2025-03-03, mql 2025-03-05, won 2025-03-15",
            "flag": "inquiry 2025-03-03, mql ?2025-03-05, won ?2025-03-20",
            "start": "inquiry ?2025-03-03, mql 2025-03-05",
        }
    )
    inflow = figure("stage_inflow", MARCH, stage="mql", by="month")
    assert (inflow["value"], by_key(inflow)) == (3, {"": 1, "2025-03-01": 2})
    outflow = figure("stage_outflow", MARCH, stage="mql", by="month")
    assert (outflow["value"], by_key(outflow)) == (2, {"": 1, "2025-03-01": 1})
    reach = figure("first_reach", MARCH, stage="won", by="month")
    assert (reach["value"], by_key(reach)) == (2, {"": 1, "2025-03-01": 1})
    started = figure("first_reach", MARCH, stage="inquiry", by="week")
    assert (started["value"], by_key(started)[""]) == (3, 1)
    assert figure("stage_balance", "2025-03-31", stage="won")["value"] == 2
    assert figure("missing_source", MARCH)["denominator"] == 3

    conversion = figure("cohort_conversion", MARCH, stage="inquiry", to_stage="won")
    assert (conversion["numerator"], conversion["denominator"]) == (1, 1)
    assert conversion["excluded"] == {
        "reached the stage at an unknown time": 1, "reached the later stage at an unknown time": 1,
    }  # fmt: skip
    assert figure("time_to_convert", MARCH, stage="inquiry", to_stage="won")["numerator"] == 1
    assert figure("time_in_stage_completed", MARCH, stage="mql")["n"] == 1
    assert figure("speed_to_lead", MARCH)["excluded"] == {"entered at an unknown time": 1}
    assert figure("skip_rate", MARCH, stage="mql")["denominator"] == 2


def test_coming_back_from_a_detour_at_an_unknown_time_is_neither_success_nor_failure(company):
    tell({"flag": "mql 2025-03-01, recycled 2025-03-05, sql ?2025-04-01", "open": "mql 2025-03-01, recycled 2025-03-05"})
    found = figure("recycle_yield", MARCH)
    assert (found["numerator"], found["denominator"]) == (0, 1)
    assert found["excluded"] == {"reached the later stage at an unknown time": 1}


# --- statuses -----------------------------------------------------------------------------------------------------------


def test_a_cohort_is_immature_while_its_youngest_is_below_the_horizon(company):
    tell({"old": "mql 2025-03-01, sql 2025-03-05", "young": "mql 2025-03-31"})
    ask = {"stage": "mql", "to_stage": "sql"}
    before = figure("cohort_conversion", MARCH, now=instant("2025-06-28"), **ask)
    assert (before["status"], before["open"]) == ("immature", 1)
    assert figure("cohort_conversion", MARCH, now=instant("2025-06-29"), **ask)["status"] == "ok"


def test_without_a_milestone_a_metric_does_not_apply(db):
    set_up_organisation(name="Short", tz="Europe/Berlin", base_currency="EUR", from_day=dt.date(2025, 1, 1))
    funnel.adopt_preset(preset="short", from_day=dt.date(2025, 1, 1), actor=None)
    found = figure("recycle_yield", MARCH)  # the short preset has no detour
    assert (found["status"], found["value"]) == ("not_applicable", None)
    assert figure("end_to_end_conversion", MARCH)["status"] == "undefined"
    draft = funnel.draft_version(actor=None)
    funnel.edit_stage(draft=draft, stage=Stage.objects.get(key="won"), actor=None, milestone=None)
    funnel.put_in_force(agreement=draft, from_day=dt.date(2025, 1, 2), actor=None)
    series._held.clear()
    assert figure("end_to_end_conversion", MARCH)["status"] == "not_applicable"
    assert figure("cohort_conversion", MARCH, stage="inquiry", to_stage="won")["status"] == "undefined"


def reorder_from(day: str) -> None:
    draft = funnel.draft_version(actor=None)
    for key, name in (("mql", "Hot lead"), ("sal", "Taken on")):
        funnel.edit_stage(draft=draft, stage=Stage.objects.get(key=key), actor=None, name=name)
    keys = ["inquiry", "mql", "sql", "sal", "opportunity", "won"]
    funnel.reorder_path(draft=draft, keys=keys, actor=None)
    funnel.put_in_force(agreement=draft, from_day=dt.date.fromisoformat(day), actor=None)


def test_a_rate_over_two_counting_versions_is_mixed(company):
    reorder_from("2025-04-01")
    tell(crowd(3, "mql 2025-03-05, sal 2025-03-10", "old") | crowd(2, "mql 2025-04-05, sal 2025-04-10", "new"))
    rate = figure("leakage", "2025-03-01/2025-05-01", stage="mql")
    assert (rate["status"], rate["definition_version"]) == ("mixed", [1, 2])
    # Each version's own row stands beside it, with the value that its own period alone would give.
    parts = {row["key"]: (row["value"], row["n"]) for row in rate["versions"]}
    alone = figure("leakage", MARCH, stage="mql"), figure("leakage", "2025-04-01/2025-05-01", stage="mql")
    assert parts == {"1": (alone[0]["value"], 3), "2": (alone[1]["value"], 2)}
    assert [one["status"] for one in alone] == ["ok", "ok"] and "versions" not in alone[0]
    count = figure("stage_inflow", "2025-03-01/2025-05-01", stage="mql")
    assert (count["status"], count["definition_version"]) == ("ok", [1, 2])


def test_giving_a_milestone_to_another_stage_changes_no_closed_period(company):
    won = crowd(1, "inquiry 2025-03-01, mql 2025-03-05, won 2025-03-10", "won")
    tell(won | crowd(2, "inquiry 2025-03-02", "waiting") | crowd(3, "inquiry 2025-03-01, mql 2025-03-05", "old"))
    asked = [("time_to_convert", MARCH), ("end_to_end_conversion", MARCH), ("speed_to_lead", MARCH)]
    asked += [("recycle_yield", MARCH), ("first_reach", MARCH)]
    before = [figure(key, period) for key, period in asked]
    draft = funnel.draft_version(actor=None)
    for key, milestone in (("mql", None), ("sal", None), ("inquiry", "mql"), ("mql", "start")):
        funnel.edit_stage(draft=draft, stage=Stage.objects.get(key=key), actor=None, milestone=milestone)
    funnel.put_in_force(agreement=draft, from_day=dt.date(2025, 4, 1), actor=None)
    tell(crowd(2, "mql 2025-04-05, sal 2025-04-10", "new"))
    assert _without_as_of([figure(key, period) for key, period in asked]) == _without_as_of(before)
    # From the day of the change on, Start is the stage that carries it now.
    assert figure("first_reach", "2025-04-01/2025-05-01")["value"] == 2


def test_two_campaigns_of_one_name_are_told_apart_by_their_source_s_id(company):
    spring = [ensure_campaign(name="Spring webinar", source=source, external_id="7") for source in ("mailer", "events")]
    lone = ensure_campaign(name="Autumn fair", source="events", external_id="8")
    for campaign, leads in zip((*spring, lone), (1, 2, 3), strict=True):
        tell(crowd(leads, "inquiry 2025-03-05", f"{campaign.id}", campaign=campaign))
    rows = by_key(figure("first_reach", MARCH, by="campaign"))
    assert rows == {"Autumn fair": 3, "Spring webinar (events 7)": 2, "Spring webinar (mailer 7)": 1}
    assert {word: figure("first_reach", MARCH, campaign=word)["value"] for word in rows} == rows
    with pytest.raises(DomainError, match=r"“Spring webinar \(events 7\)”, “Spring webinar \(mailer 7\)”"):
        figure("first_reach", MARCH, campaign="Spring webinar")


def _without_as_of(answers: list[dict]) -> list[dict]:
    return [{name: value for name, value in answer.items() if name != "as_of"} for answer in answers]


def test_renaming_and_reordering_change_no_past_number(company):
    tell(
        {
            "Anna": "inquiry 2025-03-01, mql 2025-03-05, sal 2025-03-08, sql 2025-03-12, mql 2025-03-14",
            "Bert": "inquiry 2025-03-02, sql 2025-03-09, opportunity 2025-03-15, won 2025-03-20",
            "Carl": "inquiry 2025-03-03, mql 2025-03-04, recycled 2025-03-09, sql 2025-03-20",
        }
        | crowd(40, "inquiry 2025-03-03, mql 2025-03-06, sal 2025-03-11, lost 2025-03-25")
    )

    def past() -> str:
        answers = {}
        for key in METRICS:
            params = dated(key) | ({"at": "2025-03-31"} if METRICS[key].basis == "instant" else {"to": "2025-04-01"})
            for by in (None, "channel", "month" if "from" in params else "team"):
                answer = figure(key, **params | ({"by": by} if by else {}))
                answer.pop("as_of")
                answers[f"{key} {by}"] = answer
        return json.dumps(answers, sort_keys=True)

    before = past()
    reorder_from("2025-04-01")
    rollup.note_everything()
    series._held.clear()
    assert past() == before
    assert series.current().book.name_of(Stage.objects.get(key="mql").id) == "Hot lead"


# --- both teams see the same ----------------------------------------------------------------------------------------------


def test_both_teams_and_every_role_read_the_same_numbers(rich):
    readers = [reader_of(rich.people[who]) for who in ("rep", "marketer", "sales_lead", "viewer", "administrator")]
    rollup.drain()
    for key in METRICS:
        for by in (None, *BY_DIMENSION, "month"):
            if by in ("owner", "stage", "kind", "reason"):
                continue
            params = dated(key)
            if by == "month" and "at" in params:
                params = {name: v for name, v in params.items() if name != "at"}
                params |= dict(zip(("from", "to"), PERIOD.split("/"), strict=True))
            answers = [_answer_or_refusal(key, by, params, reader) for reader in readers]
            assert all(answer == answers[0] for answer in answers), (key, by)
            assert by or "refused" not in answers[0], key


def _answer_or_refusal(key, by, params, reader) -> dict:
    """Cost lines have no segment, for instance: whom a breakdown is refused must not depend on who asks."""
    try:
        return ask(key, params | ({"by": by} if by else {}), reader=reader, now=NOW, snapshot=series.current())
    except DomainError as error:
        return {"refused": error.code}


def test_swapping_the_teams_labels_changes_nothing_in_the_joint_numbers(rich):
    def joint() -> str:
        found = {}
        for key in METRICS:
            found[key] = figure(key, **dated(key), by="channel") | {"as_of": None}
        return json.dumps(found)

    before, teams = joint(), by_key(figure("stage_inflow", PERIOD, by="team"))
    sales, marketing = Team.objects.get(name="Sales"), Team.objects.get(name="Marketing")
    for team, name in ((sales, "x"), (marketing, "Sales"), (sales, "Marketing")):
        Team.objects.filter(id=team.id).update(name=name)
    Team.objects.filter(id=sales.id).update(side=Side.MARKETING)
    Team.objects.filter(id=marketing.id).update(side=Side.SALES)
    rollup.note_everything()
    series._held.clear()
    assert joint() == before
    swapped = by_key(figure("stage_inflow", PERIOD, by="team", reader=Reader()))
    assert swapped == teams | {"Sales": teams["Marketing"], "Marketing": teams["Sales"]}
