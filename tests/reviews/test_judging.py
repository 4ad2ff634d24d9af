"""The monthly blind sample: two judges, the same leads, neither knows what the other or Tandem says (metrics-spec Q7)."""

import datetime as dt
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts import services as accounts
from accounts.models import Role, Side, Team
from core.errors import Conflict, DomainError
from core.models import Organisation
from leads import services as leads
from leads.models import Lead
from reviews.judging_queries import last_words, pairs, splits_for_review
from reviews.models import Judgement, JudgingRound, SampledLead, Stratum
from reviews.sampling import Candidate, draw, strata_of
from reviews.services import draw_round, draw_when_due, judge_lead
from reviews.tasks import draw_sample
from tests.reviews.raising import NOW

APRIL = dt.date(2026, 4, 1)
PAGE = "/review/judging/"
YES, NO = {"qualifies": "yes", "sentence": ""}, {"qualifies": "no", "sentence": ""}


def april(day: int) -> dt.datetime:
    return dt.datetime(2026, 4, day, 12, tzinfo=dt.UTC)


@pytest.fixture
def of_april(stages):
    """Twelve leads of April: four MQLs, one of which skipped ahead to SQL, and eight others with rising scores."""
    company = leads.ensure_company(name="Brandt Pumpen")
    found = []
    for day in range(1, 13):
        lead = leads.create_lead(
            stage=stages["inquiry"], occurred_at=april(day), actor=None, score=day * 5, company=company, tier="webinar"
        )
        if day in (1, 2, 3):
            leads.move_lead(lead, stages["mql"], actor=None, occurred_at=april(day + 1))
        if day == 4:
            leads.move_lead(lead, stages["sql"], actor=None, occurred_at=april(day + 1))
        found.append(lead)
    return found


@pytest.fixture
def drawn(of_april, people):
    return draw_round(
        month=APRIL, actor=people["funnel_owner"], marketing_judge=people["colleague"], sales_judge=people["member"]
    )


def sheet(judging) -> str:
    return f"{PAGE}{judging.pk}/sheet/"


def judge_all(browser, judging, who: str, says) -> None:
    """`says(place)`: what this judge types about the lead at a place."""
    for place in range(1, SampledLead.objects.filter(round=judging).count() + 1):
        assert browser(who).post(sheet(judging), {"lead": place} | says(place)).status_code == 302


# --- the draw -----------------------------------------------------------------------------------------------


def test_the_sample_takes_equal_parts_and_the_same_seed_draws_the_same():
    strata = {name: list(range(start, start + 50)) for name, start in zip(Stratum, (0, 100, 200), strict=True)}
    sample = draw(strata, size=30, seed=7)
    assert {name: sum(1 for _, one in sample if one == name) for name in Stratum} == dict.fromkeys(Stratum, 10)
    assert all(lead in strata[name] for lead, name in sample)
    assert len({lead for lead, _ in sample}) == 30
    assert sample == draw(strata, size=30, seed=7) != draw(strata, size=30, seed=8)
    assert [name for _, name in sample] != sorted(name for _, name in sample)  # the order tells nothing


def test_a_small_stratum_is_made_up_for_by_the_others():
    sample = draw({Stratum.MQL: [1, 2], Stratum.NEAR: list(range(10, 30)), Stratum.BELOW: [50]}, size=9, seed=1)
    assert sorted(name for _, name in sample) == ["below", "mql", "mql", *["near"] * 6]
    assert draw({}, size=9, seed=1) == []


def test_near_misses_are_the_best_third_of_the_others_by_score_then_by_touches():
    found = strata_of(
        [
            Candidate(1, True, 10, 0),
            Candidate(2, False, 90, 0),
            Candidate(3, False, 80, 9),
            Candidate(4, False, None, 30),
            Candidate(5, False, None, 2),
            Candidate(6, False, 5, 0),
            Candidate(7, False, None, 2),
        ]
    )
    assert found == {Stratum.MQL: [1], Stratum.NEAR: [2, 3], Stratum.BELOW: [6, 4, 5, 7]}


