"""The monthly sample: its state and results for everybody, the sheet for its two judges, the rest for the funnel owner."""

import datetime as dt

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import Side
from accounts.permissions import Perm, requires
from accounts.queries import funnel_owner, has_perm, standing
from core.errors import DomainError
from core.periods import add_months
from core.queries import calendar
from leads.queries import visible_leads
from reviews.forms import JudgementForm, JudgesForm, SettleForm
from reviews.judging_queries import (
    LAST_PAIRS,
    Pair,
    examples,
    judged_places,
    pairs,
    possible_judges,
    result,
    sheet_lead,
    side_of,
)
from reviews.models import JudgingRound, SampledLead
from reviews.services import change_judges, close_round, draw_round, judge_lead, settle

EXAMPLES = 20
# Below this many pairs a coefficient says little: it stands there, greyed and without a verdict (ux-guide 3.3).
FEW = 20


def _today() -> dt.date:
    return calendar().day_of(dt.datetime.now(dt.UTC))


@require_safe
@requires(Perm.SEE_NUMBERS)
def judging(request: HttpRequest) -> HttpResponse:
    return _page(request)


def _page(
    request: HttpRequest, *, refused=None, settling: SettleForm | None = None, of: int | None = None, status: int = 200
) -> HttpResponse:
    today = _today()
    rounds = JudgingRound.objects.select_related("marketing_judge", "sales_judge", "agreement").order_by("-month")
    current = rounds.first()
    month = add_months(today.replace(day=1), -1)
    may_lead = has_perm(request.user, Perm.ANSWER_ISSUES)
    found = pairs(JudgingRound.objects.all())
    splits = [pair for pair in found if pair.split]
    waiting = [pair for pair in splits if pair.sampled.settled is None]
    shown = list(examples()[:EXAMPLES])
    opens = _may_open(request.user, [pair.sampled for pair in waiting] + shown)
    context = {
        "month": month,
        "current": current,
        "progress": _progress(current) if current is not None and current.closed_at is None else [],
        "undrawn": current is None or current.month < month,
        "mine": side_of(current, request.user) if current is not None and current.closed_at is None else "",
        "judges_form": (refused or _judges_form(current, today)) if may_lead else None,
        "result": result(found),
        "few": FEW,
        "last_pairs": LAST_PAIRS,
        "waiting": [_entry(pair, opens, settling if pair.sampled.id == of else None, may_lead) for pair in waiting],
        "examples": [{"sampled": one, "url": _url(one, opens)} for one in shown],
        "owner": funnel_owner(),
        "may_lead": may_lead,
        "today": today,
        "role": ", ".join(sorted(role.label for role in standing(request.user).roles)),
    }
    return render(request, "reviews/judging.html", context, status=status)


def _progress(current: JudgingRound) -> list[dict]:
    of = SampledLead.objects.filter(round=current).count()
    judges = {"marketing": current.marketing_judge, "sales": current.sales_judge}
    return [
        {"side": side, "judge": judge, "done": len(judged_places(current, side)), "of": of} for side, judge in judges.items()
    ]


def _judges_form(current: JudgingRound | None, today: dt.date, data=None) -> JudgesForm:
    chosen = {"marketing_judge": current.marketing_judge_id, "sales_judge": current.sales_judge_id} if current else {}
    people = {side: possible_judges(side, today) for side in (Side.MARKETING, Side.SALES)}
    return JudgesForm(data, people=people, initial=chosen)


def _may_open(user, sampled: list[SampledLead]) -> set[int]:
    return set(visible_leads(user).filter(id__in=[one.lead_id for one in sampled]).values_list("id", flat=True))


def _url(sampled: SampledLead, opens: set[int]) -> str:
    return reverse("lead", args=[sampled.lead_id]) if sampled.lead_id in opens else ""


def _entry(pair: Pair, opens: set[int], refused: SettleForm | None, may_lead: bool) -> dict:
    form = refused or SettleForm(prefix_id=f"settle-{pair.sampled.id}") if may_lead else None
    return {"pair": pair, "url": _url(pair.sampled, opens), "form": form}


