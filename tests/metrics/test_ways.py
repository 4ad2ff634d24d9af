"""Which touches lie on the way to a deal: whose, from when to when, in which order (metrics-spec 5.1)."""

import datetime as dt

import pytest

from campaigns import services as campaigns
from campaigns.models import ChannelChange
from leads import services
from leads.models import Lead, Touch
from leads.services.history import change_leads
from metrics import rollup
from metrics.check import check
from metrics.models import Segment
from metrics.paths import PLACES
from metrics.services import set_credit_rules
from tests.metrics.attributing import day, world  # noqa: F401 - fixture


def way(snapshot, deal) -> list[int]:
    """Ids of the touches on a deal's way, in order."""
    table = snapshot["path"]
    mine = table["deal"] == deal.id
    items = table["item"][mine]
    assert items.tolist() == list(range(deal.id * PLACES, deal.id * PLACES + len(items)))
    return table["touch"][mine].tolist()


def test_a_way_holds_the_touches_up_to_the_close_in_the_order_of_their_times(world):  # noqa: F811
    lead = world.lead(at=1)
    late, early = world.touch(lead, 8), world.touch(lead, 0.5)
    deal = world.won(lead)
    world.touch(lead, 10)  # after the close
    same_instant = [world.touch(lead, 5, "Hanover"), world.touch(lead, 5, "Letter")]
    assert way(world.now(), deal) == [early.id, *(t.id for t in same_instant), late.id]


def test_the_way_of_an_open_deal_grows_until_it_closes(world):  # noqa: F811
    lead = world.lead()
    deal = world.deal(lead)
    first = world.touch(lead, 1)
    second = world.touch(lead, 20)
    assert way(world.now(), deal) == [first.id, second.id]
    services.win_deal(deal=deal, actor=None, occurred_at=day(9))
    assert way(world.now(), deal) == [first.id]
    services.reopen_deal(deal=deal, actor=None, occurred_at=day(10))
    assert way(world.now(), deal) == [first.id, second.id]


def test_what_lies_before_the_look_back_does_not_count(world):  # noqa: F811
    lead = world.lead()
    deal = world.won(lead, at=2)
    edge, _before = world.touch(lead, 2 - 365, "Spring"), world.touch(lead, 2 - 365.01, "Hanover")
    assert way(world.now(), deal) == [edge.id]
    set_credit_rules(lookback=400, actor=None)
    assert len(way(world.now(), deal)) == 2


def test_repeats_within_half_an_hour_collapse_and_other_kinds_or_people_do_not(world):  # noqa: F811
    lead, minute = world.lead(), 1 / 1440
    deal = world.won(lead)
    kept = world.touch(lead, 1)
    world.touch(lead, 1 + 29 * minute)
    other_kind = world.touch(lead, 1 + 10 * minute, kind="form")
    other_campaign = world.touch(lead, 1 + 11 * minute, "Letter")
    after = world.touch(lead, 1 + 30 * minute)
    assert way(world.now(), deal) == [kept.id, other_kind.id, other_campaign.id, after.id]


def test_everybody_with_a_part_in_the_deal_counts_and_nobody_else(world):  # noqa: F811
    lead = world.lead("Ada")
    decides = services.ensure_contact(name="Bea", email="bea@example.com")
    stranger = services.ensure_contact(name="Cyd", email="cyd@example.com")
    deal = world.won(lead)
    own, hers = world.touch(lead, 1), world.touch(None, 3, contact=decides)
    world.touch(None, 4, contact=stranger)
    world.takes_part(deal, decides)
    assert way(world.now(), deal) == [own.id, hers.id]
    later = world.touch(None, 5, contact=decides)
    assert way(world.now(), deal) == [own.id, hers.id, later.id]


def test_a_company_may_count_everybody_of_the_account(world):  # noqa: F811
    company = services.ensure_company(name="Halden Pumps")
    lead = world.lead("Ada", company=company)
    colleague = services.ensure_contact(name="Bea", email="bea@example.com", company=company)
    deal = world.won(lead)
    own, hers = world.touch(lead, 1), world.touch(None, 3, contact=colleague)
    assert way(world.now(), deal) == [own.id]
    set_credit_rules(policy="account", actor=None)
    assert way(world.now(), deal) == [own.id, hers.id]
    later = world.touch(None, 5, contact=colleague)
    assert way(world.now(), deal) == [own.id, hers.id, later.id]


