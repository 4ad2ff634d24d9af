"""The end of a review and what remains of it: decisions, the close, minutes and their files, the history."""

import csv
import datetime as dt

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from accounts.permissions import Perm, requires
from core.csv_out import safe_cell
from core.errors import DomainError
from reviews.ballot_cookie import secret_of
from reviews.forms_actions import DecisionForm
from reviews.history_queries import found_in, history, trends
from reviews.minutes import CSV_HEAD, csv_rows
from reviews.models import Decision, Minutes, Review
from reviews.panels import answer_part
from reviews.queries import review_for
from reviews.room_queries import may_steer
from reviews.services import close_review, rate, room_changed, take_back_decision, write_decision

PAGE = 26
_LONGEST_QUERY = 100


@require_POST
@requires(Perm.SEE_NUMBERS)
def decide(request: HttpRequest, pk: int) -> HttpResponse:
    """Write a decision of both teams down."""
    review, form = review_for(request.user, pk), DecisionForm(request.POST)
    if not may_steer(request.user, review):
        raise PermissionDenied
    status = 422
    if form.is_valid():
        try:
            write_decision(review=review, actor=request.user, **form.cleaned_data)
        except DomainError as error:
            form.add_error(None, error.message)
            status = error.status
        else:
            room_changed(review)
            return answer_part(request, review, "actions")
    return answer_part(request, review, "actions", status=status, decision_form=form)


@require_POST
@requires(Perm.SEE_NUMBERS)
def undecide(request: HttpRequest, pk: int, decision: int) -> HttpResponse:
    """Take a decision back while the review runs."""
    review = review_for(request.user, pk)
    found = get_object_or_404(Decision.objects.select_related("review"), pk=decision, review=review)
    try:
        take_back_decision(decision=found, actor=request.user)
    except DomainError as error:
        return answer_part(request, review, "actions", status=error.status, refused_words=error.message)
    room_changed(review)
    return answer_part(request, review, "actions")


@require_POST
@requires(Perm.SEE_NUMBERS)
def rate_it(request: HttpRequest, pk: int) -> HttpResponse:
    """Rate the review with this browser's ballot. Touches neither the session nor the log: nothing tells who rated."""
    review, sent = review_for(request.user, pk), request.POST.get("value", "")
    try:
        rate(review=review, secret=secret_of(request, review), value=int(sent) if len(sent) < 3 and sent.isdecimal() else 0)
    except DomainError as error:
        return answer_part(request, review, "close", status=error.status, refused=error.message)
    return answer_part(request, review, "close")


@require_POST
@requires(Perm.SEE_NUMBERS)
def close(request: HttpRequest, pk: int) -> HttpResponse:
    """End the review: minutes are written, the recap goes out."""
    review = review_for(request.user, pk)
    try:
        close_review(review=review, actor=request.user, now=dt.datetime.now(dt.UTC))
    except DomainError as error:
        return answer_part(request, review, "close", status=error.status, refused=error.message)
    room_changed(review)
    messages.success(request, "The review is closed. Everybody who was invited gets the recap by mail.")
    if request.headers.get("HX-Request") == "true":
        answer = HttpResponse()
        answer["HX-Redirect"] = _link(review)
        return answer
    return redirect(_link(review))


def _link(review: Review) -> str:
    return reverse("review_minutes", args=[review.pk])


def _minutes(request: HttpRequest, pk: int) -> Minutes:
    review = review_for(request.user, pk)
    found = Minutes.objects.filter(review=review).first()
    if found is None:
        raise Http404("This review has no minutes yet.")
    found.review = review
    return found


@require_safe
@requires(Perm.SEE_NUMBERS)
def minutes(request: HttpRequest, pk: int) -> HttpResponse:
    """The minutes: always the same page. Before the close, the review's own page."""
    review = review_for(request.user, pk)
    found = Minutes.objects.filter(review=review).first()
    if found is None:
        return redirect("review", pk=pk)
    day = dt.date.fromisoformat(found.body["day"])
    context = {"minutes": found, "body": found.body, "day": day, "review": review}
    return render(request, "reviews/minutes.html", context)


@require_safe
@requires(Perm.SEE_NUMBERS)
def minutes_markdown(request: HttpRequest, pk: int) -> HttpResponse:
    """The minutes as a Markdown file."""
    found = _minutes(request, pk)
    return _file(found, "md", "text/markdown; charset=utf-8", found.text)


@require_safe
@requires(Perm.SEE_NUMBERS)
def minutes_csv(request: HttpRequest, pk: int) -> HttpResponse:
    """The minutes as rows for a spreadsheet."""
    found = _minutes(request, pk)
    answer = _file(found, "csv", "text/csv; charset=utf-8", "\ufeff")
    rows = csv.writer(answer)
    rows.writerow(CSV_HEAD)
    for row in csv_rows(found.body):
        rows.writerow([safe_cell(cell) for cell in row])
    return answer


def _file(found: Minutes, ending: str, kind: str, content: str) -> HttpResponse:
    answer = HttpResponse(content, content_type=kind)
    answer["Content-Disposition"] = f'attachment; filename="review-{found.body["day"]}.{ending}"'
    return answer


@require_safe
@requires(Perm.SEE_NUMBERS)
def past(request: HttpRequest) -> HttpResponse:
    """Closed reviews, newest first, with trends; `q` searches their minutes."""
    query = " ".join(request.GET.get("q", "").replace("\x00", "").split())[:_LONGEST_QUERY]
    page = Paginator(history(query), PAGE).get_page(request.GET.get("page"))
    context = {
        "rows": [{"minutes": one, "found": found_in(one, query)} for one in page],
        "page": page,
        "query": query,
        "trends": trends() if not query else None,
    }
    return render(request, "reviews/history.html", context)
