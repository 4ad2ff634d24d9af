"""Leads from files: identity, first stages, moves, corrections, people."""

import datetime as dt

import pytest

from accounts.models import User
from leads.models import Contact, Lead, LeadEvent, StageEntry
from leads.services import create_lead, move_lead

MAPPING = """
    entity = "lead"
    source = "crm"
    timezone = "America/New_York"
    [columns]
    external_id = "Id"
    created_at = "Created"
    stage = "Stage"
    stage_changed_at = "Since"
    name = "Name"
    email = "Mail"
    channel = "Source"
    company = "Company"
    owner = "Owner"
    "custom.size" = "Size"
    [dates]
    created_at = ["iso"]
    stage_changed_at = ["iso"]
    [unknown]
    owner = "create"
"""
HEADER = "Id,Created,Stage,Since,Name,Mail,Source,Company,Owner,Size\n"
ADA = "L1,2025-03-03 23:30:00,mql,,Ada,Ada@Example.com,Search,Acme,Bob Rep,10\n"


def test_a_new_lead_enters_its_stage_at_its_creation(bring, counts):
    assert counts(bring(HEADER + ADA, MAPPING)) == {"created": 1}
    lead = Lead.objects.get(source="crm", external_id="L1")
    assert lead.created_at == dt.datetime(2025, 3, 4, 4, 30, tzinfo=dt.UTC)  # the mapping's zone
    assert lead.created_day == dt.date(2025, 3, 4)  # the company's day
    assert (lead.stage.key, lead.channel.name, lead.company.name, lead.owner.name) == ("mql", "Search", "Acme", "Bob Rep")
    assert (lead.contact.name, lead.contact.email, lead.custom) == ("Ada", "ada@example.com", {"size": "10"})
    event = LeadEvent.objects.get(lead=lead)
    assert (event.kind, event.external_id, event.time_precision) == ("created", "lead:L1:created", "instant")


def test_an_owner_whom_only_the_file_knows_cannot_sign_in(bring):
    bring(HEADER + ADA, MAPPING)
    user = User.objects.get(name="Bob Rep")
    assert not user.is_active and not user.has_usable_password()
    assert user.email.endswith("@import.invalid")


def test_the_same_file_again_changes_nothing(bring, counts, rows_stored):
    text = HEADER + ADA + "L2,2025-03-04,,,,,,,,\nl2,2025-03-05,sql,,Eve,,Ads,Acme,,\n"
    assert counts(bring(text, MAPPING)) == {"created": 3}  # ids differ by letter case alone
    before = rows_stored()
    assert counts(bring(text, MAPPING)) == {"unchanged": 3}
    assert rows_stored() == before


def test_a_date_alone_is_the_company_day_whatever_the_zone_of_times(bring):
    bring(HEADER + "L2,2025-03-04,,,,,,,,\n", MAPPING)
    lead = Lead.objects.get(external_id="L2")
    assert (lead.created_day, lead.stage.key) == (dt.date(2025, 3, 4), "inquiry")
    assert LeadEvent.objects.get(lead=lead).time_precision == "day"


def test_another_stage_is_a_move_on_its_date(bring, counts):
    bring(HEADER + ADA, MAPPING)
    moved = ADA.replace("mql,,", "sql,2025-03-10 09:00:00,")
    assert counts(bring(HEADER + moved, MAPPING)) == {"updated": 1}
    assert counts(bring(HEADER + moved, MAPPING)) == {"unchanged": 1}
    stays = StageEntry.objects.order_by("position").values_list("stage__key", "entered_day")
    assert list(stays) == [("mql", dt.date(2025, 3, 4)), ("sql", dt.date(2025, 3, 10))]


def test_another_stage_without_a_date_is_rejected_or_takes_the_snapshot(bring, counts):
    bring(HEADER + ADA, MAPPING)
    moved = HEADER + ADA.replace("mql", "sql")
    report = bring(moved, MAPPING)
    assert counts(report) == {"rejected": 1}
    assert report.first_rejects[0][:2] == (2, "stage_changed_at")
    assert counts(bring(moved, MAPPING + "\n    [snapshot]\n    at = 2025-04-01")) == {"updated": 1}
    assert StageEntry.objects.get(stage__key="sql").entered_day == dt.date(2025, 4, 1)


def test_a_file_that_repeats_itself_does_not_undo_what_people_did(bring, counts, stages):
    bring(HEADER + ADA, MAPPING)
    move_lead(Lead.objects.get(), stages["sql"], actor=None)
    assert counts(bring(HEADER + ADA, MAPPING)) == {"unchanged": 1}
    assert Lead.objects.get().stage.key == "sql"


def test_a_changed_channel_is_a_correction_and_a_changed_name_is_not_an_event(bring, counts):
    bring(HEADER + ADA, MAPPING)
    assert counts(bring(HEADER + ADA.replace("Search", "Ads"), MAPPING)) == {"updated": 1}
    assert Lead.objects.get().channel.name == "Ads"
    event = LeadEvent.objects.get(kind="amended")
    assert (event.field, event.new) == ("channel_id", str(Lead.objects.get().channel_id))
    events = LeadEvent.objects.count()
    assert counts(bring(HEADER + ADA.replace("Search", "Ads").replace("Ada,", "Ada L,"), MAPPING)) == {"updated": 1}
    assert Contact.objects.get().name == "Ada L" and LeadEvent.objects.count() == events


def test_empty_cells_change_nothing(bring, counts):
    bring(HEADER + ADA, MAPPING)
    assert counts(bring(HEADER + "L1,,,,,,,,,\n", MAPPING)) == {"unchanged": 1}