def test_a_sample_is_of_the_months_own_leads_of_marketing(of_april, stages, people):
    others = {
        "before": leads.create_lead(stage=stages["inquiry"], occurred_at=april(1) - dt.timedelta(days=2), actor=None),
        "after": leads.create_lead(stage=stages["inquiry"], occurred_at=april(30) + dt.timedelta(days=2), actor=None),
        "sales": leads.create_lead(stage=stages["sql"], occurred_at=april(9), actor=None, origin="sales"),
        "taken out": leads.create_lead(stage=stages["inquiry"], occurred_at=april(9), actor=None),
        "merged": leads.create_lead(stage=stages["inquiry"], occurred_at=april(9), actor=None),
    }
    leads.void_lead(lead=others["taken out"], actor=people["marketing_lead"])
    leads.merge_leads(survivor=of_april[0], duplicate=others["merged"], actor=people["marketing_lead"])
    judging = draw_round(month=dt.date(2026, 4, 17), actor=None)
    rows = SampledLead.objects.filter(round=judging)
    assert judging.month == APRIL
    assert sorted(rows.values_list("lead_id", flat=True)) == sorted(lead.id for lead in of_april)
    by = {name: set(rows.filter(stratum=name).values_list("lead_id", flat=True)) for name in Stratum}
    # Who skipped the MQL stage reached it; of the eight others the third with the highest score was near.
    assert by[Stratum.MQL] == {lead.id for lead in of_april[:4]}
    assert by[Stratum.NEAR] == {lead.id for lead in of_april[-3:]}
    assert sorted(rows.values_list("position", flat=True)) == list(range(1, 13))


def test_a_month_has_one_sample_and_a_lead_is_judged_once(drawn, people):
    with pytest.raises(Conflict, match="drawn already"):
        draw_round(month=APRIL, actor=None)
    # April's leads, made May's by a correction, are not judged again.
    Lead.objects.update(created_day=dt.date(2026, 3, 4))
    with pytest.raises(DomainError, match="0 leads that could be judged"):
        draw_round(month=dt.date(2026, 3, 1), actor=None)
    with pytest.raises(DomainError, match="a month that is over"):
        draw_round(month=dt.date(2026, 5, 1), actor=None)


def test_the_clock_draws_last_months_sample_once(of_april, people):
    assert draw_sample() is True
    assert draw_sample() is False
    judging = JudgingRound.objects.get()
    assert (judging.month, judging.drawn_by) == (APRIL, None)
    assert judging.marketing_judge.name in ("Colleague", "Marketing Lead")
    assert judging.sales_judge.name in ("Member", "Sales Lead")


def test_the_clock_leaves_a_company_alone_that_cannot_have_a_sample(db, at_a_fixed_time):
    assert draw_when_due(now=NOW) is None
    assert JudgingRound.objects.count() == 0


def test_nine_leads_make_no_sample(of_april, people):
    for lead in of_april[:3]:
        leads.void_lead(lead=lead, actor=people["marketing_lead"])
    assert draw_when_due(now=NOW) is None


def test_judges_take_turns(of_april, people, stages):
    first = draw_round(month=APRIL, actor=None)
    for day in range(1, 13):
        leads.create_lead(stage=stages["inquiry"], occurred_at=april(1) - dt.timedelta(days=day), actor=None)
    second = draw_round(month=dt.date(2026, 3, 1), actor=None)
    assert {first.marketing_judge, second.marketing_judge} == {people["colleague"], people["marketing_lead"]}
    assert {first.sales_judge, second.sales_judge} == {people["member"], people["sales_lead"]}


def test_a_judge_is_of_the_side_and_there(of_april, people):
    with pytest.raises(DomainError, match="works in no team of Marketing"):
        draw_round(month=APRIL, actor=None, marketing_judge=people["member"])
    accounts.deactivate(user=people["colleague"], actor=people["administrator"])
    judging = draw_round(month=APRIL, actor=None)
    assert judging.marketing_judge == people["marketing_lead"]


def test_who_works_for_both_sides_judges_for_one(of_april, browser, people):
    sales = Team.objects.get(side=Side.SALES)
    both = people["colleague"]
    accounts.give_role(user=both, role=Role.REP, team=sales, from_day=dt.date(2026, 1, 1), actor=None)
    twice = {"marketing_judge": both.id, "sales_judge": both.id}
    refused = browser("funnel_owner").post(f"{PAGE}draw/", twice)
    assert refused.status_code == 422
    assert "The two judges are two people." in refused.content.decode()
    for who in ("member", "sales_lead"):
        accounts.deactivate(user=people[who], actor=people["administrator"])
    with pytest.raises(DomainError, match="Nobody works in a team of Sales"):
        draw_round(month=APRIL, actor=None, marketing_judge=both)


