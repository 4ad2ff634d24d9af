"""Criteria in the console: written in a draft without code, read by everybody, compared, and checked when a lead moves."""

import datetime as dt

import pytest

from funnel.models import Agreement, StageRule
from funnel.queries import entry_rules
from leads.models import Lead, LeadEvent
from leads.services import create_lead, ensure_company, ensure_contact, move_lead, void_event
from leads.services.entering import follow_entry_rules
from leads.tasks import follow_rules

pytestmark = pytest.mark.django_db

RULE = {
    "every-0-fact": "score",
    "every-0-op": "at_least",
    "every-0-value": "60",
    "every-1-fact": "",
    "every-1-op": "",
    "every-1-value": "",
    "some-0-fact": "email",
    "some-0-op": "known",
    "some-0-value": "",
    "some-1-fact": "phone",
    "some-1-op": "known",
    "some-1-value": "",
    "then": "ask",
}
LINES = ["Score: at least 60", "At least one of: E-mail address is known; Telephone is known"]


@pytest.fixture
def written(as_, today):
    """`written("sql", then="move")`: the rule is part of the version in force."""

    def one(stage: str, **changes) -> Agreement:
        client = as_("administrator")
        client.post("/console/draft/")
        answer = client.post(f"/console/criteria/{stage}/", RULE | changes)
        assert answer.status_code == 302, answer.content.decode()
        draft = Agreement.objects.get(state="draft")
        Agreement.objects.filter(pk=draft.pk).update(state="in_force", from_day=today)
        Agreement.objects.filter(number__lt=draft.number).update(state="superseded")
        return draft

    return one


@pytest.fixture
def lead(stages, people):
    def one(name="Anna Brandt", *, stage="mql", score=None, email="anna@brandt.example", owner="member") -> Lead:
        contact = ensure_contact(name=name, email=email, company=ensure_company(name="Brandt"))
        came = dt.datetime.now(dt.UTC) - dt.timedelta(days=3)
        return create_lead(
            stage=stages[stage], occurred_at=came, actor=None, contact=contact, score=score, owner=people[owner]
        )

    return one


def test_a_rule_is_built_from_rows_and_read_as_sentences(as_):
    client = as_("administrator")
    client.post("/console/draft/")
    page = client.get("/console/criteria/sql/").content.decode()
    assert "All of these must hold" in page and 'name="every-1-fact"' in page and 'name="every-2-fact"' not in page
    answer = client.post("/console/criteria/sql/", RULE | {"more": "1"})
    assert (answer.status_code, answer.url) == (302, "/console/criteria/sql/")
    assert 'name="every-2-fact"' in client.get(answer.url).content.decode(), "two further rows to fill in"
    draft = Agreement.objects.get(state="draft")
    assert [rule.words for rule, _ in entry_rules(draft.pk).values()] == [LINES]
    for who in ("viewer", "member"):
        text = as_(who).get("/console/criteria/?version=2").content.decode()
        assert all(line in text for line in LINES) and "Write a rule" not in text
    assert as_("member").get("/console/criteria/sql/").status_code == 403


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"every-0-value": "sixty"}, "Condition 1: give a whole number from 0 to 1,000,000."),
        (
            {"every-0-op": "one_of"},
            "Condition 1: “Score” can be asked: at least, at most, is known, is not known.",
        ),
        ({"every-1-fact": "region", "every-1-op": "one_of"}, "Condition 2: name at least one, separated by commas."),
        ({"every-0-fact": "shoes"}, "Select a valid choice."),
        ({"then": "perhaps"}, "Select a valid choice."),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_row_and_nothing_is_kept(as_, changes, said):
    client = as_("administrator")
    client.post("/console/draft/")
    answer = client.post("/console/criteria/sql/", RULE | changes)
    assert answer.status_code == 422 and said in answer.content.decode().replace("&quot;", '"')
    assert 'value="60"' in answer.content.decode() or "every-0-value" in changes, "what was typed stays"
    assert not StageRule.objects.exists()


def test_without_rows_the_rule_is_gone_and_stages_beside_the_way_have_none(as_):
    client = as_("administrator")
    client.post("/console/draft/")
    client.post("/console/criteria/sql/", RULE)
    client.post("/console/criteria/sql/", {"then": "ask"})
    assert not StageRule.objects.exists()
    assert client.post("/console/criteria/lost/", RULE).status_code == 404


def test_a_version_in_force_takes_no_rule(as_):
    client = as_("administrator")
    answer = client.post("/console/criteria/sql/", RULE)
    assert answer.status_code == 422 and "There is no draft. Start one first." in answer.content.decode()


