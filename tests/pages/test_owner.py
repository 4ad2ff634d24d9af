"""The funnel owner's page beyond plan and data: who is missing, what waits for a yes, what is overdue, what lies between."""

import datetime as dt

import pytest
import time_machine
from django.test import Client

from accounts.models import Membership, Role
from funnel.models import Agreement
from funnel.services import draft_version, propose, sign
from leads import services
from leads.models import NextStep
from metrics import rollup

NOW = dt.datetime(2026, 5, 20, 10, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def at_a_fixed_time():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def page(people):
    """`page()`: what the owner's page says, asked by a viewer."""
    client = Client()
    client.force_login(people["viewer"], backend="django.contrib.auth.backends.ModelBackend")

    def get():
        rollup.drain()
        answer = client.get("/owner/")
        assert answer.status_code == 200
        return answer.context["page"], answer.content.decode()

    return get


def test_the_sides_whose_yes_is_missing_are_named(page, people):
    sign(agreement=Agreement.objects.get(), side="sales", user=people["sales_lead"], signed_at=NOW)
    found, text = page()
    assert [(row.number, row.missing) for row in found.unsigned] == [(1, ("marketing",))]
    assert "The yes of marketing is missing." in text


def test_a_version_that_waits_for_signatures_says_how_long(page, people):
    for side in ("marketing", "sales"):
        sign(agreement=Agreement.objects.get(), side=side, user=people[f"{side}_lead"], signed_at=NOW)
    draft = draft_version(actor=None, note="warmer leads")
    assert page()[0].unsigned == []  # a draft asks nobody
    draft.words.filter(key__isnull=False).first()
    row = draft.stages.get(stage__key="mql")
    row.definition += " And asked for a price."
    row.save()
    propose(draft=draft, actor=None, now=NOW - dt.timedelta(days=6))
    found, text = page()
    assert [(row.number, row.missing, row.waited) for row in found.unsigned] == [(2, ("marketing", "sales"), 4)]
    assert "was put to both teams 4 working days ago" in text


def test_posts_that_nobody_holds_are_named(page, people):
    assert page()[0].unanswered == []
    Membership.objects.filter(role=Role.FUNNEL_OWNER).update(until_day=NOW.date())
    Membership.objects.filter(user=people["sales_lead"]).update(until_day=NOW.date())
    found, text = page()
    assert found.unanswered == ["sales lead", "funnel owner"]
    assert "The company has no sales lead, no funnel owner yet." in text


def test_next_steps_past_their_day_are_counted_and_nobody_is_named(page, stages, people, at):
    lead = services.create_lead(stage=stages["inquiry"], occurred_at=at(5, 1), owner=people["member"], actor=None)
    for due, done in ((dt.date(2026, 5, 19), None), (dt.date(2026, 5, 4), None), (dt.date(2026, 5, 20), None),
                      (dt.date(2026, 5, 2), NOW)):  # fmt: skip
        NextStep.objects.create(lead=lead, what="Call", due_on=due, who=people["member"], done_at=done)
    found, text = page()
    assert (found.overdue.number, found.overdue.oldest) == (2, dt.date(2026, 5, 4))
    assert "2 next steps past their day" in text
    assert "Member" not in text


def test_the_leads_between_both_counts_lead_to_their_list(page, stages, at):
    services.create_lead(stage=stages["mql"], occurred_at=at(5, 1), actor=None)
    services.create_lead(stage=stages["mql"], occurred_at=at(5, 19), actor=None)
    found, text = page()
    assert {state: number for state, _, number in found.between} == {
        "waiting": 1, "untouched": 1, "returned": 0, "lost": 0,
    }  # fmt: skip
    assert "/two-counts/?period=2026-Q2&amp;part=untouched#list" in text
    assert not found.quiet
