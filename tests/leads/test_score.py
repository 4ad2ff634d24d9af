"""The score of a lead: a table of points whose reasons add up to it, computed by the worker, however it came about."""

import datetime as dt
import random

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core.queries import calendar
from funnel.criteria import FACTS, Condition, Facts, Op
from funnel.models import Agreement
from funnel.score import (
    TOUCH_KINDS,
    Engagement,
    Fit,
    Reason,
    ScoreTable,
    fading,
    most_points,
    read_table,
    rounded,
    scored,
    scored_points,
    write_table,
)
from funnel.services import draft_version, ensure_segment, put_in_force, set_points_table
from leads.models import Lead, ScoreNote, ScoreRun, Touch
from leads.score import as_of, reasons_of, scoring_on
from leads.services import (
    amend_lead,
    edit_contact,
    merge_leads,
    record_touch,
    unmerge_lead,
    void_touch,
)
from leads.services.history import change_companies, change_leads
from leads.services.scoring import follow_scores
from leads.tasks import score_leads

NOON = dt.datetime(2026, 3, 5, 12, tzinfo=dt.UTC)
EMAIL = Fit(Condition("email", Op.KNOWN), 5)
NORTH = Fit(Condition("region", Op.ONE_OF, ("North",)), 10)
WEBINAR = Engagement("webinar", 15, most=2, half_life=30)
ANY = Engagement("", 1)
KINDS, TOUCHED = ("", "webinar", "form"), ("webinar", "form", "ad")
TABLE = ScoreTable((EMAIL, NORTH), (WEBINAR, ANY))


def days_ago(*days: int, kind: str = "webinar", now: dt.datetime = NOON) -> list[tuple[str, dt.datetime]]:
    return [(kind, now - dt.timedelta(days=n)) for n in days]


# --- the points themselves -----------------------------------------------------------------------------------


def test_the_reasons_add_up_to_the_score():
    touches = [*days_ago(0, 30, 60), *days_ago(10, kind="form")]
    found = scored(TABLE, Facts({"email": "a@b.example", "region": "North"}), touches, NOON)
    assert found.reasons == (
        Reason("E-mail address is known", 5),
        Reason("Region is North", 10),
        # The newest two: a whole one and a half one, 22.5, which is as near to 22 as to 23: to the even one.
        Reason("Webinar: 2 touches, half as much every 30 days", 22),
        Reason("Any touch by marketing: 4 touches", 4),
    )
    assert found.points == 41 == sum(reason.points for reason in found.reasons)


def test_what_gives_nothing_is_no_reason():
    nothing = scored(TABLE, Facts({"region": "South"}), [], NOON)
    assert (nothing.points, nothing.reasons) == (0, ())
    faded = scored(ScoreTable(engagement=(WEBINAR,)), Facts(), days_ago(900), NOON)
    assert (faded.points, faded.reasons) == (0, ())


def test_what_has_not_happened_yet_does_not_count():
    later = [("webinar", NOON + dt.timedelta(seconds=1))]
    assert scored(TABLE, Facts(), [*later, *days_ago(30)], NOON) == scored(TABLE, Facts(), days_ago(30), NOON)


@pytest.mark.parametrize(("hours", "points"), [(0, 8), (23, 8), (24, 4), (47, 4), (48, 2), (72, 1), (96, 0), (120, 0)])
def test_a_touch_halves_in_whole_days_of_24_hours(hours, points):
    table = ScoreTable(engagement=(Engagement("form", 8, half_life=1),))
    assert scored(table, Facts(), [("form", NOON - dt.timedelta(hours=hours))], NOON).points == points


def test_points_can_be_taken_away():
    table = ScoreTable((Fit(Condition("company", Op.UNKNOWN), -20), EMAIL))
    found = scored(table, Facts({"email": "a@b.example"}), [], NOON)
    assert [(r.words, r.worth) for r in found.reasons] == [
        ("Company is not known", "−20 points"),
        ("E-mail address is known", "+5 points"),
    ]
    assert found.points == -15


