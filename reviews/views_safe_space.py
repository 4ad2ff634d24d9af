"""The safe space: write a card, take a ballot, vote; and what the facilitator does with the cards.

Writing a card and voting never touch the session, a message store or the log: nothing here may tell one sender from another.
"""

import datetime as dt
from collections.abc import Callable

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.permissions import Perm, requires
from accounts.queries import has_perm
from core.errors import DomainError, NotAllowed
from core.queries import calendar
from reviews.ballot_cookie import offer_ballot, secret_of
from reviews.ballot_queries import polling
from reviews.card_queries import cards_shown, issues_looked_into, issues_solved, takes_cards
from reviews.forms_safe_space import CardForm, SolutionForm, TakeUpForm, VoteForm
from reviews.models import Review, ReviewIssue, Urn
from reviews.panels import answer_part, screen_of
from reviews.parts import BY_NAME
from reviews.queries import names_in, review_for
from reviews.room_queries import may_steer
from reviews.safe_panels import people_to_ask
from reviews.services import (
    count_votes,
    open_vote,
    show_cards,
    solve_issue,
    take_ballot,
    take_up,
    vote,
    write_card,
)

# Where a ballot is asked for: step to question.
QUESTIONS = {"process": Urn.Question.CARDS, "words": Urn.Question.WORD, "close": Urn.Question.RATING}
SOLVED_SHOWN = 50


def _today() -> dt.date:
    return calendar().day_of(dt.datetime.now(dt.UTC))


def _by_htmx(request: HttpRequest) -> bool:
    return request.headers.get("HX-Request") == "true"


