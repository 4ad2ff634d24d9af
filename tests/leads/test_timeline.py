"""Journeys as data: what happened, and the stays that follow from it."""

import datetime as dt

import pytest

from funnel.models import Stage
from leads import services
from leads.models import LeadEvent, StageEntry
from metrics import rollup, series
from metrics.check import check
from metrics.segments import FAR, UNKNOWN_DAY

pytestmark = pytest.mark.django_db

# When: day of March 2026 and hour (UTC); how well it is known; where to. The first line of each is the creation.
JOURNEYS = {
    "straight on": (
        [(2, 12, "instant", "inquiry"), (3, 12, "instant", "mql"), (5, 12, "instant", "sal")],
        ["inquiry 2-3 advance", "mql 3-5 advance", "sal 5-"],
    ),
    "a skip invents no stay": (
        [(2, 12, "instant", "inquiry"), (3, 12, "instant", "sql")],
        ["inquiry 2-3 advance", "sql 3-"],
    ),
    "back and on again": (
        [(2, 12, "instant", "inquiry"), (3, 12, "instant", "sql"), (4, 12, "instant", "mql"), (6, 12, "instant", "sql")],
        ["inquiry 2-3 advance", "sql 3-4 back", "mql 4-6 advance", "sql 6- #2"],
    ),
    "recycled and back": (
        [(2, 12, "instant", "mql"), (3, 12, "instant", "recycled"), (9, 12, "instant", "mql")],
        ["mql 2-3 detour", "recycled 3-9 advance", "mql 9- #2"],
    ),
    "lost and out": (
        [(2, 12, "instant", "mql"), (3, 12, "instant", "lost"), (9, 12, "instant", "disqualified")],
        ["mql 2-3 lost", "lost 3-9 out", "disqualified 9-"],
    ),
    "told in another order": (
        [(2, 12, "instant", "inquiry"), (9, 12, "instant", "sql"), (3, 12, "instant", "mql")],
        ["inquiry 2-3 advance", "mql 3-9 advance", "sql 9-"],
    ),
    "the same stage twice is one stay": (
        [(2, 12, "instant", "inquiry"), (3, 12, "instant", "mql"), (5, 12, "instant", "mql")],
        ["inquiry 2-3 advance", "mql 3-"],
    ),
    "at the same instant, in the order of telling": (
        [(2, 12, "instant", "inquiry"), (3, 12, "instant", "mql"), (3, 12, "instant", "sql")],
        ["inquiry 2-3 advance", "mql 3-3 advance", "sql 3-"],
    ),
    "a day says nothing against the order within it": (
        [(2, 12, "instant", "inquiry"), (2, 0, "day", "mql")],
        ["inquiry 2-2 advance", "mql 2-"],
    ),
    "created after a move: placed before it": (
        [(5, 12, "instant", "inquiry"), (3, 12, "instant", "mql")],
        ["inquiry 3-3 advance", "mql 3-"],
    ),
    "midnight belongs to Berlin": (
        [(2, 12, "instant", "inquiry"), (3, 23, "instant", "mql")],
        ["inquiry 2-4 advance", "mql 4-"],
    ),
    "an unknown time is a stay like any other": (
        [(2, 12, "instant", "inquiry"), (3, 12, "unknown", "mql"), (5, 12, "instant", "sql")],
        ["inquiry 2-3 advance", "mql 3-5 advance", "sql 5-"],
    ),
}


def told(stages, at, lines, **attributes):
    """A lead to which these things happened, in this order of telling."""
    (day, hour, precision, key), *later = lines
    lead = services.create_lead(
        stage=stages[key], occurred_at=at(3, day, hour), time_precision=precision, actor=None, **attributes
    )
    for day, hour, precision, key in later:
        event = LeadEvent(lead=lead, kind="moved", to_stage=stages[key], occurred_at=at(3, day, hour))
        event.time_precision = precision
        services.append_lead_events([event])
    lead.refresh_from_db()
    return lead


def stays_of(lead) -> list[str]:
    found = []
    for stay in StageEntry.objects.filter(lead=lead).order_by("position").select_related("stage"):
        left = f"{stay.left_day.day} {stay.exit_kind}" if stay.left_day else ""
        number = f" #{stay.entry_no}" if stay.entry_no > 1 else ""
        found.append(f"{stay.stage.key} {stay.entered_day.day}-{left}{number}")
    return found


@pytest.mark.parametrize("name", JOURNEYS)
def test_journeys(name, stages, at):
    lines, expected = JOURNEYS[name]
    lead = told(stages, at, lines)
    assert stays_of(lead) == expected
    assert lead.stage.key == expected[-1].split()[0]
    assert lead.clock_skew == (name == "created after a move: placed before it")
    rollup.drain()
    assert check() == []


def test_a_move_without_an_open_end_reaches_skipped_stages_by_rank(stages, at):
    """Skips are credited in "reached", never invented in "entered"."""
    told(stages, at, [(2, 12, "instant", "inquiry"), (3, 12, "instant", "sql")])
    rollup.drain()
    journey = series.current()["journey"]
    reached = {key for key, stage in stages.items() if journey[f"r:{stage.id}"][0] != FAR}
    entered = {key for key, stage in stages.items() if journey[f"e:{stage.id}"][0]}
    assert reached == {"inquiry", "mql", "sal", "sql"}
    assert entered == {"inquiry", "sql"}


