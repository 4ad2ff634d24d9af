"""What others do wrong (product.md), as far as it is the core's."""

import pytest
from django.db.models import ProtectedError

from core.errors import DomainError
from core.models import Organisation
from funnel.models import StageInVersion
from leads import services
from leads.models import Deal, LeadEvent, StageEntry
from leads.queries import visible_deals
from metrics import rollup, series
from metrics.check import check
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


def test_a_deal_that_comes_back_brings_its_move(stages, at):
    lead, deal = opportunity(stages, at)
    services.win_deal(deal=deal, occurred_at=at(3, 20), actor=None)
    services.void_deal(deal=deal, actor=None)
    services.void_deal_event(event=deal.events.get(kind="deal_voided"), actor=None)
    lead.refresh_from_db()
    deal.refresh_from_db()
    assert (lead.stage, deal.voided, deal.status) == (stages["won"], False, "won")
    assert lead.stage_since == at(3, 20)
    # Out once more: the move goes with it as the first time.
    services.void_deal(deal=deal, actor=None)
    lead.refresh_from_db()
    assert lead.stage == stages["opportunity"]
    rollup.drain()
    assert check() == []


@pytest.mark.parametrize("how", ["win taken back", "deal taken out"])
@pytest.mark.parametrize("merged", [False, True])
def test_when_the_first_win_is_taken_back_the_second_one_moves_the_lead(stages, at, how, merged):
    lead, first = opportunity(stages, at)
    services.win_deal(deal=first, occurred_at=at(3, 20), actor=None)
    if merged:
        other, second = opportunity(stages, at)
        services.merge_leads(survivor=lead, duplicate=other, actor=None)
    else:
        second = services.open_deal(lead=lead, occurred_at=at(3, 15), amount=500, actor=None)
    third = services.open_deal(lead=lead, occurred_at=at(3, 15), amount=700, actor=None)
    services.win_deal(deal=third, occurred_at=at(4, 9), actor=None)
    services.win_deal(deal=second, occurred_at=at(4, 2), actor=None)
    if how == "win taken back":
        services.void_deal_event(event=first.events.get(kind="won"), actor=None)
    else:
        services.void_deal(deal=first, actor=None)
    lead.refresh_from_db()
    assert (lead.stage, lead.stage_since) == (stages["won"], at(4, 2))
    # The next one follows, and when nothing won is left the lead is where people had put it.
    services.void_deal(deal=second, actor=None)
    lead.refresh_from_db()
    assert (lead.stage, lead.stage_since) == (stages["won"], at(4, 9))
    services.void_deal_event(event=third.events.get(kind="won"), actor=None)
    lead.refresh_from_db()
    assert lead.stage == stages["opportunity"]
    rollup.drain()
    assert check() == []


def test_a_move_that_somebody_took_back_does_not_return_by_itself(stages, at):
    lead, first = opportunity(stages, at)
    second = services.open_deal(lead=lead, occurred_at=at(3, 15), amount=500, actor=None)
    services.win_deal(deal=second, occurred_at=at(3, 18), actor=None)
    services.void_event(event=LeadEvent.objects.get(lead=lead, source="deal"), actor=None)
    services.win_deal(deal=first, occurred_at=at(3, 20), actor=None)
    lead.refresh_from_db()
    assert lead.stage == stages["won"]
    services.void_deal_event(event=first.events.get(kind="won"), actor=None)
    lead.refresh_from_db()
    assert lead.stage == stages["opportunity"]


@pytest.mark.parametrize("visibility", ["own", "team"])
def test_a_merged_lead_s_deal_is_for_those_who_may_open_the_lead_that_stands(stages, at, people, visibility):
    Organisation.objects.update(lead_visibility=visibility)
    made = {}
    for who in ("member", "colleague"):
        lead = services.create_lead(stage=stages["sql"], occurred_at=at(3, 2), owner=people[who], actor=None)
        made[who] = lead, services.open_deal(lead=lead, occurred_at=at(3, 3), owner=people[who], amount=1, actor=None)
    (kept, own), (gone, came) = made["colleague"], made["member"]
    assert list(visible_deals(people["member"])) == [came]
    services.merge_leads(survivor=kept, duplicate=gone, actor=None)
    assert list(visible_deals(people["member"])) == []
    assert set(visible_deals(people["colleague"])) == {own, came}
    alone = services.open_deal(lead=None, occurred_at=at(3, 3), owner=people["member"], amount=1, actor=None)
    assert list(visible_deals(people["member"])) == [alone]


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
