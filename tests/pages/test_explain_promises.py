"""The explanation of a promise's number: what was kept, what stands apart, what was promised, and exactly the leads."""

import re
from html import unescape

import pytest

from accounts.models import Role, Team
from accounts.services import add_person, give_role
from core.models import Organisation
from metrics import rollup
from tests.metrics.promising import START, exclude, handed, sign

pytestmark = pytest.mark.django_db

MAY = "from=2025-05-01&to=2025-06-01"
S1 = {"key": "S1", "seconds": 4 * 3600, "share": 9_000}


@pytest.fixture
def signed_in(client, people):
    client.force_login(people["administrator"])
    return client


@pytest.fixture
def may(stages, people):
    """Ten handoffs: eight contacted in time, one too late, one left out with both teams' consent."""
    sign(S1)
    rep = people["member"]
    handed(8, "2025-05-06T09:00", owner=rep, called="2025-05-06T12:00")
    handed(1, "2025-05-06T09:00", owner=rep, called="2025-05-07T12:00")
    exclude(handed(1, "2025-05-06T09:00", owner=rep), "S1")


def words(answer) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.content.decode())).split())


def test_a_promise_says_what_was_kept_and_promised_and_what_both_teams_left_out(signed_in, may):
    text = words(signed_in.get(f"/explain/first_follow_up/?{MAY}"))
    for part in (
        "88.9%",
        "Contacted in time 8",
        "Due 9",
        "Left out with both teams' consent, more than 5 % of all 1",
        "Promised 90.0%",
        "Of the promise 98.8%",
        "Behind it (10)",
    ):
        assert part in text, part
    rows = re.findall(r"2025-\d\d-\d\d (yes|no|left out)", text)
    assert sorted(rows) == ["left out", "no"] + ["yes"] * 8


def test_bounds_stand_where_the_value_would(signed_in, stages):
    handed(6, "2025-05-06T09:00", then="sal 2025-05-07T10:00")
    handed(2, "2025-05-06T09:00", then="recycled 2025-05-07T10:00", reason="timing")
    handed(2, "2025-05-06T09:00")
    rollup.drain()
    text = words(signed_in.get(f"/explain/acceptance_rate/?{MAY}"))
    assert "Acceptance 60.0% to 80.0%" in text
    assert "more than 15 % of the handoffs are still open, so only its bounds are known" in text
    assert "Acceptance at least 60.0% to 80.0%" in words(signed_in.get(f"/explain/acceptance_bounds/?{MAY}"))


def test_a_restricted_reader_sees_the_same_number_and_fewer_leads(client, may):
    Organisation.objects.update(lead_visibility="own")
    person = add_person(email="new@example.com", name="New", password=None, actor=None)
    give_role(user=person, role=Role.REP, team=Team.objects.get(name="Sales"), from_day=START, actor=None)
    client.force_login(person)
    text = words(client.get(f"/explain/first_follow_up/?{MAY}"))
    assert "88.9%" in text
    assert "Contacted in time 8" in text
    assert "10 of them you may not open; they count all the same." in text
