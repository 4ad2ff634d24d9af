"""M1 to M4: what marketing promised for a month and what it handed over (metrics-spec 3.1), to the digit."""

import datetime as dt

import pytest
from django.db import connection

from core.maintenance import maintenance
from funnel import services as funnel
from funnel.models import Holiday
from leads.models import Handoff, LeadEvent
from leads.projection import refresh_leads
from leads.services import append_lead_events, ensure_company, ensure_contact
from leads.services.history import change_contacts
from leads.services.rebuilding import rebuild_since
from metrics import rollup
from metrics.questions import reader_of
from tests.metrics.journeys import by_key, figure
from tests.metrics.promising import berlin, handed, sign

pytestmark = pytest.mark.django_db

MAY = "2025-05-01/2025-06-01"
LINES = (
    {"key": "M1", "tier": "demo", "volume": 40, "cap": 12_000},
    {"key": "M1", "tier": "webinar", "volume": 150, "cap": 12_000},
    {"key": "M2", "amount": 140_000_00},
)
VALUES = [("demo", 2_000_00), ("webinar", 400_00)]
FIELDS = ("name", "email", "phone", "company", "segment", "tier")


@pytest.fixture
def month(stages):
    """The month of the specification: 34 demo leads of 40, 165 webinar leads of 150."""
    sign(*LINES, values=VALUES)
    handed(34, "2025-05-06T10:00", tier="demo")
    handed(165, "2025-05-07T10:00", tier="webinar")


def test_the_month_that_looks_fine_in_volume_and_is_short_in_value(month):
    volume, value = figure("qualified_volume", MAY), figure("qualified_value", MAY)
    assert (volume["numerator"], volume["denominator"]) == (199, 190)
    assert round(volume["value"] * 100, 1) == 104.7
    assert (value["numerator"], value["denominator"]) == (134_000_00, 140_000_00)
    assert round(value["value"] * 100, 1) == 95.7
    tiers = by_key(figure("qualified_volume", MAY, by="tier"))
    assert tiers == {"demo": 0.85, "webinar": 1.1}


def test_no_tier_counts_for_more_than_its_cap(month):
    handed(100, "2025-05-08T10:00", tier="webinar")
    found = figure("qualified_volume", MAY)
    assert (found["numerator"], found["denominator"], found["n"]) == (34 + 180, 190, 299)


def test_a_tier_without_a_value_is_unknown_not_zero(month):
    handed(2, "2025-05-08T10:00", tier="fair")
    found = figure("qualified_value", MAY)
    assert (found["status"], found["unknown"], found["numerator"]) == ("partial", 2, 134_000_00)
    # Nothing is promised in volume for this tier: its leads are said to stand apart.
    assert figure("qualified_volume", MAY)["excluded"] == {"in a tier or at a time for which nothing is promised": 2}


def test_what_is_expected_so_far_goes_by_the_working_days_that_are_over(stages):
    Holiday.objects.create(day=dt.date(2025, 5, 1), name="Labour Day")
    sign(LINES[2], values=[("demo", 2_000_00)])
    handed(26, "2025-05-06T10:00", tier="demo")
    # 21 working days in May without the holiday; on the 14th, eight of them are over.
    found = figure("qualified_value", MAY, now=berlin("2025-05-14T11:00"))
    assert (found["numerator"], found["denominator"]) == (52_000_00, 5_333_333.33)
    assert round(found["value"] * 100, 1) == 97.5


def test_the_first_day_of_a_month_expects_nothing_yet(month):
    found = figure("qualified_volume", MAY, now=berlin("2025-05-01T11:00"))
    assert (found["status"], found["value"], found["denominator"]) == ("undefined", None, 0)


def test_two_versions_in_a_month_are_prorated_each_by_its_own_days_and_shown_apart(month):
    version = funnel.draft_version(actor=None)
    sign({"key": "M1", "volume": 22}, version=version)
    funnel.put_in_force(agreement=version, from_day=dt.date(2025, 5, 19), actor=None)
    rebuild_since(dt.date(2025, 5, 19))
    handed(5, "2025-05-20T10:00", tier="demo")
    found = figure("qualified_volume", MAY)
    # May 2025 has 22 working days: 12 before the 19th, 10 from it on.
    first, second = found["versions"]
    assert (found["status"], found["definition_version"]) == ("mixed", [1, 2])
    assert (first["key"], first["denominator"], first["n"]) == ("1", 103.64, 199)
    assert (second["key"], second["denominator"], second["n"], second["value"]) == ("2", 10, 5, 0.5)
    # The caps of the first version follow its part of the month: 40 × 12/22 × 1.2 and 150 × 12/22 × 1.2.
    assert found["numerator"] == round(190 * 12 / 22 * 1.2 - (40 * 12 / 22 * 1.2 - min(34, 40 * 12 / 22 * 1.2)) + 5, 2)