def test_two_leads_with_one_address_and_two_names_keep_both(bring, counts, rows_stored):
    text = HEADER + ADA + ADA.replace("L1", "L2").replace("Ada,", "Ida,")
    bring(text, MAPPING)
    before = rows_stored()
    assert counts(bring(text, MAPPING)) == {"unchanged": 2}
    assert rows_stored() == before
    assert sorted(Contact.objects.values_list("name", flat=True)) == ["Ada", "Ida"]


def test_a_new_owner_is_an_assignment(bring, counts):
    bring(HEADER + ADA, MAPPING)
    assert counts(bring(HEADER + ADA.replace("Bob", "Rob"), MAPPING)) == {"updated": 1}
    assert Lead.objects.get().owner.name == "Rob Rep"
    assert counts(bring(HEADER + ADA.replace("Bob", "Rob"), MAPPING)) == {"unchanged": 1}


def test_the_api_and_a_file_agree_about_who_is_who(bring, counts, stages, at):
    create_lead(stage=stages["mql"], occurred_at=at(3, 1), actor=None, source="crm", external_id="L1")
    assert counts(bring(HEADER + "L1,2026-03-01T12:00:00Z,mql,,,,,,,\n", MAPPING)) == {"unchanged": 1}


@pytest.mark.parametrize(
    ("row", "field"),
    [
        (",2025-03-04,,,,,,,,", "external_id"),
        ("L9,,,,,,,,,", "created_at"),
        ("L9,2999-01-01,,,,,,,,", "created_at"),
        ("L9,1969-12-31,,,,,,,,", "created_at"),
        ("L9,TBD,,,,,,,,", "created_at"),
        ("L9,03/04/2025,,,,,,,,", "created_at"),
        ("L9,2025-02-30,,,,,,,,", "created_at"),
        ("L9,2025-03-04,Negotiation,,,,,,,", "stage"),
        ("L9,2025-03-04,,,A\0B,,,,,", "name"),
        (f"L9,2025-03-04,,,{'x' * 201},,,,,", "name"),
        ("L9,2025-03-04,,,", ""),
    ],
)
def test_a_wrong_row_is_rejected_alone_and_leaves_nothing(bring, counts, rows_stored, row, field):
    bring(HEADER + ADA, MAPPING)
    before = rows_stored()
    report = bring(HEADER + ADA + row + "\n", MAPPING)
    assert counts(report) == {"unchanged": 1, "rejected": 1}
    assert report.first_rejects[0][:2] == (3, field)
    assert rows_stored() == before


def test_a_rejected_row_does_not_even_leave_the_channel_it_named(bring, rows_stored):
    before = rows_stored()
    bring(HEADER + "L9,2025-03-04,Negotiation,,,,New channel,New company,New owner,\n", MAPPING)
    assert rows_stored() == before


def test_emitted_parts_stand_and_fall_with_their_row(bring, counts, rows_stored):
    mapping = (
        MAPPING
        + """
    [[emit]]
    entity = "stage_change"
    when = "Won"
    [emit.columns]
    occurred_at = "Won"
    [emit.constants]
    stage = "won"
    """
    )
    head = HEADER.replace("\n", ",Won\n")
    before = rows_stored()
    assert counts(bring(head + ADA.replace("\n", ",soon\n"), mapping)) == {"rejected": 1}
    assert rows_stored() == before
    good = head + ADA.replace("\n", ",2025-05-01\n") + "L2,2025-03-04,,,,,,,,,\n"
    assert counts(bring(good, mapping)) == {"created": 2}
    assert Lead.objects.get(external_id="L1").stage.key == "won"
    assert counts(bring(good, mapping)) == {"unchanged": 2}


def test_a_flag_without_a_date_is_an_event_of_unknown_time(bring, counts):
    mapping = (
        MAPPING
        + """
    [[emit]]
    entity = "stage_change"
    when = "Converted"
    [emit.columns]
    occurred_at = "At"
    [emit.constants]
    stage = "opportunity"
    """
    )
    text = (
        HEADER.replace("\n", ",Converted,At\n")
        + ADA.replace("\n", ",true,\n")
        + ADA.replace("L1", "L2").replace("\n", ",false,\n")
    )
    assert counts(bring(text, mapping)) == {"created": 2}
    entry = StageEntry.objects.get(stage__key="opportunity")
    assert (entry.lead.external_id, entry.entered_precision) == ("L1", "unknown")
    assert counts(bring(text, mapping)) == {"unchanged": 2}


def test_a_failure_in_the_middle_costs_one_row(bring, counts, monkeypatch):
    from integrations.entities import lead as module

    plan = module.plan

    def failing(item, chunk):
        if item.key == "L2":
            raise ZeroDivisionError
        return plan(item, chunk)

    monkeypatch.setattr(module, "plan", failing)
    text = HEADER + "".join(ADA.replace("L1", f"L{n}") for n in range(1, 4))
    report = bring(text, MAPPING)
    assert counts(report) == {"created": 2, "rejected": 1}
    assert report.first_rejects == [(3, "", "could not be stored (ZeroDivisionError); the log has the details")]


def test_a_dry_run_says_the_same_and_stores_nothing(bring, counts, rows_stored):
    before = rows_stored()
    assert counts(bring(HEADER + ADA, MAPPING, dry_run=True)) == {"created": 1}
    assert rows_stored() == before


def test_filters_skip_and_are_counted(bring, counts):
    text = HEADER + ADA + ADA.replace("L1", "L2").replace("Search", "") + ",,,,,,,,,\n"
    assert counts(bring(text, MAPPING + '\n    [filter]\n    Source = ["*"]')) == {"created": 1, "skipped": 2}