def refuse_others(request: HttpRequest, review: Review) -> None:
    """NotAllowed, a 403, for those who do not steer: asked before what they sent is read."""
    if not may_steer(request.user, review):
        raise NotAllowed("not_facilitator", "The facilitator of this review does that.")


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Perm.SEE_NUMBERS)
def card_new(request: HttpRequest, pk: int) -> HttpResponse:
    """Write a card without a name: in the room for htmx, on a page of its own otherwise."""
    review = review_for(request.user, pk)
    sent = request.method == "POST"
    form, names = CardForm(request.POST if sent else None), []
    if sent and form.is_valid():
        data = form.cleaned_data
        names = [] if data["anyway"] else names_in(data["sentence"])
        if not names:
            try:
                write_card(series=review.series, sentence=data["sentence"])
            except DomainError as error:
                form.add_error("sentence", error.message)
            else:
                if _by_htmx(request):
                    return answer_part(request, review, "process", sent=True)
                return redirect(f"{reverse('review_card_new', args=[pk])}?sent")
    status = 422 if sent else 200
    if sent and _by_htmx(request):
        return answer_part(request, review, "process", status=status, card_form=form, names=names)
    context = {
        "review": review,
        "card_form": form,
        "names": names,
        "sent": "sent" in request.GET,
        "now": takes_cards(review),
    }
    return render(request, "reviews/card_new.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Perm.SEE_NUMBERS)
def ballot(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """The ballot of this browser: offered with the page, taken by the button. `name`: the step that asks for it."""
    review = review_for(request.user, pk)
    if name not in QUESTIONS:
        raise Http404
    secret, refused, status = secret_of(request, review), "", 200
    if request.method == "POST":
        try:
            take_ballot(review=review, user=request.user, secret=secret)
        except DomainError as error:
            refused, status = error.message, error.status
        else:
            return answer_part(request, review, name)
    poll = polling(review, QUESTIONS[name], request.user, secret)
    template = "reviews/parts/ballot_slip.html" if _by_htmx(request) else "reviews/ballot.html"
    context = {"review": review, "step": BY_NAME[name], "poll": poll, "refused": refused, "screen": screen_of(request)}
    response = render(request, template, context, status=status)
    offer_ballot(request, response, review)
    return response


@require_safe
@requires(Perm.SEE_NUMBERS)
def ballots(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """How many ballots are in, for the remote. Not what they say."""
    review = review_for(request.user, pk)
    if name not in QUESTIONS:
        raise Http404
    context = {"poll": polling(review, QUESTIONS[name], request.user, ""), "name": name, "review": review}
    return render(request, "reviews/parts/ballots_in.html", context)


@require_POST
@requires(Perm.SEE_NUMBERS)
def vote_for_cards(request: HttpRequest, pk: int) -> HttpResponse:
    """A silent vote for one to three cards."""
    review = review_for(request.user, pk)
    form = VoteForm(request.POST, cards=cards_shown(review))
    if not form.is_valid():
        return answer_part(request, review, "process", status=422, refused=" ".join(form.errors["cards"]))
    secret, chosen = secret_of(request, review), form.cleaned_data["cards"]
    return _do(request, review, lambda: vote(review=review, secret=secret, cards=chosen))


@require_POST
@requires(Perm.SEE_NUMBERS)
def cards_show(request: HttpRequest, pk: int) -> HttpResponse:
    """All cards at once."""
    review = review_for(request.user, pk)
    return _do(request, review, lambda: show_cards(review=review, actor=request.user, today=_today()))


@require_POST
@requires(Perm.SEE_NUMBERS)
def vote_open(request: HttpRequest, pk: int) -> HttpResponse:
    """The silent vote begins."""
    review, now = review_for(request.user, pk), dt.datetime.now(dt.UTC)
    return _do(request, review, lambda: open_vote(review=review, actor=request.user, now=now, today=_today()))


@require_POST
@requires(Perm.SEE_NUMBERS)
def vote_count(request: HttpRequest, pk: int) -> HttpResponse:
    """The vote ends."""
    review, now = review_for(request.user, pk), dt.datetime.now(dt.UTC)
    return _do(request, review, lambda: count_votes(review=review, actor=request.user, now=now))


@require_POST
@requires(Perm.SEE_NUMBERS)
def card_take_up(request: HttpRequest, pk: int) -> HttpResponse:
    """A card becomes an issue with an owner and a later day."""
    review = review_for(request.user, pk)
    form = TakeUpForm(request.POST, people=people_to_ask(review))

    def write() -> None:
        refuse_others(request, review)
        if not form.is_valid():
            said = " ".join(error for errors in form.errors.values() for error in errors)
            raise DomainError("unclear", f"Choose who looks into it, and a later day. {said}")
        take_up(review=review, actor=request.user, today=_today(), **form.cleaned_data)

    return _do(request, review, write)


def _do(request: HttpRequest, review: Review, write: Callable[[], object]) -> HttpResponse:
    """Write, and answer with the step; what was refused stands on top of it."""
    try:
        write()
    except DomainError as error:
        return answer_part(request, review, "process", status=error.status, refused=error.message)
    return answer_part(request, review, "process")


@require_safe
@requires(Perm.SEE_NUMBERS)
def looked_into(request: HttpRequest) -> HttpResponse:
    """The issues that reviews took up: who looks into them until when, and how they were solved."""
    return _issues_page(request)


@require_POST
@requires(Perm.SEE_NUMBERS)
def solved(request: HttpRequest, pk: int) -> HttpResponse:
    """How an issue was solved, by its owner, after the meeting."""
    issue = get_object_or_404(ReviewIssue.objects.filter(owner__isnull=False), pk=pk)
    form = SolutionForm(request.POST, prefix_id=f"solution-{pk}")
    try:
        if form.is_valid():
            solve_issue(issue=issue, actor=request.user, today=_today(), **form.cleaned_data)
            return redirect("review_looked_into")
    except DomainError as error:
        form.add_error("sentence", error.message)
        return _issues_page(request, refused=form, of=pk, status=error.status)
    return _issues_page(request, refused=form, of=pk, status=422)


def _issues_page(
    request: HttpRequest, *, refused: SolutionForm | None = None, of: int = 0, status: int = 200
) -> HttpResponse:
    answers = has_perm(request.user, Perm.ANSWER_ISSUES)
    rows = []
    for issue in issues_looked_into():
        may = issue.review.state == Review.State.CLOSED and (answers or issue.owner_id == request.user.id)
        form = SolutionForm(prefix_id=f"solution-{issue.pk}") if may else None
        rows.append({"issue": issue, "form": refused if issue.pk == of else form})
    context = {"rows": rows, "solved": list(issues_solved()[:SOLVED_SHOWN]), "today": _today()}
    return render(request, "reviews/looked_into.html", context, status=status)
