"""The console's people and ways through it."""

import datetime as dt

import pytest
from django.core.cache import cache

from funnel.models import Agreement
from metrics import series


@pytest.fixture(autouse=True)
def nothing_held():
    series._held.clear()
    cache.clear()
    yield
    series._held.clear()
    cache.clear()


@pytest.fixture
def as_(client, people):
    """`as_("sales_lead")`: the client, signed in as that person."""

    def signed_in(who):
        client.force_login(people[who])
        return client

    return signed_in


@pytest.fixture
def today():
    from accounts.queries import today_for

    return today_for(dt.datetime.now(dt.UTC))


@pytest.fixture
def proposed(as_):
    """Version 2, with a changed word, put to both teams by the administrator."""
    admin = as_("administrator")
    admin.post("/console/draft/")
    admin.post("/console/words/mql/edit/", {"word": "MQL", "agreed_meaning": "Ready for sales."})
    admin.post("/console/draft/propose/")
    version = Agreement.objects.get(number=2)
    assert version.state == "proposed"
    return version
