"""What depends on a part of the agreement is told before it is changed: equal counts for everybody, own things by name."""

import datetime as dt

import pytest

from accounts.services import create_token
from funnel import services
from funnel.criteria import Condition, EntryRule, Op
from funnel.models import Agreement, PromiseKey
from funnel.queries import shown_version
from integrations.capture_sites import save_site
from integrations.models import SavedMapping
from integrations.used_in import used_in
from leads.services import create_lead, move_lead
from leads.services.planning import save_view

HUBSPOT = {"entity": "lead", "source": "hubspot", "columns": {"score": "Score"}, "values": {"stage": {"MQL-2": "mql"}}}


@pytest.fixture
def lead(stages, people, at):
    found = create_lead(
        stage=stages["inquiry"], occurred_at=at(3, 2), actor=people["member"], source="test", owner=people["member"]
    )
    move_lead(lead=found, to_stage=stages["mql"], occurred_at=at(3, 3), actor=people["member"], source="test")
    return found


@pytest.fixture
def draft(stages, people):
    return services.draft_version(actor=people["administrator"])


def told(what, user):
    """Group titles, with the texts of their lines."""
    found = used_in(what, shown_version(dt.date(2026, 6, 1)), user)
    return None if found is None else {group.title: [line.text for line in group.lines] for group in found.groups}


def counts(what, user):
    groups = used_in(what, shown_version(dt.date(2026, 6, 1)), user).groups
    return {line.text: line.count for group in groups for line in group.lines if line.count is not None}


def test_a_stage_tells_everything_that_depends_on_it(lead, draft, people, stages):
    admin = people["administrator"]
    services.save_targets(
        draft=draft,
        cells=[services.TargetCell("stage_inflow", stages["mql"].id, dt.date(2026, 7, 1), 20)],
        today=dt.date(2026, 6, 1),
        actor=admin,
    )
    rule = EntryRule((Condition("score", Op.AT_LEAST, number=60),))
    services.set_entry_rule(draft=draft, stage=stages["mql"], rule=rule, then="ask", actor=admin)
    others = {stage.id for stage in stages.values()} - {stages["mql"].id, stages["won"].id}
    services.forbid_moves(draft=draft, from_stage=stages["mql"].id, allowed=others, actor=admin)
    mapping = {"source": "hubspot", "entity": "lead", "fingerprint": "x", "mapping": HUBSPOT, "actor": admin}
    SavedMapping.objects.create(used_at=dt.datetime(2026, 5, 1, tzinfo=dt.UTC), **mapping)
    create_token(user=people["member"], name="CRM", actor=admin)
    save_view(user=people["member"], name="My MQLs", query=f"stage={stages['mql'].id}&sort=-score")
    save_view(user=people["colleague"], name="Theirs", query=f"stage={stages['mql'].id}")
    save_view(user=people["member"], name="Other stage", query=f"stage={stages['won'].id}")

    found, promised = told("stage:mql", people["member"]), draft.promises.values_list("key", flat=True)
    assert found["Saved views of leads"] == ["My MQLs", "Saved views of other people"]
    assert found["In the agreement"] == ["Monthly targets", "Its entry rule", "Forbidden moves", "The word MQL"]
    assert found["Joint review"] == ["Into MQL"]
    imports = found["Imports, forms and interface"]
    assert imports[0] == "Import of leads from hubspot" and imports[-1] == "1 tokens of the interface may write it"
    assert found["Promises"] == [f"{key} {PromiseKey(key).label}" for key in sorted(set(promised))] != []
    assert {"Disqualified", "Recycled", "Inflow"} <= set(found["Numbers"])
    assert counts("stage:mql", people["member"]) == {
        "Leads in it now": 1,
        "Stays ever": 1,
        "Monthly targets": 1,
        "Forbidden moves": 1,
        "Saved views of other people": 1,
    }