# --- the sheet ----------------------------------------------------------------------------------------------


def test_the_sheet_is_the_judges_alone(drawn, browser):
    for who in ("marketing_lead", "sales_lead", "funnel_owner", "administrator", "viewer"):
        assert browser(who).get(sheet(drawn)).status_code == 403
        assert browser(who).post(sheet(drawn), {"lead": 1} | YES).status_code == 403
    assert browser("member").get(sheet(drawn)).status_code == 200
    assert Judgement.objects.count() == 0


def test_the_sheet_is_blind_to_stage_score_owner_and_the_other_judge(drawn, of_april, browser, people, stages):
    lead = of_april[0]
    leads.assign_lead(lead=lead, owner=people["sales_lead"], actor=None)
    leads.record_touch(side="sales", kind="call", occurred_at=april(20), lead=lead, actor=people["sales_lead"])
    leads.record_touch(side="marketing", kind="webinar", occurred_at=april(19), lead=lead, actor=None)
    place = SampledLead.objects.get(round=drawn, lead=lead).position
    before = browser("member").get(f"{sheet(drawn)}?lead={place}")
    assert before.context["lead"].sampled.lead == lead
    main = before.content.decode().split("<main", 1)[1].split("</main>", 1)[0]
    assert "Brandt Pumpen" in main
    assert "Webinar" in main
    for label in ("Sales Lead", "Call", "accepted", "nearly MQL", f"/leads/{lead.id}/", " 5<"):
        assert label not in main
    browser("colleague").post(sheet(drawn), {"lead": place, "qualifies": "no", "sentence": "Far too small for us."})
    after = browser("member").get(f"{sheet(drawn)}?lead={place}").content.decode()
    assert "Far too small for us." not in after
    # The page of everybody counts answers and shows none.
    page = browser("funnel_owner").get(PAGE).content.decode()
    assert "Far too small for us." not in page
    assert "1 of 12" in page
    assert "shows after the first sample" in page


@pytest.mark.parametrize("visibility", ["own", "team"])
def test_where_leads_are_not_open_to_all_the_sheet_names_none(drawn, of_april, browser, visibility):
    Organisation.objects.update(lead_visibility=visibility)
    Lead.objects.filter(id=of_april[0].id).update(custom={"need": "Pumps for Oslo"})
    place = SampledLead.objects.get(round=drawn, lead=of_april[0]).position
    text = browser("member").get(f"{sheet(drawn)}?lead={place}").content.decode()
    assert "Brandt Pumpen" not in text
    assert "Pumps for Oslo" not in text
    assert "webinar" in text


def test_the_sheet_goes_on_where_one_left_off_and_an_answer_can_be_changed(drawn, browser):
    browser("member").post(sheet(drawn), {"lead": 1} | YES)
    browser("member").post(sheet(drawn), {"lead": 2} | NO)
    assert browser("member").get(sheet(drawn)).context["lead"].place == 3
    assert browser("colleague").get(sheet(drawn)).context["lead"].place == 1
    again = browser("member").get(f"{sheet(drawn)}?lead=1")
    assert again.context["form"].initial == {"qualifies": "yes", "sentence": ""}
    for _ in range(2):  # a retried request counts once
        browser("member").post(sheet(drawn), {"lead": 1, "qualifies": "no", "sentence": "Only a student."})
    rows = SampledLead.objects.filter(round=drawn, position=1)
    assert last_words(rows)[rows[0].id, "sales"].sentence == "Only a student."
    assert Judgement.objects.filter(sampled=rows[0]).count() == 2


def test_nothing_chosen_is_refused_beside_the_field_and_the_sentence_is_kept(drawn, browser):
    answer = browser("member").post(sheet(drawn), {"lead": 5, "sentence": "Not sure at all."})
    assert answer.status_code == 422
    text = answer.content.decode()
    assert "Say yes or no." in text
    assert "Not sure at all." in text
    assert answer.context["lead"].place == 5
    assert browser("member").post(sheet(drawn), {"lead": 99} | YES).url == sheet(drawn)
    assert browser("member").get(f"{sheet(drawn)}?lead=99").url == sheet(drawn)


