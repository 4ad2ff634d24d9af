"""Deals from files: opened, won, lost, reopened, corrected; money in minor units at the day's rate."""

import datetime as dt
from decimal import Decimal

import pytest

from core.services import record_rate
from leads.models import Deal, DealEvent, Lead

LEADS = """
    entity = "lead"
    source = "crm"
    [columns]
    external_id = "id"
    created_at = "created"
"""
DEALS = """
    entity = "deal"
    source = "crm"
    [columns]
    external_id = "id"
    lead_external_id = "lead"
    created_at = "created"
    closed_at = "closed"
    status = "status"
    amount = "amount"
    cost = "cost"
    segment = "segment"
"""
HEADER = "id,lead,created,closed,status,amount,cost,segment\n"


@pytest.fixture
def lead(bring):
    bring("id,created\nL1,2025-02-01\n", LEADS)
    return Lead.objects.get()


def test_a_won_deal_moves_its_lead(bring, counts, lead, rows_stored):
    text = HEADER + 'D1,L1,2025-03-01,2025-04-01,won,"1,000.50",400,Pets\n'
    assert counts(bring(text, DEALS)) == {"created": 1}
    deal = Deal.objects.get()
    assert (deal.status, deal.amount, deal.cost, deal.base_amount, deal.currency) == ("won", 100050, 40000, 100050, "EUR")
    assert (deal.closed_day, deal.segment.name) == (dt.date(2025, 4, 1), "Pets")
    lead.refresh_from_db()
    assert lead.stage.key == "won"
    ids = DealEvent.objects.order_by("id").values_list("external_id", flat=True)
    assert list(ids) == ["deal:D1:opened", "deal:D1:cost", "deal:D1:won"]
    before = rows_stored()
    assert counts(bring(text, DEALS)) == {"unchanged": 1}
    assert rows_stored() == before


def test_what_changed_between_two_files_becomes_an_event(bring, counts, lead):
    bring(HEADER + "D1,L1,2025-03-01,,open,100,,\n", DEALS)
    assert counts(bring(HEADER + "D1,L1,2025-03-01,,open,200,,\n", DEALS)) == {"updated": 1}
    assert counts(bring(HEADER + "D1,L1,2025-03-01,2025-04-01,lost,200,,\n", DEALS)) == {"updated": 1}
    assert counts(bring(HEADER + "D1,L1,2025-03-01,,open,200,50,\n", DEALS)) == {"updated": 1}
    assert counts(bring(HEADER + "D1,L1,2025-03-01,2025-04-03,won,300,50,\n", DEALS)) == {"updated": 1}
    kinds = DealEvent.objects.order_by("id").values_list("kind", flat=True)
    assert list(kinds) == ["opened", "amount", "lost", "reopened", "cost", "won", "amount"]


def test_a_corrected_win_date_moves_the_win_and_its_lead(bring, counts, lead):
    bring(HEADER + "D1,L1,2025-03-01,2025-04-01,won,100,,\n", DEALS)
    corrected = HEADER + "D1,L1,2025-03-01,2025-04-09,won,100,,\n"
    assert counts(bring(corrected, DEALS)) == {"updated": 1}
    assert Deal.objects.get().closed_day == dt.date(2025, 4, 9)
    lead.refresh_from_db()
    assert (lead.stage.key, lead.stage_since.date()) == ("won", dt.date(2025, 4, 8))  # midnight in Berlin
    assert counts(bring(corrected, DEALS)) == {"unchanged": 1}


def test_a_win_is_converted_at_the_rate_of_its_day(bring, company):
    for day, rate in ((dt.date(2025, 3, 1), "0.80"), (dt.date(2025, 4, 1), "0.90")):
        record_rate(currency="USD", day=day, rate=Decimal(rate), source="test")
    bring(HEADER + "D1,,2025-03-01,2025-04-01,won,$100,,\nD2,,2025-03-01,2025-05-01,won,US$ 100,,\n", DEALS)
    found = dict(Deal.objects.values_list("external_id", "base_amount"))
    assert found == {"D1": 9000, "D2": None}  # no rate within a week: unknown, not invented
    assert set(Deal.objects.values_list("currency", flat=True)) == {"USD"}


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ("D1,L1,2025-03-01,,won,100,,", "closed_at"),
        ("D1,L9,2025-03-01,,open,100,,", "lead_external_id"),
        ("D1,,,,open,100,,", "created_at"),
        ("D1,,2025-03-01,,Negotiating,100,,", "status"),
        ("D1,,2025-03-01,,open,-100,,", "amount"),
        ("D1,,2025-03-01,,open,Infinity,,", "amount"),
        ("D1,,2025-03-01,,open,1e400,,", "amount"),
        ("D1,,2025-03-01,,open,99999999999999999999,,", "amount"),
        ("D1,,2025-03-01,2999-01-01,won,100,,", "closed_at"),
    ],
)
def test_a_wrong_deal_is_rejected_with_the_field_to_blame(bring, lead, row, field):
    assert bring(HEADER + row + "\n", DEALS).first_rejects[0][:2] == (2, field)
    assert not Deal.objects.exists()


def test_an_open_deal_may_carry_the_day_on_which_it_should_close(bring, counts):
    assert counts(bring(HEADER + "D1,,2025-03-01,2999-01-01,open,100,,\n", DEALS)) == {"created": 1}


def test_a_history_of_deal_stages_closes_the_deal_and_keeps_its_amounts(bring, counts, lead, rows_stored):
    bring(HEADER + "D1,L1,2025-03-01,,open,100,,\n", DEALS)
    history = """
    entity = "stage_change"
    source = "crm"
    file_order = "newest_first"
    [columns]
    deal_external_id = "deal"
    stage = "stage"
    occurred_at = "at"
    amount = "amount"
    """
    text = (
        "deal,stage,at,amount\nD1,Won,2025-04-01T09:00:00Z,300\nD1,Opportunity,2025-03-20T09:00:00Z,300\n"
        "D1,Opportunity,2025-03-10T09:00:00Z,100\n"
    )
    assert counts(bring(text, history)) == {"created": 2, "updated": 1}
    deal = Deal.objects.get()
    assert (deal.status, deal.amount) == ("won", 30000)
    lead.refresh_from_db()
    assert lead.stage.key == "won"
    before = rows_stored()
    assert counts(bring(text, history)) == {"unchanged": 3}
    assert rows_stored() == before