@pytest.mark.parametrize(
    ("millionths", "points"),
    [(499_999, 0), (500_000, 0), (500_001, 1), (1_500_000, 2), (2_500_000, 2), (-500_000, 0), (-1_500_000, -2)],
)
def test_a_half_goes_to_the_even_neighbour(millionths, points):
    assert rounded(millionths) == points


def test_a_touch_fades_until_nothing_is_left():
    assert [fading(30)[day] for day in (0, 30, 60, 90)] == [1_000_000, 500_000, 250_000, 125_000]
    assert all(fading(half_life)[-1] == 0 for half_life in (1, 7, 30, 365, 3_650))


def test_the_most_that_anybody_can_get():
    assert most_points(TABLE) is None, "any touch counts without limit"
    assert most_points(ScoreTable((EMAIL, NORTH), (WEBINAR,))) == 45


def table_at_random(dice: random.Random) -> ScoreTable:
    conditions = [
        Condition("email", Op.KNOWN),
        Condition("company", Op.UNKNOWN),
        Condition("region", Op.ONE_OF, ("North", "South")),
        Condition("company_segment", Op.NONE_OF, ("Pumps",)),
        Condition("need", Op.KNOWN),
        Condition("origin", Op.ONE_OF, ("marketing",)),
    ]
    points = [n for n in range(-30, 60) if n]
    fit = tuple(Fit(one, dice.choice(points)) for one in dice.sample(conditions, dice.randrange(1, 6)))
    engagement = tuple(
        Engagement(
            dice.choice(["", "webinar", "form"]), dice.choice(points), dice.choice([None, 1, 3]), dice.choice([None, 1, 14])
        )
        for _ in range(dice.randrange(1, 4))
    )
    return ScoreTable(fit, engagement)


def test_a_table_is_read_back_as_it_was_written():
    dice = random.Random(3)
    for _ in range(200):
        table = table_at_random(dice)
        assert read_table(write_table(table)) == table


def test_the_kinds_of_touches_are_those_that_touches_have():
    assert {key: label for key, label in TOUCH_KINDS.items() if key} == dict(Touch.Kind.choices)


# --- the worker ----------------------------------------------------------------------------------------------


@pytest.fixture
def score_by(company):
    """`score_by(TABLE)`: a version with these points holds from a day on, today without one."""

    def one(table: ScoreTable, from_day: dt.date | None = None) -> Agreement:
        draft = draft_version(actor=None)
        set_points_table(draft=draft, table=table, actor=None)
        return put_in_force(agreement=draft, from_day=from_day or calendar().day_of(now()), actor=None)

    return one


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def stored() -> dict[int, int | None]:
    standing = Lead.objects.filter(merged_into=None, voided=False)
    return dict(standing.values_list("id", "score"))


def anew() -> dict[int, int]:
    """The scores that the events and attributes of now give, without anything stored."""
    day = calendar().day_of(now())
    _, table = scoring_on(day)
    return {pk: found.points for pk, found in reasons_of(list(stored()), table, as_of(calendar(), day)).items()}


@pytest.mark.django_db
def test_without_points_the_score_is_the_one_that_was_given(enter):
    lead = enter("Anna Brandt", score=62)
    assert (lead.score, lead.given_score) == (62, 62)
    lead.given_score = 70
    change_leads(leads=[lead], fields={"given_score"}, actor=None)
    lead.refresh_from_db()
    assert (lead.score, lead.given_score) == (70, 70)
    assert score_leads() == 0 and not ScoreNote.objects.exists()


