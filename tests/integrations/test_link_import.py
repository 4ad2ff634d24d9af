"""Files bring the words of links: what they mean is filled in, what they are is kept, and machines count nowhere."""

import datetime as dt

import pytest

from campaigns.services import ensure_campaign, ensure_channel
from leads.models import Lead, Touch
from leads.services.links import save_link_rule

ROBOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
LEADS = """
    entity = "lead"
    source = "crm"
    [columns]
    external_id = "id"
    created_at = "created"
    email = "mail"
    campaign = "campaign"
    utm_source = "src"
    utm_campaign = "camp"
    page = "page"
"""
TOUCHES = """
    entity = "touch"
    source = "crm"
    [columns]
    email = "mail"
    kind = "kind"
    occurred_at = "at"
    utm_source = "src"
    utm_campaign = "camp"
    referrer = "from"
    user_agent = "agent"
"""
ONE_LEAD = """
    id,created,mail,campaign,src,camp,page
    L1,2025-01-10,ada@example.com,,news,spring,https://x.example/a?mail=ada
    L2,2025-01-11,bo@example.com,Fair,news,spring,
    L3,2025-01-12,cy@example.com,,,,
"""


@pytest.fixture
def spring(company):
    campaign = ensure_campaign(name="Spring webinar", channel=ensure_channel(name="Mail"))
    save_link_rule(values={"utm_campaign": "spring", "campaign": campaign}, actor=None)
    return campaign


def test_a_lead_of_a_file_brings_its_first_touch_once(bring, counts, rows_stored, spring):
    assert counts(bring(ONE_LEAD, LEADS)) == {"created": 3}
    leads = {lead.external_id: lead for lead in Lead.objects.select_related("campaign", "channel")}
    assert (leads["L1"].campaign, leads["L1"].channel) == (spring, spring.channel)
    # What the file names itself is kept.
    assert (leads["L2"].campaign.name, leads["L3"].campaign) == ("Fair", None)
    told = Touch.objects.order_by("occurred_at").select_related("arrival", "campaign")
    assert [(t.lead.external_id, t.kind, t.day, t.campaign.name) for t in told] == [
        ("L1", "form", dt.date(2025, 1, 10), "Spring webinar"),
        ("L2", "form", dt.date(2025, 1, 11), "Fair"),
    ]
    assert [(t.arrival.utm_source, t.arrival.utm_campaign, t.arrival.page) for t in told] == [
        ("news", "spring", "/a"),
        ("news", "spring", ""),
    ]
    before = rows_stored()
    assert counts(bring(ONE_LEAD, LEADS)) == {"unchanged": 3}
    assert rows_stored() == before


def test_a_known_lead_that_brings_its_link_later_gets_its_touch(bring, counts, spring):
    bring(ONE_LEAD.replace(",news,spring,https://x.example/a?mail=ada", ",,,"), LEADS)
    assert Touch.objects.count() == 1
    assert counts(bring(ONE_LEAD, LEADS)) == {"updated": 1, "unchanged": 2}
    assert Touch.objects.filter(lead__external_id="L1", campaign=spring, day=dt.date(2025, 1, 10)).count() == 1


def test_touches_of_a_file_keep_their_words_and_machines_count_nowhere(bring, counts, rows_stored, spring):
    bring(ONE_LEAD, LEADS)
    text = (
        "mail,kind,at,src,camp,from,agent\n"
        "ada@example.com,visit,2025-01-20,news,Spring,https://g.example/s,Firefox\n"
        f"ada@example.com,email,2025-01-21,news,unheard,,{ROBOT}\n"
    )
    assert counts(bring(text, TOUCHES)) == {"created": 2}
    visit, mail = Touch.objects.filter(voids=None, day__gte=dt.date(2025, 1, 20)).order_by("day")
    assert (visit.campaign, visit.arrival.utm_campaign, visit.arrival.referrer) == (spring, "Spring", "g.example")
    assert (mail.campaign, mail.arrival.utm_campaign, mail.voided_by.outcome) == (None, "unheard", "bot")
    assert not hasattr(visit, "voided_by")
    before = rows_stored()
    assert counts(bring(text, TOUCHES)) == {"unchanged": 2}
    assert rows_stored() == before
