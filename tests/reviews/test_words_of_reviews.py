"""One term a review: tried on a lead, answered without a name, settled in a sentence beside the definition."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core.errors import Conflict, DomainError, NotAllowed
from core.models import Organisation
from funnel.models import GlossaryTerm
from leads import services as leads
from reviews.models import Paper, WordOfReview
from reviews.services import answer_word, ask_word, count_word, settle_word
from reviews.word_queries import due_words, example_lead, word_of
from tests.reviews.raising import NOW
from tests.reviews.safe_room import SIDES, TODAY, ballots, close, review_of


@pytest.fixture
def mql(stages):
    """A lead that entered the MQL stage two days ago."""
    firm = leads.ensure_company(name="Brandt Pumpen")
    lead = leads.create_lead(stage=stages["inquiry"], occurred_at=NOW - dt.timedelta(days=5), company=firm, actor=None)
    leads.move_lead(lead, stages["mql"], actor=None, occurred_at=NOW - dt.timedelta(days=2))
    return lead


def ask(review, people, key="mql"):
    return ask_word(review=review, key=key, actor=people["funnel_owner"], now=NOW, today=TODAY)


def answer(review, people, answers: dict[str, bool]) -> None:
    for who, secret in ballots(review, people, *answers).items():
        answer_word(review=review, secret=secret, side=SIDES[who], yes=answers[who])


def count(review, people) -> WordOfReview:
    count_word(review=review, actor=people["funnel_owner"], now=NOW)
    return word_of(review)


def settle(review, people, outcome="They asked for a price.", stands=True) -> None:
    settle_word(review=review, stands=stands, outcome=outcome, actor=people["funnel_owner"], today=TODAY)


def keys(review) -> list[str]:
    return [one.term.key for one in due_words(review, TODAY)]


def test_the_word_on_which_the_teams_differ_comes_first_and_then_whichever_was_read_least(people, stages):
    review = review_of(people)
    # The seed's words with two meanings, in the order of the alphabet; then those with one.
    assert keys(review)[:4] == ["lead", "mql", "sql", "action"]
    ask(review, people, "lead")
    close(review)
    following = review_of(people, starts_at=NOW + dt.timedelta(days=7))
    assert keys(following)[:3] == ["mql", "sql", "action"] and keys(following)[-1] == "lead"


def test_a_word_that_was_answered_against_each_other_comes_back_before_the_others(people, stages, mql):
    review = review_of(people)
    GlossaryTerm.objects.update(marketing_meaning="", sales_meaning="")
    assert keys(review)[0] == "action"
    ask(review, people, "won")
    answer(review, people, {"marketing_lead": True, "colleague": True, "sales_lead": False, "member": False})
    count(review, people)
    close(review)
    assert keys(review_of(people, starts_at=NOW + dt.timedelta(days=7)))[0] == "won"


def test_the_meanings_are_kept_as_they_were_read(people, stages, mql):
    review = review_of(people)
    word = ask(review, people)
    assert (word.word, word.stage_key, word.lead) == ("MQL", "mql", mql)
    before = word.sales_meaning
    GlossaryTerm.objects.filter(key="mql").update(sales_meaning="Something else by now.")
    assert word_of(review).sales_meaning == before == "A name that marketing thinks is good."


def test_an_example_is_used_once_and_other_words_have_none(people, stages, mql):
    review = review_of(people)
    ask(review, people)
    close(review)
    following = review_of(people, starts_at=NOW + dt.timedelta(days=7))
    due = {one.term.key: one for one in due_words(following, TODAY)}
    assert example_lead(due["mql"].stage, TODAY) is None
    assert due["driver"].stage is None and ask(following, people, "driver").lead is None


def test_each_team_is_shown_apart_where_each_has_three_answers_else_all_together(people, stages, mql):
    review = review_of(people)
    ask(review, people)
    answer(review, people, {"marketing_lead": True, "colleague": True, "sales_lead": False, "member": True})
    word = count(review, people)
    assert (word.yes, word.no) == (3, 1)
    assert (word.marketing_yes, word.marketing_no, word.sales_yes, word.sales_no) == (None,) * 4
    assert not Paper.objects.exists()


def test_with_fewer_than_three_answers_nothing_is_shown(people, stages, mql, browser):
    review = review_of(people)
    ask(review, people)
    answer(review, people, {"marketing_lead": True, "member": False})
    word = count(review, people)
    assert (word.yes, word.no) == (None, None)
    page = browser("viewer").get(f"/review/{review.pk}/part/words/?screen=wall").content.decode()
    assert "Fewer than three answered" in page


def test_the_agreed_meaning_and_the_answers_appear_with_the_count_and_not_before(people, stages, mql, browser):
    review = review_of(people)
    ask(review, people)
    answer(review, people, {"marketing_lead": True, "colleague": True, "sales_lead": False})
    url = f"/review/{review.pk}/part/words/?screen=wall"
    before = browser("viewer").get(url).content.decode()
    assert "Fits the target group" in before and "Brandt Pumpen" in before
    assert "Agreed:" not in before and " yes</b>" not in before
    count(review, people)
    after = browser("viewer").get(url).content.decode()
    assert "Agreed:" in after and "<b>2 yes</b>, 1 no" in after


def test_an_answer_can_be_changed_until_the_count(people, stages, mql):
    review = review_of(people)
    ask(review, people)
    taken = ballots(review, people, "member", "sales_lead", "colleague")
    for secret in taken.values():
        answer_word(review=review, secret=secret, side="sales", yes=True)
    answer_word(review=review, secret=taken["member"], side="sales", yes=False)
    word = count(review, people)
    assert (word.yes, word.no) == (2, 1)
    with pytest.raises(Conflict):
        answer_word(review=review, secret=taken["member"], side="sales", yes=True)


def test_the_outcome_stands_beside_the_definition(people, stages, mql, browser):
    review = review_of(people)
    ask(review, people)
    with pytest.raises(Conflict):
        settle(review, people)
    count(review, people)
    with pytest.raises(DomainError):
        settle(review, people, outcome="")
    settle(review, people, outcome="They asked for a price.")
    for url in ("/review/words/mql/", "/review/stages/mql/words/"):
        page = browser("viewer").get(url).content.decode()
        assert "<b>Yes:</b>" in page and "They asked for a price." in page and "Brandt Pumpen" in page
    assert "No review has refreshed this word yet." in browser("viewer").get("/review/words/sql/").content.decode()
    assert "They asked for a price." in browser("viewer").get("/review/words/").content.decode()
    assert "/review/words/mql/" in browser("viewer").get("/console/words/mql/").content.decode()
    assert "/review/stages/mql/words/" in browser("viewer").get("/console/stages/mql/").content.decode()


def test_who_may_not_open_the_lead_reads_the_outcome_without_it(people, stages, mql, browser):
    review = review_of(people)
    ask(review, people)
    count(review, people)
    settle(review, people)
    Organisation.objects.update(lead_visibility=Organisation.Visibility.OWN)
    for url in ("/review/words/mql/", "/review/words/", f"/review/{review.pk}/part/words/?screen=phone"):
        page = browser("member").get(url).content.decode()
        assert "They asked for a price." in page and "Brandt Pumpen" not in page and f"/leads/{mql.pk}/" not in page, url


def test_only_who_steers_asks_counts_and_settles(people, stages, mql):
    review, member = review_of(people), people["member"]
    for act in (
        lambda: ask_word(review=review, key="mql", actor=member, now=NOW, today=TODAY),
        lambda: count_word(review=review, actor=member, now=NOW),
        lambda: settle_word(review=review, stands=True, outcome="So.", actor=member, today=TODAY),
    ):
        with pytest.raises(NotAllowed):
            act()
    assert not WordOfReview.objects.exists()


def test_asking_twice_asks_once_and_an_unknown_word_is_refused(people, stages, mql):
    review = review_of(people)
    ask(review, people)
    assert ask(review, people, "sql").key == "mql"
    with pytest.raises(DomainError):
        ask(review_of(people, starts_at=NOW + dt.timedelta(days=7)), people, "nonsense")


def test_the_record_asks_the_database_as_often_for_three_words_as_for_one(people, stages, mql, browser):
    counts = []
    for week, key in enumerate(("mql", "driver", "plan")):
        review = review_of(people, starts_at=NOW + dt.timedelta(days=7 * week))
        ask(review, people, key)
        count(review, people)
        settle(review, people)
        close(review)
        browser("member").get("/review/words/")
        with CaptureQueriesContext(connection) as queries:
            assert browser("member").get("/review/words/").status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[2]
