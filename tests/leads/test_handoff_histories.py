"""Whatever happens in whatever order: handoffs and what is owed are the same as if all was read again from the events."""

import datetime as dt
import os
from collections import Counter
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule

from funnel.models import Promise, WorkingCalendar
from leads import services
from leads.handoffs import STEPS
from leads.models import CONTACT_KINDS, Decision, Handoff, LeadEvent, Obligation, StageEntry, Touch
from leads.obligations import count_due, standing
from leads.services.rebuilding import rebuild_everything
from metrics import rollup, series
from metrics.answers import ask
from metrics.check import check
from metrics.definitions import METRICS, Kind
from metrics.questions import Reader
from tests.metrics.machine import MOMENTS, PICK, Company
from tests.metrics.test_incremental import segment_bytes

PROFILES = {"ci": (25, 25), "release": (500, 50), "quick": (5, 25)}
EXAMPLES, NUMBER_OF_STEPS = PROFILES[os.environ.get("HYPOTHESIS_PROFILE", "ci")]
HANDOFF = [field.attname for field in Handoff._meta.concrete_fields]
OBLIGATION = [field.attname for field in Obligation._meta.concrete_fields if field.attname != "id"]
NEW = st.sampled_from(["", "yes", "no", "open", *Decision.values])
FIELDS = st.sampled_from(["S1", "S3", "routing", "meeting", "waiver", "contact"])


def stored() -> tuple[list, list]:
    handoffs = sorted(Handoff.objects.values_list(*HANDOFF))
    return handoffs, sorted(Obligation.objects.values_list(*OBLIGATION), key=lambda row: row[:3])


def counters(row: dict) -> tuple[int, int, int, int]:
    found = row["promise"]
    assert found["met"] + found["missed"] + found["excluded"] == found["due"] + found["excluded"]
    return found["due"], found["met"], found["missed"], found["excluded"]