@pytest.mark.django_db
def test_with_points_the_worker_scores_and_the_given_one_is_kept(enter, score_by):
    old = enter("Anna Brandt", score=62)
    score_by(TABLE)
    new = enter("Ben Olsen", score=33)
    assert score_leads() == 2
    for lead in (old, new):
        lead.refresh_from_db()
    assert [(lead.score, lead.given_score) for lead in (old, new)] == [(15, 62), (15, 33)]
    new.given_score = 99
    change_leads(leads=[new], fields={"given_score"}, actor=None)
    assert score_leads() == 0
    assert Lead.objects.get(pk=new.pk).score == 15


@pytest.mark.django_db
def test_a_version_without_points_gives_the_given_scores_back(enter, score_by):
    lead = enter("Anna Brandt", score=62)
    score_by(TABLE, calendar().day_of(now()) - dt.timedelta(days=3))
    score_leads()
    assert stored() == {lead.pk: 15}
    score_by(ScoreTable())
    assert score_leads() == 1 and stored() == {lead.pk: 62}
    assert score_leads() == 0, "once is enough"


@pytest.mark.django_db
def test_a_version_that_begins_later_changes_no_score_before(enter, score_by):
    lead = enter("Anna Brandt", score=62)
    score_by(TABLE, calendar().day_of(now()) + dt.timedelta(days=2))
    assert score_leads() == 0 and stored() == {lead.pk: 62}
    assert follow_scores(now=now() + dt.timedelta(days=2)) == 1 and stored() == {lead.pk: 15}


@pytest.mark.django_db
def test_every_change_that_matters_is_scored_and_equals_scoring_anew(enter, score_by):
    table = ScoreTable(
        (EMAIL, NORTH, Fit(Condition("company_segment", Op.ONE_OF, ("Dairies",)), 20), Fit(Condition("need", Op.KNOWN), 7)),
        (Engagement("webinar", 10, half_life=30), Engagement("", 3)),
    )
    score_by(table)
    anna, ben = enter("Anna Brandt"), enter("Ben Olsen", company="Olsen")
    score_leads()
    assert stored() == anew() == {anna.pk: 15, ben.pk: 15}
    touch = record_touch(lead=ben, side="marketing", kind="webinar", occurred_at=now() - dt.timedelta(hours=1), actor=None)

    def need():
        anna.custom = {"need": "Pumps"}
        change_leads(leads=[anna], fields={"custom"}, actor=None)

    def segment():
        ben.company.segment = ensure_segment(name="Dairies")
        change_companies(companies=[ben.company], fields={"segment"}, actor=None)

    steps = [
        (lambda: None, {anna.pk: 15, ben.pk: 28}),
        (need, {anna.pk: 22, ben.pk: 28}),
        (segment, {anna.pk: 22, ben.pk: 48}),
        (lambda: edit_contact(contact=ben.contact, actor=None, email=""), {anna.pk: 22, ben.pk: 43}),
        (lambda: amend_lead(lead=anna, actor=None, region=None), {anna.pk: 12, ben.pk: 43}),
        (lambda: merge_leads(survivor=anna, duplicate=ben, actor=None), {anna.pk: 25}),
        (lambda: void_touch(touch=touch, actor=None), {anna.pk: 12}),
        (lambda: unmerge_lead(lead=Lead.objects.get(pk=ben.pk), actor=None), {anna.pk: 12, ben.pk: 30}),
    ]
    for change, wanted in steps:
        change()
        score_leads()
        assert stored() == wanted
        assert stored() == anew()
        assert not ScoreNote.objects.exists()


@pytest.mark.django_db
def test_touches_of_sales_do_not_count(enter, score_by):
    score_by(TABLE)
    lead = enter("Anna Brandt")
    record_touch(lead=lead, side="sales", kind="webinar", occurred_at=now(), actor=None)
    score_leads()
    assert stored() == {lead.pk: 15}