def test_other_judges_can_be_named_while_it_runs(drawn, browser, people):
    browser("member").post(sheet(drawn), {"lead": 1} | YES)
    data = {"marketing_judge": people["colleague"].id, "sales_judge": people["sales_lead"].id}
    assert browser("funnel_owner").post(f"{PAGE}{drawn.pk}/judges/", data).status_code == 302
    assert browser("member").get(sheet(drawn)).status_code == 403
    assert browser("sales_lead").get(sheet(drawn)).context["lead"].place == 2
    for who in ("member", "marketing_lead", "viewer"):
        assert browser(who).post(f"{PAGE}{drawn.pk}/judges/", data).status_code == 403
    wrong = browser("funnel_owner").post(f"{PAGE}{drawn.pk}/judges/", data | {"sales_judge": people["colleague"].id})
    assert wrong.status_code == 422


def test_nobody_judges_one_sample_for_both_sides(drawn, browser, people):
    browser("member").post(sheet(drawn), {"lead": 1} | YES)
    marketing = Team.objects.get(side=Side.MARKETING)
    accounts.give_role(user=people["member"], role=Role.REP, team=marketing, from_day=dt.date(2026, 5, 1), actor=None)
    data = {"marketing_judge": people["member"].id, "sales_judge": people["sales_lead"].id}
    answer = browser("funnel_owner").post(f"{PAGE}{drawn.pk}/judges/", data)
    assert answer.status_code == 422
    assert "Member has judged this sample for the other side." in answer.content.decode()
    assert JudgingRound.objects.get().marketing_judge == people["colleague"]


# --- results ------------------------------------------------------------------------------------------------


def test_the_result_counts_pairs_and_shows_both_coefficients(drawn, browser):
    judge_all(browser, drawn, "colleague", lambda place: YES if place <= 8 else NO)
    assert browser("viewer").get(PAGE).context["result"].measure is None
    judge_all(browser, drawn, "member", lambda place: YES if 3 <= place <= 9 else NO)
    found = browser("viewer").get(PAGE).context["result"]
    count = found.count
    assert (count.both, count.marketing, count.sales, count.neither) == (6, 2, 1, 3)
    # By hand: 9 of 12 equal; by chance (8·7 + 4·5) ÷ 144; AC1 by 2q(1 − q) with q = 15 ÷ 24.
    chance = (8 * 7 + 4 * 5) / 144
    assert found.measure.observed == 0.75
    assert found.measure.kappa == pytest.approx((0.75 - chance) / (1 - chance))
    assert found.measure.ac1 == pytest.approx((0.75 - 2 * 0.625 * 0.375) / (1 - 2 * 0.625 * 0.375))
    assert sum(row.n for _, row in found.by_stratum) == 12
    assert [row.n for _, row in found.by_stratum] == [4, 3, 5]
    text = browser("viewer").get(PAGE).content.decode()
    assert re.search(r"Both sides said the same of 9 of 12 <button[^>]*>leads</button>", text)
    assert "12 pairs are too few for a verdict" in text


def test_the_last_answer_closes_the_sample_and_none_is_taken_afterwards(drawn, browser, people):
    judge_all(browser, drawn, "colleague", lambda place: YES)
    assert JudgingRound.objects.get().closed_at is None
    judge_all(browser, drawn, "member", lambda place: YES)
    assert JudgingRound.objects.get().closed_at == NOW
    assert browser("member").post(sheet(drawn), {"lead": 1} | NO).status_code == 409
    assert browser("member").get(sheet(drawn)).url == PAGE
    assert Judgement.objects.count() == 24


def test_a_sample_closed_early_counts_the_pairs_there_are(drawn, browser):
    judge_all(browser, drawn, "colleague", lambda place: YES)
    browser("member").post(sheet(drawn), {"lead": 1} | YES)
    browser("member").post(sheet(drawn), {"lead": 2} | NO)
    assert browser("member").post(f"{PAGE}{drawn.pk}/close/").status_code == 403
    assert browser("funnel_owner").post(f"{PAGE}{drawn.pk}/close/").status_code == 302
    assert browser("viewer").get(PAGE).context["result"].count.n == 2
    assert browser("funnel_owner").post(f"{PAGE}{drawn.pk}/close/").status_code == 409


