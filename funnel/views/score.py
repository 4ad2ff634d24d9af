"""How leads are scored: a table of points to read, and to write in a draft."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_safe

from accounts.console import fill, show
from accounts.permissions import Perm, requires
from funnel import services
from funnel.forms_score import ScoreForm
from funnel.queries import points_table
from funnel.score import ScoreTable, most_points
from funnel.views.frame import shown, the_draft

PLACE = "console_score"


@require_safe
@requires(Perm.SEE_NUMBERS)
def score(request: HttpRequest) -> HttpResponse:
    """The points of the version that is shown, in words."""
    page = shown(request)
    table = points_table(page.version.id) if page.version else ScoreTable()
    context = page.as_context() | {"table": table, "most": most_points(table)}
    return show(request, "console/score.html", PLACE, context)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Perm.DRAFT_AGREEMENT)
def edit(request: HttpRequest) -> HttpResponse:
    """The points of the draft, as rows."""
    page = shown(request)
    if page.version is None:
        raise Http404
    form = ScoreForm(request.POST if request.method == "POST" else None, table=points_table(page.version.id))
    if request.method == "POST":
        saved = fill(
            form,
            lambda data: services.set_points_table(draft=the_draft(), table=data["table"], actor=request.user) or True,
        )
        if saved is not None:
            # "Save and add rows" comes back with two more empty rows.
            return redirect("console_score_edit" if "more" in request.POST else "console_score")
    return show(request, "console/score_edit.html", PLACE, page.as_context() | {"form": form}, 422 if form.errors else 200)