def test_the_counts_are_the_same_for_whoever_may_open_none_of_the_leads(lead, people):
    assert counts("stage:mql", people["viewer"]) == counts("stage:mql", people["member"])


def test_web_forms_bring_leads_into_the_first_stage(stages, people):
    save_site(site=None, name="Web site", origins=["https://www.example.com"], thanks_url="", actor=people["administrator"])
    assert "Web forms of Web site" in told("stage:inquiry", people["viewer"])["Imports, forms and interface"]
    assert "Web forms of Web site" not in told("stage:sql", people["viewer"])["Imports, forms and interface"]


def test_mappings_that_come_along_are_told_too(stages, people):
    named = told("stage:sql", people["viewer"])["Imports, forms and interface"]
    assert "Import of leads from Salesforce" in named


def test_a_rule_tells_who_is_asked_and_which_imports_bring_its_facts(lead, draft, people, stages):
    rule = EntryRule((Condition("score", Op.AT_LEAST, number=60),))
    services.set_entry_rule(draft=draft, stage=stages["sql"], rule=rule, then="ask", actor=people["administrator"])
    found = told("criteria:sql", people["viewer"])
    assert counts("criteria:sql", people["viewer"]) == {"Open leads that stand before it": 1, "Leads in the stage now": 0}
    assert found["What Tandem does"] == ["The rule is checked when somebody moves a lead there."]
    assert found["In the agreement"] == ["The points table: the rule asks for the score"]
    assert told("score:table", people["viewer"])["Entry rules that ask for it"] == ["SQL"]


def test_a_reason_tells_how_often_it_was_named(lead, people, stages, at):
    version = Agreement.objects.get(number=1)
    reason = version.reasons.filter(use="disqualify").order_by("id").first()
    move_lead(
        lead=lead,
        to_stage=stages["disqualified"],
        reason=reason.key,
        occurred_at=at(3, 5),
        actor=people["member"],
        source="t",
    )
    what = f"reason:disqualify:{reason.key}"
    assert counts(what, people["viewer"]) == {"Moves and decisions that name it": 1}
    assert told(what, people["viewer"])["Numbers"] == ["Reasons for turning leads down"]


def test_a_promise_a_word_and_a_target_tell_what_speaks_of_them(draft, people):
    promise = told("promise:S1", people["viewer"])
    assert promise["Numbers"] == ["First contact in time"]
    word = told("word:mql", people["viewer"])
    assert (
        "MQL" in word["Stages"] and "Handoff" in word["Other words"] and "Reasons for turning leads down" in word["Numbers"]
    )
    services.save_targets(
        draft=draft,
        cells=[services.TargetCell("gross_profit", None, dt.date(2026, 7, 1), 5_000_000)],
        today=dt.date(2026, 6, 1),
        actor=people["administrator"],
    )
    target = told("target:gross_profit", people["viewer"])
    assert target["Numbers"] == target["Joint review"] == ["Gross profit"]


@pytest.mark.parametrize(
    "what",
    ["stage:nothing", "weather:mql", "reason:lost:nothing", "promise:X9", "word:nothing", "target:won", "score:x", "x"],
)
def test_what_is_no_part_of_the_agreement_is_not_there(browser, stages, what):
    assert browser("viewer").get(f"/console/used/{what}/").status_code == 404


def test_the_page_and_the_fragment_beside_the_stage(browser, lead):
    client = browser("viewer")
    page = client.get("/console/used/stage:mql/").content.decode()
    assert "<h2" in page and "Leads in it now" in page
    part = client.get("/console/used/stage:mql/", headers={"HX-Request": "true"}).content.decode()
    assert "Leads in it now" in part and "<h2" not in part


def test_its_queries_do_not_grow_with_what_depends_on_it(django_assert_max_num_queries, lead, people, stages):
    for n in range(3):
        save_view(user=people["member"], name=f"View {n}", query=f"stage={stages['mql'].id}")
    with django_assert_max_num_queries(30):
        told("stage:mql", people["member"])
