"""Deals, companies and the search: what they show to whom, and what people do with a deal."""

import datetime as dt

import pytest

from campaigns.services import ensure_campaign
from core.models import Organisation
from leads.models import Deal, NextStep
from leads.services import open_deal, record_touch, win_deal

NOW = dt.datetime.now(dt.UTC)


@pytest.fixture
def do(client, people):
    def post(who, path, **data):
        client.force_login(people[who], backend="django.contrib.auth.backends.ModelBackend")
        return client.post(path, data)

    return post


@pytest.fixture
def deal(enter, people):
    lead = enter("Anna Brandt", owner="member", stage="sql")
    at = NOW - dt.timedelta(days=3)
    return open_deal(lead=lead, name="Pump line", amount=6_120_000, occurred_at=at, actor=None, owner=people["member"])


def test_a_deal_is_opened_from_its_lead(do, enter):
    lead = enter("Anna Brandt", owner="member", stage="sql")
    data = {"name": "Pump line", "kind": "new", "currency": "eur"}
    wrong = do("member", f"/leads/{lead.id}/deal/", **data, amount="1.234", term_start="2026-02-01", term_end="2026-01-01")
    assert wrong.status_code == 422
    assert "EUR has 2 decimals." in wrong.content.decode() and "ends before it starts" in wrong.content.decode()
    answer = do("member", f"/leads/{lead.id}/deal/", **data, amount="61200.50", term_start="2026-01-01")
    deal = Deal.objects.get()
    assert answer.url == f"/deals/{deal.id}/"
    assert (deal.amount, deal.currency, deal.lead_id, deal.term_start) == (6_120_050, "EUR", lead.id, dt.date(2026, 1, 1))


def test_money_dates_and_owner_change_with_events(see, do, deal, people):
    data = {"name": "Pump line", "kind": "renewal", "term_start": "2026-01-01", "term_end": "2026-12-31"}
    version = deal.version
    answer = do("member", f"/deals/{deal.id}/edit/", **data, amount="50000", cost="20000", owner="", version=version)
    assert answer.status_code == 302
    deal.refresh_from_db()
    assert (deal.amount, deal.cost, deal.owner, deal.kind) == (5_000_000, 2_000_000, None, "renewal")
    assert list(deal.events.order_by("id").values_list("kind", flat=True)) == ["opened", "amount", "cost", "owner"]
    stale = do("member", f"/deals/{deal.id}/edit/", **data, amount="1", version=version)
    assert stale.status_code == 409 and "Member changed this deal" in stale.content.decode()


def test_win_credit_reopen_and_take_back(see, do, deal, stages):
    page = see("member", f"/deals/{deal.id}/")
    assert [key for key, _ in page.context["acts"]] == ["win", "lose"]
    do("member", f"/deals/{deal.id}/win/", version=deal.version)
    deal.refresh_from_db()
    deal.lead.refresh_from_db()
    assert deal.status == "won" and deal.lead.stage == stages["won"]
    assert [k for k, _ in see("member", f"/deals/{deal.id}/").context["acts"]] == ["reopen", "credit", "cancel"]
    assert do("member", f"/deals/{deal.id}/credit/", amount="0").status_code == 422
    do("member", f"/deals/{deal.id}/credit/", amount="100")
    assert see("member", f"/deals/{deal.id}/").context["page"].credited == 10_000
    won = deal.events.get(kind="won")
    assert do("member", f"/deals/events/{won.id}/undo/").status_code == 403
    do("sales_lead", f"/deals/events/{won.id}/undo/")
    deal.refresh_from_db()
    deal.lead.refresh_from_db()
    assert deal.status == "open" and deal.lead.stage == stages["sql"]


def test_losing_needs_a_reason(do, deal):
    assert do("member", f"/deals/{deal.id}/lose/").status_code == 422
    do("member", f"/deals/{deal.id}/lose/", reason="price")
    deal.refresh_from_db()
    assert deal.status == "lost" and deal.events.get(kind="lost").reason == "price"
    answer = do("member", f"/deals/{deal.id}/win/")
    assert answer.status_code == 422 and "Only a deal that is open" in answer.content.decode()


def test_what_marketing_did_before_the_close(see, deal):
    fair = ensure_campaign(name="Fair")
    for days in (9, 8):
        at = NOW - dt.timedelta(days=days)
        record_touch(lead=deal.lead, side="marketing", kind="webinar", campaign=fair, occurred_at=at, actor=None)
    record_touch(lead=deal.lead, side="sales", kind="call", occurred_at=NOW - dt.timedelta(days=7), actor=None)
    win_deal(deal=deal, actor=None, occurred_at=NOW - dt.timedelta(days=1))
    record_touch(lead=deal.lead, side="marketing", kind="email", occurred_at=NOW, actor=None)
    page = see("viewer", f"/deals/{deal.id}/").context["page"]
    assert [(row["campaign"], row["content"], row["count"]) for row in page.marketing] == [("Fair", "Webinar", 2)]
    assert page.touches == 2


