"""Names in entry rules and points: those that exist, commas and all; what nobody is called is refused."""

import pytest

from campaigns.services import ensure_campaign, ensure_channel
from funnel import services
from funnel.comparing import compare
from funnel.criteria import Condition, EntryRule, Op
from funnel.models import Agreement, StageRule
from funnel.queries import points_table
from funnel.services import ensure_region, ensure_segment
from leads.criteria import meeting
from leads.models import Lead
from leads.services import create_lead

RULE, POINTS = "/console/criteria/mql/", "/console/score/edit/"


@pytest.fixture
def draft(as_, stages):
    ensure_channel(name="Search, paid")
    ensure_channel(name="Search")
    ensure_channel(name="Fair")
    as_("administrator").post("/console/draft/")
    return Agreement.objects.get(number=2)


def rule(client, value, fact="channel", op="one_of"):
    answer = client.post(
        RULE, {"then": "ask", "every-0-fact": fact, "every-0-op": op, "every-0-value": value, "some-0-fact": ""}
    )
    held = StageRule.objects.filter(agreement__number=2).first()
    return answer, held and held.rule["every"][0].get("values")


def points(client, value, fact="channel", op="one_of"):
    row = {"fit-0-fact": fact, "fit-0-op": op, "fit-0-value": value, "fit-0-points": "5", "engagement-0-kind": ""}
    answer = client.post(POINTS, row)
    held = points_table(Agreement.objects.get(number=2).pk).fit
    return answer, held and list(held[0].condition.values)


@pytest.mark.parametrize("typed_into", [rule, points])
@pytest.mark.parametrize(
    ("typed", "asked"),
    [
        ("Search, paid", ["Search, paid"]),
        ("Search,  paid ,Fair", ["Search, paid", "Fair"]),
        ("Fair, Search, paid, Search", ["Fair", "Search, paid", "Search"]),
        ("Search,, Fair,", ["Search", "Fair"]),
    ],
)
def test_a_name_with_a_comma_is_one_name(as_, draft, typed_into, typed, asked):
    answer, values = typed_into(as_("administrator"), typed)
    assert (answer.status_code, values) == (302, asked)


def test_whom_the_rule_names_meets_it(as_, draft, stages, at):
    leads = [
        create_lead(stage=stages["inquiry"], occurred_at=at(3, 2), channel=ensure_channel(name=name), actor=None)
        for name in ("Search, paid", "Search", "Fair")
    ]
    rule(as_("administrator"), "Search, paid")
    (held,) = StageRule.objects.filter(agreement=draft)
    asked = EntryRule((Condition("channel", Op.ONE_OF, values=tuple(held.rule["every"][0]["values"])),))
    assert list(meeting(Lead.objects.all(), asked, at(3, 9))) == leads[:1]


@pytest.mark.parametrize(("typed_into", "where"), [(rule, "Condition 1"), (points, "Fit, row 1")])
@pytest.mark.parametrize("fact", ["channel", "campaign", "segment", "region", "company_segment", "company_region"])
def test_a_name_that_nothing_has_is_refused_and_named(as_, draft, typed_into, where, fact):
    ensure_campaign(name="Spring")
    ensure_segment(name="Mid")
    ensure_region(name="North")
    answer, values = typed_into(as_("administrator"), "Wether", fact)
    assert answer.status_code == 422 and not values
    assert f"{where}: there is no “Wether”." in answer.content.decode()


@pytest.mark.parametrize("typed_into", [rule, points])
def test_texts_without_a_list_are_split_as_before(as_, draft, typed_into):
    assert typed_into(as_("administrator"), "A, B", "tier")[1] == ["A", "B"]
    assert typed_into(as_("administrator"), "Anything", "segment")[1] == ["Anything"]  # no segment exists yet


@pytest.mark.parametrize("typed_into", [rule, points])
def test_who_asks_whether_it_is_known_names_nothing(as_, draft, typed_into):
    answer, values = typed_into(as_("administrator"), "Wether", op="known")
    assert (answer.status_code, values or []) == (302, [])


def test_a_rule_comes_back_into_its_fields_as_it_was(as_, draft):
    client = as_("administrator")
    rule(client, "Fair, Search, paid")
    page = client.get(RULE)
    row = page.context["form"].rows["every"][0]
    assert rule(client, row["value"].value())[1] == ["Fair", "Search, paid"]


@pytest.mark.parametrize("other", [("Fair or Web",), ("Fair, Web",), ("Fair", "or", "Web")])
def test_different_names_read_differently(draft, other):
    before = Condition("channel", Op.ONE_OF, values=("Fair", "Web"))
    after = Condition("channel", Op.ONE_OF, values=other)
    assert before.words == "Channel is Fair or Web"
    assert before.words != after.words
    stage = Agreement.objects.get(number=1).stages.get(stage__key="mql").stage
    services.set_entry_rule(draft=draft, stage=stage, rule=EntryRule((after,)), then="ask", actor=None)
    (section,) = [part for part in compare(Agreement.objects.get(number=1), draft) if part.rows]
    assert after.words in str(section.rows)


def test_names_that_end_where_another_begins_read_differently():
    words = {Condition("channel", Op.ONE_OF, values=names).words for names in (("A or", "B"), ("A", "or B"), ("A", "B"))}
    assert len(words) == 3
