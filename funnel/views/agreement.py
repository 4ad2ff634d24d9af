"""The agreement: what is in force, what waits for whom, all versions and what happened to them."""

import datetime as dt
from collections.abc import Callable

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_POST, require_safe

from accounts.console import attempt, show
from accounts.permissions import Perm, requires
from core.errors import NotAllowed
from core.periods import working_days
from core.queries import calendar, organisation
from funnel import services
from funnel.by_day import Course, course_on
from funnel.checking import problems_of
from funnel.comment_queries import refusals_of, sides_of, standing_refusals, talk_of
from funnel.comparing import compare, counts_differently
from funnel.forms import CompareForm, NoteForm, PresetForm
from funnel.models import Agreement
from funnel.overview import coming_changes, held_by, rules_in_words, trail_of
from funnel.presets import PRESETS
from funnel.promises import book_of
from funnel.queries import open_version, points_table
from funnel.services import ANSWER_DAYS, missing_sides
from funnel.views.frame import back, the_draft, today
from funnel.views.promises import sides

_PRESET_WORDS = {
    "b2b": "For most companies that sell to companies",
    "short": "Short: sales accepts and qualifies in one step",
    "nurture": "With nurturing before a lead is handed over",
}


@require_safe
@requires(Perm.SEE_NUMBERS)
def overview(request: HttpRequest) -> HttpResponse:
    """What is valid now and what waits for whose agreement."""
    day = today()
    course = course_on(day)
    present = course.present
    if present is None:
        presets = [(key, _PRESET_WORDS.get(key, key), stages) for key, stages in PRESETS.items()]
        return show(request, "console/set_up.html", "console", {"presets": presets})
    draft = open_version()
    cal = calendar()
    versions = list(Agreement.objects.order_by("-number").prefetch_related("signatures__user").select_related("created_by"))
    refusals = refusals_of(draft) if draft else []
    unsigned = next((row for row in versions if row.state == Agreement.State.IN_FORCE and missing_sides(row)), None)
    waited = working_days(cal.day_of(draft.proposed_at), day) if draft and draft.proposed_at else None
    context = {
        "present": present,
        "present_sides": sides_of(present),
        "unsigned": unsigned,
        "unsigned_sides": missing_sides(unsigned) if unsigned else [],
        "held": held_by(present),
        "coming": coming_changes(day),
        "draft": draft,
        "draft_sides": sides_of(draft, refusals) if draft else [],
        "waits_for": services.missing_sides(draft) if draft else [],
        "refused": standing_refusals(draft, refusals) if draft else {},
        "talk": talk_of(draft) if draft else None,
        "may_drop": bool(draft and services.may_drop(draft, request.user)),
        "may_withdraw": bool(draft and services.may_withdraw(draft, request.user)),
        "changes": sum(len(s.rows) for s in compare(versions[1], draft)) if draft and len(versions) > 1 else 0,
        "problems": problems_of(draft, versions[1] if len(versions) > 1 else None) if draft else [],
        "waited": waited,
        "answer_days": ANSWER_DAYS,
        "trial_over": bool(present.trial_until and present.trial_until < day),
        "versions": [(row, sides_of(row), course.words(row)) for row in versions],
        "compare": _compare_form(course, initial={"a": versions[min(1, len(versions) - 1)].number, "b": versions[0].number}),
        "note": NoteForm(initial={"note": draft.note if draft else ""}),
        "zone": cal.zone_on(day),
        "today": day,
    }
    return show(request, "console/overview.html", "console", context)


def _compare_form(course: Course, *args, **kwargs) -> CompareForm:
    """Each version with what it is today, not with what is stored of it."""
    form = CompareForm(*args, **kwargs)

    def label(row: Agreement) -> str:
        words = course.words(row)
        return f"Version {row.number}, {words[0].lower()}{words[1:]}"

    for name in ("a", "b"):
        form.fields[name].label_from_instance = label
    return form


