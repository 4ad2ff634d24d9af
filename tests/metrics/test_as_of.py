"""As-of T: what was known at an instant, whatever is told later about the time before it."""

import datetime as dt
import time

import pytest
from django.db import connection

from campaigns import services as campaigns
from core.errors import DomainError
from core.models import Organisation
from leads import services
from leads.models import Lead, LeadEvent
from metrics import rollup, series
from metrics.as_of import snapshot_as_of
from metrics.definitions import METRICS
from metrics.segments import KINDS
from tests.metrics.journeys import figure, instant, tell
from tests.metrics.rich_company import build, dated

pytestmark = pytest.mark.django_db(transaction=True)


def clock() -> dt.datetime:
    """The database's own clock between two writes; recorded_at is taken from it. SQLite's has milliseconds."""
    time.sleep(0.02)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT clock_timestamp()"
            if connection.vendor == "postgresql"
            else "SELECT strftime('%Y-%m-%d %H:%M:%f', 'now')"
        )
        found = cursor.fetchone()[0]
    time.sleep(0.02)
    if isinstance(found, str):
        found = dt.datetime.fromisoformat(found)
    return found if found.tzinfo else found.replace(tzinfo=dt.UTC)


def rows_of(table, names) -> list[tuple]:
    """All rows, in whatever order they stand."""
    return sorted(zip(*(table[name].tolist() for name in names), strict=True))


def everything(as_of: str | None = None) -> dict:
    params = {"as_of": as_of} if as_of else {}
    answers = {}
    for key in METRICS:
        answers[key] = figure(key, **dated(key), by="channel", **params)
        answers[key].pop("as_of")
    return answers


def test_at_this_moment_as_of_is_what_the_worker_computed(company):
    build(size=50)
    known = clock()
    rollup.drain()
    now = series.current()
    folded = snapshot_as_of(known.isoformat(), now)
    for kind in KINDS:
        names = sorted(set(now[kind].columns) | set(folded[kind].columns))
        assert rows_of(folded[kind], names) == rows_of(now[kind], names), kind
    plain, told = everything(), everything(known.isoformat())
    # Unanswered leads are followed up to another instant, and today is the day of the as-of.
    for key in set(METRICS) - {"speed_to_lead"}:
        if METRICS[key].basis != "cohort":
            assert told[key] == plain[key], key


def test_nothing_told_later_changes_what_was_known(stages, people):
    search, fair = campaigns.ensure_channel(name="Search"), campaigns.ensure_channel(name="Fair")
    told = tell(
        {
            "Anna": "inquiry 2025-03-03, mql 2025-03-05, sql 2025-03-10",
            "Bert": "inquiry 2025-03-04, mql 2025-03-20",
            "Carl": "inquiry 2025-03-04, mql 2025-03-08, sal 2025-03-09",
            "Doro": "inquiry 2025-04-01, mql 2025-04-02, recycled 2025-04-09",
        },
        channel=search,
    )
    deal = services.open_deal(lead=told["Anna"], occurred_at=instant("2025-03-12"), amount=100_00, cost=40_00, actor=None)
    services.win_deal(deal=deal, occurred_at=instant("2025-04-02"), actor=None)
    other = services.open_deal(lead=told["Bert"], occurred_at=instant("2025-03-22"), amount=70_00, actor=None)
    touch = services.record_touch(
        lead=told["Carl"], side="sales", kind="call", occurred_at=instant("2025-03-08T15:00"), actor=None
    )
    known = clock().isoformat()
    before = everything(known)
    assert before["won_revenue"]["value"] == 100_00
    assert before["stage_inflow"]["n"] == 12

    # A move into the past, a correction, a merge, a test lead, a credit, a void, a touch taken back, a new lead, a deal.
    move = services.move_lead(told["Bert"], stages["sql"], occurred_at=instant("2025-03-25"), actor=None)
    services.void_event(event=move.event, actor=None)
    told["Bert"].refresh_from_db()
    services.move_lead(told["Bert"], stages["opportunity"], occurred_at=instant("2025-03-26"), actor=None)
    services.amend_lead(lead=told["Anna"], channel=fair, actor=None)
    services.assign_lead(lead=told["Carl"], owner=people["member"], occurred_at=instant("2025-03-01"), actor=None)
    services.merge_leads(survivor=told["Carl"], duplicate=told["Doro"], actor=None)
    services.credit_deal(deal=deal, amount=10_00, occurred_at=instant("2025-04-20"), actor=None)
    services.set_deal_amount(deal=other, amount=90_00, occurred_at=instant("2025-04-01"), actor=None)
    services.lose_deal(deal=other, reason="price", occurred_at=instant("2025-05-01"), actor=None)
    services.void_touch(touch=touch, actor=None)
    tell({"Emil": "inquiry 2025-03-02, mql 2025-03-04"}, channel=fair)
    services.open_deal(occurred_at=instant("2025-03-30"), amount=1_00, actor=None)
    services.void_lead(lead=Lead.objects.get(id=told["Anna"].id), actor=None)

    assert everything(known) == before
    after = everything()
    assert after["won_revenue"]["value"] == 0
    assert after != before


def test_a_lead_taken_out_takes_its_deal_out_as_of_then_too(company):
    told = tell({"Anna": "inquiry 2025-03-03, sql 2025-03-10"})
    deal = services.open_deal(lead=told["Anna"], occurred_at=instant("2025-03-12"), amount=100_00, actor=None)
    services.win_deal(deal=deal, occurred_at=instant("2025-04-02"), actor=None)
    services.record_touch(lead=told["Anna"], side="sales", kind="call", occurred_at=instant("2025-03-05"), actor=None)
    told["Anna"].refresh_from_db()
    services.void_lead(lead=told["Anna"], actor=None)
    known = clock().isoformat()
    answers = everything(known)
    assert {key for key, answer in answers.items() if answer["n"]} == set()
    # ... and the taking out taken back is known from then on alone.
    services.void_event(event=LeadEvent.objects.get(kind="lead_voided"), actor=None)
    assert everything(known) == answers
    assert everything(clock().isoformat())["won_deals"]["value"] == 1


def test_as_of_is_read_in_the_company_s_zone_and_named_in_the_answer(company):
    Organisation.objects.update(week_start=0)
    tell({"Anna": "inquiry 2025-03-03"})
    known = clock()
    local = known.astimezone(series.current().calendar.zone_at(known))
    assert figure("stage_inflow", as_of=local.replace(tzinfo=None).isoformat())["as_of"] == local.isoformat()
    assert figure("stage_inflow", "2025-01-01/2025-06-01", as_of="2025-06-01T00:00")["value"] == 0


@pytest.mark.parametrize(
    ("text", "code"), [("soon", "date_invalid"), ("2999-01-01T00:00", "in_the_future"), ("0001-01-01", "date_invalid")]
)
def test_an_as_of_that_can_t_be_is_refused(company, text, code):
    with pytest.raises(DomainError) as refused:
        figure("stage_inflow", as_of=text)
    assert refused.value.code == code
