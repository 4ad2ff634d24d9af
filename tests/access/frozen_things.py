"""What a review froze, with one of each thing that has an address."""

import datetime as dt

import numpy as np

from reviews.frozen_rows import FrozenSelection, pack, pack_ids
from reviews.models import FrozenChange, FrozenNumber, FrozenRows, Restatement, RestatementPart, Review


def frozen_things(review: Review, lead_id: int) -> dict[str, dict[str, int]]:
    """Ids by what stands in the address: the series, a frozen number, a box of the waterfall, a part of a restatement."""
    number = FrozenNumber.objects.create(
        review=review, position=0, group="number", side="joint", key="won_deals", metric="won_deals", metric_version=1,
        label="Won deals", scope="1 Jan to 15 Mar 2026 · all leads", params={"from": "2026-01-01", "to": "2026-03-16"},
        unit="deals", currency="EUR", value=1, words="1 deals", plan=2, plan_words="2 deals", state="off",
        answer={"value": 1, "n": 1, "status": "ok", "unit": "deals"}, versions=[1], as_of=review.freeze_at, generation=1,
        inputs=1, inputs_hash="0" * 64,
    )  # fmt: skip
    rows = FrozenSelection("deal", {}, {name: _column(lead_id) for name in ("lead", "item")})
    FrozenRows.objects.create(number=number, payload=pack(rows))
    change = FrozenChange.objects.create(
        review=review, measure="leads", position=0, box="opening", number=1, change=1, ids=pack_ids([lead_id])
    )
    restatement = Restatement.objects.create(
        number=number, value=2, words="2 deals", inputs_hash="1" * 64, as_of=review.freeze_at + dt.timedelta(days=1)
    )
    part = RestatementPart.objects.create(
        restatement=restatement, cause="late", difference=1, items="lead", number=1, ids=pack_ids([lead_id])
    )
    return {
        "series": {"": review.series_id},
        "frozen": {"": number.pk},
        "change": {"": change.pk},
        "restatement": {"": part.pk},
    }


def _column(value: int) -> np.ndarray:
    return np.array([value], np.int64)
