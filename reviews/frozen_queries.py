"""Reads of what a review froze. Nothing here computes a number anew: the page of a week shows that week's numbers.

frozen_numbers(review)         rows of the part Numbers, the one number first
frozen_promises(review)        rows of the part Promises, marketing's first
changes_since_last(review)     two waterfalls that balance: open leads and open amount
restatements(review)           what of this review's numbers differs today, as far as it was looked for
restatements_shown_at(review)  what of the review before differs, as it was found for this one
"""

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass

from django.db.models import Prefetch, QuerySet
from django.urls import reverse

from core.queries import calendar, organisation
from core.templatetags.display import count, money, percent
from reviews.models import FrozenChange, FrozenNumber, Restatement, RestatementPart, Review
from reviews.review_set import difference_words, explain_query
from reviews.waterfall import AMOUNT, BOXES, CLOSING, OPENING


@dataclass(frozen=True)
class NumberRow:
    """One number of the set. `state`: "on", "off" or "" without a plan. `course`: the states of the last reviews, oldest
    first, this one last. `before`: the value of the review before in words, empty if there is none."""

    id: int
    key: str
    metric: str
    label: str
    side: str
    scope: str
    words: str
    plan_words: str
    state: str
    before: str
    course: tuple[str, ...]
    interval: tuple[str, str] | None
    n: int
    status: str
    versions: tuple[int, ...]
    as_of: dt.datetime
    inputs_hash: str
    url: str  # the page of this frozen number, with its rows
    explain: str  # the same question as it is answered today


@dataclass(frozen=True)
class PromiseRow:
    """One promise. Shares are 0 to 1; `status` as metrics.both_sides has it: met, at_risk, breached or "" (nothing due)."""

    id: int
    key: str
    side: str
    label: str
    sentence: str
    promised_words: str
    measured_words: str
    attainment: float | None
    state: str
    status: str
    due: int
    met: int
    missed: int
    excluded: int
    open: int
    course: tuple[str, ...]
    versions: tuple[int, ...]
    signed: bool
    url: str
    explain: str


@dataclass(frozen=True)
class Box:
    """One step of a waterfall. `change` is signed, in leads or base minor units; `end` marks the two balances."""

    key: str
    label: str
    number: int
    change: int
    words: str
    unknown: int
    end: bool
    url: str


@dataclass(frozen=True)
class Waterfall:
    """`boxes` begin with the balance then and end with the balance now: the steps between add up to their difference.

    `since` and `until` are the days at whose ends both balances stand.
    """

    measure: str
    title: str
    boxes: tuple[Box, ...]
    since: dt.date | None
    until: dt.date | None


@dataclass(frozen=True)
class RestatedPart:
    cause: str
    label: str
    difference: int | None
    words: str
    number: int
    items: str  # lead or deal
    url: str


@dataclass(frozen=True)
class Restated:
    """A number then and now. `difference` is the sum of the parts; None where one of both values is not defined."""

    number_id: int
    label: str
    then: str
    now: str
    difference: int | None
    words: str
    as_of: dt.datetime
    parts: tuple[RestatedPart, ...]


COURSE = 4  # the states of so many reviews stand beside a number


def frozen_numbers(review: Review) -> list[NumberRow]:
    """Rows of the part Numbers in the order of the set: three queries, whatever their number."""
    rows = list(_of(review, FrozenNumber.Group.NUMBER))
    courses = _courses(review)
    return [_number_row(row, courses.get(row.key, [])) for row in rows]


def frozen_promises(review: Review) -> list[PromiseRow]:
    """Rows of the part Promises, marketing's first: three queries."""
    rows = list(_of(review, FrozenNumber.Group.PROMISE))
    courses = _courses(review)
    return [_promise_row(row, courses.get(row.key, [])) for row in rows]


def _of(review: Review, group: str) -> QuerySet[FrozenNumber]:
    return FrozenNumber.objects.filter(review=review, group=group).order_by("position")


def _courses(review: Review) -> dict[str, list[FrozenNumber]]:
    """The same numbers in the last reviews of the series, oldest first, this one last."""
    held = Review.objects.filter(series=review.series_id, freeze_at__lte=review.freeze_at, prepared_at__isnull=False)
    ids = list(held.exclude(state=Review.State.CANCELLED).order_by("-freeze_at").values_list("id", flat=True)[:COURSE])
    found: dict[str, list[FrozenNumber]] = defaultdict(list)
    rows = FrozenNumber.objects.filter(review__in=ids).order_by("as_of")
    for row in rows.only("key", "state", "words", "review_id", "as_of"):
        found[row.key].append(row)
    return found


