"""What others do wrong (product.md), as far as it is the core's."""

import pytest
from django.db.models import ProtectedError

from core.errors import DomainError
from funnel.models import StageInVersion
from leads import services
from leads.models import Deal, LeadEvent, StageEntry
from metrics import rollup, series
from metrics.segments import FAR

pytestmark = pytest.mark.django_db


def opportunity(stages, at):
    lead = services.create_lead(stage=stages["inquiry"], occurred_at=at(3, 2), actor=None)
    services.move_lead(lead, stages["opportunity"], actor=None, occurred_at=at(3, 10))
    deal = services.open_deal(lead=lead, occurred_at=at(3, 10), amount=1_000, cost=400, actor=None)
    return lead, deal


def reached(stages) -> dict:
    rollup.drain()
    journey = series.current()["journey"]
    return {key: journey[f"r:{stage.id}"].tolist() for key, stage in stages.items()}


def test_losing_a_deal_changes_nothing_in_the_past(stages, at):
    lead, deal = opportunity(stages, at)
    before = reached(stages)
    entries = list(StageEntry.objects.filter(lead=lead).order_by("position").values_list("stage__key", "entered_at"))

    services.lose_deal(deal=deal, reason="price", occurred_at=at(4, 20), actor=None)

    after = reached(stages)
    lost = after.pop("lost")
    assert before.pop("lost") == [FAR] != lost
    assert after == before
    assert list(StageEntry.objects.filter(lead=lead).order_by("position").values_list("stage__key", "entered_at")) == [
        *entries,
        ("lost", at(4, 20)),
    ]


def test_a_won_deal_edited_later_keeps_its_day(stages, at):
    _, deal = opportunity(stages, at)
    services.win_deal(deal=deal, occurred_at=at(3, 20), actor=None)
    day = deal.closed_day
    services.set_deal_amount(deal=deal, amount=2_000, actor=None, occurred_at=at(5, 5))
    services.set_deal_cost(deal=deal, cost=900, actor=None, occurred_at=at(5, 6))
    deal.refresh_from_db()
    assert (deal.status, deal.closed_day, deal.amount, deal.cost) == ("won", day, 2_000, 900)
    rollup.drain()
    deals = series.current()["deal"]
    assert (deals["base"].tolist(), deals["bcost"].tolist()) == ([2_000], [900])


def test_an_amount_back_dated_behind_the_close_leaves_the_close_rate(stages, at):
    """The close fixed the conversion of what had been recorded, wherever it stands in time."""
    from decimal import Decimal

    from core.services import record_rate

    record_rate(currency="USD", day=at(3, 10).date(), rate=Decimal("0.5"), source="test")
    record_rate(currency="USD", day=at(3, 20).date(), rate=Decimal("0.9"), source="test")
    deal = services.open_deal(occurred_at=at(3, 10), amount=1_000, currency="USD", actor=None)
    services.set_deal_amount(deal=deal, amount=2_000, actor=None, occurred_at=at(3, 20))
    services.win_deal(deal=deal, occurred_at=at(3, 12), actor=None)
    assert (deal.amount, deal.base_amount) == (2_000, 1_000)


def test_a_late_rate_is_recorded_once(stages, at):
    from decimal import Decimal

    from core.services import record_rate

    deal = services.open_deal(occurred_at=at(3, 10), amount=1_000, currency="USD", actor=None)
    services.set_deal_amount(deal=deal, amount=3_000, actor=None, occurred_at=at(3, 12))
    record_rate(currency="USD", day=at(3, 12).date(), rate=Decimal("0.5"), source="test")
    assert [services.convert_missing_rates(actor=None) for _ in range(2)] == [1, 0]
    deal.refresh_from_db()
    assert deal.base_amount == 1_500


def test_only_a_logged_contact_stops_the_response_clock(stages, at):
    lead = services.create_lead(stage=stages["mql"], occurred_at=at(3, 2), actor=None)
    services.assign_lead(lead=lead, owner=None, actor=None, occurred_at=at(3, 3))
    services.amend_lead(lead=lead, actor=None, tier="gold")
    services.record_touch(side="marketing", kind="email", occurred_at=at(3, 3), lead=lead, actor=None)
    services.record_touch(side="sales", kind="other", occurred_at=at(3, 3), lead=lead, actor=None)
    lead.refresh_from_db()
    services.move_lead(lead, stages["sal"], actor=None, occurred_at=at(3, 4))

    def contacts():
        return list(StageEntry.objects.filter(lead=lead).order_by("position").values_list("first_contact_at", flat=True))

    assert contacts() == [None, None]
    call = services.record_touch(side="sales", kind="call", occurred_at=at(3, 5), lead=lead, actor=None)
    assert contacts() == [at(3, 5), at(3, 5)]
    services.void_touch(touch=call, actor=None)
    assert contacts() == [None, None]


def test_a_contact_answers_its_own_pass_only(stages, at):
    lead = services.create_lead(stage=stages["mql"], occurred_at=at(3, 2), actor=None)
    for day, key, reason in ((3, "recycled", "timing"), (10, "mql", "")):
        services.move_lead(lead, stages[key], actor=None, occurred_at=at(3, day), reason=reason)
    services.record_touch(side="sales", kind="call", occurred_at=at(3, 12), lead=lead, actor=None)
    first, _, second = StageEntry.objects.filter(lead=lead).order_by("position")
    assert (first.first_contact_at, second.first_contact_at) == (None, at(3, 12))


def test_a_stage_with_history_is_never_deleted(stages, at):
    services.create_lead(stage=stages["mql"], occurred_at=at(3, 2), actor=None)
    # Even without its place in the agreement.
    StageInVersion.objects.filter(stage=stages["mql"]).delete()
    with pytest.raises(ProtectedError):
        stages["mql"].delete()


def test_a_deal_taken_out_takes_its_move_along(stages, at):
    lead, deal = opportunity(stages, at)
    services.win_deal(deal=deal, occurred_at=at(3, 20), actor=None)
    lead.refresh_from_db()
    assert lead.stage == stages["won"]
    services.void_deal(deal=deal, actor=None)
    lead.refresh_from_db()
    assert lead.stage == stages["opportunity"]


def test_a_lost_deal_does_not_undo_the_win_of_a_merged_lead(stages, at):
    lead, deal = opportunity(stages, at)
    other, won = opportunity(stages, at)
    services.merge_leads(survivor=lead, duplicate=other, actor=None)
    services.win_deal(deal=won, occurred_at=at(3, 15), actor=None)
    services.lose_deal(deal=deal, reason="price", occurred_at=at(3, 20), actor=None)
    lead.refresh_from_db()
    assert lead.stage == stages["won"]
    assert Deal.objects.filter(status="lost").count() == 1


def test_a_voided_event_is_taken_back_once(stages, at):
    lead, _ = opportunity(stages, at)
    event = LeadEvent.objects.filter(lead=lead, kind="moved").get()
    services.void_event(event=event, actor=None)
    lead.refresh_from_db()
    assert lead.stage == stages["inquiry"]
    with pytest.raises(DomainError, match="already"):
        services.void_event(event=event, actor=None)