def test_a_split_waits_for_the_review_and_becomes_an_example(drawn, browser):
    judge_all(browser, drawn, "colleague", lambda place: YES)
    judge_all(browser, drawn, "member", lambda place: NO if place == 4 else YES)
    (split,) = splits_for_review()
    assert split.sampled.position == 4
    settle = f"{PAGE}leads/{split.sampled.id}/settle/"
    said = {"qualifies": "no", "sentence": "A student is not a buyer, whatever the score."}
    for who in ("member", "colleague", "marketing_lead", "sales_lead", "viewer"):
        assert browser(who).post(settle, said).status_code == 403
    bare = browser("funnel_owner").post(settle, {"qualifies": "no", "sentence": ""})
    assert bare.status_code == 422
    assert "so that it can serve as an example" in bare.content.decode()
    assert browser("funnel_owner").post(settle, said).status_code == 302
    assert splits_for_review() == []
    page = browser("viewer").get(PAGE).content.decode()
    assert "A student is not a buyer, whatever the score." in page
    assert "Does not meet the definition." in page
    same = SampledLead.objects.get(round=drawn, position=1)
    assert browser("funnel_owner").post(f"{PAGE}leads/{same.id}/settle/", said).status_code == 422


def test_a_split_opens_the_lead_only_for_those_who_may_open_it(drawn, browser, of_april, people):
    Organisation.objects.update(lead_visibility="own")
    judge_all(browser, drawn, "colleague", lambda place: YES)
    judge_all(browser, drawn, "member", lambda place: NO if place == 4 else YES)
    lead = SampledLead.objects.get(round=drawn, position=4).lead
    leads.assign_lead(lead=lead, owner=people["sales_lead"], actor=None)
    for who, opens in (("sales_lead", True), ("funnel_owner", True), ("member", False), ("viewer", False)):
        page = browser(who).get(PAGE).content.decode()
        assert (f"/leads/{lead.id}/" in page) is opens
        assert ("Brandt Pumpen" in page) is opens
        assert ("A lead that you may not open" in page) is not opens


def test_the_measure_is_over_the_last_hundred_pairs(people, stages, browser):
    for month in (1, 2, 3, 4):
        for number in range(30):
            leads.create_lead(
                stage=stages["inquiry"], occurred_at=dt.datetime(2026, month, 2 + number % 20, 9, tzinfo=dt.UTC), actor=None
            )
        judging = draw_round(
            month=dt.date(2026, month, 1), actor=None, marketing_judge=people["colleague"], sales_judge=people["member"]
        )
        for place in range(1, 31):
            judge_lead(judging=judging, place=place, qualifies=True, sentence="", actor=people["colleague"])
            judge_lead(judging=judging, place=place, qualifies=month > 1, sentence="", actor=people["member"])
    assert len(pairs(JudgingRound.objects.all())) == 120
    found = browser("viewer").get(PAGE).context["result"]
    # Of January's thirty, ten are among the last hundred.
    assert (found.count.n, found.count.equal) == (100, 90)


def test_the_page_asks_as_much_for_one_split_as_for_three(drawn, browser):
    judge_all(browser, drawn, "colleague", lambda place: YES)
    judge_all(browser, drawn, "member", lambda place: NO if place <= 3 else YES)

    def asked() -> int:
        with CaptureQueriesContext(connection) as found:
            browser("funnel_owner").get(PAGE)
        return len(found)

    asked()
    three = asked()
    for position in (1, 2):
        SampledLead.objects.filter(round=drawn, position=position).update(settled=True)
    assert len(splits_for_review()) == 1
    assert asked() == three


def test_a_team_without_people_gives_no_sample(of_april, people):
    team = Team.objects.get(side=Side.MARKETING)
    for who in ("colleague", "marketing_lead"):
        accounts.deactivate(user=people[who], actor=people["administrator"])
    with pytest.raises(DomainError, match="Nobody works in a team of Marketing"):
        draw_round(month=APRIL, actor=None)
    assert JudgingRound.objects.count() == 0
    assert SampledLead.objects.count() == 0
    viewer = accounts.add_person(email="v2@example.com", name="V Two", password=None, actor=None)
    accounts.give_role(user=viewer, role=Role.REP, team=team, from_day=dt.date(2026, 1, 1), actor=None)
    assert draw_round(month=APRIL, actor=None).marketing_judge == viewer
