"""Writes of frozen numbers, the waterfall and restatements. What is written once stays as it is."""

import datetime as dt
from collections.abc import Iterable, Sequence

from django.db import transaction

from metrics.definitions import METRICS
from metrics.series import Snapshot, current
from reviews.frozen_rows import pack, pack_ids, unpack
from reviews.models import FrozenChange, FrozenNumber, FrozenRows, Restatement, RestatementPart, Review
from reviews.restating import Difference, difference
from reviews.review_set import Told, judged_at, known_at, last_complete_day, review_set, tell
from reviews.waterfall import BOXES, BoxSum, Moment, waterfall

Boxes = Sequence[tuple[str, str, BoxSum]]


def freeze(*, review: Review, now: dt.datetime, facts: Snapshot, before: Snapshot, since: dt.datetime) -> bool:
    """Publish the numbers of a review from `facts`, and what changed since `since`, of which `before` tells.

    Both are snapshots as of these instants (reviews.review_set.known_at). The numbers are computed first and written in
    one short transaction. False if the review was prepared meanwhile, or is not planned any more.
    """
    at = review.freeze_at
    facts = judged_at(facts, at)
    told = [found for asked in review_set(facts, at) if (found := tell(facts, asked, at)) is not None]
    boxes = list(_waterfall(facts, at, before, since)) if facts.book else []
    with transaction.atomic():
        planned = Review.objects.filter(pk=review.pk, state=Review.State.PLANNED, freeze_at=at)
        if not planned.update(state=Review.State.PREPARED, prepared_at=now, changes_since=last_complete_day(facts, since)):
            return False
        _write_numbers(review, facts, told)
        _write_changes(review, boxes)
    review.refresh_from_db(fields=["state", "prepared_at", "changes_since"])
    return True


def _waterfall(facts: Snapshot, at: dt.datetime, before: Snapshot, since: dt.datetime) -> Iterable[tuple[str, str, BoxSum]]:
    then = Moment(before, last_complete_day(before, since))
    return waterfall(then, Moment(facts, last_complete_day(facts, at)))


def _write_numbers(review: Review, facts: Snapshot, told: Sequence[Told]) -> None:
    last = facts.book.last.id if facts.book else None
    for position, found in enumerate(told):
        asked, metric = found.asked, METRICS[found.asked.metric]
        number = FrozenNumber.objects.create(
            review=review,
            position=position,
            group=asked.group,
            side=asked.side,
            key=asked.key,
            metric=asked.metric,
            metric_version=metric.version,
            label=asked.label,
            sentence=asked.line.sentence if asked.line else "",
            scope=found.scope[:500],
            params=asked.params,
            unit=found.answer["unit"],
            currency=facts.currency,
            value=found.value,
            words=found.words,
            plan=asked.plan,
            plan_words=found.plan_words,
            state=found.state,
            answer=found.answer,
            line=found.line,
            versions=found.answer["definition_version"],
            agreement_id=last,
            as_of=review.freeze_at,
            generation=facts.generation,
            inputs=len(found.rows),
            inputs_hash=found.inputs_hash,
        )
        FrozenRows.objects.create(number=number, payload=pack(found.rows))


def _write_changes(review: Review, boxes: Boxes) -> None:
    places = {(measure, box): i for measure, mine in BOXES.items() for i, box in enumerate(mine)}
    FrozenChange.objects.bulk_create(
        FrozenChange(
            review=review,
            measure=measure,
            position=places[measure, box],
            box=box,
            number=len(set(found.ids)),
            change=found.change,
            unknown=found.unknown,
            ids=pack_ids(found.ids),
        )
        for measure, box, found in boxes
    )


# --- restatements -----------------------------------------------------------------------------------------------------


def restate(*, review: Review, found_for: Review | None, now: Snapshot | None = None) -> int:
    """Look what became of a review's numbers and write down what differs; returns how many do.

    `found_for`: the later review that shows it, once each. Without one, what was already told is not told again.
    """
    snapshot = now or current()
    if not snapshot.book:
        return 0
    numbers = review.frozen.select_related("rows", "agreement").order_by("position")
    found = [(number, difference(number, unpack(number.rows.payload), snapshot)) for number in numbers]
    with transaction.atomic():
        Review.objects.select_for_update().get(pk=review.pk)
        return sum(_write_difference(number, one, found_for, snapshot) for number, one in found)


def _write_difference(number: FrozenNumber, found: Difference | None, found_for: Review | None, snapshot: Snapshot) -> bool:
    last = number.restatements.order_by("-id").first()
    if found is None:
        if last is None or (last.value, last.inputs_hash) == (number.value, number.inputs_hash):
            return False
        # It differed for a while and is again what was frozen: that is the last word, without any part.
        _restatement(number, found_for, snapshot, number.value, number.words, number.inputs_hash)
        return True
    told = found.told
    if found_for is None and last is not None and (last.value, last.inputs_hash) == (told.value, told.inputs_hash):
        return False
    if found_for is not None and number.restatements.filter(found_for=found_for).exists():
        return False
    row = _restatement(number, found_for, snapshot, told.value, told.words, told.inputs_hash)
    RestatementPart.objects.bulk_create(
        RestatementPart(
            restatement=row,
            cause=part.cause,
            difference=part.difference,
            items=found.items,
            number=len(part.ids),
            ids=pack_ids(part.ids),
        )
        for part in found.parts
    )
    return True


def _restatement(
    number: FrozenNumber, found_for: Review | None, snapshot: Snapshot, value: int | None, words: str, inputs_hash: str
) -> Restatement:
    return Restatement.objects.create(
        number=number,
        found_for=found_for,
        value=value,
        words=words,
        inputs_hash=inputs_hash,
        as_of=snapshot.written_at or number.as_of,
    )


def reproduced(number: FrozenNumber) -> bool:
    """Whether the events recorded until the freeze still give exactly the rows and the value that were frozen.

    Slow: folds all events anew, once for all numbers of a review.
    """
    facts = judged_at(known_at(number.as_of, current(), up_to=number.agreement), number.as_of)
    asked = next((one for one in review_set(facts, number.as_of) if one.key == number.key), None)
    told = None if asked is None else tell(facts, asked, number.as_of)
    return told is not None and (told.inputs_hash, told.value) == (number.inputs_hash, number.value)