def test_whoever_changes_the_company_changes_the_ways_of_both_companies(world):  # noqa: F811
    halden, orr = (services.ensure_company(name=name) for name in ("Halden Pumps", "Orr Valves"))
    ada, bea, cyd = world.lead("Ada", company=halden), world.lead("Bea", company=orr), world.lead("Cyd", company=orr)
    deals = [world.won(ada), world.won(bea)]
    touches = [world.touch(lead, at) for lead, at in ((ada, 1), (bea, 3), (cyd, 4))]
    set_credit_rules(policy="account", actor=None)

    def ways() -> list[list[int]]:
        snapshot = world.now()
        return [[touches.index(next(t for t in touches if t.id == i)) for i in way(snapshot, deal)] for deal in deals]

    assert ways() == [[0], [1, 2]]
    cyd.company = halden
    change_leads(leads=[cyd], fields={"company"}, actor=None)
    assert ways() == [[0, 2], [1]]
    cyd.contact = services.ensure_contact(name="Dan", email="dan@example.com")
    change_leads(leads=[cyd], fields={"contact"}, actor=None)
    assert ways() == [[0, 2], [1]]  # the touch names the lead; who that is now has none of its own
    world.lead("Bea", 6, company=halden)
    assert ways() == [[0, 1, 2], [1]]  # a person known from elsewhere brings the touches of before


def test_a_touch_without_a_channel_comes_by_its_campaigns(world):  # noqa: F811
    lead = world.lead()
    deal = world.won(lead)
    fair = world.campaigns["Hanover"]
    common = {"lead": lead, "side": "marketing", "kind": "visit", "campaign": fair, "actor": None}
    services.record_touch(occurred_at=day(1), **common)
    services.record_touch(occurred_at=day(3), channel=world.channels["Mail"], **common)
    world.touch(lead, 4, "Letter")
    services.record_touch(occurred_at=day(5), **(common | {"campaign": None}))

    def channels(snapshot) -> tuple[list[str], list[str]]:
        names = {channel.id: name for name, channel in world.channels.items()} | {0: ""}
        path, touches = snapshot["path"], snapshot["touch"]
        return [names[i] for i in path["channel"][path["deal"] == deal.id]], [names[i] for i in touches["tchannel"]]

    assert channels(world.now()) == (["Fair", "Mail", "Mail", ""],) * 2
    campaigns.update_campaign(campaign=fair, channel=world.channels["Search"], actor=None)
    assert channels(world.now()) == (["Search", "Mail", "Mail", ""],) * 2
    assert not ChannelChange.objects.exists() and [str(d) for d in check()] == []


def test_a_touch_that_is_taken_back_leaves_the_way(world):  # noqa: F811
    lead = world.lead()
    deal = world.won(lead)
    stays, goes = world.touch(lead, 1), world.touch(lead, 3)
    assert way(world.now(), deal) == [stays.id, goes.id]
    services.void_touch(touch=goes, actor=None)
    assert way(world.now(), deal) == [stays.id]


def test_merged_leads_pool_their_touches_and_part_again(world):  # noqa: F811
    one, two = world.lead("Ada"), world.lead("Bea", 1)
    deal = world.won(one)
    first, second = world.touch(one, 1), world.touch(two, 3)
    services.merge_leads(survivor=one, duplicate=two, actor=None)
    assert way(world.now(), deal) == [first.id, second.id]
    services.unmerge_lead(lead=two, actor=None)
    assert way(world.now(), deal) == [first.id]


def test_a_lead_without_a_name_has_its_own_touches(world):  # noqa: F811
    lead, other = world.lead(""), world.lead("")
    deal = world.won(lead)
    mine = world.touch(lead, 1)
    world.touch(other, 1)
    assert way(world.now(), deal) == [mine.id]


