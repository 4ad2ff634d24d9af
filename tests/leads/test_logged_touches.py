"""People log touches on leads and deals: the exact time, the content that was used, the campaign; and take them back."""

import datetime as dt

import pytest
import time_machine

from campaigns.services import ensure_campaign, ensure_channel, ensure_content
from core.models import StaleNote
from leads.models import DealContact, Touch
from leads.services import create_lead, ensure_company, ensure_contact, merge_leads, open_deal

NOW = dt.datetime(2026, 3, 20, 9, 30, tzinfo=dt.UTC)  # 10:30 in Berlin


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as moment:
        yield moment


@pytest.fixture
def lead(stages, at, people):
    contact = ensure_contact(name="Ann", email="ann@x.example")
    return create_lead(stage=stages["inquiry"], occurred_at=at(3, 1), actor=None, contact=contact, owner=people["member"])


@pytest.fixture
def deal_of(at, people):
    def make(**fields):
        return open_deal(occurred_at=at(3, 2), actor=None, owner=people["member"], name="Pumps", amount=100_00, **fields)

    return make


def said(touch: Touch) -> tuple:
    return touch.side, touch.kind, touch.occurred_at, touch.lead_id, touch.contact_id, touch.actor_id


def test_a_contact_on_a_lead_has_its_exact_time_its_content_and_its_campaign(browser, lead, people):
    spring, guide = ensure_campaign(name="Spring", channel=ensure_channel(name="Web")), ensure_content(name="Guide")
    body = {
        "kind": "call",
        "outcome": "reached",
        "on": "2026-03-18",
        "at": "16:45",
        "campaign": spring.id,
        "content": guide.id,
    }
    assert browser("member").post(f"/leads/{lead.id}/touch/", body).status_code == 302
    touch = Touch.objects.get()
    when = dt.datetime(2026, 3, 18, 15, 45, tzinfo=dt.UTC)
    assert said(touch) == ("sales", "call", when, lead.id, lead.contact_id, people["member"].id)
    assert (touch.campaign, touch.content, touch.channel) == (spring, guide, spring.channel)
    assert StaleNote.objects.filter(lead_id=lead.id, day=dt.date(2026, 3, 18)).exists()


@pytest.mark.parametrize(
    ("typed", "moment"),
    [
        ({}, NOW),
        ({"on": "2026-03-18"}, dt.datetime(2026, 3, 18, 11, tzinfo=dt.UTC)),
        ({"at": "08:00"}, dt.datetime(2026, 3, 20, 7, tzinfo=dt.UTC)),
    ],
)
def test_what_is_left_empty_is_now_or_noon(browser, lead, typed, moment):
    browser("colleague").post(f"/leads/{lead.id}/touch/", {"kind": "webinar", **typed})
    assert (Touch.objects.get().occurred_at, Touch.objects.get().side) == (moment, "marketing")


@pytest.mark.parametrize("typed", [{"at": "10:31"}, {"on": "2026-03-21"}, {"at": "25:00"}])
def test_what_has_not_happened_is_not_logged(browser, lead, typed):
    assert browser("member").post(f"/leads/{lead.id}/touch/", {"kind": "call", **typed}).status_code == 422
    assert Touch.objects.count() == 0


def test_a_contact_on_a_deal_is_one_with_its_lead(browser, lead, deal_of, stages, at, people):
    survivor = create_lead(stage=stages["inquiry"], occurred_at=at(3, 1), actor=None, owner=people["member"])
    deal = deal_of(lead=lead)
    merge_leads(survivor=survivor, duplicate=lead, actor=None)
    assert browser("member").post(f"/deals/{deal.id}/touch/", {"kind": "meeting"}).status_code == 302
    assert Touch.objects.get().lead_id == survivor.id


def test_a_deal_without_a_lead_keeps_its_contacts_itself_and_they_can_be_taken_back(browser, deal_of, people):
    firm, ann = ensure_company(name="Pumps Ltd"), ensure_contact(name="Ann", email="ann@x.example")
    deal = deal_of(company=firm)
    DealContact.objects.create(deal=deal, contact=ann)
    page = browser("member").get(f"/deals/{deal.id}/").content.decode()
    assert "No contact is logged on this deal yet" in page
    assert browser("member").post(f"/deals/{deal.id}/touch/", {"kind": "call", "contact": ann.id}).status_code == 302
    assert browser("colleague").post(f"/deals/{deal.id}/touch/", {"kind": "event"}).status_code == 302
    call, event = Touch.objects.order_by("id")
    assert said(call) == ("sales", "call", NOW, None, ann.id, people["member"].id)
    assert (event.company, event.contact, event.side) == (firm, None, "marketing")
    page = browser("sales_lead").get(f"/deals/{deal.id}/").content.decode()
    assert "The last contact was" in page and "Marketing was there 1 time" in page
    answer = browser("sales_lead").post(f"/leads/touches/{event.id}/undo/", {"back": f"/deals/{deal.id}/"})
    assert (answer.status_code, answer["Location"]) == (302, f"/deals/{deal.id}/")
    assert "No marketing contact is known" in browser("member").get(f"/deals/{deal.id}/").content.decode()


def test_marketing_does_not_log_sales_contacts_on_a_deal(browser, deal_of):
    deal = deal_of(company=ensure_company(name="Pumps Ltd"))
    assert browser("colleague").post(f"/deals/{deal.id}/touch/", {"kind": "call"}).status_code == 403
    assert Touch.objects.count() == 0


def test_a_deal_of_nobody_says_so(browser, deal_of):
    answer = browser("member").post(f"/deals/{deal_of().id}/touch/", {"kind": "call"})
    assert answer.status_code == 422 and "neither a lead nor a company" in answer.content.decode()


def test_a_touch_that_is_taken_back_stays_in_the_timeline_struck_out(browser, lead, people):
    browser("member").post(f"/leads/{lead.id}/touch/", {"kind": "call", "outcome": "no_answer"})
    touch = Touch.objects.get()
    browser("member").post(f"/leads/touches/{touch.id}/undo/")
    page = browser("member").get(f"/leads/{lead.id}/").content.decode()
    assert "taken back by Member" in page
    assert f"/leads/touches/{touch.id}/undo/" not in page
