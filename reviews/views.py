"""Issues: raise one from a number, read them all, answer one.

Raising never touches the session, a message store or the log: nothing of these pages may tell one sender from another.
"""

import datetime as dt
from uuid import UUID

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.permissions import Perm, requires
from accounts.queries import funnel_owner, has_perm, standing
from core.errors import DomainError
from core.queries import calendar
from reviews.forms import AnswerForm, IssueForm
from reviews.models import Issue
from reviews.numbers import label_of, number_shown
from reviews.queries import names_in, shown_issues, waiting_issues
from reviews.services import Shown, answer_issue, raise_issue, unseal

PAGE = 25


def _today() -> dt.date:
    return calendar().day_of(dt.datetime.now(dt.UTC))


def _in_drawer(request: HttpRequest) -> bool:
    return request.headers.get("HX-Request") == "true"


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Perm.SEE_NUMBERS)
def new(request: HttpRequest) -> HttpResponse:
    """Say that a number looks wrong, without a name: within the explanation for htmx, on a page of its own otherwise."""
    sent = request.method == "POST"
    try:
        shown = unseal(request.POST.get("shown", "")) if sent else _asked(request)
    except DomainError as error:
        return _ask(request, "reviews/no_number.html", {"error": error}, status=error.status)
    form = IssueForm(request.POST if sent else None, initial={"shown": shown.seal()})
    names: list[str] = []
    if sent and form.is_valid():
        data = form.cleaned_data
        names = [] if data["anyway"] else names_in(data["sentence"])
        if not names:
            try:
                raise_issue(shown=shown, wrong=data["wrong"], sentence=data["sentence"], today=_today())
            except DomainError as error:
                form.add_error(None, error.message)
            else:
                return _thank(request)
    context = {"form": form, "shown": shown, "label": label_of(shown.metric), "names": names}
    return _ask(request, "reviews/new.html", context, status=422 if sent else 200)


def _asked(request: HttpRequest) -> Shown:
    params = {name: request.GET.getlist(name) for name in request.GET if name not in ("metric", "page")}
    return number_shown(request.GET.get("metric", ""), params, now=dt.datetime.now(dt.UTC))


def _ask(request: HttpRequest, template: str, context: dict, *, status: int) -> HttpResponse:
    layout = "reviews/bare.html" if _in_drawer(request) else "reviews/page.html"
    return render(request, template, {"layout": layout} | context, status=status)


def _thank(request: HttpRequest) -> HttpResponse:
    if _in_drawer(request):
        return render(request, "reviews/thanks.html")
    return redirect(f"{reverse('review_issues')}?sent")


@require_safe
@requires(Perm.SEE_NUMBERS)
def issues(request: HttpRequest) -> HttpResponse:
    """All issues, nameless, for everybody; with the form to answer for the funnel owner."""
    return _list(request)


def _list(request: HttpRequest, *, refused: AnswerForm | None = None, of: UUID | None = None, status: int = 200):
    today = _today()
    may_answer = has_perm(request.user, Perm.ANSWER_ISSUES)
    waiting = list(waiting_issues(today))
    rest = shown_issues(today).exclude(decision="")
    page = Paginator(rest.exclude(decision=Issue.Decision.REVIEW), PAGE).get_page(request.GET.get("page"))
    context = {
        "waiting": [_entry(issue, refused if issue.id == of else _form(issue) if may_answer else None) for issue in waiting],
        "review": [_entry(issue) for issue in rest.filter(decision=Issue.Decision.REVIEW)],
        "answered": [_entry(issue) for issue in page],
        "page": page,
        "may_answer": may_answer,
        "owner": funnel_owner(),
        "sent": "sent" in request.GET,
        "today": today,
        "role": ", ".join(sorted(role.label for role in standing(request.user).roles)),
    }
    return render(request, "reviews/issues.html", context, status=status)


def _form(issue: Issue, data=None) -> AnswerForm:
    return AnswerForm(data, prefix_id=f"answer-{issue.id}")


def _entry(issue: Issue, form: AnswerForm | None = None) -> dict:
    return {
        "issue": issue,
        "label": label_of(issue.metric),
        "url": f"{reverse('explain', args=[issue.metric])}?{issue.question}",
        "form": form,
    }


@require_POST
@requires(Perm.ANSWER_ISSUES)
def answer(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Explained, corrected, or to the next review."""
    today = _today()
    issue = get_object_or_404(shown_issues(today), pk=pk)
    form = _form(issue, request.POST)
    if not form.is_valid():
        return _list(request, refused=form, of=pk, status=422)
    try:
        answer_issue(issue=issue, actor=request.user, today=today, **form.cleaned_data)
    except DomainError as error:
        form.add_error(error.field or None, error.message)
        return _list(request, refused=form, of=pk, status=error.status)
    return redirect("review_issues")


@require_safe
@requires(Perm.SEE_NUMBERS)
def waiting_count(request: HttpRequest) -> HttpResponse:
    """How many issues wait for the funnel owner: the number beside the place in the header, or the line of a page."""
    template = "reviews/count_line.html" if "line" in request.GET else "reviews/count.html"
    return render(request, template, {"number": waiting_issues(_today()).count()})
