"""What is said about an open version, on the page where it is signed: comments, answers, a side's no."""

import datetime as dt

from django.core.exceptions import PermissionDenied
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from accounts.console import attempt
from accounts.models import Side
from accounts.permissions import Perm, requires
from core.errors import DomainError, NotAllowed
from funnel import services
from funnel.forms_comments import AnswerForm, CommentForm, ReasonForm
from funnel.models import Agreement, Comment


@require_POST
@requires(Perm.WORK_LEADS)
def comment(request: HttpRequest, number: int) -> HttpResponse:
    """A comment on the version, on a section of its changes or on one of its lines."""
    version, form = get_object_or_404(Agreement, number=number), CommentForm(request.POST)

    def work() -> None:
        services.comment_on(agreement=version, actor=request.user, now=dt.datetime.now(dt.UTC), **_values(form))

    attempt(request, work, "Your comment stands here. The leads of the other team get a mail.")
    return _to(number, "talk")


@require_POST
@requires(Perm.WORK_LEADS)
def answer(request: HttpRequest, pk: int) -> HttpResponse:
    # A comment outlives a draft that is dropped, but is then answered no more.
    asked = get_object_or_404(Comment.objects.filter(agreement__number__gt=0).select_related("agreement"), pk=pk)
    form = AnswerForm(request.POST)

    def work() -> None:
        services.answer_comment(comment=asked, actor=request.user, now=dt.datetime.now(dt.UTC), **_values(form))

    attempt(request, work, "Answered. Whoever asked gets a mail.")
    return _to(asked.agreement.number, f"comment-{asked.answers_id or asked.pk}")


@require_POST
@requires(Perm.SEE_NUMBERS)
def refuse(request: HttpRequest, number: int) -> HttpResponse:
    """A team lead's no, with a reason, for the own side only: the service refuses everybody else."""
    version, form = get_object_or_404(Agreement, number=number), ReasonForm(request.POST)
    side, now = request.POST.get("side", ""), dt.datetime.now(dt.UTC)

    def work() -> None:
        try:
            services.refuse_for_side(agreement=version, side=side, actor=request.user, now=now, **_values(form))
        except NotAllowed as error:
            raise PermissionDenied(error.message) from error

    attempt(request, work, f"Refused for {dict(Side.choices).get(side, '').lower()}. The other team gets a mail.")
    return _to(number, "sign")


@require_POST
@requires(Perm.SEE_NUMBERS)
def take_back(request: HttpRequest, number: int) -> HttpResponse:
    """A team lead takes the own side's no back."""
    version, side = get_object_or_404(Agreement, number=number), request.POST.get("side", "")

    def work() -> None:
        try:
            now = dt.datetime.now(dt.UTC)
            services.take_refusal_back(agreement=version, side=side, actor=request.user, now=now)
        except NotAllowed as error:
            raise PermissionDenied(error.message) from error

    attempt(request, work, "The refusal is taken back.")
    return _to(number, "sign")


def _values(form: Form) -> dict:
    """What a form says; DomainError if a field of it can't be read, so that nothing is written without it."""
    if not form.is_valid():
        name, errors = next(iter(form.errors.items()))
        raise DomainError("form_invalid", f"{form.fields[name].label or name.capitalize()}: {errors[0]}", field=name)
    return form.cleaned_data


def _to(number: int, anchor: str) -> HttpResponse:
    return redirect(reverse("console_agree", args=[number]) + f"#{anchor}")
