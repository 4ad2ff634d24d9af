"""What a team lead reads before signing: all of a first version, and of a later one what changes and what was compared."""

import datetime as dt
import re
from html import unescape

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from funnel import services
from funnel.criteria import Condition, Op, read_rule
from funnel.models import Agreement
from funnel.queries import open_version
from funnel.score import Fit, ScoreTable

TODAY = dt.date(2026, 6, 10)
TOMORROW = TODAY + dt.timedelta(days=1)
FIRST, SECOND = "/console/versions/1/agree/", "/console/versions/2/agree/"
TELEPHONE = {"every": [{"fact": "phone", "op": "known"}], "some": []}
SAME = "The last 90 days would have counted the same"


@pytest.fixture(autouse=True)
def a_day():
    with time_machine.travel(dt.datetime(2026, 6, 10, 9, tzinfo=dt.UTC), tick=False):
        yield


def main_of(page) -> str:
    return re.search(r"<main.*</main>", page.content.decode(), re.S)[0]


def text_of(page) -> str:
    """The words of a page, in one line."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", main_of(page))))


def headings(page) -> list[str]:
    found = re.findall(r"<h2[^>]*>(.*?)</h2>", main_of(page), re.S)
    return [re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", "", one))).strip() for one in found]


def cells(page, row: str) -> list[str]:
    """The row of the first table whose head says so, cell by cell."""
    for line in re.findall(r"<tr>(.*?)</tr>", page.content.decode(), re.S):
        found = [
            re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", one)).strip() for one in re.findall(r"<t[hd].*?</t[hd]>", line, re.S)
        ]
        if found and found[0] == row:
            return found
    return []


@pytest.fixture
def agreed(as_):
    """`agreed(change, day)`: a version with what `change(draft)` wrote, signed by both teams and put in force from a day."""

    def one(change, day=TOMORROW) -> Agreement:
        as_("administrator").post("/console/draft/")
        change(open_version())
        as_("administrator").post("/console/draft/propose/")
        version = open_version()
        for side in ("marketing", "sales"):
            as_(f"{side}_lead").post(f"/console/versions/{version.number}/sign/", {"side": side})
        answer = as_("administrator").post(f"/console/versions/{version.number}/start/", {"from_day": day.isoformat()})
        assert answer.status_code == 302
        return version

    return one


def ask_for_a_telephone(draft, key="mql"):
    """A change: who enters the stage must have one."""
    stage = draft.stages.get(stage__key=key).stage
    services.set_entry_rule(draft=draft, stage=stage, rule=read_rule(TELEPHONE), then="ask", actor=None)


class TestTheFirstVersion:
    def test_it_is_read_in_full_where_it_is_signed(self, as_):
        page = as_("marketing_lead").get(FIRST)
        version, text = Agreement.objects.get(), text_of(page)
        assert "Sign for marketing" in text
        assert headings(page)[1] == "This is the first version: all of it is new"
        said = [
            *version.stages.values_list("name", flat=True),
            *version.stages.exclude(definition="").values_list("definition", flat=True),
            *version.reasons.values_list("label", flat=True),
            *version.words.values_list("word", flat=True),
            *version.words.exclude(agreed_meaning="").values_list("agreed_meaning", flat=True),
        ]
        assert len(said) > 30
        assert [one for one in said if re.sub(r"\s+", " ", one) not in text] == []
        assert headings(page)[2:6] == ["Stages", "Reasons", "Words", "Promises"]

    def test_it_says_what_it_promises_what_it_asks_and_its_plan(self, as_, stages):
        version = Agreement.objects.get()
        version.targets.create(metric="stage_inflow", stage=stages["mql"], month=dt.date(2026, 7, 1), value=1200)
        version.entry_rules.create(stage=stages["mql"], rule=TELEPHONE)
        page = as_("sales_lead").get(FIRST)
        text = text_of(page)
        assert "Telephone is known" in text
        assert "Jul 2026 Entries into MQL 1,200" in text
        assert "When a lead may enter" in headings(page) and "Targets" in headings(page)
        assert "How promises are measured" in headings(page)

    def test_it_does_not_say_that_nothing_changes(self, as_):
        assert "Nothing that is counted changes" not in text_of(as_("marketing_lead").get(FIRST))


class TestWhoMayEnterChanges:
    @pytest.fixture
    def page(self, as_):
        as_("administrator").post("/console/draft/")
        ask_for_a_telephone(open_version())
        return as_("marketing_lead").get(SECOND)

    def test_the_page_says_who_and_does_not_say_that_the_days_would_have_counted_the_same(self, page):
        assert "Who may enter MQL changes from the day it is in force" in headings(page)
        assert "Counting works the same way; who may enter MQL changes" in headings(page)
        assert SAME not in text_of(page)

    def test_it_says_what_was_compared_and_where_the_rest_is_told(self, page):
        assert "The table compares places on the way alone." in text_of(page)
        assert '<a href="/console/versions/2/backtest/">the test on history</a>' in page.content.decode()

    def test_the_stages_that_change_stand_in_the_order_of_the_way(self, as_):
        as_("administrator").post("/console/draft/")
        for key in ("sql", "mql", "sal"):
            ask_for_a_telephone(open_version(), key)
        assert "Who may enter MQL, SAL and SQL changes from the day it is in force" in headings(
            as_("sales_lead").get(SECOND)
        )

    def test_stages_that_change_and_who_enters_them_are_both_told(self, as_):
        as_("administrator").post("/console/draft/")
        ask_for_a_telephone(open_version())
        open_version().stages.filter(stage__key="sal").update(retired=True)
        page = as_("sales_lead").get(SECOND)
        assert "What is counted changes from the day it is in force" in headings(page)
        assert "Who may enter MQL changes as well." in text_of(page)

    def test_other_points_change_who_enters_where_a_rule_asks_for_the_score(self, as_):
        as_("administrator").post("/console/draft/")
        sixty = {"every": [{"fact": "score", "op": "at_least", "number": 60}], "some": []}
        for version in Agreement.objects.all():
            version.entry_rules.create(stage=version.stages.get(stage__key="mql").stage, rule=sixty)
        assert SAME in headings(as_("sales_lead").get(SECOND))
        with_points = {"fit": [{"condition": {"fact": "email", "op": "known"}, "points": 5}], "engagement": []}
        open_version().points_tables.create(table=with_points)
        assert "Who may enter MQL changes from the day it is in force" in headings(as_("sales_lead").get(SECOND))

    def test_another_word_alone_counts_the_same(self, as_, proposed):
        page = as_("marketing_lead").get(SECOND)
        assert SAME in headings(page) and "Nothing that is counted changes" in headings(page)
        assert "The table compares places on the way alone." not in text_of(page)


class TestAVersionThatBeginsTomorrow:
    @pytest.fixture
    def version(self, agreed):
        return agreed(ask_for_a_telephone)

    def test_the_table_of_versions_tells_by_the_day(self, as_, version):
        page = as_("viewer").get("/console/")
        assert cells(page, "Version 1")[1] == "In force (until 10 Jun 2026)"
        assert cells(page, "Version 2")[1] == "Agreed, in force from 11 Jun 2026"
        assert "Version 2, agreed, in force from 11 Jun 2026" in text_of(page)
        assert "Version 1, in force (until 10 Jun 2026)" in text_of(as_("viewer").get("/console/compare/"))

    def test_on_its_day_it_is_in_force_and_the_other_is_over(self, as_, version):
        with time_machine.travel(dt.datetime(2026, 6, 11, 9, tzinfo=dt.UTC), tick=False):
            page = as_("viewer").get("/console/")
            assert cells(page, "Version 1")[1] == "Superseded"
            assert cells(page, "Version 2")[1] == "In force"
            assert "Telephone is known" in text_of(as_("viewer").get("/console/criteria/"))

    def test_criteria_show_what_holds_today_and_the_way_to_what_comes(self, as_, version):
        page = as_("viewer").get("/console/criteria/")
        assert "Version 1 , in force from 1 Jan 2025 until 10 Jun 2026." in text_of(page)
        assert "Telephone is known" not in text_of(page)
        assert (
            '<a href="/console/criteria/?version=2">Version 2: agreed, in force from 11 Jun 2026</a>'
            in page.content.decode()
        )
        coming = as_("viewer").get("/console/criteria/?version=2")
        assert "Version 2 begins on 11 Jun 2026. Nothing of it holds before that day." in text_of(coming)
        assert "Telephone is known" in text_of(coming)
        assert (
            '<a href="/console/criteria/?version=1">Version 1: in force (until 10 Jun 2026)</a>' in coming.content.decode()
        )

    def test_a_draft_is_begun_where_its_text_comes_from(self, as_, version):
        assert "Change as a draft" not in text_of(as_("marketing_lead").get("/console/criteria/"))
        assert "Change as a draft" in text_of(as_("marketing_lead").get("/console/criteria/?version=2"))


def test_what_stands_beside_a_place_is_of_the_version_that_it_shows(as_, agreed):
    """Today's version has no points; the one of tomorrow has. Its own page says that it does not hold yet."""
    table = ScoreTable((Fit(Condition("email", Op.KNOWN), 5),))
    agreed(lambda draft: services.set_points_table(draft=draft, table=table, actor=None))
    viewer = as_("viewer")
    for address, said in (("/console/score/", "No points are saved"), ("/console/score/?version=2", "No lead is open")):
        panel = re.search(r'hx-get="(/leads/scored/[^"]*)"', viewer.get(address).content.decode())[1]
        assert said in viewer.get(panel, headers={"HX-Request": "true"}).content.decode(), address
        record = re.search(
            r'hx-get="([^"]*record[^"]*)"', viewer.get(address.replace("score", "promises")).content.decode()
        )[1]
        assert record.endswith("?version=2" if "2" in address else "?version=1")
        assert viewer.get(record).status_code == 200
    assert viewer.get("/leads/scored/?version=99999999999999999999").status_code == 200
    page = viewer.get("/console/versions/2/").content.decode()
    assert "Version 2: Agreed, in force from 11 Jun 2026" in page
    assert "Version 1: In force (until 10 Jun 2026)" in viewer.get("/console/versions/1/").content.decode()


