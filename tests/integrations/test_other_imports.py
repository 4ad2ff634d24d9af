"""Stage histories, touches, spend, companies and campaigns from files."""

import datetime as dt

from campaigns.models import Campaign, Spend
from leads.models import Company, Lead, LeadEvent, StageEntry, Touch

LEADS = """
    entity = "lead"
    source = "crm"
    [columns]
    external_id = "id"
    created_at = "created"
    email = "mail"
    company = "company"
"""
HISTORY = """
    entity = "stage_change"
    source = "crm"
    [columns]
    lead_external_id = "lead"
    from_stage = "from"
    created_at = "created"
    stage = "to"
    occurred_at = "at"
    order = "n"
"""
ONE_LEAD = "id,created,mail,company\nL1,2025-02-01,ada@example.com,Acme\n"


def stays(lead="L1"):
    return list(StageEntry.objects.filter(lead__external_id=lead).order_by("position").values_list("stage__key", flat=True))


def test_a_history_in_any_order_gives_one_timeline(bring, counts, rows_stored):
    bring(ONE_LEAD, LEADS)
    lines = [
        "L1,inquiry,2025-02-01,MQL,2025-02-02,1",
        "L1,mql,2025-02-01,sql,2025-02-10,1",
        "L1,sql,2025-02-01,sql,2025-02-11,1",
        "L1,sql,2025-02-01,mql,2025-02-12,2",
        "L1,mql,2025-02-01,sql,2025-02-12,3",
    ]
    text = "lead,from,created,to,at,n\n" + "\n".join([lines[3], lines[4], lines[2], lines[0], lines[1]]) + "\n"
    assert counts(bring(text, HISTORY)) == {"created": 4, "unchanged": 1}
    assert stays() == ["inquiry", "mql", "sql", "mql", "sql"]
    before = rows_stored()
    assert counts(bring(text, HISTORY)) == {"unchanged": 5}
    assert rows_stored() == before


def test_a_repeated_row_is_known_although_it_has_no_id(bring, counts):
    bring(ONE_LEAD, LEADS)
    text = "lead,from,created,to,at,n\n" + "L1,,,mql,2025-02-02,\n" * 2
    assert counts(bring(text, HISTORY)) == {"created": 1, "unchanged": 1}


def test_the_first_row_makes_the_first_entry_of_a_lead_that_only_the_history_knows(bring, counts):
    text = "lead,from,created,to,at,n\nL7,mql,2025-02-01,sal,2025-02-03,\nL7,sal,2025-02-01,sql,2025-02-05,\n"
    assert counts(bring(text, HISTORY)) == {"rejected": 2}
    assert counts(bring(text, HISTORY + '    [unknown]\n    lead = "create"')) == {"created": 2}
    assert stays("L7") == ["mql", "sal", "sql"]
    assert LeadEvent.objects.get(kind="created").external_id == "lead:L7:created"


def test_touches_find_their_lead_by_id_or_address(bring, counts, rows_stored):
    bring(ONE_LEAD, LEADS)
    mapping = """
    entity = "touch"
    source = "crm"
    [columns]
    email = "mail"
    kind = "kind"
    occurred_at = "at"
    campaign = "campaign"
    content = "content"
    """
    text = (
        "mail,kind,at,campaign,content\nADA@example.com,call,2025-02-02 10:00:00,,\n"
        "ada@example.com,Webinar,2025-01-15,Spring,Deck\n"
        "no@example.com,call,2025-02-02,,\nada@example.com,Fax,2025-02-02,,\n"
    )
    report = bring(text, mapping)
    assert counts(report) == {"created": 2, "rejected": 2}
    assert sorted(field for _, field, _ in report.first_rejects) == ["email", "kind"]
    found = Touch.objects.order_by("occurred_at").values_list("lead__external_id", "side", "campaign__name", "day")
    assert list(found) == [("L1", "marketing", "Spring", dt.date(2025, 1, 15)), ("L1", "sales", None, dt.date(2025, 2, 2))]
    assert StageEntry.objects.get().first_contact_at is not None
    before = rows_stored()
    assert counts(bring(text, mapping)) == {"unchanged": 2, "rejected": 2}
    assert rows_stored() == before


SPEND = """
    entity = "spend"
    source = "ads"
    decimal = ","
    [columns]
    external_id = "id"
    campaign = "campaign"
    channel = "channel"
    amount = "cost"
    service_from = "from"
    service_to = "to"
    [dates]
    service_from = "%d.%m.%Y"
    service_to = "%d.%m.%Y"
"""


def test_a_cost_line_with_other_figures_replaces_the_one_before(bring, counts):
    text = "id;campaign;channel;cost;from;to\nS1;Spring;Ads;1.234,50 €;01.03.2025;31.03.2025\n"
    assert counts(bring(text, SPEND)) == {"created": 1}
    assert counts(bring(text, SPEND)) == {"unchanged": 1}
    assert counts(bring(text.replace("1.234,50", "1.000"), SPEND)) == {"updated": 1}
    live = Spend.objects.filter(voids=None, voided_by=None)
    assert list(live.values_list("amount", "currency", "campaign__name")) == [(100000, "EUR", "Spring")]
    assert Spend.objects.count() == 3
    wrong = text.replace("01.03.2025", "01.04.2025")
    assert bring(wrong, SPEND).first_rejects[0][1] == "service_to"


def test_a_cost_line_of_people_is_of_no_campaign(bring, counts):
    mapping = SPEND.replace("[columns]", '[columns]\nkind = "kind"')
    head = "id;campaign;channel;cost;from;to;kind\n"
    assert counts(bring(f"{head}P1;;;30.000;01.03.2025;31.03.2025;people\n", mapping)) == {"created": 1}
    assert [(line.kind, line.campaign, line.channel) for line in Spend.objects.all()] == [("people", None, None)]
    wrong = bring(f"{head}P2;Spring;;30.000;01.03.2025;31.03.2025;people\n", mapping)
    assert wrong.first_rejects[0][1] == "kind"
    assert counts(bring(f"{head}P1;Spring;;30.000;01.03.2025;31.03.2025;programme\n", mapping)) == {"updated": 1}


def test_a_company_known_by_name_takes_the_id_of_its_row(bring, counts):
    bring(ONE_LEAD, LEADS)
    mapping = """
    entity = "company"
    source = "crm"
    [columns]
    external_id = "id"
    name = "name"
    segment = "industry"
    """
    text = "id,name,industry\nC1,Acme,Pets\nC2,Acme,\n"
    assert counts(bring(text, mapping)) == {"created": 1, "updated": 1}
    company = Company.objects.get(external_id="C1")
    assert (company.id, company.segment.name) == (Lead.objects.get().company_id, "Pets")
    assert counts(bring(text, mapping)) == {"unchanged": 2}


def test_campaigns_keep_their_days_and_channel(bring, counts):
    mapping = """
    entity = "campaign"
    source = "ads"
    [columns]
    external_id = "id"
    name = "name"
    channel = "channel"
    starts_on = "from"
    ends_on = "to"
    """
    text = "id,name,channel,from,to\nK1,Spring,Ads,2025-03-01,2025-03-31\nK2,Odd,Ads,2025-03-02,2025-03-01\n"
    assert counts(bring(text, mapping)) == {"created": 1, "rejected": 1}
    assert counts(bring(text, mapping)) == {"unchanged": 1, "rejected": 1}
    campaign = Campaign.objects.get()
    assert (campaign.external_id, campaign.channel.name, campaign.ends_on) == ("K1", "Ads", dt.date(2025, 3, 31))
