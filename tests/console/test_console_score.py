"""The lead score in the console: written in a draft, tried on today's leads, compared, checked, shown with its reasons."""

import datetime as dt

import pytest

from accounts.models import ConsoleEvent
from core.models import Organisation
from funnel.checking import problems_of
from funnel.comparing import compare
from funnel.criteria import Condition, EntryRule, Op
from funnel.models import Agreement, PointsTable
from funnel.queries import points_table
from funnel.score import Engagement, Fit, ScoreTable
from funnel.services import draft_version, drop_draft, set_entry_rule, set_points_table
from leads.models import Lead
from leads.services import create_lead, ensure_company, ensure_contact, record_touch
from leads.tasks import score_leads

pytestmark = pytest.mark.django_db

POINTS = "Fit, row 1: give points from −100 to 100, other than 0."
EMPTY_FIT = {"fact": "", "op": "", "value": "", "points": ""}
EMPTY_ENGAGEMENT = {"kind": "", "points": "", "most": "", "half_life": ""}
WRITTEN = ScoreTable(
    (Fit(Condition("email", Op.KNOWN), 5), Fit(Condition("region", Op.ONE_OF, ("North", "South")), -10)),
    (Engagement("webinar", 15, 2, 30), Engagement("", 1)),
)


def typed(fit: list[dict], engagement: list[dict]) -> dict:
    rows = {"fit": [EMPTY_FIT | row for row in fit], "engagement": [EMPTY_ENGAGEMENT | row for row in engagement]}
    return {
        f"{part}-{i}-{name}": value
        for part, some in rows.items()
        for i, row in enumerate(some)
        for name, value in row.items()
    }


FORM = typed(
    [
        {"fact": "email", "op": "known", "points": "5"},
        {"fact": "region", "op": "one_of", "value": "North, South", "points": "-10"},
        {},
    ],
    [
        {"kind": "webinar", "points": "15", "most": "2", "half_life": "30"},
        {"kind": "any", "points": "1"},
        {},
    ],
)


@pytest.fixture
def draft(as_) -> Agreement:
    as_("administrator").post("/console/draft/")
    return Agreement.objects.get(state="draft")


@pytest.fixture
def hold(today):
    """`hold(draft)`: the draft is in force from today on."""

    def one(draft: Agreement) -> Agreement:
        Agreement.objects.filter(state="in_force").update(state="superseded")
        Agreement.objects.filter(pk=draft.pk).update(state="in_force", from_day=today)
        return draft

    return one


@pytest.fixture
def lead(stages, people):
    def one(name: str, *, email="anna@brandt.example", owner="member", stage="mql", **fields) -> Lead:
        contact = ensure_contact(name=name, email=email, company=ensure_company(name="Brandt"))
        came = dt.datetime.now(dt.UTC) - dt.timedelta(days=3)
        return create_lead(stage=stages[stage], occurred_at=came, actor=None, contact=contact, owner=people[owner], **fields)

    return one


def test_points_are_written_as_rows_and_read_as_sentences(as_, draft):
    client = as_("administrator")
    assert "No points are agreed" in client.get("/console/score/").content.decode()
    answer = client.post("/console/score/edit/", FORM | {"more": "1"})
    assert (answer.status_code, answer.url) == (302, "/console/score/edit/")
    page = client.get(answer.url).content.decode()
    assert 'name="fit-3-fact"' in page and 'name="fit-4-fact"' not in page, "two further rows to fill in"
    assert points_table(draft.pk) == WRITTEN
    for who in ("viewer", "member"):
        text = as_(who).get("/console/score/?version=2").content.decode()
        for words in (
            "E-mail address is known <b>+5 points</b>",
            "Region is North or South <b>−10 points</b>",
            "Webinar, each, the newest 2 at most, half as much every 30 days <b>+15 points</b>",
            "Any touch by marketing, each <b>+1 point</b>",
        ):
            assert words in " ".join(text.split())
        assert "Change</a>" not in text
    assert as_("member").post("/console/score/edit/", FORM).status_code == 403
    said = list(ConsoleEvent.objects.order_by("id").values_list("text", flat=True))
    assert said[-1] == "Changed how leads are scored."


