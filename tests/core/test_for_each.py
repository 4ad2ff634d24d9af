"""One that breaks does not keep the others waiting, and shows on the health page."""

import datetime as dt

import pytest
from django.db import OperationalError

from core.each import for_each
from core.models import TaskFailure
from funnel.models import Region

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 3, 3, 9, tzinfo=dt.UTC)


def write(name: str) -> bool:
    Region.objects.create(name=name)
    if name == "South":
        raise ValueError(f"{name} is not for the log")
    return name != "Quiet"


def test_the_others_go_on_and_what_broke_leaves_nothing_behind(caplog):
    assert for_each(["North", "South", "Quiet", "East"], write, job="leads.tasks.remind", now=NOW) == 2
    assert list(Region.objects.order_by("id").values_list("name", flat=True)) == ["North", "Quiet", "East"]
    assert list(TaskFailure.objects.values_list("task", "error", "times")) == [("leads.tasks.remind", "ValueError", 1)]
    assert [record.getMessage() for record in caplog.records] == ["One of many failed in leads.tasks.remind (ValueError)."]


def test_a_database_that_is_away_stops_the_job():
    def away(_):
        raise OperationalError("connection refused")

    with pytest.raises(OperationalError):
        for_each([1], away, job="leads.tasks.remind", now=NOW)
    assert not TaskFailure.objects.exists()