def test_a_word_that_only_a_later_version_has_is_read_there(as_, agreed):
    agreed(lambda draft: draft.words.create(key="nurture", word="Nurture", agreed_meaning="Not yet ready."))
    assert "Not yet ready." not in text_of(as_("viewer").get("/console/words/"))
    page = as_("viewer").get("/console/words/nurture/")
    assert page.status_code == 200 and "Not yet ready." in text_of(page)


class TestADraft:
    @pytest.fixture(autouse=True)
    def draft(self, as_):
        as_("administrator").post("/console/draft/")
        ask_for_a_telephone(open_version())

    def test_whoever_works_on_it_sees_it_and_the_way_to_what_holds(self, as_):
        page = as_("marketing_lead").get("/console/criteria/")
        assert "Draft of version 2." in text_of(page) and "Telephone is known" in text_of(page)
        assert '<a href="/console/criteria/?version=1">Version 1: in force</a>' in page.content.decode()
        assert "Telephone is known" not in text_of(as_("marketing_lead").get("/console/criteria/?version=1"))

    def test_everybody_else_sees_what_holds_and_the_way_to_the_draft(self, as_):
        page = as_("viewer").get("/console/criteria/")
        assert "Telephone is known" not in text_of(page)
        assert '<a href="/console/criteria/?version=2">Version 2: draft</a>' in page.content.decode()

    def test_what_is_saved_goes_to_the_draft_whatever_version_the_address_names(self, as_):
        open_version().words.create(key="nurture", word="Nurture", agreed_meaning="Not yet ready.")
        data = {"word": "Nurture", "agreed_meaning": "Ready next year."}
        answer = as_("marketing_lead").post("/console/words/nurture/edit/?version=1", data)
        assert answer.status_code == 302
        assert open_version().words.get(key="nurture").agreed_meaning == "Ready next year."

    def test_what_both_teams_are_asked_about_does_not_hold(self, as_):
        as_("administrator").post("/console/draft/propose/")
        page = as_("marketing_lead").get("/console/criteria/")
        assert "Telephone is known" not in text_of(page)
        assert '<a href="/console/criteria/?version=2">Version 2: proposed</a>' in page.content.decode()
        assert "Version 2 waits for signatures." in text_of(as_("marketing_lead").get("/console/criteria/?version=2"))


