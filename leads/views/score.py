"""What the points of the shown version say of the leads of today, beside the form that writes them."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from accounts.permissions import Perm, requires
from funnel.models import Agreement
from funnel.queries import shown_version, version_before
from leads.pages.filters import surroundings
from leads.pages.score import try_points
from leads.pages.score_moves import score_moves
from leads.views.frame import is_fragment, show


@require_safe
@requires(Perm.SEE_NUMBERS)
def effect(request: HttpRequest) -> HttpResponse:
    """How the scores spread, the same for everybody; examples are leads that the reader may open."""
    around = surroundings(request.user)
    version = shown_version(around.today, request.GET.get("version", ""))
    tried = try_points(version.id, request.user, around) if version else None
    template = "leads/parts/score_effect.html" if is_fragment(request) else "leads/score_effect.html"
    return show(request, template, around, {"tried": tried})


@require_safe
@requires(Perm.SEE_NUMBERS)
def moves(request: HttpRequest, number: int) -> HttpResponse:
    """How today's scores would move if a version replaced the one before it: for whoever is asked to sign."""
    version = get_object_or_404(Agreement, number=number)
    around, base = surroundings(request.user), version_before(version)
    found = score_moves(base.pk, version.pk, request.user, around) if base else None
    template = "leads/parts/score_moves.html" if is_fragment(request) else "leads/score_moves.html"
    return show(request, template, around, {"moves": found, "version": version, "base": base})
