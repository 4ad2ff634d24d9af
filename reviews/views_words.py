"""The word of a review: ask both teams, answer, count, settle; and the record of every word."""

import datetime as dt
from collections.abc import Callable

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST, require_safe

from accounts.permissions import Perm, requires
from core.errors import DomainError
from core.queries import calendar
from reviews.ballot_cookie import secret_of
from reviews.forms_safe_space import AskForm, WordAnswerForm, WordOutcomeForm
from reviews.models import Review, ReviewParticipant, WordOfReview
from reviews.panels import answer_part
from reviews.queries import review_for
from reviews.safe_panels import spread_rows
from reviews.services import answer_word, ask_word, count_word, settle_word
from reviews.word_queries import openable, word_record

PAGE = 20
BESIDE = 4  # examples beside a definition


def _today() -> dt.date:
    return calendar().day_of(dt.datetime.now(dt.UTC))


@require_POST
@requires(Perm.SEE_NUMBERS)
def ask(request: HttpRequest, pk: int) -> HttpResponse:
    """Both teams are asked about a word."""
    review, form, now = review_for(request.user, pk), AskForm(request.POST), dt.datetime.now(dt.UTC)
    key = form.cleaned_data["key"] if form.is_valid() else ""
    return _do(request, review, lambda: ask_word(review=review, key=key, actor=request.user, now=now, today=_today()))


@require_POST
@requires(Perm.SEE_NUMBERS)
def answer(request: HttpRequest, pk: int) -> HttpResponse:
    """Yes or no, by ballot. The side is the one that the person was invited for."""
    review, form = review_for(request.user, pk), WordAnswerForm(request.POST)
    if not form.is_valid():
        return answer_part(request, review, "words", status=422, refused="Say yes or no.")
    side = ReviewParticipant.objects.filter(review=review, user=request.user).values_list("side", flat=True).first() or ""
    secret, yes = secret_of(request, review), form.cleaned_data["yes"] == "yes"
    return _do(request, review, lambda: answer_word(review=review, secret=secret, side=side, yes=yes))


@require_POST
@requires(Perm.SEE_NUMBERS)
def count(request: HttpRequest, pk: int) -> HttpResponse:
    """Everybody sees how both teams answered."""
    review, now = review_for(request.user, pk), dt.datetime.now(dt.UTC)
    return _do(request, review, lambda: count_word(review=review, actor=request.user, now=now))


@require_POST
@requires(Perm.SEE_NUMBERS)
def settle(request: HttpRequest, pk: int) -> HttpResponse:
    """What both teams say now, as an example beside the definition."""
    review, form = review_for(request.user, pk), WordOutcomeForm(request.POST)

    def write() -> None:
        stands = form.is_valid() and form.cleaned_data["stands"] == "yes"
        outcome = form.cleaned_data["outcome"] if form.is_valid() else ""
        settle_word(review=review, stands=stands, outcome=outcome, actor=request.user, today=_today())

    return _do(request, review, write, outcome_form=form)


def _do(request: HttpRequest, review: Review, write: Callable[[], object], **kept) -> HttpResponse:
    try:
        write()
    except DomainError as error:
        return answer_part(request, review, "words", status=error.status, refused=error.message, **kept)
    return answer_part(request, review, "words")


@require_safe
@requires(Perm.SEE_NUMBERS)
def record(request: HttpRequest) -> HttpResponse:
    """Every word that a review refreshed, with the answers and what was agreed."""
    page = Paginator(word_record(), PAGE).get_page(request.GET.get("page"))
    return render(request, "reviews/words.html", {"page": page, "entries": _entries(request, list(page)), "today": _today()})


@require_safe
@requires(Perm.SEE_NUMBERS)
def beside_word(request: HttpRequest, key: str) -> HttpResponse:
    """What reviews made of one word: a fragment beside its definition."""
    return _beside(request, word_record(key=key))


@require_safe
@requires(Perm.SEE_NUMBERS)
def beside_stage(request: HttpRequest, key: str) -> HttpResponse:
    """What reviews made of the word of a stage: a fragment beside the stage's definition."""
    return _beside(request, word_record(stage_key=key))


def _beside(request: HttpRequest, rows) -> HttpResponse:
    entries = _entries(request, list(rows.exclude(outcome="")[:BESIDE]))
    return render(request, "reviews/parts/word_examples.html", {"entries": entries, "today": _today()})


def _entries(request: HttpRequest, words: list[WordOfReview]) -> list[dict]:
    may_open = openable(words, request.user)
    return [{"word": word, "rows": spread_rows(word), "open": word.lead_id in may_open} for word in words]