def test_context_counts_the_required_fields_that_were_there_at_the_handoff(stages):
    sign({"key": "M3", "share": 9_500}, fields=FIELDS)
    known = {"contact": ensure_contact(name="Anna", email="anna@example.com", phone="1"), "tier": "demo"}
    known |= {"segment": funnel.ensure_segment(name="Mid")}
    handed(96, "2025-05-06T10:00", **known)  # five of six: the company is missing
    handed(103, "2025-05-07T10:00", **known, company=ensure_company(name="Brandt Pumpen"))
    found = figure("context_completeness", MAY)
    assert (found["numerator"], found["denominator"], found["n"]) == (1_098, 1_194, 199)
    assert round(found["value"] * 100, 1) == 92.0
    assert round(found["promise"]["attainment"] * 100, 1) == 96.8


def test_what_is_filled_in_or_erased_later_changes_nothing(stages):
    sign({"key": "M3", "share": 9_500}, fields=("name", "email"))
    anna = ensure_contact(name="Anna", email="")
    (lead,) = handed(1, "2025-05-06T10:00", contact=anna)
    assert figure("context_completeness", MAY)["value"] == 0.5
    for email, name in (("anna@example.com", "Anna"), ("", "")):
        anna.email, anna.name = email, name
        change_contacts(contacts=[anna], actor=None)
        refresh_leads([lead.id])
        rollup.note_everything()
        assert figure("context_completeness", MAY)["value"] == 0.5


def test_handoffs_of_which_nobody_noted_what_was_known_stand_apart(stages):
    sign({"key": "M3", "share": 9_500}, fields=("name", "email"))
    handed(1, "2025-05-06T10:00", contact=ensure_contact(name="Anna", email="anna@example.com"))
    with connection.cursor() as cursor, maintenance("a database from before"):
        cursor.execute("UPDATE leads_leadevent SET field = '', new = ''")
    rollup.note_everything()
    found = figure("context_completeness", MAY)
    assert (found["status"], found["value"]) == ("undefined", None)
    assert found["excluded"] == {"handed over before anybody noted what was known": 1}


def test_quality_counts_decisions_that_fell_due_against_the_promised_share(stages, people):
    sign({"key": "M4", "share": 8_000}, {"key": "S3", "days": 5, "share": 9_000})
    rep = people["member"]
    handed(75, "2025-05-06T10:00", owner=rep, then="sal 2025-05-07T10:00")
    handed(15, "2025-05-06T10:00", owner=rep, then="recycled 2025-05-07T10:00", reason="timing")
    handed(10, "2025-05-06T10:00", owner=rep, then="disqualified 2025-05-07T10:00", reason="no_need")
    silent = handed(4, "2025-05-06T10:00", owner=rep)
    handed(3, "2025-05-30T10:00", owner=rep, then="sal 2025-05-30T12:00")  # falls due in June
    found = figure("quality", MAY)
    assert (found["numerator"], found["denominator"], found["promise"]["measured"]) == (75, 100, 0.75)
    assert (found["value"], found["open"]) == (0.9375, 4)
    assert round(found["value"] * 100, 1) == 93.8
    # Where the agreement says so, silence counts as accepted.
    sign({"key": "M4", "share": 8_000}, {"key": "S3", "days": 5, "share": 9_000}, undecided="accepted")
    assert figure("quality", MAY)["promise"]["measured"] == 79 / 104
    # A return is marketing's turn: it counts under the completeness of context, not here.
    handoff = Handoff.objects.get(lead=silent[0])
    back = LeadEvent(
        lead=silent[0], kind="returned", about_id=handoff.entry_id, reason="context_missing",
        occurred_at=berlin("2025-05-19T10:00"),
    )  # fmt: skip
    append_lead_events([back])
    assert figure("quality", MAY)["promise"]["measured"] == 78 / 103


def test_a_version_that_promises_nothing_has_no_number(stages):
    sign()
    handed(3, "2025-05-06T10:00")
    for key in ("qualified_volume", "qualified_value", "quality", "first_follow_up"):
        found = figure(key, MAY)
        assert (found["status"], found["value"], found["n"]) == ("undefined", None, 0), key


@pytest.mark.parametrize("key", ["qualified_volume", "qualified_value", "quality"])
def test_both_teams_see_the_same_number(month, people, key):
    answers = [figure(key, MAY, by="tier", reader=reader_of(people[who])) for who in ("member", "colleague", "outsider")]
    assert answers[0] == answers[1] == answers[2]
