"""Many rows in one statement are the rows that Django would have stored one by one."""

import datetime as dt

import pytest

from core.bulk_rows import insert_rows, insert_values, update_values
from leads.models import Company, Contact, Lead, LeadEvent

pytestmark = pytest.mark.django_db
AT = dt.datetime(2026, 3, 5, 12, 30, 15, 123456, tzinfo=dt.timezone(dt.timedelta(hours=2)))


def leads(stage, number: int) -> list[Lead]:
    return [
        Lead(source="file", external_id=f"{i:04}", score=i or None, custom={"size": i} if i % 2 else {}, tier="ä",
             stage=stage, stage_since=AT, created_day=AT.date())
        for i in range(number)
    ]  # fmt: skip


def stored(model, leave_out: str = "") -> list[dict]:
    rows = list(model.objects.order_by("id").values())
    return [{name: value for name, value in row.items() if name not in ("id", leave_out)} for row in rows]


def test_the_rows_are_those_of_bulk_create(stages):
    insert_rows(leads(stages["mql"], 3))
    first = stored(Lead)
    Lead.objects.all().delete()
    Lead.objects.bulk_create(leads(stages["mql"], 3))
    assert first == stored(Lead)


def test_keys_come_in_the_order_of_the_rows_over_several_statements(stages):
    rows = leads(stages["mql"], 1_201)
    insert_rows(rows)
    assert [row.external_id for row in Lead.objects.order_by("id")] == [row.external_id for row in rows]
    assert [row.pk for row in rows] == list(Lead.objects.order_by("id").values_list("id", flat=True))


def test_a_row_stored_after_another_was_made_with_it_is_referred_to(company):
    house = Company(name="Mill")
    contact = Contact(name="Ada", company=house)
    insert_rows([house])
    insert_rows([contact])
    assert Contact.objects.get().company == house


def test_what_the_database_fills_in_is_there_when_somebody_asks(stages):
    lead, *_ = rows = leads(stages["mql"], 1)
    insert_rows(rows)
    event = LeadEvent(lead=lead, kind="created", to_stage=stages["mql"], occurred_at=AT)
    insert_rows([event])
    assert event.recorded_at == LeadEvent.objects.get().recorded_at
    assert LeadEvent.objects.get().occurred_at == AT


def test_columns_of_many_rows_are_stored_at_once(stages):
    keys = insert_values(Lead, ["source", "origin", "tier", "custom", "version", "voided", "clock_skew", "source_missing"],
                         [("file", "sales", "a", {}, 0, False, False, False)] * 700)  # fmt: skip
    update_values(Lead, ["tier", "created_at", "stage_id"], [(key, "b", AT, None) for key in keys[:-1]])
    assert Lead.objects.filter(tier="b", created_at=AT, stage=None).count() == 699
    assert Lead.objects.get(id=keys[-1]).tier == "a"
