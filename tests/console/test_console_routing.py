"""Routing in the console: everybody reads the rules, the funnel owner and administrators change them and try them first."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Team
from accounts.services import retire_team
from leads.models import RoutedHandoff, Routing, RoutingChange, RoutingRule
from leads.services import create_lead
from tests.leads.routing_by import enters, reps, routed, rule, switch_on

HOME = "/console/routing/"


@pytest.fixture
def sales(people) -> Team:
    return Team.objects.get(name="Sales")


def text(answer) -> str:
    return " ".join(answer.content.decode().split())


def _days_ago(days: int) -> dt.datetime:
    return dt.datetime.now(dt.UTC) - dt.timedelta(days=days)


def typed(known, **changes) -> dict:
    return {"name": "Everything", "people": [known["member"].pk], "method": "round_robin"} | changes


def test_the_funnel_owner_sets_the_queue_adds_a_rule_and_switches_routing_on(as_, people, sales):
    client = as_("funnel_owner")
    assert "Routing is off." in text(client.get(HOME))
    assert client.post("/console/routing/queue/", {"team": sales.pk}).status_code == 302
    assert client.post("/console/routing/rules/new/", typed(people)).status_code == 302
    assert client.post("/console/routing/switch/", {"to": "on"}).status_code == 302
    page = text(client.get(HOME))
    assert "Routing is on" in page and "1 rule, asked from the top" in page and "The queue of Sales" in page
    assert "In turn among Member · 1 of 1 there today · gave away 0 leads in 30 days" in page
    assert "Added “Everything”" in page and "people: Member · method: In turn" in page
    assert Routing.objects.get().on_since is not None
    client.post("/console/routing/switch/", {"to": "off"})
    assert Routing.objects.get().on_since is None


def test_a_rep_and_a_viewer_read_and_find_no_button(as_, people, sales):
    made = rule("Everything", team=sales)
    for who in ("member", "viewer", "marketing_lead"):
        client = as_(who)
        page = text(client.get(HOME))
        assert "Everything" in page and "The funnel owner and administrators set the rules." in page
        assert "<form" not in page.split('class="room"')[1].replace('action="/sign-out/"', "")
        for path, data in (
            ("/console/routing/rules/new/", typed(people)),
            (f"/console/routing/rules/{made.pk}/", typed(people)),
            (f"/console/routing/rules/{made.pk}/move/", {"to": "up"}),
            (f"/console/routing/rules/{made.pk}/remove/", {}),
            ("/console/routing/queue/", {"team": sales.pk}),
            ("/console/routing/switch/", {"to": "on"}),
        ):
            assert client.post(path, data).status_code == 403, path
    assert RoutingChange.objects.count() == 1


def test_rules_change_places_and_go_without_script(as_, people, sales):
    one, two = rule("One", team=sales), rule("Two", team=sales)
    client = as_("administrator")
    client.post(f"/console/routing/rules/{two.pk}/move/", {"to": "up"})
    assert list(RoutingRule.objects.order_by("position").values_list("name", flat=True)) == ["Two", "One"]
    client.post(f"/console/routing/rules/{two.pk}/move/", {"to": "down"})
    assert list(RoutingRule.objects.order_by("position").values_list("name", flat=True)) == ["One", "Two"]
    client.post(f"/console/routing/rules/{one.pk}/remove/")
    page = text(client.get(HOME))
    assert "1 rule, asked from the top" in page and "Removed “One”" in page
    assert client.get(f"/console/routing/rules/{one.pk}/").status_code == 404


def test_a_rule_is_changed_and_the_log_says_from_what_to_what(as_, people, sales):
    made = rule("Everything", team=sales)
    client = as_("administrator")
    form = text(client.get(f"/console/routing/rules/{made.pk}/"))
    assert 'value="Everything"' in form and "Remove this rule" in form
    client.post(f"/console/routing/rules/{made.pk}/", typed(people, name="All", method="load"))
    page = text(client.get(HOME))
    assert "Changed “All”" in page
    assert "name: Everything → All · team: Sales → none · people: none → Member" in page
    assert "method: In turn → Fewest open handoffs" in page


@pytest.mark.parametrize("act", ["save", "try"])
def test_a_rule_without_anybody_or_with_both_is_refused_beside_its_field(as_, people, sales, act):
    client = as_("administrator")
    for changes in ({"people": []}, {"team": sales.pk}):
        answer = client.post("/console/routing/rules/new/", typed(people, **changes) | {act: "1"})
        assert answer.status_code == 422
        assert "Choose a team, or people by name." in text(answer)
    assert not RoutingRule.objects.exists()


@pytest.mark.parametrize("act", [{}, {"try": ""}])
@pytest.mark.parametrize("number", [2**63, 10**30, -1, "x"])
def test_a_number_that_is_nobodys_is_refused_beside_its_field(as_, people, sales, act, number):
    answer = as_("administrator").post("/console/routing/rules/new/", typed(people, people=[number]) | act)
    assert answer.status_code == 422 and answer.context["form"].errors["people"]
    assert RoutingRule.objects.count() == 0


def test_trying_a_rule_shows_the_last_month_and_saves_nothing(as_, people, sales, stages):
    (rep,) = reps(1)
    rule("Everything", people=[people["member"]])
    for _ in range(3):
        enters(stages, at=_days_ago(5), owner=people["member"])
    client = as_("administrator")
    answer = client.post("/console/routing/rules/new/", typed(people, name="More", people=[rep.pk]) | {"try": "1"})
    page = text(answer)
    assert answer.status_code == 200
    assert "0 of 3 MQL entries would have gone to another person" in page and "With this rule" in page
    made = RoutingRule.objects.get()
    page = text(client.post(f"/console/routing/rules/{made.pk}/", typed(people, people=[rep.pk]) | {"try": "1"}))
    assert "3 of 3 MQL entries would have gone to another person" in page and "With this change" in page
    assert [user.pk for user in RoutingRule.objects.get().people.all()] == [people["member"].pk]
    assert not RoutedHandoff.objects.exists() and RoutingChange.objects.count() == 1


def test_the_simulation_of_a_new_company_says_what_it_needs(as_, people):
    page = text(as_("viewer").get("/console/routing/simulation/"))
    assert "No rule yet" in page and "No lead entered MQL in the last 30 days" in page


def test_the_simulation_gives_a_viewer_teams_and_no_names(as_, people, sales, stages):
    rule("Everything", team=sales)
    enters(stages, at=_days_ago(5), owner=people["member"])
    page = text(as_("viewer").get("/console/routing/simulation/"))
    assert "1 MQL entry" in page and "Sales" in page and "Member" not in page
    assert "Member" in text(as_("administrator").get("/console/routing/simulation/"))


def test_a_queue_that_nobody_can_take_from_is_said(as_, people, sales):
    switch_on()
    assert "nobody can take from it" not in text(as_("viewer").get(HOME))
    for who in ("member", "sales_lead"):
        people[who].memberships.update(until_day="2025-02-01")
    retire_team(team=sales, today=_days_ago(0).date(), actor=None)
    assert "Nobody of this team is in sales today, so nobody can take from it." in text(as_("viewer").get(HOME))


def test_the_page_asks_the_same_for_one_rule_as_for_three(as_, people, sales):
    client, counts = as_("administrator"), []
    client.get(HOME)
    for name in ("One", "Two", "Three"):
        rule(name, people=[people["member"], people["sales_lead"]])
        with CaptureQueriesContext(connection) as asked:
            client.get(HOME)
        counts.append(len(asked))
    assert counts[0] == counts[2]


# --- the queue ------------------------------------------------------------------------------------------------------


def test_the_queue_says_why_a_lead_waits_and_the_teams_people_take_it(as_, people, sales, stages):
    switch_on()
    lead = enters(stages)
    waiting = enters(stages)
    routed()
    page = text(as_("member").get("/leads/queue/"))
    assert "2 handoffs without a person" in page and "No rule fits, so it waits in the queue" in page
    assert page.count("Take it") == 2
    assert "Take it" not in text(as_("colleague").get("/leads/queue/"))
    answer = as_("member").post(f"/leads/{lead.pk}/take/")
    assert answer.url == f"/leads/{lead.pk}/"
    page = text(as_("member").get(f"/leads/{lead.pk}/"))
    assert "The lead is yours." in page and "Taken from the queue" in page
    late = as_("sales_lead").post(f"/leads/{lead.pk}/take/", follow=True)
    assert "Member has this lead already." in text(late)
    as_("colleague").post(f"/leads/{waiting.pk}/take/")
    waiting.refresh_from_db()
    assert waiting.owner is None


def test_the_timeline_says_by_which_rule_a_lead_was_given_away(as_, people, sales, stages):
    switch_on()
    rule("Everything", team=sales)
    lead = enters(stages)
    routed()
    page = text(as_("viewer").get(f"/leads/{lead.pk}/"))
    assert "Given to Member" in page and "Rule “Everything”: the only one who is there" in page


def test_under_the_narrowest_rule_the_teams_queue_is_still_the_teams(as_, people, sales, stages, company):
    switch_on()
    company.lead_visibility = "own"
    company.save()
    lead = enters(stages)
    create_lead(stage=stages["mql"], occurred_at=_days_ago(1), owner=people["sales_lead"], actor=None)
    routed()
    assert text(as_("member").get("/leads/queue/")).count("Take it") == 1
    assert "Every handoff has a person" in text(as_("colleague").get("/leads/queue/"))
    assert as_("colleague").get(f"/leads/{lead.pk}/").status_code == 404
    assert as_("colleague").post(f"/leads/{lead.pk}/take/").status_code == 404


def test_the_queue_asks_the_same_for_one_lead_as_for_three(as_, people, sales, stages):
    switch_on()
    client, counts = as_("member"), []
    for _ in range(3):
        enters(stages)
        routed()
        with CaptureQueriesContext(connection) as asked:
            client.get("/leads/queue/")
        counts.append(len(asked))
    assert counts[0] == counts[2]
