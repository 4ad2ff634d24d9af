"""The second opinion on ways agrees with what the worker laid, and names what somebody changed."""

import pytest

from leads import services
from metrics.check import check
from metrics.models import Segment
from metrics.segments import pack, unpack
from metrics.services import set_credit_rules
from tests.metrics.attributing import day, world  # noqa: F401 - fixture


@pytest.fixture
def told(world):  # noqa: F811
    company = services.ensure_company(name="Halden Pumps")
    one, two, nameless = world.lead("Ada", company=company), world.lead("Bea", 4), world.lead("", 6)
    colleague = services.ensure_contact(name="Cyd", email="cyd@example.com", company=company)
    for lead, at, campaign in ((one, 0.5, "Spring"), (one, 0.51, "Spring"), (two, 3, "Hanover"), (nameless, 7, "Letter")):
        world.touch(lead, at, campaign)
    world.touch(None, 5, contact=colleague)
    world.won(one)
    world.won(two, close=4)
    world.deal(None, at=8, company=company)
    services.merge_leads(survivor=one, duplicate=two, actor=None)
    services.void_touch(touch=one.touches.first(), actor=None)
    world.now()
    return world


@pytest.mark.parametrize("policy", ["contact", "account"])
def test_both_computations_lay_the_same_ways(told, policy):
    set_credit_rules(policy=policy, lookback=300, actor=None)
    told.now()
    assert [str(difference) for difference in check()] == []


def test_a_way_that_was_tampered_with_is_found(told):
    segment = Segment.objects.filter(kind="path").order_by("day").first()
    rows = {name: column.copy() for name, column in unpack(segment.payload).items()}
    rows["campaign"][0] += 1
    Segment.objects.filter(id=segment.id).update(payload=pack("path", rows))
    assert [difference.column for difference in check()] == ["campaign"]