def test_who_a_lead_is_decides_whose_touches_count(world):  # noqa: F811
    lead, decides = world.lead(""), services.ensure_contact(name="Bea", email="bea@example.com")
    deal = world.won(lead)
    hers = world.touch(None, 3, contact=decides)
    assert way(world.now(), deal) == []
    lead.contact = decides
    change_leads(leads=[lead], fields={"contact"}, actor=None)
    assert way(world.now(), deal) == [hers.id]


def test_a_touch_may_lie_on_the_ways_of_several_deals(world):  # noqa: F811
    lead = world.lead()
    deals = [world.won(lead), world.won(lead, at=3, close=12)]
    touch = world.touch(lead, 1)
    snapshot = world.now()
    assert [way(snapshot, deal) for deal in deals] == [[touch.id], [touch.id]]


def test_a_lead_without_a_deal_has_a_way_of_its_own_until_it_has_one(world):  # noqa: F811
    lead = world.lead()
    touch = world.touch(lead, 1)
    alone = lambda: [t for t, d in zip(*(world.now()["path"][c].tolist() for c in ("touch", "deal")), strict=True) if not d]  # noqa: E731
    assert alone() == [touch.id]
    deal = world.deal(lead)
    assert alone() == []
    services.void_deal(deal=deal, actor=None)
    assert alone() == [touch.id]


@pytest.mark.parametrize("count", [0, 1, 2, 500])
def test_ways_of_any_length(world, count):  # noqa: F811
    lead = world.lead()
    deal = world.won(lead, at=2, close=40)
    services.append_touches(
        [Touch(lead=lead, side="marketing", kind="visit", occurred_at=day(1) + dt.timedelta(hours=n)) for n in range(count)]
    )
    assert len(way(world.now(), deal)) == count


def segment_bytes() -> dict:
    rows = Segment.objects.filter(kind__in=("path", "touch")).values_list("kind", "day", "payload")
    return {(kind, day): bytes(payload) for kind, day, payload in rows}


def works_for(lead, company) -> None:
    lead = Lead.objects.get(id=lead.id)
    lead.company = company
    change_leads(leads=[lead], fields={"company"}, actor=None)


@pytest.mark.parametrize("policy", ["contact", "account"])
def test_ways_kept_up_change_by_change_equal_a_rebuild(world, policy):  # noqa: F811
    """Each step is worked off alone, so every note must reach all the ways that it concerns."""
    set_credit_rules(policy=policy, actor=None)
    company, other = (services.ensure_company(name=name) for name in ("Halden Pumps", "Orr Valves"))
    letter = world.campaigns["Letter"]
    one, two, three = world.lead("Ada", company=company), world.lead("Bea", 4), world.lead("", 6)
    steps = [
        lambda: world.touch(one, 1),
        lambda: world.won(one, at=5),
        lambda: world.touch(two, 3, "Hanover"),
        lambda: world.deal(two, at=7),
        lambda: world.deal(None, at=8, company=company),
        lambda: world.touch(three, 7, "Letter"),
        lambda: services.record_touch(
            lead=two, side="marketing", kind="email", occurred_at=day(4), campaign=letter, actor=None
        ),
        lambda: works_for(two, company),
        lambda: works_for(three, company),
        lambda: world.lead("Bea", 8, company=other),
        lambda: works_for(one, other),
        lambda: services.merge_leads(survivor=one, duplicate=two, actor=None),
        lambda: campaigns.update_campaign(campaign=letter, channel=world.channels["Search"], actor=None),
        lambda: works_for(one, company),
        lambda: campaigns.update_campaign(campaign=letter, channel=None, actor=None),
        lambda: world.touch(two, 5, "Letter"),
        lambda: services.void_touch(touch=one.touches.first(), actor=None),
        lambda: services.move_lead(
            Lead.objects.get(id=three.id), world.stages["disqualified"], actor=None, occurred_at=day(9), reason="no_need"
        ),
        lambda: services.unmerge_lead(lead=two, actor=None),
        lambda: services.void_lead(lead=Lead.objects.get(id=two.id), actor=None),
    ]
    for step in steps:
        step()
        rollup.drain()
        kept = segment_bytes()
        rollup.note_everything()
        rollup.drain()
        assert segment_bytes() == kept
