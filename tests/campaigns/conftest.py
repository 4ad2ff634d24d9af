"""A campaign of November 2026, planned by both teams, seen on the 22nd."""

import datetime as dt

import pytest

from campaigns.services import ensure_channel, plan_campaign, record_spend

TODAY = dt.date(2026, 11, 22)


@pytest.fixture
def on_the_day(time_machine):
    time_machine.move_to(dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC), tick=False)


@pytest.fixture
def campaign(people, on_the_day):
    return plan_campaign(
        name="Webinar: leak-free",
        channel=ensure_channel(name="Webinar"),
        marketing_owner=people["colleague"],
        sales_owner=people["member"],
        starts_on=dt.date(2026, 11, 1),
        ends_on=dt.date(2026, 12, 10),
        brief="For plant managers.",
        actor=people["colleague"],
    )


@pytest.fixture
def cost(people):
    """`cost(campaign, 100_00, "invoiced", first=…, last=…)`: a cost line, of one day unless a last one is given."""

    def one(campaign, amount, status="invoiced", *, first=dt.date(2026, 11, 10), last=None, currency="EUR", **more):
        return record_spend(
            amount=amount,
            currency=currency,
            service_from=first,
            service_to=last or first,
            status=status,
            campaign=campaign,
            actor=people["colleague"],
            **more,
        )

    return one
