"""The guide's steps that fill the first agreement: presets that a company can begin with."""

import datetime as dt

import pytest
import time_machine
from django.test import Client

from accounts.models import User
from accounts.services import add_person, give_role
from core.services import set_up_organisation
from funnel.criteria import Facts, unmet
from funnel.models import Agreement, CalendarWindow, Promise, Stage, StageRule, WorkingCalendar
from funnel.presets_first import PROMISES, RULES
from funnel.queries import entry_rules
from funnel.services import draft_version, sign
from integrations.guide import guide
from integrations.guide_steps import KEYS, MINUTES, STEPS
from integrations.models import GuideMark
from leads import services as leads

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 5, 21, 10, tzinfo=dt.UTC)
TODAY = dt.date(2026, 5, 21)


def administrator_with(stages: str) -> Client:
    set_up_organisation(name="Acme", tz="Europe/Berlin", base_currency="EUR", from_day=TODAY)
    user = add_person(email="kim@acme.example", name="Kim", password=None, actor=None)
    give_role(user=user, role="administrator", from_day=TODAY, actor=None)
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    client.post("/start/stages/", {"preset": stages})
    return client


@pytest.fixture(autouse=True)
def at_a_fixed_time():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def kim(db) -> Client:
    """The administrator of a company that has chosen its stages and nothing else."""
    return administrator_with("b2b")


def state(key: str) -> tuple[str, str]:
    found = guide(NOW).of(key)
    return found.state, found.said


def said(answer) -> str:
    return answer.content.decode()


def test_ten_steps_take_less_than_half_an_hour_and_each_says_how_long_why_and_what_then(kim):
    assert len(STEPS) == 10
    assert MINUTES < 30
    for number, step in enumerate(STEPS, 1):
        page = said(kim.get(f"/start/{step.key}/"))
        assert f"Step {number} of 10 · about {step.minutes} minute" in page
        assert step.why in page and step.then in page


def test_the_guide_says_how_many_minutes_are_left(kim):
    done = sum(step.minutes for step in STEPS if step.key in ("company", "stages"))
    page = said(kim.get("/start/criteria/"))
    assert f"2 of 10 steps done, about {MINUTES - done} of {MINUTES} minutes left" in page


@pytest.mark.parametrize("key", KEYS[2:])
def test_every_step_can_be_put_off_and_taken_up_again(kim, key):
    kim.post(f"/start/{key}/mark/", {"kind": "skipped"})
    assert state(key) == ("skipped", "Put off")
    kim.post(f"/start/{key}/mark/", {"kind": ""})
    assert state(key)[0] == "open"


# --- when a lead may enter ----------------------------------------------------------------------------------


def rules() -> dict:
    held = entry_rules(Agreement.objects.get().id)
    return {Stage.objects.get(id=stage).key: rule for stage, (rule, _) in held.items()}


@pytest.mark.parametrize("stages", ["b2b", "short", "nurture"])
def test_a_preset_of_rules_guards_the_stages_that_carry_its_milestones(db, stages):
    kim = administrator_with(stages)
    assert state("criteria") == ("open", "")
    assert kim.post("/start/criteria/", {"preset": "reachable"}).url == "/start/promises/"
    known = {"name": "Anna", "email": "a@x.example", "company": "Acme"}
    assert set(rules()) == {"mql", "sql"}
    assert unmet(rules()["mql"], Facts(known)) == []
    assert unmet(rules()["mql"], Facts(known | {"email": None})) == ["E-mail address is known"]
    assert state("criteria") == ("done", "2 rules")
    assert "E-mail address is known" in said(kim.get("/start/criteria/"))


def test_another_choice_takes_the_place_of_the_first_one(kim):
    kim.post("/start/criteria/", {"preset": "fitting"})
    assert [one.fact for one in rules()["mql"].every] == ["name", "email", "company", "segment", "touches"]
    kim.post("/start/criteria/", {"preset": "open"})
    assert StageRule.objects.count() == 0
    assert state("criteria") == ("done", "No rules")


# --- what both teams promise --------------------------------------------------------------------------------


