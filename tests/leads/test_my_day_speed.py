"""My day for a rep with 500 open leads asks as many queries as for one; `pytest -s` prints its processor time as well."""

import time

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from leads.models import Lead, LeadEvent, Touch
from leads.services import ensure_company, ensure_contact
from leads.services.stories import append_lead_stories
from tests.leads.handing_over import hand_over, promise, t

pytestmark = pytest.mark.django_db


def test_five_hundred_open_leads_ask_no_more_queries_than_one(stages, people, see, client):
    promise()
    with time_machine.travel(t(10), tick=False):
        hand_over(stages, owner=people["member"])
        see("member", "/my-day/")
        one = _queries(client)
        _hand_over_many(499, stages, people)
        many = _queries(client)
        sections = client.get("/my-day/").context["day"].sections
        assert [(section.key, section.total) for section in sections] == [("contact", 500), ("decide", 500)]
        took = {path: min(_seconds(client, path) for _ in range(5)) for path in ("/my-day/", "/my-day/count/")}
    print({path: f"{cpu * 1000:.0f} ms of processor time" for path, cpu in took.items()}, many, "queries")  # noqa: T201
    assert many == one > 0


def _queries(client) -> int:
    with CaptureQueriesContext(connection) as found:
        client.get("/my-day/")
    return len(found)


def _seconds(client, path: str) -> float:
    begun = time.process_time()
    assert client.get(path).status_code == 200
    return time.process_time() - begun


def _hand_over_many(count: int, stages, people) -> None:
    firm = ensure_company(name="Brandt Pumpen")
    leads, events, touches = [], [], []
    for n in range(count):
        contact = ensure_contact(name=f"Lead {n}", email=f"lead{n}@brandt.example", phone="+49 30 1234567", company=firm)
        lead = Lead(source="told", external_id=str(n), contact=contact, company=firm)
        leads.append(lead)
        at = t(9, n % 60)
        events.append(
            LeadEvent(
                lead=lead, kind="created", to_stage=stages["mql"], owner=people["member"], occurred_at=at, source="told"
            )
        )
        touches += [
            Touch(lead=lead, side="marketing", kind="form", occurred_at=t(8, minute), source="told") for minute in range(4)
        ]
    append_lead_stories(contacts=[], leads=leads, touches=touches, notes=[], events=events, actor=None)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
