"""Leads to look at, and the pages as a person sees them."""

import datetime as dt

import pytest

from campaigns.services import ensure_channel
from funnel.services import ensure_region, ensure_segment
from leads.services import create_lead, ensure_company, ensure_contact


@pytest.fixture
def enter(stages, people):
    """`enter("Anna Brandt", owner="member", stage="mql")`: a lead that came in ten days ago, complete."""
    known = {"channel": ensure_channel(name="Search"), "segment": ensure_segment(name="Pumps")}
    known["region"] = ensure_region(name="North")

    def one(name, *, owner=None, stage="inquiry", company="Brandt Pumpen", days=10, **fields):
        firm = ensure_company(name=company)
        contact = ensure_contact(name=name, email=f"{name.split()[0].lower()}@{len(name)}.example", company=firm)
        return create_lead(
            stage=stages[stage],
            occurred_at=dt.datetime.now(dt.UTC) - dt.timedelta(days=days),
            actor=None,
            owner=people[owner] if owner else None,
            contact=contact,
            company=firm,
            **known | fields,
        )

    return one


@pytest.fixture
def see(client, people):
    """`see("member", "/leads/")`: the answer to that person."""

    def get(who, path):
        client.force_login(people[who], backend="django.contrib.auth.backends.ModelBackend")
        return client.get(path)

    return get