def _number_row(row: FrozenNumber, course: list[FrozenNumber]) -> NumberRow:
    earlier = [one for one in course if one.review_id != row.review_id]
    interval = row.answer.get("interval")
    return NumberRow(
        id=row.pk,
        key=row.key,
        metric=row.metric,
        label=row.label,
        side=row.side,
        scope=row.scope,
        words=row.words,
        plan_words=row.plan_words,
        state=row.state,
        before=earlier[-1].words if earlier else "",
        course=tuple(one.state for one in course),
        interval=None if interval is None else (percent(interval[0]), percent(interval[1])),
        n=row.answer["n"],
        status=row.answer["status"],
        versions=tuple(row.versions),
        as_of=row.as_of,
        inputs_hash=row.inputs_hash,
        url=reverse("review_number", args=[row.pk]),
        explain=explain_url(row),
    )


def _promise_row(row: FrozenNumber, course: list[FrozenNumber]) -> PromiseRow:
    line = row.line
    return PromiseRow(
        id=row.pk,
        key=row.key,
        side=row.side,
        label=row.label,
        sentence=row.sentence,
        promised_words=row.plan_words,
        measured_words=line["measured_words"],
        attainment=line["attainment"],
        state=row.state,
        status=line["status"] or "",
        due=line["due"],
        met=line["met"],
        missed=line["missed"],
        excluded=line["excluded"],
        open=line["open"],
        course=tuple(one.state for one in course),
        versions=tuple(row.versions),
        signed=line["signed"],
        url=reverse("review_number", args=[row.pk]),
        explain=explain_url(row),
    )


def explain_url(row: FrozenNumber) -> str:
    """The same question, as it is answered today."""
    return f"{reverse('explain', args=[row.metric])}?{explain_query(row.params)}"


# --- what changed -----------------------------------------------------------------------------------------------------

_TITLES = {"leads": "Open leads", "amount": "Open amount of deals"}


def changes_since_last(review: Review) -> list[Waterfall]:
    """Both waterfalls of a review; none before it is prepared. Their days are the last complete ones: four queries."""
    rows: dict[str, list[FrozenChange]] = defaultdict(list)
    for row in FrozenChange.objects.filter(review=review).defer("ids").order_by("position"):
        rows[row.measure].append(row)
    if not rows:
        return []
    currency = organisation().base_currency
    until = calendar().day_of(review.freeze_at) - dt.timedelta(days=1)
    return [
        Waterfall(
            measure=measure,
            title=_TITLES[measure],
            boxes=tuple(_box(row, currency) for row in rows[measure]),
            since=review.changes_since,
            until=until,
        )
        for measure in BOXES
        if measure in rows
    ]


def _box(row: FrozenChange, currency: str) -> Box:
    end = row.box in (OPENING, CLOSING)
    if row.measure == AMOUNT:
        words = money(row.change, currency) if end else difference_words(row.change, "money", currency)
    elif end or row.change == 0:
        words = count(row.number)
    else:
        words = difference_words(row.change, "leads", currency)
    return Box(
        key=row.box,
        label=BOXES[row.measure][row.box],
        number=row.number,
        change=row.change,
        words=words,
        unknown=row.unknown,
        end=end,
        url=reverse("review_change", args=[row.pk]),
    )


# --- restatements -----------------------------------------------------------------------------------------------------


def restatements(review: Review) -> list[Restated]:
    """What differs today of this review's numbers, as far as it was looked for last: two queries."""
    newest: dict[int, Restatement] = {}
    for row in _restated(Restatement.objects.filter(number__review=review)):
        newest[row.number_id] = row
    return [_restated_row(row) for row in newest.values() if _differs(row)]


def restatements_shown_at(review: Review) -> list[Restated]:
    """What differed of the review before when this one was prepared: two queries. It stays as it was shown."""
    return [_restated_row(row) for row in _restated(Restatement.objects.filter(found_for=review)) if _differs(row)]


def _restated(rows: QuerySet[Restatement]) -> QuerySet[Restatement]:
    parts = Prefetch("parts", RestatementPart.objects.defer("ids").order_by("id"))
    return rows.select_related("number").prefetch_related(parts).order_by("number__position", "id")


def _differs(row: Restatement) -> bool:
    return (row.value, row.inputs_hash) != (row.number.value, row.number.inputs_hash)


def _restated_row(row: Restatement) -> Restated:
    number = row.number
    whole = None if row.value is None or number.value is None else row.value - number.value
    return Restated(
        number_id=number.pk,
        label=number.label,
        then=number.words,
        now=row.words,
        difference=whole,
        words=difference_words(whole, number.unit, number.currency),
        as_of=row.as_of,
        parts=tuple(
            RestatedPart(
                cause=part.cause,
                label=part.get_cause_display(),
                difference=part.difference,
                words=difference_words(part.difference, number.unit, number.currency),
                number=part.number,
                items=part.items,
                url=reverse("review_restated", args=[part.pk]),
            )
            for part in row.parts.all()
        ),
    )
