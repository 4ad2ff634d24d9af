"""A test on history: asked for by those who lead, read by everybody, its lists only as far as one may open them."""

import datetime as dt
import re
from html import unescape

import pytest
from django.urls import reverse

from accounts.queries import today_for
from core.models import Organisation
from core.queries import organisation
from funnel.criteria import Condition, EntryRule, Op
from funnel.score import Fit, ScoreTable
from funnel.services import draft_version, set_entry_rule, set_points_table
from leads import services as leads
from metrics import services
from metrics.models import Backtest

pytestmark = pytest.mark.django_db
NOW = dt.datetime.now(dt.UTC)
PAGE = "/console/versions/2/backtest/"


@pytest.fixture
def draft(stages, people):
    """A draft that wants tier A; of three leads that entered MQL one is of it, and two have an owner in sales."""
    version = draft_version(actor=people["administrator"])
    rule = EntryRule((Condition("tier", Op.ONE_OF, values=("A",)),))
    set_entry_rule(draft=version, stage=stages["mql"], rule=rule, then="ask", actor=people["administrator"])
    for tier, owner in (("A", people["member"]), ("B", people["member"]), ("", None)):
        came = NOW - dt.timedelta(days=60)
        lead = leads.create_lead(stage=stages["inquiry"], occurred_at=came, actor=None, tier=tier, owner=owner)
        leads.move_lead(lead, stages["mql"], actor=None, occurred_at=came + dt.timedelta(days=3))
    return version


def asked(**other) -> dict:
    today = NOW.date()
    days = {"from_day": today - dt.timedelta(days=90), "to_day": today, "split_day": today - dt.timedelta(days=20)}
    return {name: day.isoformat() for name, day in days.items()} | {"horizon": 30, "brought_in": "on"} | other


def out_of(browser, stages) -> Backtest:
    answer = browser("marketing_lead").post(PAGE, asked(stage=stages["mql"].pk))
    assert (answer.status_code, answer.url) == (302, PAGE)
    test = Backtest.objects.latest("id")
    services.run_backtest(test.pk)
    return test


def test_a_team_lead_asks_and_everybody_reads_what_came_out(browser, draft, stages):
    assert "Not tested yet" in browser("viewer").get(PAGE).content.decode()
    assert browser("marketing_lead").post(PAGE, asked(stage=stages["mql"].pk)).status_code == 302
    waiting = browser("viewer").get(PAGE).content.decode()
    assert "Waiting for a worker" in waiting and 'hx-trigger="every 2s"' in waiting
    part = browser("viewer").get(PAGE, headers={"HX-Target": "div#backtest"}).content.decode()
    assert part.strip().startswith('<div id="backtest"')
    services.run_backtest(Backtest.objects.get().pk)
    for who in ("viewer", "member", "sales_lead"):
        page = browser(who).get(PAGE).content.decode()
        assert "The draft would have taken 1 lead; 3 really entered MQL" in page
        assert "every 2s" not in page and "were brought in with their history" in page


def test_both_parts_that_are_offered_hold_leads_that_can_be_followed_to_the_end(browser, draft):
    page = browser("sales_lead").get(PAGE).content.decode()
    split = dt.date.fromisoformat(re.search(r'name="split_day" value="([^"]+)"', page)[1])
    today = today_for(dt.datetime.now(dt.UTC))
    assert (today - split).days == 181, "61 days of decisions that are 120 days old and older"


POINTS = ScoreTable(
    (
        Fit(Condition("email", Op.KNOWN), 20),
        Fit(Condition("phone", Op.KNOWN), 15),
        Fit(Condition("need", Op.UNKNOWN), -10),
        Fit(Condition("tier", Op.ONE_OF, values=("A",)), 30),
    )
)
OFF = (
    "Version 2 asks for the score, but 3 rows of its points have no history and count as 0 here. A score of then may lie up "
    "to 35 points higher or 10 points lower, so whom it takes here is a rough guide only."
)


def test_a_threshold_on_points_without_history_is_said_wherever_the_result_is_told(browser, draft, stages, people):
    """The page and whoever signs; not where the rule asks for no score, nor where all its points have a history."""
    rule = EntryRule((Condition("score", Op.AT_LEAST, number=25),))
    set_points_table(draft=draft, table=POINTS, actor=people["administrator"])
    pages = (PAGE, reverse("console_agree", args=[2]))
    out_of(browser, stages)
    assert not any("asks for the score" in words(browser("sales_lead").get(page)) for page in pages)
    set_entry_rule(draft=draft, stage=stages["mql"], rule=rule, then="ask", actor=people["administrator"])
    out_of(browser, stages)
    assert all(OFF in words(browser("sales_lead").get(page)) for page in pages)
    whole = ScoreTable(POINTS.fit[3:])
    set_points_table(draft=draft, table=whole, actor=people["administrator"])
    out_of(browser, stages)
    assert not any("asks for the score" in words(browser("sales_lead").get(page)) for page in pages)


