"""A lead that an import brings is given away like any other; an import's history is not."""

import datetime as dt

from accounts.models import Team
from leads.models import ImportBatch, Lead
from leads.services import add_note
from leads.services.routing import BATCH
from leads.services.undo import undo_leads, written_leads
from tests.leads.routing_by import now, owner_of, routed, rule, switch_on

MAPPING = """
    entity = "lead"
    source = "crm"
    [columns]
    external_id = "id"
    created_at = "created"
    [constants]
    stage = "mql"
    [dates]
    created_at = ["iso"]
"""


def file(*days_ago: int) -> str:
    rows = [f"L{n},{(now() - dt.timedelta(days=ago, hours=1)).isoformat()}" for n, ago in enumerate(days_ago)]
    return "id,created\n" + "\n".join(rows) + "\n"


def test_new_leads_of_a_file_are_given_away_and_old_history_is_not(bring, people):
    switch_on()
    rule(team=Team.objects.get(name="Sales"))
    bring(file(0, 2, 30, 400), MAPPING)
    assert (routed(), routed()) == (2, 0)
    owners = [owner_of(lead) for lead in Lead.objects.order_by("external_id")]
    assert owners == [people["member"], people["member"], None, None]
    # The same file again changes nothing, so nothing is given away again.
    bring(file(0, 2, 30, 400), MAPPING)
    assert routed() == 0


def test_a_large_file_is_given_away_in_several_rounds(bring, people):
    switch_on()
    rule(team=Team.objects.get(name="Sales"))
    bring(file(*[0] * (BATCH + 5)), MAPPING)
    assert routed() == BATCH + 5
    assert Lead.objects.filter(owner=people["member"]).count() == BATCH + 5


def test_an_import_is_taken_back_with_what_routing_gave_away_of_it(bring, people):
    switch_on()
    rule(team=Team.objects.get(name="Sales"))
    bring(file(0, 1), MAPPING)
    routed()
    touched = Lead.objects.get(external_id="L1")
    add_note(lead=touched, text="called", author=people["member"], occurred_at=now())
    batch = ImportBatch.objects.get()
    kept = undo_leads(batch=batch, ids=written_leads(batch), actor=people["marketing_lead"])
    assert kept == [(touched.pk, "has a note")]
    assert list(Lead.objects.filter(voided=False)) == [touched]