@pytest.mark.parametrize("path", ["edit", "win", "lose", "step", "void"])
def test_who_may_work_a_deal(see, do, deal, path):
    address = f"/deals/{deal.id}/{path}/"
    for who in ("viewer", "outsider"):
        assert see(who, address).status_code == do(who, address).status_code == 403
    assert see("colleague", address).status_code == (403 if path == "void" else 200)
    assert see("sales_lead", address).status_code == 200
    Organisation.objects.update(lead_visibility="own")
    assert see("sales_lead", address).status_code == do("sales_lead", address).status_code == 404
    assert see("member", f"/deals/{deal.id}/dance/").status_code == 404


def test_deals_list_counts_by_status_and_finds(see, deal, enter):
    other = open_deal(lead=enter("Lee Moss"), name="Valves", amount=100, occurred_at=NOW, actor=None)
    win_deal(deal=other, actor=None)
    listing = see("viewer", "/deals/").context["listing"]
    assert [(word, n) for _, word, n in listing.tabs] == [("All", 2), ("Open", 1), ("Won", 1), ("Lost", 0)]
    assert [str(d) for d in see("viewer", "/deals/?status=open").context["listing"].rows] == ["Pump line"]
    assert [str(d) for d in see("viewer", "/deals/?q=moss").context["listing"].rows] == ["Valves"]
    assert [str(d) for d in see("member", "/deals/?owner=me").context["listing"].rows] == ["Pump line"]
    Organisation.objects.update(lead_visibility="own")
    assert [str(d) for d in see("member", "/deals/").context["listing"].rows] == ["Pump line"]
    assert see("member", f"/deals/{other.id}/").status_code == 404


def test_a_step_on_a_deal_shows_on_its_lead(see, do, deal):
    do("member", f"/deals/{deal.id}/step/", what="Send the contract", due_on=NOW.date())
    step = NextStep.objects.get()
    assert see("viewer", f"/deals/{deal.id}/").context["page"].steps == [step]
    assert see("viewer", f"/leads/{deal.lead_id}/").context["page"].steps == [step]
    assert do("member", f"/steps/{step.id}/done/").url == f"/deals/{deal.id}/"


# --- companies and search ---------------------------------------------------------------------------------------


def test_a_company_lists_what_one_may_open_and_counts_the_rest(see, enter, deal):
    enter("Lee Moss", owner="colleague")
    company = deal.company
    page = see("member", f"/companies/{company.id}/").context["page"]
    assert (len(page.going), page.hidden, len(page.deals)) == (2, 0, 1)
    Organisation.objects.update(lead_visibility="own")
    answer = see("colleague", f"/companies/{company.id}/")
    page = answer.context["page"]
    assert ([str(lead.contact) for lead in page.going], page.hidden) == (["Lee Moss"], 1)
    assert (page.deals, page.hidden_deals) == ([], 1)
    text = answer.content.decode()
    assert "1 more you may not open" in text and "Anna Brandt" not in text and "Pump line" not in text


def test_companies_by_name(see, enter):
    enter("Anna Brandt", company="Oresund Marine")
    enter("Lee Moss")
    rows = see("viewer", "/companies/").context["listing"].rows
    assert [(r["company"].name, r["leads"]["n"]) for r in rows] == [("Brandt Pumpen", 1), ("Oresund Marine", 1)]
    assert len(see("viewer", "/companies/?q=resund").context["listing"].rows) == 1
    assert "No company matches" in see("viewer", "/companies/?q=zzz").content.decode()


def test_search_finds_leads_companies_deals_and_campaigns_that_one_may_open(see, deal, enter):
    ensure_campaign(name="Pump days")
    answer = see("viewer", "/search/?q=pump")
    found = answer.context["found"]
    assert [len(x) for x in (found.leads, found.companies, found.deals, found.campaigns)] == [1, 1, 1, 1]
    Organisation.objects.update(lead_visibility="own")
    found = see("colleague", "/search/?q=pump").context["found"]
    assert [len(x) for x in (found.leads, found.companies, found.deals, found.campaigns)] == [0, 1, 0, 1]
    assert "Nothing you may open matches" in see("viewer", "/search/?q=zzz").content.decode()
    assert see("viewer", "/search/").context["found"].count == 0


def test_the_search_box_is_in_the_header_of_those_who_may_search(see, company):
    assert "data-search" in see("viewer", "/leads/").content.decode()
    assert b"data-search" not in see("outsider", "/leads/").content
