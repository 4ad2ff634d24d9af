"""Sales asks for content from a lead or a deal; marketing answers with a piece, a date or a reason; use is a touch."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from campaigns.services import describe_content
from core.errors import Conflict, DomainError, NotAllowed
from core.models import Organisation
from leads.day_queries import content_due
from leads.models import ContentRequest, ContentRequestStep, Touch
from leads.services import merge_leads, open_deal
from leads.services.content_requests import (
    answer_request,
    ask_for_content,
    decline_request,
    promise_content,
    use_content,
)

NOW = dt.datetime(2026, 3, 12, 12, tzinfo=dt.UTC)
TODAY = NOW.date()


def text_of(answer) -> str:
    return " ".join(answer.content.decode().split())


@pytest.fixture
def lead(enter, time_machine):
    time_machine.move_to(NOW, tick=False)
    return enter("Anna Brandt", owner="member", days=2)


@pytest.fixture
def asked(lead, people):
    return ask_for_content(lead=lead, need="A reference from a dairy", actor=people["member"], now=NOW)


@pytest.fixture
def guide(people):
    return describe_content(
        name="Dairy reference", how_to_use="After the first call.", owner=people["colleague"], actor=None
    )


@pytest.fixture
def act(people):
    """What marketing's steps share."""
    return {"version": 1, "actor": people["colleague"], "now": NOW}


def test_a_request_is_promised_answered_and_used_and_each_step_stays(asked, guide, people):
    marketer = people["colleague"]
    promise_content(request=asked, owner=marketer, due_on=dt.date(2026, 3, 16), version=1, actor=marketer, now=NOW)
    answer_request(request=asked, content=guide, how_to_use="", version=2, actor=marketer, now=NOW)
    assert (asked.state, asked.owner, asked.how_to_use, asked.version) == ("answered", marketer, "After the first call.", 3)
    touch = use_content(request=asked, actor=people["member"], now=NOW)
    assert (touch.side, touch.kind, touch.content, touch.lead_id, touch.contact_id) == (
        "sales", "content", guide, asked.lead_id, asked.lead.contact_id,
    )  # fmt: skip
    assert [step.kind for step in asked.steps.order_by("id")] == ["asked", "promised", "answered", "used"]


def test_of_two_who_answer_only_the_first_is_taken(asked, guide, people, act):
    promise_content(request=asked, owner=people["colleague"], due_on=TODAY, **act)
    with pytest.raises(Conflict):
        answer_request(request=ContentRequest.objects.get(), content=guide, how_to_use="", **act)
    assert ContentRequest.objects.get().state == "promised" and ContentRequestStep.objects.count() == 2


def test_what_is_answered_stays_answered(asked, guide, people, act):
    decline_request(request=asked, why_not="There is no such customer.", **act)
    with pytest.raises(Conflict):
        answer_request(request=asked, content=guide, how_to_use="", **(act | {"version": 2}))
    with pytest.raises(DomainError):
        use_content(request=asked, actor=people["member"], now=NOW)
    assert not Touch.objects.exists()


def test_each_side_does_its_own_part(asked, guide, lead, people, act):
    with pytest.raises(NotAllowed):
        ask_for_content(lead=lead, need="A list", actor=people["colleague"], now=NOW)
    with pytest.raises(NotAllowed):
        answer_request(request=asked, content=guide, how_to_use="", **(act | {"actor": people["member"]}))
    answer_request(request=asked, content=guide, how_to_use="", **act)
    with pytest.raises(NotAllowed):
        use_content(request=asked, actor=people["colleague"], now=NOW)


def test_words_are_needed_where_the_other_team_acts_on_them(asked, lead, people, act):
    with pytest.raises(DomainError, match="at least one sentence"):
        ask_for_content(lead=lead, need="  ", actor=people["member"], now=NOW)
    with pytest.raises(DomainError, match="at least one sentence"):
        decline_request(request=asked, why_not=" ", **act)
    bare = describe_content(name="Bare", actor=None)
    with pytest.raises(DomainError, match="at least one sentence"):
        answer_request(request=asked, content=bare, how_to_use="", **act)


def test_content_used_for_a_deal_is_a_touch_of_its_lead_and_of_a_merged_one_of_the_survivor(enter, lead, guide, people, act):
    deal = open_deal(lead=lead, amount=100_00, cost=40_00, occurred_at=NOW, actor=None)
    request = ask_for_content(deal=deal, need="A drawing", actor=people["member"], now=NOW)
    answer_request(request=request, content=guide, how_to_use="", **act)
    assert use_content(request=request, actor=people["member"], now=NOW).lead_id == lead.pk
    other = enter("Anne Brandt", owner="member", days=2)
    merge_leads(survivor=other, duplicate=lead, actor=None)
    fresh = ContentRequest.objects.get(pk=request.pk)
    assert use_content(request=fresh, actor=people["member"], now=NOW).lead_id == other.pk