def test_emptied_rows_take_the_points_out(as_, draft):
    set_points_table(draft=draft, table=WRITTEN, actor=None)
    assert as_("administrator").post("/console/score/edit/", typed([{}], [{}])).status_code == 302
    assert not PointsTable.objects.exists()
    assert ConsoleEvent.objects.latest("id").text == "Took out the points: other systems give the score."


@pytest.mark.parametrize(
    ("fit", "engagement", "said"),
    [
        ([{"fact": "email", "op": "known"}], [{}], POINTS),
        ([{"fact": "email", "op": "known", "points": "0"}], [{}], POINTS),
        (
            [{"fact": "email", "op": "known", "points": "101"}],
            [{}],
            POINTS,
        ),
        ([{}, {"points": "5"}], [{}], "Fit, row 1: choose what it asks about."),
        ([{"fact": "region", "op": "one_of", "points": "5"}], [{}], "Fit, row 1: name at least one, separated by commas."),
        ([{"fact": "email", "op": "one_of", "value": "a", "points": "5"}], [{}], "can be asked: is known, is not known."),
        ([{"fact": "score", "op": "known", "points": "5"}], [{}], "A row can’t be read."),
        ([{"fact": "email", "op": "known", "points": "many"}], [{}], "A row can’t be read."),
        ([{}], [{"points": "5"}], "Engagement, row 1: choose a kind of touch."),
        (
            [{}],
            [{"kind": "webinar", "points": "5", "half_life": "0"}],
            "Engagement, row 1: days until half is left is a whole",
        ),
        ([{}], [{"kind": "webinar", "points": "5", "most": "101"}], "Engagement, row 1: how many count is a whole number"),
        ([{"fact": "email", "op": "known", "points": "5"}] * 31, [{}], "Each list has at most 30 rows."),
        ([], [], "The form came without rows."),
    ],
)
def test_a_row_that_cannot_be_read_is_named(as_, draft, fit, engagement, said):
    answer = as_("administrator").post("/console/score/edit/", typed(fit, engagement))
    assert answer.status_code == 422
    assert said in answer.content.decode().replace("&#x27;", "’")
    assert not PointsTable.objects.exists()


def test_a_version_that_is_not_a_draft_keeps_its_points(as_, proposed):
    answer = as_("administrator").post("/console/score/edit/", FORM)
    assert answer.status_code == 422 and "waits for signatures" in answer.content.decode()
    assert not PointsTable.objects.exists()


def test_points_are_copied_compared_and_dropped_with_their_version(draft, hold):
    set_points_table(draft=draft, table=WRITTEN, actor=None)
    first = Agreement.objects.get(number=1)
    sections = {section.title: section.rows for section in compare(first, draft)}
    assert sections["Score"][:2] == [
        ("Fit: E-mail address is known", "not there", "+5 points"),
        ("Fit: Region is North or South", "not there", "−10 points"),
    ]
    third = draft_version_after(hold(draft))
    assert points_table(third.pk) == WRITTEN
    set_points_table(draft=third, table=ScoreTable((Fit(Condition("email", Op.KNOWN), 8),), WRITTEN.engagement), actor=None)
    assert {section.title: section.rows for section in compare(draft, third)}["Score"] == [
        ("Fit: E-mail address is known", "+5 points", "+8 points"),
        ("Fit: Region is North or South", "−10 points", "taken out"),
    ]
    drop_draft(draft=third, actor=None)
    assert list(PointsTable.objects.values_list("agreement__number", flat=True)) == [2]


def draft_version_after(version: Agreement) -> Agreement:
    assert version.pk
    return draft_version(actor=None)