@pytest.mark.parametrize(
    ("points", "said"),
    [(20, "A score of then may lie up to 20 points higher, so"), (-20, "A score of then may lie up to 20 points lower, so")],
)
def test_which_way_a_threshold_is_off_is_said(browser, draft, stages, people, points, said):
    table = ScoreTable((Fit(Condition("email", Op.KNOWN), points), POINTS.fit[3]))
    set_points_table(draft=draft, table=table, actor=people["administrator"])
    rule = EntryRule((Condition("score", Op.AT_LEAST, number=25),))
    set_entry_rule(draft=draft, stage=stages["mql"], rule=rule, then="ask", actor=people["administrator"])
    out_of(browser, stages)
    told = words(browser("sales_lead").get(PAGE))
    assert f"1 row of its points has no history and counts as 0 here. {said}" in told


def words(answer) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.content.decode())).split())


def test_only_those_who_lead_may_ask_or_stop(browser, draft, stages):
    assert browser("member").post(PAGE, asked(stage=stages["mql"].pk)).status_code == 403
    assert "Test on history</button>" not in browser("member").get(PAGE).content.decode()
    browser("sales_lead").post(PAGE, asked(stage=stages["mql"].pk))
    stop = reverse("console_backtest_stop", args=[Backtest.objects.get().pk])
    assert browser("member").post(stop).status_code == 403
    assert browser("sales_lead").post(stop).status_code == 302
    assert "stopped before its end" in browser("viewer").get(PAGE).content.decode()


def test_what_does_not_fit_stands_beside_its_field(browser, draft, stages):
    tomorrow = (NOW + dt.timedelta(days=2)).date().isoformat()
    answer = browser("sales_lead").post(PAGE, asked(stage=stages["mql"].pk, to_day=tomorrow))
    assert answer.status_code == 422
    assert "No decision lies in the future." in answer.content.decode()
    assert Backtest.objects.count() == 0


def test_a_cell_counts_the_same_for_all_and_lists_what_one_may_open(browser, draft, stages, people):
    Organisation.objects.filter(pk=organisation().pk).update(lead_visibility=Organisation.Visibility.OWN)
    test = out_of(browser, stages)
    address = reverse("console_backtest_leads", args=[test.pk]) + "?cell=only_old"
    mine = browser("member").get(address).content.decode()
    assert "2 leads: entered, the draft would not take them" in mine
    assert "1 of them you may not open" in mine and mine.count("/leads/") >= 1
    owner = browser("funnel_owner").get(address).content.decode()
    assert "2 leads: entered" in owner and "you may not open" not in owner


def test_a_list_asks_no_more_for_three_leads_than_for_one(browser, draft, stages, people, django_assert_max_num_queries):
    test = out_of(browser, stages)
    address = reverse("console_backtest_leads", args=[test.pk])
    browser("funnel_owner").get(address)
    counts = []
    for cell in ("both", "only_old"):
        with django_assert_max_num_queries(40) as asked_for:
            browser("funnel_owner").get(f"{address}?cell={cell}")
        counts.append(len(asked_for))
    assert counts[0] == counts[1]


def test_who_signs_sees_what_came_out_and_that_the_draft_changed_since(browser, draft, stages, people):
    agree = reverse("console_agree", args=[2])
    assert "Not tested on history yet" in browser("sales_lead").get(agree).content.decode()
    out_of(browser, stages)
    page = browser("sales_lead").get(agree).content.decode()
    assert "The draft would have taken 1 lead; 3 really entered" in page
    assert "2 that entered would be given up, 0 would be new." in page
    assert "has changed since" not in page
    rule = EntryRule((Condition("owner", Op.KNOWN),))
    set_entry_rule(draft=draft, stage=stages["mql"], rule=rule, then="ask", actor=people["administrator"])
    assert "has changed since" in browser("sales_lead").get(agree).content.decode()
    assert "Test it again" in browser("sales_lead").get(PAGE).content.decode()


def test_a_first_version_has_nothing_to_be_compared_with(browser, stages):
    assert "nothing to be compared with" in browser("viewer").get("/console/versions/1/backtest/").content.decode()
    assert browser("sales_lead").post("/console/versions/1/backtest/", asked()).status_code == 404
