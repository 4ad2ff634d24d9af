"""What a lead does after it was set aside changes what is told about that day: by patch as by recomputation."""

import pytest

from leads.models import LeadEvent
from leads.services import append_lead_events, create_lead
from metrics import rollup
from metrics.check import check

pytestmark = pytest.mark.django_db


def test_a_later_reach_is_brought_into_the_row_of_the_detour(stages, at):
    lead = create_lead(stage=stages["mql"], occurred_at=at(1, 5), actor=None)
    for day, key in ((10, "recycled"), (20, "mql"), (25, "sal")):
        move = LeadEvent(lead=lead, kind="moved", to_stage=stages[key], occurred_at=at(1, day))
        append_lead_events([move])
    rollup.drain()
    append_lead_events([LeadEvent(lead=lead, kind="moved", to_stage=stages["sql"], occurred_at=at(2, 3))])
    rollup.drain()
    assert check() == []
