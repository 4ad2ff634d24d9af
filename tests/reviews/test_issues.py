"""“Something looks wrong” makes a nameless issue that the funnel owner answers and the next review takes up."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.permissions import ROLE_PERMS, Perm
from core.errors import Conflict
from reviews.models import Issue
from reviews.queries import issues_for_review, names_in, shown_issues
from reviews.services import Shown, answer_issue, raise_issue
from reviews.services.issues import MOST_A_DAY
from tests.reviews.raising import NEW, NOW, SENTENCE, TOMORROW

TODAY = NOW.date()
NEXT_DAY = TOMORROW.date()


def waiting(text: str = SENTENCE, day: dt.date = TODAY) -> Issue:
    shown = Shown("won_deals", "from=2026-04-01&to=2026-05-21", "this quarter · all leads", "2 deals", [1])
    raise_issue(shown=shown, wrong=Issue.Wrong.LOW, sentence=text, today=day)
    return Issue.objects.get(sentence=text)


def test_from_the_explanation_of_a_number_in_two_clicks(browser, wins, send):
    drawer = browser("member").get("/explain/won_deals/?from=2026-05-01", headers={"HX-Request": "true"}).content.decode()
    assert "/review/issues/new/?metric=won_deals&amp;from=2026-05-01" in drawer
    answer = send("member", query="metric=won_deals&from=2026-05-01", hx=True)
    assert answer.status_code == 200 and "Raised, without a name." in answer.content.decode()
    (row,) = Issue.objects.values()
    row.pop("id")
    assert row == {
        "day": TODAY,
        "metric": "won_deals",
        "question": "from=2026-05-01&to=2026-05-21",
        "scope": "1 May 2026 to 20 May 2026 · all leads",
        "value": "2 deals",
        "versions": [1],
        "wrong": "low",
        "sentence": SENTENCE,
        "decision": "",
        "answer": "",
        "answered_by_id": None,
        "answered_on": None,
    }


def test_without_script_the_form_is_a_page_and_leads_to_the_list(browser, wins, send):
    page = browser("viewer").get(f"{NEW}?metric=won_deals").content.decode()
    assert "<html" in page and "Won deals" in page and "2 deals" in page
    answer = send("viewer")
    assert (answer.status_code, answer.url) == (302, "/review/issues/?sent")
    assert "Raised, without a name." in browser("viewer").get(answer.url).content.decode()


def test_an_issue_appears_the_next_day_for_everybody_and_without_a_name(browser, wins, send, at_a_fixed_time):
    send("member")
    assert SENTENCE not in browser("funnel_owner").get("/review/issues/").content.decode()
    assert browser("funnel_owner").get("/review/issues/waiting/").content.strip() == b""
    at_a_fixed_time.move_to(TOMORROW)
    for who in ("funnel_owner", "colleague", "viewer"):
        page = browser(who).get("/review/issues/").content.decode()
        assert SENTENCE in page and "Member" not in page, who
        assert ("Answer the issue" in page) == (who == "funnel_owner")
    assert b'class="n">1<' in browser("funnel_owner").get("/review/issues/waiting/").content
    assert "1 issue waits for an answer" in browser("viewer").get("/review/issues/waiting/?line").content.decode()


@pytest.mark.parametrize(
    ("decision", "text", "status"),
    [
        ("explained", "", 422),
        ("corrected", "", 422),
        ("", "So.", 422),
        ("explained", "It is right.", 302),
        ("review", "", 302),
    ],
)
def test_the_funnel_owner_answers(browser, people, company, at_a_fixed_time, decision, text, status):
    issue = waiting()
    at_a_fixed_time.move_to(TOMORROW)
    address = f"/review/issues/{issue.id}/answer/"
    assert browser("marketing_lead").post(address, {"decision": "review"}).status_code == 403
    answer = browser("funnel_owner").post(address, {"decision": decision, "answer": text})
    assert answer.status_code == status
    issue.refresh_from_db()
    if status == 302:
        assert (issue.decision, issue.answer, issue.answered_by) == (decision, text, people["funnel_owner"])
        assert issue.answered_on == NEXT_DAY
        assert browser("funnel_owner").post(address, {"decision": "explained", "answer": "No."}).status_code == 409
        issue.refresh_from_db()
        assert issue.decision == decision
    else:
        assert issue.decision == ""
        assert "<details open>" in answer.content.decode()


def test_two_answers_at_once_leave_the_first(people, company):
    issue = waiting()
    same = Issue.objects.get()
    owner = people["funnel_owner"]
    answer_issue(issue=issue, decision=Issue.Decision.REVIEW, answer="", actor=owner, today=NEXT_DAY)
    with pytest.raises(Conflict):
        answer_issue(issue=same, decision=Issue.Decision.EXPLAINED, answer="Late.", actor=owner, today=NEXT_DAY)


def test_the_next_review_takes_up_what_is_open_and_what_was_sent_there(people, company):
    first, second, third = (waiting(f"{SENTENCE} {n}") for n in range(3))
    waiting("Raised on the day of the review itself.", NEXT_DAY)
    for issue, decision in ((first, "explained"), (second, "review")):
        answer_issue(issue=issue, decision=decision, answer="So.", actor=people["funnel_owner"], today=NEXT_DAY)
    assert {issue.id for issue in issues_for_review(NEXT_DAY)} == {second.id, third.id}


def test_a_name_brings_a_hint_and_the_sender_decides(wins, send, people):
    typed = "The outsider deals of colleague are wrong."
    assert names_in(typed) == ["Colleague", "Outsider"]
    refused = send("member", sentence=typed)
    assert refused.status_code == 422 and not Issue.objects.exists()
    page = refused.content.decode()
    assert "seems to name Colleague, Outsider" in page and typed in page
    assert send("member", sentence=typed, anyway="on").status_code == 302
    assert Issue.objects.get().sentence == typed


def test_a_second_click_counts_once_and_a_day_has_room_for_so_many(wins, send):
    for _ in range(2):
        assert send("member").status_code == 302
    assert Issue.objects.count() == 1
    for n in range(MOST_A_DAY - 1):
        waiting(f"{SENTENCE} {n}")
    refused = send("colleague", sentence="One more than the day has room for.")
    assert refused.status_code == 422 and "Try again tomorrow" in refused.content.decode()
    assert Issue.objects.count() == MOST_A_DAY


def test_numbers_of_single_people_take_no_issue(browser, wins, people):
    mine = f"owner={people['member'].id}"
    for query in (mine, "as_of=2026-05-20T10:00"):
        refused = browser("member").get(f"{NEW}?metric=won_deals&{query}")
        assert refused.status_code == 422 and "<form method" not in refused.content.decode().split("<main")[1]
        drawer = browser("member").get(f"/explain/won_deals/?{query}", headers={"HX-Request": "true"}).content.decode()
        assert "Something looks wrong" not in drawer
    assert browser("member").get(f"{NEW}?metric=nonsense").status_code == 422


@pytest.mark.parametrize(
    "change", [{"shown": "other"}, {"wrong": "nonsense"}, {"sentence": "short"}, {"sentence": "x" * 301}]
)
def test_what_cannot_be_read_is_refused_and_nothing_is_stored(wins, send, change):
    assert send("member", **change).status_code == 422
    assert not Issue.objects.exists()


def test_the_list_asks_the_database_as_often_for_three_issues_as_for_one(browser, company, at_a_fixed_time):
    at_a_fixed_time.move_to(TOMORROW)
    counts = []
    for n in range(3):
        waiting(f"{SENTENCE} {n}")
        browser("funnel_owner").get("/review/issues/")
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert browser("funnel_owner").get("/review/issues/").status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[2]


def test_only_funnel_owner_and_administrator_answer():
    assert {role for role, perms in ROLE_PERMS.items() if Perm.ANSWER_ISSUES in perms} == {"administrator", "funnel_owner"}


def test_issues_of_one_day_stand_in_the_order_of_their_random_ids(company):
    ids = [waiting(f"{SENTENCE} {n}").id for n in range(5)]
    assert [issue.id for issue in shown_issues(NEXT_DAY)] == sorted(ids)