@pytest.mark.django_db
def test_scores_fade_at_midnight_without_anything_happening(enter, score_by):
    score_by(ScoreTable(engagement=(Engagement("webinar", 8, half_life=1),)))
    lead = enter("Anna Brandt")
    record_touch(lead=lead, side="marketing", kind="webinar", occurred_at=now() - dt.timedelta(minutes=1), actor=None)
    midnight = as_of(calendar(), calendar().day_of(now()))
    found = []
    for days in range(3):
        follow_scores(now=midnight + dt.timedelta(days=days, seconds=-1))
        found.append(stored()[lead.pk])
    assert found == [8, 4, 2]


@pytest.mark.django_db
def test_a_run_that_ends_early_is_carried_on_and_may_come_twice(enter, score_by, monkeypatch):
    monkeypatch.setattr("leads.services.scoring.CHUNK", 2)
    leads = [enter(f"Person {n}", score=n) for n in range(5)]
    score_by(TABLE)
    assert follow_scores(now=now(), until=0.0) == 0, "no time: nothing is done"
    assert ScoreRun.objects.get().last_lead == 0
    steps = iter([1.0, 1.0, 9.0, 9.0])
    monkeypatch.setattr("leads.services.scoring.time.monotonic", lambda: next(steps))
    assert follow_scores(now=now(), until=5.0) == 2
    assert ScoreRun.objects.get().finished_at is None
    monkeypatch.undo()
    assert follow_scores(now=now()) == 3 and stored() == {lead.pk: 15 for lead in leads}
    assert follow_scores(now=now()) == 0 and ScoreRun.objects.get().finished_at is not None


@pytest.mark.django_db
def test_incremental_and_full_scoring_agree_over_random_histories(enter, score_by):
    dice = random.Random(11)
    table = table_at_random(dice)
    score_by(table)
    leads = [enter(f"Person {n}", company=dice.choice(["Brandt", "Olsen", "Vega"])) for n in range(8)]
    for _ in range(40):
        lead = Lead.objects.get(pk=dice.choice(leads).pk)
        if lead.merged_into_id or dice.random() < 0.7:
            at = now() - dt.timedelta(days=dice.randrange(60), hours=dice.randrange(24))
            record_touch(lead=lead, side="marketing", kind=dice.choice(TOUCHED), occurred_at=at, actor=None)
        elif dice.random() < 0.3:
            other = dice.choice([one for one in leads if one.pk != lead.pk])
            if Lead.objects.get(pk=other.pk).merged_into_id is None:
                merge_leads(survivor=lead, duplicate=other, actor=None)
        else:
            edit_contact(contact=lead.contact, actor=None, email=dice.choice(["", "new@b.example"]))
        if dice.random() < 0.4:
            score_leads()
    score_leads()
    incremental = stored()
    assert incremental == anew() and len(set(incremental.values())) > 3
    Lead.objects.update(score=None)
    ScoreRun.objects.all().delete()
    score_leads()
    assert stored() == incremental


@pytest.mark.django_db
def test_many_leads_are_scored_with_as_many_queries_as_few(enter, score_by):
    score_by(TABLE)
    leads = [enter(f"Person {n}") for n in range(4)]
    for lead in leads:
        record_touch(lead=lead, side="marketing", kind="webinar", occurred_at=now(), actor=None)
    day = calendar().day_of(now())
    _, table = scoring_on(day)
    counts = []
    for ids in ([leads[0].pk], [lead.pk for lead in leads]):
        with CaptureQueriesContext(connection) as queries:
            reasons_of(ids, table, as_of(calendar(), day))
        counts.append(len(queries))
    assert counts[0] == counts[1]


@pytest.mark.django_db
def test_points_only_says_what_the_reasons_say(enter):
    dice = random.Random(5)
    for _ in range(300):
        table = table_at_random(dice)
        facts = Facts({key: dice.choice([None, "North", "Pumps"]) for key in FACTS})
        touches = [(dice.choice(TOUCHED), NOON - dt.timedelta(hours=dice.randrange(2_000))) for _ in range(6)]
        assert scored_points(table, facts, touches, NOON) == scored(table, facts, touches, NOON).points
