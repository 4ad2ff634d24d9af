"""When a lead may enter each stage: rules to read, and to build in a draft."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_http_methods, require_safe

from accounts.console import fill, show
from accounts.permissions import Perm, requires
from funnel import services
from funnel.criteria import FACTS, OP_WORDS, OPS, EntryRule
from funnel.forms_criteria import RuleForm
from funnel.models import StageInVersion, StageRule
from funnel.queries import entry_rules
from funnel.views.frame import Shown, shown, the_draft

PLACE = "console_criteria"


@require_safe
@requires(Perm.SEE_NUMBERS)
def criteria(request: HttpRequest) -> HttpResponse:
    """Every stage of the way with its rule in words."""
    page = shown(request)
    held = entry_rules(page.version.id) if page.version else {}
    labels = dict(StageRule.Then.choices)
    rows = [
        {"stage": row, "lines": rule.words, "then": labels.get(then, "")}
        for row in _path(page)
        for rule, then in [held.get(row.stage_id, (EntryRule(), ""))]
    ]
    return show(request, "console/criteria.html", PLACE, page.as_context() | {"rows": rows})


def _path(page: Shown) -> list[StageInVersion]:
    if page.version is None:
        return []
    return list(page.version.stages.filter(rank__isnull=False).select_related("stage").order_by("rank"))


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Perm.DRAFT_AGREEMENT)
def edit(request: HttpRequest, key: str) -> HttpResponse:
    """The rule of one stage in the draft, as rows."""
    page = shown(request)
    if page.version is None:
        raise Http404
    row = get_object_or_404(page.version.stages.filter(rank__isnull=False).select_related("stage"), stage__key=key)
    held = page.version.entry_rules.filter(stage=row.stage).first()
    rule, then = entry_rules(page.version.id).get(row.stage_id, (EntryRule(), StageRule.Then.ASK))
    form = RuleForm(request.POST if request.method == "POST" else None, rule=rule, then=then)
    if request.method == "POST":
        saved = fill(
            form,
            lambda data: (
                services.set_entry_rule(
                    draft=the_draft(), stage=row.stage, rule=data["rule"], then=data["then"], actor=request.user
                )
                or True
            ),
        )
        if saved is not None:
            # "Save and add rows" comes back with two more empty rows.
            return redirect("console_criteria_edit", key) if "more" in request.POST else redirect("console_criteria")
    context = page.as_context() | {
        "row": row,
        "form": form,
        "held": held,
        "asks": [(fact.label, ", ".join(OP_WORDS[op] for op in OPS[fact.type])) for fact in FACTS.values()],
    }
    return show(request, "console/criteria_edit.html", PLACE, context, 422 if form.errors else 200)
