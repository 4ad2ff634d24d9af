"""Stages, reasons and forbidden moves of the shown version."""

from collections.abc import Callable

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.console import attempt, fill, show
from accounts.permissions import Perm, requires
from funnel import services
from funnel.forms import EditStageForm, ReasonForm, StageForm
from funnel.models import Agreement, Reason, Stage, StageInVersion
from funnel.services import opening
from funnel.views.frame import back, shown, the_draft

_FIELDS = ("name", "kind", "side", "milestone", "target_days", "definition", "retired")


@require_safe
@requires(Perm.SEE_NUMBERS)
def stages(request: HttpRequest) -> HttpResponse:
    page = shown(request)
    rows = list(page.version.stages.select_related("stage").order_by("position")) if page.version else []
    path = [row for row in rows if row.rank is not None]
    beside = [row for row in rows if row.rank is None]
    return show(request, "console/stages.html", "console_stages", page.as_context() | {"path": path, "beside": beside})


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Perm.DRAFT_AGREEMENT)
def add(request: HttpRequest) -> HttpResponse:
    page = shown(request)
    form = StageForm(request.POST or None, initial={"kind": "path", "side": "marketing"})
    if request.method == "POST":
        made = fill(form, lambda data: services.add_stage(draft=the_draft(), actor=request.user, **data))
        if made is not None:
            return redirect("console_stages")
    status = 422 if form.errors else 200
    return show(request, "console/stage.html", "console_stages", page.as_context() | {"form": form}, status)


@require_safe
@requires(Perm.SEE_NUMBERS)
def stage(request: HttpRequest, key: str) -> HttpResponse:
    """One stage: its form in a draft, its words otherwise."""
    page = shown(request)
    row = _row(page.version, key)
    form = EditStageForm(initial={name: getattr(row, name) for name in _FIELDS}) if page.editable else None
    return show(request, "console/stage.html", "console_stages", page.as_context() | _about(row) | {"form": form})


@require_POST
@requires(Perm.DRAFT_AGREEMENT)
def edit(request: HttpRequest, key: str) -> HttpResponse:
    page = shown(request)
    row = _row(page.version, key)
    form = EditStageForm(request.POST)
    saved = fill(
        form, lambda data: services.edit_stage(draft=the_draft(), stage=row.stage, actor=request.user, **_changed(row, data))
    )
    if saved is not None:
        return redirect("console_stages")
    return show(request, "console/stage.html", "console_stages", page.as_context() | _about(row) | {"form": form}, 422)


def _changed(row: StageInVersion, data: dict) -> dict:
    return {name: value for name, value in data.items() if getattr(row, name) != value}


def _row(version: Agreement | None, key: str) -> StageInVersion:
    if version is None:
        raise Http404
    return get_object_or_404(StageInVersion.objects.select_related("stage"), agreement=version, stage__key=key)


def _about(row: StageInVersion) -> dict:
    older = StageInVersion.objects.filter(stage=row.stage).exclude(agreement=row.agreement)
    return {"row": row, "is_new": not older.exists()}


@require_POST
@requires(Perm.DRAFT_AGREEMENT)
def move(request: HttpRequest, key: str) -> HttpResponse:
    row = get_object_or_404(Stage, key=key)
    down = request.POST.get("to") == "down"
    attempt(request, lambda: services.move_stage(draft=the_draft(), stage=row, down=down, actor=request.user))
    return redirect("console_stages")


@require_POST
@requires(Perm.DRAFT_AGREEMENT)
def remove(request: HttpRequest, key: str) -> HttpResponse:
    row = get_object_or_404(Stage, key=key)
    attempt(request, lambda: services.remove_stage(draft=the_draft(), stage=row, actor=request.user), "Taken out.")
    return redirect("console_stages")


@require_safe
@requires(Perm.SEE_NUMBERS)
def rules(request: HttpRequest) -> HttpResponse:
    """Reasons per use, and which moves are forbidden."""
    page = shown(request)
    return show(request, "console/rules.html", "console_rules", page.as_context() | _rules(page.version, ReasonForm()))


def _rules(version: Agreement | None, form: ReasonForm) -> dict:
    if version is None:
        return {}
    rows = [row for row in version.stages.order_by("position") if not row.retired]
    forbidden = set(version.forbidden_moves.values_list("from_stage_id", "to_stage_id"))
    moves = [
        (row, [(other, (row.stage_id, other.stage_id) not in forbidden) for other in rows if other.id != row.id])
        for row in rows
    ]
    reasons = list(version.reasons.order_by("id"))
    uses = [(use, label, [r for r in reasons if r.use == use]) for use, label in Reason.Use.choices]
    return {"uses": uses, "moves": moves, "reason": form}


@require_POST
@requires(Perm.DRAFT_AGREEMENT)
def add_reason(request: HttpRequest) -> HttpResponse:
    form = ReasonForm(request.POST)
    if fill(form, lambda data: services.add_reason(draft=the_draft(), actor=request.user, **data)) is not None:
        return redirect("console_rules")
    page = shown(request)
    return show(request, "console/rules.html", "console_rules", page.as_context() | _rules(page.version, form), 422)


def _with_reason(request: HttpRequest, work: Callable[[], object]) -> HttpResponse:
    attempt(request, work)
    return back(request, "console_rules")


@require_POST
@requires(Perm.DRAFT_AGREEMENT)
def rename_reason(request: HttpRequest, pk: int) -> HttpResponse:
    label = request.POST.get("label", "")[:80]
    return _with_reason(
        request,
        lambda: services.rename_reason(draft=the_draft(), reason_id=pk, label=label, actor=request.user),
    )


@require_POST
@requires(Perm.DRAFT_AGREEMENT)
def remove_reason(request: HttpRequest, pk: int) -> HttpResponse:
    return _with_reason(request, lambda: services.remove_reason(draft=the_draft(), reason_id=pk, actor=request.user))


@require_POST
@requires(Perm.DRAFT_AGREEMENT)
def forbid(request: HttpRequest, key: str) -> HttpResponse:
    row = get_object_or_404(Stage, key=key)
    allowed = {int(value) for value in request.POST.getlist("to") if value.isascii() and value.isdigit()}

    def work():
        draft = opening.must_be_draft(the_draft())
        # Retired stages are not on the page; moves to them are refused anyway, so what was agreed about them stays.
        retired = set(draft.stages.filter(retired=True).values_list("stage_id", flat=True))
        forbidden = set(draft.forbidden_moves.filter(from_stage=row).values_list("to_stage_id", flat=True))
        kept = retired - forbidden
        services.forbid_moves(draft=draft, from_stage=row.id, allowed=allowed | kept, actor=request.user)

    attempt(request, work, "Saved.")
    return redirect("console_rules")
