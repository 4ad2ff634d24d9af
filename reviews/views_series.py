"""The review's start page, and where the funnel owner sets when both teams meet."""

import datetime as dt

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.permissions import Perm, requires
from accounts.queries import funnel_owner, has_perm
from core.errors import DomainError
from core.queries import calendar
from reviews.forms_series import FacilitatorForm, MoveForm, SeriesForm
from reviews.models import Review, ReviewSeries
from reviews.queries import all_series, coming_reviews, next_review, waiting_issues
from reviews.room_page import invited, time_words, title_of
from reviews.room_queries import may_steer
from reviews.series_queries import (
    SHOWN_PAST,
    Person,
    invitable,
    local_start,
    past_with_counts,
    rule_words,
    with_participants,
)
from reviews.services import call_off, hand_over, move, set_active, set_series


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


@require_safe
@requires(Perm.SEE_NUMBERS)
def home(request: HttpRequest) -> HttpResponse:
    """The next review and what is ready for it, those after it, those that were held."""
    now = _now()
    coming = next_review(now)
    later = [review for review in coming_reviews(now) if review.starts_at > now and review != coming]
    context = {
        "next": None if coming is None else _coming(request, coming),
        "later": [
            {"review": review, "title": title_of(review), "starts": time_words(review.starts_at, review)} for review in later
        ],
        "past": [
            {"review": review, "title": title_of(review), "starts": time_words(review.starts_at, review)}
            for review in past_with_counts()[:SHOWN_PAST]
        ],
        "series": [(one, rule_words(one)) for one in all_series() if one.active],
        "owner": funnel_owner(),
        "may_set": has_perm(request.user, Perm.SET_REVIEWS),
        "issues": waiting_issues(calendar().day_of(now)).count(),
    }
    return render(request, "reviews/home.html", context)


def _coming(request: HttpRequest, review: Review) -> dict:
    return {
        "review": review,
        "title": title_of(review),
        "starts": time_words(review.starts_at, review),
        "frozen": time_words(review.freeze_at, review),
        "late": review.state == Review.State.PLANNED and review.freeze_at < _now(),
        "sides": invited(review),
        "off_plan": review.frozen.filter(group="number", state="off").count(),
        "numbers": review.frozen.filter(group="number").exclude(state="").count(),
        "may_steer": may_steer(request.user, review),
    }


@require_safe
@requires(Perm.SET_REVIEWS)
def series(request: HttpRequest) -> HttpResponse:
    """All series with their rules, and the meetings they have planned."""
    context = {
        "series": [(one, rule_words(one), list(one.memberships.all())) for one in all_series()],
        "coming": [_planned(review) for review in with_participants(coming_reviews(_now()))],
    }
    return render(request, "reviews/series/list.html", context)


def _planned(review: Review) -> dict:
    people = [one.user for one in review.participants.all()]
    local = local_start(review)
    return {
        "review": review,
        "title": title_of(review),
        "starts": time_words(review.starts_at, review),
        "move": MoveForm(initial={"day": local.date(), "at": local.time()}),
        "facilitator": FacilitatorForm(initial={"facilitator": review.facilitator_id}, people=people),
        "written": sum(one.invited_sequence is not None for one in review.participants.all()),
    }


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Perm.SET_REVIEWS)
def series_new(request: HttpRequest) -> HttpResponse:
    """Set up a series: a weekly one with everybody who has a team, unless another is asked for."""
    people = invitable(calendar().day_of(_now()))
    form = SeriesForm(
        request.POST if request.method == "POST" else None,
        people=[one.user for one in people],
        initial=_usual(people),
    )
    return _saved(request, form, people, None)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Perm.SET_REVIEWS)
def series_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a series. What it has planned moves along, and whoever is invited hears of it."""
    found = get_object_or_404(ReviewSeries, pk=pk)
    members = list(found.memberships.select_related("user"))
    people = invitable(calendar().day_of(_now()))
    known = {one.user.pk for one in people}
    people += [Person(one.user, "joint", "no role today") for one in members if one.user_id not in known]
    initial = {name: getattr(found, name) for name in SeriesForm.base_fields if hasattr(found, name)} | {
        "members": [one.user_id for one in members],
        "facilitators": [one.user_id for one in members if one.can_facilitate],
    }
    form = SeriesForm(
        request.POST if request.method == "POST" else None, people=[one.user for one in people], initial=initial
    )
    return _saved(request, form, people, found)


def _usual(people: list[Person]) -> dict:
    now = _now()
    teams = [one.user.pk for one in people if one.side != "joint"]
    return {
        "name": "Weekly review",
        "cadence": ReviewSeries.Cadence.WEEKLY,
        "weekday": 0,
        "week_of_month": 1,
        "at": dt.time(10),
        "zone": str(calendar().zone_at(now)),
        "minutes": 50,
        "freeze_minutes": 180,
        "members": teams,
        "facilitators": [],
    }


def _saved(request: HttpRequest, form: SeriesForm, people: list[Person], found: ReviewSeries | None) -> HttpResponse:
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                set_series(
                    series=found,
                    settings=form.settings(),
                    members=form.chosen("members"),
                    facilitators=form.chosen("facilitators"),
                    now=_now(),
                )
            except DomainError as error:
                form.add_error(error.field or None, error.message)
            else:
                messages.success(request, "Saved. Invitations go out as soon as a meeting comes near.")
                return redirect("review_series")
    members, turns = form.checked("members"), form.checked("facilitators")
    context = {
        "form": form,
        "series": found,
        "people": [(one, one.user.pk in members, one.user.pk in turns) for one in people],
    }
    return render(request, "reviews/series/form.html", context, status=status)


@require_POST
@requires(Perm.SET_REVIEWS)
def series_active(request: HttpRequest, pk: int) -> HttpResponse:
    """Pause a series or take it up again."""
    found = get_object_or_404(ReviewSeries, pk=pk)
    set_active(series=found, active=not found.active, now=_now())
    return redirect("review_series")


@require_POST
@requires(Perm.SET_REVIEWS)
def review_move(request: HttpRequest, pk: int) -> HttpResponse:
    """Hold one meeting at another time."""
    review = _ahead(pk)
    form = MoveForm(request.POST)
    if form.is_valid():
        return _done(request, lambda: move(review=review, starts_at=form.instant(review.series.zone), now=_now()))
    messages.error(request, "Give a day and a time.")
    return redirect("review_series")


@require_POST
@requires(Perm.SET_REVIEWS)
def review_call_off(request: HttpRequest, pk: int) -> HttpResponse:
    """Cancel one meeting."""
    review = _ahead(pk)
    return _done(request, lambda: call_off(review=review, now=_now()))


@require_POST
@requires(Perm.SET_REVIEWS)
def review_facilitator(request: HttpRequest, pk: int) -> HttpResponse:
    """Let somebody else facilitate one meeting."""
    review = _ahead(pk)
    people = [one.user for one in review.participants.select_related("user")]
    form = FacilitatorForm(request.POST, people=people)
    if form.is_valid():
        return _done(request, lambda: hand_over(review=review, facilitator=form.chosen()))
    messages.error(request, "Choose somebody who is invited.")
    return redirect("review_series")


def _ahead(pk: int) -> Review:
    return get_object_or_404(Review.objects.select_related("series", "facilitator"), pk=pk)


def _done(request: HttpRequest, act) -> HttpResponse:
    try:
        act()
    except DomainError as error:
        messages.error(request, error.message)
    return redirect("review_series")