def test_other_points_count_anew_only_where_a_rule_asks_for_the_score(draft, hold, stages):
    set_points_table(draft=draft, table=WRITTEN, actor=None)
    draft.refresh_from_db()
    assert draft.counting_version == 1, "nobody is let in by the score"
    rule = EntryRule((Condition("score", Op.AT_LEAST, number=10),))
    set_entry_rule(draft=draft, stage=stages["sql"], rule=rule, then="ask", actor=None)
    third = draft_version_after(hold(draft))
    assert third.counting_version == 2
    set_points_table(draft=third, table=ScoreTable(WRITTEN.fit), actor=None)
    third.refresh_from_db()
    assert third.counting_version == 3, "who is let in is decided by other points"
    set_points_table(draft=third, table=WRITTEN, actor=None)
    third.refresh_from_db()
    assert third.counting_version == 2


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (
            ScoreTable((Fit(Condition("email", Op.KNOWN), 30), Fit(Condition("email", Op.KNOWN), 40))),
            ["Score: Fit says “E-mail address is known” twice. Keep one row of it."],
        ),
        (
            ScoreTable((Fit(Condition("email", Op.UNKNOWN), -5),)),
            [
                "Score: every row takes points away, so nobody could get any.",
                "SQL asks for a score of 60 or more, but the points add up to 0 at most.",
            ],
        ),
        (
            ScoreTable((Fit(Condition("email", Op.KNOWN), 29),), (Engagement("", 15, most=2),)),
            ["SQL asks for a score of 60 or more, but the points add up to 59 at most."],
        ),
        (ScoreTable((Fit(Condition("email", Op.KNOWN), 29),), (Engagement("", 1),)), []),
    ],
)
def test_points_that_contradict_each_other_or_a_rule_keep_the_draft_back(draft, stages, table, said):
    rule = EntryRule((Condition("score", Op.AT_LEAST, number=60),))
    set_entry_rule(draft=draft, stage=stages["sql"], rule=rule, then="ask", actor=None)
    set_points_table(draft=draft, table=table, actor=None)
    assert [line for line in problems_of(draft, Agreement.objects.get(number=1)) if "core" in line] == said


def test_the_points_are_tried_on_the_leads_of_today(as_, draft, lead):
    assert "No points are saved" in as_("viewer").get("/leads/scored/").content.decode()
    set_points_table(draft=draft, table=WRITTEN, actor=None)
    assert "No lead is open" in as_("viewer").get("/leads/scored/").content.decode()
    Organisation.objects.update(lead_visibility=Organisation.Visibility.OWN)
    anna, _ = lead("Anna Brandt"), lead("Ben Olsen", email="", owner="administrator")
    record_touch(lead=anna, side="marketing", kind="webinar", occurred_at=dt.datetime.now(dt.UTC), actor=None)
    pages = {who: " ".join(as_(who).get("/leads/scored/").content.decode().split()) for who in ("administrator", "member")}
    for page in pages.values():
        assert "All 2 open leads." in page
        assert "E-mail address is known <b>1 of 2</b>" in page and "Region is North or South <b>0 of 2</b>" in page
    assert "Anna Brandt: 21 points" in pages["administrator"] and "Ben Olsen: 0 points" in pages["administrator"]
    assert "Webinar: 1 touch, half as much every 30 days <b>+15 points</b>" in pages["administrator"]
    assert "No row gives it anything." in pages["administrator"]
    assert "Anna" in pages["member"] and "Ben" not in pages["member"], "of a lead that one may not open, the count alone"
    assert Lead.objects.exclude(score=None).count() == 0, "trying changes nothing"


def test_a_lead_shows_what_its_score_is_made_of_and_who_decides(as_, draft, hold, lead):
    anna = lead("Anna Brandt", score=62)
    page = " ".join(as_("member").get(f"/leads/{anna.pk}/").content.decode().split())
    assert '62 <span class="mut">as given</span>' in page
    set_points_table(draft=draft, table=WRITTEN, actor=None)
    hold(draft)
    waiting = " ".join(as_("member").get(f"/leads/{anna.pk}/").content.decode().split())
    assert '5 <span class="mut">by version 2</span>' in waiting and "Lists show it within a minute." in waiting
    score_leads()
    page = " ".join(as_("member").get(f"/leads/{anna.pk}/").content.decode().split())
    assert "E-mail address is known <b>+5 points</b>" in page and "within a minute" not in page
    assert "Another system or person gave 62, which is kept and does not count." in page
    assert Lead.objects.get(pk=anna.pk).score == 5