class HandedOver(Company):
    def __init__(self):
        super().__init__()
        self.around = transaction.atomic()
        self.around.__enter__()
        series._held.clear()

    @initialize(margin_of_seconds=st.integers(0, 59))
    def set_up(self, margin_of_seconds):
        super().set_up(margin_of_seconds)
        # The two teams work at different hours, in different zones.
        calendar = WorkingCalendar.objects.create(
            team=self.teams[0], from_day=dt.date(2026, 1, 7), tz="America/New_York", created_by=None
        )
        for weekday in (1, 2, 3, 6):
            calendar.windows.create(weekday=weekday, opens=dt.time(14), closes=dt.time(0))
        first = Promise.objects.filter(key="S1").order_by("agreement").first()
        Promise.objects.create(agreement=first.agreement, key="S1", tier="gold", seconds=900, share=9_000)

    def teardown(self):
        try:
            if hasattr(self, "stages"):
                self.must_hold()
        finally:
            transaction.set_rollback(True)
            self.around.__exit__(None, None, None)
            series._held.clear()

    @Company.has_leads
    @rule(pick=PICK, about=PICK, at=MOMENTS, kind=st.sampled_from(STEPS), new=NEW, field=FIELDS, last=st.integers(0, 9 * 24))
    def step(self, pick, about, at, kind, new, field, last):
        """Any step about any event, sensible or not: what a race, a merge or a correction leaves behind."""
        lead = self.lead(pick)
        events = list(LeadEvent.objects.order_by("id"))
        mine = list(Handoff.objects.filter(lead=lead).values_list("entry_id", flat=True))
        target = mine[about % len(mine)] if mine and about % 3 else events[about % len(events)].id
        if kind == LeadEvent.Kind.CONSENTED:
            asked = [e.id for e in events if e.kind in (LeadEvent.Kind.PAUSED, LeadEvent.Kind.WAIVED)]
            target = asked[about % len(asked)] if asked else target
        services.append_lead_events(
            [
                LeadEvent(
                    lead=lead,
                    kind=kind,
                    about_id=target,
                    field=field,
                    new=new,
                    reason="timing" if about % 2 else "",
                    until=at + dt.timedelta(hours=last),
                    occurred_at=at,
                    actor=self.person(pick),
                )
            ]
        )

    @Company.has_leads
    @rule(pick=PICK, at=MOMENTS, again=st.booleans())
    def hand_over(self, pick, at, again):
        """Into the MQL stage, and sometimes out of it and in again."""
        by_key = {stage.key: stage for stage in self.stages}
        lead = self.lead(pick)
        keys = ["mql", ["recycled", "inquiry", "sal"][pick % 3], "mql"] if again else ["mql"]
        services.append_lead_events(
            [
                LeadEvent(
                    lead=lead, kind="moved", to_stage=by_key[key], occurred_at=at + dt.timedelta(days=i), source="told"
                )
                for i, key in enumerate(keys)
            ]
        )

    def must_hold(self):
        rollup.drain()
        assert [str(difference) for difference in check()] == []
        patched = segment_bytes()
        rollup.note_everything()
        rollup.drain()
        assert segment_bytes() == patched
        kept = stored()
        Handoff.objects.all().delete()
        Obligation.objects.all().delete()
        rebuild_everything()
        assert stored() == kept
        self.counters_must_close()
        self.metrics_must_close()
        self.contacts_must_agree()

    def counters_must_close(self):
        now = dt.datetime(2026, 3, 20, 12, tzinfo=dt.UTC)
        rows = [(one, one.lead.tier) for one in Obligation.objects.select_related("lead")]
        counted = count_due(rows, now)
        for counters in counted.values():
            assert counters.met + counters.missed + counters.excluded == counters.due + counters.excluded
        come = [one for one, _ in rows if one.due_at is not None and one.due_at <= now]
        assert sum(c.due + c.excluded for c in counted.values()) == len(come)
        assert sum(c.excluded for c in counted.values()) == sum(bool(one.excluded) for one in come)
        assert sum(c.met for c in counted.values()) == sum(standing(one, now) == "kept" for one in come)

    def metrics_must_close(self):
        """The reader's counters are those of the rows, for every promise, month, team and tier."""
        now = dt.datetime(2026, 3, 20, 12, tzinfo=dt.UTC)
        until = {"from": "2025-12-01", "to": "2026-09-01"}
        end = dt.datetime(2026, 3, 21, tzinfo=ZoneInfo("Europe/Berlin"))  # a question judges as of the end of its day
        rows = [(one, one.lead.tier) for one in Obligation.objects.select_related("lead")]
        expected = Counter()
        for (promise, month, team, tier), found in count_due(rows, end).items():
            for name, value in (("", ""), ("month", month.isoformat()), ("team", team or 0), ("tier", tier)):
                expected[promise, name, value] += np.array([found.due, found.met, found.missed, found.excluded])
        names = {team.id: team.name for team in self.teams} | {0: ""}
        expected = {
            (promise, by, names[value] if by == "team" else value): tuple(counts)
            for (promise, by, value), counts in expected.items()
        }
        told = {}
        for key, metric in METRICS.items():
            if metric.kind != Kind.WINDOWS:
                continue
            for by in ("month", "team", "tier"):
                answer = ask(key, until | {"by": by}, reader=Reader(), now=now)
                told[str(metric.promise), "", ""] = counters(answer)
                told |= {(str(metric.promise), by, row["key"]): counters(row) for row in answer["series"]}
        assert {row: counts for row, counts in told.items() if any(counts)} == expected

    def contacts_must_agree(self):
        """Every handoff is a stay in the MQL stage; the first contact is the first one in its time."""
        entries = set(StageEntry.objects.filter(stage__key="mql").values_list("opening_event_id", flat=True))
        assert set(Handoff.objects.values_list("entry_id", flat=True)) <= entries
        for one in Obligation.objects.filter(promise="S1").select_related("lead"):
            handoff = Handoff.objects.get(pk=one.entry_id)
            after = Handoff.objects.filter(lead_id=one.lead_id, entered_at__gt=handoff.entered_at).order_by("entered_at")
            touches = Touch.objects.filter(
                lead_id__in=[one.lead_id, *one.lead.merged_leads.filter(voided=False).values_list("id", flat=True)],
                side="sales", kind__in=CONTACT_KINDS, voids=None, voided_by=None, occurred_at__gte=handoff.entered_at,
            )  # fmt: skip
            if (following := after.first()) is not None:
                touches = touches.filter(occurred_at__lt=following.entered_at)
            first = touches.order_by("occurred_at").first()
            assert one.met_at == (first and first.occurred_at)
            assert one.started_at >= handoff.entered_at
            if one.due_at is not None:
                assert one.due_at > one.started_at
                assert one.due_day == one.due_at.astimezone(ZoneInfo("Europe/Berlin")).date()


@pytest.mark.django_db
def test_kept_up_equals_rebuilt():
    HandedOver.TestCase.settings = settings(
        max_examples=EXAMPLES,
        stateful_step_count=NUMBER_OF_STEPS,
        deadline=None,
        # The same histories in every run of the suite; the release profile looks for new ones.
        derandomize=os.environ.get("HYPOTHESIS_PROFILE", "ci") == "ci",
        database=None,
        suppress_health_check=list(HealthCheck),
        print_blob=True,
        phases=(Phase.explicit, Phase.generate, Phase.shrink)
        if os.environ.get("HYPOTHESIS_SHRINK")
        else (Phase.explicit, Phase.generate),
    )
    HandedOver.TestCase("runTest").runTest()
