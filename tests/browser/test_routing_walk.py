"""Routing in Chromium: a rule is tried, saved and moved up; what nobody can have waits until a rep takes it."""

import datetime as dt

import pytest

from accounts.models import User
from accounts.presence import sales_people
from accounts.queries import today_for
from accounts.services.absences import enter_absence
from funnel.models import Stage
from leads.models import RoutingRule
from leads.services import create_lead, ensure_contact
from leads.services.routing import route_waiting

COMPANY = "small"
OWNER, REP = "maya@demo.tandem.example", "sofia@demo.tandem.example"
LOOKS = {
    "a desk in light": {"width": 1440, "height": 900},
    "a phone in the dark without script": {
        "width": 390, "height": 844, "color_scheme": "dark", "java_script_enabled": False,
    },
}  # fmt: skip


@pytest.mark.parametrize("look", LOOKS)
def test_a_rule_is_tried_saved_and_asked_earlier(open_page, axe, django_db_blocker, look):
    scripted = LOOKS[look].get("java_script_enabled", True)
    name = f"Nordics on {look}"
    page = open_page("/console/routing/", who=OWNER, **LOOKS[look])
    assert "3 rules, asked from the top" in page.inner_text("#rules") or not scripted
    page.get_by_role("link", name="New rule").click()
    page.get_by_label("Name").fill(name)
    page.get_by_label("Region").select_option(label="Nordics")
    page.get_by_label("Anna Kowal").check()
    page.get_by_label("Pieter de Wit").check()
    page.get_by_label("Fewest open handoffs").check()
    page.get_by_role("button", name="Simulate on the last 30 days").click()
    page.get_by_text("would have gone to another person").wait_for()
    assert page.locator("#tried ~ .tables th[scope=row]", has_text=name).count() == 1
    assert page.get_by_label("Anna Kowal").is_checked() and page.get_by_label("Name").input_value() == name
    with django_db_blocker.unblock():
        assert not RoutingRule.objects.filter(name=name).exists()
    if scripted:
        assert axe(page) == {}
    page.get_by_role("button", name="Save the rule").click()
    page.get_by_text(f"Added “{name}”").wait_for()
    before = page.locator(".rules li:not(.fixed) b").all_inner_texts()
    page.get_by_role("button", name=f"Ask “{name}” earlier").click()
    page.get_by_text(f"Moved “{name}”").wait_for()
    after = page.locator(".rules li:not(.fixed) b").all_inner_texts()
    assert after == [*before[:-2], before[-1], before[-2]] and after[-2] == name
    if scripted:
        assert axe(page) == {}


def test_what_nobody_can_have_waits_in_the_queue_until_a_rep_takes_it(open_page, axe, site, django_db_blocker):
    now = dt.datetime.now(dt.UTC)
    with django_db_blocker.unblock():
        today = today_for(now)
        for person in User.objects.filter(id__in=sales_people(today).everybody):
            enter_absence(user=person, from_day=today, to_day=today, today=today, actor=person)
        lead = create_lead(
            stage=Stage.objects.get(key="mql"), occurred_at=now, actor=None, contact=ensure_contact(name="Petra Sommer")
        )
        assert route_waiting(now=dt.datetime.now(dt.UTC)) >= 1
    page = open_page("/leads/queue/", who=REP)
    assert "nobody is there, so it waits in the queue" in page.inner_text(".queue")
    assert axe(page) == {}
    page.locator(".queue li", has_text="Petra Sommer").get_by_role("button", name="Take it").click()
    page.get_by_text("The lead is yours.").wait_for()
    assert page.url == f"{site}/leads/{lead.pk}/"
    assert "Taken from the queue" in page.inner_text("#timeline")
    page.goto(f"{site}/absences/")
    page.get_by_text("away now").wait_for()
    assert axe(page) == {}
    page.get_by_role("button", name="Take back").click()
    page.get_by_text("You are not away").wait_for()
