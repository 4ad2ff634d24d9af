"""Whatever happens in whatever order: the rollup, kept up change by change, is what a recomputation from events gives."""

import os

import numpy as np
import pytest
from django.db import connections, transaction
from hypothesis import HealthCheck, Phase, settings

from core.models import StaleNote
from leads.models import Deal
from metrics import rollup, series
from metrics.check import check
from metrics.models import Segment
from metrics.segments import KINDS
from tests.metrics.machine import Company

PROFILES = {"ci": (40, 25), "release": (1_000, 50), "quick": (5, 25)}
EXAMPLES, STEPS = PROFILES[os.environ.get("HYPOTHESIS_PROFILE", "ci")]


def segment_bytes() -> dict:
    """Every segment that holds rows; a day that was emptied keeps a segment without rows."""
    rows = Segment.objects.values_list("kind", "day", "payload")
    return {(kind, day): bytes(payload) for kind, day, payload in rows}


def tables_of(snapshot) -> dict:
    return {kind: {name: array.tolist() for name, array in snapshot[kind].columns.items()} for kind in KINDS}


def used_columns(tables: dict) -> dict:
    """Per-stage columns that no row uses any more may linger in a reader; they read as their filler."""
    return {
        kind: {name: column for name, column in columns.items() if ":" not in name or len(set(column)) > 1}
        for kind, columns in tables.items()
    }


class KeptUp(Company):
    def __init__(self):
        super().__init__()
        # Undone at the end of the example: savepoints serve as the services' transactions meanwhile.
        self.around = transaction.atomic()
        self.around.__enter__()
        series._held.clear()

    def teardown(self):
        try:
            if hasattr(self, "stages"):
                self.must_hold()
        finally:
            transaction.set_rollback(True)
            self.around.__exit__(None, None, None)
            series._held.clear()

    def must_hold(self):
        series.current()
        rollup.drain()
        assert not StaleNote.objects.exists()
        assert [str(difference) for difference in check()] == []
        # In the base currency an amount is its own worth, whatever was corrected, closed, reopened and taken back.
        for deal in Deal.objects.filter(currency="EUR"):
            assert (deal.base_amount, deal.base_cost) == (deal.amount, deal.cost), str(list(deal.events.values()))

        patched = segment_bytes()
        kept = series.current()
        rollup.note_everything()
        rollup.drain()
        assert segment_bytes() == patched

        series._held.clear()
        fresh = series.current()
        assert used_columns(tables_of(kept)) == used_columns(tables_of(fresh))
        for kind in KINDS:
            assert np.array_equal(kept[kind].starts, fresh[kind].starts)


@pytest.mark.django_db
def test_kept_up_equals_recomputed():
    assert connections["default"].in_atomic_block
    KeptUp.TestCase.settings = settings(
        max_examples=EXAMPLES,
        stateful_step_count=STEPS,
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
    KeptUp.TestCase("runTest").runTest()