def test_a_deal_that_sales_opens_itself_is_no_mql(stages, at):
    told(stages, at, [(2, 12, "instant", "sql")], origin="sales")
    rollup.drain()
    journey = series.current()["journey"]
    assert {key for key, stage in stages.items() if journey[f"r:{stage.id}"][0] != FAR} == {"sal", "sql"}


def test_unknown_times_are_in_no_duration(stages, at):
    told(stages, at, JOURNEYS["an unknown time is a stay like any other"][0])
    told(stages, at, [(2, 12, "unknown", "inquiry")])
    rollup.drain()
    snapshot = series.current()
    assert sorted(snapshot["stay"]["dwell"].tolist()) == [-1, -1, -1, -1]
    mql = stages["mql"].id
    # The reach counts on the day it was placed on, with a mark that keeps it out of durations, cohorts and trends.
    assert snapshot["journey"][f"u:{mql}"].tolist() == [1, 0]
    assert snapshot["journey"][f"r:{mql}"].tolist()[1] == FAR
    assert snapshot["journey"]["created"].tolist()[1] == UNKNOWN_DAY
    assert check() == []


def test_merged_leads_are_one_history_and_come_apart_again(stages, at):
    one = told(stages, at, [(2, 12, "instant", "inquiry"), (6, 12, "instant", "sql")])
    other = told(stages, at, [(3, 12, "instant", "inquiry"), (4, 12, "instant", "mql")])
    apart = stays_of(one), stays_of(other)

    services.merge_leads(survivor=one, duplicate=other, actor=None)
    other.refresh_from_db()
    assert stays_of(one) == ["inquiry 2-4 advance", "mql 4-6 advance", "sql 6-"]
    assert (stays_of(other), other.merged_into_id, other.stage_id) == ([], one.id, None)

    services.unmerge_lead(lead=other, actor=None)
    assert (stays_of(one), stays_of(other)) == apart
    rollup.drain()
    assert check() == []


def test_a_lead_that_is_taken_out_takes_what_was_merged_into_it_and_its_deals(stages, at):
    one, other = (told(stages, at, [(2, 12, "instant", "inquiry")]) for _ in range(2))
    services.merge_leads(survivor=one, duplicate=other, actor=None)
    services.open_deal(lead=other, occurred_at=at(3, 3), amount=100, actor=None)
    services.record_touch(side="sales", kind="call", occurred_at=at(3, 4), lead=other, actor=None)
    rollup.drain()
    assert len(series.current()["deal"]) == 1
    one.refresh_from_db()
    services.void_lead(lead=one, actor=None)
    rollup.drain()
    assert [len(series.current()[kind]) for kind in ("stay", "journey", "deal", "deal_span", "touch")] == [0] * 5
    assert check() == []


def test_a_creation_placed_earlier_brings_its_owner(stages, at, people):
    lead = told(stages, at, JOURNEYS["created after a move: placed before it"][0], owner=people["member"])
    assert set(StageEntry.objects.filter(lead=lead).values_list("owner__name", flat=True)) == {"Member"}


def test_a_missing_source_stays_known_after_its_correction(stages, at):
    from campaigns.services import ensure_channel
    from leads.projection import refresh_leads

    lead = told(stages, at, [(2, 12, "instant", "inquiry")])
    services.amend_lead(lead=lead, actor=None, channel=ensure_channel(name="Search"))
    for _ in range(2):
        refresh_leads([lead.id])
        lead.refresh_from_db()
        assert lead.source_missing


def test_owner_and_team_are_those_of_the_day(stages, at, people):
    lead = told(stages, at, [(2, 12, "instant", "inquiry")], owner=people["colleague"])
    services.assign_lead(lead=lead, owner=people["member"], occurred_at=at(3, 4), actor=None)
    services.move_lead(lead, stages["mql"], actor=None, occurred_at=at(3, 3))
    lead.refresh_from_db()
    services.move_lead(lead, stages["sal"], actor=None, occurred_at=at(3, 5))
    stays = StageEntry.objects.filter(lead=lead).order_by("position").values_list("owner__name", "team__name")
    assert list(stays) == [("Colleague", "Marketing"), ("Colleague", "Marketing"), ("Member", "Sales")]


def test_a_new_version_of_the_agreement_rewrites_nothing(stages, at):
    from funnel import services as funnel

    lead = told(stages, at, [(2, 12, "instant", "inquiry"), (3, 12, "instant", "sal")])
    draft = funnel.draft_version(actor=None)
    funnel.reorder_path(draft=draft, keys=["inquiry", "sal", "mql", "sql", "opportunity", "won"], actor=None)
    funnel.put_in_force(agreement=draft, from_day=dt.date(2026, 3, 10), actor=None)
    late = told(stages, at, [(2, 12, "instant", "inquiry"), (12, 12, "instant", "sal")])
    rollup.drain()
    journey, mql = series.current()["journey"], Stage.objects.get(key="mql").id
    reached = dict(zip(journey["lead"].tolist(), (journey[f"r:{mql}"] != FAR).tolist(), strict=True))
    assert reached == {lead.id: True, late.id: False}
    assert check() == []
