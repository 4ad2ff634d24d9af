"""Routing through the REST API: the rules, and who got a lead when and why."""

from accounts.models import Team
from campaigns.services import ensure_channel
from leads.models import Lead
from leads.services import assign_lead, void_event
from tests.leads.routing_by import now, owner_of, routed, rule, switch_on, why


def test_everybody_reads_the_rules_in_their_order(people, api):
    assert api("viewer").get("/api/v1/routing/").json() == {"on_since": None, "fallback_team": None, "rules": []}
    switch_on()
    rule("Search", people=[people["member"]], channel=ensure_channel(name="Search"), method="load")
    rule("Rest", team=Team.objects.get(name="Sales"))
    found = api("viewer").get("/api/v1/routing/").json()
    assert (found["fallback_team"], found["on_since"] is not None) == ("Sales", True)
    rules = [(r["name"], r["channel"], r["team"], r["people"], r["method"]) for r in found["rules"]]
    assert rules == [
        ("Search", "Search", None, ["member@example.com"], "load"), ("Rest", None, "Sales", [], "round_robin"),
    ]  # fmt: skip
    assert api("outsider").get("/api/v1/routing/").status_code == 403


def test_a_lead_from_a_form_is_given_away_and_its_assignments_say_why(stages, people, api):
    switch_on()
    rule("Rest", team=Team.objects.get(name="Sales"))
    body = {"source": "form", "external_id": "1", "stage": "mql", "name": "Anna Brandt"}
    assert api("colleague").post("/api/v1/leads/", body, format="json").status_code == 201
    routed()
    lead = Lead.objects.get(source="form")
    assert owner_of(lead) == people["member"]
    assign_lead(lead=lead, owner=people["sales_lead"], actor=people["sales_lead"], occurred_at=now())
    rows = api("member").get(f"/api/v1/leads/{lead.pk}/assignments/").json()["results"]
    assert [(r["owner"], r["by"], r["why"], r["rule"], r["reason"], r["taken_back"]) for r in rows] == [
        ("sales_lead@example.com", "sales_lead@example.com", None, None, None, False),
        ("member@example.com", None, "turn", "Rest", "Rule “Rest”: the only one who is there", False),
    ]
    assert rows[1]["handoff_id"] == why(lead).entry_id
    void_event(event=why(lead).event, actor=people["sales_lead"])
    rows = api("member").get(f"/api/v1/leads/{lead.pk}/assignments/").json()["results"]
    assert [row["taken_back"] for row in rows] == [False, True]


def test_the_assignments_of_a_lead_one_may_not_open_are_not_there(stages, people, api, see_only):
    switch_on()
    rule(team=Team.objects.get(name="Sales"))
    body = {"source": "form", "external_id": "1", "stage": "mql", "name": "Anna Brandt"}
    api("colleague").post("/api/v1/leads/", body, format="json")
    routed()
    see_only("own")
    path = f"/api/v1/leads/{Lead.objects.get(source='form').pk}/assignments/"
    assert api("member").get(path).status_code == 200
    assert api("sales_lead").get(path).status_code == 404