class TestWhatWaits:
    def sign(self, as_, side, number=1):
        as_(f"{side}_lead").post(f"/console/versions/{number}/sign/", {"side": side})

    def test_an_unsigned_first_version_waits(self, as_):
        assert headings(as_("viewer").get("/console/"))[1] == "Version 1 waits for agreement of marketing and sales"
        self.sign(as_, "sales")
        assert headings(as_("viewer").get("/console/"))[1] == "Version 1 waits for agreement of marketing"
        self.sign(as_, "marketing")
        assert headings(as_("viewer").get("/console/"))[1].startswith("Nothing waits for anybody’s agreement")

    def test_a_version_put_in_force_without_every_yes_waits_before_its_day_too(self, as_):
        as_("administrator").post("/console/draft/")
        services.put_in_force(agreement=open_version(), from_day=TOMORROW, actor=None)
        page = as_("viewer").get("/console/")
        assert headings(page)[1] == "Version 2 waits for agreement of marketing and sales"
        assert cells(page, "Version 2")[1] == "Not agreed yet, in force from 11 Jun 2026"
        assert "Sign it" not in text_of(page), "the version of today is not signed any more"

    def asked(self, as_, who) -> list[str]:
        return re.findall(r'Waits for your signature[^<]*: <a href="([^"]+)"', as_(who).get("/my-day/").content.decode())

    def test_my_day_of_a_lead_leads_to_what_waits_for_that_side(self, as_):
        assert self.asked(as_, "marketing_lead") == [FIRST]
        assert self.asked(as_, "sales_lead") == [FIRST]
        self.sign(as_, "marketing")
        assert self.asked(as_, "marketing_lead") == []
        assert self.asked(as_, "sales_lead") == [FIRST]

    def test_nobody_else_is_asked(self, as_):
        assert {who: self.asked(as_, who) for who in ("member", "colleague", "funnel_owner", "administrator")} == {
            "member": [], "colleague": [], "funnel_owner": [], "administrator": [],
        }  # fmt: skip

    def test_a_proposal_is_asked_for_until_the_side_has_signed_or_refused(self, as_, proposed):
        assert self.asked(as_, "sales_lead") == [SECOND, FIRST]
        as_("sales_lead").post("/console/versions/2/refuse/", {"side": "sales", "reason": "Too early."})
        assert self.asked(as_, "sales_lead") == [FIRST]
        self.sign(as_, "marketing", 2)
        assert self.asked(as_, "marketing_lead") == [FIRST]

    def test_two_versions_to_sign_cost_my_day_as_many_queries_as_one(self, as_, proposed):
        def queries() -> int:
            page = as_("sales_lead").get("/my-day/")
            with CaptureQueriesContext(connection) as found:
                page = page.client.get("/my-day/")
            assert page.status_code == 200
            return len(found)

        two = queries()
        self.sign(as_, "sales", 2)
        assert (self.asked(as_, "sales_lead"), queries()) == ([FIRST], two)

    def test_a_draft_asks_nobody(self, as_):
        self.sign(as_, "sales")
        as_("administrator").post("/console/draft/")
        assert self.asked(as_, "sales_lead") == []