@require_safe
@requires(Perm.SEE_NUMBERS)
def version(request: HttpRequest, number: int) -> HttpResponse:
    """One version in full, readable for ever."""
    found = get_object_or_404(Agreement, number=number)
    names = dict(found.stages.values_list("stage_id", "name"))
    book, currency = book_of(found), organisation().base_currency
    context = {
        "version": found,
        "standing": course_on(today()).words(found),
        "sides": sides_of(found, refusals_of(found)),
        "stages": found.stages.select_related("stage").order_by("position"),
        "reasons": found.reasons.order_by("use", "id"),
        "forbidden": [(names[a], names[b]) for a, b in found.forbidden_moves.values_list("from_stage_id", "to_stage_id")],
        "words": found.words.order_by("word"),
        "promises": sides(book, currency),
        "worths": book.values,
        "points": points_table(found.id),
        "rules": rules_in_words(found),
        "trail": trail_of(found),
        "currency": currency,
        "targets": found.targets.count(),
        "margins": found.margins.select_related("segment").order_by("from_day", "segment__name"),
        "missing": missing_sides(found),
        "zone": calendar().zone_on(today()),
    }
    return show(request, "console/version.html", "console", context)


@require_safe
@requires(Perm.SEE_NUMBERS)
def compare_versions(request: HttpRequest) -> HttpResponse:
    """Any two versions side by side."""
    form = _compare_form(course_on(today()), request.GET or None)
    context = {"compare": form}
    if form.is_valid():
        before, after = form.cleaned_data["a"], form.cleaned_data["b"]
        sections = compare(before, after, currency=organisation().base_currency)
        context |= {
            "before": before,
            "after": after,
            "sections": [section for section in sections if section.rows],
            "counting": counts_differently(before, after),
        }
    return show(request, "console/compare.html", "console", context, 200 if not request.GET or form.is_valid() else 422)


@require_POST
@requires(Perm.ADMINISTER)
def set_up(request: HttpRequest) -> HttpResponse:
    """The first version, from a preset."""
    form = PresetForm(request.POST)
    preset = request.POST.get("preset", "") if form.is_valid() else "unknown"
    attempt(
        request,
        lambda: services.adopt_preset(preset=preset, from_day=today(), actor=request.user),
        "The stages are set up. Both teams have not agreed to them yet.",
    )
    return back(request, "console")


@require_POST
@requires(Perm.DRAFT_AGREEMENT)
def start_draft(request: HttpRequest) -> HttpResponse:
    attempt(request, lambda: services.draft_version(actor=request.user), "A draft is open. Nothing holds before both sign.")
    return back(request, "console")


@require_POST
@requires(Perm.DRAFT_AGREEMENT)
def describe(request: HttpRequest) -> HttpResponse:
    form = NoteForm(request.POST)
    text = form.cleaned_data["note"] if form.is_valid() else request.POST.get("note", "")[:2_000]
    attempt(request, lambda: services.describe_draft(draft=the_draft(), note=text, actor=request.user), "Saved.")
    return back(request, "console")


@require_POST
@requires(Perm.DRAFT_AGREEMENT)
def drop(request: HttpRequest) -> HttpResponse:
    """Whoever began the draft throws it away, or who stands for both teams: the service refuses everybody else."""
    attempt(request, lambda: _allowed(services.drop_draft, draft=the_draft(), actor=request.user), "The draft is gone.")
    return back(request, "console")


@require_POST
@requires(Perm.DRAFT_AGREEMENT)
def propose(request: HttpRequest) -> HttpResponse:
    now = dt.datetime.now(dt.UTC)
    attempt(
        request,
        lambda: services.propose(draft=the_draft(), actor=request.user, now=now),
        "Both teams are asked. A team lead of each side signs on the version's page.",
    )
    return back(request, "console")


@require_POST
@requires(Perm.SEE_NUMBERS)
def withdraw(request: HttpRequest) -> HttpResponse:
    """Whoever put the version to both teams takes it back, or an administrator: the service refuses everybody else."""
    attempt(
        request,
        lambda: _allowed(services.withdraw, agreement=the_draft(), actor=request.user),
        "It is a draft again. Signatures given so far are gone.",
    )
    return back(request, "console")


def _allowed(work: Callable[..., object], **arguments) -> object:
    """What a service does not allow this person is answered as any page that is not theirs."""
    try:
        return work(**arguments)
    except NotAllowed as error:
        raise PermissionDenied(error.message) from error
