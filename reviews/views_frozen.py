"""What a review froze: a week's numbers on a page, one number with what it rests on, and the leads behind each part."""

from collections.abc import Sequence

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from accounts.permissions import Perm, requires
from core.templatetags.display import percent
from reviews.behind_queries import behind, ids_of
from reviews.drawn_waterfall import drawn
from reviews.frozen_queries import (
    NumberRow,
    changes_since_last,
    explain_url,
    frozen_numbers,
    frozen_promises,
    restatements,
    restatements_shown_at,
)
from reviews.frozen_rows import unpack_ids
from reviews.models import FrozenChange, FrozenNumber, RestatementPart, Review
from reviews.queries import review_before, review_for
from reviews.room_page import time_words, title_of
from reviews.waterfall import AMOUNT, BOXES


@require_safe
@requires(Perm.SEE_NUMBERS)
def week(request: HttpRequest, pk: int) -> HttpResponse:
    """Everything a review froze, as it was; beside it what is known differently today."""
    review = review_for(request.user, pk)
    numbers, promises = frozen_numbers(review), frozen_promises(review)
    context = {
        "review": review,
        "title": title_of(review),
        "frozen": time_words(review.freeze_at, review),
        "since": _since(review),
        "title_numbers": _title(numbers),
        "numbers": numbers,
        "sides": [(side, [row for row in promises if row.side == side]) for side in ("marketing", "sales")],
        "promises": promises,
        "falls": [drawn(fall) for fall in changes_since_last(review)],
        "restated": restatements(review),
        "shown_restated": restatements_shown_at(review),
        "previous": review_before(review),
    }
    return render(request, "reviews/frozen/week.html", context)


def _title(rows: Sequence[NumberRow]) -> str:
    off, held = sum(row.state == "off" for row in rows), sum(row.state != "" for row in rows)
    if not held:
        return "No number had a plan"
    return f"{off} of {held} numbers off plan" if off else f"All {held} numbers on plan"


def _since(review: Review) -> str:
    day = review.changes_since
    return "" if day is None else f"the end of {day.day} {day:%B}"


@require_safe
@requires(Perm.SEE_NUMBERS)
def number(request: HttpRequest, pk: int) -> HttpResponse:
    """One frozen number: value, plan, definition, instant, hash, and the rows it rests on."""
    found = get_object_or_404(FrozenNumber.objects.select_related("review__series", "rows", "agreement"), pk=pk)
    items, ids = ids_of(found)
    interval = found.answer.get("interval")
    context = {
        "number": found,
        "review": found.review,
        "title": title_of(found.review),
        "frozen": time_words(found.as_of, found.review),
        "interval": None if interval is None else [percent(bound) for bound in interval],
        "unknown": found.answer.get("unknown", 0),
        "explain": explain_url(found),
        "restated": [row for row in restatements(found.review) if row.number_id == found.pk],
        "behind": behind(request.user, items, ids, page=_page(request)),
    }
    return render(request, "reviews/frozen/number.html", context)


@require_safe
@requires(Perm.SEE_NUMBERS)
def change(request: HttpRequest, pk: int) -> HttpResponse:
    """The leads or deals of one box of the waterfall."""
    row = get_object_or_404(FrozenChange.objects.select_related("review__series"), pk=pk)
    review, items = row.review, "deal" if row.measure == AMOUNT else "lead"
    context = {
        "title": f"{BOXES[row.measure][row.box]}: {row.get_measure_display().lower()}",
        "review": review,
        "week": title_of(review),
        "back": reverse("review_numbers", args=[review.pk]),
        "behind": behind(request.user, items, unpack_ids(row.ids), page=_page(request)),
    }
    return render(request, "reviews/frozen/behind.html", context)


@require_safe
@requires(Perm.SEE_NUMBERS)
def restated(request: HttpRequest, pk: int) -> HttpResponse:
    """The leads or deals for which one cause changed a frozen value."""
    part = get_object_or_404(RestatementPart.objects.select_related("restatement__number__review__series"), pk=pk)
    frozen = part.restatement.number
    context = {
        "title": f"{frozen.label}: {part.get_cause_display().lower()}",
        "review": frozen.review,
        "week": title_of(frozen.review),
        "back": reverse("review_number", args=[frozen.pk]),
        "behind": behind(request.user, part.items, unpack_ids(part.ids), page=_page(request)),
    }
    return render(request, "reviews/frozen/behind.html", context)


def _page(request: HttpRequest) -> int:
    text = request.GET.get("page", "1")
    if not text.isascii() or not text.isdigit() or len(text) > 6:
        raise BadRequest("page is a whole number")
    return int(text)