@require_POST
@requires(Perm.ANSWER_ISSUES)
def draw(request: HttpRequest) -> HttpResponse:
    """Draw last month's sample now."""
    today = _today()
    form = _judges_form(None, today, request.POST)
    if not form.is_valid():
        return _page(request, refused=form, status=422)
    try:
        draw_round(month=add_months(today.replace(day=1), -1), actor=request.user, **form.chosen())
    except DomainError as error:
        form.add_error(error.field if error.field in form.fields else None, error.message)
        return _page(request, refused=form, status=error.status)
    return redirect("judging")


@require_POST
@requires(Perm.ANSWER_ISSUES)
def judges(request: HttpRequest, pk: int) -> HttpResponse:
    """Name other judges of an open sample."""
    current = get_object_or_404(JudgingRound, pk=pk)
    form = _judges_form(current, _today(), request.POST)
    if form.is_valid():
        try:
            change_judges(judging=current, actor=request.user, **form.chosen())
            return redirect("judging")
        except DomainError as error:
            form.add_error(None, error.message)
            return _page(request, refused=form, status=error.status)
    return _page(request, refused=form, status=422)


@require_POST
@requires(Perm.ANSWER_ISSUES)
def close(request: HttpRequest, pk: int) -> HttpResponse:
    """End a sample with the pairs there are."""
    current = get_object_or_404(JudgingRound, pk=pk)
    try:
        close_round(judging=current, actor=request.user)
    except DomainError as error:
        form = _judges_form(current, _today(), {})
        form.add_error(None, error.message)
        return _page(request, refused=form, status=error.status)
    return redirect("judging")


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Perm.WORK_LEADS)
def sheet(request: HttpRequest, pk: int) -> HttpResponse:
    """The sheet of one of the two judges: a lead at a time, the first one not judged unless `?lead=` names another."""
    current = get_object_or_404(JudgingRound.objects.select_related("agreement"), pk=pk)
    side = side_of(current, request.user)
    if not side:
        raise PermissionDenied
    if current.closed_at is not None and request.method != "POST":
        return redirect("judging")
    done = judged_places(current, side)
    lead = sheet_lead(current, side, _place(request, current, done))
    if lead is None:
        return redirect("judging_sheet", pk=pk)
    form = JudgementForm(request.POST if request.method == "POST" else None, initial=_said(lead.mine))
    status = 200
    if request.method == "POST":
        if form.is_valid():
            try:
                return _next(current, lead, judge_lead(judging=current, place=lead.place, actor=request.user, **form.said()))
            except DomainError as error:
                form.add_error(None, error.message)
                status = error.status
        else:
            status = 422
    version = current.agreement
    context = {
        "current": current,
        "lead": lead,
        "form": form,
        "done": len(done),
        "sample": [{"place": n, "done": n in done} for n in range(1, lead.of + 1)],
        "definition": version.stages.filter(milestone="mql").first(),
        "version": version,
        "today": _today(),
        "role": ", ".join(sorted(role.label for role in standing(request.user).roles)),
    }
    return render(request, "reviews/sheet.html", context, status=status)


def _place(request: HttpRequest, current: JudgingRound, done: set[int]) -> int:
    asked = request.POST.get("lead") or request.GET.get("lead", "")
    if asked.isdecimal() and len(asked) < 5:
        return int(asked)
    of = SampledLead.objects.filter(round=current).count()
    return next((n for n in range(1, of + 1) if n not in done), 1)


def _said(mine) -> dict:
    return {"qualifies": "yes" if mine.qualifies else "no", "sentence": mine.sentence} if mine else {}


def _next(current: JudgingRound, lead, complete: bool) -> HttpResponse:
    """The next lead that is not judged; the results once both have judged all."""
    if complete:
        return redirect("judging")
    return redirect("judging_sheet", pk=current.pk)


@require_POST
@requires(Perm.ANSWER_ISSUES)
def settle_split(request: HttpRequest, pk: int) -> HttpResponse:
    """What the review says of a lead on which the judges were split."""
    sampled = get_object_or_404(SampledLead.objects.select_related("round"), pk=pk)
    form = SettleForm(request.POST, prefix_id=f"settle-{sampled.id}")
    if not form.is_valid():
        return _page(request, settling=form, of=pk, status=422)
    try:
        settle(sampled=sampled, actor=request.user, **form.said())
    except DomainError as error:
        form.add_error(error.field or None, error.message)
        return _page(request, settling=form, of=pk, status=error.status)
    return redirect("judging")
