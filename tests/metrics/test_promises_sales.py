"""S1 to S4 and the routing leg: what was due in the month, and what of it was kept (metrics-spec 3.2 to 3.4)."""

import pytest

from tests.metrics.journeys import figure
from tests.metrics.promising import exclude, handed, sign

pytestmark = pytest.mark.django_db

MAY = "2025-05-01/2025-06-01"
S1 = {"key": "S1", "seconds": 4 * 3600, "share": 9_000}


@pytest.fixture
def rep(people):
    return people["member"]


def test_the_example_of_fifty_in_may(stages, rep):
    sign(S1)
    excluded = handed(3, "2025-05-06T09:00", owner=rep)
    handed(41, "2025-05-06T09:00", owner=rep, called="2025-05-06T12:00")
    handed(4, "2025-05-06T09:00", owner=rep, called="2025-05-07T12:00")
    handed(2, "2025-05-06T09:00", owner=rep)
    exclude(excluded, "S1")
    found = figure("first_follow_up", MAY)
    assert round(found["value"] * 100, 1) == 87.2
    assert (found["numerator"], found["denominator"], found["n"]) == (41, 47, 47)
    assert found["promise"] == {
        "due": 47, "met": 41, "missed": 6, "excluded": 3, "late_logged": 45, "qualified": True,
        "promised": 0.9, "attainment": 41 / (47 * 0.9),
    }  # fmt: skip
