"""Stays and touches say what was logged late, handoffs and obligations have segments: the worker packs all days anew."""

import datetime as dt

from django.db import migrations
from django.db.models import F


def pack_anew(apps, schema_editor):
    segments, notes = apps.get_model("metrics", "Segment"), apps.get_model("core", "StaleNote")
    days = set(segments.objects.values_list("day", flat=True).distinct())
    days |= set(apps.get_model("leads", "Handoff").objects.values_list("entered_day", flat=True).distinct())
    due = apps.get_model("leads", "Obligation").objects.filter(due_day__isnull=False)
    days |= set(due.values_list("due_day", flat=True).distinct())
    now = dt.datetime.now(dt.UTC)
    notes.objects.bulk_create([notes(lead_id=None, day=day, noted_at=now) for day in sorted(days)], batch_size=1_000)
    segments.objects.all().delete()
    # Readers drop what they hold of the old layout.
    apps.get_model("metrics", "RollupState").objects.update(epoch=F("epoch") + 1)


class Migration(migrations.Migration):
    dependencies = [
        ("metrics", "0003_heartbeats_are_the_house_s"),
        ("leads", "0008_handoffs_by_day"),
        ("core", "__first__"),
    ]

    operations = [migrations.RunPython(pack_anew, migrations.RunPython.noop)]