def test_the_usual_promises_come_with_the_stages_and_are_open_until_somebody_chooses(kim):
    usual = len(PROMISES["usual"].lines)
    assert Promise.objects.count() == usual
    assert state("promises") == ("open", "")
    assert "Sales contacts" in said(kim.get("/start/promises/"))
    assert kim.post("/start/promises/", {"preset": "usual"}).url == "/start/words/"
    assert state("promises") == ("done", f"{usual} promises")


def test_quicker_promises_take_the_place_of_the_usual_ones(kim):
    kim.post("/start/promises/", {"preset": "quick"})
    assert Promise.objects.get(key="S1").seconds == 3600
    assert Promise.objects.get(key="S3").days == 2
    assert Promise.objects.count() == len(PROMISES["quick"].lines)


def test_a_company_may_begin_without_promises(kim):
    kim.post("/start/promises/", {"preset": "none"})
    assert Promise.objects.count() == 0
    assert state("promises") == ("done", "No promises")


def test_promises_are_not_exchanged_once_something_may_have_fallen_due(kim, at):
    leads.create_lead(stage=Stage.objects.get(key="inquiry"), occurred_at=at(5, 20), actor=None)
    assert "Leads are there already" in said(kim.post("/start/promises/", {"preset": "none"}, follow=True))
    assert Promise.objects.count() == len(PROMISES["usual"].lines)
    kim.post("/start/promises/mark/", {"kind": "read"})
    assert state("promises")[0] == "done"


# --- what a signature closes --------------------------------------------------------------------------------


@pytest.mark.parametrize(("key", "preset", "model"), [("criteria", "open", StageRule), ("promises", "none", Promise)])
def test_what_a_side_has_signed_does_not_change_unseen(kim, key, preset, model):
    kim.post("/start/criteria/", {"preset": "reachable"})
    before = model.objects.count()
    assert before
    sign(agreement=Agreement.objects.get(), side="sales", user=User.objects.get(), signed_at=NOW)
    assert "is signed already" in said(kim.post(f"/start/{key}/", {"preset": preset}, follow=True))
    assert model.objects.count() == before


def test_while_a_draft_is_open_the_first_version_takes_nothing(kim):
    draft = draft_version(actor=None)
    assert "A new version is being drafted" in said(kim.post("/start/criteria/", {"preset": "reachable"}, follow=True))
    assert StageRule.objects.count() == 0
    assert f"Version {draft.number} is being drafted" in said(kim.get("/start/criteria/"))


@pytest.mark.parametrize("key", ["criteria", "promises"])
def test_a_preset_that_does_not_exist_is_refused(kim, key):
    assert "Unknown preset" in said(kim.post(f"/start/{key}/", {"preset": "nonsense"}, follow=True))
    assert not GuideMark.objects.filter(step=key).exists()


@pytest.mark.parametrize("key", ["criteria", "promises"])
def test_without_stages_there_is_nothing_to_choose_for(db, key):
    kim = administrator_with("nonsense")
    assert not Agreement.objects.exists()
    assert kim.post(f"/start/{key}/", {"preset": "usual"}).url == f"/start/{key}/"
    assert "choose them first" in said(kim.get(f"/start/{key}/"))


@pytest.mark.parametrize("preset", RULES)
def test_every_preset_of_rules_is_shown_before_it_is_taken(kim, preset):
    page = said(kim.get("/start/criteria/"))
    assert RULES[preset].words in page and f'value="{preset}"' in page
    assert all(line in page for rule in RULES[preset].rules.values() for line in rule.words)


# --- working hours ------------------------------------------------------------------------------------------


def test_hours_hold_from_today_in_the_company_s_own_zone(kim):
    assert state("hours") == ("open", "")
    assert kim.post("/start/hours/", {"week": "sunday"}).url == "/start/people/"
    calendar = WorkingCalendar.objects.get()
    assert (calendar.team, calendar.from_day, calendar.tz) == (None, TODAY, "Europe/Berlin")
    assert set(CalendarWindow.objects.values_list("weekday", flat=True)) == {6, 0, 1, 2, 3}
    assert state("hours") == ("done", "Set")


def test_a_week_that_does_not_exist_sets_nothing(kim):
    assert kim.post("/start/hours/", {"week": "always"}).url == "/start/hours/"
    assert WorkingCalendar.objects.count() == 0
