"""SQLite is told what stands behind its indexes, so that the touches of one lead are found without reading all of them."""

import pytest
from django.db import connection

from config.celery import app
from core.tasks import tell_planner
from leads import services
from leads.models import Touch

pytestmark = pytest.mark.django_db


@pytest.fixture
def leads(stages, at):
    found = [services.create_lead(stage=stages["inquiry"], occurred_at=at(3, 1), actor=None) for _ in range(20)]
    for day in range(2, 6):
        for lead in found:
            services.record_touch(lead=lead, side="marketing", kind="visit", occurred_at=at(3, day), actor=None)
    return found


def plan_for(lead) -> str:
    return Touch.objects.filter(lead_id__in=[lead.id], voids__isnull=True).explain()


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL finds out by itself")
def test_touches_of_one_lead_are_found_by_the_lead(leads):
    assert "leads_touch_lead" not in plan_for(leads[0])  # untold it goes through everything that voids nothing
    tell_planner()
    assert "leads_touch_lead" in plan_for(leads[0])


def test_telling_is_harmless_anywhere_and_twice(leads):
    tell_planner()
    tell_planner()
    assert Touch.objects.count() == 80


def test_the_worker_tells_every_five_minutes():
    assert {job["schedule"] for job in app.conf.beat_schedule.values() if job["task"] == tell_planner.name} == {300.0}
