"""A review that is ready to begin, and what was frozen for it: what the tests of the room start from."""

import datetime as dt

from reviews.models import FrozenNumber, Review, ReviewParticipant, ReviewSeries, SeriesMember

STARTS = dt.datetime(2026, 5, 18, 7, tzinfo=dt.UTC)  # Monday, 09:00 in Berlin
FROZEN = STARTS - dt.timedelta(hours=3)


def ready_review(people: dict, *, facilitator: str = "member") -> Review:
    """Prepared; `facilitator` leads it, the colleague takes turns too, the viewer is invited without a side."""
    series = ReviewSeries.objects.create(name="Weekly", at=dt.time(9), zone="Europe/Berlin")
    review = Review.objects.create(
        series=series,
        period=STARTS.date(),
        starts_at=STARTS,
        freeze_at=FROZEN,
        prepared_at=FROZEN,
        facilitator=people[facilitator],
        state=Review.State.PREPARED,
    )
    SeriesMember.objects.create(series=series, user=people["colleague"], can_facilitate=True)
    for who, side in (("member", "sales"), ("colleague", "marketing"), ("viewer", "joint")):
        ReviewParticipant.objects.create(review=review, user=people[who], side=side)
    return review


def freeze(review: Review, key: str = "won_deals", *, state: str = "off", position: int = 1, **more) -> FrozenNumber:
    """One frozen number: 8 of 12 unless told otherwise."""
    values = {
        "group": FrozenNumber.Group.NUMBER,
        "side": "sales",
        "metric": key.partition(":")[0],
        "metric_version": 1,
        "label": "Won deals",
        "scope": "1 Apr to 17 May 2026",
        "params": {"from": "2026-04-01", "to": "2026-05-18"},
        "unit": "count",
        "currency": "EUR",
        "value": 8,
        "words": "8",
        "plan": 12,
        "plan_words": "12",
        "answer": {"n": 8, "status": "ok", "interval": None},
        "versions": [1],
        "as_of": FROZEN,
        "generation": 1,
        "inputs": 8,
        "inputs_hash": "0" * 64,
    }
    return FrozenNumber.objects.create(review=review, key=key, position=position, state=state, **values | more)


def freeze_promise(review: Review, key: str, side: str, *, status: str = "met", position: int = 10) -> FrozenNumber:
    """One promise of a side: 70 % of 80 %."""
    line = {"measured_words": "70%", "attainment": 0.875, "status": status, "due": 20, "met": 14, "missed": 6,
            "excluded": 0, "open": 0, "signed": True}  # fmt: skip
    return freeze(
        review,
        key,
        state="on" if status == "met" else "off",
        position=position,
        group=FrozenNumber.Group.PROMISE,
        side=side,
        label=f"Promise {key}",
        sentence="Four of five within a day.",
        words="70%",
        plan_words="80%",
        line=line,
    )