def test_a_changed_rule_is_compared_and_begins_a_counting_version_and_the_next_draft_keeps_it(as_, written):
    version = written("sql")
    assert (version.number, version.counting_version) == (2, 2)
    client = as_("administrator")
    text = client.get("/console/compare/?a=1&b=2").content.decode()
    assert " · ".join(LINES) in text
    client.post("/console/draft/")
    third = Agreement.objects.get(number=3)
    assert third.counting_version == 2 and entry_rules(third.pk) == entry_rules(version.pk)
    client.post("/console/criteria/sql/", RULE | {"then": "move"})
    third.refresh_from_db()
    assert third.counting_version == 2, "what Tandem does with those who meet it counts nobody differently"
    client.post("/console/criteria/sql/", RULE | {"every-0-value": "70"})
    third.refresh_from_db()
    assert third.counting_version == 3


def test_a_move_names_what_is_missing_and_is_made_only_with_a_word_about_it(as_, written, lead, stages):
    written("sql")
    one = lead(score=59)
    client = as_("member")
    page = client.get(f"/leads/{one.pk}/move/").content.decode()
    assert "Before SQL the agreement asks for what this lead lacks: <b>Score: at least 60</b>." in " ".join(page.split())
    asked = {"version": one.version, "to_stage": stages["sql"].pk, "note": "", "reason": ""}
    refused = client.post(f"/leads/{one.pk}/move/", asked)
    assert refused.status_code == 422 and "Still missing: Score: at least 60." in refused.content.decode()
    assert client.post(f"/leads/{one.pk}/move/", asked | {"anyway": "on", "note": "Budget is signed."}).status_code == 302
    one.refresh_from_db()
    assert one.stage == stages["sql"]


def test_what_meets_the_rule_is_moved_without_a_question(as_, written, lead, stages):
    written("sql")
    one = lead(score=60)
    asked = {"version": one.version, "to_stage": stages["sql"].pk, "note": "", "reason": ""}
    assert as_("member").post(f"/leads/{one.pk}/move/", asked).status_code == 302


def test_the_worker_moves_who_newly_meets_it_once_and_never_who_came_back(written, lead, stages, people):
    written("sql", then="move")
    meets, lacks, beyond = lead("Meets", score=60), lead("Lacks", score=59), lead("Beyond", score=99, stage="opportunity")
    back = lead("Back", score=80, stage="sql")
    move_lead(back, stages["mql"], actor=people["member"], reason="context_missing")
    assert follow_rules() == 1 and follow_rules() == 0
    event = LeadEvent.objects.get(kind="moved", lead=meets)
    assert (event.to_stage, event.actor, event.note.text) == (stages["sql"], None, "Meets what version 2 asks for.")
    for one, stage in ((meets, "sql"), (lacks, "mql"), (beyond, "opportunity"), (back, "mql")):
        one.refresh_from_db()
        assert one.stage == stages[stage]
    void_event(event=event, actor=people["funnel_owner"])
    assert follow_rules() == 1, "a move that was taken back never was"


def test_a_rule_that_only_asks_moves_nobody(written, lead):
    written("sql", then="ask")
    lead(score=60)
    assert follow_entry_rules(now=dt.datetime.now(dt.UTC)) == 0


def test_who_newly_meets_it_is_proposed_in_my_day(as_, written, lead):
    written("sql", then="propose")
    lead("Meets", score=60), lead("Lacks", score=1), lead("Of another", score=60, owner="sales_lead")
    section = next(s for s in as_("member").get("/my-day/").context["day"].sections if s.key == "ready")
    assert [(row.name, row.about) for row in section.rows] == [("Meets", ("for SQL",))]
    assert follow_rules() == 0


def test_marketing_hands_over_what_meets_the_rule_of_mql(as_, written, lead):
    written("mql", then="ask")
    for name, score in (("Meets", 60), ("Lacks", 59)):
        one = lead(name, stage="inquiry", score=score, owner="colleague")
        assert one.stage_id
    Agreement.objects.get(state="in_force").required_fields.all().delete()
    section = next(s for s in as_("colleague").get("/my-day/").context["day"].sections if s.key == "over")
    assert [row.name for row in section.rows] == ["Meets"]


def test_what_a_rule_says_of_todays_leads_stands_beside_its_form(as_, lead, stages):
    lead("A", score=60), lead("B", score=10), lead("C", score=70, stage="sql"), lead("D", score=5, stage="sql")
    client = as_("administrator")
    client.post("/console/draft/")
    assert "No rule is saved" in client.get("/leads/entering/sql/").content.decode()
    client.post("/console/criteria/sql/", RULE)
    effect = client.get("/leads/entering/sql/").context["effect"]
    assert [(share.met, share.all) for share in (effect.waiting, effect.inside, effect.entered)] == [(1, 2), (1, 2), (1, 2)]
