"""Bulk reading for a test on history: the same numbers and days that reading row by row gives."""

import datetime as dt

import numpy as np
import pytest
from django.db.models import F

from core.models import CompanyZone
from core.periods import day_number
from core.queries import calendar
from leads.models import Lead
from metrics.backtest_days import days_of
from metrics.codes import micros_of
from metrics.methods.backtest import UNKNOWN
from metrics.packed_reading import instant, integers, whole

pytestmark = pytest.mark.django_db
SECOND = dt.datetime(2026, 3, 3, 12, 0, 7, tzinfo=dt.UTC)
MICROS = (0, 1, 120_000, 999_999)


@pytest.mark.parametrize("fractions", [(0, 0), (7, 8), MICROS], ids=["whole seconds", "fractions", "both"])
def test_instants_are_read_to_the_microsecond(company, fractions):
    told = [SECOND.replace(microsecond=fraction) for fraction in fractions]
    leads = [Lead.objects.create(created_at=at) for at in told]
    found = integers(Lead.objects.values_list("id", "created_at"))
    assert sorted(found.T.tolist()) == [[lead.pk, micros_of(at)] for lead, at in zip(leads, told, strict=True)]


def test_what_is_not_known_is_unknown_and_no_row_is_lost(company):
    known = Lead.objects.create(created_at=SECOND, score=-3)
    without = Lead.objects.create()
    rows = Lead.objects.annotate(points=whole(F("score")), came=instant(F("created_at"))).values_list("id", "points", "came")
    found = sorted(integers(rows).T.tolist())
    assert found == [[known.pk, -3, micros_of(SECOND)], [without.pk, UNKNOWN, UNKNOWN]]
    assert integers(rows.filter(id=0)).shape == integers(rows.filter(id__in=[])).shape == (3, 0)


@pytest.mark.parametrize(
    ("first", "then"), [("Europe/Berlin", "America/New_York"), ("Asia/Kathmandu", "Pacific/Auckland"), ("UTC", "UTC")]
)
def test_days_of_many_instants_are_those_of_the_calendar_also_where_clocks_or_the_zone_change(company, first, then):
    CompanyZone.objects.all().delete()
    for day, zone in ((dt.date(2025, 1, 1), first), (dt.date(2026, 2, 10), then)):
        CompanyZone.objects.create(from_day=day, tz=zone)
    cal = calendar()
    begin = dt.datetime(2026, 1, 20, tzinfo=dt.UTC)
    instants = [begin + i * dt.timedelta(minutes=15, microseconds=-1) for i in range(96 * 300)]
    found = days_of(np.array([micros_of(at) for at in instants]), cal)
    assert found.tolist() == [day_number(cal.day_of(at)) for at in instants]