def test_content_used_for_a_deal_that_names_nobody_is_no_touch(guide, people, act):
    deal = open_deal(amount=100_00, cost=40_00, occurred_at=NOW, actor=None)
    request = ask_for_content(deal=deal, need="A drawing", actor=people["member"], now=NOW)
    answer_request(request=request, content=guide, how_to_use="", **act)
    with pytest.raises(DomainError) as refused:
        use_content(request=request, actor=people["member"], now=NOW)
    assert (refused.value.code, Touch.objects.count()) == ("nobody_there", 0)


def test_sales_asks_on_the_lead_marketing_answers_in_my_day_and_sales_uses_it(browser, lead, guide):
    sales, marketing = browser("member"), browser("colleague")
    page = f"/leads/{lead.pk}/"
    assert sales.post(f"{page}content/", {"need": "A reference from a dairy", "wanted_by": "2026-03-16"}).url == page
    assert "A reference from a dairy" in text_of(sales.get(page)) and "waits for marketing" in text_of(sales.get(page))
    request = ContentRequest.objects.get()
    assert "A reference from a dairy" in text_of(marketing.get("/my-day/"))
    address = f"/campaigns/requests/{request.pk}/answer/"
    assert '<input type="hidden" name="version" value="1"' in text_of(marketing.get(address)), "as it was read"
    wrong = marketing.post(address, {"answer": "promised", "version": 1})
    assert wrong.status_code == 422 and "This answer needs it." in text_of(wrong)
    data = {"answer": "answered", "content": guide.pk, "how_to_use": "Only page two.", "version": 1, "back": "/my-day/"}
    assert marketing.post(address, data).url == "/my-day/"
    assert marketing.post(address, data).status_code == 409
    assert "A reference from a dairy" not in text_of(marketing.get("/my-day/"))
    day = text_of(sales.get("/my-day/"))
    assert "Dairy reference" in day and "Only page two." in day
    sales.post(f"/campaigns/requests/{request.pk}/use/", {"back": "/my-day/"})
    assert Touch.objects.get().content == guide
    assert "Only page two." not in text_of(sales.get("/my-day/"))
    assert "1 time" in text_of(sales.get(page)) or "Dairy reference" in text_of(sales.get(page))


def test_what_marketing_owes_today_is_counted_and_what_is_due_later_is_not(lead, people):
    def ask(wanted_by=None, due_on=None):
        one = ask_for_content(lead=lead, need="A list", wanted_by=wanted_by, actor=people["member"], now=NOW)
        if due_on:
            marketer = people["colleague"]
            promise_content(request=one, owner=marketer, due_on=due_on, version=1, actor=marketer, now=NOW)
        return one

    later = TODAY + dt.timedelta(days=1)
    due = {ask().pk, ask(wanted_by=TODAY).pk, ask(wanted_by=later, due_on=TODAY).pk}
    ask(wanted_by=later)
    ask(due_on=later)
    assert set(content_due(people["colleague"], TODAY).values_list("pk", flat=True)) == due
    assert content_due(people["marketing_lead"], TODAY).count() == 2, "what a colleague promised waits for the colleague"


def test_who_may_not_open_a_lead_sees_no_request_about_it(browser, asked, people):
    Organisation.objects.update(lead_visibility="own")
    assert "A reference" in text_of(browser("member").get("/campaigns/requests/"))
    assert "A reference" not in text_of(browser("colleague").get("/campaigns/requests/"))
    assert browser("colleague").get(f"/campaigns/requests/{asked.pk}/answer/").status_code == 404
    assert browser("sales_lead").post(f"/campaigns/requests/{asked.pk}/use/").status_code == 404


@pytest.mark.parametrize("rows", [1, 3])
@pytest.mark.parametrize("who", ["colleague", "viewer"])
def test_the_list_of_requests_asks_as_often_for_one_as_for_three(browser, lead, people, rows, who):
    for _ in range(rows):
        ask_for_content(lead=lead, need="A list", actor=people["member"], now=NOW)
    reader = browser(who)
    reader.get("/campaigns/requests/")
    with CaptureQueriesContext(connection) as caught:
        answer = reader.get("/campaigns/requests/")
    assert (len(answer.context["page"].object_list), len(caught)) == (rows, 14)
