"""What each side expects of the other: state it, and mark it at the next review."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_POST

from accounts.permissions import Perm, requires
from core.errors import DomainError
from reviews.expectation_queries import numbers_to_expect
from reviews.expectation_words import target_typed
from reviews.forms_safe_space import ExpectationForm, MarkForm
from reviews.models import Expectation, Review
from reviews.panels import answer_part
from reviews.queries import review_for
from reviews.services import mark_expectation, state_expectation


@require_POST
@requires(Perm.SEE_NUMBERS)
def state(request: HttpRequest, pk: int) -> HttpResponse:
    """A side's expectation until the next review, in words, as a number, or both."""
    review = review_for(request.user, pk)
    numbers = {number.key: number for number in numbers_to_expect(review)}
    form = ExpectationForm(request.POST, numbers=[(key, key) for key in numbers], prefix_id="expect")
    if not form.is_valid():
        said = " ".join(error for errors in form.errors.values() for error in errors)
        return _refused(request, review, said, 422)
    data = form.cleaned_data
    number, typed = numbers.get(data["number"]), data.pop("target")
    data["target"] = target_typed(typed, number.unit, number.currency) if number and typed is not None else None
    try:
        state_expectation(review=review, actor=request.user, **data)
    except DomainError as error:
        return _refused(request, review, error.message, error.status)
    return answer_part(request, review, "expectations")


@require_POST
@requires(Perm.SEE_NUMBERS)
def mark(request: HttpRequest, pk: int) -> HttpResponse:
    """Whether an expectation of an earlier review was met."""
    review, form = review_for(request.user, pk), MarkForm(request.POST)
    if not form.is_valid():
        return _refused(request, review, "Say whether it was met.", 422)
    one = get_object_or_404(Expectation.objects.select_related("review"), pk=form.cleaned_data["expectation"])
    try:
        mark_expectation(expectation=one, review=review, met=form.cleaned_data["met"] == "yes", actor=request.user)
    except DomainError as error:
        return _refused(request, review, error.message, error.status)
    return answer_part(request, review, "expectations")


def _refused(request: HttpRequest, review: Review, words: str, status: int) -> HttpResponse:
    return answer_part(request, review, "expectations", status=status, refused=words)
